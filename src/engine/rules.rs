//! The rules by which statements are rewritten: those of DataFusion, less the ones that give wrong answers, and ours.

use std::sync::Arc;

use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::optimizer::{Optimizer, OptimizerRule};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_optimizer::optimizer::PhysicalOptimizer;

use super::arithmetic::ExactArithmetic;
use super::dates::DatesOnceADay;
use super::group_keys::KeepGroupKeys;
use super::periods::TimeRanges;
use super::read_ahead::FilesAtATime;
use super::repeats::RepeatedValues;
use super::rounding::LiteralDigits;
use super::{Optimisation, Optimisations};

/// What functions become before types are coerced.
pub(super) fn function_rewrites(optimisations: &Optimisations) -> Vec<Arc<dyn FunctionRewrite + Send + Sync>> {
    let mut rewrites: Vec<Arc<dyn FunctionRewrite + Send + Sync>> =
        vec![Arc::new(ExactArithmetic), Arc::new(LiteralDigits)];
    if optimisations.has(Optimisation::RepeatedValues) {
        rewrites.push(Arc::new(RepeatedValues));
    }
    rewrites
}

/// The optimizer of DataFusion; keys that it would lose are named before they are looked at. Comparisons of periods become ranges
/// once constants are worked out, and again where views have been looked through, before an expression that stands there twice is
/// moved out of sight.
pub(super) fn logical_rules(optimisations: &Optimisations) -> Vec<Arc<dyn OptimizerRule + Send + Sync>> {
    let mut rules: Vec<Arc<dyn OptimizerRule + Send + Sync>> = vec![Arc::new(KeepGroupKeys)];
    for rule in Optimizer::new().rules {
        if rule.name() == "optimize_projections" {
            rules.push(Arc::new(KeepGroupKeys));
        }
        let shows_periods = ["simplify_expressions", "push_down_filter"].contains(&rule.name());
        rules.push(rule);
        if shows_periods && optimisations.has(Optimisation::TimeRanges) {
            rules.push(Arc::new(TimeRanges));
        }
    }
    rules
}

/// Rules of the physical optimizer of DataFusion 55.2 that give wrong answers, so they are left out.
///
/// `ProjectionPushdown` moves a projection that narrows below the filter under it. A quotient, a price or a rate would be
/// worked out for rows that the statement leaves out, and the statement fail for one of them. `FilterPushdown` takes a column
/// of one side of a join for the column of the same name of the other side when it moves a filter through a projection: rows
/// are lost. Scans of Parquet are pruned by the filters that the logical optimizer hands them.
const LEFT_OUT: [&str; 3] = ["ProjectionPushdown", "FilterPushdown", "FilterPushdown(Post)"];

/// The physical optimizer of DataFusion but for those, with ours at last.
pub(super) fn physical_rules(optimisations: &Optimisations) -> Vec<Arc<dyn PhysicalOptimizerRule + Send + Sync>> {
    let rules = PhysicalOptimizer::default().rules.into_iter().filter(|rule| !LEFT_OUT.contains(&rule.name()));
    let dates = optimisations.has(Optimisation::RepeatedValues).then(|| Arc::new(DatesOnceADay) as _);
    let ahead = optimisations.has(Optimisation::ReadAhead).then(|| Arc::new(FilesAtATime) as _);
    rules.chain(dates).chain(ahead).collect()
}
