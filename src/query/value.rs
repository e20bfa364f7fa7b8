//! Reads the text of one value by the type of its parameter.

use arrow::datatypes::Date32Type;
use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, SecondsFormat, Timelike, Utc};
use datafusion::common::ScalarValue;

use crate::error::{Error, Result};
use crate::units::{FiscalCalendar, Grain, Period};

use super::calendar::Calendar;
use super::default::Relative;
use super::param::ParamKind;

const SCALE: u8 = 18;
const PRECISION: u8 = 38;

/// A value of a parameter.
#[derive(Debug, Clone)]
pub(super) struct Value {
    /// What is bound to `$name`: for a period its label.
    pub(super) scalar: ScalarValue,
    /// The period, for period parameters.
    pub(super) period: Option<Period>,
    /// How it is shown to people.
    pub(super) shown: String,
}

impl Value {
    /// Reads `text`, as given for a run or as a literal default, as one value of type `kind`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] that names the type and the text.
    pub(super) fn parse(kind: ParamKind, text: &str, calendar: &Calendar) -> Result<Self> {
        let untrimmed = text;
        let text = text.trim();
        match kind {
            ParamKind::Text => Ok(Self::plain(ScalarValue::Utf8(Some(untrimmed.to_owned())), untrimmed)),
            ParamKind::Int => parse_int(text),
            ParamKind::Decimal => parse_decimal(text),
            ParamKind::Float => parse_float(text),
            ParamKind::Bool => parse_bool(text),
            _ if text.starts_with(|first: char| first.is_ascii_lowercase()) => {
                Self::relative(kind, Relative::parse(text)?, calendar)
            }
            ParamKind::Date => Ok(Self::date(parse_day(text)?)),
            ParamKind::Timestamp => parse_timestamp(text),
            ParamKind::Period(Some(grain)) => Ok(Self::of_period(calendar.fiscal.parse(grain, text)?)),
            ParamKind::Period(None) => parse_period(text, calendar.fiscal).map(Self::of_period),
        }
    }

    /// The value that `relative` has at the pinned date, for a parameter of type `kind`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when the type takes no such period.
    pub(super) fn relative(kind: ParamKind, relative: Relative, calendar: &Calendar) -> Result<Self> {
        check_fit(kind, relative)?;
        let period = relative.evaluate(calendar)?;
        Ok(match kind {
            ParamKind::Date => Self::date(period.start),
            ParamKind::Timestamp => Self::timestamp(period.start.and_time(NaiveTime::MIN).and_utc()),
            _ => Self::of_period(period),
        })
    }

    fn plain(scalar: ScalarValue, shown: impl Into<String>) -> Self {
        Self { scalar, period: None, shown: shown.into() }
    }

    fn date(date: NaiveDate) -> Self {
        Self::plain(date_scalar(Some(date)), date.to_string())
    }

    fn timestamp(instant: DateTime<Utc>) -> Self {
        Self::plain(
            ScalarValue::TimestampMicrosecond(Some(instant.timestamp_micros()), None),
            instant.to_rfc3339_opts(SecondsFormat::AutoSi, true),
        )
    }

    fn of_period(period: Period) -> Self {
        Self { scalar: ScalarValue::Utf8(Some(period.label.clone())), shown: period.to_string(), period: Some(period) }
    }
}

/// The typed NULL of `$name` for a parameter of type `kind`.
pub(super) fn null(kind: ParamKind) -> ScalarValue {
    match kind {
        ParamKind::Text | ParamKind::Period(_) => ScalarValue::Utf8(None),
        ParamKind::Int => ScalarValue::Int64(None),
        ParamKind::Decimal => ScalarValue::Decimal128(None, PRECISION, SCALE.cast_signed()),
        ParamKind::Float => ScalarValue::Float64(None),
        ParamKind::Bool => ScalarValue::Boolean(None),
        ParamKind::Date => ScalarValue::Date32(None),
        ParamKind::Timestamp => ScalarValue::TimestampMicrosecond(None, None),
    }
}

/// A date as a scalar.
pub(super) fn date_scalar(date: Option<NaiveDate>) -> ScalarValue {
    ScalarValue::Date32(date.map(Date32Type::from_naive_date))
}

