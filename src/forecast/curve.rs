//! What one member says about the next steps.

/// Mean and standard deviation by step, in the units of the series.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Curve {
    pub(crate) mean: Vec<f64>,
    pub(crate) sd: Vec<f64>,
}

impl Curve {
    /// From logarithms back to units: the median stays the median, the deviation by the first term of its series.
    pub(crate) fn exponential(mut self) -> Self {
        for (mean, sd) in self.mean.iter_mut().zip(&mut self.sd) {
            *mean = mean.exp();
            *sd *= *mean;
        }
        self
    }

    /// Adds the terms of a season whose first element belongs to the first step.
    pub(crate) fn plus(mut self, season: &[f64]) -> Self {
        for (mean, term) in self.mean.iter_mut().zip(season.iter().cycle()) {
            *mean += term;
        }
        self
    }

    /// Whether every number is finite.
    pub(crate) fn is_finite(&self) -> bool {
        self.mean.iter().chain(&self.sd).all(|value| value.is_finite())
    }
}
