//! Scans of remote stores that wait for several files at a time.
//!
//! A scan of DataFusion 55 has one request under way in each partition, and as many partitions as there are threads. A remote store
//! takes 30 ms for a request, whatever it brings: two threads read some 60 small files a second. So the files are dealt out to more
//! partitions, and each thread reads several of these side by side:
//!
//! ```text
//! before  DataSourceExec: file_groups={2 groups: …}
//! after   ReadAheadExec: files_at_a_time=32
//!           DataSourceExec: file_groups={32 groups: …}
//! ```

use std::fmt;
use std::sync::Arc;

use datafusion::common::Result as DataFusionResult;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, FileScanConfigBuilder, FileSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, Partitioning, PlanProperties,
};
use futures::stream::select_all;
use url::Url;

use super::guarded::GuardedParquet;
use crate::storage::is_local;

/// Bytes of the columns of a scan that may be under way at a time: a third of a second at 100 MB/s, ten times as long as a request takes
/// to be answered.
const UNDER_WAY_BYTES: u64 = 32 << 20;

/// Most files of a scan that are read at a time.
const MOST_AT_A_TIME: usize = 32;

/// Deals the files of scans of remote stores out to more partitions, and reads these side by side. It comes last: DataFusion gives every
/// scan as many partitions as there are threads.
#[derive(Debug)]
pub(super) struct FilesAtATime;

impl PhysicalOptimizerRule for FilesAtATime {
    fn optimize(
        &self,
        plan: Arc<dyn ExecutionPlan>,
        _config: &ConfigOptions,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        plan.transform_up(|plan| {
            let scan = plan.downcast_ref::<DataSourceExec>();
            let config = scan.and_then(|scan| scan.data_source().downcast_ref::<FileScanConfig>());
            Ok(match config.and_then(read_ahead) {
                Some(ahead) => Transformed::yes(ahead),
                None => Transformed::no(plan),
            })
        })
        .data()
    }

    fn name(&self) -> &'static str {
        "files_at_a_time"
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// The scan of `config` with more files at a time; `None` for one of the local disk or in an order, for one that stops after some rows,
/// and where the partitions are enough.
fn read_ahead(config: &FileScanConfig) -> Option<Arc<dyn ExecutionPlan>> {
    let is_remote = Url::parse(config.object_store_url.as_str()).is_ok_and(|root| !is_local(&root));
    if !is_remote || config.limit.is_some() || !config.output_ordering.is_empty() {
        return None;
    }
    let parquet = config.file_source().downcast_ref::<GuardedParquet>()?;
    let all = parquet.table_schema().table_schema().fields().len();
    let columns = (config.projected_schema().ok()?.fields().len(), all);
    let files: Vec<&PartitionedFile> = config.file_groups.iter().flat_map(FileGroup::files).collect();
    let at_a_time = files_at_a_time(files.iter().map(|file| file.effective_size()), columns);
    let partitions = config.file_groups.len();
    if at_a_time <= partitions {
        return None;
    }
    let config = FileScanConfigBuilder::from(config.clone()).with_file_groups(dealt_out(&files, at_a_time)).build();
    Some(Arc::new(ReadAhead::new(DataSourceExec::from_data_source(config), partitions)))
}

/// `files` in so many groups, whose lengths differ by one at most.
fn dealt_out(files: &[&PartitionedFile], groups: usize) -> Vec<FileGroup> {
    let group = |first: usize| files.iter().skip(first).step_by(groups).copied().cloned().collect();
    (0..groups).map(group).collect()
}

/// How many of the files of these `sizes` are read at a time, so many columns of so many.
fn files_at_a_time(sizes: impl ExactSizeIterator<Item = u64>, columns: (usize, usize)) -> usize {
    let (read, all) = columns;
    let count = sizes.len() as u64;
    let of_a_file = sizes.sum::<u64>().saturating_mul(read as u64) / (all.max(1) as u64) / count.max(1);
    let at_a_time = (UNDER_WAY_BYTES / of_a_file.max(1)).min(count);
    usize::try_from(at_a_time).map_or(MOST_AT_A_TIME, |at_a_time| at_a_time.min(MOST_AT_A_TIME))
}

/// Reads several partitions of its input in each of its own.
#[derive(Debug)]
struct ReadAhead {
    input: Arc<dyn ExecutionPlan>,
    properties: Arc<PlanProperties>,
}

impl ReadAhead {
    fn new(input: Arc<dyn ExecutionPlan>, partitions: usize) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(input.schema()),
            Partitioning::UnknownPartitioning(partitions),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self { input, properties: Arc::new(properties) }
    }

    fn partitions(&self) -> usize {
        self.properties.output_partitioning().partition_count()
    }
}

impl DisplayAs for ReadAhead {
    fn fmt_as(&self, _format: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReadAheadExec: files_at_a_time={}", self.input.output_partitioning().partition_count())
    }
}

impl ExecutionPlan for ReadAhead {
    fn name(&self) -> &'static str {
        "ReadAheadExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _f: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> DataFusionResult<TreeNodeRecursion>,
    ) -> DataFusionResult<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        mut children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> DataFusionResult<Arc<dyn ExecutionPlan>> {
        Ok(Arc::new(Self::new(children.swap_remove(0), self.partitions())))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> DataFusionResult<SendableRecordBatchStream> {
        let inputs = (partition..self.input.output_partitioning().partition_count()).step_by(self.partitions());
        let streams = inputs.map(|input| self.input.execute(input, Arc::clone(&context)));
        let streams = streams.collect::<DataFusionResult<Vec<_>>>()?;
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), select_all(streams))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    fn at_a_time(sizes: &[u64], columns: (usize, usize)) -> usize {
        files_at_a_time(sizes.iter().copied(), columns)
    }

    #[test]
    fn small_files_are_read_many_at_a_time_and_large_ones_alone() {
        assert_eq!(at_a_time(&[20_000; 1000], (3, 50)), 32);
        assert_eq!(at_a_time(&[8 * MIB; 1000], (10, 10)), 4);
        assert_eq!(at_a_time(&[80 * MIB; 1000], (10, 10)), 0);
        assert_eq!(at_a_time(&[80 * MIB; 1000], (5, 50)), 4);
        assert_eq!(at_a_time(&[0, 0], (0, 0)), 2, "nothing is divided by");
    }

    #[test]
    fn files_are_dealt_out_evenly() {
        let files: Vec<PartitionedFile> = (0..10).map(|file| PartitionedFile::new(format!("{file}"), 1)).collect();
        let groups = dealt_out(&files.iter().collect::<Vec<_>>(), 9);
        let lengths: Vec<usize> = groups.iter().map(FileGroup::len).collect();
        assert_eq!(lengths, [2, 1, 1, 1, 1, 1, 1, 1, 1]);
        let mut dealt: Vec<String> =
            groups.iter().flat_map(FileGroup::files).map(|file| file.path().to_string()).collect();
        dealt.sort();
        assert_eq!(dealt, (0..10).map(|file| file.to_string()).collect::<Vec<_>>());
    }
}
