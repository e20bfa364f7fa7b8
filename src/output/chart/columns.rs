//! The columns that a chart names, found in a result and read as what a picture needs: labels, places and heights.
//!
//! Heights are f64: a picture has a few hundred dots, and its labels four digits. No amount of a chart is ever used as money.

use arrow::array::{ArrayRef, AsArray, RecordBatch};
use arrow::compute::{cast, concat_batches};
use arrow::datatypes::{DataType, Float64Type, Schema, SchemaRef, TimeUnit, TimestampMillisecondType};
use chrono::NaiveDate;

use super::super::cell::{Column, value_type};
use crate::error::{Error, Result, did_you_mean};

const MILLISECONDS_OF_A_DAY: f64 = 86_400_000.0;

/// The whole result, its columns found by name.
pub(super) struct Columns {
    rows: RecordBatch,
}

impl Columns {
    pub(super) fn new(schema: &SchemaRef, batches: &[RecordBatch]) -> Result<Self> {
        let rows = concat_batches(schema, batches)
            .map_err(|cause| Error::internal("the batches of a result do not fit together").because(cause))?;
        Ok(Self { rows })
    }

    pub(super) fn len(&self) -> usize {
        self.rows.num_rows()
    }

    /// Where the column that a chart calls `name` stands.
    pub(super) fn index(&self, name: &str) -> Result<usize> {
        let schema = self.rows.schema_ref();
        find(schema, name).ok_or_else(|| {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let hint = did_you_mean(name, names.iter().copied())
                .unwrap_or_else(|| format!("the columns are {}", names.join(", ")));
            Error::invalid(format!("the chart draws the column `{name}`, which the result does not have")).hint(hint)
        })
    }

    /// The texts of a column; `None` for NULL.
    pub(super) fn texts(&self, index: usize) -> Result<Vec<Option<String>>> {
        let column = Column::new(self.rows.column(index))?;
        let text = |row: usize| {
            let mut text = String::new();
            column.text(row, &mut text);
            (!column.is_null(row)).then_some(text)
        };
        Ok((0..self.len()).map(text).collect())
    }

    /// The numbers of a column; `None` for NULL and for what is not finite.
    pub(super) fn numbers(&self, index: usize) -> Result<Vec<Option<f64>>> {
        let field = self.rows.schema_ref().field(index).clone();
        let type_of_values = value_type(field.data_type());
        if !type_of_values.is_numeric() && !type_of_values.is_null() {
            return Err(Error::invalid(format!(
                "a chart cannot draw the column `{}`: it holds no numbers",
                field.name()
            ))
            .with("type", field.data_type().to_string()));
        }
        let numbers = self.cast(index, &DataType::Float64)?;
        let numbers = numbers.as_primitive::<Float64Type>();
        Ok(numbers.iter().map(|number| number.filter(|number| number.is_finite())).collect())
    }

    /// The truth values of a column; NULL is false.
    pub(super) fn flags(&self, index: usize) -> Result<Vec<bool>> {
        let flags = self.cast(index, &DataType::Boolean)?;
        Ok(flags.as_boolean().iter().map(|flag| flag == Some(true)).collect())
    }

    /// The times of a column, in days since 1970; `None` when it holds something else.
    pub(super) fn days(&self, index: usize) -> Result<Option<Vec<Option<f64>>>> {
        let data_type = value_type(self.rows.schema_ref().field(index).data_type()).clone();
        if is_day(&data_type) {
            let instants = self.cast(index, &DataType::Timestamp(TimeUnit::Millisecond, None))?;
            let instants = instants.as_primitive::<TimestampMillisecondType>();
            return Ok(Some(instants.iter().map(|instant| instant.map(days_of_milliseconds)).collect()));
        }
        if !is_text(&data_type) {
            return Ok(None);
        }
        let texts = self.texts(index)?;
        let days: Vec<Option<f64>> = texts.iter().map(|text| text.as_deref().and_then(day_of_text)).collect();
        let is_time = texts.iter().zip(&days).all(|(text, day)| text.is_none() || day.is_some());
        Ok((is_time && days.iter().any(Option::is_some)).then_some(days))
    }

    pub(super) fn schema(&self) -> &Schema {
        self.rows.schema_ref()
    }

    fn cast(&self, index: usize, wanted: &DataType) -> Result<ArrayRef> {
        let (field, values) = (self.rows.schema_ref().field(index), self.rows.column(index));
        cast(values, wanted).map_err(|cause| {
            Error::invalid(format!("a chart cannot draw the column `{}`", field.name()))
                .with("type", field.data_type().to_string())
                .because(cause)
        })
    }
}

/// Where the column `name`, which may stand in double quotes, is found in any letter case.
pub(super) fn find(schema: &Schema, name: &str) -> Option<usize> {
    let bare = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
    let name = bare.map_or_else(|| name.to_owned(), |bare| bare.replace("\"\"", "\""));
    schema.fields().iter().position(|field| field.name().eq_ignore_ascii_case(&name))
}

/// Whether values of the type are days or instants.
pub(super) fn is_day(data_type: &DataType) -> bool {
    matches!(value_type(data_type), DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _))
}

/// Whether values of the type are text.
pub(super) fn is_text(data_type: &DataType) -> bool {
    matches!(value_type(data_type), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

#[expect(clippy::cast_precision_loss, reason = "a place on an axis")]
fn days_of_milliseconds(milliseconds: i64) -> f64 {
    milliseconds as f64 / MILLISECONDS_OF_A_DAY
}

/// The first day of a date or a month written as such: `2026-05-01`, `2026-05`.
fn day_of_text(text: &str) -> Option<f64> {
    let date = match text.len() {
        7 => format!("{text}-01").parse::<NaiveDate>().ok()?,
        10 => text.parse().ok()?,
        _ => return None,
    };
    Some(days_of_milliseconds(date.and_time(chrono::NaiveTime::MIN).and_utc().timestamp_millis()))
}
