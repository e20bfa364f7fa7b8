//! Complex exponential smoothing: Svetunkov, Kourentzes & Ord (2022), "Complex exponential smoothing", Naval Research
//! Logistics 69. A level and its information potential are smoothed together; no trend has to be chosen.

use super::count;
use super::curve::Curve;
use super::season::indices;
use super::simplex::minimise;

/// Which of the paper's models.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Lag one: no season.
    Plain,
    /// Every state lags by a period.
    Simple,
    /// A plain level and a complex season.
    Full,
}

/// A fitted model with its last states.
#[derive(Clone, Debug)]
pub(crate) struct Ces {
    kind: Kind,
    weights: [f64; 4],
    state: State,
    variance: f64,
}

#[derive(Clone, Debug)]
struct State {
    level: f64,
    potential: f64,
    /// Level and potential of each phase; the first belongs to the next step.
    ring: Vec<(f64, f64)>,
    turn: usize,
}

impl State {
    fn expects(&self, kind: Kind) -> f64 {
        match kind {
            Kind::Plain => self.level,
            Kind::Simple => self.ring[self.turn].0,
            Kind::Full => self.level + self.ring[self.turn].0,
        }
    }

    fn learn(&mut self, kind: Kind, weights: &[f64; 4], error: f64) {
        let next = |(level, potential): (f64, f64), real: f64, imaginary: f64| {
            (
                level - (1.0 - imaginary) * potential + (real - imaginary) * error,
                level + (1.0 - real) * potential + (real + imaginary) * error,
            )
        };
        if kind != Kind::Simple {
            (self.level, self.potential) = next((self.level, self.potential), weights[0], weights[1]);
        }
        let slot = &mut self.ring[self.turn];
        match kind {
            Kind::Plain => {}
            Kind::Simple => *slot = next(*slot, weights[0], weights[1]),
            Kind::Full => *slot = next(*slot, weights[2], weights[3]),
        }
        self.turn += 1;
        if self.turn == self.ring.len() {
            self.turn = 0;
        }
    }

    fn turned_back(&mut self) {
        self.ring.rotate_left(self.turn);
        self.ring.reverse();
        self.turn = 0;
    }
}

fn squash(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

fn weights_at(kind: Kind, point: &[f64; 4]) -> [f64; 4] {
    let real = 0.01 + 1.79 * squash(point[0]);
    let imaginary = 0.01 + 1.89 * squash(point[1]);
    match kind {
        Kind::Plain | Kind::Simple => [real, imaginary, 0.0, 0.0],
        Kind::Full => [real, imaginary, 0.01 + 1.49 * squash(point[2]), 0.01 + 1.49 * squash(point[3])],
    }
}

/// Forward, backward and forward again: the first two passes only find the starting states.
fn run(values: &[f64], kind: Kind, weights: &[f64; 4], mut state: State) -> (State, f64) {
    let pass = |state: &mut State, backward: bool| {
        let mut squares = 0.0;
        let mut one = |state: &mut State, value: f64| {
            let error = value - state.expects(kind);
            squares += error * error;
            state.learn(kind, weights, error);
        };
        if backward {
            values.iter().rev().for_each(|&value| one(state, value));
        } else {
            values.iter().for_each(|&value| one(state, value));
        }
        squares
    };
    pass(&mut state, false);
    state.turned_back();
    pass(&mut state, true);
    state.turned_back();
    let squares = pass(&mut state, false);
    (state, squares)
}

fn first_state(values: &[f64], kind: Kind, period: usize) -> State {
    let reach = period.max(2).min(values.len());
    let level = values[..reach].iter().sum::<f64>() / count(reach);
    let ring = match kind {
        Kind::Plain => vec![(0.0, 0.0)],
        Kind::Simple => values[..period].iter().map(|&value| (value, value / 1.1)).collect(),
        Kind::Full => indices(values, period).into_iter().map(|term| (term, term / 1.1)).collect(),
    };
    State { level, potential: level / 1.1, ring, turn: 0 }
}

impl Ces {
    /// Fits one model by least squares; `None` when history is too short for it.
    pub(crate) fn fit(values: &[f64], kind: Kind, period: usize) -> Option<Self> {
        let parameters = match kind {
            Kind::Plain | Kind::Simple => 2,
            Kind::Full => 4,
        };
        if values.len() < 6 || (kind != Kind::Plain && (period < 2 || 2 * values.len() < 3 * period)) {
            return None;
        }
        let begin = first_state(values, kind, period);
        let loss = |point: &[f64; 4]| {
            let squares = run(values, kind, &weights_at(kind, point), begin.clone()).1;
            (squares + f64::MIN_POSITIVE).ln()
        };
        // Weights 1.3 and 1.0, the paper's starting values.
        let from = [0.95, 0.1];
        let point = match kind {
            Kind::Plain | Kind::Simple => {
                let at = minimise(from, 0.7, 60, |p| loss(&[p[0], p[1], 0.0, 0.0])).0;
                [at[0], at[1], 0.0, 0.0]
            }
            Kind::Full => minimise([from[0], from[1], 0.9, 0.7], 0.7, 120, loss).0,
        };
        let weights = weights_at(kind, &point);
        let (state, squares) = run(values, kind, &weights, begin);
        let variance = squares / (count(values.len()) - count(parameters)).max(1.0);
        Some(Self { kind, weights, state, variance })
    }

    /// Mean and standard deviation of the next steps; the deviation from the response to one unit of error.
    pub(crate) fn forecast(&self, horizon: usize) -> Curve {
        let mut state = self.state.clone();
        let mut echo = State { level: 0.0, potential: 0.0, ring: vec![(0.0, 0.0); self.state.ring.len()], turn: 0 };
        echo.learn(self.kind, &self.weights, 1.0);
        let (mut mean, mut sd) = (Vec::with_capacity(horizon), Vec::with_capacity(horizon));
        let mut reach = 1.0;
        for _ in 0..horizon {
            mean.push(state.expects(self.kind));
            state.learn(self.kind, &self.weights, 0.0);
            sd.push((self.variance * reach).sqrt());
            let effect = echo.expects(self.kind);
            echo.learn(self.kind, &self.weights, 0.0);
            reach += effect * effect;
        }
        Curve { mean, sd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seasons_are_continued_from_their_phase() {
        let year: Vec<f64> = [10.0, 50.0, 30.0, 70.0].into_iter().cycle().take(21).collect();
        for kind in [Kind::Simple, Kind::Full] {
            let mean = Ces::fit(&year, kind, 4).unwrap().forecast(4).mean;
            let wanted = [50.0, 30.0, 70.0, 10.0];
            assert!(mean.iter().zip(&wanted).all(|(a, b)| (a - b).abs() < 8.0), "{kind:?} {mean:?}");
        }
    }

    #[test]
    fn growth_is_followed_without_a_trend_term() {
        let line: Vec<f64> = (0..30).map(|step| 100.0 + 3.0 * count(step)).collect();
        let mean = Ces::fit(&line, Kind::Plain, 1).unwrap().forecast(3).mean;
        assert!(mean[0] > 188.0 && mean[2] > mean[0], "{mean:?}");
    }

    #[test]
    fn too_short_a_history_fits_nothing() {
        assert!(Ces::fit(&[1.0; 5], Kind::Plain, 1).is_none());
        assert!(Ces::fit(&[1.0; 17], Kind::Full, 12).is_none());
    }
}
