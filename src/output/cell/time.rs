//! Dates and timestamps after ISO 8601.

use std::fmt::Write as _;

use arrow::array::timezone::Tz;
use arrow::array::{Array, ArrayRef, ArrowPrimitiveType, AsArray, PrimitiveArray};
use arrow::datatypes::{
    DataType, Date32Type, Date64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType,
};
use arrow::temporal_conversions::as_datetime;
use chrono::{Datelike, NaiveDate, NaiveDateTime, NaiveTime, Offset, TimeZone, Timelike};

use super::Cells;

/// The values of `array` when it holds dates or timestamps.
pub(super) fn cells(array: &ArrayRef) -> Option<Box<dyn Cells>> {
    Some(match array.data_type() {
        DataType::Date32 => Box::new(Dates(array.as_primitive::<Date32Type>().clone())),
        DataType::Date64 => Box::new(Dates(array.as_primitive::<Date64Type>().clone())),
        DataType::Timestamp(unit, zone) => {
            let zone = Zone::named(zone.as_deref());
            match unit {
                TimeUnit::Second => timestamps::<TimestampSecondType>(array, zone),
                TimeUnit::Millisecond => timestamps::<TimestampMillisecondType>(array, zone),
                TimeUnit::Microsecond => timestamps::<TimestampMicrosecondType>(array, zone),
                TimeUnit::Nanosecond => timestamps::<TimestampNanosecondType>(array, zone),
            }
        }
        _ => return None,
    })
}

fn timestamps<T: ArrowPrimitiveType<Native = i64>>(array: &ArrayRef, zone: Zone) -> Box<dyn Cells> {
    Box::new(Timestamps { values: array.as_primitive::<T>().clone(), zone })
}

struct Dates<T: ArrowPrimitiveType>(PrimitiveArray<T>);

impl<T: ArrowPrimitiveType<Native: Into<i64>>> Cells for Dates<T> {
    fn text(&self, row: usize, out: &mut String) {
        let value = self.0.value(row).into();
        match as_datetime::<T>(value) {
            Some(midnight) => push_date(out, midnight.date()),
            None => push_raw(out, value),
        }
    }
}

struct Timestamps<T: ArrowPrimitiveType> {
    values: PrimitiveArray<T>,
    zone: Zone,
}

impl<T: ArrowPrimitiveType<Native = i64>> Cells for Timestamps<T> {
    fn text(&self, row: usize, out: &mut String) {
        let value = self.values.value(row);
        match as_datetime::<T>(value) {
            Some(utc) => self.zone.push(out, utc),
            None => push_raw(out, value),
        }
    }
}

/// What the type of a timestamp says of its time zone.
enum Zone {
    /// Nothing: the clock on some wall.
    Unsaid,
    Utc,
    Other(Tz),
}

impl Zone {
    fn named(name: Option<&str>) -> Self {
        const UTC: [&str; 6] = ["UTC", "Z", "+00:00", "+0000", "+00", "Etc/UTC"];
        match name {
            None => Self::Unsaid,
            Some(name) if UTC.iter().any(|utc| utc.eq_ignore_ascii_case(name)) => Self::Utc,
            // The instant is the same in UTC when nobody knows the zone.
            Some(name) => name.parse().map_or(Self::Utc, Self::Other),
        }
    }

    fn push(&self, out: &mut String, utc: NaiveDateTime) {
        match self {
            Self::Unsaid => push_date_time(out, utc),
            Self::Utc => {
                push_date_time(out, utc);
                out.push('Z');
            }
            Self::Other(zone) => {
                let offset = zone.offset_from_utc_datetime(&utc).fix();
                let local = utc.checked_add_offset(offset);
                push_date_time(out, local.unwrap_or(utc));
                if local.is_some() { push_offset(out, offset.local_minus_utc()) } else { out.push('Z') }
            }
        }
    }
}

