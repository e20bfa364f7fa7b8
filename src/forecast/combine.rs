//! The mean of the members' middle third. Combining beats choosing with the histories that spend has: Petropoulos & Svetunkov
//! (2020), "A simple combination of univariate models", International Journal of Forecasting 36.

use super::count;
use super::curve::Curve;
use super::ets::Ets;
use super::members::{deseasoned, last, single, speaking};
use super::method::Method;
use super::season::shrunk;

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
    let mut all = speaking(values, period, horizon, false);
    if let Some(logs) = logarithms(values, period) {
        all.extend(speaking(&logs, period, horizon, true).into_iter().map(Curve::exponential));
    }
    let (low, high) = values.iter().fold((f64::MAX, f64::MIN), |(low, high), &value| (low.min(value), high.max(value)));
    let room = BLOW_UP * (high - low).max(0.05 * high.abs().max(low.abs()));
    all.retain(|curve| curve.is_finite() && curve.mean.iter().all(|&mean| mean >= low - room && mean <= high + room));
    if all.is_empty() {
        all.push(last(values, horizon));
    }
    all
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
