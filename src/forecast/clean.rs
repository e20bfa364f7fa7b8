//! What history has to be mended before a model sees it: steps of level (a price cut, a new contract) and single strange values (a
//! one-off purchase). Both are found in first differences against the same phase of other seasons, after the intervention
//! models of Chen & Liu (1993), "Joint estimation of model parameters and outlier effects in time series", JASA 88, with
//! medians instead of an iterated model.

use super::combine::quantile;
use super::count;

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
            let same: Vec<f64> = (at % period..steps.len())
                .step_by(period)
                .filter(|other| *other != at)
                .map(|other| steps[other])
                .collect();
            median(&same)
        })
        .collect();
    (steps, usual)
}

/// First differences of a history and what is usual and far out for them.
struct Moves {
    period: usize,
    moves: Vec<f64>,
    /// The median of the same phase's moves in other seasons.
    usual: Vec<f64>,
    /// Moves minus the usual.
    beyond: Vec<f64>,
    centre: f64,
    /// Robust standard deviations of `moves` and `beyond`.
    wide: f64,
    narrow: f64,
    /// At most seven of a hundred moves, but three, are further than this beyond the usual.
    crowd: f64,
    least: f64,
}

impl Moves {
    fn of(work: &[f64], period: usize, logs: bool) -> Self {
        let (moves, usual) = differences(work, period);
        let beyond: Vec<f64> = moves.iter().zip(&usual).map(|(a, b)| a - b).collect();
        let centre = median(&moves);
        // A jump makes its counterparts in other seasons look strange too, but those moved as always.
        let mut sizes: Vec<f64> =
            moves.iter().zip(&beyond).map(|(by, beyond)| (by - centre).abs().min(beyond.abs())).collect();
        sizes.sort_by(f64::total_cmp);
        Self {
            period,
            centre,
            wide: deviation(&moves),
            narrow: deviation(&beyond),
            // A single strange value makes two moves.
            crowd: quantile(&sizes, 1.0 - (2.5 / count(sizes.len())).max(0.07)),
            least: if logs { 0.25 } else { 0.25 * deviation(work) },
            moves,
            usual,
            beyond,
        }
    }

    fn stands_out(&self, at: usize) -> bool {
        let by = self.beyond[at].abs();
        by > STANDS_OUT * self.narrow
            && by > self.least
            && by > 1.5 * self.crowd
            && (self.moves[at] - self.centre).abs() > STANDS_OUT * self.wide
            && self.usual[at].abs() < 0.4 * self.moves[at].abs()
            && !self.returns(at)
    }

    /// A jump that another season shows within a step of the same place belongs to the season, as moving holidays do.
    fn returns(&self, at: usize) -> bool {
        let by = self.beyond[at];
        self.period > 1
            && [at.checked_sub(self.period), at.checked_add(self.period)].into_iter().flatten().any(|other| {
                (other.saturating_sub(1)..=other + 1)
                    .filter_map(|near| self.moves.get(near))
                    .any(|other| other.signum() == by.signum() && other.abs() > 0.4 * by.abs())
            })
    }

    /// Whether the value after the jump goes back to where it came from.
    fn comes_back(&self, at: usize) -> bool {
        self.beyond.get(at + 1).is_some_and(|next| (self.beyond[at] + next).abs() < 0.4 * self.beyond[at].abs())
    }

    /// Whether a jump is too far for a level: the last value shows no next one to tell.
    fn is_unheard_of(&self, at: usize, logs: bool) -> bool {
        let far = !logs || self.beyond[at].abs() > UNHEARD_OF.ln();
        far && self.narrow > 0.0 && self.is_beyond(at, 2.0 * STANDS_OUT, 3.0)
    }

    fn is_beyond(&self, at: usize, deviations: f64, crowds: f64) -> bool {
        let by = self.beyond[at].abs();
        by >= deviations * self.narrow && by >= crowds * self.crowd
    }
}

