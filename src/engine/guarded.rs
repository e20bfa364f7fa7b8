//! A Parquet source whose errors name the object, and whose panics are errors.
//!
//! A flipped bit in a page can make a decoder panic, and no error of the decoder says which file it read. Both are mended
//! where a file becomes a stream: everything that happens to it there is caught and gets the name of the object.

use std::fmt;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::catalog::Session;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchema, DataFusionError, Result as DataFusionResult};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{DefaultParquetFileReaderFactory, ParquetFileReaderFactory};
use datafusion::datasource::physical_plan::{FileOpener, FileScanConfig, FileSource, ParquetSource};
use datafusion::datasource::table_schema::TableSchema;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::utils::conjunction;
use datafusion::physical_expr::projection::ProjectionExprs;
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_expr_common::sort_expr::PhysicalSortExpr;
use datafusion::physical_plan::filter_pushdown::FilterPushdownPropagation;
use datafusion::physical_plan::metrics::{ExecutionPlanMetricsSet, MetricBuilder};
use datafusion::physical_plan::{DisplayFormatType, SortOrderPushdownResult};
use datafusion_datasource::morsel::{Morsel, MorselPlan, MorselPlanner, Morselizer};
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use object_store::ObjectStore;
use object_store::path::Path;

use crate::engine::errors::{from_datafusion, to_datafusion};
use crate::error::{Error, ErrorKind};

/// The metric of Parquet scans that counts files.
pub(super) const FILES_PRUNED: &str = "files_ranges_pruned_statistics";

/// [`ParquetSource`] with its files named in errors.
#[derive(Debug, Clone)]
pub(super) struct GuardedParquet {
    inner: Arc<dyn FileSourceDebug>,
    /// What stands before the key of an object: `s3://bucket/`.
    root: String,
    /// URLs of the files of the table that were left out of the scan.
    left_out: Arc<[String]>,
}

/// `FileSource` does not demand `Debug`, [`ParquetSource`] has it.
trait FileSourceDebug: FileSource + fmt::Debug {}
impl FileSourceDebug for ParquetSource {}

impl GuardedParquet {
    pub(super) fn new(inner: ParquetSource, root: String) -> Self {
        Self { inner: Arc::new(inner), root, left_out: Arc::default() }
    }

    /// The same source, of which the files at `paths` were left out as none of their rows can meet the filter: they count as pruned.
    pub(super) fn leaving_out<'p>(self, paths: impl Iterator<Item = &'p Path>) -> Self {
        let left_out: Arc<[String]> = paths.map(|path| format!("{}{path}", self.root)).collect();
        MetricBuilder::new(self.inner.metrics()).pruning_metrics(FILES_PRUNED, 0).add_pruned(left_out.len());
        Self { left_out, ..self }
    }

    /// The URLs of the files that were left out.
    pub(super) fn left_out(&self) -> &[String] {
        &self.left_out
    }

    /// The same source, of which files, row groups and pages are left out that hold no row that meets all `filters`, which are
    /// over the columns of `schema`: the table's, without qualifiers. Rows are filtered above the scan.
    pub(super) fn pruned_by(self, filters: &[Expr], schema: &SchemaRef, state: &dyn Session) -> DataFusionResult<Self> {
        let Some(filter) = conjunction(filters.iter().cloned()) else { return Ok(self) };
        let predicate = state.create_physical_expr(filter, &DFSchema::try_from(Arc::clone(schema))?)?;
        let pruned = parquet(self.inner.as_ref())?.with_predicate(predicate);
        Ok(Self { inner: Arc::new(pruned), ..self })
    }

    /// The same source, whose files are read from `store` by what `reading` makes of the readers that it has.
    pub(super) fn read_by(
        &self,
        store: &Arc<dyn ObjectStore>,
        reading: impl FnOnce(Arc<dyn ParquetFileReaderFactory>) -> Arc<dyn ParquetFileReaderFactory>,
    ) -> DataFusionResult<Self> {
        let source = parquet(self.inner.as_ref())?;
        let plain = || Arc::new(DefaultParquetFileReaderFactory::new(Arc::clone(store))) as _;
        let readers = source.parquet_file_reader_factory().map_or_else(plain, Arc::clone);
        let source = source.clone().with_parquet_file_reader_factory(reading(readers));
        Ok(Self { inner: Arc::new(source), ..self.clone() })
    }

    /// The same guard around what `source` became.
    fn around(&self, source: &Arc<dyn FileSource>) -> DataFusionResult<Arc<dyn FileSource>> {
        Ok(Arc::new(Self { inner: Arc::new(parquet(source.as_ref())?.clone()), ..self.clone() }))
    }
}

