//! `outlay status`: whether the summary tables say what a build would make them say.

use super::args::Status;
use super::context::Context;
use super::records::{counts, table, texts};
use super::{report, sink};
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::{TableStatus, select, status};
use crate::summaries::Run;

pub(super) async fn run(context: &Context, args: &Status) -> Result<()> {
    let mut found = Vec::new();
    for query in select(&context.engine, &args.selectors).await? {
        if args.selectors.is_empty() && !context.engine.missing(query)?.is_empty() {
            continue;
        }
        found.push(status(&context.engine, query).await?);
    }
    let verdict = |status: &TableStatus| match status.stored {
        _ if status.is_fresh() => "fresh",
        0 => "not built",
        _ if status.is_late() => "late",
        _ => "stale",
    };
    let time = |run: &Option<Run>| {
        let ended = run.as_ref().and_then(|run| run.ended);
        ended.map(|time| time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true)).unwrap_or_default()
    };
    let batch = table([
        ("table", texts(found.iter().map(|one| one.table.as_str()))),
        ("query", texts(found.iter().map(|one| one.query.as_str()))),
        ("verdict", texts(found.iter().map(verdict))),
        ("intervals", counts(found.iter().map(|one| one.stored))),
        ("newest", texts(found.iter().map(|one| one.newest.clone().unwrap_or_default()))),
        ("missing", counts(found.iter().map(|one| one.missing.len()))),
        ("stale", counts(found.iter().map(|one| one.stale.len()))),
        (
            "last_good_run",
            texts(found.iter().map(|one| one.last_good.as_ref().map(|run| run.run.clone()).unwrap_or_default())),
        ),
        ("ended", texts(found.iter().map(|one| time(&one.last_good)))),
        ("last_outcome", texts(found.iter().map(|one| one.last.as_ref().map_or("", Run::outcome_now)))),
    ])?;
    sink::print_batch(&context.global, &context.engine, &batch).await?;
    for (table, interval, lock) in
        found.iter().flat_map(|one| one.locks.iter().map(|(interval, lock)| (&one.table, interval, lock)))
    {
        let line = format!(
            "{table} {interval}: locked by run {} of {}, process {}",
            lock.run, lock.owner.host, lock.owner.pid
        );
        report::note(context.global.color, context.global.quiet, &line);
    }
    for (table, late) in found.iter().flat_map(|one| one.late.iter().map(|late| (&one.table, late))) {
        report::note(context.global.color, context.global.quiet, &format!("{table}: {}", late.line()));
    }
    let stale: Vec<&str> = found.iter().filter(|one| !one.is_fresh()).map(|one| one.table.as_str()).collect();
    if stale.is_empty() {
        return Ok(());
    }
    Err(Error::new(ErrorKind::Stale, format!("not up to date: {}", stale.join(", ")))
        .hint("`outlay build` builds what is due"))
}
