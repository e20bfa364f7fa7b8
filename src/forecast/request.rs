//! What is asked for, and why nothing may come back.

use std::fmt;

use super::method::Method;
use super::shared::Shared;

/// Evenly spaced observations, the oldest first.
#[derive(Clone, Copy, Debug)]
pub struct Series<'a> {
    /// The values; NaN and infinities count as missing.
    pub values: &'a [f64],
    /// Observations in a season: [`Grain::season`](super::Grain::season) for a calendar, [`detect_season`](super::detect_season) without one, 1 for none.
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
    /// What the series that are forecast together say of each other.
    pub shared: Shared,
}

impl Settings {
    /// The longest horizon: ten years of days.
    pub const LONGEST: usize = 3_660;

    /// Paths from which totals are made: enough for a P1 with a digit, and means of as many paths are the means of the steps.
    pub const PATHS: usize = 1_000;

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
            shared: Shared::NONE,
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
