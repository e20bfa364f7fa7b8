//! The sheet of the result itself: one typed column a column.

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMillisecondType};
use rust_xlsxwriter::{Format, Worksheet};

use super::super::cell::{Column, value_type};
use super::super::measure::is_decimal;
use super::super::objects::distinct_names;
use super::cells::{AMOUNT, WHOLE, column_number, head, number, row_number, set_width, write_text};
use super::{DATA, failed};
use crate::error::{Error, Result};

/// Digits of a number that Excel keeps (specification of Excel).
const DIGITS: usize = 15;
/// Rows that a column's width is measured by.
const MEASURED_ROWS: usize = 1_000;

const MILLISECONDS_OF_A_DAY: i64 = 86_400_000;
/// The day 0 of Excel, 1899-12-30, before 1970-01-01. Days before 1900-03-01 do not count right there.
const DAYS_BEFORE_1970: f64 = 25_569.0;
const FIRST_DAY: f64 = 61.0;
/// The day after 9999-12-31.
const END_OF_DAYS: f64 = 2_958_466.0;

/// What was not exact: numbers of each column that have more digits than Excel keeps.
pub(super) type Rounded = Vec<(String, u64)>;

/// The columns of a result, ready to be written.
pub(super) struct Data {
    names: Vec<String>,
    columns: Vec<(Kind, Column, ArrayRef)>,
    rows: usize,
}

/// How a column is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Whole,
    Amount,
    Float,
    Flag,
    Day,
    Instant,
    Text,
}

impl Kind {
    fn of(data_type: &DataType) -> Self {
        match value_type(data_type) {
            DataType::Boolean => Self::Flag,
            DataType::Date32 | DataType::Date64 => Self::Day,
            DataType::Timestamp(_, _) => Self::Instant,
            other if other.is_integer() => Self::Whole,
            other if other.is_floating() => Self::Float,
            other if is_decimal(other) => Self::Amount,
            _ => Self::Text,
        }
    }

    fn format(self) -> Format {
        match self {
            Self::Whole => number(WHOLE),
            Self::Amount => number(AMOUNT),
            Self::Day => number("yyyy-mm-dd"),
            Self::Instant => number("yyyy-mm-dd hh:mm:ss"),
            Self::Float | Self::Flag | Self::Text => Format::new(),
        }
    }
}

impl Data {
    pub(super) fn new(rows: &RecordBatch) -> Result<Self> {
        let column = |array: &ArrayRef| {
            let kind = Kind::of(array.data_type());
            let values =
                if matches!(kind, Kind::Day | Kind::Instant) { milliseconds(array)? } else { ArrayRef::clone(array) };
            Ok((kind, Column::new(array)?, values))
        };
        let columns = rows.columns().iter().map(column).collect::<Result<Vec<_>>>()?;
        Ok(Self { names: distinct_names(rows.schema_ref()), columns, rows: rows.num_rows() })
    }

    /// Writes the sheet and says what it could not hold exactly.
    pub(super) fn write(&self, sheet: &mut Worksheet) -> Result<Rounded> {
        sheet.set_name(DATA).map_err(failed)?;
        let mut rounded = Rounded::new();
        for (index, (name, (kind, column, values))) in self.names.iter().zip(&self.columns).enumerate() {
            let at = column_number(index)?;
            write_text(sheet, 0, at, name, &head())?;
            let format = kind.format();
            let (mut widest, mut inexact) = (name.chars().count() + 2, 0);
            let mut text = String::new();
            for row in (0..self.rows).filter(|row| !column.is_null(*row)) {
                text.clear();
                column.text(row, &mut text);
                let cell = Cell { kind: *kind, text: &text, values, row };
                inexact += u64::from(cell.write(sheet, row_number(row + 1)?, at, &format)?);
                if row < MEASURED_ROWS {
                    widest = widest.max(cell.width());
                }
            }
            set_width(sheet, at, widest)?;
            if inexact > 0 {
                rounded.push((name.clone(), inexact));
            }
        }
        sheet.set_freeze_panes(1, 0).map_err(failed)?;
        if let Some(last) = self.names.len().checked_sub(1) {
            sheet.autofilter(0, 0, row_number(self.rows)?, column_number(last)?).map_err(failed)?;
        }
        Ok(rounded)
    }
}

/// One value.
struct Cell<'c> {
    kind: Kind,
    text: &'c str,
    values: &'c ArrayRef,
    row: usize,
}

impl Cell<'_> {
    /// Writes the value and says whether it was rounded.
    fn write(&self, sheet: &mut Worksheet, row: u32, column: u16, format: &Format) -> Result<bool> {
        let number = match self.kind {
            Kind::Flag => {
                return sheet.write_boolean(row, column, self.text == "true").map(|_| false).map_err(failed);
            }
            Kind::Text => None,
            Kind::Day | Kind::Instant => self.serial_day(),
            // An identifier of twenty digits would change: it is written as text.
            Kind::Whole if digits(self.text) > DIGITS => None,
            Kind::Whole | Kind::Amount | Kind::Float => {
                self.text.parse::<f64>().ok().filter(|number| number.is_finite())
            }
        };
        match number {
            Some(number) => {
                sheet.write_number_with_format(row, column, number, format).map_err(failed)?;
                Ok(self.kind == Kind::Amount && digits(self.text) > DIGITS)
            }
            None => write_text(sheet, row, column, self.text, &Format::new()).map(|()| false),
        }
    }

    fn serial_day(&self) -> Option<f64> {
        let milliseconds = self.values.as_primitive::<TimestampMillisecondType>().value(self.row);
        let day = days(milliseconds) + DAYS_BEFORE_1970;
        (FIRST_DAY..END_OF_DAYS).contains(&day).then_some(day)
    }

    fn width(&self) -> usize {
        match self.kind {
            Kind::Amount => self.text.chars().count().min(20),
            _ => self.text.lines().next().map_or(0, |line| line.chars().count()),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "milliseconds of the calendar, below 2^53")]
fn days(milliseconds: i64) -> f64 {
    let day = milliseconds.div_euclid(MILLISECONDS_OF_A_DAY);
    let rest = milliseconds.rem_euclid(MILLISECONDS_OF_A_DAY);
    day as f64 + rest as f64 / MILLISECONDS_OF_A_DAY as f64
}

fn milliseconds(array: &ArrayRef) -> Result<ArrayRef> {
    cast(array, &DataType::Timestamp(TimeUnit::Millisecond, None)).map_err(|cause| {
        Error::invalid("a time that Excel cannot hold").hint("cast the column to text in the query").because(cause)
    })
}

/// Digits that say something: without the sign, the point and zeros at either end.
pub(super) fn digits(text: &str) -> usize {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let whole = digits.trim_start_matches('0');
    if text.contains('.') { whole.trim_end_matches('0').len() } else { whole.len() }
}
