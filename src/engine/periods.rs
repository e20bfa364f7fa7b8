//! The day, week, month, quarter or year of a time, and comparisons of it as ranges of the time.
//!
//! Views call the month of a charge `month`, and people ask for one of them. The bounds of files and pages say nothing of months,
//! of times they do; and to compare two numbers costs less than to walk through the calendar:
//!
//! ```text
//! before  CAST(date_trunc('month', ChargePeriodStart) AS DATE) = 2026-06-01
//! after   ChargePeriodStart >= 2026-06-01T00:00 AND ChargePeriodStart < 2026-07-01T00:00
//! ```
//!
//! Only times without a zone have periods here: those of a zone depend on its rules. A time beyond the years that `date_trunc` takes
//! (1677 to 2262) is compared instead of refused.

use arrow::datatypes::{DataType, TimeUnit};
use arrow::temporal_conversions as time_of;
use chrono::{NaiveDate, NaiveDateTime, NaiveTime};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{DFSchema, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::{InList, ScalarFunction};
use datafusion::logical_expr::utils::{conjunction, disjunction};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, ExprSchemable, Filter, LogicalPlan, Operator, lit};
use datafusion::optimizer::{ApplyOrder, OptimizerConfig, OptimizerRule};

use crate::units::{FiscalCalendar, Grain};

/// Longer lists stay lists: to look a value up in one costs less than so many ranges.
const LONGEST_LIST: usize = 20;

/// Puts ranges of times in the place of comparisons of their periods in filters.
#[derive(Debug)]
pub(super) struct TimeRanges;

impl OptimizerRule for TimeRanges {
    fn name(&self) -> &'static str {
        "time_ranges"
    }

    fn apply_order(&self) -> Option<ApplyOrder> {
        Some(ApplyOrder::TopDown)
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> DataFusionResult<Transformed<LogicalPlan>> {
        let LogicalPlan::Filter(Filter { predicate, input, .. }) = plan else { return Ok(Transformed::no(plan)) };
        let predicate = ranged(predicate, input.schema())?;
        let filter = Filter::try_new(predicate.data, input)?;
        Ok(Transformed::new(LogicalPlan::Filter(filter), predicate.transformed, predicate.tnr))
    }
}

/// `condition`, simplified and over the columns of `schema`, with ranges of times in the place of comparisons of their periods with
/// constants.
///
/// # Errors
/// None of its own.
pub(super) fn ranged(condition: Expr, schema: &DFSchema) -> DataFusionResult<Transformed<Expr>> {
    condition.transform_down(|expr| {
        Ok(match range(&expr, schema) {
            Some(range) => Transformed::yes(range),
            None => Transformed::no(expr),
        })
    })
}

fn range(condition: &Expr, schema: &DFSchema) -> Option<Expr> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
            let swapped = || compared(right, op.swap()?, left, schema);
            compared(left, *op, right, schema).or_else(swapped)
        }
        Expr::InList(InList { expr, list, negated }) if list.len() <= LONGEST_LIST => {
            let op = if *negated { Operator::NotEq } else { Operator::Eq };
            let ranges = list.iter().map(|constant| compared(expr, op, constant, schema));
            let ranges = ranges.collect::<Option<Vec<_>>>()?;
            if *negated { conjunction(ranges) } else { disjunction(ranges) }
        }
        _ => None,
    }
}

/// `period op constant` as a comparison of the time.
fn compared(period: &Expr, op: Operator, constant: &Expr, schema: &DFSchema) -> Option<Expr> {
    let (time, grain) = period_of(period)?;
    let Ok(DataType::Timestamp(unit, None)) = time.get_type(schema) else { return None };
    let Expr::Literal(constant, _) = constant else { return None };
    if time.is_volatile() {
        return None;
    }
    let constant = instant(constant)?;
    let period = FiscalCalendar::default().containing(grain, constant.date()).ok()?;
    // The times whose period starts at the constant: none, when no period does.
    let is_start = constant == period.start.and_time(NaiveTime::MIN);
    let (first, after) = (if is_start { period.start } else { period.end }, period.end);
    let (first, after) = (lit(midnight(first, unit)?), lit(midnight(after, unit)?));
    let time = time.clone();
    match op {
        Operator::Lt => Some(time.lt(first)),
        Operator::GtEq => Some(time.gt_eq(first)),
        Operator::Gt => Some(time.gt_eq(after)),
        Operator::LtEq => Some(time.lt(after)),
        Operator::Eq => Some(time.clone().gt_eq(first).and(time.lt(after))),
        Operator::NotEq => Some(time.clone().lt(first).or(time.gt_eq(after))),
        _ => None,
    }
}

