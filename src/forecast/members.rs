//! The members: each model with each way to handle the season. Which of them speak depends on how many seasons there are to learn
//! from, never on how well one of them did.

use super::ces::{Ces, Kind};
use super::count;
use super::curve::Curve;
use super::ets::Ets;
use super::method::Method;
use super::season::{indices, shrunk, stands_out};
use super::{regress, stl, theta};

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

/// A series without its season's terms, which repeat.
pub(crate) fn deseasoned(values: &[f64], terms: &[f64]) -> Vec<f64> {
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
    let terms = stl::season(values, period, 11);
    let rest = deseasoned(values, &terms);
    let next = &terms[values.len() - period..];
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
    let (terms, kept) = shrunk(values, period);
    let rest = deseasoned(values, &terms);
    let next = turned(&terms, values.len());
    let terms = stl::season(values, period, 11);
    let smooth = deseasoned(values, &terms);
    let later = &terms[values.len() - period..];
    let mut all = vec![
        theta::forecast(&rest, horizon).map(|curve| curve.plus(&next)),
        Ets::choose(&rest, 1, !logs).map(|model| model.forecast(horizon).plus(&next)),
        Some(drifting(&rest, horizon).plus(&next)),
    ];
    if kept > REAL && values.len() >= 2 * period {
        all.push(Some(year_before(values, period, horizon)));
    }
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

/// From this share of its terms on that shrinking leaves, the season of a short history is real enough to be repeated as it was.
const REAL: f64 = 0.6;

/// Observations at the end that say how far the level has moved in a season: a quarter of months.
const RECENT: usize = 3;

/// The values of the season before, moved by half of what the level has moved since: as far as one season foretells another,
/// which is between not at all (the seasonal random walk) and in full. Half was the best of 0.3 to 1 on the public sets of 24
/// months.
fn year_before(values: &[f64], period: usize, horizon: usize) -> Curve {
    let n = values.len();
    let recent = RECENT.min(period);
    let level = |end: usize| values[end - recent..end].iter().sum::<f64>() / count(recent);
    let moved = 0.5 * (level(n) - level(n - period));
    let mut curve = seasonal_last(values, period, horizon);
    for mean in &mut curve.mean {
        *mean += moved;
    }
    curve
}

/// Below this many observations the last value is a member and no autoregression or complex smoothing is.
const FEW: usize = 10;

/// The last value for ever: a random walk.
pub(crate) fn last(values: &[f64], horizon: usize) -> Curve {
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let variance = steps.iter().map(|step| step * step).sum::<f64>() / count(steps.len().max(1));
    Curve {
        mean: vec![values[values.len() - 1]; horizon],
        sd: (1..=horizon).map(|step| (variance * count(step)).sqrt()).collect(),
    }
}

/// A random walk that goes on with the mean step of history.
fn drifting(values: &[f64], horizon: usize) -> Curve {
    let n = values.len();
    let drift = (values[n - 1] - values[0]) / count(n - 1);
    let mut curve = last(values, horizon);
    for (step, mean) in curve.mean.iter_mut().enumerate() {
        *mean += drift * count(step + 1);
    }
    curve
}

fn unseasonal(values: &[f64], period: usize, horizon: usize, logs: bool) -> Vec<Option<Curve>> {
    let mut all =
        vec![Ets::choose(values, 1, !logs).map(|model| model.forecast(horizon)), Some(drifting(values, horizon))];
    if values.len() >= FEW {
        all.push(Ces::fit(values, Kind::Plain, 1).map(|model| model.forecast(horizon)));
    } else if !logs {
        all.push(Some(last(values, horizon)));
    }
    if logs {
        all.push(theta::forecast(values, horizon));
    } else {
        let terms = if stands_out(values, period) { indices(values, period) } else { vec![0.0] };
        let rest = deseasoned(values, &terms);
        all.push(theta::forecast(&rest, horizon).map(|curve| curve.plus(&turned(&terms, values.len()))));
        all.push(regress::forecast(values, 1, horizon));
    }
    all
}

/// All members that suit a history, in units or, with `logs`, in logarithms.
pub(crate) fn speaking(values: &[f64], period: usize, horizon: usize, logs: bool) -> Vec<Curve> {
    let speak = match depth(values.len(), period) {
        Depth::None => unseasonal,
        Depth::Short => short,
        Depth::Long => long,
    };
    speak(values, period, horizon, logs).into_iter().flatten().collect()
}

/// One member by name; `None` when history is too short for it.
pub(crate) fn single(method: Method, values: &[f64], period: usize, horizon: usize) -> Option<Curve> {
    let deep = depth(values.len(), period) != Depth::None;
    let (terms, _) = shrunk(values, period);
    let next = turned(&terms, values.len());
    match method {
        Method::Auto => None,
        Method::Naive => Some(last(values, horizon)),
        Method::SeasonalNaive => (period > 1 && values.len() > period).then(|| seasonal_last(values, period, horizon)),
        Method::Ets => ets(values, period, horizon, true),
        Method::Theta => theta::forecast(&deseasoned(values, &terms), horizon).map(|curve| curve.plus(&next)),
        Method::Ces => {
            let kind = if deep { Kind::Full } else { Kind::Plain };
            Ces::fit(values, kind, period).map(|model| model.forecast(horizon))
        }
        Method::Autoregression => regress::forecast(values, period, horizon),
        Method::Stl => {
            if !deep {
                return None;
            }
            let terms = stl::season(values, period, 11);
            let rest = deseasoned(values, &terms);
            let later = &terms[values.len() - period..];
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
