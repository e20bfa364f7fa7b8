//! What a statement would read, told before it runs: files, row groups, requests, bytes, dollars.
//!
//! ```text
//! SQL → plan (listings and footers are read) → each scan opens its files → what it asks of them is counted, not read
//! ```
//!
//! Nothing is worked out a second time: the scans themselves open the files, so that what they prune, which columns of a file
//! they need and what of the page index they look at is what they do when they run. The estimate is too high only for
//! statements that stop early, such as `LIMIT` over a filter.

mod parquet;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::listing::{FileRange, PartitionedFile};
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::TaskContext;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::streaming::StreamingTableExec;
use datafusion_datasource::boundary_stream::END_SCAN_LOOKAHEAD;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use url::Url;

use super::answer::{dollars, within};
use super::errors::from_datafusion;
use super::guarded::GuardedParquet;
use super::session::Session;
use super::{Engine, Limits, Reading, Sql, to_mend};
use crate::error::Result;
use crate::query::{Bound, SavedQuery, bind};
use crate::storage::{DiskCache, Rehearsal, Traffic};

/// Files of a scan that are looked at at the same time.
const CONCURRENT_FILES: usize = 16;

/// What a statement would cost.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Estimate {
    /// Files of which data would be read.
    pub files: u64,
    /// Row groups of Parquet files that would be read, as often as they would be.
    pub row_groups: u64,
    /// Requests and bytes, those of planning among them. What the cache on the disk holds now counts as found there.
    pub traffic: Traffic,
    /// Price of requests and transfer in United States dollars; 0 for the local disk.
    pub dollars: f64,
}

/// How a statement is looked at.
struct Look {
    limits: Limits,
    cache: Option<Arc<DiskCache>>,
    reading: Reading,
}

impl Engine {
    /// What running one statement would read. Listings, footers and page indexes are read, no data; nothing is kept on the disk,
    /// so that the run of an engine that has just started costs what is said here. This one has the footers in memory then.
    ///
    /// # Errors
    /// As for running it, as far as planning goes. `max_scan` is no limit here.
    pub async fn estimate(self: &Arc<Self>, sql: Sql<'_>) -> Result<Estimate> {
        let look = Look { limits: self.limits, cache: self.looked_ahead(), reading: Reading::Summaries };
        self.estimate_bound(sql, Bound::default(), look).await
    }

    /// What running a saved query with `given` parameter values would read, as [`Self::estimate`] says it.
    ///
    /// # Errors
    /// As [`Self::estimate`] and [`Self::run`].
    pub async fn estimate_run(self: &Arc<Self>, query: &SavedQuery, given: &[(String, String)]) -> Result<Estimate> {
        let bound = bind(query, given, &self.calendar)?;
        let look = Look { limits: self.limits_of(query), cache: self.looked_ahead(), reading: Reading::Summaries };
        self.estimate_bound(Sql::of(query), bound, look).await.map_err(to_mend)
    }

    /// What computing each of `runs` of a saved query, a set of parameter values, would read: one after the other, so that one finds
    /// on the disk what those before it would have left there.
    ///
    /// # Errors
    /// As [`Self::estimate`] and [`Self::compute`].
    pub async fn estimate_computing(
        self: &Arc<Self>,
        query: &SavedQuery,
        runs: &[Vec<(String, String)>],
    ) -> Result<Vec<Estimate>> {
        let cache = self.looked_ahead();
        let mut estimates = Vec::with_capacity(runs.len());
        for given in runs {
            let bound = bind(query, given, &self.calendar)?;
            let look = Look { limits: self.limits_of(query), cache: cache.clone(), reading: Reading::Charges };
            let estimate = self.estimate_bound(Sql::of(query), bound, look).await;
            estimates.push(estimate.map_err(to_mend)?);
        }
        Ok(estimates)
    }

    fn looked_ahead(&self) -> Option<Arc<DiskCache>> {
        self.cache.as_ref().map(|cache| Arc::new(cache.looked_ahead()))
    }

    async fn estimate_bound(self: &Arc<Self>, sql: Sql<'_>, bound: Bound, look: Look) -> Result<Estimate> {
        let Look { limits, cache, reading } = look;
        let deadline = limits.timeout.map(|timeout| self.clock.elapsed() + timeout);
        let engine = Arc::clone(self);
        let (text, origin, first_line) = (sql.text.to_owned(), sql.origin.to_owned(), sql.first_line);
        let looked = self.on_large_stack(move || async move {
            let session = Session::new(engine.as_ref(), Limits { max_scan: None, ..limits })?.over(cache);
            session.estimate(Sql { text: &text, origin: &origin, first_line }, &bound, reading).await
        });
        within(deadline, self.clock.as_ref(), looked).await?
    }
}

