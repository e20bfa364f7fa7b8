//! Leaves out files whose times are text and lie outside of what a statement asks for.
//!
//! Footers tell the first and the last text in the order of text. A text between them has its day between theirs, because every
//! text that is a time begins with its day; its time of day and its offset from UTC may be any. So bounds that are three days
//! wider hold every time of the file:
//!
//! ```text
//! footer  2026-03-02T00:00:00Z … 2026-03-02T23:00:00Z
//! bounds  2026-02-27             2026-03-05
//! ```
//!
//! They are good for leaving files out, not for an answer such as `min(ChargePeriodStart)`: a file gets them only when they rule
//! it out.

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, Result as DataFusionResult, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::TimeRange;
use super::open::LedgerFile;

/// A day for the time of day of the bound, one for its offset, one for the offset of the value.
const MARGIN_MICROS: i64 = 3 * 24 * 60 * 60 * 1_000_000;

/// Whether no row of each of `files` can meet `predicate`, which is over `schema`. None is ruled out when no file has times as text:
/// the scan does it itself.
///
/// # Errors
/// Those of a predicate that is not over `schema`.
pub(super) fn ruled_out(
    files: &[LedgerFile],
    predicate: &Arc<dyn PhysicalExpr>,
    schema: &SchemaRef,
) -> DataFusionResult<Vec<bool>> {
    if files.iter().flat_map(|file| file.times.values()).all(|range| range.exact) {
        return Ok(vec![false; files.len()]);
    }
    let pruning =
        PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).try_build(Arc::clone(predicate))?;
    let kept = pruning.prune(&Bounds(files))?;
    Ok(kept.into_iter().map(|is_kept| !is_kept).collect())
}

/// The range of a column that holds every value of it.
pub(super) fn widened(range: TimeRange) -> TimeRange {
    let margin = if range.exact { 0 } else { MARGIN_MICROS };
    TimeRange { first: range.first.saturating_sub(margin), last: range.last.saturating_add(margin), exact: true }
}

/// The bounds of the times of files, a container each.
struct Bounds<'f>(&'f [LedgerFile]);

impl Bounds<'_> {
    fn times(&self, column: &Column, bound: impl Fn(TimeRange) -> i64) -> Option<ArrayRef> {
        if !self.0.iter().any(|file| file.times.contains_key(column.name())) {
            return None;
        }
        let of_file = |file: &LedgerFile| file.times.get(column.name()).map(|range| bound(widened(*range)));
        let times: TimestampMicrosecondArray = self.0.iter().map(of_file).collect();
        Some(Arc::new(times))
    }
}

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.times(column, |range| range.first)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.times(column, |range| range.last)
    }

    fn num_containers(&self) -> usize {
        self.0.len()
    }

    fn null_counts(&self, _column: &Column) -> Option<ArrayRef> {
        None
    }

    fn row_counts(&self) -> Option<ArrayRef> {
        None
    }

    fn contained(&self, _column: &Column, _values: &HashSet<ScalarValue>) -> Option<BooleanArray> {
        None
    }
}
