//! What stands beside a total: its series, their method, its error at earlier ends, and what the reader has to know.

use std::collections::{BTreeMap, BTreeSet};

use super::panel::Panel;
use super::per_step::Fit;
use super::periods::Periods;
use super::result::{note, share};
use crate::forecast::{Backtest, Refusal, Shared, count};

/// What the reader has to know of a total.
#[derive(Debug, Default)]
pub(super) struct About {
    /// Series that are in it.
    pub(super) series: usize,
    /// A series cannot be forecast as asked: the total is not known.
    pub(super) refused: bool,
    pub(super) method: Option<String>,
    pub(super) wape: Option<f64>,
    pub(super) coverage: Option<f64>,
    notes: Vec<String>,
    /// By period.
    missing: Vec<usize>,
    late_start: Vec<bool>,
}

impl About {
    pub(super) fn new(panel: &Panel, periods: &Periods, members: &[usize], fits: &[Fit], shared: Shared) -> Self {
        let mut about =
            Self { missing: vec![0; periods.all.len()], late_start: vec![false; periods.all.len()], ..Self::default() };
        let (mut methods, mut left_out, mut backtests, mut unsaid) = (BTreeSet::new(), vec![], vec![], 0);
        for &at in members {
            let history = &panel.series[at];
            match &fits[at] {
                Err(Refusal::NoValues) => left_out.push(history.label.as_str()),
                Err(refusal) => {
                    about.refused = true;
                    about.notes.push(format!("{}: {refusal}", history.label));
                }
                Ok(fit) => {
                    about.series += 1;
                    methods.insert(fit.method());
                    backtests.extend(fit.backtest().map(|backtest| (backtest, history.missing_at_end())));
                    let own = note(history, panel, fit.note());
                    match (members.len(), own) {
                        (1, Some(own)) => about.notes.push(own),
                        (_, own) => unsaid += usize::from(own.is_some()),
                    }
                }
            }
            for (offset, step) in (history.first..=panel.end).enumerate() {
                if let Some(period) = periods.position(step).filter(|_| !history.values[offset].is_finite()) {
                    about.missing[period] += 1;
                }
            }
        }
        if unsaid > 0 {
            about.notes.push(format!("series with notes of their own: {unsaid} of {}", members.len()));
        }
        if !left_out.is_empty() {
            about.notes.push(format!("left out, without a finished value: {}", left_out.join("; ")));
            about.refused |= about.series == 0;
        }
        let first = members.iter().filter(|at| !panel.series[**at].values.is_empty()).map(|at| panel.series[*at].first);
        if let Some(first) = first.min() {
            let starts = periods.starts().iter().zip(&mut about.late_start);
            starts.for_each(|(bound, late)| *late = first > *bound && *bound <= panel.end);
        }
        about.method = (!methods.is_empty()).then(|| methods.into_iter().collect::<Vec<_>>().join(", "));
        (about.wape, about.coverage) = errors(&backtests, shared.common);
        about
    }

    pub(super) fn note(&self, period: usize) -> Option<String> {
        let mut notes = self.notes.clone();
        if self.missing[period] > 0 {
            notes.push(format!("closed steps without a value, counted as nothing: {}", self.missing[period]));
        }
        if self.late_start[period] {
            notes.push("history begins within the period".to_owned());
        }
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// Error and coverage of the sum of several series at one step: the sum of absolute errors / the sum of absolute values, and the
/// share of values inside 80% intervals whose half-widths are added as the share that series have in common says.
fn errors(backtests: &[(&Backtest, usize)], common: f64) -> (Option<f64>, Option<f64>) {
    #[derive(Default)]
    struct Sum {
        actual: f64,
        forecast: f64,
        middle: f64,
        half: f64,
        squares: f64,
    }
    let mut cells: BTreeMap<(usize, usize), Sum> = BTreeMap::new();
    for (backtest, missing_at_end) in backtests {
        for error in &backtest.errors {
            let cell = cells.entry((error.before_end + missing_at_end, error.step)).or_default();
            let half = 0.5 * (error.high_80 - error.low_80);
            cell.actual += error.actual;
            cell.forecast += error.forecast;
            cell.middle += f64::midpoint(error.high_80, error.low_80);
            cell.half += half;
            cell.squares += half * half;
        }
    }
    if cells.is_empty() {
        return (None, None);
    }
    let size: f64 = cells.values().map(|cell| cell.actual.abs()).sum();
    let missed: f64 = cells.values().map(|cell| (cell.actual - cell.forecast).abs()).sum();
    let inside = cells.values().filter(|cell| {
        let half = ((1.0 - common) * cell.squares + common * cell.half * cell.half).sqrt();
        (cell.actual - cell.middle).abs() <= half * (1.0 + 1e-9)
    });
    ((size > 0.0).then(|| share(missed / size)), Some(share(count(inside.count()) / count(cells.len()))))
}
