//! Converts the values of a column to the kind of the ledger, exactly or not at all.

use std::fmt::Write;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Decimal128Array, Decimal128Builder, Float64Array, StringArray, StringViewBuilder,
};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Decimal256Type, Float64Type};
use arrow::error::ArrowError;
use arrow::util::display::FormatOptions;

use super::kind::{Kind, MONEY_SCALE, money_type};
use crate::error::{Error, Result};

const SCALE: u32 = MONEY_SCALE.unsigned_abs() as u32;

/// Converts `values` of `column` to `kind`.
///
/// Amounts keep every digit: text and DECIMAL with more than 18 fractional digits are refused unless the rest is zeros; a
/// DOUBLE stands for the shortest decimal that reads back as the same number, rounded at the 18th fractional digit, which
/// lies beyond what a DOUBLE of that size can hold.
///
/// # Errors
/// [`crate::ErrorKind::Data`] with the column and the first value that cannot be converted.
pub fn normalise(kind: Kind, column: &str, values: &ArrayRef) -> Result<ArrayRef> {
    if values.data_type() == &kind.data_type() {
        return Ok(Arc::clone(values));
    }
    match (kind, values.data_type()) {
        (_, DataType::Dictionary(_, inner)) => normalise(kind, column, &cast(column, values, inner)?),
        (Kind::Decimal, DataType::Float64) => doubles(column, values.as_primitive::<Float64Type>()),
        (Kind::Decimal, DataType::Float16 | DataType::Float32) => {
            // The shortest text of the narrower number, not its widened bits: 0.1f32 is 0.1.
            normalise(kind, column, &cast(column, values, &DataType::Utf8)?)
        }
        (Kind::Decimal, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => {
            texts(column, cast(column, values, &DataType::Utf8)?.as_string::<i32>())
        }
        (Kind::Decimal, DataType::Decimal128(_, scale)) if *scale > MONEY_SCALE => {
            shortened(column, values, u32::from(scale.unsigned_abs()) - SCALE)
        }
        (Kind::Decimal, DataType::Decimal256(_, scale)) => {
            let text: StringArray = values
                .as_primitive::<Decimal256Type>()
                .iter()
                .map(|value| value.map(|v| plain_text(&v.to_string(), *scale)))
                .collect();
            texts(column, &text)
        }
        (Kind::Time, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => times(column, values),
        (Kind::Json, physical) if physical.is_nested() => json(column, values),
        (_, DataType::Binary | DataType::LargeBinary | DataType::BinaryView) => {
            normalise(kind, column, &cast(column, values, &DataType::Utf8)?)
        }
        _ => cast(column, values, &kind.data_type()),
    }
}

fn cast(column: &str, values: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    let strict = CastOptions { safe: false, format_options: FormatOptions::default() };
    cast_with_options(values, to, &strict).map_err(|cause| unreadable(column, values.data_type(), cause))
}

/// Times of ISO 8601; what spreadsheets leave out, the seconds, is 0.
fn times(column: &str, values: &ArrayRef) -> Result<ArrayRef> {
    let to = Kind::Time.data_type();
    if let Ok(times) = cast(column, values, &to) {
        return Ok(times);
    }
    let texts = cast(column, values, &DataType::Utf8)?;
    let whole: StringArray = texts.as_string::<i32>().iter().map(|text| text.map(with_seconds)).collect();
    cast(column, &(Arc::new(whole.clone()) as ArrayRef), &to).map_err(|error| {
        let is_time = |text: &&str| cast(column, &(Arc::new(StringArray::from(vec![*text])) as ArrayRef), &to).is_ok();
        match whole.iter().flatten().find(|text| !is_time(text)) {
            Some(text) => Error::data(format!("column `{column}` holds `{text}`, which is no time"))
                .with("column", column)
                .hint("times are written as in ISO 8601: `2026-05-03T10:00:00Z`, `2026-05-03 10:00` or `2026-05-03`"),
            None => error,
        }
    })
}

fn with_seconds(text: &str) -> String {
    let text = text.trim();
    let is_minute = text.len() == "2026-05-03 10:00".len() && text.as_bytes().get(13) == Some(&b':');
    if is_minute { format!("{text}:00") } else { text.to_owned() }
}

fn unreadable(column: &str, physical: &DataType, cause: ArrowError) -> Error {
    Error::data(format!("cannot convert column `{column}` from {physical}")).with("column", column).because(cause)
}

fn wrong_amount(column: &str, value: &str, why: &str) -> Error {
    Error::data(format!("column `{column}` holds `{value}`, {why}")).with("column", column)
}

fn amounts(mut builder: Decimal128Builder) -> Result<ArrayRef> {
    let array: Decimal128Array = builder.finish().with_data_type(money_type());
    Ok(Arc::new(array))
}

fn doubles(column: &str, values: &Float64Array) -> Result<ArrayRef> {
    let mut builder = Decimal128Builder::with_capacity(values.len()).with_data_type(money_type());
    let mut text = String::new();
    for value in values {
        match value {
            None => builder.append_null(),
            Some(value) => builder.append_value(double(column, value, &mut text)?),
        }
    }
    amounts(builder)
}

/// The decimal of a DOUBLE at scale 18.
fn double(column: &str, value: f64, text: &mut String) -> Result<i128> {
    // Most amounts have at most nine fractional digits and fifteen digits in all: such a decimal is the only one that
    // short which reads back as `value` (IEEE 754: 15 digits always survive), and the test costs one division.
    const NANO: f64 = 1e9;
    const NANO_TO_SCALE: i128 = 1_000_000_000;
    const FIFTEEN_DIGITS: f64 = 1e15;
    let scaled = (value * NANO).round();
    #[expect(clippy::float_cmp, reason = "the decimal must read back as the very same number")]
    let exact = scaled.abs() < FIFTEEN_DIGITS && scaled / NANO == value;
    if exact {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number below 1e15")]
        return Ok(i128::from(scaled as i64) * NANO_TO_SCALE);
    }
    if !value.is_finite() {
        return Err(wrong_amount(column, &value.to_string(), "which is no amount"));
    }
    text.clear();
    let _infallible = write!(text, "{value}");
    let (amount, _rest) = parse(text).ok_or_else(|| wrong_amount(column, text, "which is out of range"))?;
    Ok(amount)
}

fn texts(column: &str, values: &StringArray) -> Result<ArrayRef> {
    let mut builder = Decimal128Builder::with_capacity(values.len()).with_data_type(money_type());
    for value in values {
        match value.map(str::trim) {
            None | Some("") => builder.append_null(),
            Some(value) => match parse(value) {
                Some((amount, false)) => builder.append_value(amount),
                Some((_, true)) => {
                    return Err(wrong_amount(
                        column,
                        value,
                        "more than the 18 fractional digits that the ledger keeps",
                    ));
                }
                None => return Err(wrong_amount(column, value, "which is no amount")),
            },
        }
    }
    amounts(builder)
}

/// Reads `-12.5`, `.5`, `8e-7` at scale 18; the flag says whether digits beyond were rounded away. `None` is no number,
/// or one of more than 38 digits.
fn parse(text: &str) -> Option<(i128, bool)> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty()
        || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let digits = whole.bytes().chain(fraction.bytes());
    // How many of the digits lie within the scale.
    let kept = i64::try_from(whole.len()).ok()? + i64::from(exponent) + i64::from(SCALE);
    let mut amount: i128 = 0;
    let mut position = 0;
    let mut lost = false;
    let mut round_up = false;
    for digit in digits.map(|byte| i128::from(byte - b'0')) {
        if position < kept {
            amount = amount.checked_mul(10)?.checked_add(digit)?;
        } else {
            round_up |= position == kept && digit >= 5;
            lost |= digit != 0;
        }
        position += 1;
    }
    if amount != 0 {
        for _ in position..kept {
            amount = amount.checked_mul(10)?;
        }
    }
    amount += i128::from(round_up);
    // 38 digits are the most that DECIMAL(38, 18) holds.
    (amount < 10i128.pow(38)).then_some((if negative { -amount } else { amount }, lost))
}

/// A DECIMAL with `excess` more fractional digits than the ledger: they must be zeros.
fn shortened(column: &str, values: &ArrayRef, excess: u32) -> Result<ArrayRef> {
    let factor = 10i128.checked_pow(excess);
    let mut builder = Decimal128Builder::with_capacity(values.len()).with_data_type(money_type());
    for value in values.as_primitive::<Decimal128Type>() {
        match (value, factor) {
            (None, _) => builder.append_null(),
            (Some(value), Some(factor)) if value % factor == 0 => builder.append_value(value / factor),
            (Some(value), _) => {
                return Err(wrong_amount(
                    column,
                    &plain_text(
                        &value.to_string(),
                        MONEY_SCALE + i8::try_from(excess).unwrap_or(i8::MAX - MONEY_SCALE),
                    ),
                    "more than the 18 fractional digits that the ledger keeps",
                ));
            }
        }
    }
    amounts(builder)
}

/// The plain digits of an unscaled number.
fn plain_text(unscaled: &str, scale: i8) -> String {
    let (sign, digits) = unscaled.strip_prefix('-').map_or(("", unscaled), |digits| ("-", digits));
    match usize::try_from(scale) {
        Ok(0) => unscaled.to_owned(),
        Ok(scale) => {
            let digits = format!("{digits:0>width$}", width = scale + 1);
            let point = digits.len() - scale;
            format!("{sign}{}.{}", &digits[..point], &digits[point..])
        }
        Err(_) => format!("{unscaled}{}", "0".repeat(usize::from(scale.unsigned_abs()))),
    }
}

/// Maps, structs and lists as JSON text; a list of key and value pairs is an object too, as some exports write tags.
fn json(column: &str, values: &ArrayRef) -> Result<ArrayRef> {
    let mut builder = StringViewBuilder::with_capacity(values.len());
    let plain_map = match values.data_type() {
        DataType::Map(_, _) => TextMap::of(values),
        _ => None,
    };
    if let Some(map) = plain_map {
        let mut text = String::new();
        for row in 0..values.len() {
            if values.is_null(row) {
                builder.append_null();
            } else {
                text.clear();
                map.write(row, &mut text);
                builder.append_value(&text);
            }
        }
        return Ok(Arc::new(builder.finish()));
    }
    let field = Arc::new(arrow::datatypes::Field::new("v", values.data_type().clone(), true));
    let options = arrow::json::EncoderOptions::default().with_explicit_nulls(true);
    let mut encoder = arrow::json::writer::make_encoder(&field, values, &options)
        .map_err(|cause| unreadable(column, values.data_type(), cause))?;
    let mut bytes = Vec::new();
    for row in 0..values.len() {
        if values.is_null(row) {
            builder.append_null();
            continue;
        }
        bytes.clear();
        encoder.encode(row, &mut bytes);
        builder.append_value(String::from_utf8_lossy(&bytes));
    }
    Ok(Arc::new(builder.finish()))
}

/// A map from text to text, the shape of AWS tags, written without a detour.
struct TextMap {
    offsets: Vec<i32>,
    keys: StringArray,
    values: StringArray,
}

impl TextMap {
    fn of(array: &ArrayRef) -> Option<Self> {
        let map = array.as_map();
        let text = |array: &ArrayRef| cast("", array, &DataType::Utf8).ok().map(|text| text.as_string::<i32>().clone());
        Some(Self { offsets: map.value_offsets().to_vec(), keys: text(map.keys())?, values: text(map.values())? })
    }

    fn write(&self, row: usize, out: &mut String) {
        let bound = |offset: i32| usize::try_from(offset).unwrap_or(0);
        out.push('{');
        for entry in bound(self.offsets[row])..bound(self.offsets[row + 1]) {
            if !out.ends_with('{') {
                out.push(',');
            }
            quote(self.keys.value(entry), out);
            out.push(':');
            if self.values.is_null(entry) {
                out.push_str("null");
            } else {
                quote(self.values.value(entry), out);
            }
        }
        out.push('}');
    }
}

fn quote(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

#[cfg(test)]
mod tests {
    use arrow::array::{Int64Array, MapBuilder, StringBuilder, TimestampMicrosecondArray};
    use arrow::datatypes::TimestampMicrosecondType;
    use proptest::prelude::{any, prop_assert_eq, proptest};

    use super::*;

    #[expect(clippy::needless_pass_by_value, reason = "callers make the array in place")]
    fn amount(values: ArrayRef) -> Result<Vec<Option<i128>>> {
        normalise(Kind::Decimal, "BilledCost", &values)
            .map(|array| array.as_primitive::<Decimal128Type>().iter().collect())
    }

    const ONE: i128 = 1_000_000_000_000_000_000;

    #[test]
    fn a_double_is_the_decimal_people_meant() {
        let values = Float64Array::from(vec![0.1, 123_456.78, 8e-7, -0.000_016_059_9, 1e12, 0.1 + 0.2, 0.0]);
        let expected = [
            ONE / 10,
            123_456_780_000_000_000_000_000,
            800_000_000_000,
            -16_059_900_000_000,
            1_000_000_000_000 * ONE,
            300_000_000_000_000_040,
            0,
        ];
        assert_eq!(amount(Arc::new(values)).unwrap(), expected.map(Some));
        assert!(amount(Arc::new(Float64Array::from(vec![f64::NAN]))).unwrap_err().message().contains("NaN"));
        assert!(amount(Arc::new(Float64Array::from(vec![1e30]))).is_err());
    }

    #[test]
    fn text_keeps_every_digit_or_is_refused() {
        let texts = ["12.5", "-0.000000000000000001", "8E-7", " 3 ", ".5", "1e3", "0.10000000000000000000000", ""];
        let expected = [
            Some(ONE * 25 / 2),
            Some(-1),
            Some(800_000_000_000),
            Some(3 * ONE),
            Some(ONE / 2),
            Some(1000 * ONE),
            Some(ONE / 10),
            None,
        ];
        assert_eq!(amount(Arc::new(StringArray::from(texts.to_vec()))).unwrap(), expected);
        for text in ["0.0000000000000000001", "abc", "1,5", "--1", "1e99", "-", ".", "1.2.3", "123456789012345678901"] {
            assert!(amount(Arc::new(StringArray::from(vec![text]))).is_err(), "{text}");
        }
    }

    #[test]
    fn wider_decimals_lose_zeros_only() {
        let at = |value: i128, scale| {
            Arc::new(Decimal128Array::from(vec![value]).with_precision_and_scale(38, scale).unwrap())
        };
        assert_eq!(amount(at(12_300, 20)).unwrap(), [Some(123)]);
        assert!(amount(at(12_345, 20)).unwrap_err().message().contains("0.00000000000000012345"));
        assert_eq!(amount(at(125, 2)).unwrap(), [Some(ONE * 5 / 4)]);
        assert_eq!(amount(Arc::new(Int64Array::from(vec![7]))).unwrap(), [Some(7 * ONE)]);
    }

    #[test]
    fn times_are_utc_microseconds() {
        let text: ArrayRef = Arc::new(StringArray::from(vec![
            "2026-06-01T02:00:00+02:00",
            "2026-06-01 00:00:00",
            "2026-06-01T00:00:00Z",
            " 2026-06-01 00:00",
            "2026-06-01",
        ]));
        let times = normalise(Kind::Time, "ChargePeriodStart", &text).unwrap();
        let expected = TimestampMicrosecondArray::from(vec![1_780_272_000_000_000; 5]);
        assert_eq!(times.as_primitive::<TimestampMicrosecondType>(), &expected);
        let bad: ArrayRef = Arc::new(StringArray::from(vec!["yesterday"]));
        let error = normalise(Kind::Time, "ChargePeriodStart", &bad).unwrap_err();
        assert_eq!(error.message(), "column `ChargePeriodStart` holds `yesterday`, which is no time");
    }

    #[test]
    fn maps_become_json_text() {
        let mut builder = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
        builder.keys().append_value("team");
        builder.values().append_value("say \"hi\"");
        builder.keys().append_value("env");
        builder.values().append_null();
        builder.append(true).unwrap();
        builder.append(true).unwrap();
        builder.append(false).unwrap();
        let map: ArrayRef = Arc::new(builder.finish());
        let json = normalise(Kind::Json, "Tags", &map).unwrap();
        let json: Vec<_> = json.as_string_view().iter().collect();
        assert_eq!(json, [Some(r#"{"team":"say \"hi\"","env":null}"#), Some("{}"), None]);
    }

    proptest! {
        #[test]
        fn fifteen_digits_survive_a_double(unscaled in -999_999_999_999_999i64..=999_999_999_999_999, scale in 0u32..=12) {
            let text = plain_text(&unscaled.to_string(), i8::try_from(scale).unwrap());
            let value: f64 = text.parse().unwrap();
            let expected = i128::from(unscaled) * 10i128.pow(SCALE - scale);
            prop_assert_eq!(amount(Arc::new(Float64Array::from(vec![value]))).unwrap(), vec![Some(expected)]);
        }

        #[test]
        fn arbitrary_text_never_panics(text in any::<String>()) {
            let _ = amount(Arc::new(StringArray::from(vec![text])));
        }
    }
}
