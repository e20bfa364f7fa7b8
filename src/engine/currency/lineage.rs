//! Follows the columns of a plan down to the ledger, to find sums that add amounts of several currencies.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{Transformed, TreeNode, TreeNodeRecursion};
use datafusion::common::{Column, Result as DataFusionResult};
use datafusion::logical_expr::expr::{AggregateFunction, WindowFunction};
use datafusion::logical_expr::logical_plan::TableScan;
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Distinct, Expr, GroupingSet, Join, LogicalPlan, Operator};

use super::convert::CONVERT;

/// A column of currencies and the amounts that are in it.
struct Family {
    currency: &'static str,
    amounts: &'static [&'static str],
}

const FAMILIES: [Family; 2] = [
    Family {
        currency: "BillingCurrency",
        amounts: &["BilledCost", "EffectiveCost", "ListCost", "ContractedCost", "ListUnitPrice", "ContractedUnitPrice"],
    },
    Family {
        currency: "PricingCurrency",
        amounts: &[
            "PricingCurrencyEffectiveCost",
            "PricingCurrencyListUnitPrice",
            "PricingCurrencyContractedUnitPrice",
        ],
    },
];

/// Aggregates that add nothing: they count, or choose one of the values.
const HARMLESS: [&str; 16] = [
    "count",
    "min",
    "max",
    "first_value",
    "last_value",
    "nth_value",
    "any_value",
    "array_agg",
    "string_agg",
    "approx_distinct",
    "grouping",
    "row_number",
    "rank",
    "dense_rank",
    "lag",
    "lead",
];

/// What a column holds of the ledger, by the family.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Origin {
    Amount(usize),
    Currency(usize),
}

type Origins = BTreeSet<Origin>;

/// A sum that may add amounts of several currencies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::engine) struct MixedSum {
    /// As the statement says it.
    pub(in crate::engine) function: String,
    /// The column of its currencies.
    pub(in crate::engine) currency: &'static str,
}

