//! `outlay history`: what builds did.

use super::args::History;
use super::context::Context;
use super::records::{counts_known, table, texts};
use super::sink;
use crate::error::Result;
use crate::summaries::Run;

pub(super) async fn run(context: &Context, args: &History) -> Result<()> {
    let is_wanted = |table: &str| args.tables.is_empty() || args.tables.iter().any(|wanted| wanted == table);
    let mut runs = context.engine.summaries()?.runs(is_wanted).await?;
    runs.reverse();
    runs.truncate(args.last);
    let text = |value: fn(&Run) -> String| texts(runs.iter().map(value));
    let count = |value: fn(&Run) -> u64| counts_known(runs.iter().map(|run| usize::try_from(value(run)).ok()));
    let batch = table([
        ("run", text(|run| run.run.clone())),
        ("table", text(|run| run.table.clone())),
        ("outcome", text(|run| run.outcome_now().to_owned())),
        ("intervals", count(|run| run.intervals.len() as u64)),
        ("first", text(|run| run.intervals.iter().map(|built| built.interval.clone()).min().unwrap_or_default())),
        ("last", text(|run| run.intervals.iter().map(|built| built.interval.clone()).max().unwrap_or_default())),
        ("rows", count(|run| run.intervals.iter().map(|built| built.rows).sum())),
        ("seconds", text(|run| seconds(run).map(|seconds| format!("{seconds:.1}")).unwrap_or_default())),
        ("bytes_read", count(|run| run.bytes_read)),
        ("requests", count(|run| run.requests)),
        ("as_of", text(|run| run.as_of.map(|day| day.to_string()).unwrap_or_default())),
        ("host", text(|run| run.owner.host.clone())),
        ("error", text(|run| run.error.clone().unwrap_or_default())),
    ])?;
    sink::print_batch(&context.global, &context.engine, &batch).await
}

fn seconds(run: &Run) -> Option<f64> {
    Some((run.ended? - run.started).as_seconds_f64())
}
