//! Forecasts in SQL: `forecast`, `forecast_total`, `forecast_paths` and `backtest` over whatever a query gives.
//!
//! ```text
//! forecast((select ...), data_col => cost, ...)
//!   → a subquery with arguments (syntax) → arguments read and columns found (arguments, relation) → a node of the plan (node, exec)
//!   → rows collected, sorted and evenly spaced (rows, panel, steps) → fitted in parallel (run) → rows (per_step, totals, result)
//! ```
//!
//! Series and points are sorted first, every series draws by its own name, and money is added exactly: the digits depend on the
//! data and the seed alone, not on threads, partitions or the order of rows.

mod about;
mod arguments;
mod columns;
mod exec;
mod literals;
mod measure;
mod node;
mod panel;
mod per_step;
mod periods;
mod relation;
mod request;
mod result;
mod rows;
mod run;
mod steps;
mod syntax;
mod totals;

use std::sync::Arc;

use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::{LogicalPlan, UserDefinedLogicalNode};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, ExtensionPlanner, PhysicalPlanner};

use super::group_keys::PlainRelations;
use crate::query::Calendar;

pub(super) use node::Node;
pub(super) use request::Kind;
pub(super) use syntax::rewrite_calls;

/// Makes the functions known to a session, with the calendar that says which periods are finished and how years run.
pub(super) fn register(builder: SessionStateBuilder, calendar: Calendar) -> SessionStateBuilder {
    builder
        .with_relation_planners(vec![Arc::new(PlainRelations::default()), Arc::new(relation::Planner { calendar })])
        .with_query_planner(Arc::new(WithForecasts))
}

/// The planner of DataFusion, which forecasts too.
#[derive(Debug)]
struct WithForecasts;

#[async_trait]
impl QueryPlanner for WithForecasts {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        let planner = DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(Forecasts)]);
        planner.create_physical_plan(plan, session).await
    }
}

#[derive(Debug)]
struct Forecasts;

#[async_trait]
impl ExtensionPlanner for Forecasts {
    async fn plan_extension(
        &self,
        _planner: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _logical_inputs: &[&LogicalPlan],
        physical_inputs: &[Arc<dyn ExecutionPlan>],
        _session: &dyn Session,
        _context: &PhysicalPlanningContext,
    ) -> DataFusionResult<Option<Arc<dyn ExecutionPlan>>> {
        let (Some(call), [input]) = (node.as_any().downcast_ref::<Node>(), physical_inputs) else { return Ok(None) };
        let schema = Arc::clone(node.schema().inner());
        let exec = exec::Exec::new(Arc::new(call.request().clone()), Arc::clone(input), schema);
        Ok(Some(Arc::new(exec)))
    }
}
