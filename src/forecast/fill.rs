//! Missing values: leading ones are dropped, inner ones filled, trailing ones forecast.

use super::season::indices;

/// A history without gaps.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Filled {
    /// From the first to the last value that is there.
    pub(crate) values: Vec<f64>,
    /// The same with NaN where a value was missing.
    pub(crate) known: Vec<f64>,
    /// Number of values that were there.
    pub(crate) present: usize,
    /// Number of missing values after the last one that is there.
    pub(crate) ahead: usize,
}

/// Fills inner gaps along the straight line between their neighbours, plus the season's term once two seasons are there. A value
/// that is not finite counts as missing.
pub(crate) fn fill(values: &[f64], period: usize) -> Filled {
    let there = |value: &f64| value.is_finite();
    let (Some(first), Some(last)) = (values.iter().position(there), values.iter().rposition(there)) else {
        return Filled { values: vec![], known: vec![], present: 0, ahead: values.len() };
    };
    let known: Vec<f64> =
        values[first..=last].iter().map(|value| if value.is_finite() { *value } else { f64::NAN }).collect();
    let ahead = values.len() - 1 - last;
    let present = known.iter().filter(|value| there(value)).count();
    let mut line = along_lines(&known);
    if present < known.len() && period > 1 && known.len() >= 2 * period {
        let terms = indices(&line, period);
        let rest: Vec<f64> = known.iter().enumerate().map(|(at, value)| value - terms[at % period]).collect();
        line = along_lines(&rest).iter().enumerate().map(|(at, value)| value + terms[at % period]).collect();
        for (value, known) in line.iter_mut().zip(&known) {
            if known.is_finite() {
                *value = *known;
            }
        }
    }
    Filled { values: line, known, present, ahead }
}

fn along_lines(values: &[f64]) -> Vec<f64> {
    let mut filled = values.to_vec();
    let mut before = 0;
    for at in 1..values.len() {
        if values[at].is_finite() {
            let (mut share, step) = (0.0, 1.0 / super::count(at - before));
            for value in &mut filled[before + 1..at] {
                share += step;
                *value = values[before] + share * (values[at] - values[before]);
            }
            before = at;
        }
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inner_gaps_follow_the_line_and_ends_are_counted() {
        let nan = f64::NAN;
        let filled = fill(&[nan, 2.0, nan, nan, 8.0, f64::INFINITY, nan], 1);
        assert_eq!(filled.values, [2.0, 4.0, 6.0, 8.0]);
        assert_eq!((filled.present, filled.ahead), (2, 2));
        assert_eq!(fill(&[nan, nan], 12).present, 0);
    }

    #[test]
    fn a_gap_in_a_season_is_filled_with_its_term() {
        let season = [10.0, 20.0, 30.0, 40.0];
        let mut values: Vec<f64> = season.iter().copied().cycle().take(24).collect();
        values[10] = f64::NAN;
        let filled = fill(&values, 4);
        assert!((filled.values[10] - 30.0).abs() < 4.0, "{}", filled.values[10]);
    }
}