fn parquet(source: &dyn FileSource) -> DataFusionResult<&ParquetSource> {
    source
        .downcast_ref::<ParquetSource>()
        .ok_or_else(|| DataFusionError::Internal("a Parquet source became something else".to_owned()))
}

impl FileSource for GuardedParquet {
    fn create_file_opener(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> DataFusionResult<Arc<dyn FileOpener>> {
        self.inner.create_file_opener(store, config, partition)
    }

    fn create_morselizer(
        &self,
        store: Arc<dyn ObjectStore>,
        config: &FileScanConfig,
        partition: usize,
    ) -> DataFusionResult<Box<dyn Morselizer>> {
        let inner = self.inner.create_morselizer(store, config, partition)?;
        Ok(Box::new(GuardedMorselizer { inner, root: self.root.clone() }))
    }

    fn table_schema(&self) -> &TableSchema {
        self.inner.table_schema()
    }

    fn with_batch_size(&self, batch_size: usize) -> Arc<dyn FileSource> {
        let inner = self.inner.with_batch_size(batch_size);
        self.around(&inner).unwrap_or(inner)
    }

    fn filter(&self) -> Option<Arc<dyn PhysicalExpr>> {
        self.inner.filter()
    }

    fn projection(&self) -> Option<&ProjectionExprs> {
        self.inner.projection()
    }

    fn metrics(&self) -> &ExecutionPlanMetricsSet {
        self.inner.metrics()
    }

    fn file_type(&self) -> &str {
        self.inner.file_type()
    }

    fn fmt_extra(&self, format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_extra(format, f)
    }

    fn try_pushdown_filters(
        &self,
        filters: Vec<Arc<dyn PhysicalExpr>>,
        config: &ConfigOptions,
    ) -> DataFusionResult<FilterPushdownPropagation<Arc<dyn FileSource>>> {
        let mut pushed = self.inner.try_pushdown_filters(filters, config)?;
        pushed.updated_node = pushed.updated_node.map(|source| self.around(&source)).transpose()?;
        Ok(pushed)
    }

    fn try_pushdown_sort(
        &self,
        order: &[PhysicalSortExpr],
        properties: &EquivalenceProperties,
    ) -> DataFusionResult<SortOrderPushdownResult<Arc<dyn FileSource>>> {
        Ok(match self.inner.try_pushdown_sort(order, properties)? {
            SortOrderPushdownResult::Exact { inner } => SortOrderPushdownResult::Exact { inner: self.around(&inner)? },
            SortOrderPushdownResult::Inexact { inner } => {
                SortOrderPushdownResult::Inexact { inner: self.around(&inner)? }
            }
            SortOrderPushdownResult::Unsupported => SortOrderPushdownResult::Unsupported,
        })
    }

    fn reorder_files(&self, files: Vec<PartitionedFile>) -> Vec<PartitionedFile> {
        self.inner.reorder_files(files)
    }

    fn try_pushdown_projection(&self, projection: &ProjectionExprs) -> DataFusionResult<Option<Arc<dyn FileSource>>> {
        self.inner.try_pushdown_projection(projection)?.map(|source| self.around(&source)).transpose()
    }

    fn apply_expressions(
        &self,
        f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        self.inner.apply_expressions(f)
    }
}

#[derive(Debug)]
struct GuardedMorselizer {
    inner: Box<dyn Morselizer>,
    root: String,
}

impl Morselizer for GuardedMorselizer {
    fn plan_file(&self, file: PartitionedFile) -> DataFusionResult<Box<dyn MorselPlanner>> {
        let object: Arc<str> = format!("{}{}", self.root, file.object_meta.location).into();
        let planner = caught(&object, || self.inner.plan_file(file))?;
        Ok(Box::new(GuardedPlanner { inner: planner, object }))
    }
}

#[derive(Debug)]
struct GuardedPlanner {
    inner: Box<dyn MorselPlanner>,
    object: Arc<str>,
}

impl MorselPlanner for GuardedPlanner {
    fn plan(self: Box<Self>) -> DataFusionResult<Option<MorselPlan>> {
        let Self { inner, object } = *self;
        let Some(mut plan) = caught(&object, || inner.plan())? else { return Ok(None) };
        let guard =
            |inner| -> Box<dyn MorselPlanner> { Box::new(GuardedPlanner { inner, object: Arc::clone(&object) }) };
        let morsels = plan.take_morsels().into_iter();
        let morsels =
            morsels.map(|inner| Box::new(GuardedMorsel { inner, object: Arc::clone(&object) }) as Box<dyn Morsel>);
        let mut guarded = MorselPlan::new()
            .with_morsels(morsels.collect())
            .with_planners(plan.take_ready_planners().into_iter().map(guard).collect());
        if let Some(pending) = plan.take_pending_planner() {
            guarded.set_pending_planner(async move {
                match AssertUnwindSafe(pending).catch_unwind().await {
                    Ok(Ok(inner)) => Ok(Box::new(GuardedPlanner { inner, object }) as Box<dyn MorselPlanner>),
                    Ok(Err(cause)) => Err(named(&object, cause)),
                    Err(_panic) => Err(panicked(&object)),
                }
            });
        }
        Ok(Some(guarded))
    }
}

#[derive(Debug)]
struct GuardedMorsel {
    inner: Box<dyn Morsel>,
    object: Arc<str>,
}

impl Morsel for GuardedMorsel {
    fn into_stream(self: Box<Self>) -> BoxStream<'static, DataFusionResult<RecordBatch>> {
        let Self { inner, object } = *self;
        let stream = match caught(&object, || Ok(inner.into_stream())) {
            Ok(stream) => stream,
            Err(error) => return futures::stream::once(async { Err(error) }).boxed(),
        };
        AssertUnwindSafe(stream)
            .catch_unwind()
            .map(move |item| match item {
                Ok(Ok(batch)) => Ok(batch),
                Ok(Err(cause)) => Err(named(&object, cause)),
                Err(_panic) => Err(panicked(&object)),
            })
            .boxed()
    }
}

fn caught<T>(object: &str, work: impl FnOnce() -> DataFusionResult<T>) -> DataFusionResult<T> {
    match std::panic::catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|cause| named(object, cause)),
        Err(_panic) => Err(panicked(object)),
    }
}

fn named(object: &str, cause: DataFusionError) -> DataFusionError {
    let error = from_datafusion(cause, None);
    if error.facts().iter().any(|(name, _)| *name == "object") {
        return to_datafusion(error);
    }
    let error = match error.kind() {
        // What the engine calls a failed query is, in the middle of a file, bad data.
        ErrorKind::Query | ErrorKind::Internal => error.with_kind(ErrorKind::Data),
        _ => error,
    };
    to_datafusion(error.with("object", object))
}

fn panicked(object: &str) -> DataFusionError {
    to_datafusion(
        Error::data("the file is damaged: decoding it failed beyond recovery")
            .with("object", object)
            .hint("deliver the object again; its bytes are not what was written"),
    )
}
