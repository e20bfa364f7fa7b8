//! A Parquet file opened as its scan opens it, by a reader that notes what it is asked for.
//!
//! Footers, page indexes and Bloom filters are read. The data of a row group is not: the scan of the file ends there, and is
//! opened again for the row groups that are left.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{ParquetAccessPlan, ParquetFileReaderFactory};
use datafusion::datasource::physical_plan::{FileScanConfig, FileSource};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion_datasource::morsel::MorselPlanner;
use futures::future::BoxFuture;
use futures::{FutureExt, TryStreamExt};
use object_store::ObjectStore;
use parquet::arrow::arrow_reader::ArrowReaderOptions;
use parquet::arrow::async_reader::AsyncFileReader;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use url::Url;

use super::Looking;
use crate::engine::guarded::GuardedParquet;

/// Rows of a batch; none is ever made of data.
const BATCH_ROWS: usize = 8192;

/// A scan of Parquet files.
pub(super) struct Scan<'s> {
    pub(super) looking: &'s Looking,
    pub(super) config: &'s FileScanConfig,
    pub(super) source: &'s GuardedParquet,
    pub(super) store: Arc<dyn ObjectStore>,
    /// Where the store is.
    pub(super) root: &'s Url,
}

impl Scan<'_> {
    /// Notes what is asked of `file`, until row groups of `most_rows` rows would have been read; gives their rows.
    pub(super) async fn file(&self, file: &PartitionedFile, most_rows: usize) -> DataFusionResult<usize> {
        let notes = Arc::new(Notes::default());
        let noting = |inner| Arc::new(Noting { inner, notes: Arc::clone(&notes) }) as Arc<dyn ParquetFileReaderFactory>;
        let source = self.source.read_by(&self.store, noting)?.with_batch_size(BATCH_ROWS);
        let morselizer = source.create_morselizer(Arc::clone(&self.store), self.config, 0)?;
        let (mut file, mut left, mut rows) = (file.clone(), None, 0);
        while rows < most_rows {
            let opened = open(morselizer.plan_file(file.clone())?).await;
            let Some((ranges, metadata)) = notes.take_asked() else {
                opened?;
                break;
            };
            self.looking.row_group(self.root, &file.object_meta, &ranges);
            let groups = metadata.row_groups();
            let index = groups.iter().position(|group| has(group, &ranges));
            let index = index.ok_or_else(|| DataFusionError::Internal("data outside of row groups".to_owned()))?;
            rows += usize::try_from(groups[index].num_rows()).unwrap_or_default();
            let left = left.get_or_insert_with(|| ParquetAccessPlan::new_all(groups.len()));
            left.skip(index);
            file = file.with_extension(left.clone());
        }
        Ok(rows)
    }
}

/// Whether `ranges` are of columns of `group`.
fn has(group: &RowGroupMetaData, ranges: &[Range<u64>]) -> bool {
    let is_in = |start: u64| {
        group.columns().iter().any(|column| {
            let (first, length) = column.byte_range();
            (first..first + length).contains(&start)
        })
    };
    ranges.first().is_some_and(|range| is_in(range.start))
}

/// Opens a file and asks for its first rows; an error when there are any.
async fn open(planner: Box<dyn MorselPlanner>) -> DataFusionResult<()> {
    let mut planners = vec![planner];
    while let Some(planner) = planners.pop() {
        let Some(mut plan) = planner.plan()? else { continue };
        for morsel in plan.take_morsels() {
            let mut batches = morsel.into_stream();
            while batches.try_next().await?.is_some() {}
        }
        planners.extend(plan.take_ready_planners());
        if let Some(pending) = plan.take_pending_planner() {
            planners.push(pending.await?);
        }
    }
    Ok(())
}

/// What was read of a file so far, and what was asked for and not read.
#[derive(Debug, Default)]
struct Notes(Mutex<Noted>);

#[derive(Debug, Default)]
struct Noted {
    metadata: Option<Arc<ParquetMetaData>>,
    /// Page indexes and Bloom filters: one opening reads them once.
    read: HashMap<Range<u64>, Bytes>,
    asked: Option<Vec<Range<u64>>>,
}

impl Notes {
    fn noted(&self) -> MutexGuard<'_, Noted> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The ranges of data that were asked for since the last look, and the footer.
    fn take_asked(&self) -> Option<(Vec<Range<u64>>, Arc<ParquetMetaData>)> {
        let mut noted = self.noted();
        noted.asked.take().zip(noted.metadata.clone())
    }
}

/// Makes readers that note.
#[derive(Debug)]
struct Noting {
    inner: Arc<dyn ParquetFileReaderFactory>,
    notes: Arc<Notes>,
}

impl ParquetFileReaderFactory for Noting {
    fn create_reader(
        &self,
        partition: usize,
        file: PartitionedFile,
        metadata_size_hint: Option<usize>,
        metrics: &ExecutionPlanMetricsSet,
    ) -> DataFusionResult<Box<dyn AsyncFileReader + Send>> {
        let inner = self.inner.create_reader(partition, file, metadata_size_hint, metrics)?;
        Ok(Box::new(NotingReader { inner, notes: Arc::clone(&self.notes) }))
    }
}

struct NotingReader {
    inner: Box<dyn AsyncFileReader + Send>,
    notes: Arc<Notes>,
}

impl AsyncFileReader for NotingReader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, parquet::errors::Result<Bytes>> {
        async move {
            let known = self.notes.noted().read.get(&range).cloned();
            if let Some(bytes) = known {
                return Ok(bytes);
            }
            let bytes = self.inner.get_bytes(range.clone()).await?;
            self.notes.noted().read.insert(range, bytes.clone());
            Ok(bytes)
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, parquet::errors::Result<Vec<Bytes>>> {
        self.notes.noted().asked = Some(ranges);
        std::future::ready(Err(ParquetError::General("an estimate reads no data".to_owned()))).boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, parquet::errors::Result<Arc<ParquetMetaData>>> {
        async move {
            let known = self.notes.noted().metadata.clone();
            if let Some(metadata) = known {
                return Ok(metadata);
            }
            let metadata = self.inner.get_metadata(options).await?;
            self.notes.noted().metadata = Some(Arc::clone(&metadata));
            Ok(metadata)
        }
        .boxed()
    }
}
