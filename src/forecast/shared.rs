//! What several series have in common.

use std::collections::BTreeMap;

use super::backtest::Backtest;
use super::combine::quantile;
use super::count;

/// What the series that are forecast together say of each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shared {
    /// Share of the paths' variance that all series of one seed have in common, 0 to 1: see [`common_share`].
    pub common: f64,
    /// By how much the distance between the median and what lies below is multiplied.
    pub lower: f64,
    /// By how much the distance between the median and what lies above is multiplied.
    pub upper: f64,
}

impl Shared {
    /// A series for itself.
    pub const NONE: Self = Self { common: 0.0, lower: 1.0, upper: 1.0 };

    /// From the backtests of all series, made with [`Shared::NONE`]. Series must end at the same time.
    pub fn of(backtests: &[&Backtest]) -> Self {
        let errors = || backtests.iter().flat_map(|backtest| &backtest.errors).filter(|error| error.alike);
        let above = errors().filter_map(|error| reach(error.actual - error.forecast, error.high_80 - error.forecast));
        let below = errors().filter_map(|error| reach(error.forecast - error.actual, error.forecast - error.low_80));
        Self { common: common_share(backtests), lower: stretch(below.collect()), upper: stretch(above.collect()) }
    }
}

/// How far an error went in half-widths of its interval.
fn reach(error: f64, half: f64) -> Option<f64> {
    (half > 0.0).then(|| error / half).filter(|reach| reach.is_finite())
}

/// Errors below which they say nothing.
const FEW: usize = 20;

/// The number of errors that weighs as much as what was learnt from public series.
const TRUST: f64 = 20.0;

/// The factor with which nine tenths of the errors stay inside: split conformal prediction with one calibration set for all
/// series, as in Romano, Patterson & Candès (2019), "Conformalized quantile regression", section 2, drawn towards one when
/// errors are few and kept between 0.8 and 2.5.
fn stretch(mut reaches: Vec<f64>) -> f64 {
    if reaches.len() < FEW {
        return 1.0;
    }
    reaches.sort_by(f64::total_cmp);
    let needed = quantile(&reaches, 0.9).clamp(0.8, 2.5);
    let n = count(reaches.len());
    1.0 + n / (n + TRUST) * (needed - 1.0)
}

/// How much the errors of several series move together: the mean correlation between two of them at the same observation and
/// step of their backtests, 0 to 1, for [`Shared::common`]. Series must end at the same time.
fn common_share(backtests: &[&Backtest]) -> f64 {
    // By end and step: number of series, sum and sum of squares of the scaled errors.
    let mut cells: BTreeMap<(usize, usize), (f64, f64, f64)> = BTreeMap::new();
    for backtest in backtests {
        for error in backtest.errors.iter().filter(|error| error.alike) {
            let half = 0.5 * (error.high_80 - error.low_80);
            if half > 0.0 {
                let scaled = ((error.actual - error.forecast) / half).clamp(-3.0, 3.0);
                let cell = cells.entry((error.before_end, error.step)).or_default();
                *cell = (cell.0 + 1.0, cell.1 + scaled, cell.2 + scaled * scaled);
            }
        }
    }
    let (mut pairs, mut products, mut number, mut squares) = (0.0, 0.0, 0.0, 0.0);
    for (n, sum, square) in cells.values() {
        pairs += n * (n - 1.0);
        products += sum * sum - square;
        number += n;
        squares += square;
    }
    if pairs > 0.0 && squares > 0.0 { (products / pairs / (squares / number)).clamp(0.0, 1.0) } else { 0.0 }
}
