//! The ledger without a look into its files: enough to plan a statement that in the end reads no charge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::datasource::TableType;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;

/// What is known of the ledger before a file is opened.
#[derive(Debug)]
pub(crate) struct UnopenedLedger {
    /// Its columns.
    pub(crate) schema: SchemaRef,
    /// The currencies that columns hold, as [`super::Ledger::currencies`] gives them.
    pub(crate) currencies: BTreeMap<String, BTreeSet<String>>,
}

#[async_trait]
impl TableProvider for UnopenedLedger {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        _state: &dyn Session,
        _projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        _limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Err(DataFusionError::Internal("the ledger was read before it was opened".to_owned()))
    }
}
