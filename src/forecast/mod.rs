//! Forecasts of one series: a combination of models, calibrated intervals, joint sample paths.
//!
//! Pure numbers: slices in, structures out; no clock, no files, no threads. The same series, settings and seed give the same
//! digits wherever they run, and no series' forecast depends on another's.
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
mod paths;
mod regress;
pub mod score;
mod season;
mod simplex;
mod stl;
#[cfg(test)]
mod tests;
mod theta;

use std::fmt;

pub use backtest::StepError;
pub use method::Method;
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

/// Evenly spaced observations, the oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// The values; NaN and infinities count as missing.
    pub values: &'a [f64],
    /// Observations in a season: [`Grain::season`] for a calendar, [`detect_season`] without one, 1 for none.
    pub season: usize,
    /// Any number that tells this series from others: paths of different keys are independent.
    pub key: u64,
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Steps ahead, from the end of the values given (missing ones at the end are part of them), 1 to [`Settings::LONGEST`].
    pub horizon: usize,
    /// Shares between 0 and 1, both excluded.
    pub quantiles: Vec<f64>,
    /// Number of joint paths, 0 for none.
    pub paths: usize,
    /// Seed of the paths.
    pub seed: u64,
    /// Whether nothing below zero can come; by default if history never was.
    pub non_negative: Option<bool>,
    /// Which method.
    pub method: Method,
    /// Rolling origins at most.
    pub origins: usize,
    /// Share of the paths' variance that all series of one seed have in common, 0 to 1; see [`common_share`].
    pub common: f64,
}

impl Settings {
    /// The longest horizon: ten years of days.
    pub const LONGEST: usize = 3_660;

    /// P10, P50 and P90 by the combination, six origins, no paths.
    pub fn new(horizon: usize) -> Self {
        Self {
            horizon,
            quantiles: vec![0.1, 0.5, 0.9],
            paths: 0,
            seed: 42,
            non_negative: None,
            method: Method::Auto,
            origins: 6,
            common: 0.0,
        }
    }
}

/// Why there is no forecast.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// No value is there.
    NoValues,
    /// The horizon is 0 or above [`Settings::LONGEST`].
    Horizon(usize),
    /// A share that is not between 0 and 1.
    Quantile(f64),
    /// The method asked for needs more observations than there are; [`Method::Auto`] does not.
    TooShort(Method, usize),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValues => f.write_str("no value to forecast from"),
            Self::Horizon(steps) => write!(f, "a horizon of {steps} steps is not between 1 and {}", Settings::LONGEST),
            Self::Quantile(share) => write!(f, "quantile {share} is not between 0 and 1"),
            Self::TooShort(method, n) => write!(f, "{n} observations are too few for method {}", method.name()),
        }
    }
}

impl std::error::Error for Refusal {}

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
        notes.push(format!("{gaps} missing values filled"));
    }
    if filled.ahead > 0 {
        notes.push(format!("{} missing values at the end forecast", filled.ahead));
    }
    if n < MODELLED {
        notes.push(format!("{} observations: last value, wide interval", filled.present));
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
        notes.push(format!("{n} observations: too few to see the season"));
    }
    if let Some(first) = mended.steps.last() {
        notes.push(format!("level step {} observations before the end: earlier values moved to it", n - first));
    }
    if !mended.strange.is_empty() {
        notes.push(format!("{} strange values set aside", mended.strange.len()));
    }
    let together = Together::from_growth(&made.native, depth(n, period));
    let fan = Fan::new(&mended.values, depth(n, period), made.centre, widths, non_negative);
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
    let seeds = Seeds { common: settings.seed, own, share: settings.common };
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
        backtest: summary(errors, unit),
        n_obs,
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

/// Back to the units of the series; what they cannot hold becomes the largest number that they can.
fn in_units(value: f64, unit: f64) -> f64 {
    (unit * value).clamp(f64::MIN, f64::MAX)
}

fn summary(mut errors: Vec<StepError>, unit: f64) -> Option<Backtest> {
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

/// How much the errors of several series move together: the mean correlation between two of them at the same observation and
/// step of their backtests, 0 to 1, for [`Settings::common`]. Series must end at the same time.
pub fn common_share(backtests: &[&Backtest]) -> f64 {
    use std::collections::BTreeMap;
    // By end and step: number of series, sum and sum of squares of the scaled errors.
    let mut cells: BTreeMap<(usize, usize), (f64, f64, f64)> = BTreeMap::new();
    for backtest in backtests {
        for error in &backtest.errors {
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
