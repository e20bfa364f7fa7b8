//! Theta: Assimakopoulos & Nikolopoulos (2000), as the dynamic optimised model of Fiorucci, Pellegrini, Louzada, Petropoulos &
//! Koehler (2016), "Models for optimising the theta method", International Journal of Forecasting 32.

use super::count;
use super::curve::Curve;
use super::simplex::minimise;

#[derive(Clone, Copy, Debug)]
struct State {
    level: f64,
    mean: f64,
    intercept: f64,
    slope: f64,
    /// (1 - alpha) to the number of steps so far.
    power: f64,
    step: f64,
}

impl State {
    fn new(level: f64) -> Self {
        Self { level, mean: 0.0, intercept: 0.0, slope: 0.0, power: 1.0, step: 0.0 }
    }

    fn expects(&self, alpha: f64, theta: f64) -> f64 {
        let line = self.power * self.intercept + (1.0 - self.power * (1.0 - alpha)) / alpha * self.slope;
        self.level + (1.0 - 1.0 / theta) * line
    }

    fn learn(&mut self, alpha: f64, value: f64) {
        self.step += 1.0;
        let t = self.step;
        let before = self.mean;
        self.mean = ((t - 1.0) * before + value) / t;
        self.slope = if t > 1.0 { ((t - 2.0) * self.slope + 6.0 / t * (value - before)) / (t + 1.0) } else { 0.0 };
        self.intercept = self.mean - (t + 1.0) / 2.0 * self.slope;
        self.level = alpha * value + (1.0 - alpha) * self.level;
        self.power *= 1.0 - alpha;
    }
}

fn squash(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

fn weights_at(point: &[f64; 2]) -> (f64, f64) {
    (0.05 + 0.94 * squash(point[0]), 1.0 + point[1].clamp(-6.0, 6.0).exp())
}

/// Forecast of an unseasonal series of at least four values.
pub(crate) fn forecast(values: &[f64], horizon: usize) -> Option<Curve> {
    let n = values.len();
    if n < 4 {
        return None;
    }
    let begin = State::new(values[0] / 2.0);
    let loss = |point: &[f64; 2]| {
        let (alpha, theta) = weights_at(point);
        let mut state = State { level: values[0], ..begin };
        let mut squares = f64::MIN_POSITIVE;
        for (at, &value) in values.iter().enumerate() {
            let error = value - state.expects(alpha, theta);
            if at >= 3 {
                squares += error * error;
            }
            state.learn(alpha, value);
        }
        squares.ln()
    };
    let (point, logarithm) = minimise([0.0, 0.0], 1.0, 50, loss);
    let (alpha, theta) = weights_at(&point);
    let mut state = State { level: values[0], ..begin };
    for &value in values {
        state.learn(alpha, value);
    }
    let variance = logarithm.exp() / count(n.saturating_sub(3).max(3) - 2).max(1.0);
    let (mut mean, mut sd) = (Vec::with_capacity(horizon), Vec::with_capacity(horizon));
    let mut reach = 1.0;
    for _ in 0..horizon {
        let next = state.expects(alpha, theta);
        mean.push(next);
        sd.push((variance * reach).sqrt());
        reach += alpha * alpha;
        state.learn(alpha, next);
    }
    Some(Curve { mean, sd })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_goes_on_and_a_constant_stays() {
        let line: Vec<f64> = (1..=30).map(|step| 10.0 + 2.0 * count(step)).collect();
        let mean = forecast(&line, 2).unwrap().mean;
        assert!((mean[0] - 72.0).abs() < 0.6 && mean[1] - mean[0] > 0.8, "{mean:?}");
        let flat = forecast(&[4.0; 12], 3).unwrap();
        assert!(flat.mean.iter().all(|value| (value - 4.0).abs() < 1e-9));
        assert!(forecast(&[1.0, 2.0, 3.0], 1).is_none());
    }

    #[test]
    fn the_line_of_the_state_is_the_regression_line() {
        // Least squares over (1, 2), (2, 3), (3, 7): slope 2.5, intercept -1.
        let mut state = State::new(0.0);
        for value in [2.0, 3.0, 7.0] {
            state.learn(0.5, value);
        }
        assert!((state.slope - 2.5).abs() < 1e-12 && (state.intercept + 1.0).abs() < 1e-12);
    }
}
