//! Small tables that commands make themselves, printed like any result.

use std::sync::Arc;

use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};

use crate::error::{Error, Result};

/// A column of texts.
pub(super) fn texts<T: Into<String>>(values: impl IntoIterator<Item = T>) -> ArrayRef {
    Arc::new(values.into_iter().map(|value| Some(value.into())).collect::<StringArray>())
}

/// A column of counts.
pub(super) fn counts(values: impl IntoIterator<Item = usize>) -> ArrayRef {
    counts_known(values.into_iter().map(Some))
}

/// A column of counts, of which some are not known.
pub(super) fn counts_known(values: impl IntoIterator<Item = Option<usize>>) -> ArrayRef {
    Arc::new(values.into_iter().map(|value| value.and_then(|value| i64::try_from(value).ok())).collect::<Int64Array>())
}

/// The table of these columns.
pub(super) fn table<const N: usize>(columns: [(&str, ArrayRef); N]) -> Result<RecordBatch> {
    RecordBatch::try_from_iter(columns).map_err(|cause| Error::internal("the columns do not fit").because(cause))
}
