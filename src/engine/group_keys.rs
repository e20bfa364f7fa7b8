//! Keys of GROUP BY that DataFusion 55.2 would lose.
//!
//! The rows of a subquery with GROUP BY are determined by its keys. Joined to more rows, the keys still determine the columns
//! of the subquery, and no others. `aggregate_functional_dependencies` forgets that when such rows are grouped by the keys
//! and by something else: it says that the keys determine all of the result, and the next GROUP BY above drops the something
//! else. Sums by key and path became sums by key.
//!
//! While SQL is planned, relations say nothing about their keys (`PlainRelations`): the planner would add columns to a GROUP BY
//! that they are said to determine. While the plan is optimised, a key gets a name of its own where it would be taken for one of
//! the input (`KeepGroupKeys`): under another name it takes part in no such reasoning.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use datafusion::common::tree_node::{Transformed, TreeNodeRecursion};
use datafusion::common::{Column, FunctionalDependencies, Result as DataFusionResult};
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::logical_expr::{Aggregate, Expr, LogicalPlan, Projection};
use datafusion::optimizer::{OptimizerConfig, OptimizerRule};
use datafusion::sql::sqlparser::ast::TableFactor;

/// Plans tables and subqueries as DataFusion does, without what their keys determine.
#[derive(Debug, Default)]
pub(super) struct PlainRelations {
    /// The next relation is one that this planner handed on.
    handed_on: AtomicBool,
}

impl RelationPlanner for PlainRelations {
    fn plan_relation(
        &self,
        mut relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> DataFusionResult<RelationPlanning> {
        if self.handed_on.swap(false, Ordering::Relaxed) {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        }
        let (TableFactor::Table { alias, args: None, .. } | TableFactor::Derived { alias, .. }) = &mut relation else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let alias = alias.take();
        self.handed_on.store(true, Ordering::Relaxed);
        let plan = plain(context.plan(relation)?)?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias))))
    }
}

/// The same rows without what their keys determine.
pub(super) fn plain(plan: LogicalPlan) -> DataFusionResult<LogicalPlan> {
    if plan.schema().functional_dependencies().is_empty() {
        return Ok(plan);
    }
    let schema = plan.schema().as_ref().clone().with_functional_dependencies(FunctionalDependencies::empty())?;
    let columns = schema.columns().into_iter().map(Expr::Column).collect();
    Projection::try_new_with_schema(columns, Arc::new(plan), Arc::new(schema)).map(LogicalPlan::Projection)
}

/// Names the keys of a GROUP BY anew where keys of its input determine some of them and not all.
#[derive(Debug)]
pub(super) struct KeepGroupKeys;

impl OptimizerRule for KeepGroupKeys {
    fn name(&self) -> &'static str {
        "keep_group_keys"
    }

    fn rewrite(&self, plan: LogicalPlan, _config: &dyn OptimizerConfig) -> DataFusionResult<Transformed<LogicalPlan>> {
        let mut any = false;
        plan.apply_with_subqueries(|node| {
            any = matches!(node, LogicalPlan::Aggregate(aggregate) if loses_keys(aggregate));
            Ok(if any { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
        })?;
        if !any {
            return Ok(Transformed::no(plan));
        }
        // What a renamed key was said to determine stands in the schemas of all that is above it.
        plan.transform_up_with_subqueries(|node| match node.recompute_schema()? {
            LogicalPlan::Aggregate(aggregate) if loses_keys(&aggregate) => renamed(aggregate).map(Transformed::yes),
            node => Ok(Transformed::yes(node)),
        })
    }
}

/// Whether keys of the input are among those of the GROUP BY and say nothing of others among them.
fn loses_keys(aggregate: &Aggregate) -> bool {
    let input = aggregate.input.schema();
    let names = input.field_names();
    let keys: Vec<String> = aggregate.group_expr.iter().map(|key| key.schema_name().to_string()).collect();
    let is_key = |index: &usize| names.get(*index).is_some_and(|name| keys.contains(name));
    input.functional_dependencies().iter().any(|dependency| {
        let determined = |key: &String| dependency.target_indices.iter().any(|index| names.get(*index) == Some(key));
        dependency.source_indices.iter().all(is_key) && !keys.iter().all(determined)
    })
}

/// The same rows under the same names, grouped by keys with other names.
fn renamed(aggregate: Aggregate) -> DataFusionResult<LogicalPlan> {
    let outside: Vec<Column> = aggregate.schema.columns();
    let keys = aggregate.group_expr.len();
    let group = aggregate.group_expr.into_iter().enumerate().map(|(at, key)| key.alias(name(at))).collect();
    let grouped = Aggregate::try_new(aggregate.input, group, aggregate.aggr_expr)?;
    let columns = grouped
        .schema
        .columns()
        .into_iter()
        .zip(outside)
        .enumerate()
        .map(|(at, (inside, outside))| {
            let column = Expr::Column(inside);
            if at < keys { column.alias_qualified(outside.relation, outside.name) } else { column }
        })
        .collect();
    Projection::try_new(columns, Arc::new(LogicalPlan::Aggregate(grouped))).map(LogicalPlan::Projection)
}

fn name(at: usize) -> String {
    format!("__group_key_{at}")
}
