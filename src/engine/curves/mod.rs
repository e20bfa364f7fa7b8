//! SQL functions of adoption curves.
//!
//! The aggregates `logistic_fit(time, cumulative)` and `bass_fit(time, cumulative)` fit a curve to the rows of a group, in any
//! order, and give a struct; `fit['saturation']` is a field of it. `time` is a date, a timestamp or a number; rates are by day
//! or by unit of the number, and times of the fit are of the kind of `time`. Intervals hold 95 %. What a series does not carry
//! is NULL, and `note` says why. `curve_at(fit, time)` is the value of the curve at a time, NULL without a saturation.

mod at;
mod columns;
mod fit;

use std::sync::Arc;

use datafusion::common::Result as DataFusionResult;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF};

use crate::adoption::Curve;

/// Makes the functions known.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
    for curve in [Curve::Logistic, Curve::Bass] {
        registry.register_udaf(Arc::new(AggregateUDF::new_from_impl(fit::CurveFit::new(curve))))?;
    }
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(at::CurveAt::new())))?;
    Ok(())
}
