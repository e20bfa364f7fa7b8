//! Intervals from the profile of the likelihood: Venzon & Moolgavkar (1988), "A method for computing
//! profile-likelihood-based confidence intervals", Applied Statistics 37(1), 87 to 94.
//!
//! A value lies inside while the best curve with that value is not much worse than the best of all. "Much" is the square of
//! Student's quantile, which is wider than the normal one for a short series, times the dispersion.

use super::Estimate;
use super::curve::{Curve, Point};
use super::likelihood::{Fitted, Likelihood};
use crate::forecast::{count, simplex::minimise};

/// A saturation so many times that of the last value is looked at.
const FARTHEST: f64 = 100.0;

const HALVINGS: usize = 24;
const BUDGET: usize = 120;

#[derive(Debug)]
pub(super) struct Bounds<'a> {
    likelihood: &'a Likelihood<'a>,
    best: Fitted,
    /// The deviance at the ends of the intervals.
    limit: f64,
}

impl<'a> Bounds<'a> {
    pub(super) fn new(likelihood: &'a Likelihood<'a>, best: Fitted) -> Self {
        let free = count(likelihood.series.values.len()) - 3.0;
        let limit = best.deviance + likelihood.dispersion(best) * student(free).powi(2);
        Self { likelihood, best, limit }
    }

    pub(super) fn saturation(&self) -> Estimate {
        let (last, best) = (self.likelihood.series.last(), self.best.saturation);
        let within = |saturation: f64| self.likelihood.search(self.best.point, Some(saturation)).deviance <= self.limit;
        let step = (0.1 * best).max(if self.likelihood.series.is_count { 0.5 } else { 0.0 });
        let low = if self.likelihood.series.is_count {
            // Who has adopted stays an adopter.
            Some(end(best, -step, last, within).unwrap_or(last))
        } else {
            end(best, -step, best / FARTHEST, within)
        };
        Estimate { value: best, low, high: end(best, step, FARTHEST * last, within) }
    }

    pub(super) fn half(&self) -> Estimate {
        let best = self.best.point;
        let within = |half: f64| self.best_of(best[1], |shape| [half, shape]) <= self.limit;
        let lowest = if self.likelihood.curve == Curve::Bass { 1e-3 } else { -0.5 };
        Estimate { value: best[0], low: end(best[0], -0.02, lowest, within), high: end(best[0], 0.02, 6.0, within) }
    }

    /// The rate of a logistic curve, by length of the series.
    pub(super) fn rate(&self) -> Estimate {
        let best = self.best.point;
        self.logarithmic(best[1], |rate| self.best_of(best[0], |half| [half, rate]) <= self.limit)
    }

    /// p of a Bass curve, by length of the series.
    pub(super) fn innovation(&self) -> Estimate {
        self.of_bass(|shape| 1.0 + shape.exp())
    }

    /// q of a Bass curve, by length of the series.
    pub(super) fn imitation(&self) -> Estimate {
        self.of_bass(|shape| 1.0 + (-shape).exp())
    }

    /// p or q of a Bass curve; `over` says what share of their sum it is, upside down.
    fn of_bass(&self, over: fn(f64) -> f64) -> Estimate {
        let best = self.best.point;
        let half = |value: f64, shape: f64| (2.0 + shape.exp()).ln() / (value * over(shape));
        let value = (2.0 + best[1].exp()).ln() / (best[0] * over(best[1]));
        let within = |log: f64| self.best_of(best[1], |shape| [half(log.exp(), shape), shape]) <= self.limit;
        self.logarithmic(value.ln(), within)
    }

    /// The least deviance of the points on a line.
    fn best_of(&self, start: f64, point: impl Fn(f64) -> Point) -> f64 {
        minimise([start], 0.1, BUDGET, |at| self.likelihood.deviance(point(at[0]), None).0).1
    }

    fn logarithmic(&self, best: f64, within: impl Fn(f64) -> bool) -> Estimate {
        let (low, high) = (end(best, -0.1, best - 7.0, &within), end(best, 0.1, best + 7.0, &within));
        Estimate { value: best.exp(), low: low.map(f64::exp), high: high.map(f64::exp) }
    }
}

/// Where `within` ends on the way from `inside` by growing steps, none when it does not before `farthest`.
fn end(inside: f64, step: f64, farthest: f64, within: impl Fn(f64) -> bool) -> Option<f64> {
    let (mut inside, mut step) = (inside, step);
    let upwards = step > 0.0;
    let beyond = |at: f64| if upwards { at >= farthest } else { at <= farthest };
    let mut outside = inside + step;
    loop {
        if beyond(outside) {
            outside = farthest;
            if within(outside) {
                return None;
            }
            break;
        }
        if !within(outside) {
            break;
        }
        inside = outside;
        step *= 2.0;
        outside = inside + step;
    }
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(inside, outside);
        if within(middle) { inside = middle } else { outside = middle }
    }
    Some(outside)
}

/// The quantile of 97.5 % of Student's distribution: Fisher & Cornish (1960), Technometrics 2(2), 209 to 225.
fn student(free: f64) -> f64 {
    let normal: f64 = 1.959_963_984_540_054;
    let powers: [f64; 4] = std::array::from_fn(|power| normal.powi(2 * i32::try_from(power).unwrap_or_default() + 1));
    let [one, three, five, seven] = powers;
    one + (three + one) / (4.0 * free)
        + (5.0 * five + 16.0 * three + 3.0 * one) / (96.0 * free.powi(2))
        + (3.0 * seven + 19.0 * five + 17.0 * three - 15.0 * one) / (384.0 * free.powi(3))
}
