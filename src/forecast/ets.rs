//! Exponential smoothing: the additive-error models of Hyndman, Koehler, Ord & Snyder (2008), "Forecasting with Exponential
//! Smoothing", with no, additive or damped trend and no or additive season. On logarithms they are the multiplicative ones.

use super::count;
use super::curve::Curve;
use super::season::indices;
use super::simplex::minimise;

/// How the level moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trend {
    /// It does not: simple exponential smoothing.
    None,
    /// By a slope that itself is smoothed: Holt.
    Additive,
    /// By a slope that fades with every step: Gardner & McKenzie (1985).
    Damped,
}

/// Smoothing weights of one model.
#[derive(Clone, Copy, Debug)]
struct Weights {
    level: f64,
    slope: f64,
    fade: f64,
    season: f64,
}

/// A fitted model with its last states.
#[derive(Clone, Debug)]
pub(crate) struct Ets {
    trend: Trend,
    weights: Weights,
    level: f64,
    slope: f64,
    /// The season's terms; the first belongs to the step after the last observation.
    season: Vec<f64>,
    /// Variance of the one-step errors, with the number of parameters taken off the number of observations.
    variance: f64,
    /// Corrected Akaike criterion without the constant terms.
    pub(crate) criterion: f64,
}

fn squash(value: f64) -> f64 {
    1.0 / (1.0 + (-value).exp())
}

/// The last states, each as its value for starting states of zero and its change per unit of starting level and slope:
/// additive models are linear in their starting states.
struct Pass {
    level: [f64; 3],
    slope: [f64; 3],
    season: Vec<[f64; 3]>,
    /// Sums of products of the errors' three parts.
    products: [[f64; 3]; 3],
}

fn filter(values: &[f64], weights: &Weights, season: &[f64], ring: &mut Vec<[f64; 3]>) -> Pass {
    ring.clear();
    ring.extend(season.iter().map(|&term| [term, 0.0, 0.0]));
    let mut level = [0.0, 1.0, 0.0];
    let mut slope = [0.0, 0.0, 1.0];
    let mut products = [[0.0; 3]; 3];
    let mut turn = 0;
    for &value in values {
        let observed = [value, 0.0, 0.0];
        let term = &mut ring[turn];
        let mut error = [0.0; 3];
        for part in 0..3 {
            let drift = weights.fade * slope[part];
            error[part] = observed[part] - level[part] - drift - term[part];
            level[part] += drift + weights.level * error[part];
            slope[part] = drift + weights.slope * error[part];
            term[part] += weights.season * error[part];
        }
        for row in 0..3 {
            for column in row..3 {
                products[row][column] += error[row] * error[column];
            }
        }
        turn += 1;
        if turn == ring.len() {
            turn = 0;
        }
    }
    let mut season = ring.clone();
    season.rotate_left(turn);
    Pass { level, slope, season, products }
}

/// The starting level and slope with the least squared error, and that error.
fn start(products: &[[f64; 3]; 3], with_slope: bool) -> (f64, f64, f64) {
    let p = products;
    let ridge = 1e-9;
    let a = p[1][1] * (1.0 + ridge) + f64::MIN_POSITIVE;
    if !with_slope {
        let level = -p[0][1] / a;
        return (level, 0.0, p[0][0] + level * p[0][1]);
    }
    let c = p[2][2] * (1.0 + ridge) + f64::MIN_POSITIVE;
    let determinant = a * c - p[1][2] * p[1][2];
    let level = (-p[0][1] * c + p[0][2] * p[1][2]) / determinant;
    let slope = (-p[0][2] * a + p[0][1] * p[1][2]) / determinant;
    (level, slope, p[0][0] + level * p[0][1] + slope * p[0][2])
}

fn weights_at(trend: Trend, seasonal: bool, point: &[f64; 4]) -> Weights {
    let level = 1e-4 + 0.9998 * squash(point[0]);
    Weights {
        level,
        slope: if trend == Trend::None { 0.0 } else { level * squash(point[1]) },
        fade: match trend {
            Trend::None => 0.0,
            Trend::Additive => 1.0,
            Trend::Damped => 0.8 + 0.18 * squash(point[3]),
        },
        season: if seasonal { (1.0 - level) * squash(point[2]) } else { 0.0 },
    }
}