fn instant(constant: &ScalarValue) -> Option<NaiveDateTime> {
    match constant {
        ScalarValue::Date32(Some(days)) => time_of::date32_to_datetime(*days),
        ScalarValue::TimestampSecond(Some(ticks), None) => time_of::timestamp_s_to_datetime(*ticks),
        ScalarValue::TimestampMillisecond(Some(ticks), None) => time_of::timestamp_ms_to_datetime(*ticks),
        ScalarValue::TimestampMicrosecond(Some(ticks), None) => time_of::timestamp_us_to_datetime(*ticks),
        ScalarValue::TimestampNanosecond(Some(ticks), None) => time_of::timestamp_ns_to_datetime(*ticks),
        _ => None,
    }
}

/// The start of a day; `None` when times of this `unit` do not reach it.
fn midnight(day: NaiveDate, unit: TimeUnit) -> Option<ScalarValue> {
    let seconds = day.and_time(NaiveTime::MIN).and_utc().timestamp();
    let ticks = |a_second: i64| seconds.checked_mul(a_second).map(Some);
    Some(match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(ticks(1)?, None),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(ticks(1_000)?, None),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(ticks(1_000_000)?, None),
        TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(ticks(1_000_000_000)?, None),
    })
}

/// The time and the grain of an expression that gives the start of the day, month or so of a time: `CAST(t AS DATE)`,
/// `date_trunc('month', t)`, and those on top of each other.
pub(super) fn period_of(expr: &Expr) -> Option<(&Expr, Grain)> {
    match expr {
        Expr::Cast(Cast { expr, field }) => match field.data_type() {
            DataType::Date32 => period_of(expr).or(Some((expr, Grain::Day))),
            DataType::Timestamp(_, None) => period_of(expr),
            _ => None,
        },
        Expr::ScalarFunction(call) => {
            let (unit, inner) = truncation(call)?;
            let finer = period_of(inner).filter(|(_, grain)| tells(*grain, unit));
            Some(finer.map_or((inner, unit), |(time, _)| (time, unit)))
        }
        _ => None,
    }
}

/// The unit and the time of a call of `date_trunc` by whole days.
pub(super) fn truncation(call: &ScalarFunction) -> Option<(Grain, &Expr)> {
    let [Expr::Literal(unit, _), time] = call.args.as_slice() else { return None };
    let is_truncation = call.func.name() == "date_trunc";
    let unit = unit.try_as_str().flatten().filter(|_| is_truncation)?;
    unit.to_ascii_lowercase().parse().ok().map(|unit| (unit, time))
}

