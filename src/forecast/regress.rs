//! Autoregression by least squares on differences, order by the corrected Akaike criterion: Box & Jenkins (1970), Hurvich & Tsai
//! (1989), "Regression and time series model selection in small samples", Biometrika 76.

use super::count;
use super::curve::Curve;
use super::season::strength;

/// Solves a symmetric positive system in place by Cholesky; `None` when it is singular.
pub(crate) fn solve(mut a: Vec<Vec<f64>>, mut b: Vec<f64>) -> Option<Vec<f64>> {
    let n = b.len();
    for column in 0..n {
        for row in column..n {
            let inner: f64 = (0..column).map(|k| a[row][k] * a[column][k]).sum();
            let rest = a[row][column] - inner;
            if row == column {
                if rest <= 0.0 || !rest.is_finite() {
                    return None;
                }
                a[row][column] = rest.sqrt();
            } else {
                a[row][column] = rest / a[column][column];
            }
        }
    }
    for row in 0..n {
        let inner: f64 = (0..row).map(|k| a[row][k] * b[k]).sum();
        b[row] = (b[row] - inner) / a[row][row];
    }
    for row in (0..n).rev() {
        let inner: f64 = (row + 1..n).map(|k| a[k][row] * b[k]).sum();
        b[row] = (b[row] - inner) / a[row][row];
    }
    Some(b)
}

/// Differences at a lag.
fn difference(values: &[f64], lag: usize) -> Vec<f64> {
    values[lag..].iter().zip(values).map(|(now, before)| now - before).collect()
}

/// Lags of one model and their fitted weights; the first weight is the constant.
struct Fit {
    lags: Vec<usize>,
    weights: Vec<f64>,
    variance: f64,
    criterion: f64,
}

fn fit(values: &[f64], lags: &[usize], skip: usize, ridge: f64) -> Option<Fit> {
    let k = lags.len() + 1;
    let n = values.len().checked_sub(skip)?;
    if n < k + 4 {
        return None;
    }
    let mut a = vec![vec![0.0; k]; k];
    let mut b = vec![0.0; k];
    let mut row = vec![1.0; k];
    for at in skip..values.len() {
        for (slot, lag) in row[1..].iter_mut().zip(lags) {
            *slot = values[at - lag];
        }
        for i in 0..k {
            b[i] += row[i] * values[at];
            for j in 0..=i {
                a[i][j] += row[i] * row[j];
            }
        }
    }
    for i in 0..k {
        a[i][i] *= 1.0 + ridge;
        a[i][i] += 1e-12;
        let (head, tail) = a.split_at_mut(i);
        for (j, above) in head.iter_mut().enumerate() {
            above[i] = tail[0][j];
        }
    }
    let weights = solve(a, b)?;
    let mut squares = f64::MIN_POSITIVE;
    for at in skip..values.len() {
        let expected = weights[0] + lags.iter().zip(&weights[1..]).map(|(lag, w)| w * values[at - lag]).sum::<f64>();
        squares += (values[at] - expected).powi(2);
    }
    let (size, used) = (count(n), count(k + 1));
    let criterion = size * (squares / size).ln() + 2.0 * used * size / (size - used - 1.0).max(1.0);
    Some(Fit { lags: lags.to_vec(), weights, variance: squares / count(n - k), criterion })
}

/// KPSS statistic of level stationarity (Kwiatkowski et al. 1992) with lag window 4 (n/100)^(1/4).
fn kpss(values: &[f64]) -> f64 {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / count(n);
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let mut lags = 1;
    while count(lags + 1) <= 4.0 * (count(n) / 100.0).powf(0.25) {
        lags += 1;
    }
    let mut variance: f64 = centred.iter().map(|v| v * v).sum::<f64>();
    for lag in 1..=lags.min(n - 1) {
        let weight = 1.0 - count(lag) / count(lags + 1);
        variance += 2.0 * weight * centred[lag..].iter().zip(&centred).map(|(a, b)| a * b).sum::<f64>();
    }
    let mut sum = 0.0;
    let mut squares = 0.0;
    for value in &centred {
        sum += value;
        squares += sum * sum;
    }
    if variance <= 0.0 { 0.0 } else { squares / (count(n) * variance) }
}

