//! `curve_at`: the value of a fitted curve at a time.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Float64Array};
use arrow::datatypes::{DataType, Float64Type};
use datafusion::common::{Result as DataFusionResult, exec_err, plan_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::columns::{days, fields, time_type};
use crate::adoption::{Curve, Shape};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CurveAt {
    signature: Signature,
}

impl CurveAt {
    pub(super) fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for CurveAt {
    fn name(&self) -> &'static str {
        "curve_at"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let [fit, time] = given else { return plan_err!("curve_at takes a fit and a time: curve_at(fit, week)") };
        let Some((_, of_fit)) = kind(fit) else {
            return plan_err!("curve_at takes a result of logistic_fit or bass_fit first");
        };
        let is_time = |time: &DataType| *time != DataType::Float64;
        match time_type(time) {
            Some(_) if time.is_null() => Ok(vec![fit.clone(), of_fit]),
            Some(time) if is_time(&time) == is_time(&of_fit) => Ok(vec![fit.clone(), of_fit]),
            _ => plan_err!("curve_at takes a time of the kind that the fit was given"),
        }
    }

    fn return_type(&self, _given: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Float64)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let [fit, time] = arrays.as_slice() else { return exec_err!("curve_at takes a fit and a time") };
        let Some((curve, _)) = kind(fit.data_type()) else { return exec_err!("curve_at takes a fit") };
        let fit = fit.as_struct();
        let column = |name: &str| {
            let column = fit.column_by_name(name).map(|column| {
                if column.data_type().is_numeric() {
                    Ok(Arc::clone(column))
                } else {
                    days(column).map(|days| Arc::new(days) as ArrayRef)
                }
            });
            column.unwrap_or_else(|| exec_err!("a fit has no field `{name}`"))
        };
        let names: [&str; 4] = match curve {
            Curve::Logistic => ["saturation", "half_time", "rate", "rate"],
            Curve::Bass => ["saturation", "launch", "p", "q"],
        };
        let [saturation, origin, first, second] = names.map(column);
        let (saturation, origin, first, second) = (saturation?, origin?, first?, second?);
        let at = |column: &ArrayRef, row: usize| {
            let column = column.as_primitive::<Float64Type>();
            column.is_valid(row).then(|| column.value(row))
        };
        let times: ArrayRef = Arc::new(days(time)?);
        let value = |row: usize| {
            let since = at(&times, row)? - at(&origin, row)?;
            let shape = match curve {
                Curve::Logistic => Shape::Logistic { half: 0.0, rate: at(&first, row)? },
                Curve::Bass => Shape::Bass { innovation: at(&first, row)?, imitation: at(&second, row)? },
            };
            let value = at(&saturation, row)? * shape.reached(since);
            value.is_finite().then_some(value)
        };
        let values: Float64Array =
            (0..args.number_rows).map(|row| if fit.is_valid(row) { value(row) } else { None }).collect();
        Ok(ColumnarValue::Array(Arc::new(values)))
    }
}

/// The curve of a struct and the type of its times; none when it is no fit.
fn kind(fit: &DataType) -> Option<(Curve, DataType)> {
    let DataType::Struct(given) = fit else { return None };
    let (_, half) = given.find("half_time")?;
    let time = half.data_type().clone();
    let names = |fields: &arrow::datatypes::Fields| fields.iter().map(|field| field.name().clone()).collect::<Vec<_>>();
    let curve =
        [Curve::Logistic, Curve::Bass].into_iter().find(|curve| names(&fields(*curve, &time)) == names(given))?;
    Some((curve, time))
}
