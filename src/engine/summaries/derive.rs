//! What can be said of charges from a summary of them: expressions over the ledger as expressions over the summary.
//!
//! ```text
//! over the ledger                                            over daily_spend
//! date_trunc('month', ChargePeriodStart)                     date_trunc('month', CAST(day AS TIMESTAMP))
//! ChargePeriodStart >= 2026-04-01T00:00                      day >= 2026-04-01
//! coalesce(nullif(Tags ->> 'team', ''), …) = 'data'          team = 'data'
//! sum(EffectiveCost)                                         sum(effective_cost)
//! count(*)                                                   coalesce(sum(charges), 0)
//! count(DISTINCT ServiceName)                                count(DISTINCT service)
//! ```
//!
//! Sums of floating point numbers depend on their order, so they are never derived.

use std::sync::Arc;

use arrow::datatypes::{DataType, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::functions::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::logical_expr::expr::{AggregateFunction, AggregateFunctionParams, Case, ScalarFunction};
use datafusion::logical_expr::{BinaryExpr, Cast, Expr, Operator, cast, lit};

use super::grouped::Contents;
use super::times::{comparison, micros, part, starts};
use super::unfold::bare;
use crate::engine::periods::{period_of, tells, truncation};
use crate::units::Grain;

/// Aggregates that are the same for rows that are there once and for rows that are there more often.
const OF_SETS: [&str; 4] = ["min", "max", "bool_and", "bool_or"];

/// An aggregate over a summary.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Derived {
    /// The aggregate.
    pub(super) aggregate: Expr,
    /// Whether it counts, and nothing is 0.
    pub(super) counts: bool,
}

impl Derived {
    /// What the column `aggregated` of the aggregate says.
    pub(super) fn shown(&self, aggregated: Expr) -> Expr {
        if self.counts { coalesce(vec![aggregated, lit(0i64)]) } else { aggregated }
    }
}

impl Contents {
    /// `expr`, over the ledger, over the summary; `None` when the summary cannot tell.
    pub(super) fn derived(&self, expr: &Expr) -> Option<Expr> {
        let mut is_told = true;
        let derived = expr.clone().transform_down(|expr| {
            if let Some(told) = self.key(&expr).or_else(|| self.of_grain(&expr)) {
                return Ok(Transformed::new(told, true, TreeNodeRecursion::Jump));
            }
            if untold(&expr) {
                is_told = false;
                return Ok(Transformed::new(expr, false, TreeNodeRecursion::Stop));
            }
            Ok(Transformed::no(expr))
        });
        derived.ok().map(|derived| derived.data).filter(|_| is_told)
    }

    /// A comparison, simplified, of a time with the start of a period that the summary knows.
    pub(super) fn derived_bound(&self, condition: &Expr) -> Option<Expr> {
        let (Expr::Column(column), op @ (Operator::GtEq | Operator::Lt), bound) = comparison(condition)? else {
            return None;
        };
        let at = micros(bound)?;
        let key = self.grained(&column.name, |grain| starts(grain, at))?;
        Some(Expr::BinaryExpr(BinaryExpr::new(Box::new(key), op, Box::new(bound.clone()))))
    }

    /// The aggregate `expr`, over the ledger, over the summary.
    pub(super) fn derived_aggregate(&self, expr: &Expr) -> Option<Derived> {
        let Expr::AggregateFunction(AggregateFunction { func, params }) = expr else { return None };
        if !params.order_by.is_empty() || params.null_treatment.is_some() {
            return None;
        }
        let filter = match &params.filter {
            Some(filter) => Some(Box::new(self.derived(filter)?)),
            None => None,
        };
        let under_filter = |mut aggregate: Expr, counts: bool| {
            if let Expr::AggregateFunction(function) = &mut aggregate {
                function.params.filter.clone_from(&filter);
            }
            Derived { aggregate, counts }
        };
        let again = |args: Vec<Expr>| {
            let params = AggregateFunctionParams { args, filter: None, ..params.clone() };
            Expr::AggregateFunction(AggregateFunction { func: Arc::clone(func), params })
        };
        if !params.distinct {
            let added_up = match (func.name(), params.args.as_slice()) {
                ("sum", [amount]) => self.amount(amount).map(|amount| under_filter(sum(amount), false)),
                ("count", args) => self.stored("count", args).map(|counted| under_filter(sum(counted), true)),
                ("min" | "max", args) => {
                    self.stored(func.name(), args).map(|extreme| under_filter(again(vec![extreme]), false))
                }
                _ => None,
            };
            if added_up.is_some() {
                return added_up;
            }
        }
        if OF_SETS.contains(&func.name()) || (params.distinct && func.name() == "count") {
            let args = params.args.iter().map(|arg| self.derived(arg)).collect::<Option<Vec<_>>>()?;
            return Some(under_filter(again(args), false));
        }
        None
    }

