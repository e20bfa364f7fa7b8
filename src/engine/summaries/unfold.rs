//! What a chain of views does to the rows of one relation: which it keeps, and what its columns are in terms of that relation.
//!
//! ```text
//! Filter: team = 'data'                          keeps    coalesce(Tags ->> 'team', 'unassigned') = 'data'
//!   SubqueryAlias: team_charges                  column   team = coalesce(Tags ->> 'team', 'unassigned')
//!     Projection: …, coalesce(…) AS team         leaf     spend
//!       TableScan: spend
//! ```

use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::common::{Column, DFSchema, DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan};

/// A chain of projections, filters and names over one relation.
#[derive(Debug)]
pub(super) struct Unfolded<'p> {
    /// The relation.
    pub(super) leaf: &'p LogicalPlan,
    /// What its rows must meet, all of it.
    pub(super) filters: Vec<Expr>,
    /// What stands in each column of the result, in terms of the columns of the leaf.
    pub(super) columns: Vec<Expr>,
}

/// Takes `plan` apart down to the first relation that `is_leaf` picks, whose columns then have no qualifier; `None` when more
/// than projections, filters, names and orders lie above it, or when the leaf has two columns of one name.
///
/// # Errors
/// Those of a plan whose columns do not resolve.
pub(super) fn unfolded<'p>(
    plan: &'p LogicalPlan,
    is_leaf: &dyn Fn(&LogicalPlan) -> bool,
) -> DataFusionResult<Option<Unfolded<'p>>> {
    if is_leaf(plan) {
        let columns: Vec<Expr> = plan.schema().fields().iter().map(|field| bare(field.name())).collect();
        let mut names: Vec<&String> = plan.schema().fields().iter().map(|field| field.name()).collect();
        names.sort_unstable();
        let is_plain = names.windows(2).all(|pair| pair[0] != pair[1]);
        return Ok(is_plain.then_some(Unfolded { leaf: plan, filters: Vec::new(), columns }));
    }
    match plan {
        LogicalPlan::SubqueryAlias(alias) => unfolded(&alias.input, is_leaf),
        LogicalPlan::Sort(sort) if sort.fetch.is_none() => unfolded(&sort.input, is_leaf),
        LogicalPlan::Projection(projection) => {
            let Some(below) = unfolded(&projection.input, is_leaf)? else { return Ok(None) };
            let columns = projection.expr.iter().map(|expr| replaced(expr, projection.input.schema(), &below.columns));
            Ok(Some(Unfolded { columns: columns.collect::<DataFusionResult<_>>()?, ..below }))
        }
        LogicalPlan::Filter(filter) => {
            let Some(mut below) = unfolded(&filter.input, is_leaf)? else { return Ok(None) };
            let predicate = replaced(&filter.predicate, filter.input.schema(), &below.columns)?;
            below.filters.extend(split_conjunction(&predicate).into_iter().cloned());
            Ok(Some(below))
        }
        _ => Ok(None),
    }
}

impl Unfolded<'_> {
    /// `expr`, which is over a plan with `schema` right above this chain, in terms of the leaf.
    ///
    /// # Errors
    /// Those of a column that does not resolve.
    pub(super) fn of(&self, expr: &Expr, schema: &DFSchema) -> DataFusionResult<Expr> {
        replaced(expr, schema, &self.columns)
    }
}

/// The column of this very name, whatever its letters.
pub(super) fn bare(name: &str) -> Expr {
    Expr::Column(Column::new_unqualified(name))
}

/// `expr` over `schema` with `columns` in the place of the columns of the schema, without aliases.
fn replaced(expr: &Expr, schema: &DFSchema, columns: &[Expr]) -> DataFusionResult<Expr> {
    let replaced = expr.clone().transform_up(|expr| match expr {
        Expr::Alias(alias) => Ok(Transformed::yes(*alias.expr)),
        Expr::Column(column) => {
            let at = schema.index_of_column(&column)?;
            let stands_for = columns.get(at).cloned();
            let lost = || DataFusionError::Internal(format!("nothing stands for the column {column}"));
            stands_for.map(Transformed::yes).ok_or_else(lost)
        }
        other => Ok(Transformed::no(other)),
    });
    Ok(replaced?.data)
}
