//! Members and the mean of their middle third. Which members speak depends on how many seasons there are to learn from, never on how well one of
//! them did: with the histories that spend has, choosing loses to combining (Petropoulos & Svetunkov 2020, "A simple combination
//! of univariate models", International Journal of Forecasting 36).

use super::ces::{Ces, Kind};
use super::count;
use super::curve::Curve;
use super::ets::Ets;
use super::season::{indices, shrunk, stands_out};
use super::stl::decompose;
use super::{regress, theta};

/// Which forecast is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The combination of all members that suit the history.
    #[default]
    Auto,
    /// The last value.
    Naive,
    /// The value one season before.
    SeasonalNaive,
    /// Exponential smoothing, the model with the lowest corrected Akaike criterion.
    Ets,
    /// Dynamic optimised Theta on a series without its shrunk season.
    Theta,
    /// Complex exponential smoothing.
    Ces,
    /// Autoregression on differences.
    Autoregression,
    /// Seasonal and trend decomposition, the rest by exponential smoothing.
    Stl,
}

impl Method {
    /// All methods with their names in SQL.
    pub const ALL: [(&'static str, Self); 8] = [
        ("auto", Self::Auto),
        ("naive", Self::Naive),
        ("seasonal_naive", Self::SeasonalNaive),
        ("ets", Self::Ets),
        ("theta", Self::Theta),
        ("ces", Self::Ces),
        ("ar", Self::Autoregression),
        ("stl", Self::Stl),
    ];

    /// The method of a name; `None` for a name that is not in [`Method::ALL`].
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, method)| *method)
    }

    /// The name in SQL.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, method)| *method == self).map_or("auto", |(name, _)| name)
    }
}

/// How much of a season history shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// No season, or less than one and a half of it.
    None,
    /// Up to three: its terms are shrunk.
    Short,
    /// Three and more.
    Long,
}

/// The depth of `n` observations at a period.
pub(crate) fn depth(n: usize, period: usize) -> Depth {
    if period < 2 || 2 * n < 3 * period {
        Depth::None
    } else if n < 3 * period {
        Depth::Short
    } else {
        Depth::Long
    }
}

/// The members' middle by step with what is needed for its interval.
#[derive(Clone, Debug)]
pub(crate) struct Blend {
    /// Mean of the members' middle third.
    pub(crate) centre: Vec<f64>,
    /// Median of the members' own standard deviations.
    pub(crate) native: Vec<f64>,
    /// Interquartile range of the members / 1.35.
    pub(crate) spread: Vec<f64>,
}

fn deseasoned(values: &[f64], terms: &[f64]) -> Vec<f64> {
    values.iter().zip(terms.iter().cycle()).map(|(value, term)| value - term).collect()
}

fn turned(terms: &[f64], by: usize) -> Vec<f64> {
    (0..terms.len()).map(|step| terms[(by + step) % terms.len()]).collect()
}

fn ets(values: &[f64], period: usize, horizon: usize, forever: bool) -> Option<Curve> {
    let plain = Ets::choose(values, 1, forever);
    let seasonal = if period > 1 { Ets::choose(values, period, forever) } else { None };
    let best = match (plain, seasonal) {
        (Some(plain), Some(seasonal)) => Some(if plain.criterion < seasonal.criterion { plain } else { seasonal }),
        (plain, seasonal) => plain.or(seasonal),
    };
    best.map(|model| model.forecast(horizon))
}

fn long(values: &[f64], period: usize, horizon: usize, logs: bool) -> Vec<Option<Curve>> {
    let parts = decompose(values, period, 11);
    let rest = deseasoned(values, &parts.season);
    let next = &parts.season[values.len() - period..];
    let mut all = vec![
        ets(values, period, horizon, !logs),
        Ces::fit(values, Kind::Full, period).map(|model| model.forecast(horizon)),
        regress::forecast(values, period, horizon),
    ];
    if logs {
        all.push(Ets::choose(&rest, 1, false).map(|model| model.forecast(horizon).plus(next)));
    } else {
        all.push(Ces::fit(values, Kind::Simple, period).map(|model| model.forecast(horizon)));
        all.push(regress::forecast(&rest, 1, horizon).map(|curve| curve.plus(next)));
        let (terms, _) = shrunk(values, period);
        let rest = deseasoned(values, &terms);
        all.push(theta::forecast(&rest, horizon).map(|curve| curve.plus(&turned(&terms, values.len()))));
    }
    all
}