/// Forecast of a series of at least ten values.
pub(crate) fn forecast(values: &[f64], period: usize, horizon: usize) -> Option<Curve> {
    if values.len() < 10 {
        return None;
    }
    let seasonal = period > 1 && values.len() >= 3 * period && strength(values, period) > 0.64;
    let once = if seasonal { difference(values, period) } else { values.to_vec() };
    let twice = kpss(&once) > 0.463;
    let work = if twice { difference(&once, 1) } else { once.clone() };
    let longest = (work.len() / 4).min(if period > 1 { 6 } else { 8 });
    let with_season = period > 1 && work.len() >= 3 * period;
    let skip = if with_season { (period + 1).max(longest) } else { longest };
    let mut best: Option<Fit> = None;
    for order in 0..=longest {
        for extra in 0..=(if with_season { 2 } else { 0 }) {
            let mut lags: Vec<usize> = (1..=order).collect();
            lags.extend((period..period + extra).filter(|lag| *lag > order));
            if let Some(found) = fit(&work, &lags, skip, 0.0)
                && best.as_ref().is_none_or(|best| found.criterion < best.criterion)
            {
                best = Some(found);
            }
        }
    }
    let best = best?;
    let mut path = work.clone();
    let mut echo = vec![0.0; work.len()];
    for step in 0..horizon {
        let at = path.len();
        let drift = best.lags.iter().zip(&best.weights[1..]).map(|(lag, w)| w * path[at - lag]).sum::<f64>();
        // Two differences with a constant would bend for ever.
        path.push(drift + if seasonal && twice { 0.0 } else { best.weights[0] });
        let effect = best.lags.iter().zip(&best.weights[1..]).map(|(lag, w)| w * echo[at - lag]).sum::<f64>();
        echo.push(if step == 0 { 1.0 } else { effect });
    }
    let undo = |start: &[f64], steps: &[f64], lag: usize| {
        let mut all = start.to_vec();
        for step in steps {
            all.push(all[all.len() - lag] + step);
        }
        all[start.len()..].to_vec()
    };
    let mut mean = path[work.len()..].to_vec();
    let mut effects = echo[work.len()..].to_vec();
    if twice {
        mean = undo(&once, &mean, 1);
        effects = undo(&[0.0], &effects, 1);
    }
    if seasonal {
        mean = undo(values, &mean, period);
        effects = undo(&vec![0.0; period], &effects, period);
    }
    let mut reach = 0.0;
    let sd = effects
        .iter()
        .map(|effect| {
            reach += effect * effect;
            (best.variance * reach).sqrt()
        })
        .collect();
    Some(Curve { mean, sd })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved() {
        let x = solve(vec![vec![4.0, 2.0], vec![2.0, 3.0]], vec![8.0, 7.0]).unwrap();
        assert!((x[0] - 1.25).abs() < 1e-12 && (x[1] - 1.5).abs() < 1e-12);
        assert!(solve(vec![vec![1.0, 1.0], vec![1.0, 1.0]], vec![1.0, 1.0]).is_none());
    }

    #[test]
    fn an_autoregression_is_found_again() {
        // x[t] = 2 + 0.5 x[t-1] + shock: from any value it goes half the way to 4.
        let mut values = vec![4.0];
        for at in 1_usize..120 {
            values.push(2.0 + 0.5 * values[at - 1] + (count(at * at * 31 % 97) / 97.0 - 0.5));
        }
        values.push(8.0);
        let mean = forecast(&values, 1, 3).unwrap().mean;
        assert!((mean[0] - 6.0).abs() < 0.7 && mean[1] < mean[0] && (3.8..5.2).contains(&mean[2]), "{mean:?}");
    }

    #[test]
    fn differences_are_added_up_again() {
        let line: Vec<f64> = (0..40).map(|step| 3.0 * count(step) + count(step % 3)).collect();
        let curve = forecast(&line, 1, 2).unwrap();
        assert!((curve.mean[0] - 121.0).abs() < 1.5, "{:?}", curve.mean);
        assert!(forecast(&line[..9], 1, 2).is_none());
    }
}
