//! SQL functions that say how sure a small count is.
//!
//! `poisson_low(count, level)` and `poisson_high(count, level)` bound the count that was to be expected when `count` was
//! seen: the exact interval of Garwood (1936), Biometrika 28, 437 to 442. `wilson_low(successes, trials, level)` and
//! `wilson_high(..)` bound the probability of a success: the score interval of Wilson (1927), Journal of the American
//! Statistical Association 22, 209 to 212. Cost of a success ÷ `poisson_high` and ÷ `poisson_low` bound the cost of one.
//!
//! All four are DECIMAL(38,18) with six digits, so that every machine gives the same ones, and NULL for a NULL.

mod gamma;

use std::sync::Arc;

use arrow::array::{Array, AsArray, Decimal128Array, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result as DataFusionResult, internal_err, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use self::gamma::gamma_quantile;
use super::errors::to_datafusion;
use crate::error::{Error, Result};
use crate::focus::money_type;

/// Units of the scale of amounts in the last digit that is kept.
const SIXTH_DIGIT: i128 = 1_000_000_000_000;

/// The largest count: the series take the more terms the larger it is, and such a count is as good as certain.
const LARGEST_COUNT: f64 = 1e9;

/// Makes the functions known.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
    for bound in [Bound::PoissonLow, Bound::PoissonHigh, Bound::WilsonLow, Bound::WilsonHigh] {
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(Limit::new(bound))))?;
    }
    Ok(())
}

/// One end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Bound {
    PoissonLow,
    PoissonHigh,
    WilsonLow,
    WilsonHigh,
}

impl Bound {
    /// The bound for `counts` (a count; successes and trials) that holds with probability `level` together with the other.
    fn of(self, counts: &[f64], level: f64) -> Result<f64> {
        if !(level > 0.0 && level < 1.0) {
            let error = Error::invalid(format!("an interval of level {level} is none"));
            return Err(error.hint("give a level between 0 and 1, such as 0.95"));
        }
        if let Some(wrong) = counts.iter().find(|count| !(0.0..=LARGEST_COUNT).contains(*count)) {
            return Err(
                Error::query(format!("{wrong} is no count")).hint("a count is 0 or more, and at most a billion")
            );
        }
        match (self, counts) {
            (Self::PoissonLow, [count]) => Ok(poisson_low(*count, level)),
            (Self::PoissonHigh, [count]) => Ok(gamma_quantile(count + 1.0, f64::midpoint(1.0, level))),
            (_, [successes, trials]) if successes > trials => {
                Err(Error::query(format!("{successes} successes of {trials} trials"))
                    .hint("give successes, then trials"))
            }
            (Self::WilsonLow, [successes, trials]) => Ok(wilson(*successes, *trials, level).0),
            (Self::WilsonHigh, [successes, trials]) => Ok(wilson(*successes, *trials, level).1),
            _ => Err(Error::internal("an interval of so many counts")),
        }
    }

