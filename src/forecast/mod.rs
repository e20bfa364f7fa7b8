//! Forecasts of one series: a combination of models, calibrated intervals, joint sample paths.
//!
//! Pure numbers: slices in, structures out; no clock, no files, no threads. The same series, settings and seed give the same
//! digits wherever they run. A series' forecast depends on others only through the [`Panel`] that is handed in.
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
mod members;
mod method;
mod normal;
mod panel;
mod paths;
mod regress;
mod request;
pub mod score;
mod season;
mod simplex;
mod stl;
#[cfg(test)]
mod tests;
mod theta;

pub use backtest::{Backtest, StepError};
pub use method::Method;
pub use panel::Panel;
pub use request::{Refusal, Series, Settings};
pub use season::{Grain, detect as detect_season};

use calibrate::{Widths, widths};
use clean::mend;
use combine::blend;
use fill::{Filled, fill};
use members::{Depth, depth};
use paths::{Fan, Seeds, Together, paths};

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
    if settings.horizon == 0 || settings.horizon > Settings::LONGEST {
        return Err(Refusal::Horizon(settings.horizon));
    }
    if let Some(&share) = settings.quantiles.iter().find(|share| !(**share > 0.0 && **share < 1.0)) {
        return Err(Refusal::Quantile(share));
    }
    let period = series.season.clamp(1, series.values.len() + 1);
    let size =
        series.values.iter().filter(|value| value.is_finite()).fold(0.0_f64, |size, value| size.max(value.abs()));
    // All arithmetic is done around one, whatever the units.
    let unit = if size > 0.0 { size } else { 1.0 };
    let scaled: Vec<f64> = series.values.iter().map(|value| value / unit).collect();
    let mut filled = fill(&scaled, period);
    if filled.present == 0 {
        return Err(Refusal::NoValues);
    }
    let n_obs = filled.present;
    // The earliest origin of the backtest lies four horizons back at most and remembers as much.
    let start = filled.values.len().saturating_sub(longest_memory(period) + 4 * settings.horizon);
    filled.values.drain(..start);
    filled.known.drain(..start);
    let non_negative = settings.non_negative.unwrap_or_else(|| filled.values.iter().all(|&value| value >= 0.0));
    let outlook = outlook(&filled, period, settings, non_negative)?;
    Ok(answer(outlook, &filled, series, settings, n_obs, unit))
}

/// A distribution by step around one, with how it came about.
struct Outlook {
    fan: Fan,
    together: Together,
    method: &'static str,
    errors: Vec<StepError>,
    notes: Vec<String>,
}

fn outlook(filled: &Filled, period: usize, settings: &Settings, non_negative: bool) -> Result<Outlook, Refusal> {
    let values = &filled.values;
    let (n, horizon) = (values.len(), settings.horizon + filled.ahead);
    let mut notes = Vec::new();
    let gaps = filled.known.iter().filter(|value| value.is_nan()).count();
    if gaps > 0 {
        notes.push(format!("missing values filled: {gaps}"));
    }
    if filled.ahead > 0 {
        notes.push(format!("missing values at the end, forecast: {}", filled.ahead));
    }
    if n < MODELLED {
        notes.push(format!("last value with a wide interval: only {} there", filled.present));
        return Ok(Outlook { method: "last value", errors: vec![], notes, ..short(values, horizon, non_negative) });
    }
    let mended = mend(remembered(values, period), period);
    let n = mended.values.len();
    let Some(made) = blend(&mended.values, period, horizon, settings.method) else {
        return Err(Refusal::TooShort(settings.method, n));
    };
    let errors = backtest::roll(filled, period, settings, non_negative);
    let widths = widths(&mended.values, period, &made, backtest::ratio(&errors, n, period));
    if period > 1 && depth(n, period) == Depth::None {
        notes.push(format!("too few observations to see the season: {n}"));
    }
    if let Some(first) = mended.steps.last() {
        notes.push(format!("level step {} observations before the end: earlier values moved to it", n - first));
    }
    if !mended.strange.is_empty() {
        let last = if mended.strange.last() == Some(&(n - 1)) { ", the last value among them" } else { "" };
        notes.push(format!("strange values set aside: {}{last}", mended.strange.len()));
    }
    let together = Together::from_growth(&made.native, depth(n, period));
    let fan = Fan::new(&mended.values, depth(n, period), made.centre, widths, non_negative).stretched(settings.panel);
    Ok(Outlook { fan, together, method: settings.method.name(), errors, notes })
}

/// The last value with the errors that last values had: a third of the level at one step and two and a half times that for 95%
/// (measured on one to three observations of monthly spend and of M3), more when the observations moved more.
fn short(values: &[f64], horizon: usize, non_negative: bool) -> Outlook {
    let last = values.last().copied().unwrap_or_default();
    let level = values.iter().map(|value| value.abs()).sum::<f64>() / count(values.len().max(1));
    let moved = values.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f64::max);
    let first = (0.3 * level).max(1.3 * moved);
    let holds_80: Vec<f64> = (0..horizon).map(|step| first * count(step + 1).powf(0.4)).collect();
    let holds_95 = holds_80.iter().map(|width| 2.5 * width).collect();
    Outlook {
        fan: Fan::new(values, Depth::None, vec![last; horizon], Widths { holds_80, holds_95 }, non_negative),
        together: Together::from_growth(&vec![1.0; horizon], Depth::None),
        method: "last value",
        errors: vec![],
        notes: vec![],
    }
}

fn answer(
    outlook: Outlook,
    filled: &Filled,
    series: Series<'_>,
    settings: &Settings,
    n_obs: usize,
    unit: f64,
) -> Forecast {
    let Outlook { fan, together, method, errors, notes } = outlook;
    let steps = filled.ahead..filled.ahead + settings.horizon;
    let by_step =
        |value: &dyn Fn(usize) -> f64| steps.clone().map(|step| in_units(value(step), unit)).collect::<Vec<f64>>();
    // The key is spread over all bits so that neighbours draw unlike numbers.
    let own = settings.seed ^ series.key.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let seeds = Seeds { common: settings.seed, own, share: settings.panel.common };
    let drawn = paths(&fan, &together, settings.paths, seeds);
    Forecast {
        mean: by_step(&|step| fan.mean(step)),
        median: by_step(&|step| fan.at(step, 0.0)),
        quantiles: settings.quantiles.iter().map(|&share| by_step(&|step| fan.quantile(step, share))).collect(),
        paths: drawn
            .into_iter()
            .map(|path| path[steps.clone()].iter().map(|value| in_units(*value, unit)).collect())
            .collect(),
        method,
        backtest: backtest::summary(errors, unit),
        n_obs,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

/// Back to the units of the series; what they cannot hold becomes the largest number that they can.
pub(crate) fn in_units(value: f64, unit: f64) -> f64 {
    (unit * value).clamp(f64::MIN, f64::MAX)
}