impl Ets {
    /// Fits one model by least squares, which is maximum likelihood here. `None` below `states + 3` observations.
    pub(crate) fn fit(values: &[f64], trend: Trend, period: usize) -> Option<Self> {
        let seasonal = period > 1;
        let season = if seasonal { indices(values, period) } else { vec![0.0] };
        let with_slope = trend != Trend::None;
        let smoothing = 1 + usize::from(with_slope) + usize::from(trend == Trend::Damped) + usize::from(seasonal);
        let states = 1 + usize::from(with_slope) + if seasonal { period - 1 } else { 0 };
        let parameters = smoothing + states;
        if values.len() < parameters + 3 {
            return None;
        }
        let mut ring = Vec::with_capacity(period);
        let mut loss = |point: &[f64; 4]| {
            let weights = weights_at(trend, seasonal, point);
            let pass = filter(values, &weights, &season, &mut ring);
            (start(&pass.products, with_slope).2.max(0.0) + f64::MIN_POSITIVE).ln()
        };
        // Starting points: level weight 0.3, slope 0.1 of it, season 0.1, fade 0.93.
        let from = [-0.8, -2.2, -2.2, 1.0];
        let point = match (trend, seasonal) {
            (Trend::None, false) => {
                let at = minimise([from[0]], 1.5, 30, |p| loss(&[p[0], 0.0, 0.0, 0.0])).0;
                [at[0], 0.0, 0.0, 0.0]
            }
            (Trend::None, true) => {
                let at = minimise([from[0], from[2]], 1.2, 50, |p| loss(&[p[0], 0.0, p[1], 0.0])).0;
                [at[0], 0.0, at[1], 0.0]
            }
            (Trend::Additive, false) => {
                let at = minimise([from[0], from[1]], 1.2, 50, |p| loss(&[p[0], p[1], 0.0, 0.0])).0;
                [at[0], at[1], 0.0, 0.0]
            }
            (Trend::Additive, true) => {
                let at = minimise([from[0], from[1], from[2]], 1.2, 80, |p| loss(&[p[0], p[1], p[2], 0.0])).0;
                [at[0], at[1], at[2], 0.0]
            }
            (Trend::Damped, false) => {
                let at = minimise([from[0], from[1], from[3]], 1.2, 80, |p| loss(&[p[0], p[1], 0.0, p[2]])).0;
                [at[0], at[1], 0.0, at[2]]
            }
            (Trend::Damped, true) => minimise(from, 1.2, 120, |p| loss(p)).0,
        };
        let weights = weights_at(trend, seasonal, &point);
        let pass = filter(values, &weights, &season, &mut ring);
        let (level, slope, squares) = start(&pass.products, with_slope);
        let squares = squares.max(0.0);
        let at = |state: &[f64; 3]| state[0] + level * state[1] + slope * state[2];
        let (n, k) = (count(values.len()), count(parameters + 1));
        let scale = values.iter().map(|value| value * value).sum::<f64>() * 1e-24 + f64::MIN_POSITIVE;
        Some(Self {
            trend,
            weights,
            level: at(&pass.level),
            slope: at(&pass.slope),
            season: pass.season.iter().map(at).collect(),
            variance: squares / (n - count(parameters)).max(1.0),
            criterion: n * ((squares + scale) / n).ln() + 2.0 * k * n / (n - k - 1.0).max(1.0),
        })
    }

    /// Fits every trend (a slope that never fades only if `forever`) and keeps the lowest corrected Akaike criterion.
    pub(crate) fn choose(values: &[f64], period: usize, forever: bool) -> Option<Self> {
        let trends: &[Trend] =
            if forever { &[Trend::None, Trend::Damped, Trend::Additive] } else { &[Trend::None, Trend::Damped] };
        trends
            .iter()
            .filter_map(|&trend| Self::fit(values, trend, period))
            .min_by(|a, b| a.criterion.total_cmp(&b.criterion))
    }

    /// Mean and standard deviation of the next steps, Hyndman et al. (2008), table 6.1.
    pub(crate) fn forecast(&self, horizon: usize) -> Curve {
        let Weights { level, slope, fade, season } = self.weights;
        let period = self.season.len();
        let (mut mean, mut sd) = (Vec::with_capacity(horizon), Vec::with_capacity(horizon));
        let (mut drift, mut fades, mut reach, mut power) = (0.0, 0.0, 1.0, 1.0);
        for step in 1..=horizon {
            sd.push((self.variance * reach).sqrt());
            if self.trend != Trend::None {
                power *= fade;
                fades += power;
                drift = fades * self.slope;
            }
            mean.push(self.level + drift + self.season[(step - 1) % period]);
            let effect = level + slope * fades + if period > 1 && step % period == 0 { season } else { 0.0 };
            reach += effect * effect;
        }
        Curve { mean, sd }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: &[f64], wanted: &[f64], by: f64) {
        assert!(found.iter().zip(wanted).all(|(a, b)| (a - b).abs() < by), "{found:?} {wanted:?}");
    }

    #[test]
    fn a_line_goes_on() {
        let line: Vec<f64> = (1..=20).map(|step| 5.0 + 2.0 * count(step)).collect();
        close(&Ets::fit(&line, Trend::Additive, 1).unwrap().forecast(3).mean, &[47.0, 49.0, 51.0], 1e-3);
    }

    #[test]
    fn a_season_comes_back_and_starts_at_the_right_phase() {
        let year: Vec<f64> = [1.0, 5.0, 3.0, 7.0].into_iter().cycle().take(18).collect();
        close(&Ets::fit(&year, Trend::None, 4).unwrap().forecast(4).mean, &[3.0, 7.0, 1.0, 5.0], 0.05);
    }

    #[test]
    fn uncertainty_grows_as_the_level_learns() {
        // With smoothing weight a the variance of step h is s2 (1 + (h - 1) a2).
        let walk: Vec<f64> = (0_usize..40)
            .scan(0.0, |at, step| {
                *at += count(step * 7 % 5) - 2.0;
                Some(*at)
            })
            .collect();
        let model = Ets::fit(&walk, Trend::None, 1).unwrap();
        let sd = model.forecast(5).sd;
        let expected = (model.variance * (1.0 + 4.0 * model.weights.level.powi(2))).sqrt();
        assert!((sd[4] - expected).abs() < 1e-9 && sd[4] > sd[0]);
    }

    #[test]
    fn too_short_a_history_fits_nothing() {
        assert!(Ets::fit(&[1.0, 2.0, 3.0, 4.0], Trend::None, 1).is_none());
        assert!(Ets::fit(&[1.0; 14], Trend::None, 12).is_none());
    }
}
