//! A fitted series: its distribution by step, from which quantiles and paths are drawn as often as they are wanted.

use std::ops::Range;

use super::backtest::{self, Backtest, StepError};
use super::calibrate::{Widths, widths};
use super::clean::mend;
use super::combine::blend;
use super::fill::{Filled, fill};
use super::members::{Depth, depth};
use super::paths::{Fan, Seeds, Together, paths};
use super::{Forecast, MODELLED, Refusal, Series, Settings, Shared, count, in_units, longest_memory, remembered};

/// What is known of the future of one series, before paths are drawn: how far series move together is known only when all of
/// them are fitted.
#[derive(Clone, Debug)]
pub struct Fitted {
    outlook: Outlook,
    steps: Range<usize>,
    backtest: Option<Backtest>,
    quantiles: Vec<f64>,
    paths: usize,
    seed: u64,
    key: u64,
    n_obs: usize,
    unit: f64,
}

/// Fits one series. Takes milliseconds; to cancel a long list, ask between two of them.
///
/// # Errors
/// When nothing can be said: see [`Refusal`].
pub fn fit(series: Series<'_>, settings: &Settings) -> Result<Fitted, Refusal> {
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
    let mut outlook = outlook(&filled, period, settings, non_negative)?;
    let backtest = backtest::summary(std::mem::take(&mut outlook.errors), unit);
    Ok(Fitted {
        outlook,
        steps: filled.ahead..filled.ahead + settings.horizon,
        backtest,
        quantiles: settings.quantiles.clone(),
        paths: settings.paths,
        seed: settings.seed,
        key: series.key,
        n_obs,
        unit,
    })
}

impl Fitted {
    /// Errors at earlier ends; `None` when history is too short for one.
    pub fn backtest(&self) -> Option<&Backtest> {
        self.backtest.as_ref()
    }

    /// The method, as in [`Forecast::method`].
    pub fn method(&self) -> &'static str {
        self.outlook.method
    }

    /// What the reader has to know, as in [`Forecast::note`].
    pub fn note(&self) -> Option<String> {
        (!self.outlook.notes.is_empty()).then(|| self.outlook.notes.join("; "))
    }

    /// The forecast, with the widths and the common movement that it shares with the other series of the seed.
    pub fn forecast(&self, shared: Shared) -> Forecast {
        let Outlook { fan, together, method, .. } = &self.outlook;
        let fan = &fan.clone().stretched(shared);
        let by_step = |value: &dyn Fn(usize) -> f64| {
            self.steps.clone().map(|step| in_units(value(step), self.unit)).collect::<Vec<f64>>()
        };
        // The key is spread over all bits so that neighbours draw unlike numbers.
        let own = self.seed ^ self.key.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let drawn = paths(fan, together, self.paths, Seeds { common: self.seed, own, share: shared.common });
        Forecast {
            mean: by_step(&|step| fan.mean(step)),
            median: by_step(&|step| fan.at(step, 0.0)),
            quantiles: self.quantiles.iter().map(|&share| by_step(&|step| fan.quantile(step, share))).collect(),
            paths: drawn
                .into_iter()
                .map(|path| path[self.steps.clone()].iter().map(|value| in_units(*value, self.unit)).collect())
                .collect(),
            method,
            backtest: self.backtest.clone(),
            n_obs: self.n_obs,
            note: self.note(),
        }
    }
}

/// A distribution by step around one, with how it came about.
#[derive(Clone, Debug)]
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
