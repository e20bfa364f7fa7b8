//! What history has to be mended before a model sees it: steps of level (a price cut, a new contract) and single strange values (a
//! one-off purchase). Both are found in first differences against the same phase of other seasons, after the intervention
//! models of Chen & Liu (1993), "Joint estimation of model parameters and outlier effects in time series", JASA 88, with
//! medians instead of an iterated model.

use super::combine::quantile;

/// A history with its steps moved to the last level and its strange values replaced.
#[derive(Clone, Debug)]
pub(crate) struct Mended {
    /// The values to model.
    pub(crate) values: Vec<f64>,
    /// First index of every new level.
    pub(crate) steps: Vec<usize>,
    /// Index of every value that was replaced.
    pub(crate) strange: Vec<usize>,
}

pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    if sorted.is_empty() { 0.0 } else { quantile(&sorted, 0.5) }
}

fn deviation(values: &[f64]) -> f64 {
    let centre = median(values);
    1.4826 * median(&values.iter().map(|value| (value - centre).abs()).collect::<Vec<_>>())
}

/// A difference stands out from this many robust standard deviations on.
const STANDS_OUT: f64 = 4.5;

fn differences(values: &[f64], period: usize) -> (Vec<f64>, Vec<f64>) {
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let usual = (0..steps.len())
        .map(|at| {
            if period < 2 {
                return 0.0;
            }
            let same: Vec<f64> =
                (at % period..steps.len()).step_by(period).filter(|other| *other != at).map(|other| steps[other]).collect();
            median(&same)
        })
        .collect();
    (steps, usual)
}

/// Mends a history of at least eight values; shorter ones stay as they are.
pub(crate) fn mend(values: &[f64], period: usize) -> Mended {
    let mut made = Mended { values: values.to_vec(), steps: vec![], strange: vec![] };
    let n = values.len();
    if n < 8 {
        return made;
    }
    let logs = values.iter().all(|&value| value > 0.0);
    let mut work: Vec<f64> = if logs { values.iter().map(|value| value.ln()).collect() } else { values.to_vec() };
    let (moves, usual) = differences(&work, period);
    let beyond: Vec<f64> = moves.iter().zip(&usual).map(|(a, b)| a - b).collect();
    let (wide, narrow) = (deviation(&moves), deviation(&beyond));
    let centre = median(&moves);
    let mut sizes: Vec<f64> = beyond.iter().map(|by| by.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let crowd = quantile(&sizes, 0.93);
    let least = if logs { 0.25 } else { 0.25 * deviation(&work) };
    let strong = |at: usize| {
        let by = beyond[at];
        by.abs() > STANDS_OUT * narrow
            && by.abs() > least
            && by.abs() > 1.5 * crowd
            && (moves[at] - centre).abs() > STANDS_OUT * wide
            && usual[at].abs() < 0.4 * moves[at].abs()
    };
    // A jump that another season shows within a step of the same place belongs to the season, as moving holidays do.
    let returns = |at: usize| {
        period > 1
            && [at.checked_sub(period), at.checked_add(period)].into_iter().flatten().any(|other| {
                (other.saturating_sub(1)..=other + 1)
                    .filter_map(|near| moves.get(near))
                    .any(|other| other.signum() == beyond[at].signum() && other.abs() > 0.4 * beyond[at].abs())
            })
    };
    let mut at = 0;
    while at < moves.len() {
        if !strong(at) || returns(at) {
            at += 1;
            continue;
        }
        let by = beyond[at];
        // The value after the jump: does it come back?
        let first = at + 1;
        if first + 1 < n && (beyond[at] + beyond[at + 1]).abs() < 0.4 * by.abs() {
            if by.abs() < 2.0 * STANDS_OUT * narrow || by.abs() < 3.0 * crowd {
                at += 2;
                continue;
            }
            made.strange.push(first);
            work[first] = f64::midpoint(work[first - 1] + usual[at], work[first + 1] - usual[at + 1]);
            at += 2;
            continue;
        }
        let reach = 6.min(n - first).min(first);
        if reach >= 3 && first + 2 * period.max(8) >= n {
            let certain = n < 3 * period || (by.abs() > 8.0 * narrow && by.abs() > 2.0 * crowd);
            if !certain {
                at += 1;
                continue;
            }
            let before = median(&work[first - reach..first]);
            let after = median(&work[first..first + reach]);
            if (after - before) / by > 0.6 {
                made.steps.push(first);
            }
        }
        at += 1;
    }
    for &first in &made.steps {
        let by = beyond[first - 1];
        for value in &mut work[..first] {
            *value += by;
        }
    }
    if !made.steps.is_empty() || !made.strange.is_empty() {
        made.values = if logs { work.iter().map(|value| value.exp()).collect() } else { work };
    }
    made
}