fn push_date_time(out: &mut String, value: NaiveDateTime) {
    push_date(out, value.date());
    out.push('T');
    push_time(out, value.time());
}

fn push_date(out: &mut String, date: NaiveDate) {
    let Some(year) = u32::try_from(date.year()).ok().filter(|year| *year <= 9999) else {
        let _ = write!(out, "{date}");
        return;
    };
    push_two(out, year / 100);
    push_two(out, year % 100);
    out.push('-');
    push_two(out, date.month());
    out.push('-');
    push_two(out, date.day());
}

fn push_time(out: &mut String, time: NaiveTime) {
    push_two(out, time.hour());
    out.push(':');
    push_two(out, time.minute());
    out.push(':');
    push_two(out, time.second());
    // Milliseconds, microseconds or nanoseconds: the first that are exact.
    let _ = match time.nanosecond() % 1_000_000_000 {
        0 => Ok(()),
        nanos if nanos % 1_000_000 == 0 => write!(out, ".{:03}", nanos / 1_000_000),
        nanos if nanos % 1_000 == 0 => write!(out, ".{:06}", nanos / 1_000),
        nanos => write!(out, ".{nanos:09}"),
    };
}

fn push_offset(out: &mut String, seconds: i32) {
    out.push(if seconds < 0 { '-' } else { '+' });
    let minutes = seconds.unsigned_abs() / 60;
    push_two(out, minutes / 60);
    out.push(':');
    push_two(out, minutes % 60);
}

fn push_two(out: &mut String, number: u32) {
    out.extend([number / 10, number % 10].into_iter().filter_map(|digit| char::from_digit(digit, 10)));
}

fn push_raw(out: &mut String, value: i64) {
    let _ = write!(out, "{value}");
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        Date32Array, Date64Array, TimestampMicrosecondArray, TimestampNanosecondArray, TimestampSecondArray,
    };

    use super::*;

    fn text(array: impl Array + 'static) -> String {
        let array: ArrayRef = Arc::new(array);
        let mut out = String::new();
        cells(&array).unwrap().text(0, &mut out);
        out
    }

    #[test]
    fn dates_are_iso() {
        assert_eq!(text(Date32Array::from(vec![20_605])), "2026-06-01");
        assert_eq!(text(Date32Array::from(vec![-719_528])), "0000-01-01");
        assert_eq!(text(Date32Array::from(vec![2_932_897])), "+10000-01-01");
        assert_eq!(text(Date32Array::from(vec![i32::MAX])), "2147483647");
        assert_eq!(text(Date64Array::from(vec![86_400_000])), "1970-01-02");
    }

    #[test]
    fn fractions_print_when_there_are_any() {
        assert_eq!(text(TimestampSecondArray::from(vec![0])), "1970-01-01T00:00:00");
        assert_eq!(text(TimestampMicrosecondArray::from(vec![-1])), "1969-12-31T23:59:59.999999");
        assert_eq!(text(TimestampNanosecondArray::from(vec![500_000_000])), "1970-01-01T00:00:00.500");
        assert_eq!(text(TimestampNanosecondArray::from(vec![1])), "1970-01-01T00:00:00.000000001");
        assert_eq!(text(TimestampMicrosecondArray::from(vec![i64::MAX])), "9223372036854775807");
    }

    #[test]
    fn zones_print_as_z_or_offset() {
        let at = |zone: &str| text(TimestampSecondArray::from(vec![1_780_272_000]).with_timezone(zone));
        assert_eq!(at("UTC"), "2026-06-01T00:00:00Z");
        assert_eq!(at("+00:00"), "2026-06-01T00:00:00Z");
        assert_eq!(at("+05:30"), "2026-06-01T05:30:00+05:30");
        assert_eq!(at("-08:00"), "2026-05-31T16:00:00-08:00");
        assert_eq!(at("Nowhere/Land"), "2026-06-01T00:00:00Z");
    }
}
