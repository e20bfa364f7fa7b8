//! The ledger as a table of DataFusion.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result as DataFusionResult, ScalarValue, Statistics};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, FileSource, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::datasource::{TableType, provider_as_source};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, TableProviderFilterPushDown};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::union::UnionExec;

use super::adapter::LedgerAdapterFactory;
use super::open::{FOOTER_HINT_BYTES, LedgerFile, OpenSource};
use super::{Ledger, Part, file_bounds, provenance};
use crate::engine::errors::{from_datafusion, to_datafusion};
use crate::engine::guarded::GuardedParquet;
use crate::engine::{Optimisation, Optimisations};
use crate::error::Result;
use crate::focus::Mapping;

#[async_trait]
impl TableProvider for Ledger {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> DataFusionResult<Vec<TableProviderFilterPushDown>> {
        // Files, row groups and pages are pruned by them; rows that remain are filtered above the scan.
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        // The scan names the table that it is part of; within it, names stand alone.
        let filters: Vec<Expr> = filters.iter().cloned().map(unnormalize_col).collect();
        let mut scans = Vec::with_capacity(self.parts.len());
        for (index, part) in self.parts.iter().enumerate() {
            let charges = self.overlaps.counted(&self.parts, index, &filters)?;
            scans.push(match (charges, part) {
                (None, Part::Files { table, priced: None }) => table.scan(state, projection, &filters, limit).await?,
                (None, Part::Files { priced: Some(charges), .. } | Part::Records { charges, .. }) => {
                    state.create_physical_plan(&narrowed(charges.as_ref().clone(), projection, &filters)?).await?
                }
                (Some(charges), _) => state.create_physical_plan(&narrowed(charges, projection, &filters)?).await?,
            });
        }
        match <[_; 1]>::try_from(scans) {
            Ok([scan]) => Ok(scan),
            Err(scans) => UnionExec::try_new(scans),
        }
    }
}

/// The charges of one source of FOCUS Parquet as a table.
#[derive(Debug)]
pub(super) struct SourceTable {
    pub(super) source: Arc<OpenSource>,
    /// The columns of the ledger without the provenance, which is of the file and not in it.
    pub(super) file_schema: SchemaRef,
    pub(super) schema: SchemaRef,
}

#[async_trait]
impl TableProvider for SourceTable {
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
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        self.refuse_unreadable(projection, filters)?;
        if self.source.files.is_empty() {
            let all = || Ok(Arc::clone(&self.schema));
            let schema = projection.map_or_else(all, |columns| self.schema.project(columns).map(Arc::new));
            return Ok(Arc::new(EmptyExec::new(schema?)));
        }
        let source = &self.source;
        let url = ObjectStoreUrl::parse(source.location.store().as_str())?;
        let store = state.runtime_env().object_store(&url)?;
        let table_schema =
            TableSchema::builder(Arc::clone(&self.file_schema)).with_table_partition_cols(provenance()).build();
        let parquet = ParquetSource::new(table_schema)
            .with_table_parquet_options(state.default_table_options().parquet)
            .with_metadata_size_hint(FOOTER_HINT_BYTES)
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(
                Arc::clone(&store),
                Arc::clone(&source.footers),
            )));
        let guarded = GuardedParquet::new(parquet, source.location.store().to_string());
        let guarded = guarded.pruned_by(filters, &self.schema, state)?;
        let optimisations = state.config().get_extension::<Optimisations>().unwrap_or_default();
        let may_match = match guarded.filter() {
            Some(predicate) if optimisations.has(Optimisation::FileBounds) => {
                file_bounds::may_match(source, &predicate, &self.schema)?
            }
            _ => vec![true; source.files.len()],
        };
        let kept_or_not = |is_kept: bool| {
            let files = source.files.iter().zip(&may_match).filter(move |(_, may_match)| **may_match == is_kept);
            files.map(|(file, _)| file)
        };
        let guarded = Arc::new(guarded.leaving_out(kept_or_not(false).map(|file| &file.object.location)));
        let files: Vec<&LedgerFile> = kept_or_not(true).collect();
        source.decode_footers(&store, &files).await.map_err(to_datafusion)?;
        let rows = files.iter().map(|file| file.rows).sum();
        let files = FileGroup::new(files.into_iter().map(|file| partitioned(source, file)).collect());
        let groups = if files.is_empty() {
            vec![files]
        } else {
            files.split_files(state.config_options().execution.target_partitions)
        };
        let adapter = LedgerAdapterFactory {
            contracts: Arc::clone(&source.contracts),
            once_each: optimisations.has(Optimisation::RepeatedValues),
        };
        let statistics = Statistics::new_unknown(&self.schema).with_num_rows(Precision::Exact(rows));
        let config = FileScanConfigBuilder::new(url, guarded)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .with_expr_adapter(Some(Arc::new(adapter)))
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}

impl SourceTable {
    /// Every charge of the source.
    pub(super) fn charges(self: &Arc<Self>) -> Result<LogicalPlan> {
        let provider = Arc::clone(self) as Arc<dyn TableProvider>;
        LogicalPlanBuilder::scan(self.source.name.as_str(), provider_as_source(provider), None)
            .and_then(LogicalPlanBuilder::build)
            .map_err(|cause| from_datafusion(cause, None))
    }

    /// Fails for the first file that cannot answer for a column of the query, before anything is read.
    fn refuse_unreadable(&self, projection: Option<&Vec<usize>>, filters: &[Expr]) -> DataFusionResult<()> {
        let all: Vec<usize> = (0..self.file_schema.fields().len()).collect();
        let selected = projection.unwrap_or(&all).iter().filter_map(|index| self.file_schema.fields().get(*index));
        let mut columns: Vec<&str> = selected.map(|field| field.name().as_str()).collect();
        let filtered: Vec<_> = filters.iter().flat_map(Expr::column_refs).collect();
        columns.extend(filtered.iter().map(|column| column.name.as_str()));
        let refused = self.source.files.iter().find_map(|file| {
            let is_refused = |column: &&&str| matches!(file.contract.mappings.get(**column), Some(Mapping::Refused(_)));
            let column = columns.iter().find(is_refused)?;
            file.contract.refusal(column, &self.source.location.object_url(&file.object.location))
        });
        refused.map_or(Ok(()), |error| Err(to_datafusion(error.with("source", self.source.name.clone()))))
    }
}

fn partitioned(source: &OpenSource, file: &LedgerFile) -> PartitionedFile {
    PartitionedFile::new_from_meta(file.object.clone()).with_partition_values(vec![
        ScalarValue::from(source.name.as_str()),
        ScalarValue::from(source.location.object_url(&file.object.location)),
    ])
}

/// `charges` with what a scan asks for: its rows and its columns.
fn narrowed(charges: LogicalPlan, projection: Option<&Vec<usize>>, filters: &[Expr]) -> DataFusionResult<LogicalPlan> {
    let mut builder = LogicalPlanBuilder::from(charges);
    if let Some(filter) = conjunction(filters.iter().cloned()) {
        builder = builder.filter(filter)?;
    }
    if let Some(projection) = projection {
        builder = builder.select(projection.iter().copied())?;
    }
    builder.build()
}
