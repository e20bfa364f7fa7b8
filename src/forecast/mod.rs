//! Forecasts of one series: a combination of models, calibrated intervals, joint sample paths.
//!
//! Pure numbers: slices in, structures out; no clock, no files, no threads. The same series, settings and seed give the same
//! digits wherever they run. A series' forecast depends on others only through what is handed in as [`Shared`].
//!
//! What happens to a history: gaps are filled (`fill`), steps of level and strange values are mended (`clean`), the members
//! that suit its length forecast it and the middle third of them is averaged (`combine`), intervals get the width that such
//! forecasts needed elsewhere and that this series needed at earlier ends (`calibrate`, `backtest`), and paths join the steps
//! (`paths`).

mod backtest;
mod calibrate;
mod ces;
mod clean;
mod combine;
mod curve;
mod ets;
mod fill;
mod fitted;
mod members;
mod method;
mod normal;
mod paths;
mod regress;
mod request;
pub mod score;
mod season;
mod shared;
pub(crate) mod simplex;
mod stl;
#[cfg(test)]
mod tests;
mod theta;

pub use backtest::{Backtest, StepError};
pub use fitted::{Fitted, fit};
pub use method::Method;
pub use request::{Refusal, Series, Settings};
pub use season::{Grain, detect as detect_season};
pub use shared::Shared;

/// Older observations are not looked at: they cost time and teach nothing (measured on weekly series of up to 2,283 values).
const REMEMBERED: usize = 400;

/// The last observations that are looked at: four seasons in any case.
fn longest_memory(period: usize) -> usize {
    REMEMBERED.max(4 * period)
}

pub(crate) fn remembered(values: &[f64], period: usize) -> &[f64] {
    &values[values.len().saturating_sub(longest_memory(period))..]
}

/// Below this many observations no model is fitted and the last value is the forecast.
const MODELLED: usize = 4;

/// A count as a number.
#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^52")]
pub(crate) fn count(value: usize) -> f64 {
    value as f64
}

/// The answer, in the units of the series, by step from the first after its end.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// The mean: sums of means are means of sums.
    pub mean: Vec<f64>,
    /// The median: half of the outcomes lie above.
    pub median: Vec<f64>,
    /// By quantile asked, then by step.
    pub quantiles: Vec<Vec<f64>>,
    /// By path, then by step. Paths with the same number are one future: add them across steps and series.
    pub paths: Vec<Vec<f64>>,
    /// `auto`, the method asked for, or `last value` when history is too short for a model.
    pub method: &'static str,
    /// Errors at earlier ends; `None` when history is too short for one.
    pub backtest: Option<Backtest>,
    /// Number of observations that were there.
    pub n_obs: usize,
    /// What the reader has to know: short history, filled gaps, steps of level.
    pub note: Option<String>,
}

/// Forecasts one series. Takes milliseconds; to cancel a long list, ask between two of them.
///
/// # Errors
/// When nothing can be said: see [`Refusal`].
pub fn forecast(series: Series<'_>, settings: &Settings) -> Result<Forecast, Refusal> {
    Ok(fit(series, settings)?.forecast(settings.shared))
}

/// Back to the units of the series; what they cannot hold becomes the largest number that they can.
pub(crate) fn in_units(value: f64, unit: f64) -> f64 {
    (unit * value).clamp(f64::MIN, f64::MAX)
}
