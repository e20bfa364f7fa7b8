//! How wide the intervals are: half-widths that hold 80% and 95% of the errors, as multiples of the members' own deviation.
//!
//! The multiple is `exp(sum of weight x feature)`. The weights are those of a linear quantile regression (Koenker & Bassett 1978,
//! "Regression quantiles", Econometrica 46) of log absolute errors, conformal in the sense of Romano, Patterson & Candès (2019),
//! "Conformalized quantile regression". They were learnt from forecast errors of nine sets of public series (2,157 series of M3, M4,
//! Tourism, NN5 and PBS) and 27 shortened or unseasonal versions of them, every set with the same weight, a version with 0.15 of it
//! and one of 18 months with 0.45; then the three depths were moved so that their sets lie around the aim. Learnt from one half of
//! the series, they held 77.5 to 83% and 93 to 97% of the other half in every set. A series' own errors at earlier ends are one
//! feature; nothing depends on the other series of a query.

use super::clean::median;
use super::combine::Blend;
use super::count;
use super::members::{Depth, depth};

/// Number of features.
pub(crate) const FEATURES: usize = 19;

/// Weights for the half-width that holds 80%, in the order of [`features`].
const HOLDS_80: [f64; FEATURES] = [
    0.306, 0.252, -0.103, 0.161, 0.256, 0.065, -0.097, -0.031, -0.099, -0.006, 0.125, 0.049, 0.701, -0.024, 0.008,
    -0.164, 0.260, 0.070, -0.064,
];

/// Weights for the half-width that holds 95%.
const HOLDS_95: [f64; FEATURES] = [
    0.917, 0.905, 0.708, 0.165, 0.204, 0.075, -0.061, 0.048, -0.044, -0.047, 0.017, -0.025, 0.496, -0.007, 0.064,
    -0.152, 0.213, 0.095, -0.023,
];

/// Half-widths by step.
#[derive(Clone, Debug)]
pub(crate) struct Widths {
    pub(crate) holds_80: Vec<f64>,
    pub(crate) holds_95: Vec<f64>,
}

fn root_mean_square(values: &[f64]) -> f64 {
    (values.iter().map(|value| value * value).sum::<f64>() / count(values.len().max(1))).sqrt()
}

fn mean_size(values: &[f64]) -> f64 {
    values.iter().map(|value| value.abs()).sum::<f64>() / count(values.len().max(1))
}

fn moves(values: &[f64], lag: usize) -> Vec<f64> {
    values[lag..].iter().zip(values).map(|(now, before)| now - before).collect()
}

/// What the width depends on, by step: depth of history (three flags), disagreement of the members, error of the rolling
/// origins against the members' own deviation and whether there were any, year-on-year and step-to-step movement, growth of
/// the deviation over the horizon, length of history, how much of the movement is in few values, length of the season if
/// history is long, missing part of the second season if short, length and fewness if there is no season, deviation against the
/// level, step-to-step movement once more if history is short, distance and its product with length if it is long.
pub(crate) fn features(values: &[f64], period: usize, blend: &Blend, backtest: Option<f64>) -> Vec<[f64; FEATURES]> {
    let n = values.len();
    let one = moves(values, 1);
    let season = if period > 1 && n > period + 2 { moves(values, period) } else { one.clone() };
    let tiny = 1e-9 * mean_size(values) + f64::MIN_POSITIVE;
    let native: Vec<f64> = blend.native.iter().map(|deviation| deviation.max(tiny)).collect();
    let sizes: Vec<f64> = season.iter().map(|value| value.abs()).collect();
    let even = (1.4826 * median(&sizes) + tiny) / (root_mean_square(&season) + tiny) + 0.02;
    let depth = depth(n, period);
    let flag = |which: Depth| if depth == which { 1.0 } else { 0.0 };
    let tested = backtest.filter(|_| depth == Depth::Long);
    let first = native[0];
    (0..native.len())
        .map(|step| {
            [
                flag(Depth::None),
                flag(Depth::Short),
                flag(Depth::Long),
                (blend.spread[step] / native[step] + 0.05).ln().clamp(-3.0, 2.0),
                tested.map_or(0.0, |ratio| ratio.ln().clamp(-1.5, 1.5)),
                if tested.is_some() { 1.0 } else { 0.0 },
                (root_mean_square(&season) / first + 0.05).ln(),
                (root_mean_square(&one) / first + 0.05).ln(),
                (native[step] / first).ln(),
                count(n).ln(),
                even.ln(),
                flag(Depth::Long) * count(period.min(52)).ln(),
                flag(Depth::Short) * (2.0 * count(period) / count(n)).ln().max(0.0),
                flag(Depth::None) * count(n).ln(),
                flag(Depth::None) * (10.0 / count(n)).ln().max(0.0),
                (native[step] / blend.centre[step].abs().max(1e-12) + 0.01).ln().clamp(-5.0, 1.0),
                flag(Depth::Short) * (root_mean_square(&one) / first + 0.05).ln(),
                flag(Depth::Long) * count(step + 1).ln(),
                flag(Depth::Long) * count(step + 1).ln() * (count(n).ln() - 5.0),
            ]
        })
        .collect()
}

fn multiple(weights: &[f64; FEATURES], features: &[f64; FEATURES]) -> f64 {
    // Between a fifth and ten times the members' own deviation: outside, no series taught anything.
    weights.iter().zip(features).map(|(weight, feature)| weight * feature).sum::<f64>().clamp(-1.6, 2.3).exp()
}

/// Half-widths of a blend; `backtest` is the root mean square of rolling-origin errors / the members' own deviation.
pub(crate) fn widths(values: &[f64], period: usize, blend: &Blend, backtest: Option<f64>) -> Widths {
    let n = values.len();
    // Below eight observations a fit can be perfect by chance: history's size sets a floor.
    let floor = 0.03 * count(8_usize.saturating_sub(n)) * mean_size(values);
    let mut made = Widths { holds_80: vec![], holds_95: vec![] };
    for (step, row) in features(values, period, blend, backtest).iter().enumerate() {
        let floor = floor * count(step + 1).powf(0.4);
        let narrow = (blend.native[step] * multiple(&HOLDS_80, row)).max(floor);
        let wide = (blend.native[step] * multiple(&HOLDS_95, row)).max(2.0 * floor);
        made.holds_80.push(narrow);
        made.holds_95.push(wide.max(1.2 * narrow));
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn blend(native: f64) -> Blend {
        Blend { centre: vec![10.0; 3], native: vec![native; 3], spread: vec![0.1; 3] }
    }

    #[test]
    fn wide_holds_more_than_narrow_and_few_points_have_a_floor() {
        let values: Vec<f64> = (0..30).map(|at| 10.0 + count(at * 7 % 5)).collect();
        let made = widths(&values, 12, &blend(1.0), None);
        assert!(made.holds_80.iter().zip(&made.holds_95).all(|(narrow, wide)| 1.2 * narrow <= *wide && *narrow > 0.0));
        // Four values of mean size 10, 8 - 4 missing to be sure: 0.03 x 4 x 10.
        let made = widths(&[10.0; 4], 12, &blend(0.0), None);
        assert!((made.holds_80[0] - 1.2).abs() < 1e-9, "{made:?}");
    }

    #[test]
    fn errors_of_the_past_widen_the_future() {
        let values: Vec<f64> = (0..60).map(|at| 10.0 + count(at * 7 % 5)).collect();
        let of = |ratio| widths(&values, 12, &blend(1.0), Some(ratio)).holds_80[0];
        assert!(of(2.0) > 1.1 * of(1.0));
    }
}
