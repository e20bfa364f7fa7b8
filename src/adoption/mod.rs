//! How use spreads: a logistic or a Bass curve through a cumulative series, with intervals and goodness.
//!
//! Pure numbers, no clock and no files. Counts are fitted as people who adopt at a random time, of whom only those before
//! the last observation were seen (`likelihood`); intervals hold 95 % and come from the profile of that likelihood
//! (`profile`). What the series cannot carry is refused, and a bound that it does not give is absent.

mod curve;
mod likelihood;
mod profile;
mod series;
#[cfg(test)]
mod tests;

pub use curve::{Curve, Shape};
pub use series::Refusal;

use likelihood::{Fitted, Likelihood};
use series::Series;

/// A fitted number and the ends of the interval that holds it with 95 %.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// The most likely value.
    pub value: f64,
    /// The lower end; none when the series does not give one.
    pub low: Option<f64>,
    /// The upper end; none when the series does not give one.
    pub high: Option<f64>,
}

/// A curve through a series, in its units of value and of time.
#[derive(Clone, Debug, PartialEq)]
pub struct Fit {
    /// Where the curve ends; none when the series says nothing about it.
    pub saturation: Option<Estimate>,
    /// When half of the saturation is reached; none together with it.
    pub half_time: Option<Estimate>,
    /// Logistic: growth by unit of time.
    pub rate: Option<Estimate>,
    /// Bass: who starts on their own, by unit of time.
    pub innovation: Option<Estimate>,
    /// Bass: who follows others, by unit of time.
    pub imitation: Option<Estimate>,
    /// Bass: the time before which nobody could start; one median step before the first observation.
    pub launch: Option<f64>,
    /// Share of the variance of the values that the curve explains; at most 1.
    pub r2: f64,
    /// Root of the mean squared residual of the values.
    pub rmse: f64,
    /// Akaike's criterion, to compare curves of one series.
    pub aic: f64,
    /// Observations that were there.
    pub n_obs: usize,
    /// What the reader has to know.
    pub note: Option<String>,
}

/// Above so many times the last value, or with so little of it seen, a saturation is no finding.
const RUNAWAY: f64 = 20.0;

/// Fits `curve` to `points` of (time, cumulative value), in any order. A point that is not finite is left out.
///
/// # Errors
/// When the points carry no fit: see [`Refusal`].
pub fn fit(points: &[(f64, f64)], curve: Curve) -> Result<Fit, Refusal> {
    let series = Series::new(points)?;
    let likelihood = Likelihood::new(&series, curve);
    let best = likelihood.best().ok_or(Refusal::NoFit)?;
    Ok(described(&series, &likelihood, best))
}

fn described(series: &Series, likelihood: &Likelihood<'_>, best: Fitted) -> Fit {
    let curve = likelihood.curve;
    let (unit, span) = (series.unit, series.span);
    let last = series.last();
    let mut notes = Vec::new();
    if !series.is_count {
        notes.push("values are no counts that only grow: fitted to the values by least squares".to_owned());
    }
    let runs_away = best.saturation > RUNAWAY * last;
    let bounds = profile::Bounds::new(likelihood, best);
    let value = |value: f64| finite(unit * value);
    let scaled = |estimate: Estimate, of: &dyn Fn(f64) -> f64| Estimate {
        value: of(estimate.value),
        low: estimate.low.map(of),
        high: estimate.high.map(of),
    };
    let saturation = (!runs_away).then(|| scaled(bounds.saturation(), &value));
    let half_time = (!runs_away).then(|| scaled(bounds.half(), &|half| finite(series.start + span * half)));
    if runs_away {
        notes.push("saturation not identified: growth has not slowed yet".to_owned());
    } else if saturation.is_some_and(|saturation| saturation.high.is_none()) {
        notes.push("no upper bound of the saturation: growth without an end fits as well".to_owned());
    }
    let by_time = |estimate: Estimate| scaled(estimate, &|rate| finite(rate / span));
    let shape = curve.shape(best.point);
    let modelled = series.times.iter().map(|&time| unit * best.saturation * shape.reached(time));
    let (r2, rmse) = goodness(&series.values, unit, modelled);
    Fit {
        saturation,
        half_time,
        rate: (curve == Curve::Logistic).then(|| by_time(bounds.rate())),
        innovation: (curve == Curve::Bass).then(|| by_time(bounds.innovation())),
        imitation: (curve == Curve::Bass).then(|| by_time(bounds.imitation())),
        launch: (curve == Curve::Bass).then_some(series.start),
        r2,
        rmse,
        aic: finite(likelihood.criterion(best)),
        n_obs: series.values.len(),
        note: (!notes.is_empty()).then(|| notes.join("; ")),
    }
}

/// R² and root mean squared error of the values against the curve; a constant explains nothing.
fn goodness(values: &[f64], unit: f64, modelled: impl Iterator<Item = f64>) -> (f64, f64) {
    let n = crate::forecast::count(values.len());
    let mean = values.iter().sum::<f64>() / n;
    let spread: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let squares: f64 = values.iter().zip(modelled).map(|(value, model)| (value - model / unit).powi(2)).sum();
    (finite(1.0 - squares / spread.max(f64::MIN_POSITIVE)), finite(unit * (squares / n).sqrt()))
}

/// What a number cannot hold becomes the largest that it can.
fn finite(value: f64) -> f64 {
    if value.is_nan() { 0.0 } else { value.clamp(f64::MIN, f64::MAX) }
}
