//! The date of a time is worked out once a day.
//!
//! `CAST(time AS DATE)` walks through the calendar for every row, in a tenth of the time of a sum by month. In a projection and in the
//! keys of a GROUP BY it becomes a function that is worked out for the different days of a batch ([`super::repeats`]):
//!
//! ```text
//! before  AggregateExec: mode=Partial, gby=[CAST(date_trunc(month, ChargePeriodStart@1) AS Date32) as month]
//! after   AggregateExec: mode=Partial, gby=[date(date_trunc(month, ChargePeriodStart@1)) as month]
//! ```
//!
//! That is done last: until then a filter sees the cast, and can move it to the other side of a comparison and prune by it.

use std::sync::Arc;

use arrow::array::ArrayRef;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::sort_properties::{ExprProperties, SortProperties};
use datafusion::logical_expr::{
    ColumnarValue, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::expressions::CastExpr;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::aggregates::{AggregateExec, PhysicalGroupBy};
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};
use datafusion::physical_plan::{ExecutionPlan, InputOrderMode};

use super::repeats::once_a_day;

/// Puts [`Date`] in the place of casts from times to dates in projections and keys.
#[derive(Debug)]
pub(super) struct DatesOnceADay;

impl PhysicalOptimizerRule for DatesOnceADay {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let changed = if let Some(projection) = plan.downcast_ref::<ProjectionExec>() {
                projected(projection)?
            } else if let Some(aggregate) = plan.downcast_ref::<AggregateExec>() {
                grouped(aggregate)?
            } else {
                None
            };
            Ok(match changed.filter(|changed| promise_the_same(changed.as_ref(), plan.as_ref())) {
                Some(changed) => Transformed::yes(changed),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "dates_once_a_day"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Whether both give the same columns in the same orders: operators above rely on them.
fn promise_the_same(changed: &dyn ExecutionPlan, before: &dyn ExecutionPlan) -> bool {
    let (changed, before) = (changed.properties(), before.properties());
    let (changed, before) = (changed.equivalence_properties(), before.equivalence_properties());
    changed.schema() == before.schema() && changed.oeq_class() == before.oeq_class()
}

/// The projection without casts from times to dates; `None` when it has none.
fn projected(projection: &ProjectionExec) -> DataFusionResult<Option<Arc<dyn ExecutionPlan>>> {
    let exprs = projection.expr().iter().map(|ProjectionExpr { expr, alias }| (Arc::clone(expr), alias.clone()));
    let Some(exprs) = all_dated(exprs, &projection.input().schema())? else { return Ok(None) };
    let exprs = exprs.into_iter().map(|(expr, alias)| ProjectionExpr { expr, alias });
    Ok(Some(Arc::new(ProjectionExec::try_new(exprs.collect::<Vec<_>>(), Arc::clone(projection.input()))?)))
}

/// The GROUP BY of rows that are not sorted, without casts from times to dates among its keys; `None` when it has none.
fn grouped(aggregate: &AggregateExec) -> DataFusionResult<Option<Arc<dyn ExecutionPlan>>> {
    let (input, keys) = (aggregate.input(), aggregate.group_expr());
    if *aggregate.input_order_mode() != InputOrderMode::Linear {
        return Ok(None);
    }
    let Some(exprs) = all_dated(keys.expr().iter().cloned(), &input.schema())? else { return Ok(None) };
    let keys = PhysicalGroupBy::new(exprs, keys.null_expr().to_vec(), keys.groups().to_vec(), keys.has_grouping_set());
    let changed = AggregateExec::try_new(
        *aggregate.mode(),
        keys,
        aggregate.aggr_expr().to_vec(),
        aggregate.filter_expr().to_vec(),
        Arc::clone(input),
        aggregate.input_schema(),
    )?;
    Ok(Some(Arc::new(changed.with_limit_options(aggregate.limit_options()))))
}

/// An expression and the name of its column.
type Named = (Arc<dyn PhysicalExpr>, String);

/// Expressions over `columns`, with their names, without casts from times to dates; `None` when there are none.
fn all_dated(exprs: impl Iterator<Item = Named>, columns: &Schema) -> DataFusionResult<Option<Vec<Named>>> {
    let mut is_changed = false;
    let mut all = Vec::new();
    for (expr, name) in exprs {
        let expr = expr.transform_up(|expr| dated(expr, columns))?;
        is_changed |= expr.transformed;
        all.push((expr.data, name));
    }
    Ok(is_changed.then_some(all))
}

fn dated(expr: Arc<dyn PhysicalExpr>, columns: &Schema) -> DataFusionResult<Transformed<Arc<dyn PhysicalExpr>>> {
    let Some(cast) = expr.downcast_ref::<CastExpr>() else { return Ok(Transformed::no(expr)) };
    let is_of_a_time = matches!(cast.expr().data_type(columns)?, DataType::Timestamp(_, _));
    if *cast.cast_type() != DataType::Date32 || !is_of_a_time {
        return Ok(Transformed::no(expr));
    }
    let date = Arc::new(once_a_day(ScalarUDF::new_from_impl(Date::default())));
    let call = ScalarFunctionExpr::try_new(date, vec![Arc::clone(cast.expr())], columns, Arc::default())?;
    Ok(Transformed::yes(Arc::new(call)))
}

/// The date of a time, as a cast gives it.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Date {
    signature: Signature,
}

impl Default for Date {
    fn default() -> Self {
        Self { signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Date {
    fn name(&self) -> &'static str {
        "date"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Date32)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        let is_nullable = args.arg_fields.iter().any(|field| field.is_nullable());
        Ok(Arc::new(Field::new(self.name(), DataType::Date32, is_nullable)))
    }

    fn output_ordering(&self, inputs: &[ExprProperties]) -> DataFusionResult<SortProperties> {
        Ok(inputs.first().map_or(SortProperties::Unordered, |time| time.sort_properties))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let [time] = args.args.as_slice() else {
            return Err(DataFusionError::Internal("a date is of one time".to_owned()));
        };
        let times: ArrayRef = time.to_array(args.number_rows)?;
        let options = CastOptions { safe: false, ..CastOptions::default() };
        Ok(ColumnarValue::Array(cast_with_options(&times, &DataType::Date32, &options)?))
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::TimestampMicrosecondArray;
    use arrow::compute::cast;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_date_is_that_of_the_cast(
            about in -8_000_000_000_000_000_i64..8_000_000_000_000_000,
            offsets in prop::collection::vec(prop::option::weighted(0.9, 0..20 * 86_400_000_000_i64), 64..300),
            zone in prop::option::of(prop::sample::select(vec!["UTC", "Asia/Kathmandu", "-08:00"])),
        ) {
            let times = offsets.iter().map(|offset| offset.map(|offset| about + offset));
            let times: ArrayRef = Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone_opt(zone));
            let field = |name: &str, kind: &DataType| Arc::new(Field::new(name, kind.clone(), true));
            let dates = once_a_day(ScalarUDF::new_from_impl(Date::default())).invoke_with_args(ScalarFunctionArgs {
                args: vec![ColumnarValue::Array(Arc::clone(&times))],
                arg_fields: vec![field("time", times.data_type())],
                number_rows: times.len(),
                return_field: field("date", &DataType::Date32),
                config_options: Arc::default(),
            });
            let dates = dates.unwrap().into_array(times.len()).unwrap();
            prop_assert_eq!(&dates, &cast(&times, &DataType::Date32).unwrap());
        }
    }
}
