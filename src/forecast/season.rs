//! Seasonal terms by classical decomposition, their shrinkage, and finding the season's length.

use super::count;

/// Centred moving average over one period (2 × m for even m); ends are extended by the local slope so that no step is lost.
fn moving_trend(values: &[f64], period: usize) -> Vec<f64> {
    let n = values.len();
    let half = period / 2;
    let mut trend = vec![f64::NAN; n];
    for centre in half..n.saturating_sub(half) {
        let window = &values[centre - half..=centre + half];
        let mut sum: f64 = window.iter().sum();
        if period.is_multiple_of(2) {
            sum -= f64::midpoint(window[0], window[2 * half]);
        }
        trend[centre] = sum / count(period);
    }
    let (first, last) = (half, n - half - 1);
    let reach = period.min(last - first);
    let slope = |from: usize, to: usize| if to > from { (trend[to] - trend[from]) / count(to - from) } else { 0.0 };
    let (head, tail) = (slope(first, first + reach), slope(last - reach, last));
    for step in 0..half {
        trend[first - 1 - step] = trend[first] - head * count(step + 1);
        trend[last + 1 + step] = trend[last] + tail * count(step + 1);
    }
    trend
}

/// Additive seasonal terms that sum to zero, the first for the first value; zeros if history is shorter than a period + 2.
pub(crate) fn indices(values: &[f64], period: usize) -> Vec<f64> {
    if period < 2 || values.len() < period + 2 {
        return vec![0.0; period.max(1)];
    }
    let trend = moving_trend(values, period);
    let mut sums = vec![(0.0, 0_usize); period];
    for (at, (value, level)) in values.iter().zip(&trend).enumerate() {
        let slot = &mut sums[at % period];
        slot.0 += value - level;
        slot.1 += 1;
    }
    let mut terms: Vec<f64> = sums.iter().map(|&(sum, n)| sum / count(n.max(1))).collect();
    let mean = terms.iter().sum::<f64>() / count(period);
    for term in &mut terms {
        *term -= mean;
    }
    terms
}

/// Seasonal terms drawn towards zero as far as noise explains them: James–Stein as in Miller & Williams (2003), "Shrinkage
/// estimators of time series seasonal factors", International Journal of Forecasting 19.
///
/// Gives the terms and the share of them that was kept, 0 to 1.
pub(crate) fn shrunk(values: &[f64], period: usize) -> (Vec<f64>, f64) {
    let raw = indices(values, period);
    if period < 4 || 2 * values.len() < 3 * period {
        return (vec![0.0; period.max(1)], 0.0);
    }
    let trend = moving_trend(values, period);
    let squares: f64 = values
        .iter()
        .zip(&trend)
        .enumerate()
        .map(|(at, (value, level))| (value - level - raw[at % period]).powi(2))
        .sum();
    let n = count(values.len());
    let cycles = n / count(period);
    let noise = squares / (n - count(period)).max(1.0) / cycles;
    let signal: f64 = raw.iter().map(|term| term * term).sum();
    if signal <= 0.0 {
        return (raw, 0.0);
    }
    let kept = (1.0 - count(period - 3) * noise / signal).max(0.0);
    (raw.into_iter().map(|term| kept * term).collect(), kept)
}

/// Share of the detrended variance that the season explains, 0 to 1: Wang, Smith & Hyndman (2006).
pub(crate) fn strength(values: &[f64], period: usize) -> f64 {
    if period < 2 || values.len() < 2 * period {
        return 0.0;
    }
    let trend = moving_trend(values, period);
    let terms = indices(values, period);
    let (mut rest, mut all, mut mean) = (0.0, 0.0, 0.0);
    let n = count(values.len());
    for (value, level) in values.iter().zip(&trend) {
        mean += (value - level) / n;
    }
    for (at, (value, level)) in values.iter().zip(&trend).enumerate() {
        all += (value - level - mean).powi(2);
        rest += (value - level - terms[at % period]).powi(2);
    }
    if all > 0.0 { (1.0 - rest / all).max(0.0) } else { 0.0 }
}

/// Whether the autocorrelation at one period stands out at 90%: the test of Assimakopoulos & Nikolopoulos (2000) for Theta.
pub(crate) fn stands_out(values: &[f64], period: usize) -> bool {
    let n = values.len();
    if period < 2 || n < 2 * period + 2 {
        return false;
    }
    let mean = values.iter().sum::<f64>() / count(n);
    let centred: Vec<f64> = values.iter().map(|value| value - mean).collect();
    let square: f64 = centred.iter().map(|value| value * value).sum();
    if square <= 0.0 {
        return false;
    }
    let at = |lag: usize| centred[lag..].iter().zip(&centred).map(|(a, b)| a * b).sum::<f64>() / square;
    let below: f64 = (1..period).map(|lag| at(lag).powi(2)).sum();
    at(period).abs() > 1.645 * ((1.0 + 2.0 * below) / count(n)).sqrt()
}

/// Spacing of observations in a calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// One a day.
    Day,
    /// One a week.
    Week,
    /// One a month.
    Month,
    /// One a quarter.
    Quarter,
    /// One a year.
    Year,
}

impl Grain {
    /// Observations in the season that people and contracts follow: a week of days, a year of the others.
    pub fn season(self) -> usize {
        match self {
            Self::Day => 7,
            Self::Week => 52,
            Self::Month => 12,
            Self::Quarter => 4,
            Self::Year => 1,
        }
    }

    /// Steps in a quarter as budgets use it: 3 months, 13 weeks, 91 days, 1 quarter; none for years.
    pub fn steps_in_quarter(self) -> Option<usize> {
        match self {
            Self::Day => Some(91),
            Self::Week => Some(13),
            Self::Month => Some(3),
            Self::Quarter => Some(1),
            Self::Year => None,
        }
    }
}

/// The season that stands out most in values without a calendar, among 4, 7, 12, 24 and 52 observations; 1 when none does.
/// Missing values (NaN) are passed over.
pub fn detect(values: &[f64]) -> usize {
    let filled = super::fill::fill(values, 1).values;
    let moves: Vec<f64> = filled.windows(2).map(|pair| pair[1] - pair[0]).collect();
    [4, 7, 12, 24, 52]
        .into_iter()
        .filter(|&period| filled.len() >= 2 * period + 3 && stands_out(&moves, period))
        .map(|period| (period, strength(&filled, period)))
        .filter(|(_, strength)| *strength > 0.3)
        // Multiples of the true season are as strong: a longer one has to explain clearly more.
        .fold((1, 0.0), |best: (usize, f64), found| if found.1 > best.1 + 0.05 { found } else { best })
        .0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_deviations_from_the_moving_mean() {
        assert_eq!(indices(&[1.0, 3.0, 1.0, 3.0, 1.0, 3.0], 2), [-1.0, 1.0]);
        assert_eq!(indices(&[1.0, 3.0, 1.0], 2), [0.0, 0.0]);
    }

    #[test]
    fn clear_seasons_are_kept_and_noise_is_not() {
        let clear: Vec<f64> = [0.0, 10.0, -10.0, 5.0].into_iter().cycle().take(16).collect();
        assert!(shrunk(&clear, 4).1 > 0.99);
        let noise: Vec<f64> = (0_usize..24).map(|at| count(at * at * 7919 % 101)).collect();
        assert!(shrunk(&noise, 12).1 < 0.5, "{:?}", shrunk(&noise, 12));
        assert!(strength(&clear, 4) > 0.99 && strength(&noise, 4) < 0.5);
    }
}