fn short(values: &[f64], period: usize, horizon: usize, logs: bool) -> Vec<Option<Curve>> {
    let (terms, _) = shrunk(values, period);
    let rest = deseasoned(values, &terms);
    let next = turned(&terms, values.len());
    let parts = decompose(values, period, 11);
    let smooth = deseasoned(values, &parts.season);
    let later = &parts.season[values.len() - period..];
    let mut all = vec![
        theta::forecast(&rest, horizon).map(|curve| curve.plus(&next)),
        Ets::choose(&rest, 1, !logs).map(|model| model.forecast(horizon).plus(&next)),
    ];
    if logs {
        all.push(Ets::choose(&smooth, 1, false).map(|model| model.forecast(horizon).plus(later)));
        all.push(Ets::choose(values, 1, false).map(|model| model.forecast(horizon)));
    } else {
        all.push(Ces::fit(values, Kind::Simple, period).map(|model| model.forecast(horizon)));
        all.push(regress::forecast(&smooth, 1, horizon).map(|curve| curve.plus(later)));
        all.push(Ces::fit(values, Kind::Full, period).map(|model| model.forecast(horizon)));
    }
    all
}

/// Below this many observations the last value is a member and no autoregression or complex smoothing is.
const FEW: usize = 10;

/// The last value for ever: a random walk.
fn last(values: &[f64], horizon: usize) -> Curve {
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let variance = steps.iter().map(|step| step * step).sum::<f64>() / count(steps.len().max(1));
    Curve {
        mean: vec![values[values.len() - 1]; horizon],
        sd: (1..=horizon).map(|step| (variance * count(step)).sqrt()).collect(),
    }
}

fn unseasonal(values: &[f64], period: usize, horizon: usize, logs: bool) -> Vec<Option<Curve>> {
    let mut all = vec![Ets::choose(values, 1, !logs).map(|model| model.forecast(horizon))];
    if values.len() >= FEW {
        all.push(Ces::fit(values, Kind::Plain, 1).map(|model| model.forecast(horizon)));
    } else if !logs {
        all.push(Some(last(values, horizon)));
    }
    if !logs {
        let terms = if stands_out(values, period) { indices(values, period) } else { vec![0.0] };
        let rest = deseasoned(values, &terms);
        all.push(theta::forecast(&rest, horizon).map(|curve| curve.plus(&turned(&terms, values.len()))));
        all.push(regress::forecast(values, 1, horizon));
    }
    all
}

/// Logarithms of a positive history, unless units describe it better by more than `LOGS_LOSE` of the Akaike criterion: the profile
/// likelihood of Box & Cox (1964), "An analysis of transformations", over the two powers that matter.
fn logarithms(values: &[f64], period: usize) -> Option<Vec<f64>> {
    if values.iter().any(|&value| value <= 0.0) {
        return None;
    }
    let logs: Vec<f64> = values.iter().map(|value| value.ln()).collect();
    let criterion = |values: &[f64]| {
        let (terms, _) = shrunk(values, period);
        Ets::choose(&deseasoned(values, &terms), 1, false).map(|model| model.criterion)
    };
    let (units, logged) = (criterion(values)?, criterion(&logs)? + 2.0 * logs.iter().sum::<f64>());
    (logged < units + LOGS_LOSE).then_some(logs)
}

/// See `logarithms`.
const LOGS_LOSE: f64 = 10.0;

/// A member that leaves history by more than this many times its range has blown up and is not heard.
const BLOW_UP: f64 = 4.0;

