//! `--dry-run`: what statements would read, as a table.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array};

use super::context::Context;
use super::records::{counts, table, texts};
use super::sink;
use crate::engine::Estimate;
use crate::error::Result;

/// Prints what the statements `named` so would read.
pub(super) async fn print(context: &Context, named: &[String], estimates: &[Estimate]) -> Result<()> {
    let [files, row_groups, bytes_read, requests, cached_bytes, dollars] = estimated(estimates);
    let statement = ("statement", texts(named));
    let batch = table([statement, files, row_groups, bytes_read, requests, cached_bytes, dollars])?;
    sink::print_batch(&context.global, &context.engine, &batch).await
}

/// The columns that say what would be read.
pub(super) fn estimated(estimates: &[Estimate]) -> [(&'static str, ArrayRef); 6] {
    let count =
        |of: fn(&Estimate) -> u64| counts(estimates.iter().map(|one| usize::try_from(of(one)).unwrap_or(usize::MAX)));
    [
        ("files", count(|one| one.files)),
        ("row_groups", count(|one| one.row_groups)),
        ("bytes_read", count(|one| one.traffic.bytes_read)),
        ("requests", count(|one| one.traffic.requests())),
        ("cached_bytes", count(|one| one.traffic.cached_bytes)),
        ("dollars", Arc::new(estimates.iter().map(|one| Some(one.dollars)).collect::<Float64Array>())),
    ]
}