/// Whether the start of the `fine` period of a time tells that of its `coarse` one. Quarters and years are those of the calendar:
/// `date_trunc` knows no others.
pub(super) fn tells(fine: Grain, coarse: Grain) -> bool {
    match fine {
        Grain::Day => true,
        Grain::Week => coarse == Grain::Week,
        Grain::Month => matches!(coarse, Grain::Month | Grain::Quarter | Grain::Year),
        Grain::Quarter => matches!(coarse, Grain::Quarter | Grain::Year),
        Grain::Year => coarse == Grain::Year,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, RecordBatch, TimestampMicrosecondArray};
    use arrow::datatypes::{Field, Schema};
    use datafusion::common::tree_node::TransformedResult;
    use datafusion::functions::expr_fn::date_trunc;
    use datafusion::logical_expr::execution_props::ExecutionProps;
    use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
    use datafusion::logical_expr::simplify::SimplifyContext;
    use datafusion::logical_expr::{binary_expr, cast, col, in_list};
    use datafusion::optimizer::simplify_expressions::ExprSimplifier;
    use datafusion::physical_expr::create_physical_expr;
    use proptest::prelude::*;

    use super::*;

    const DAY_MICROS: i64 = 24 * 60 * 60 * 1_000_000;

    fn schema(unit: TimeUnit, zone: Option<&str>) -> DFSchema {
        let time = Field::new("t", DataType::Timestamp(unit, zone.map(Into::into)), true);
        DFSchema::try_from(Schema::new(vec![time])).unwrap()
    }

    /// What SQL writes as a comparison, coerced and simplified.
    fn simplified(condition: Expr, schema: &DFSchema) -> Expr {
        let schema = Arc::new(schema.clone());
        let simplifier = ExprSimplifier::new(SimplifyContext::builder().with_schema(Arc::clone(&schema)).build());
        simplifier.simplify(simplifier.coerce(condition, &schema).unwrap()).unwrap()
    }

    fn value(condition: &Expr, schema: &DFSchema, times: &ArrayRef) -> ArrayRef {
        let (properties, planning) = (ExecutionProps::new(), PhysicalPlanningContext::default());
        let condition = create_physical_expr(condition, schema, &properties, &planning).unwrap();
        let rows = RecordBatch::try_new(Arc::new(schema.as_arrow().clone()), vec![Arc::clone(times)]).unwrap();
        condition.evaluate(&rows).unwrap().into_array(rows.num_rows()).unwrap()
    }

    fn is_ranged(condition: Expr, schema: &DFSchema) -> bool {
        ranged(simplified(condition, schema), schema).unwrap().transformed
    }

    proptest! {
        #[test]
        fn a_range_is_what_the_comparison_says(
            offsets in prop::collection::vec(prop::option::weighted(0.9, 0..800 * DAY_MICROS), 1..60),
            day in 0i32..800,
            micros in prop::sample::select(vec![0, 0, 1, 12 * 60 * 60 * 1_000_000]),
            grain in prop::sample::select(Grain::ALL.to_vec()),
            op in prop::sample::select(vec![
                Operator::Lt, Operator::LtEq, Operator::Gt, Operator::GtEq, Operator::Eq, Operator::NotEq,
            ]),
            unit in prop::sample::select(vec![TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond]),
            as_date: bool,
            twisted: bool,
        ) {
            const FIRST_DAY: i32 = 20_000;
            let schema = schema(unit, None);
            let first = i64::from(FIRST_DAY) * DAY_MICROS;
            // Half of the times are midnights, where ranges begin and end.
            let spread = |(at, offset): (usize, &Option<i64>)| {
                offset.map(|offset| first + if at % 2 == 0 { offset } else { offset - offset % DAY_MICROS })
            };
            let times: ArrayRef =
                Arc::new(offsets.iter().enumerate().map(spread).collect::<TimestampMicrosecondArray>());
            let times = arrow::compute::cast(&times, schema.field(0).data_type()).unwrap();
            let start = date_trunc(lit(grain.name()), col("t"));
            let (period, constant) = if as_date {
                (cast(start, DataType::Date32), ScalarValue::Date32(Some(FIRST_DAY + day)))
            } else {
                let at = first + i64::from(day) * DAY_MICROS + micros;
                (start, ScalarValue::TimestampMicrosecond(Some(at), None))
            };
            let (left, op, right) =
                if twisted { (lit(constant), op.swap().unwrap(), period) } else { (period, op, lit(constant)) };
            let condition = simplified(binary_expr(left, op, right), &schema);
            let range = ranged(condition.clone(), &schema).unwrap();
            prop_assert!(range.transformed, "{condition}");
            prop_assert!(!range.data.to_string().contains("date_trunc"), "{}", range.data);
            prop_assert_eq!(&value(&range.data, &schema, &times), &value(&condition, &schema, &times));
        }
    }

    #[test]
    fn lists_and_days_are_ranges() {
        let schema = schema(TimeUnit::Microsecond, None);
        let days: Vec<i32> = vec![20_000, 20_001, 20_003, 20_010, 20_011];
        let times: ArrayRef = Arc::new(
            (19_999..20_013)
                .flat_map(|day| [0, 1, DAY_MICROS - 1].map(|micros| Some(day * DAY_MICROS + micros)))
                .chain([None])
                .collect::<TimestampMicrosecondArray>(),
        );
        for negated in [false, true] {
            let list = days.iter().map(|day| lit(ScalarValue::Date32(Some(*day)))).collect();
            let condition = in_list(cast(col("t"), DataType::Date32), list, negated);
            let range = ranged(condition.clone(), &schema).data().unwrap();
            assert!(!matches!(range, Expr::InList(_)), "{range}");
            assert_eq!(&value(&range, &schema, &times), &value(&condition, &schema, &times));
        }
    }

    #[test]
    fn what_depends_on_more_than_the_calendar_stays() {
        let day = || lit(ScalarValue::Date32(Some(20_000)));
        let plain = schema(TimeUnit::Microsecond, None);
        assert!(is_ranged(cast(col("t"), DataType::Date32).eq(day()), &plain));
        assert!(!is_ranged(
            cast(col("t"), DataType::Date32).eq(day()),
            &schema(TimeUnit::Microsecond, Some("Europe/Berlin"))
        ));
        let instant = || lit(ScalarValue::TimestampMicrosecond(Some(20_000 * DAY_MICROS), None));
        assert!(!is_ranged(date_trunc(lit("hour"), col("t")).eq(instant()), &plain));
        assert!(!is_ranged(col("t").eq(instant()), &plain));
    }

    #[test]
    fn the_month_of_a_week_is_that_of_its_monday() {
        let schema = schema(TimeUnit::Microsecond, None);
        let times: TimestampMicrosecondArray = (19_900..20_100).map(|day| Some(day * DAY_MICROS)).collect();
        let times: ArrayRef = Arc::new(times);
        let month = date_trunc(lit("month"), date_trunc(lit("week"), col("t")));
        let october = ScalarValue::TimestampMicrosecond(Some(19_997 * DAY_MICROS), None);
        let condition = month.eq(lit(october));
        let range = ranged(condition.clone(), &schema).data().unwrap();
        let within = value(&range, &schema, &times);
        assert_eq!(&within, &value(&condition, &schema, &times));
        assert_eq!(within.as_boolean().true_count(), 28, "four Mondays of October 2024, with their weeks");
    }

    #[test]
    fn a_week_tells_no_month() {
        assert!(tells(Grain::Day, Grain::Week) && tells(Grain::Month, Grain::Quarter));
        assert!(!tells(Grain::Week, Grain::Month) && !tells(Grain::Quarter, Grain::Month));
    }
}
