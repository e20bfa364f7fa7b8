//! Seasonal and trend decomposition: Cleveland, Cleveland, McRae & Terpenning (1990), "STL", Journal of Official Statistics 6.

use super::count;

fn tricube(distance: f64) -> f64 {
    let rest = 1.0 - distance * distance * distance;
    rest * rest * rest
}

/// Loess of evenly spaced values at `at`, which may lie one step outside, with `window` neighbours and degree 0 or 1.
fn loess_at(values: &[f64], at: f64, window: usize, linear: bool) -> f64 {
    let n = values.len();
    let width = window.min(n);
    let half = count(width / 2);
    let first = if width == n {
        0
    } else {
        // Clamped to the series before the cast.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between zero and n")]
        let from = (at - half).clamp(0.0, count(n - width)) as usize;
        from
    };
    let mut reach = (at - count(first)).abs().max((count(first + width - 1) - at).abs());
    if window > n {
        reach += count((window - n) / 2);
    }
    let reach = reach.max(1e-9);
    let (mut total, mut sum, mut offsets, mut squares, mut crossed) = (0.0, 0.0, 0.0, 0.0, 0.0);
    for (index, &value) in values.iter().enumerate().skip(first).take(width) {
        let offset = count(index) - at;
        let distance = offset.abs() / reach;
        if distance > 0.999 {
            continue;
        }
        let weight = tricube(distance);
        total += weight;
        sum += weight * value;
        offsets += weight * offset;
        squares += weight * offset * offset;
        crossed += weight * offset * value;
    }
    if total <= 0.0 {
        return values[first];
    }
    let mean = sum / total;
    if !linear {
        return mean;
    }
    let centre = offsets / total;
    let spread = squares / total - centre * centre;
    if spread < 1e-6 * reach * reach {
        return mean;
    }
    mean - centre * (crossed / total - centre * mean) / spread
}

/// Loess at every step; inside, the weights are symmetric and the slope drops out.
fn loess(values: &[f64], window: usize) -> Vec<f64> {
    let n = values.len();
    let half = window / 2;
    if window >= n {
        return (0..n).map(|at| loess_at(values, count(at), window, true)).collect();
    }
    let reach = count(half);
    let kernel: Vec<f64> = (0..=2 * half).map(|step| tricube(((count(step) - reach) / reach).abs().min(1.0))).collect();
    let total: f64 = kernel.iter().sum();
    (0..n)
        .map(|at| {
            if at < half || at + half >= n {
                return loess_at(values, count(at), window, true);
            }
            values[at - half..=at + half].iter().zip(&kernel).map(|(value, weight)| value * weight).sum::<f64>() / total
        })
        .collect()
}

fn moving_average(values: &[f64], width: usize) -> Vec<f64> {
    values.windows(width).map(|window| window.iter().sum::<f64>() / count(width)).collect()
}

fn odd(value: usize) -> usize {
    value | 1
}

/// The seasonal part of a series, one term a value; `window` is the odd number of years a season's term is averaged over.
pub(crate) fn season(values: &[f64], period: usize, window: usize) -> Vec<f64> {
    let n = values.len();
    // The smallest odd span Cleveland et al. advise, 1.5 m / (1 - 1.5 / window).
    let trend_window = odd(3 * period * window / (2 * window - 3) + 1);
    let mut trend = vec![0.0; n];
    let mut season = vec![0.0; n];
    // Two passes, as the paper advises.
    for _ in 0..2 {
        let mut cycle = vec![0.0; n + 2 * period];
        for phase in 0..period.min(n) {
            let sub: Vec<f64> = (phase..n).step_by(period).map(|at| values[at] - trend[at]).collect();
            for (step, slot) in cycle.iter_mut().skip(phase).step_by(period).take(sub.len() + 2).enumerate() {
                *slot = loess_at(&sub, count(step) - 1.0, window, false);
            }
        }
        let smooth = moving_average(&moving_average(&moving_average(&cycle, period), period), 3);
        let low = loess(&smooth, odd(period));
        for at in 0..n {
            season[at] = cycle[at + period] - low[at];
        }
        let adjusted: Vec<f64> = values.iter().zip(&season).map(|(value, term)| value - term).collect();
        trend = loess(&adjusted, trend_window);
    }
    season
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_season_on_a_line_is_taken_apart() {
        let terms = [-3.0, 1.0, 4.0, -2.0];
        let values: Vec<f64> = (0..40).map(|at| 100.0 + 2.0 * count(at) + terms[at % 4]).collect();
        let found = season(&values, 4, 11);
        assert!(found.iter().enumerate().all(|(at, term)| (term - terms[at % 4]).abs() < 0.25), "{found:?}");
    }

    #[test]
    fn loess_of_a_line_is_the_line_inside_and_one_step_outside() {
        let line: Vec<f64> = (0..10).map(|at| 5.0 + 3.0 * count(at)).collect();
        assert!(loess(&line, 5).iter().zip(&line).all(|(a, b)| (a - b).abs() < 1e-9));
        assert!((loess_at(&line, -1.0, 5, true) - 2.0).abs() < 1e-9);
        assert!((loess_at(&line, 10.0, 25, true) - 35.0).abs() < 1e-9);
    }
}
