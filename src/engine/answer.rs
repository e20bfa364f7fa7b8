//! A running statement: its batches as they come, its limits, and what it cost.

use std::sync::Arc;
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::{MetricValue, MetricsSet};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::guarded::FILES_PRUNED;
use super::runtime::HighWaterPool;
use crate::clock::Clock;
use crate::config::Prices;
use crate::error::{Error, Result};
use crate::storage::{Meter, Traffic};

/// What a session started.
pub(super) struct Running {
    pub(super) schema: SchemaRef,
    pub(super) batches: mpsc::Receiver<Result<RecordBatch>>,
    pub(super) task: JoinHandle<()>,
    pub(super) physical: Arc<dyn ExecutionPlan>,
    pub(super) meter: Arc<Meter>,
    pub(super) pool: Arc<HighWaterPool>,
    pub(super) notes: Vec<String>,
    pub(super) summaries: Vec<String>,
}

/// What a statement cost so far.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Statistics {
    /// Rows given.
    pub rows: u64,
    /// Time since the statement came.
    pub elapsed: Duration,
    /// Files that the scans considered, and those of them that statistics ruled out.
    pub files: Pruned,
    /// Row groups that the scans considered, and those of them that statistics ruled out.
    pub row_groups: Pruned,
    /// Requests and bytes.
    pub traffic: Traffic,
    /// Most memory that operators reserved, in bytes; fixed costs of the process are not in it.
    pub peak_memory_bytes: u64,
    /// Bytes written to disk for want of memory.
    pub spilled_bytes: u64,
    /// Price of requests and transfer in United States dollars; 0 for the local disk.
    pub dollars: f64,
}

/// How many were considered, and how many of those were ruled out unread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Pruned {
    /// All of them.
    pub total: u64,
    /// Those ruled out.
    pub pruned: u64,
}

/// The answer to one statement.
pub struct Answer {
    running: Running,
    parameters: Vec<(String, String)>,
    clock: Arc<dyn Clock>,
    started: Duration,
    deadline: Option<Duration>,
    prices: Prices,
    rows: u64,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answer").field("schema", &self.running.schema).field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Drop for Answer {
    fn drop(&mut self) {
        self.running.task.abort();
    }
}

impl Answer {
    pub(super) fn new(
        running: Running,
        parameters: Vec<(String, String)>,
        clock: Arc<dyn Clock>,
        started: Duration,
        deadline: Option<Duration>,
        prices: Prices,
    ) -> Self {
        Self { running, parameters, clock, started, deadline, prices, rows: 0 }
    }

    /// The columns.
    pub fn schema(&self) -> SchemaRef {
        Arc::clone(&self.running.schema)
    }

    /// Every parameter with the value it got, as people read it.
    pub fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// What the reader of the answer should know, such as files that an as-of date leaves out.
    pub fn notes(&self) -> &[String] {
        &self.running.notes
    }

    /// Which summary tables stood for which charges, a line each.
    pub fn summaries(&self) -> &[String] {
        &self.running.summaries
    }

    /// The next rows; `None` after the last.
    ///
    /// # Errors
    /// Whatever stopped the statement; nothing comes after an error.
    pub async fn next(&mut self) -> Result<Option<RecordBatch>> {
        let received = within(self.deadline, self.clock.as_ref(), self.running.batches.recv()).await;
        match received {
            Ok(Some(Ok(batch))) => {
                self.rows += batch.num_rows() as u64;
                Ok(Some(batch))
            }
            Ok(Some(Err(error))) | Err(error) => {
                self.running.task.abort();
                Err(error)
            }
            Ok(None) => match (&mut self.running.task).await {
                Ok(()) => Ok(None),
                Err(cause) => Err(Error::internal("the query failed beyond recovery").because(cause)),
            },
        }
    }

    /// All rows.
    ///
    /// # Errors
    /// As [`Self::next`].
    pub async fn collect(&mut self) -> Result<Vec<RecordBatch>> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next().await? {
            batches.push(batch);
        }
        Ok(batches)
    }

    /// What the statement cost so far; whole once [`Self::next`] has given `None`.
    pub fn statistics(&self) -> Statistics {
        let mut statistics = Statistics {
            rows: self.rows,
            elapsed: self.clock.elapsed().saturating_sub(self.started),
            traffic: self.running.meter.traffic(),
            peak_memory_bytes: self.running.pool.peak_bytes() as u64,
            dollars: dollars(self.running.meter.remote(), self.prices),
            ..Statistics::default()
        };
        gather(self.running.physical.as_ref(), &mut statistics);
        statistics
    }
}

fn gather(plan: &dyn ExecutionPlan, statistics: &mut Statistics) {
    for metric in plan.metrics().iter().flat_map(MetricsSet::iter) {
        match metric.value() {
            MetricValue::PruningMetrics { name, pruning_metrics } => {
                let target = match name.as_ref() {
                    FILES_PRUNED => &mut statistics.files,
                    "row_groups_pruned_statistics" => &mut statistics.row_groups,
                    _ => continue,
                };
                target.pruned += pruning_metrics.pruned() as u64;
                target.total += (pruning_metrics.pruned() + pruning_metrics.matched()) as u64;
            }
            MetricValue::SpilledBytes(count) => statistics.spilled_bytes += count.value() as u64,
            _ => {}
        }
    }
    for child in plan.children() {
        gather(child.as_ref(), statistics);
    }
}

/// The price of `traffic`, which is that to remote stores, in United States dollars.
#[expect(clippy::cast_precision_loss, reason = "an estimate of a price, not money of the ledger")]
pub(super) fn dollars(traffic: Traffic, prices: Prices) -> f64 {
    let reads = (traffic.gets + traffic.heads) as f64;
    let lists = (traffic.lists + traffic.puts) as f64;
    let gib = traffic.bytes_read as f64 / (1u64 << 30) as f64;
    reads / 1000.0 * prices.get_per_1000 + lists / 1000.0 * prices.list_per_1000 + gib * prices.egress_per_gib
}

/// `work`, unless the deadline (on the scale of [`Clock::elapsed`]) passes first.
///
/// # Errors
/// [`crate::ErrorKind::Limit`] when it does.
pub(super) async fn within<T>(
    deadline: Option<Duration>,
    clock: &dyn Clock,
    work: impl Future<Output = T>,
) -> Result<T> {
    let Some(deadline) = deadline else { return Ok(work.await) };
    let left = deadline.saturating_sub(clock.elapsed());
    tokio::time::timeout(left, work).await.map_err(|_| {
        Error::limit("the query took longer than it may").hint("raise `--timeout`, or narrow the time range")
    })
}
