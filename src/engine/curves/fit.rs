//! `logistic_fit` and `bass_fit`: the curve through the rows of a group.

use std::mem::{size_of, size_of_val};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray};
use arrow::datatypes::{DataType, Field, FieldRef, Float64Type};
use datafusion::common::{Result as DataFusionResult, ScalarValue, not_impl_err, plan_err};
use datafusion::logical_expr::function::{AccumulatorArgs, StateFieldsArgs};
use datafusion::logical_expr::{Accumulator, AggregateUDFImpl, Signature, Volatility};

use super::columns::{days, fields, row, time_type};
use crate::adoption::{Curve, fit};

#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct CurveFit {
    curve: Curve,
    signature: Signature,
}

impl CurveFit {
    pub(super) fn new(curve: Curve) -> Self {
        Self { curve, signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl AggregateUDFImpl for CurveFit {
    fn name(&self) -> &'static str {
        match self.curve {
            Curve::Logistic => "logistic_fit",
            Curve::Bass => "bass_fit",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        match given {
            [time, value] if value.is_numeric() || value.is_null() => {
                if let Some(time) = time_type(time) {
                    return Ok(vec![time, DataType::Float64]);
                }
                plan_err!("{} takes a date, a timestamp or a number first, not {time}", self.name())
            }
            _ => plan_err!("{} takes a time and a number: {}(week, cumulative_adopters)", self.name(), self.name()),
        }
    }

    fn return_type(&self, given: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Struct(fields(self.curve, given.first().unwrap_or(&DataType::Float64))))
    }

    fn accumulator(&self, args: AccumulatorArgs<'_>) -> DataFusionResult<Box<dyn Accumulator>> {
        if args.is_distinct {
            return not_impl_err!("{} of DISTINCT rows: a series has one value at a time", self.name());
        }
        let time = args.expr_fields.first().map_or(DataType::Float64, |field| field.data_type().clone());
        Ok(Box::new(Points { curve: self.curve, time, points: Vec::new() }))
    }

    fn state_fields(&self, args: StateFieldsArgs<'_>) -> DataFusionResult<Vec<FieldRef>> {
        let numbers = |part: &str| {
            let item = Field::new_list_field(DataType::Float64, true);
            Arc::new(Field::new(format!("{}[{part}]", args.name), DataType::List(Arc::new(item)), true))
        };
        Ok(vec![numbers("times"), numbers("values")])
    }
}

/// The rows of a group so far: times in days or numbers, and values.
#[derive(Debug)]
struct Points {
    curve: Curve,
    time: DataType,
    points: Vec<(f64, f64)>,
}

impl Points {
    fn add(&mut self, times: &ArrayRef, values: &ArrayRef) {
        let (times, values) = (times.as_primitive::<Float64Type>(), values.as_primitive::<Float64Type>());
        let both = times.iter().zip(values).filter_map(|(time, value)| Some((time?, value?)));
        self.points.extend(both.filter(|(time, value)| time.is_finite() && value.is_finite()));
    }
}

impl Accumulator for Points {
    fn update_batch(&mut self, values: &[ArrayRef]) -> DataFusionResult<()> {
        if let [times, values] = values {
            let times: ArrayRef = Arc::new(days(times)?);
            self.add(&times, values);
        }
        Ok(())
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> DataFusionResult<()> {
        if let [times, values] = states {
            for (times, values) in times.as_list::<i32>().iter().zip(values.as_list::<i32>().iter()) {
                if let (Some(times), Some(values)) = (times, values) {
                    self.add(&times, &values);
                }
            }
        }
        Ok(())
    }

    fn state(&mut self) -> DataFusionResult<Vec<ScalarValue>> {
        let list = |of: fn(&(f64, f64)) -> f64| {
            let numbers: Vec<ScalarValue> = self.points.iter().map(|point| ScalarValue::from(of(point))).collect();
            ScalarValue::List(ScalarValue::new_list_nullable(&numbers, &DataType::Float64))
        };
        Ok(vec![list(|point| point.0), list(|point| point.1)])
    }

    fn evaluate(&mut self) -> DataFusionResult<ScalarValue> {
        let fitted = fit(&self.points, self.curve);
        Ok(ScalarValue::Struct(Arc::new(row(&fitted, self.points.len(), self.curve, &self.time)?)))
    }

    fn size(&self) -> usize {
        size_of_val(self) + self.points.capacity() * size_of::<(f64, f64)>()
    }
}