/// The first sum of `plan` over amounts of the ledger that are not told apart by their currency.
///
/// # Errors
/// When a subquery cannot be walked; never for what the plan says.
pub(in crate::engine) fn mixed_sum(plan: &LogicalPlan) -> DataFusionResult<Option<MixedSum>> {
    let mut found = None;
    plan.apply_with_subqueries(|node| {
        found = match node {
            LogicalPlan::Aggregate(aggregate) => {
                let apart = grouped_by(&aggregate.input, &aggregate.group_expr);
                first_sum(&aggregate.input, &aggregate.aggr_expr, |_| apart.clone())
            }
            LogicalPlan::Window(window) => first_sum(&window.input, &window.window_expr, |function| {
                function.map_or_else(Origins::new, |function| grouped_by(&window.input, &function.params.partition_by))
            }),
            _ => None,
        };
        Ok(if found.is_some() { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

/// Whether a scan reads charges with amounts and their currency.
pub(super) fn is_ledger(scan: &TableScan) -> bool {
    let schema = scan.source.schema();
    let family = &FAMILIES[0];
    schema.field_with_name(family.currency).is_ok() && schema.field_with_name(family.amounts[0]).is_ok()
}

/// The currencies that every group has one of.
fn grouped_by(input: &LogicalPlan, groups: &[Expr]) -> Origins {
    let grouped = match groups {
        [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] => {
            let mut sets = sets.iter().map(|set| currencies(input, set));
            let first = sets.next().unwrap_or_default();
            sets.fold(first, |common, set| common.intersection(&set).copied().collect())
        }
        // A rollup and a cube have a group of everything.
        [Expr::GroupingSet(_)] => Origins::new(),
        groups => currencies(input, groups),
    };
    grouped.union(&pinned(input)).copied().collect()
}

/// The currencies of which a filter leaves one.
fn pinned(plan: &LogicalPlan) -> Origins {
    match plan {
        LogicalPlan::Filter(filter) => {
            let equal = split_conjunction(&filter.predicate).into_iter().filter_map(|part| match part {
                Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => match (&**left, &**right) {
                    (column, Expr::Literal(..)) | (Expr::Literal(..), column) => Some(origins(&filter.input, column)),
                    _ => None,
                },
                _ => None,
            });
            let here = equal.flatten().filter(|origin| matches!(origin, Origin::Currency(_)));
            here.chain(pinned(&filter.input)).collect()
        }
        // An amount may come from any input that reads the ledger.
        other => {
            let mut readers = other.inputs().into_iter().filter(|input| reads_ledger(input)).map(pinned);
            let first = readers.next().unwrap_or_default();
            readers.fold(first, |common, next| common.intersection(&next).copied().collect())
        }
    }
}

fn reads_ledger(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::TableScan(scan) => is_ledger(scan),
        other => other.inputs().into_iter().any(reads_ledger),
    }
}

fn currencies(input: &LogicalPlan, exprs: &[Expr]) -> Origins {
    let plain = exprs.iter().filter(|expr| matches!(unaliased(expr), Expr::Column(_)));
    let origins = plain.flat_map(|expr| origins(input, expr));
    origins.filter(|origin| matches!(origin, Origin::Currency(_))).collect()
}

fn first_sum(
    input: &LogicalPlan,
    exprs: &[Expr],
    apart: impl Fn(Option<&WindowFunction>) -> Origins,
) -> Option<MixedSum> {
    exprs.iter().find_map(|expr| {
        let (name, arguments, window) = match unaliased(expr) {
            Expr::AggregateFunction(AggregateFunction { func, params }) => (func.name().to_owned(), &params.args, None),
            Expr::WindowFunction(window) => (window.fun.name().to_owned(), &window.params.args, Some(window.as_ref())),
            _ => return None,
        };
        if HARMLESS.contains(&name.as_str()) {
            return None;
        }
        let apart = apart(window);
        let amounts: Origins = arguments.iter().flat_map(|argument| origins(input, argument)).collect();
        let mixed = amounts.iter().find_map(|origin| match origin {
            Origin::Amount(family) if !apart.contains(&Origin::Currency(*family)) => Some(*family),
            _ => None,
        })?;
        Some(MixedSum { function: plain_name(expr), currency: FAMILIES[mixed].currency })
    })
}

fn unaliased(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(alias) => unaliased(&alias.expr),
        other => other,
    }
}

/// The expression without the names of tables.
fn plain_name(expr: &Expr) -> String {
    let bare = unaliased(expr).clone().transform(|expr| {
        Ok(match expr {
            Expr::Column(column) => Transformed::yes(Expr::Column(Column::from_name(column.name))),
            other => Transformed::no(other),
        })
    });
    bare.map_or_else(|_| expr.to_string(), |bare| bare.data.to_string())
}

/// What `expr` over the columns of `input` holds of the ledger.
fn origins(input: &LogicalPlan, expr: &Expr) -> Origins {
    match expr {
        Expr::Column(column) => match input.schema().maybe_index_of_column(column) {
            Some(index) => of_column(input, index),
            None => Origins::new(),
        },
        Expr::BinaryExpr(binary) => {
            let (left, right) = (origins(input, &binary.left), origins(input, &binary.right));
            match binary.op {
                // A share has no currency.
                Operator::Divide if !left.is_disjoint(&right) => Origins::new(),
                Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo => {
                    left.union(&right).copied().collect()
                }
                _ => Origins::new(),
            }
        }
        Expr::Case(case) => {
            let then = case.when_then_expr.iter().map(|(_, then)| then);
            then.chain(&case.else_expr).flat_map(|value| origins(input, value)).collect()
        }
        Expr::ScalarFunction(function) if function.name() == CONVERT => Origins::new(),
        Expr::ScalarFunction(function) => function.args.iter().flat_map(|argument| origins(input, argument)).collect(),
        Expr::Alias(alias) => origins(input, &alias.expr),
        Expr::Cast(cast) => origins(input, &cast.expr),
        Expr::TryCast(cast) => origins(input, &cast.expr),
        Expr::Negative(inner) => origins(input, inner),
        Expr::ScalarSubquery(subquery) => of_column(&subquery.subquery, 0),
        Expr::AggregateFunction(AggregateFunction { func, params }) if func.name() != "count" => {
            params.args.iter().flat_map(|argument| origins(input, argument)).collect()
        }
        Expr::WindowFunction(window) if !["count", "row_number", "rank", "dense_rank"].contains(&window.fun.name()) => {
            window.params.args.iter().flat_map(|argument| origins(input, argument)).collect()
        }
        _ => Origins::new(),
    }
}

/// What column `index` of `plan` holds of the ledger.
fn of_column(plan: &LogicalPlan, index: usize) -> Origins {
    match plan {
        LogicalPlan::TableScan(scan) if is_ledger(scan) => {
            let name = plan.schema().field(index).name();
            FAMILIES
                .iter()
                .enumerate()
                .find_map(|(family, columns)| of_name(family, columns, name))
                .into_iter()
                .collect()
        }
        LogicalPlan::Projection(projection) => {
            projection.expr.get(index).map(|expr| origins(&projection.input, expr)).unwrap_or_default()
        }
        LogicalPlan::SubqueryAlias(alias) => of_column(&alias.input, index),
        LogicalPlan::Filter(filter) => of_column(&filter.input, index),
        LogicalPlan::Sort(sort) => of_column(&sort.input, index),
        LogicalPlan::Limit(limit) => of_column(&limit.input, index),
        LogicalPlan::Repartition(repartition) => of_column(&repartition.input, index),
        LogicalPlan::Distinct(Distinct::All(input)) => of_column(input, index),
        LogicalPlan::Distinct(Distinct::On(on)) => {
            on.select_expr.get(index).map(|expr| origins(&on.input, expr)).unwrap_or_default()
        }
        LogicalPlan::Subquery(subquery) => of_column(&subquery.subquery, index),
        LogicalPlan::Aggregate(aggregate) => {
            let groups: Vec<&Expr> = match aggregate.group_expr.as_slice() {
                [Expr::GroupingSet(set)] => set.distinct_expr(),
                groups => groups.iter().collect(),
            };
            // A grouping set has a column of its own that says which set a row is of.
            let aggregates = plan.schema().fields().len().saturating_sub(aggregate.aggr_expr.len());
            let expr = match groups.get(index) {
                Some(group) => Some(*group),
                None => index.checked_sub(aggregates).and_then(|index| aggregate.aggr_expr.get(index)),
            };
            expr.map(|expr| origins(&aggregate.input, expr)).unwrap_or_default()
        }
        LogicalPlan::Window(window) => {
            let width = window.input.schema().fields().len();
            match index.checked_sub(width) {
                None => of_column(&window.input, index),
                Some(index) => {
                    window.window_expr.get(index).map(|expr| origins(&window.input, expr)).unwrap_or_default()
                }
            }
        }
        LogicalPlan::Union(union) => union.inputs.iter().flat_map(|input| of_column(input, index)).collect(),
        LogicalPlan::Join(join) => {
            let own = by_name(plan, index);
            let column = Column::from(plan.schema().qualified_field(index));
            own.into_iter().chain(of_partners(join, &column)).collect()
        }
        LogicalPlan::Unnest(_) => by_name(plan, index),
        _ => Origins::new(),
    }
}

/// The currencies that a join says `column` is equal to: rows that it matches are in the currency of both.
fn of_partners(join: &Join, column: &Column) -> Origins {
    let on = join.on.iter().map(|(left, right)| (left, right));
    let conditions = join.filter.iter().flat_map(split_conjunction).filter_map(|part| match part {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq, right }) => Some((&**left, &**right)),
        _ => None,
    });
    let is_column = |expr: &Expr| matches!(expr, Expr::Column(other) if other == column);
    let partners = on.chain(conditions).filter_map(|(left, right)| match (is_column(left), is_column(right)) {
        (true, false) => Some(right),
        (false, true) => Some(left),
        _ => None,
    });
    let of_inputs = |expr: &Expr| -> Origins {
        [&join.left, &join.right].into_iter().flat_map(|input| origins(input, expr)).collect()
    };
    partners.flat_map(of_inputs).filter(|origin| matches!(origin, Origin::Currency(_))).collect()
}

/// For nodes whose columns keep their names: that of the first input that has it.
fn by_name(plan: &LogicalPlan, index: usize) -> Origins {
    let column = Column::from(plan.schema().qualified_field(index));
    let found = plan
        .inputs()
        .into_iter()
        .find_map(|input| input.schema().maybe_index_of_column(&column).map(|index| of_column(input, index)));
    found.unwrap_or_default()
}

fn of_name(family: usize, columns: &Family, name: &str) -> Option<Origin> {
    if columns.currency == name {
        return Some(Origin::Currency(family));
    }
    columns.amounts.contains(&name).then_some(Origin::Amount(family))
}
