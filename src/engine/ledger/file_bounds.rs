//! Leaves out files that hold no row a statement asks for, before the scan is made: by the bounds of their times, by their source,
//! by their names. A statement over one month of years then plans and opens the files of that month.
//!
//! Where times are text, footers tell the first and the last in the order of text. A text between them has its day between theirs,
//! because every text that is a time begins with its day; its time of day and its offset from UTC may be any. So bounds that are
//! three days wider hold every time of the file:
//!
//! ```text
//! footer  2026-03-02T00:00:00Z … 2026-03-02T23:00:00Z
//! bounds  2026-02-27             2026-03-05
//! ```

use std::collections::HashSet;
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PruningStatistics;
use datafusion::common::{Column, Result as DataFusionResult, ScalarValue};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::open::{LedgerFile, OpenSource};
use super::{PROVENANCE, TimeRange};

/// A day for the time of day of the bound, one for its offset, one for the offset of the value.
const MARGIN_MICROS: i64 = 3 * 24 * 60 * 60 * 1_000_000;

/// Whether each file of `source` may hold a row that meets `predicate`, which is over `schema`, the columns of the ledger.
///
/// # Errors
/// Those of a predicate that is not over `schema`.
pub(super) fn may_match(
    source: &OpenSource,
    predicate: &Arc<dyn PhysicalExpr>,
    schema: &SchemaRef,
) -> DataFusionResult<Vec<bool>> {
    let pruning =
        PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).try_build(Arc::clone(predicate))?;
    pruning.prune(&Bounds(source))
}

/// The range of a column that holds every value of it.
fn widened(range: TimeRange) -> TimeRange {
    let margin = if range.exact { 0 } else { MARGIN_MICROS };
    TimeRange { first: range.first.saturating_sub(margin), last: range.last.saturating_add(margin), exact: true }
}

/// What is known of the files of a source, a container each.
struct Bounds<'s>(&'s OpenSource);

impl Bounds<'_> {
    fn of(&self, column: &Column, bound: impl Fn(TimeRange) -> i64) -> Option<ArrayRef> {
        self.provenance(column).or_else(|| self.times(column, bound))
    }

    fn provenance(&self, column: &Column) -> Option<ArrayRef> {
        let Self(source) = self;
        let of_file: fn(&OpenSource, &LedgerFile) -> String = match column.name() {
            name if name == PROVENANCE[0] => |source, _| source.name.clone(),
            name if name == PROVENANCE[1] => |source, file| source.location.object_url(&file.object.location),
            _ => return None,
        };
        let names = source.files.iter().map(|file| Some(of_file(source, file)));
        Some(Arc::new(names.collect::<StringArray>()))
    }

    fn times(&self, column: &Column, bound: impl Fn(TimeRange) -> i64) -> Option<ArrayRef> {
        let files = &self.0.files;
        if !files.iter().any(|file| file.times.contains_key(column.name())) {
            return None;
        }
        let of_file = |file: &LedgerFile| file.times.get(column.name()).map(|range| bound(widened(*range)));
        Some(Arc::new(files.iter().map(of_file).collect::<TimestampMicrosecondArray>()))
    }
}

impl PruningStatistics for Bounds<'_> {
    fn min_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(column, |range| range.first)
    }

    fn max_values(&self, column: &Column) -> Option<ArrayRef> {
        self.of(column, |range| range.last)
    }

    fn num_containers(&self) -> usize {
        self.0.files.len()
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
