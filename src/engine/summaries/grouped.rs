//! Sums over the charges: what a GROUP BY right over the ledger keeps, groups by and adds up, in terms of the ledger.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result as DataFusionResult, ScalarValue, TableReference};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Operator, TableSource};

use super::times::comparison;
use super::unfold::unfolded;

/// A GROUP BY whose input is the ledger under nothing but views and filters.
pub(super) struct Grouped {
    /// The name of the ledger, and the ledger.
    pub(super) ledger: (TableReference, Arc<dyn TableSource>),
    /// What its charges must meet, all of it.
    pub(super) filters: Vec<Expr>,
    /// What it groups by.
    pub(super) keys: Vec<Expr>,
    /// Its aggregates.
    pub(super) measures: Vec<Expr>,
}

impl Grouped {
    /// `aggregate` in terms of the table `ledger`; `None` when it is over something else.
    ///
    /// # Errors
    /// Those of a plan whose columns do not resolve.
    pub(super) fn of(aggregate: &Aggregate, ledger: &Arc<dyn TableProvider>) -> DataFusionResult<Option<Self>> {
        let is_ledger = |plan: &LogicalPlan| scans(plan, ledger);
        let Some(below) = unfolded(&aggregate.input, &is_ledger)? else { return Ok(None) };
        let LogicalPlan::TableScan(scan) = below.leaf else { return Ok(None) };
        if aggregate.group_expr.iter().any(|key| matches!(key, Expr::GroupingSet(_))) {
            return Ok(None);
        }
        let schema = aggregate.input.schema();
        let in_terms_of_it = |exprs: &[Expr]| exprs.iter().map(|expr| below.of(expr, schema)).collect();
        let (keys, measures): (DataFusionResult<Vec<Expr>>, DataFusionResult<Vec<Expr>>) =
            (in_terms_of_it(&aggregate.group_expr), in_terms_of_it(&aggregate.aggr_expr));
        Ok(Some(Self {
            ledger: (scan.table_name.clone(), Arc::clone(&scan.source)),
            keys: keys?,
            measures: measures?,
            filters: below.filters,
        }))
    }
}

/// Whether `plan` reads all of `ledger`.
fn scans(plan: &LogicalPlan, ledger: &Arc<dyn TableProvider>) -> bool {
    let LogicalPlan::TableScan(scan) = plan else { return false };
    let is_whole = scan.projection.is_none() && scan.filters.is_empty() && scan.fetch.is_none();
    let table = source_as_provider(&scan.source);
    is_whole && table.is_ok_and(|table| std::ptr::addr_eq(Arc::as_ptr(&table), Arc::as_ptr(ledger)))
}

/// What the columns of a summary table hold, in terms of the ledger.
#[derive(Debug)]
pub(super) struct Contents {
    /// The columns that follow from what it is grouped by.
    pub(super) keys: Vec<(Expr, String)>,
    /// The columns with its aggregates.
    pub(super) measures: Vec<(Expr, String)>,
    /// What charges must meet to be in it at all, beside the interval.
    pub(super) filters: Vec<Expr>,
    /// The column of the ledger that decides about the interval of a charge.
    pub(super) time: String,
    /// The types of the columns as the query of the table gives them.
    pub(super) types: BTreeMap<String, DataType>,
}

