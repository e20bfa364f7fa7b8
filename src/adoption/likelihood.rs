//! How well a curve fits.
//!
//! Counts: of `N` people each adopts at a random time of the curve, and those of each step are seen; after the last
//! observation the others are still to come (Schmittlein & Mahajan 1982, "Maximum likelihood estimation for an innovation
//! diffusion model of new product acceptance", Marketing Science 1(1), 57 to 78, with the number of adopters unknown). Other
//! values: least squares on them.

use super::curve::{Curve, Point, Shape};
use super::series::Series;
use crate::forecast::{count, simplex::minimise};

/// Evaluations of one search.
const BUDGET: usize = 300;

/// Expected adopters of the cells by which counts are judged.
const CELL: f64 = 5.0;

/// A curve with its saturation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fitted {
    pub(super) point: Point,
    pub(super) saturation: f64,
    pub(super) deviance: f64,
}

/// The fit of curves of one kind to one series.
#[derive(Debug)]
pub(super) struct Likelihood<'a> {
    pub(super) curve: Curve,
    pub(super) series: &'a Series,
    /// Of a curve that gives each step just what it has.
    perfect: f64,
}

impl<'a> Likelihood<'a> {
    pub(super) fn new(series: &'a Series, curve: Curve) -> Self {
        let total = series.last();
        let perfect =
            steps(series).map(|(_, _, new)| if new > 0.0 { new * (new / total).ln() } else { 0.0 }).sum::<f64>()
                + ways(total, total);
        Self { curve, series, perfect }
    }

    /// Twice what the log likelihood lacks to a perfect curve, or the sum of squares. Less is better; not finite outside.
    pub(super) fn deviance(&self, point: Point, saturation: Option<f64>) -> (f64, f64) {
        let Some(shape) = self.curve.shape_at(point) else { return (f64::INFINITY, 0.0) };
        if self.series.is_count { self.of_counts(shape, saturation) } else { self.of_values(shape, saturation) }
    }

    fn of_counts(&self, shape: Shape, saturation: Option<f64>) -> (f64, f64) {
        let total = self.series.last();
        // Where the derivative in the number of people is zero.
        let people = saturation.unwrap_or_else(|| (total / shape.reached(1.0) - 0.5).max(total));
        let seen: f64 = steps(self.series)
            .filter(|(_, _, new)| *new > 0.0)
            .map(|(from, to, new)| new * share(shape, from, to).ln())
            .sum();
        let left = people - total;
        let unseen = if left > 0.0 { left * shape.to_come(1.0).ln() } else { 0.0 };
        (2.0 * (self.perfect - seen - unseen - ways(people, total)), people)
    }

    fn of_values(&self, shape: Shape, saturation: Option<f64>) -> (f64, f64) {
        let pairs = || self.series.times.iter().map(|&time| shape.reached(time)).zip(&self.series.values);
        let level = saturation.unwrap_or_else(|| {
            pairs().map(|(share, value)| share * value).sum::<f64>()
                / pairs().map(|(share, _)| share * share).sum::<f64>()
        });
        (pairs().map(|(share, value)| (value - level * share).powi(2)).sum(), level)
    }

    /// The best curve of all; none when none has a finite deviance.
    pub(super) fn best(&self) -> Option<Fitted> {
        let mut starts: Vec<(f64, Point)> = self
            .curve
            .starts()
            .map(|point| (self.deviance(point, None).0, point))
            .filter(|start| start.0.is_finite())
            .collect();
        starts.sort_by(|a, b| a.0.total_cmp(&b.0));
        let found = starts.iter().take(3).map(|start| self.search(start.1, None));
        found
            .filter(|found| found.deviance.is_finite() && found.saturation.is_finite())
            .min_by(|a, b| a.deviance.total_cmp(&b.deviance))
    }

    /// The best curve near `start`, of a saturation if one is given.
    pub(super) fn search(&self, start: Point, saturation: Option<f64>) -> Fitted {
        // A simplex may fold up: a second one starts where the first ended.
        let (near, _) = minimise(start, 0.1, BUDGET, |point| self.deviance(*point, saturation).0);
        let (point, _) = minimise(near, 0.03, BUDGET, |point| self.deviance(*point, saturation).0);
        let (deviance, saturation) = self.deviance(point, saturation);
        Fitted { point, saturation, deviance }
    }

    /// The scatter around the curve in units of that which the intervals assume (McCullagh & Nelder 1989, section 4.5): for
    /// counts Pearson's statistic over cells of some expected adopters, at least 1; else the mean square.
    pub(super) fn dispersion(&self, best: Fitted) -> f64 {
        if !self.series.is_count {
            let floor = 1e-18 * self.series.last().powi(2);
            return (best.deviance / (count(self.series.values.len()) - 3.0)).max(floor);
        }
        let shape = self.curve.shape(best.point);
        let (mut seen, mut expected, mut statistic, mut cells) = (0.0, 0.0, 0.0, 0.0);
        for (from, to, new) in steps(self.series) {
            seen += new;
            expected += best.saturation * share(shape, from, to);
            if expected >= CELL {
                statistic += (seen - expected).powi(2) / expected;
                (seen, expected, cells) = (0.0, 0.0, cells + 1.0);
            }
        }
        if cells > 3.0 { (statistic / (cells - 3.0)).max(1.0) } else { 1.0 }
    }

    /// Akaike (1974): twice the parameters less twice the log likelihood, up to what all curves of the series share.
    pub(super) fn criterion(&self, best: Fitted) -> f64 {
        if self.series.is_count {
            return 6.0 + best.deviance;
        }
        let n = count(self.series.values.len());
        n * (best.deviance / n).max(f64::MIN_POSITIVE).ln() + 8.0
    }
}

/// From, to and what is new, beginning with all that came before the first observation.
fn steps(series: &Series) -> impl Iterator<Item = (f64, f64, f64)> {
    let before = std::iter::once((f64::NEG_INFINITY, 0.0))
        .chain(series.times.iter().copied().zip(series.values.iter().copied()));
    let after = series.times.iter().zip(&series.values);
    before.zip(after).map(|((from, old), (&to, &new))| (from, to, new - old))
}

fn share(shape: Shape, from: f64, to: f64) -> f64 {
    shape.between(from, to).max(1e-300)
}

/// The logarithm of the ways to seat `total` of `people`: `ln people! - ln (people - total)!`, by de Moivre's series around
/// the half, which the number of people in `of_counts` fits.
fn ways(people: f64, total: f64) -> f64 {
    let factorial = |n: f64| {
        let middle = n + 0.5;
        middle * middle.ln() - middle - 1.0 / (24.0 * middle)
    };
    factorial(people) - factorial(people - total)
}