impl Session<'_> {
    async fn estimate(&self, sql: Sql<'_>, bound: &Bound, reading: Reading) -> Result<Estimate> {
        let (_, physical) = self.read(sql, bound, reading).await?;
        let looking = Arc::new(Looking {
            rehearsal: Rehearsal::new(Arc::clone(&self.meter), self.cache.clone()),
            files: Mutex::default(),
            row_groups: AtomicU64::new(0),
        });
        let config = self.context.copied_config().with_extension(Arc::clone(&looking));
        let task = Arc::new(TaskContext::from(&self.context).with_session_config(config));
        let mut leaves = Vec::new();
        gather(physical.as_ref(), &mut leaves);
        for leaf in leaves {
            looking.leaf(leaf, &task).await.map_err(|cause| from_datafusion(cause, Some(sql)))?;
        }
        let files = looking.files.lock().unwrap_or_else(PoisonError::into_inner).len();
        Ok(Estimate {
            files: files as u64,
            row_groups: looking.row_groups.load(Ordering::Relaxed),
            traffic: self.meter.traffic(),
            dollars: dollars(self.meter.remote(), self.engine.config.prices),
        })
    }
}

fn gather<'p>(plan: &'p dyn ExecutionPlan, leaves: &mut Vec<&'p dyn ExecutionPlan>) {
    let children = plan.children();
    if children.is_empty() {
        leaves.push(plan);
    }
    for child in children {
        gather(child.as_ref(), leaves);
    }
}

/// Sees what the scans of a plan ask for. A scan that finds it in its context asks, and reads nothing.
#[derive(Debug)]
pub(super) struct Looking {
    rehearsal: Rehearsal,
    files: Mutex<BTreeSet<String>>,
    row_groups: AtomicU64,
}

impl Looking {
    /// Notes that `ranges` of `object`, the store of which is at `root`, would be read for one row group.
    pub(super) fn row_group(&self, root: &Url, object: &ObjectMeta, ranges: &[Range<u64>]) {
        self.row_groups.fetch_add(1, Ordering::Relaxed);
        self.read(root, object, ranges);
    }

    /// Notes that all of `object`, the store of which is at `root`, would be read.
    pub(super) fn whole(&self, root: &Url, object: &ObjectMeta) {
        self.read(root, object, std::slice::from_ref(&(0..object.size)));
    }

    fn read(&self, root: &Url, object: &ObjectMeta, ranges: &[Range<u64>]) {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.insert(format!("{root}{}", object.location));
        self.rehearsal.read(root, object, ranges);
    }

    /// Looks at what one leaf of a plan would read.
    async fn leaf(&self, leaf: &dyn ExecutionPlan, task: &Arc<TaskContext>) -> DataFusionResult<()> {
        if let Some(records) = leaf.downcast_ref::<StreamingTableExec>() {
            for partition in records.partitions() {
                let mut batches = partition.execute(Arc::clone(task));
                while batches.try_next().await?.is_some() {}
            }
        } else if let Some(scan) = leaf.downcast_ref::<DataSourceExec>()
            && let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>()
        {
            for group in &config.file_groups {
                self.group(config, group, task).await?;
            }
        }
        Ok(())
    }

    /// Looks at what one partition of a scan would read.
    async fn group(&self, config: &FileScanConfig, group: &FileGroup, task: &TaskContext) -> DataFusionResult<()> {
        let root: &Url = config.object_store_url.as_ref();
        let Some(source) = config.file_source().downcast_ref::<GuardedParquet>() else {
            group.files().iter().for_each(|file| self.text(root, file));
            return Ok(());
        };
        let store = task.runtime_env().object_store(&config.object_store_url)?;
        let scan = parquet::Scan { looking: self, config, source, store, root };
        let Some(limit) = config.limit else {
            let files = futures::stream::iter(group.files()).map(|file| scan.file(file, usize::MAX));
            return files.buffer_unordered(CONCURRENT_FILES).try_for_each(|_rows| async { Ok(()) }).await;
        };
        let mut left = limit;
        for file in group.files() {
            left = left.saturating_sub(scan.file(file, left).await?);
        }
        Ok(())
    }

    /// Notes a text file, or the share of it that one partition of a scan has and in which it looks for ends of lines.
    fn text(&self, root: &Url, file: &PartitionedFile) {
        let object = &file.object_meta;
        let at = |position: i64| u64::try_from(position).unwrap_or_default();
        match &file.range {
            None => self.whole(root, object),
            Some(FileRange { start, end }) => {
                let end = at(*end).saturating_add(END_SCAN_LOOKAHEAD).min(object.size);
                self.read(root, object, std::slice::from_ref(&(at(*start).saturating_sub(1)..end)));
            }
        }
    }
}