fn members(values: &[f64], period: usize, horizon: usize) -> Vec<Curve> {
    let speak = match depth(values.len(), period) {
        Depth::None => unseasonal,
        Depth::Short => short,
        Depth::Long => long,
    };
    let mut all: Vec<Curve> = speak(values, period, horizon, false).into_iter().flatten().collect();
    if let Some(logs) = logarithms(values, period) {
        all.extend(speak(&logs, period, horizon, true).into_iter().flatten().map(Curve::exponential));
    }
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    let room = BLOW_UP * (high - low).max(0.05 * high.abs().max(low.abs()));
    all.retain(|curve| curve.is_finite() && curve.mean.iter().all(|&mean| mean > low - room && mean < high + room));
    all
}

/// One member by name; `None` when history is too short for it.
fn single(method: Method, values: &[f64], period: usize, horizon: usize) -> Option<Curve> {
    let deep = depth(values.len(), period) != Depth::None;
    let (terms, _) = shrunk(values, period);
    let next = turned(&terms, values.len());
    match method {
        Method::Auto => None,
        Method::Naive => Some(last(values, horizon)),
        Method::SeasonalNaive => (period > 1 && values.len() > period).then(|| seasonal_last(values, period, horizon)),
        Method::Ets => ets(values, period, horizon, true),
        Method::Theta => {
            theta::forecast(&deseasoned(values, &terms), horizon).map(|curve| curve.plus(&next))
        }
        Method::Ces => {
            let kind = if deep { Kind::Full } else { Kind::Plain };
            Ces::fit(values, kind, period).map(|model| model.forecast(horizon))
        }
        Method::Autoregression => regress::forecast(values, period, horizon),
        Method::Stl => {
            if !deep {
                return None;
            }
            let parts = decompose(values, period, 11);
            let rest = deseasoned(values, &parts.season);
            let later = &parts.season[values.len() - period..];
            Ets::choose(&rest, 1, true).map(|model| model.forecast(horizon).plus(later))
        }
    }
}

/// The value of the same phase one period before: a seasonal random walk.
fn seasonal_last(values: &[f64], period: usize, horizon: usize) -> Curve {
    let n = values.len();
    let squares: f64 = values[period..].iter().zip(values).map(|(now, before)| (now - before).powi(2)).sum();
    let variance = squares / count(n - period);
    Curve {
        mean: (0..horizon).map(|step| values[n - period + step % period]).collect(),
        sd: (0..horizon).map(|step| (variance * count(1 + step / period)).sqrt()).collect(),
    }
}

/// The quantile of sorted numbers, linear between neighbours.
pub(crate) fn quantile(sorted: &[f64], share: f64) -> f64 {
    let place = share.clamp(0.0, 1.0) * count(sorted.len() - 1);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between zero and the length")]
    let below = place.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (place - count(below)) * (sorted[above] - sorted[below])
}

/// The middle third of all members that could be fitted, or the one asked for; `None` when none could.
pub(crate) fn blend(values: &[f64], period: usize, horizon: usize, method: Method) -> Option<Blend> {
    let all = match method {
        Method::Auto => members(values, period, horizon),
        method => single(method, values, period, horizon).filter(Curve::is_finite).into_iter().collect(),
    };
    if all.is_empty() {
        return None;
    }
    let mut made = Blend { centre: vec![], native: vec![], spread: vec![] };
    for step in 0..horizon {
        let mut means: Vec<f64> = all.iter().map(|curve| curve.mean[step]).collect();
        let mut sds: Vec<f64> = all.iter().map(|curve| curve.sd[step]).collect();
        means.sort_by(f64::total_cmp);
        sds.sort_by(f64::total_cmp);
        let cut = means.len() / 3;
        let middle = &means[cut..means.len() - cut];
        made.centre.push(middle.iter().sum::<f64>() / count(middle.len()));
        made.native.push(quantile(&sds, 0.5));
        made.spread.push((quantile(&means, 0.75) - quantile(&means, 0.25)) / 1.349);
    }
    Some(made)
}
