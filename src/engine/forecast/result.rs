//! The columns of the results.

use std::sync::Arc;

use arrow::array::{ArrayRef, Date32Array, RecordBatch, TimestampMicrosecondArray, UInt32Array};
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef, TimeUnit};
use chrono::{DateTime, NaiveDate, NaiveTime};
use datafusion::common::Result as DataFusionResult;

use super::measure::result_type;
use super::panel::{History, Panel};
use super::request::{Kind, Request};

/// The columns of the result for an input of ids, time and data.
pub(super) fn schema(request: &Request, input: &Schema) -> Schema {
    let (ids, last) = input.fields().split_at(input.fields().len().saturating_sub(2));
    let data_type = |at: usize| last.get(at).map_or(DataType::Null, |field: &FieldRef| field.data_type().clone());
    let (time, number) = (data_type(0), result_type(&data_type(1)));
    let kept = ids.iter().enumerate().filter(|(at, _)| request.kept.contains(at));
    let mut fields: Vec<(String, DataType)> = kept.map(|(_, id)| (id.name().clone(), id.data_type().clone())).collect();
    let mut add = |name: &str, data_type: &DataType| fields.push((name.to_owned(), data_type.clone()));
    let quantiles = |add: &mut dyn FnMut(&str, &DataType)| {
        for quantile in &request.quantiles {
            add(&quantile.column, &number);
        }
    };
    match request.kind {
        Kind::Forecast => {
            add("ts", &time);
            add("mean", &number);
            quantiles(&mut add);
            add("method", &DataType::Utf8);
            add("backtest_wape", &DataType::Float64);
            add("backtest_coverage", &DataType::Float64);
            add("n_obs", &DataType::Int64);
            add("note", &DataType::Utf8);
        }
        Kind::Total => {
            add("period", &DataType::Utf8);
            add("period_start", &DataType::Date32);
            add("period_end", &DataType::Date32);
            add("actual", &number);
            add("forecast", &number);
            add("mean", &number);
            quantiles(&mut add);
            add("steps_actual", &DataType::Int64);
            add("steps_forecast", &DataType::Int64);
            add("n_series", &DataType::Int64);
            add("method", &DataType::Utf8);
            add("backtest_wape", &DataType::Float64);
            add("backtest_coverage", &DataType::Float64);
            add("note", &DataType::Utf8);
        }
        Kind::Paths => {
            add("path", &DataType::Int64);
            add("ts", &time);
            add("value", &number);
        }
        Kind::Backtest => {
            add("step", &DataType::Int64);
            add("n_errors", &DataType::Int64);
            add("wape", &DataType::Float64);
            add("bias", &DataType::Float64);
            add("coverage", &DataType::Float64);
        }
    }
    Schema::new(fields.into_iter().map(|(name, data_type)| Field::new(name, data_type, true)).collect::<Vec<_>>())
}

/// A batch of `columns` beside the ids that `kept` names, of the series of each row.
pub(super) fn batch(
    schema: &SchemaRef,
    ids: &[ArrayRef],
    of: Vec<u32>,
    columns: Vec<ArrayRef>,
) -> DataFusionResult<RecordBatch> {
    let of = UInt32Array::from(of);
    let mut all = Vec::with_capacity(ids.len() + columns.len());
    for (array, field) in ids.iter().zip(schema.fields()) {
        all.push(cast(&take(array, &of, None)?, field.data_type())?);
    }
    all.extend(columns);
    Ok(RecordBatch::try_new(Arc::clone(schema), all)?)
}

/// Days as a column of type `data_type`.
pub(super) fn times(days: &[NaiveDate], data_type: &DataType) -> DataFusionResult<ArrayRef> {
    let DataType::Timestamp(_, zone) = data_type else {
        return Ok(cast(&dates(days), data_type)?);
    };
    let micros: TimestampMicrosecondArray =
        days.iter().map(|day| Some(day.and_time(NaiveTime::MIN).and_utc().timestamp_micros())).collect();
    let zoned = DataType::Timestamp(TimeUnit::Microsecond, zone.clone());
    Ok(cast(&micros.with_data_type(zoned), data_type)?)
}

/// Days as a column of dates.
pub(super) fn dates(days: &[NaiveDate]) -> ArrayRef {
    let first = DateTime::UNIX_EPOCH.date_naive();
    let numbers = days.iter().map(|day| i32::try_from(day.signed_duration_since(first).num_days()).ok());
    Arc::new(numbers.collect::<Date32Array>())
}

/// A share with four digits.
pub(super) fn share(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

/// What the reader has to know of a series besides what its forecast says.
pub(super) fn note(history: &History, panel: &Panel, of_forecast: Option<String>) -> Option<String> {
    let unfinished = match (history.unfinished, panel.steps.grain) {
        (0, _) => None,
        (1, grain) => Some(format!("unfinished {grain} left out")),
        (count, grain) => Some(format!("unfinished {grain}s left out: {count}")),
    };
    let notes: Vec<String> = of_forecast.into_iter().chain(unfinished).collect();
    (!notes.is_empty()).then(|| notes.join("; "))
}