    /// The names of the columns that `exprs`, over the summary, read.
    pub(super) fn columns_of<'e>(&self, exprs: impl IntoIterator<Item = &'e Expr>) -> Vec<&str> {
        let read: Vec<String> =
            exprs.into_iter().flat_map(Expr::column_refs).map(|column| column.name.clone()).collect();
        let columns = self.keys.iter().chain(&self.measures).map(|(_, name)| name.as_str());
        columns.filter(|name| read.iter().any(|column| column == name)).collect()
    }

    /// What the summary adds up of `amount`, for each of its rows: a column, or a choice of columns by what the row tells.
    fn amount(&self, amount: &Expr) -> Option<Expr> {
        if let Some(column) = self.stored("sum", std::slice::from_ref(amount)) {
            return Some(column);
        }
        let Expr::Case(Case { expr: None, when_then_expr, else_expr }) = amount else { return None };
        let branch = |expr: &Expr| if is_nothing(expr) { Some(expr.clone()) } else { self.amount(expr) };
        let when_then_expr = when_then_expr
            .iter()
            .map(|(when, then)| Some((Box::new(self.derived(when)?), Box::new(branch(then)?))))
            .collect::<Option<Vec<_>>>()?;
        let else_expr = match else_expr {
            Some(expr) => Some(Box::new(branch(expr)?)),
            None => None,
        };
        Some(Expr::Case(Case { expr: None, when_then_expr, else_expr }))
    }

    /// The column that stores the aggregate `function` of `args` over all charges of a row.
    fn stored(&self, function: &str, args: &[Expr]) -> Option<Expr> {
        let counts_rows = |args: &[Expr]| matches!(args, [Expr::Literal(value, _)] if !value.is_null());
        let found = self.measures.iter().find(|(measure, _)| {
            let Expr::AggregateFunction(AggregateFunction { func, params }) = measure else { return false };
            let is_plain = !params.distinct && params.filter.is_none() && params.order_by.is_empty();
            let is_alike =
                params.args == args || (function == "count" && counts_rows(args) && counts_rows(&params.args));
            is_plain && is_alike && func.name() == function && params.null_treatment.is_none()
        });
        let (_, name) = found?;
        let is_exact = !self.types.get(name)?.is_floating();
        is_exact.then(|| bare(name))
    }

    /// The column of exactly this key.
    fn key(&self, expr: &Expr) -> Option<Expr> {
        self.keys.iter().find(|(key, _)| key == expr).map(|(_, name)| bare(name))
    }

    /// A time of the day, month or so that the summary knows, as a time.
    fn grained(&self, time: &str, is_enough: impl Fn(Grain) -> bool) -> Option<Expr> {
        let is_time = |expr: &Expr| matches!(expr, Expr::Column(column) if column.name == time);
        let fits = |key: &Expr| period_of(key).is_some_and(|(of, grain)| is_time(of) && is_enough(grain));
        let (_, name) = self.keys.iter().find(|(key, _)| fits(key))?;
        Some(cast(bare(name), DataType::Timestamp(TimeUnit::Microsecond, None)))
    }

    /// The start, or a part, of a period of a time of which the summary knows as much.
    fn of_grain(&self, expr: &Expr) -> Option<Expr> {
        match expr {
            Expr::Cast(Cast { expr: time, field }) if *field.data_type() == DataType::Date32 => {
                let Expr::Column(column) = time.as_ref() else { return None };
                let day = self.grained(&column.name, |grain| grain == Grain::Day)?;
                Some(cast(day, DataType::Date32))
            }
            Expr::ScalarFunction(call) => {
                let (wanted, time) = truncation(call).or_else(|| part(call))?;
                let Expr::Column(column) = time else { return None };
                let time = self.grained(&column.name, |grain| tells(grain, wanted))?;
                let args = vec![call.args.first()?.clone(), time];
                Some(Expr::ScalarFunction(ScalarFunction { func: Arc::clone(&call.func), args }))
            }
            _ => None,
        }
    }
}

/// A constant that adds nothing to a sum, however often it is there.
fn is_nothing(expr: &Expr) -> bool {
    let Expr::Literal(value, _) = expr else { return false };
    value.is_null() || ScalarValue::new_zero(&value.data_type()).is_ok_and(|zero| *value == zero)
}

/// Whether the value of `expr` itself depends on more than its parts.
fn untold(expr: &Expr) -> bool {
    let is_beyond = matches!(
        expr,
        Expr::Column(_)
            | Expr::OuterReferenceColumn(..)
            | Expr::Placeholder(_)
            | Expr::ScalarVariable(..)
            | Expr::AggregateFunction(_)
            | Expr::WindowFunction(_)
            | Expr::GroupingSet(_)
            | Expr::Exists(_)
            | Expr::InSubquery(_)
            | Expr::SetComparison(_)
            | Expr::ScalarSubquery(_)
            | Expr::Unnest(_)
    );
    is_beyond || expr.is_volatile_node()
}
