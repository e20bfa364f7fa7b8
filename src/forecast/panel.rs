//! What several series have in common.

use std::collections::BTreeMap;

use super::backtest::Backtest;

/// How much the errors of several series move together: the mean correlation between two of them at the same observation and
/// step of their backtests, 0 to 1, for [`Settings::common`](super::Settings::common). Series must end at the same time.
pub fn common_share(backtests: &[&Backtest]) -> f64 {
    // By end and step: number of series, sum and sum of squares of the scaled errors.
    let mut cells: BTreeMap<(usize, usize), (f64, f64, f64)> = BTreeMap::new();
    for backtest in backtests {
        for error in &backtest.errors {
            let half = 0.5 * (error.high_80 - error.low_80);
            if half > 0.0 {
                let scaled = ((error.actual - error.forecast) / half).clamp(-3.0, 3.0);
                let cell = cells.entry((error.before_end, error.step)).or_default();
                *cell = (cell.0 + 1.0, cell.1 + scaled, cell.2 + scaled * scaled);
            }
        }
    }
    let (mut pairs, mut products, mut number, mut squares) = (0.0, 0.0, 0.0, 0.0);
    for (n, sum, square) in cells.values() {
        pairs += n * (n - 1.0);
        products += sum * sum - square;
        number += n;
        squares += square;
    }
    if pairs > 0.0 && squares > 0.0 { (products / pairs / (squares / number)).clamp(0.0, 1.0) } else { 0.0 }
}