    /// How many counts it takes.
    fn counts(self) -> usize {
        match self {
            Self::PoissonLow | Self::PoissonHigh => 1,
            Self::WilsonLow | Self::WilsonHigh => 2,
        }
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Limit {
    bound: Bound,
    signature: Signature,
}

impl Limit {
    fn new(bound: Bound) -> Self {
        Self { bound, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Limit {
    fn name(&self) -> &'static str {
        match self.bound {
            Bound::PoissonLow => "poisson_low",
            Bound::PoissonHigh => "poisson_high",
            Bound::WilsonLow => "wilson_low",
            Bound::WilsonHigh => "wilson_high",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let wanted = self.bound.counts() + 1;
        let numbers = arguments.iter().all(|given| given.is_numeric() || given.is_null());
        if arguments.len() != wanted || !numbers {
            let counts = if wanted == 2 { "count" } else { "successes, trials" };
            return plan_err!("{} takes numbers: {}({counts}, level)", self.name(), self.name());
        }
        Ok(vec![DataType::Float64; wanted])
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(money_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arrays = args.args.iter().map(|arg| arg.to_array(args.number_rows));
        let arrays = arrays.collect::<DataFusionResult<Vec<_>>>()?;
        let columns: Vec<_> = arrays.iter().map(AsArray::as_primitive::<Float64Type>).collect();
        let Some((levels, counts)) = columns.split_last() else { return internal_err!("no arguments") };
        let bound = |row: usize| {
            let cell = |column: &&Float64Array| column.is_valid(row).then(|| column.value(row));
            let (Some(level), Some(counts)) = (cell(levels), counts.iter().map(cell).collect::<Option<Vec<f64>>>())
            else {
                return Ok(None);
            };
            self.bound.of(&counts, level).map(six_digits).map(Some).map_err(to_datafusion)
        };
        let bounds = (0..args.number_rows).map(bound).collect::<DataFusionResult<Decimal128Array>>()?;
        Ok(ColumnarValue::Array(Arc::new(bounds.with_data_type(money_type()))))
    }
}

/// `value`, at most twice [`LARGEST_COUNT`], with six digits at the scale of amounts.
#[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e16")]
fn six_digits(value: f64) -> i128 {
    (value * 1e6).round() as i128 * SIXTH_DIGIT
}

/// The lower limit of Garwood: half the quantile of chi-square with `2 count` degrees of freedom; nothing is below nothing.
fn poisson_low(count: f64, level: f64) -> f64 {
    if count == 0.0 { 0.0 } else { gamma_quantile(count, (1.0 - level) / 2.0) }
}

/// Both limits of Wilson; everything is possible after no trial.
fn wilson(successes: f64, trials: f64, level: f64) -> (f64, f64) {
    if trials == 0.0 {
        return (0.0, 1.0);
    }
    // The square of the normal quantile is that of chi-square with one degree of freedom, twice that of gamma of a half.
    let square = 2.0 * gamma_quantile(0.5, level);
    let failures = trials - successes;
    let middle = (successes + square / 2.0) / (trials + square);
    let half = (square * (successes * failures / trials + square / 4.0)).sqrt() / (trials + square);
    let low = if successes == 0.0 { 0.0 } else { (middle - half).max(0.0) };
    let high = if failures == 0.0 { 1.0 } else { (middle + half).min(1.0) };
    (low, high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, published: f64, digits: f64) -> bool {
        (found - published).abs() <= 0.5 * digits + 1e-12
    }

    /// Garwood (1936) as printed by GraphPad for 25, and the limits of 0 and 10 in every table of the interval.
    #[test]
    fn counts_have_the_limits_of_published_tables() {
        for (count, level, low, high, digits) in [
            (0.0, 0.95, 0.0, 3.689, 0.001),
            (1.0, 0.95, 0.0253, 5.5716, 0.0001),
            (10.0, 0.95, 4.795, 18.390, 0.001),
            (25.0, 0.90, 17.38, 34.92, 0.01),
            (25.0, 0.95, 16.18, 36.90, 0.01),
            (25.0, 0.99, 14.00, 41.00, 0.01),
        ] {
            let found = [Bound::PoissonLow, Bound::PoissonHigh].map(|bound| bound.of(&[count], level).unwrap());
            assert!(near(found[0], low, digits) && near(found[1], high, digits), "{count} {level} {found:?}");
        }
    }

    /// Newcombe (1998), Statistics in Medicine 17, 857 to 872, table I, method 3.
    #[test]
    fn shares_have_the_limits_of_newcombe() {
        for (successes, trials, low, high) in [
            (81.0, 263.0, 0.2553, 0.3662),
            (15.0, 148.0, 0.0624, 0.1605),
            (0.0, 20.0, 0.0, 0.1611),
            (1.0, 29.0, 0.0061, 0.1718),
        ] {
            let bounds = [Bound::WilsonLow, Bound::WilsonHigh];
            let found = bounds.map(|bound| bound.of(&[successes, trials], 0.95).unwrap());
            assert!(near(found[0], low, 0.0001) && near(found[1], high, 0.0001), "{successes}/{trials} {found:?}");
        }
        assert_eq!(wilson(0.0, 0.0, 0.95), (0.0, 1.0));
        assert_eq!(wilson(7.0, 7.0, 0.95), (wilson(7.0, 7.0, 0.95).0, 1.0));
    }

    /// Of many the interval is that of the normal distribution: 1 000 000 ± 1 960.
    #[test]
    fn large_counts_are_as_sure_as_a_normal_distribution() {
        let found = [Bound::PoissonLow, Bound::PoissonHigh].map(|bound| bound.of(&[1e6], 0.95).unwrap());
        assert!((found[0] - 998_040.0).abs() < 3.0 && (found[1] - 1_001_960.0).abs() < 3.0, "{found:?}");
    }

    #[test]
    fn what_is_no_count_or_no_level_is_refused() {
        for (bound, counts, level) in [
            (Bound::PoissonLow, &[-1.0][..], 0.95),
            (Bound::PoissonHigh, &[f64::NAN], 0.95),
            (Bound::WilsonHigh, &[1.0, f64::INFINITY], 0.95),
            (Bound::PoissonHigh, &[1.0], 0.0),
            (Bound::PoissonHigh, &[1.0], 1.0),
            (Bound::WilsonLow, &[3.0, 2.0], 0.95),
        ] {
            assert!(!bound.of(counts, level).unwrap_err().hints().is_empty());
        }
    }

    #[test]
    fn six_digits_are_kept() {
        assert_eq!(six_digits(18.390_356_4), 18_390_356_000_000_000_000);
    }
}
