//! Numbers and truth values.

use std::fmt::{Display, LowerExp, Write as _};

use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, BooleanArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Decimal32Type, Decimal64Type, Decimal128Type, Decimal256Type, Float16Type, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use super::Cells;

/// Digits of a fraction that stay when they are zero: cents.
const DIGITS_KEPT: usize = 2;

/// The values of `array` when it holds numbers or truth values.
pub(super) fn cells(array: &ArrayRef) -> Option<Box<dyn Cells>> {
    Some(match array.data_type() {
        DataType::Boolean => Box::new(array.as_boolean().clone()),
        DataType::Int8 => integers::<Int8Type>(array),
        DataType::Int16 => integers::<Int16Type>(array),
        DataType::Int32 => integers::<Int32Type>(array),
        DataType::Int64 => integers::<Int64Type>(array),
        DataType::UInt8 => integers::<UInt8Type>(array),
        DataType::UInt16 => integers::<UInt16Type>(array),
        DataType::UInt32 => integers::<UInt32Type>(array),
        DataType::UInt64 => integers::<UInt64Type>(array),
        DataType::Float16 => Box::new(Floats(array.as_primitive::<Float16Type>().unary::<_, Float32Type>(f32::from))),
        DataType::Float32 => Box::new(Floats(array.as_primitive::<Float32Type>().clone())),
        DataType::Float64 => Box::new(Floats(array.as_primitive::<Float64Type>().clone())),
        DataType::Decimal32(_, scale) => decimals::<Decimal32Type>(array, *scale),
        DataType::Decimal64(_, scale) => decimals::<Decimal64Type>(array, *scale),
        DataType::Decimal128(_, scale) => decimals::<Decimal128Type>(array, *scale),
        DataType::Decimal256(_, scale) => decimals::<Decimal256Type>(array, *scale),
        _ => return None,
    })
}

fn integers<T: ArrowPrimitiveType<Native: Display>>(array: &ArrayRef) -> Box<dyn Cells> {
    Box::new(Integers(array.as_primitive::<T>().clone()))
}

fn decimals<T: ArrowPrimitiveType<Native: Display>>(array: &ArrayRef, scale: i8) -> Box<dyn Cells> {
    Box::new(Decimals { values: array.as_primitive::<T>().clone(), scale })
}

impl Cells for BooleanArray {
    fn text(&self, row: usize, out: &mut String) {
        out.push_str(if self.value(row) { "true" } else { "false" });
    }

    fn json(&self, row: usize, out: &mut String) {
        self.text(row, out);
    }
}