/// Whether a parameter of type `kind` takes the period that `relative` stands for.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when it does not.
pub(super) fn check_fit(kind: ParamKind, relative: Relative) -> Result<()> {
    let fits = match kind {
        ParamKind::Date | ParamKind::Timestamp => relative.grain() == Some(Grain::Day),
        ParamKind::Period(Some(grain)) => relative.grain() == Some(grain),
        ParamKind::Period(None) => true,
        _ => false,
    };
    if fits {
        return Ok(());
    }
    Err(Error::invalid(format!("`{relative}` is not {}", kind.with_article())).hint(match relative.grain() {
        Some(Grain::Day) => "declare the parameter as `date` or `period`".to_owned(),
        Some(grain) => format!("declare the parameter as `{grain}` or `period`"),
        None => "declare the parameter as `period`".to_owned(),
    }))
}

fn wrong(kind: ParamKind, text: &str, hint: &str) -> Error {
    Error::invalid(format!("`{text}` is not {}", kind.with_article())).hint(hint)
}

fn parse_int(text: &str) -> Result<Value> {
    let number: i64 =
        text.parse().map_err(|_| wrong(ParamKind::Int, text, "write a whole number of 64 bits, such as `42`"))?;
    Ok(Value::plain(ScalarValue::Int64(Some(number)), number.to_string()))
}

fn parse_decimal(text: &str) -> Result<Value> {
    let wrong = |hint: &str| wrong(ParamKind::Decimal, text, hint);
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return Err(wrong("write digits and one point, such as `100.00`; no thousands separators, no exponent"));
    }
    if fraction.len() > usize::from(SCALE) {
        return Err(wrong("at most 18 digits after the point are exact"));
    }
    let digits = format!("{whole}{fraction:0<width$}", width = usize::from(SCALE));
    let digits = digits.trim_start_matches('0');
    if digits.len() > usize::from(PRECISION) {
        return Err(wrong("at most 20 digits before the point are exact"));
    }
    let magnitude: i128 = if digits.is_empty() { 0 } else { digits.parse().map_err(|_| wrong("write `100.00`"))? };
    let unscaled = if text.starts_with('-') { -magnitude } else { magnitude };
    Ok(Value::plain(ScalarValue::Decimal128(Some(unscaled), PRECISION, SCALE.cast_signed()), text))
}

fn parse_float(text: &str) -> Result<Value> {
    let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
    let number =
        number.ok_or_else(|| wrong(ParamKind::Float, text, "write a finite number, such as `0.25` or `1e-6`"))?;
    Ok(Value::plain(ScalarValue::Float64(Some(number)), text))
}

fn parse_bool(text: &str) -> Result<Value> {
    let value = text.parse().map_err(|_| wrong(ParamKind::Bool, text, "write `true` or `false`"))?;
    Ok(Value::plain(ScalarValue::Boolean(Some(value)), text))
}

fn parse_day(text: &str) -> Result<NaiveDate> {
    FiscalCalendar::default()
        .parse(Grain::Day, text)
        .map(|period| period.start)
        .map_err(|_| wrong(ParamKind::Date, text, "write it as `2026-07-01`"))
}

fn parse_timestamp(text: &str) -> Result<Value> {
    let wrong = || {
        let hint = "write it as `2026-07-01T09:30:00Z`: UTC unless an offset follows, at most six digits of a second";
        wrong(ParamKind::Timestamp, text, hint)
    };
    let (day, time) = text.split_once(['T', ' ']).unwrap_or((text, "00:00"));
    let (time, offset) = match (time.strip_suffix('Z'), time.rfind(['+', '-'])) {
        (Some(time), _) => (time, "+00:00"),
        (None, Some(sign)) => time.split_at(sign),
        (None, None) => (time, "+00:00"),
    };
    let day = parse_day(day).map_err(|_| wrong())?;
    let time = NaiveTime::parse_from_str(time, "%H:%M:%S%.f")
        .or_else(|_| NaiveTime::parse_from_str(time, "%H:%M"))
        .ok()
        .filter(|time| time.nanosecond() < 1_000_000_000 && time.nanosecond() % 1_000 == 0)
        .ok_or_else(wrong)?;
    let offset: FixedOffset = offset.parse().map_err(|_| wrong())?;
    let instant = day.and_time(time).and_local_timezone(offset).single().ok_or_else(wrong)?;
    Ok(Value::timestamp(instant.to_utc()))
}

fn parse_period(text: &str, fiscal: FiscalCalendar) -> Result<Period> {
    if let Some((start, end)) = text.split_once("..") {
        return Period::between(parse_day(start)?, parse_day(end)?);
    }
    Grain::ALL.into_iter().find_map(|grain| fiscal.parse(grain, text).ok()).ok_or_else(|| {
        let hint = "write `2026`, `2026-Q3`, `2026-07`, `2026-W27`, `2026-07-01` or `2026-01-01..2026-04-01` \
                    (the end is exclusive)";
        wrong(ParamKind::Period(None), text, hint)
    })
}
