//! The numbers of a result: exact decimals for money, floating point for everything else.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, Float64Array};
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;

use super::panel::History;
use crate::engine::errors::to_datafusion;
use crate::error::Error;

/// Digits behind the point of exact numbers.
pub(super) const SCALE: u8 = 18;

/// Significant digits of a forecast in exact numbers, counted from the largest value of its series: floating point has some
/// fifteen, and the last of them are noise.
const DIGITS: i32 = 12;

/// A number of the result.
pub(super) trait Measure: Copy + Send + Sync + 'static {
    /// Nothing.
    const ZERO: Self;

    /// A forecast, rounded to `places` digits behind the point where numbers are exact.
    fn rounded(value: f64, places: u8) -> DataFusionResult<Self>;

    /// What was at an index of a history; `None` when it is missing.
    fn actual(history: &History, at: usize) -> Option<Self>;

    /// The sum.
    fn plus(self, other: Self) -> DataFusionResult<Self>;

    /// The number in the middle.
    fn middle(self, other: Self) -> Self;

    /// From the least to the greatest.
    fn sort(values: &mut [Self]);

    /// A column.
    fn column(values: Vec<Option<Self>>) -> DataFusionResult<ArrayRef>;
}

/// The type of the results for data of a type.
pub(super) fn result_type(data: &DataType) -> DataType {
    if data.is_decimal() { DataType::Decimal128(38, SCALE.cast_signed()) } else { DataType::Float64 }
}

/// Digits behind the point that a series of at most `size` has in exact numbers.
pub(super) fn places(size: f64) -> u8 {
    if size <= 0.0 || !size.is_finite() {
        return SCALE;
    }
    #[expect(clippy::cast_possible_truncation, reason = "exponents of floating point numbers are below 400")]
    let before_point = size.log10().floor() as i32 + 1;
    u8::try_from((DIGITS - before_point).clamp(0, i32::from(SCALE))).unwrap_or(0)
}

/// An exact number, in units of 10^-[`SCALE`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exact(i128);

impl Measure for Exact {
    const ZERO: Self = Self(0);

    fn rounded(value: f64, places: u8) -> DataFusionResult<Self> {
        let digits = (value * 10_f64.powi(i32::from(places))).round();
        if digits.abs() >= 1e30 {
            return Err(too_large());
        }
        #[expect(clippy::cast_possible_truncation, reason = "whole and below 10^30")]
        let digits = digits as i128;
        let factor = 10_i128.pow(u32::from(SCALE - places));
        digits.checked_mul(factor).filter(fits).map(Self).ok_or_else(too_large)
    }

    fn actual(history: &History, at: usize) -> Option<Self> {
        history.values[at].is_finite().then(|| Self(history.exact[at]))
    }

    fn plus(self, other: Self) -> DataFusionResult<Self> {
        self.0.checked_add(other.0).filter(fits).map(Self).ok_or_else(too_large)
    }

    fn middle(self, other: Self) -> Self {
        Self(i128::midpoint(self.0, other.0))
    }

    fn sort(values: &mut [Self]) {
        values.sort_unstable_by_key(|value| value.0);
    }

    fn column(values: Vec<Option<Self>>) -> DataFusionResult<ArrayRef> {
        let array: Decimal128Array = values.into_iter().map(|value| value.map(|value| value.0)).collect();
        Ok(Arc::new(array.with_precision_and_scale(38, SCALE.cast_signed())?))
    }
}

fn fits(value: &i128) -> bool {
    value.unsigned_abs() < 10_u128.pow(38)
}

fn too_large() -> datafusion::common::DataFusionError {
    to_datafusion(
        Error::query("a forecast does not fit DECIMAL(38,18)").hint("cast the data column to DOUBLE in a subquery"),
    )
}

/// A floating point number.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Float(f64);

impl Measure for Float {
    const ZERO: Self = Self(0.0);

    fn rounded(value: f64, _places: u8) -> DataFusionResult<Self> {
        Ok(Self(value))
    }

    fn actual(history: &History, at: usize) -> Option<Self> {
        history.values[at].is_finite().then(|| Self(history.values[at]))
    }

    fn plus(self, other: Self) -> DataFusionResult<Self> {
        Ok(Self(self.0 + other.0))
    }

    fn middle(self, other: Self) -> Self {
        Self(f64::midpoint(self.0, other.0))
    }

    fn sort(values: &mut [Self]) {
        values.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    }

    fn column(values: Vec<Option<Self>>) -> DataFusionResult<ArrayRef> {
        let array: Float64Array = values.into_iter().map(|value| value.map(|value| value.0)).collect();
        Ok(Arc::new(array))
    }
}

/// The value below which `share` of sorted values lie: definition 2 of Hyndman & Fan (1996), "Sample quantiles in statistical
/// packages", The American Statistician 50: a sample value, or the middle of two.
pub(super) fn quantile<M: Measure>(sorted: &[M], share: f64) -> Option<M> {
    let last = sorted.len().checked_sub(1)?;
    let place = share * crate::forecast::count(sorted.len());
    // A share such as 0.1 is no binary fraction: 0.1 x 1000 counts as whole.
    let whole = (place - place.round()).abs() < 1e-9 * place.max(1.0);
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between zero and the length")]
    let above = (if whole { place.round() } else { place.floor() }) as usize;
    let upper = sorted[above.min(last)];
    Some(if whole && above > 0 { sorted[above - 1].middle(upper) } else { upper })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_are_rounded_to_twelve_digits_of_their_series() {
        assert_eq!((places(12_345.0), places(1e12), places(1e-9), places(0.0), places(1.0)), (7, 0, 18, 18, 11));
        assert_eq!(Exact::rounded(12_345.678_901_234_5, 7).unwrap(), Exact(12_345_678_901_200_000_000_000));
        assert_eq!(Exact::rounded(-1.5e-9, 18).unwrap(), Exact(-1_500_000_000));
        assert!(Exact::rounded(1e21, 0).is_err());
    }

    #[test]
    fn quantiles_are_sample_values_or_the_middle_of_two() {
        let sorted: Vec<Float> = [1.0, 2.0, 4.0, 8.0].map(Float).to_vec();
        for (share, value) in [(0.25, 1.5), (0.3, 2.0), (0.5, 3.0), (0.75, 6.0), (0.99, 8.0), (0.01, 1.0)] {
            assert_eq!(quantile(&sorted, share), Some(Float(value)), "{share}");
        }
        assert_eq!(quantile::<Float>(&[], 0.5), None);
    }
}
