//! Rolling origins: what the method would have said at earlier ends of the same history.

use super::calibrate::widths;
use super::clean::mend;
use super::combine::blend;
use super::fill::Filled;
use super::members::{Depth, depth};
use super::normal::AT_80;
use super::paths::Fan;
use super::{Settings, count, in_units, remembered};

/// One forecast of the past against what came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepError {
    /// Observations between the end that was forecast from and the end of history.
    pub before_end: usize,
    /// Steps ahead, from 1.
    pub step: usize,
    /// What came.
    pub actual: f64,
    /// What was forecast.
    pub forecast: f64,
    /// Lower end of the 80% interval.
    pub low_80: f64,
    /// Upper end of the 80% interval.
    pub high_80: f64,
    /// The members' own standard deviation.
    pub deviation: f64,
    /// Whether history showed as much of the season at this end as it does now: only then its errors say what to expect.
    pub alike: bool,
}

/// Errors at earlier ends of the history, in sum.
#[derive(Clone, Debug, PartialEq)]
pub struct Backtest {
    /// Number of ends forecast from.
    pub origins: usize,
    /// Sum of absolute errors / sum of absolute values; `None` when all values are zero.
    pub wape: Option<f64>,
    /// Share of values inside their 80% interval.
    pub coverage_80: f64,
    /// Every error.
    pub errors: Vec<StepError>,
}

/// Ends of history to forecast from: one horizon before the last observation and every half horizon before, as long as the
/// season shows as deep as it does in the whole and six observations remain. A short history that shows its season at none of
/// them is tested without: a pessimistic error is better than none.
fn origins(n: usize, period: usize, horizon: usize, most: usize) -> Vec<usize> {
    let whole = depth(n, period);
    let ends = (0..most).map(|back| horizon + back * (horizon / 2).max(1)).take_while(|back| back + 6 <= n);
    let alike: Vec<usize> =
        ends.clone().take_while(|back| depth(n - back, period) == whole).map(|back| n - back).collect();
    if alike.is_empty() && whole != Depth::Long { ends.map(|back| n - back).collect() } else { alike }
}

/// Errors from earlier ends, the latest first. Missing values are not scored.
pub(crate) fn roll(filled: &Filled, period: usize, settings: &Settings, non_negative: bool) -> Vec<StepError> {
    let mut errors = Vec::new();
    let n = filled.values.len();
    for origin in origins(n, period, settings.horizon, settings.origins) {
        let alike = depth(origin, period) == depth(n, period);
        let known = mend(remembered(&filled.values[..origin], period), period).values;
        let Some(made) = blend(&known, period, settings.horizon, settings.method) else { continue };
        let widths = widths(&known, period, &made, None);
        let fan = Fan::new(&known, depth(known.len(), period), made.centre, widths, non_negative);
        for (step, &actual) in filled.known[origin..origin + settings.horizon].iter().enumerate() {
            if actual.is_finite() {
                errors.push(StepError {
                    before_end: n - origin,
                    step: step + 1,
                    actual,
                    forecast: fan.at(step, 0.0),
                    low_80: fan.at(step, -AT_80),
                    high_80: fan.at(step, AT_80),
                    deviation: made.native[step],
                    alike,
                });
            }
        }
    }
    errors
}

/// Root of the mean over origins of the mean squared error / the members' own deviation: above one, they are too sure.
pub(crate) fn ratio(errors: &[StepError], n: usize, period: usize) -> Option<f64> {
    if errors.is_empty() || depth(n, period) != Depth::Long {
        return None;
    }
    let squares: f64 =
        errors.iter().map(|error| ((error.actual - error.forecast) / (error.deviation + 1e-12)).powi(2)).sum();
    // The addend keeps a history that was met exactly from giving no width at all.
    Some((squares / count(errors.len()) + 1e-3).sqrt())
}

/// Errors in the units of the series, with their sums.
pub(crate) fn summary(mut errors: Vec<StepError>, unit: f64) -> Option<Backtest> {
    for error in &mut errors {
        for number in
            [&mut error.actual, &mut error.forecast, &mut error.low_80, &mut error.high_80, &mut error.deviation]
        {
            *number = in_units(*number, unit);
        }
    }
    let mut origins: Vec<usize> = errors.iter().map(|error| error.before_end).collect();
    origins.dedup();
    let size: f64 = errors.iter().map(|error| error.actual.abs()).sum();
    let missed: f64 = errors.iter().map(|error| (error.actual - error.forecast).abs()).sum();
    let inside = errors.iter().filter(|error| (error.low_80..=error.high_80).contains(&error.actual)).count();
    (!errors.is_empty()).then(|| Backtest {
        origins: origins.len(),
        wape: (size > 0.0).then(|| missed / size),
        coverage_80: count(inside) / count(errors.len()),
        errors,
    })
}
