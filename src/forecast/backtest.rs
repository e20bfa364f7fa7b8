//! Rolling origins: what the method would have said at earlier ends of the same history.

use super::calibrate::widths;
use super::clean::mend;
use super::combine::{Depth, Method, blend, depth};
use super::{count, remembered};

/// One forecast of the past against what came.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepError {
    /// Number of observations the forecast knew.
    pub origin: usize,
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
}

/// Ends of history to forecast from: one horizon before the last observation and every half horizon before, as long as the
/// season shows as deep as it does in the whole and six observations remain.
fn origins(n: usize, period: usize, horizon: usize, most: usize) -> Vec<usize> {
    let whole = depth(n, period);
    (0..most)
        .map(|back| horizon + back * (horizon / 2).max(1))
        .take_while(|back| back + 6 <= n && depth(n - back, period) == whole)
        .map(|back| n - back)
        .collect()
}

/// Errors from at most `most` origins, the latest first. Missing values (NaN) in `actual` are not scored.
pub(crate) fn roll(
    values: &[f64],
    actual: &[f64],
    period: usize,
    horizon: usize,
    most: usize,
    method: Method,
) -> Vec<StepError> {
    let mut errors = Vec::new();
    for origin in origins(values.len(), period, horizon, most) {
        let known = mend(remembered(&values[..origin], period), period).values;
        let Some(made) = blend(&known, period, horizon, method) else { continue };
        let widths = widths(&known, period, &made, None);
        for step in 0..horizon {
            if actual[origin + step].is_finite() {
                errors.push(StepError {
                    origin,
                    step: step + 1,
                    actual: actual[origin + step],
                    forecast: made.centre[step],
                    low_80: made.centre[step] - widths.holds_80[step],
                    high_80: made.centre[step] + widths.holds_80[step],
                    deviation: made.native[step],
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
