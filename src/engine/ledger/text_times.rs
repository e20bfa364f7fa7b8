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

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Result as DataFusionResult, ScalarValue, Statistics};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;

use super::TimeRange;
use super::open::LedgerFile;
use crate::focus::Kind;

/// A day for the time of day of the bound, one for its offset, one for the offset of the value.
const MARGIN_MICROS: i64 = 3 * 24 * 60 * 60 * 1_000_000;

/// For each of `files` the bounds of its columns, those of `in_files`, when no row can meet `predicate`, which is over `schema`;
/// `None` for the others, and when no file has times as text.
///
/// # Errors
/// Those of a predicate that is not over `schema`.
pub(super) fn ruled_out(
    files: &[LedgerFile],
    predicate: &Arc<dyn PhysicalExpr>,
    in_files: &SchemaRef,
    schema: &SchemaRef,
) -> DataFusionResult<Vec<Option<Arc<Statistics>>>> {
    if files.iter().flat_map(|file| file.times.values()).all(|range| range.exact) {
        return Ok(vec![None; files.len()]);
    }
    let bounds: Vec<Arc<Statistics>> = files.iter().map(|file| Arc::new(bounds(file, in_files))).collect();
    let pruning =
        PruningPredicateBuilder::new().with_file_schema(Arc::clone(schema)).try_build(Arc::clone(predicate))?;
    let kept = pruning.prune(&PrunableStatistics::new(bounds.clone(), Arc::clone(schema)))?;
    Ok(bounds.into_iter().zip(kept).map(|(bounds, is_kept)| (!is_kept).then_some(bounds)).collect())
}

fn bounds(file: &LedgerFile, schema: &SchemaRef) -> Statistics {
    let columns = schema.fields().iter().map(|field| match file.times.get(field.name().as_str()) {
        Some(range) => of_column(*range),
        None if *field.data_type() == Kind::Time.data_type() => ColumnStatistics {
            min_value: Precision::Exact(ScalarValue::TimestampMicrosecond(None, None)),
            max_value: Precision::Exact(ScalarValue::TimestampMicrosecond(None, None)),
            ..ColumnStatistics::new_unknown()
        },
        None => ColumnStatistics::new_unknown(),
    });
    Statistics {
        num_rows: Precision::Exact(file.rows),
        total_byte_size: Precision::Absent,
        column_statistics: columns.collect(),
    }
}

fn of_column(range: TimeRange) -> ColumnStatistics {
    let margin = if range.exact { 0 } else { MARGIN_MICROS };
    let time = |micros| Precision::Exact(ScalarValue::TimestampMicrosecond(Some(micros), None));
    ColumnStatistics {
        min_value: time(range.first.saturating_sub(margin)),
        max_value: time(range.last.saturating_add(margin)),
        ..ColumnStatistics::new_unknown()
    }
}