/// A last value this many times higher or lower than usual is taken for a purchase or an unfinished period, not a new level.
const UNHEARD_OF: f64 = 4.0;

/// Whether the level after `first` stays where the jump brought it; long histories need a clearer jump.
fn is_step(work: &[f64], first: usize, found: &Moves) -> bool {
    let (n, at) = (work.len(), first - 1);
    let reach = 6.min(n - first).min(first);
    let recent = first + 2 * found.period.max(8) >= n;
    if reach < 3 || !recent || (n >= 3 * found.period && !found.is_beyond(at, 8.0, 2.0)) {
        return false;
    }
    let before = median(&work[first - reach..first]);
    let after = median(&work[first..first + reach]);
    (after - before) / found.beyond[at] > 0.6
}

/// Mends a history of at least eight values; shorter ones stay as they are. Only steps of the last two seasons are moved: models
/// have learnt older ones.
pub(crate) fn mend(values: &[f64], period: usize) -> Mended {
    let mut made = Mended { values: values.to_vec(), steps: vec![], strange: vec![] };
    if values.len() < 8 {
        return made;
    }
    let logs = values.iter().all(|&value| value > 0.0);
    let mut work: Vec<f64> = if logs { values.iter().map(|value| value.ln()).collect() } else { values.to_vec() };
    let found = Moves::of(&work, period, logs);
    let mut at = 0;
    while at < found.moves.len() {
        let first = at + 1;
        if !found.stands_out(at) {
            at += 1;
        } else if found.comes_back(at) {
            if found.is_beyond(at, 2.0 * STANDS_OUT, 3.0) {
                made.strange.push(first);
                work[first] = f64::midpoint(work[at] + found.usual[at], work[first + 1] - found.usual[first]);
            }
            at += 2;
        } else {
            if first + 1 == work.len() && found.is_unheard_of(at, logs) {
                made.strange.push(first);
                work[first] = work[at] + found.usual[at];
            } else if is_step(&work, first, &found) {
                made.steps.push(first);
            }
            at += 1;
        }
    }
    for &first in &made.steps {
        for value in &mut work[..first] {
            *value += found.beyond[first - 1];
        }
    }
    if !made.steps.is_empty() || !made.strange.is_empty() {
        made.values = if logs { work.iter().map(|value| value.exp()).collect() } else { work };
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(n: usize, at: f64) -> Vec<f64> {
        (0..n).map(|step| at * (1.0 + 0.01 * count(step * 7 % 5))).collect()
    }

    #[test]
    fn a_step_moves_what_came_before_and_a_strange_value_is_replaced() {
        let mut values = level(12, 100.0);
        values.extend(level(6, 50.0));
        let made = mend(&values, 1);
        assert_eq!((made.steps.as_slice(), made.strange.len()), (&[12][..], 0));
        assert!(made.values[..12].iter().all(|value| (45.0..56.0).contains(value)), "{:?}", made.values);

        let mut values = level(18, 100.0);
        values[9] = 4000.0;
        let made = mend(&values, 1);
        assert_eq!((made.steps.len(), made.strange.as_slice()), (0, &[9][..]));
        assert!((95.0..110.0).contains(&made.values[9]));
    }

    #[test]
    fn an_unheard_of_last_value_is_set_aside_and_a_cut_is_not() {
        let mut values = level(18, 100.0);
        values[17] = 4000.0;
        assert_eq!(mend(&values, 12).strange, [17]);
        values[17] = 50.0;
        assert_eq!(mend(&values, 12).values, values);
    }

    #[test]
    fn seasons_and_even_histories_are_left_alone() {
        let december: Vec<f64> =
            (0..36).map(|month| if month % 12 == 11 { 500.0 } else { 100.0 + count(month % 3) }).collect();
        for values in [december, level(30, 10.0), vec![0.0; 30], vec![1.0, 50.0, 1.0]] {
            assert_eq!(mend(&values, 12).values, values);
        }
    }
}
