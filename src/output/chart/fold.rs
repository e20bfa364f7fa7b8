//! What is too much for the eye: the largest stay, the rest is put together, and the figure says so.

use std::collections::BTreeMap;

use super::figure::{Figure, Places, Series};
use super::scale::short;
use crate::query::ChartKind;

/// Series that a picture tells apart, the rest among them: the colours of the palette.
const MOST_SERIES: usize = 8;

/// Names that a picture lists.
const MOST_NAMES: usize = 40;

/// Bars that a picture lists when names have several each, and the fewest names that it lists all the same.
const MOST_BARS: usize = 80;
const FEWEST_NAMES: usize = 10;

/// Keeps the largest series; the others become `other` where they may be added, and are left out where not.
pub(super) fn series(figure: &mut Figure, additive: bool) {
    if figure.series.len() <= MOST_SERIES {
        return;
    }
    let sizes: Vec<f64> = figure.series.iter().map(|series| size(series.values.iter())).collect();
    let kept = largest(&sizes, MOST_SERIES - 1);
    let all = std::mem::take(&mut figure.series);
    let count = all.len() - kept.iter().filter(|kept| **kept).count();
    let (kept, rest): (Vec<_>, Vec<_>) = all.into_iter().zip(kept).partition(|(_, kept)| *kept);
    figure.series = kept.into_iter().map(|(series, _)| series).collect();
    if !additive {
        figure.notes.push(format!("{count} smaller series are not shown"));
        return;
    }
    let mut alike: BTreeMap<(String, Option<String>), Vec<Series>> = BTreeMap::new();
    let several = figure
        .series
        .iter()
        .chain(rest.iter().map(|(series, _)| series))
        .any(|series| series.measure != figure.series[0].measure);
    for (series, _) in rest {
        alike.entry((series.measure.clone(), series.currency.clone())).or_default().push(series);
    }
    figure.series.extend(alike.into_values().map(|series| together(&series, several)));
}

/// Keeps the largest names, in the order of the result.
pub(super) fn names(figure: &mut Figure, additive: bool) {
    let Places::Names(names) = &figure.places else { return };
    // The steps of a waterfall lead from one to the next.
    let most = match figure.kind {
        ChartKind::Waterfall => return,
        ChartKind::Bar => {
            let bars = figure.series.iter().flat_map(|series| &series.values).flatten().count();
            (MOST_BARS / bars.div_ceil(names.len().max(1)).max(1)).clamp(FEWEST_NAMES, MOST_NAMES)
        }
        _ => MOST_NAMES,
    };
    if names.len() <= most {
        return;
    }
    let sizes: Vec<f64> =
        (0..names.len()).map(|place| size(figure.series.iter().map(|series| &series.values[place]))).collect();
    let kept = largest(&sizes, most);
    let count = names.len() - most;
    // A bar of the rest would dwarf the others: what it comes to is said in words.
    let one_unit =
        figure.series.iter().all(|series| series.currency.is_none() && series.measure == figure.series[0].measure);
    let rest = figure.series.iter().flat_map(|series| series.values.iter().zip(&kept)).filter(|(_, kept)| !**kept);
    let rest = sum(rest.map(|(value, _)| *value)).filter(|_| additive && one_unit);
    let together = rest.map(|rest| format!(", together {}", short(rest))).unwrap_or_default();
    let note = format!("the {most} largest of {}; {count} more{together}", names.len());
    let shown = names.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(name, _)| name.clone()).collect();
    let keep = |values: &[Option<f64>]| -> Vec<Option<f64>> {
        values.iter().zip(&kept).filter(|(_, kept)| **kept).map(|(value, _)| *value).collect()
    };
    for series in figure.series.iter_mut().chain(&mut figure.actual).chain(&mut figure.budget) {
        series.values = keep(&series.values);
    }
    if let Some(band) = &mut figure.band {
        (band.low, band.high) = (keep(&band.low), keep(&band.high));
    }
    figure.places = Places::Names(shown);
    figure.notes.push(note);
}

/// One series for several of one column and currency; its name says the column when there are `several`.
fn together(rest: &[Series], several: bool) -> Series {
    let (measure, currency, places) = rest
        .first()
        .map(|first| (first.measure.clone(), first.currency.clone(), first.values.len()))
        .unwrap_or_default();
    let values = (0..places).map(|place| sum(rest.iter().map(|series| series.values[place]))).collect();
    let what = Some(measure.as_str()).filter(|_| several);
    let parts = what.into_iter().chain(currency.as_deref()).map(|part| format!(" · {part}"));
    Series {
        name: format!("other ({})", rest.len()) + &parts.collect::<String>(),
        measure,
        currency,
        values,
        is_rest: true,
    }
}

/// The sum of what is there; nothing when nothing is.
fn sum(values: impl Iterator<Item = Option<f64>>) -> Option<f64> {
    values.flatten().fold(None, |sum, value| Some(sum.unwrap_or(0.0) + value))
}

fn size<'v>(values: impl Iterator<Item = &'v Option<f64>>) -> f64 {
    values.flatten().map(|value| value.abs()).sum()
}

/// Which of `sizes` are among the `count` largest; of equals, the first.
fn largest(sizes: &[f64], count: usize) -> Vec<bool> {
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|one, other| sizes[*other].total_cmp(&sizes[*one]));
    let mut kept = vec![false; sizes.len()];
    for index in order.into_iter().take(count) {
        kept[index] = true;
    }
    kept
}
