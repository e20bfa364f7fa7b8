//! The fields of a fit in SQL, and times as days.

use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, Float64Array, Int64Array, StringArray, StructArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Fields, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType};
use datafusion::common::Result as DataFusionResult;

use crate::adoption::{Curve, Estimate, Fit, Refusal};

const MICROSECONDS_OF_A_DAY: f64 = 86_400_000_000.0;

/// How times of a series are given: as microseconds, or as numbers.
pub(super) fn time_type(given: &DataType) -> Option<DataType> {
    match given {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, None) => {
            Some(DataType::Timestamp(TimeUnit::Microsecond, None))
        }
        DataType::Timestamp(_, Some(zone)) => Some(DataType::Timestamp(TimeUnit::Microsecond, Some(Arc::clone(zone)))),
        given if given.is_numeric() || given.is_null() => Some(DataType::Float64),
        _ => None,
    }
}

/// Times in days since 1970, or the numbers.
pub(super) fn days(times: &ArrayRef) -> DataFusionResult<Float64Array> {
    if times.data_type().is_numeric() {
        return Ok(cast(times, &DataType::Float64)?.as_primitive::<Float64Type>().clone());
    }
    let times = cast(times, &DataType::Int64)?;
    let days = times.as_primitive::<Int64Type>().unary::<_, Float64Type>(|time| whole(time) / MICROSECONDS_OF_A_DAY);
    Ok(days)
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of three centuries are exact")]
fn whole(time: i64) -> f64 {
    time as f64
}

/// A time of a fit, by the microsecond; none outside of what a timestamp holds.
#[expect(clippy::cast_possible_truncation, reason = "within the bounds checked")]
fn microseconds(days: f64) -> Option<i64> {
    let time = (days * MICROSECONDS_OF_A_DAY).round();
    // The years of a calendar that every reader has.
    (-6e16..=2.5e17).contains(&time).then_some(time as i64)
}

/// The fields of a fit of `curve` over times of a type.
pub(super) fn fields(curve: Curve, time: &DataType) -> Fields {
    let number = |name: &str| Field::new(name, DataType::Float64, true);
    let of_time = |name: &str| Field::new(name, time.clone(), true);
    let mut fields = vec![number("saturation"), number("saturation_low"), number("saturation_high")];
    fields.extend([of_time("half_time"), of_time("half_time_low"), of_time("half_time_high")]);
    fields.extend(match curve {
        Curve::Logistic => vec![number("rate"), number("rate_low"), number("rate_high")],
        Curve::Bass => ["p", "p_low", "p_high", "q", "q_low", "q_high"]
            .map(number)
            .into_iter()
            .chain([of_time("launch")])
            .collect(),
    });
    fields.extend([number("r2"), number("rmse"), number("aic"), Field::new("n_obs", DataType::Int64, true)]);
    fields.push(Field::new("note", DataType::Utf8, true));
    Fields::from(fields)
}

/// A fit, or why there is none, as one row of `fields`.
pub(super) fn row(
    fit: &Result<Fit, Refusal>,
    n_obs: usize,
    curve: Curve,
    time: &DataType,
) -> DataFusionResult<StructArray> {
    let found = fit.as_ref().ok();
    let estimate = |of: fn(&Fit) -> Option<Estimate>| {
        let estimate = found.and_then(of);
        [estimate.map(|e| e.value), estimate.and_then(|e| e.low), estimate.and_then(|e| e.high)]
    };
    let numbers = |values: [Option<f64>; 3]| values.map(number);
    let of_time = |value: Option<f64>| time_of(value, time);
    let mut columns: Vec<ArrayRef> = numbers(estimate(|fit| fit.saturation)).into();
    for value in estimate(|fit| fit.half_time) {
        columns.push(of_time(value)?);
    }
    match curve {
        Curve::Logistic => columns.extend(numbers(estimate(|fit| fit.rate))),
        Curve::Bass => {
            columns.extend(numbers(estimate(|fit| fit.innovation)));
            columns.extend(numbers(estimate(|fit| fit.imitation)));
            columns.push(of_time(found.and_then(|fit| fit.launch))?);
        }
    }
    columns.extend([
        number(found.map(|fit| fit.r2)),
        number(found.map(|fit| fit.rmse)),
        number(found.map(|fit| fit.aic)),
    ]);
    columns.push(Arc::new(Int64Array::from(vec![i64::try_from(n_obs).unwrap_or(i64::MAX)])));
    let note = fit.as_ref().map_or_else(|refusal| Some(refusal.to_string()), |fit| fit.note.clone());
    columns.push(Arc::new(StringArray::from(vec![note])));
    Ok(StructArray::try_new(fields(curve, time), columns, None)?)
}

fn number(value: Option<f64>) -> ArrayRef {
    Arc::new(Float64Array::from(vec![value]))
}

fn time_of(value: Option<f64>, time: &DataType) -> DataFusionResult<ArrayRef> {
    if *time == DataType::Float64 {
        return Ok(number(value));
    }
    let time_array: ArrayRef =
        Arc::new(Int64Array::from(vec![value.and_then(microseconds)]).reinterpret_cast::<TimestampMicrosecondType>());
    Ok(cast(&time_array, time)?)
}
