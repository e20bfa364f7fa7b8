//! The rows of the input: their times and numbers, and their order by series and time.

use std::ops::Range;

use arrow::array::{Array, ArrayRef, AsArray};
use arrow::compute::{CastOptions, cast, cast_with_options};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type, TimeUnit, TimestampMicrosecondType};
use arrow::row::{RowConverter, Rows, SortField};
use arrow::util::display::{ArrayFormatter, FormatOptions};
use chrono::{DateTime, NaiveDate};
use datafusion::common::{DataFusionError, Result as DataFusionResult};

use super::measure::result_type;
use crate::error::{Error, Result};

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// The numbers of the data column.
pub(super) struct Data {
    /// NaN where they are missing.
    pub(super) values: Vec<f64>,
    /// In units of 10^-18; empty when they are not decimal.
    pub(super) exact: Vec<i128>,
}

impl Data {
    pub(super) fn new(column: &ArrayRef) -> DataFusionResult<Self> {
        let strict = CastOptions { safe: false, ..CastOptions::default() };
        let exact = match result_type(column.data_type()) {
            DataType::Float64 => Vec::new(),
            decimal => {
                let array = cast_with_options(column, &decimal, &strict)?;
                array.as_primitive::<Decimal128Type>().iter().map(Option::unwrap_or_default).collect()
            }
        };
        let floats = cast_with_options(column, &DataType::Float64, &strict)?;
        let values = floats.as_primitive::<Float64Type>().iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        Ok(Self { values, exact })
    }
}

/// The order of rows by ids and step.
pub(super) struct Sorted {
    pub(super) order: Vec<u32>,
    /// None without ids.
    ids: Option<Rows>,
}

impl Sorted {
    pub(super) fn new(ids: &[ArrayRef], points: &[i64]) -> DataFusionResult<Self> {
        let count = u32::try_from(points.len())
            .map_err(|_| DataFusionError::ResourcesExhausted("more rows than a forecast can take".to_owned()))?;
        let mut order: Vec<u32> = (0..count).collect();
        if ids.is_empty() {
            order.sort_by_key(|row| points[*row as usize]);
            return Ok(Self { order, ids: None });
        }
        let fields = ids.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(ids)?;
        order.sort_by(|a, b| {
            let (a, b) = (*a as usize, *b as usize);
            rows.row(a).cmp(&rows.row(b)).then(points[a].cmp(&points[b]))
        });
        Ok(Self { order, ids: Some(rows) })
    }

    /// Places in the order that belong to one series.
    pub(super) fn groups(&self) -> Vec<Range<usize>> {
        let mut groups: Vec<Range<usize>> = Vec::new();
        let id = |at: usize| self.ids.as_ref().map(|rows| rows.row(self.order[at] as usize));
        for at in 0..self.order.len() {
            match groups.last_mut() {
                Some(group) if id(group.start) == id(at) => group.end = at + 1,
                _ => groups.push(at..at + 1),
            }
        }
        groups
    }
}

/// The days of a column of times.
///
/// # Errors
/// [`crate::ErrorKind::Data`] for times that are missing or no start of a day.
pub(super) fn days(times: &ArrayRef) -> Result<Vec<NaiveDate>> {
    let unit = match times.data_type() {
        DataType::Timestamp(_, zone) => DataType::Timestamp(TimeUnit::Microsecond, zone.clone()),
        _ => DataType::Timestamp(TimeUnit::Microsecond, None),
    };
    let micros = cast(times, &unit).map_err(|cause| Error::data("times cannot be read").because(cause))?;
    let micros = micros.as_primitive::<TimestampMicrosecondType>();
    micros
        .iter()
        .map(|time| {
            let time = time
                .ok_or_else(|| Error::data("a row has no time").hint("leave such rows out: `where ... is not null`"))?;
            let moment = DateTime::from_timestamp_micros(time);
            match moment {
                Some(moment) if time % DAY == 0 => Ok(moment.date_naive()),
                Some(moment) => Err(Error::data(format!("{} is no start of a day", moment.naive_utc()))
                    .hint("group by date_trunc('day', ...) or a longer period")),
                None => Err(Error::data("a time lies outside the calendar")),
            }
        })
        .collect()
}

/// The ids of each series as people read them.
pub(super) fn labels(names: &[&str], ids: &[ArrayRef]) -> DataFusionResult<Vec<String>> {
    let options = FormatOptions::default().with_null("NULL");
    let columns = ids.iter().map(|array| ArrayFormatter::try_new(array, &options)).collect::<Result<Vec<_>, _>>()?;
    let series = ids.first().map_or(1, Array::len);
    let label = |row: usize| {
        let parts: Vec<String> =
            names.iter().zip(&columns).map(|(name, column)| format!("{name}={}", column.value(row))).collect();
        parts.join(", ")
    };
    Ok((0..series).map(label).collect())
}