struct Integers<T: ArrowPrimitiveType>(PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Display>> Cells for Integers<T> {
    fn text(&self, row: usize, out: &mut String) {
        push(out, self.0.value(row));
    }

    fn json(&self, row: usize, out: &mut String) {
        self.text(row, out);
    }
}

struct Floats<T: ArrowPrimitiveType>(PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Into<f64> + Display + LowerExp>> Cells for Floats<T> {
    fn text(&self, row: usize, out: &mut String) {
        push_float(out, self.0.value(row));
    }

    fn json(&self, row: usize, out: &mut String) {
        let finite = self.0.value(row).into().is_finite();
        if finite { self.text(row, out) } else { out.push_str("null") }
    }
}

struct Decimals<T: ArrowPrimitiveType> {
    values: PrimitiveArray<T>,
    scale: i8,
}

impl<T: ArrowPrimitiveType<Native: Display>> Cells for Decimals<T> {
    fn text(&self, row: usize, out: &mut String) {
        push_decimal(out, self.values.value(row), self.scale);
    }

    fn json(&self, row: usize, out: &mut String) {
        self.text(row, out);
    }
}

fn push(out: &mut String, value: impl Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{value}");
}

/// Adds the shortest digits that read back as `value`.
fn push_float<F: Into<f64> + Display + LowerExp + Copy>(out: &mut String, value: F) {
    let size = value.into().abs();
    let start = out.len();
    if size == 0.0 || (1e-7..1e21).contains(&size) {
        push(out, value);
        if !out[start..].contains('.') {
            out.push_str(".0");
        }
    } else if size.is_finite() {
        let _ = write!(out, "{value:e}");
    } else {
        push(out, value);
    }
}

/// Adds `unscaled` divided by ten to the power of `scale`, every digit of it but zeros at the end beyond the cents.
fn push_decimal(out: &mut String, unscaled: impl Display, scale: i8) {
    let start = out.len();
    push(out, unscaled);
    let first_digit = start + usize::from(out[start..].starts_with('-'));
    let Ok(places) = usize::try_from(scale) else {
        return push_zeros(out, first_digit, usize::from(scale.unsigned_abs()));
    };
    if places == 0 {
        return;
    }
    let digits = out.len() - first_digit;
    if digits <= places {
        out.insert_str(first_digit, &"0".repeat(places + 1 - digits));
    }
    let point = out.len() - places;
    let zeros = out.len() - out.trim_end_matches('0').len();
    let spare = places - DIGITS_KEPT.min(places);
    out.truncate(out.len() - zeros.min(spare));
    out.insert(point, '.');
}

/// Appends the zeros of a negative scale, unless the number is zero.
fn push_zeros(out: &mut String, first_digit: usize, zeros: usize) {
    if &out[first_digit..] != "0" {
        out.push_str(&"0".repeat(zeros));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Float32Array, Float64Array};
    use arrow::compute::cast;
    use arrow::compute::kernels::cast_utils::parse_decimal;
    use arrow::datatypes::i256;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    fn decimal(unscaled: i128, scale: i8) -> String {
        let mut out = String::from("x");
        push_decimal(&mut out, unscaled, scale);
        out.split_off(1)
    }

    fn float(value: f64) -> String {
        let mut out = String::new();
        push_float(&mut out, value);
        out
    }

    #[test]
    fn decimals_keep_their_digits_and_drop_spare_zeros() {
        const ONE: i128 = 1_000_000_000_000_000_000;
        for (unscaled, scale, text) in [
            (12 * ONE + ONE / 2, 18, "12.50"),
            (ONE * 3, 18, "3.00"),
            (0, 18, "0.00"),
            (-1, 18, "-0.000000000000000001"),
            (-5 * ONE / 100, 18, "-0.05"),
            (80_000, 11, "0.0000008"),
            (3_000, 3, "3.00"),
            (3, 0, "3"),
            (-30, 0, "-30"),
            (30, 1, "3.0"),
            (100, 2, "1.00"),
            (100, 3, "0.10"),
            (5, -2, "500"),
            (-5, -2, "-500"),
            (0, -2, "0"),
            (99_999_999_999_999_999_999_999_999_999_999_999_999, 38, "0.99999999999999999999999999999999999999"),
        ] {
            assert_eq!(decimal(unscaled, scale), text, "{unscaled} at {scale}");
        }
        let mut out = String::new();
        push_decimal(&mut out, i256::MAX, 76);
        assert_eq!(out, format!("{}.{}", "5", &i256::MAX.to_string()[1..]));
    }

    #[test]
    fn floats_are_short_and_plain_where_people_read_them() {
        for (value, text) in [
            (0.1, "0.1"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1.0, "1.0"),
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e-7, "0.0000001"),
            (9.9e-8, "9.9e-8"),
            (1e20, "100000000000000000000.0"),
            (1e21, "1e21"),
            (-2.5e300, "-2.5e300"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(float(value), text);
        }
    }

    #[test]
    fn narrow_floats_are_as_short_as_their_type_allows() {
        let text = |array: ArrayRef| {
            let mut out = String::new();
            cells(&array).unwrap().text(0, &mut out);
            out
        };
        assert_eq!(text(Arc::new(Float32Array::from(vec![0.1]))), "0.1");
        let half = cast(&Float32Array::from(vec![1.5]), &DataType::Float16).unwrap();
        assert_eq!(text(half), "1.5");
    }

    #[test]
    fn json_has_no_word_for_what_is_not_finite() {
        let array: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN, f64::INFINITY, 1.5]));
        let cells = cells(&array).unwrap();
        let mut out = String::new();
        (0..3).for_each(|row| cells.json(row, &mut out));
        assert_eq!(out, "nullnull1.5");
    }

    proptest! {
        #[test]
        fn decimals_read_back(unscaled in -(10i128.pow(38) - 1)..10i128.pow(38), scale in 0i8..=38) {
            prop_assert_eq!(parse_decimal::<Decimal128Type>(&decimal(unscaled, scale), 38, scale).unwrap(), unscaled);
        }

        #[test]
        fn floats_read_back(bits in any::<u64>()) {
            let value = f64::from_bits(bits);
            let read: f64 = float(value).parse().unwrap();
            prop_assert_eq!(read.to_bits(), if value.is_nan() { read.to_bits() } else { bits });
            prop_assert_eq!(read.is_nan(), value.is_nan());
        }
    }
}
