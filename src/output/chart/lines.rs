//! Charts of lines: which lines a figure has, and how each is drawn.

use anstyle::AnsiColor;

use super::figure::{Band, Figure, Places};
use super::palette::{self, Colour};
use super::scale::{as_f64, day_label, day_labels};
use crate::query::ChartKind;

/// How a line runs from point to point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stroke {
    Solid,
    /// Not yet: expected, or a plan.
    Dashed,
    /// Level until the next point.
    Steps,
}

/// A line over the places of a figure.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) values: Vec<Option<f64>>,
    pub(super) stroke: Stroke,
    pub(super) colour: Colour,
    pub(super) terminal: AnsiColor,
}

/// The lines of the figure, those that matter most last.
pub(super) fn lines(figure: &Figure) -> Vec<Line> {
    let mut lines = Vec::new();
    let planned = matches!(figure.kind, ChartKind::Fan | ChartKind::Burndown);
    if let Some(budget) = figure.budget.as_ref().filter(|_| figure.kind != ChartKind::Burndown) {
        lines.push(Line {
            name: budget.name.clone(),
            values: budget.values.clone(),
            stroke: Stroke::Steps,
            colour: palette::BUDGET,
            terminal: AnsiColor::Red,
        });
    }
    lines.extend(pace(figure));
    for (index, series) in figure.series.iter().enumerate() {
        let expected = planned && (figure.actual.is_some() || figure.kind == ChartKind::Fan);
        lines.push(Line {
            name: series.name.clone(),
            values: if expected { joined(figure, &series.values) } else { series.values.clone() },
            stroke: if expected { Stroke::Dashed } else { Stroke::Solid },
            colour: palette::colour(index, series.is_rest),
            terminal: palette::terminal(index, series.is_rest),
        });
    }
    if let Some(actual) = &figure.actual {
        lines.push(Line {
            name: actual.name.clone(),
            values: actual.values.clone(),
            stroke: Stroke::Solid,
            colour: palette::INK,
            terminal: AnsiColor::White,
        });
    }
    lines
}

/// The band, begun at the last point of what was.
pub(super) fn band(figure: &Figure) -> Option<Band> {
    let band = figure.band.as_ref()?;
    Some(Band { name: band.name.clone(), low: joined(figure, &band.low), high: joined(figure, &band.high) })
}

/// A day that means something.
#[derive(Debug)]
pub(super) struct Moment {
    pub(super) day: f64,
    pub(super) label: String,
    /// Whether it is the end of something.
    pub(super) is_end: bool,
}

/// The days that mean something: until when it is known, and when the budget is used up.
pub(super) fn moments(figure: &Figure) -> Vec<Moment> {
    let Places::Days(days) = &figure.places else { return Vec::new() };
    let last = || {
        let place = last_actual(figure).filter(|place| place + 1 < days.len())?;
        Some((days[place], format!("last actual {}", day_labels(days)[place])))
    };
    let known = figure.as_of.map(|day| (day, format!("as of {}", day_label(day)))).or_else(last);
    let used_up = used_up(figure).map(|day| (day.floor(), format!("used up {}", day_label(day.floor()))));
    let known = known.map(|(day, label)| Moment { day, label, is_end: false });
    let used_up = used_up.map(|(day, label)| Moment { day, label, is_end: true });
    known.into_iter().chain(used_up).collect()
}

/// The day on which what is left reaches zero, between the points around it.
fn used_up(figure: &Figure) -> Option<f64> {
    let Places::Days(days) = &figure.places else { return None };
    if figure.kind != ChartKind::Burndown {
        return None;
    }
    let actual = figure.actual.iter().flat_map(|actual| actual.values.iter().copied());
    let left: Vec<Option<f64>> = match figure.series.first() {
        None => actual.collect(),
        Some(series) => {
            let actual = actual.chain(std::iter::repeat(None));
            series.values.iter().zip(actual).map(|(expected, actual)| actual.or(*expected)).collect()
        }
    };
    let known: Vec<(f64, f64)> = days.iter().zip(left).filter_map(|(day, left)| Some((*day, left?))).collect();
    known.windows(2).find_map(|pair| match pair {
        [(from, before), (to, after)] if *before > 0.0 && *after <= 0.0 => {
            Some(from + (to - from) * before / (before - after))
        }
        _ => None,
    })
}

/// The line that would use the budget up evenly, from its first amount on the first day to nothing on the last.
fn pace(figure: &Figure) -> Option<Line> {
    let places = figure.places.len();
    if figure.kind != ChartKind::Burndown || places < 2 {
        return None;
    }
    let first = |values: &[Option<f64>]| values.iter().copied().flatten().next();
    let amount = [&figure.budget, &figure.actual]
        .into_iter()
        .flatten()
        .chain(figure.series.first())
        .find_map(|series| first(&series.values))?;
    let at: Vec<f64> = match &figure.places {
        Places::Days(days) => days.clone(),
        Places::Names(names) => (0..names.len()).map(as_f64).collect(),
    };
    let (start, end) = (at[0], at[places - 1]);
    let values = at.iter().map(|at| Some(amount * (end - at) / (end - start))).collect();
    Some(Line {
        name: "even pace".to_owned(),
        values,
        stroke: Stroke::Dashed,
        colour: palette::AXIS,
        terminal: AnsiColor::BrightBlack,
    })
}

/// `values` with the last point of what was before them, so that no gap is between the two.
fn joined(figure: &Figure, values: &[Option<f64>]) -> Vec<Option<f64>> {
    let mut values = values.to_vec();
    let actual = figure.actual.as_ref().zip(last_actual(figure));
    if let Some((actual, place)) = actual
        && values[place].is_none()
    {
        values[place] = actual.values[place];
    }
    values
}

fn last_actual(figure: &Figure) -> Option<usize> {
    figure.actual.as_ref()?.values.iter().rposition(Option::is_some)
}
