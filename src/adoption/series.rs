//! The series as the curves see it: in order, time from 0 to about 1, values as counts or around one.

use std::fmt;

/// Fewest observations: three parameters and two to judge them by.
const FEWEST: usize = 5;

/// Fewest steps in which the series grows.
const FEWEST_STEPS: usize = 3;

/// Why a series carries no fit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Refusal {
    /// So many observations are too few.
    TooFew(usize),
    /// The series grows in so many steps only.
    NoGrowth(usize),
    /// A value is below zero.
    Negative(f64),
    /// Two values at one time: several series in one.
    Repeated(f64),
    /// The times lie too close together or too far apart for arithmetic.
    Times,
    /// No curve of the kind comes near.
    NoFit,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFew(n) => write!(f, "no fit: {n} observations, at least {FEWEST} are needed"),
            Self::NoGrowth(n) => write!(f, "no fit: growth in {n} steps, at least {FEWEST_STEPS} are needed"),
            Self::Negative(value) => write!(f, "no fit: the value {value} is below zero"),
            Self::Repeated(_) => f.write_str("no fit: two values at one time; group by series"),
            Self::Times => f.write_str("no fit: times too close together or too far apart"),
            Self::NoFit => f.write_str("no fit: the series does not follow such a curve"),
        }
    }
}

/// Observations in order of time. `start + span × times` is time and `unit × values` is value.
#[derive(Debug)]
pub(super) struct Series {
    /// From above 0, the launch, to 1, the last observation.
    pub(super) times: Vec<f64>,
    pub(super) values: Vec<f64>,
    /// One median step before the first observation.
    pub(super) start: f64,
    pub(super) span: f64,
    pub(super) unit: f64,
    /// Whole numbers that never fall.
    pub(super) is_count: bool,
}

impl Series {
    pub(super) fn new(points: &[(f64, f64)]) -> Result<Self, Refusal> {
        let mut points: Vec<(f64, f64)> =
            points.iter().copied().filter(|(time, value)| time.is_finite() && value.is_finite()).collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
        if points.len() < FEWEST {
            return Err(Refusal::TooFew(points.len()));
        }
        if let Some(point) = points.iter().find(|point| point.1 < 0.0) {
            return Err(Refusal::Negative(point.1));
        }
        let mut steps: Vec<f64> = points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
        if let Some(at) = steps.iter().position(|step| *step <= 0.0) {
            return Err(Refusal::Repeated(points[at].0));
        }
        let growing = points.windows(2).filter(|pair| pair[1].1 > pair[0].1).count();
        if growing < FEWEST_STEPS || points[points.len() - 1].1 <= points[0].1 {
            return Err(Refusal::NoGrowth(growing));
        }
        steps.sort_by(f64::total_cmp);
        let start = points[0].0 - steps[steps.len() / 2];
        let span = points[points.len() - 1].0 - start;
        let times: Vec<f64> = points.iter().map(|point| (point.0 - start) / span).collect();
        let in_order = times.windows(2).all(|pair| pair[0] < pair[1]);
        if !(span.is_finite() && span.is_normal() && in_order && times[0] > 0.0) {
            return Err(Refusal::Times);
        }
        let is_count = points.iter().all(|point| point.1.fract().abs() < f64::EPSILON)
            && points.windows(2).all(|pair| pair[0].1 <= pair[1].1);
        let largest = points.iter().fold(0.0_f64, |largest, point| largest.max(point.1));
        let unit = if is_count { 1.0 } else { largest };
        Ok(Self { times, values: points.iter().map(|point| point.1 / unit).collect(), start, span, unit, is_count })
    }

    /// The last value; above zero.
    pub(super) fn last(&self) -> f64 {
        self.values.last().copied().unwrap_or(1.0)
    }
}
