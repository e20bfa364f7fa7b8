//! A table in which persons are hidden.

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result as DataFusionResult};
use datafusion::datasource::{TableType, source_as_provider};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, TableProviderFilterPushDown, ident};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::{ProjectionExec, ProjectionExpr};

use super::functions::PseudonymsIn;
use super::mask::Mask;
use crate::privacy::Persons;

/// The table behind `table` when persons in it are hidden, else `table` itself.
pub(crate) fn unmasked(table: &dyn TableProvider) -> &dyn TableProvider {
    table.downcast_ref::<MaskedTable>().map_or(table, |masked| masked.table.as_ref())
}

/// `table` with its persons under `mask`; `table` itself when it holds none.
pub(super) fn masked(mask: &Mask, table: Arc<dyn TableProvider>) -> DataFusionResult<Arc<dyn TableProvider>> {
    let schema = table.schema();
    let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    let hidden =
        schema.fields().iter().map(|field| mask.column(field, &names)).collect::<DataFusionResult<Vec<_>>>()?;
    if hidden.iter().all(Option::is_none) {
        return Ok(table);
    }
    let fields = schema.fields().iter().zip(&hidden).map(|(field, hidden)| match hidden {
        Some(_) => Arc::new(Field::new(field.name(), DataType::Utf8View, true)),
        None => Arc::clone(field),
    });
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok(Arc::new(MaskedTable { table, schema, hidden }))
}

/// A table with the persons in it hidden. A table of its own and not a view, so that no rule of the planner sees through it.
#[derive(Debug)]
struct MaskedTable {
    table: Arc<dyn TableProvider>,
    schema: SchemaRef,
    /// What stands in the place of a column, by its position.
    hidden: Vec<Option<Expr>>,
}

impl MaskedTable {
    /// Whether the rows of the columns of `projection` are hidden in part.
    fn hides(&self, projection: Option<&Vec<usize>>) -> bool {
        let is_hidden = |index: &usize| self.hidden.get(*index).is_some_and(Option::is_some);
        projection.is_none_or(|columns| columns.iter().any(is_hidden))
    }

    /// Whether `filter` speaks of hidden columns: what it is compared to is a pseudonym, and the files know none.
    fn is_above(&self, filter: &Expr) -> bool {
        filter.column_refs().iter().any(|column| {
            let index = self.schema.index_of(&column.name);
            index.is_ok_and(|index| self.hides(Some(&vec![index])))
        })
    }
}

#[async_trait]
impl TableProvider for MaskedTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        let behind = self.table.supports_filters_pushdown(filters)?;
        let answer = filters.iter().zip(behind).map(|(filter, behind)| match self.is_above(filter) {
            true => TableProviderFilterPushDown::Unsupported,
            false => behind,
        });
        Ok(answer.collect())
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        // A scope is hidden by the type of the scope, so hidden columns may need others.
        let wanted: Vec<usize> = projection.cloned().unwrap_or_else(|| (0..self.hidden.len()).collect());
        if !self.hides(Some(&wanted)) {
            return self.table.scan(state, projection, filters, limit).await;
        }
        let behind = self.table.schema();
        let needed = wanted.iter().filter_map(|index| self.hidden.get(*index)?.as_ref()).flat_map(Expr::column_refs);
        let needed = needed.filter_map(|column| behind.index_of(&column.name).ok());
        let read: BTreeSet<usize> = wanted.iter().copied().chain(needed).collect();
        let read: Vec<usize> = read.into_iter().collect();
        let scan = self.table.scan(state, Some(&read), filters, limit).await?;
        let columns = DFSchema::try_from(scan.schema().as_ref().clone())?;
        let shown = wanted.iter().map(|index| {
            let name = self.schema.field(*index).name();
            let expr = match self.hidden.get(*index) {
                Some(Some(hidden)) => hidden.clone(),
                _ => ident(name),
            };
            Ok(ProjectionExpr { expr: state.create_physical_expr(expr, &columns)?, alias: name.clone() })
        });
        Ok(Arc::new(ProjectionExec::try_new(shown.collect::<DataFusionResult<Vec<_>>>()?, scan)?))
    }
}

/// Whether `plan` shows pseudonyms, or works with them.
pub(super) fn hides(plan: &LogicalPlan) -> bool {
    let found = plan.exists(|plan| {
        let LogicalPlan::TableScan(scan) = plan else { return Ok(false) };
        let table = source_as_provider(&scan.source)?;
        Ok(table.downcast_ref::<MaskedTable>().is_some_and(|table| table.hides(scan.projection.as_ref())))
    });
    found.unwrap_or(true)
}

/// Whether rows of `plan`, optimised, may hold pseudonyms: everything that is hidden counts but for the JSON of which only keys
/// are looked up that `persons` does not know, such as `Tags ->> 'team'`.
pub(super) fn gives(plan: &LogicalPlan, persons: &Persons) -> bool {
    gives_hidden(plan, persons).unwrap_or(true)
}

fn gives_hidden(plan: &LogicalPlan, persons: &Persons) -> DataFusionResult<bool> {
    let mut json = BTreeSet::new();
    let mut whole = false;
    plan.apply(|plan| {
        let LogicalPlan::TableScan(scan) = plan else { return Ok(TreeNodeRecursion::Continue) };
        let table = source_as_provider(&scan.source)?;
        let Some(table) = table.downcast_ref::<MaskedTable>() else { return Ok(TreeNodeRecursion::Continue) };
        for index in scan.projection.clone().unwrap_or_else(|| (0..table.hidden.len()).collect()) {
            match table.hidden.get(index) {
                Some(Some(Expr::ScalarFunction(hiding))) if hiding.func.inner().is::<PseudonymsIn>() => {
                    json.insert(table.schema.field(index).name().clone());
                }
                Some(Some(_)) => whole = true,
                _ => {}
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    if whole || json.is_empty() {
        return Ok(whole);
    }
    // What only passes through a projection is asked after where it ends.
    let mut found = plan.schema().fields().iter().any(|field| json.contains(field.name()));
    plan.apply(|plan| {
        let is_projection = matches!(plan, LogicalPlan::Projection(_));
        plan.apply_expressions(|expr| {
            if is_projection && matches!(expr, Expr::Column(_)) {
                return Ok(TreeNodeRecursion::Continue);
            }
            expr.apply(|expr| match expr {
                Expr::ScalarFunction(call) if looks_up(call, persons) => Ok(TreeNodeRecursion::Jump),
                Expr::Column(column) if json.contains(&column.name) => {
                    found = true;
                    Ok(TreeNodeRecursion::Stop)
                }
                _ => Ok(TreeNodeRecursion::Continue),
            })
        })
    })?;
    Ok(found)
}

/// Whether the call looks a key up that belongs to no person.
fn looks_up(call: &ScalarFunction, persons: &Persons) -> bool {
    let is_lookup = call.func.name() == datafusion_functions_json::udfs::json_as_text_udf().name();
    let [Expr::Column(column), Expr::Literal(key, _)] = call.args.as_slice() else { return false };
    is_lookup && key.try_as_str().flatten().is_some_and(|key| !persons.is_key(&column.name, key))
}