impl Contents {
    /// The contents of the table whose rows of `interval` are those of `plan`; `None` when they are no
    /// plain sums over the ledger, interval by interval. Columns that are worked out from aggregates are left out.
    ///
    /// # Errors
    /// Those of a plan whose columns do not resolve.
    pub(super) fn of(
        plan: &LogicalPlan,
        ledger: &Arc<dyn TableProvider>,
        interval: &Bounds,
    ) -> DataFusionResult<Option<Self>> {
        let is_aggregate = |plan: &LogicalPlan| matches!(plan, LogicalPlan::Aggregate(_));
        let Some(above) = unfolded(plan, &is_aggregate)? else { return Ok(None) };
        let (LogicalPlan::Aggregate(aggregate), true) = (above.leaf, above.filters.is_empty()) else { return Ok(None) };
        let Some(grouped) = Grouped::of(aggregate, ledger)? else { return Ok(None) };
        let Some((time, filters)) = interval.taken_from(grouped.filters) else { return Ok(None) };
        let everything = filters.iter().chain(&grouped.keys).chain(&grouped.measures);
        if everything.chain(&above.columns).any(|expr| interval.is_mentioned(expr)) {
            return Ok(None);
        }
        let mut contents = Self { keys: Vec::new(), measures: Vec::new(), filters, time, types: BTreeMap::new() };
        let place = |column: &Column| aggregate.schema.index_of_column_by_name(None, &column.name);
        for (field, column) in plan.schema().fields().iter().zip(&above.columns) {
            let name = field.name().clone();
            contents.types.insert(name.clone(), field.data_type().clone());
            let measure = match column {
                Expr::Column(column) => place(column).and_then(|at| at.checked_sub(grouped.keys.len())),
                _ => None,
            };
            match measure {
                Some(at) => contents.measures.push((grouped.measures[at].clone(), name)),
                None => contents.keys.extend(of_keys(column, &grouped.keys, &place)?.map(|key| (key, name))),
            }
        }
        Ok(Some(contents))
    }
}

/// `column`, over the columns of a GROUP BY, in terms of what its `keys` are; `None` when it takes an aggregate. What follows
/// from the keys may be grouped by as the keys may: the aggregates of the rows add up either way.
fn of_keys(column: &Expr, keys: &[Expr], place: &impl Fn(&Column) -> Option<usize>) -> DataFusionResult<Option<Expr>> {
    let is_key = |column: &&Column| place(column).is_some_and(|at| at < keys.len());
    let columns = column.column_refs();
    if columns.is_empty() || !columns.iter().all(is_key) {
        return Ok(None);
    }
    let key = |column: &Column| place(column).and_then(|at| keys.get(at)).cloned();
    let replaced = column.clone().transform_down(|expr| match &expr {
        Expr::Column(column) => Ok(key(column)
            .map_or_else(|| Transformed::no(expr.clone()), |key| Transformed::new(key, true, TreeNodeRecursion::Jump))),
        _ => Ok(Transformed::no(expr)),
    });
    replaced.map(|replaced| Some(replaced.data))
}

/// The interval that a query is planned for: what stands for `$interval_start`, `$interval_end` and `$interval`.
#[derive(Debug)]
pub(super) struct Bounds {
    pub(super) start: ScalarValue,
    pub(super) end: ScalarValue,
    pub(super) label: ScalarValue,
}

impl Bounds {
    /// The column that `filters` hold against the interval, and the other conditions; `None` unless it is one column from the
    /// start on and before the end.
    fn taken_from(&self, filters: Vec<Expr>) -> Option<(String, Vec<Expr>)> {
        let from: Vec<String> = filters.iter().filter_map(|filter| self.held(filter, Operator::GtEq)).collect();
        let until: Vec<String> = filters.iter().filter_map(|filter| self.held(filter, Operator::Lt)).collect();
        let ([time], true) = (from.as_slice(), from == until) else { return None };
        let is_bound =
            |filter: &Expr| self.held(filter, Operator::GtEq).is_some() || self.held(filter, Operator::Lt).is_some();
        Some((time.clone(), filters.into_iter().filter(|filter| !is_bound(filter)).collect()))
    }

    /// The column that `filter` holds against the bound that belongs to `wanted`.
    fn held(&self, filter: &Expr, wanted: Operator) -> Option<String> {
        let bound = if wanted == Operator::Lt { &self.end } else { &self.start };
        let (Expr::Column(column), op, Expr::Literal(value, _)) = comparison(filter)? else { return None };
        (op == wanted && value == bound).then(|| column.name.clone())
    }

    fn is_mentioned(&self, expr: &Expr) -> bool {
        let is_one = |value: &ScalarValue| [&self.start, &self.end, &self.label].contains(&value);
        expr.exists(|expr| Ok(matches!(expr, Expr::Literal(value, _) if is_one(value)))).unwrap_or(true)
    }
}
