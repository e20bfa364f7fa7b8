//! A call in a logical plan.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};

use arrow::datatypes::Schema;
use datafusion::common::{DFSchema, DFSchemaRef, DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNodeCore};

use super::request::Request;

/// A call over its input: ids, time, data.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) struct Node {
    request: Request,
    input: LogicalPlan,
    schema: DFSchemaRef,
}

impl Node {
    pub(super) fn new(request: Request, input: LogicalPlan, output: &Schema) -> DataFusionResult<Self> {
        let schema = DFSchema::from_unqualified_fields(output.fields().clone(), output.metadata().clone())?;
        Ok(Self { request, input, schema: DFSchemaRef::new(schema) })
    }

    pub(super) fn request(&self) -> &Request {
        &self.request
    }

    /// The number of id columns of its input, which come before the time and the data.
    pub(in crate::engine) fn ids(&self) -> usize {
        self.input.schema().fields().len().saturating_sub(2)
    }

    /// The ids that its result keeps, by position in the input.
    pub(in crate::engine) fn kept(&self) -> &[usize] {
        &self.request.kept
    }

    /// The name of the function.
    pub(in crate::engine) fn function(&self) -> &'static str {
        self.request.kind.name()
    }

    /// Whether a column of the result is in the unit of the data.
    pub(in crate::engine) fn is_amount(&self, column: &str) -> bool {
        ["actual", "forecast", "mean", "value"].contains(&column)
            || self.request.quantiles.iter().any(|quantile| quantile.column == column)
    }

    /// The input.
    pub(in crate::engine) fn input(&self) -> &LogicalPlan {
        &self.input
    }
}

impl Eq for Node {}

impl Hash for Node {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.request.kind.hash(state);
        self.request.seed.hash(state);
        self.input.hash(state);
    }
}

impl PartialOrd for Node {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl UserDefinedLogicalNodeCore for Node {
    fn name(&self) -> &str {
        "Forecast"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        vec![&self.input]
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Forecast: {}, seed={}", self.request.kind.name(), self.request.seed)
    }

    fn with_exprs_and_inputs(&self, _exprs: Vec<Expr>, inputs: Vec<LogicalPlan>) -> DataFusionResult<Self> {
        let [input] = <[LogicalPlan; 1]>::try_from(inputs)
            .map_err(|_| DataFusionError::Internal("a forecast has one input".to_owned()))?;
        Ok(Self { input, ..self.clone() })
    }

    fn necessary_children_exprs(&self, _output_columns: &[usize]) -> Option<Vec<Vec<usize>>> {
        Some(vec![(0..self.input.schema().fields().len()).collect()])
    }
}
