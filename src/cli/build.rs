//! `outlay build`: summary tables.

use std::collections::BTreeSet;
use std::sync::Arc;

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{Build as Args, Log};
use super::context::Context;
use super::dry_run::estimated;
use super::records::{counts_known, table, texts};
use super::{Stopped, report, sink};
use crate::engine::Estimate;
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::{Asked, Build, Plan, Watch, What, plan, select};
use crate::query::SavedQuery;
use crate::summaries::{Outcome, Run};
use crate::units::parse_duration;

pub(super) async fn run(context: &Context, args: &Args, stopped: Stopped) -> Result<()> {
    let context = &match &args.retry_failed {
        Some(run) => context.at(as_of(context, run).await?)?,
        None => context.clone(),
    };
    let queries = picked(context, args).await?;
    let asked = asked(context, args)?;
    if args.dry_run {
        return dry_run(context, &queries, &asked).await;
    }
    let mut build = Build::new(&context.engine, watch(context, args.log))?;
    build.asked = asked;
    build.jobs = args.jobs.max(1);
    (build.keep_going, build.each, build.take_lock) = (args.keep_going, args.each, args.take_lock);
    build.wait = args.wait.as_deref().map(parse_duration).transpose()?.unwrap_or_default();
    let mut runs = Vec::new();
    let result = tokio::select! {
        result = tables(context, &build, &queries, &mut runs) => result,
        () = stopped.wait() => Err(Error::new(ErrorKind::Interrupted, "stopped")),
    };
    // What was interrupted is recorded and gives its locks back; after an error nothing is left to end.
    build.abandon().await?;
    if result.is_ok() || !runs.is_empty() {
        sink::print_batch(&context.global, &context.engine, &built(&runs)?).await?;
    }
    result
}

/// The queries to build, in order.
async fn picked<'e>(context: &'e Context, args: &Args) -> Result<Vec<&'e SavedQuery>> {
    let selectors = match &args.retry_failed {
        Some(run) => failed_tables(context, run).await?,
        None => args.selectors.clone(),
    };
    let mut picked = Vec::new();
    for query in select(&context.engine, &selectors).await? {
        // Whoever asks for everything means what the project has; whoever names a table wants to know why it fails.
        let missing = if selectors.is_empty() { context.engine.missing(query)? } else { Vec::new() };
        if missing.is_empty() {
            picked.push(query);
        } else {
            let line = format!("{}: not built, outlay.toml has no {}", query.name, missing.join(", "));
            report::note(context.global.color, context.global.quiet, &line);
        }
    }
    Ok(picked)
}

/// The as-of date of the run `run`.
async fn as_of(context: &Context, run: &str) -> Result<Option<chrono::NaiveDate>> {
    let records = records_of(context, run).await?;
    Ok(records.first().and_then(|record| record.as_of).or(context.global.as_of))
}

/// The tables that the run `run` did not build.
async fn failed_tables(context: &Context, run: &str) -> Result<Vec<String>> {
    let failed: Vec<String> = records_of(context, run)
        .await?
        .into_iter()
        .filter(|record| !record.is_good())
        .map(|record| record.table)
        .collect();
    if failed.is_empty() {
        return Err(Error::invalid(format!("nothing failed in the run `{run}`")));
    }
    Ok(failed)
}

async fn records_of(context: &Context, run: &str) -> Result<Vec<Run>> {
    let mut records = context.engine.summaries()?.runs(|_| true).await?;
    records.retain(|record| record.run == run);
    if records.is_empty() {
        return Err(Error::invalid(format!("there is no run `{run}`")).hint("`outlay history` lists them"));
    }
    Ok(records)
}

fn asked(context: &Context, args: &Args) -> Result<Asked> {
    let calendar = context.engine.calendar();
    let period = |text: &String| calendar.fiscal.parse_any(text);
    Ok(Asked {
        from: args.from.as_ref().map(period).transpose()?.map(|period| period.start),
        to: args.to.as_ref().map(period).transpose()?.map(|period| period.end),
        force: args.force || args.full,
        allow_partial: args.allow_partial,
    })
}

/// Builds one table after the other; those that read one that failed are left out.
async fn tables(context: &Context, build: &Build, queries: &[&SavedQuery], runs: &mut Vec<Run>) -> Result<()> {
    let mut failed: Option<Error> = None;
    let mut broken: BTreeSet<String> = BTreeSet::new();
    for query in queries {
        let table = query.summary_table().unwrap_or_default();
        let reads = context.engine.summaries_read(query)?;
        if let Some(read) = reads.intersection(&broken).next() {
            let line = format!("{table}: not built, {read} failed");
            report::note(context.global.color, context.global.quiet, &line);
            broken.insert(table.to_owned());
            continue;
        }
        match build.table(query).await {
            Ok(run) => runs.push(run),
            Err(error) if build.keep_going => {
                report::note(context.global.color, false, report::render(&error).trim_end());
                broken.insert(table.to_owned());
                failed = failed.or(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
    match failed {
        None => Ok(()),
        Some(error) => Err(Error::new(
            error.kind(),
            format!("not everything was built: {}", broken.into_iter().collect::<Vec<_>>().join(", ")),
        )
        .hint(format!("`outlay build --retry-failed {}` builds what is left", build.run))),
    }
}

fn built(runs: &[Run]) -> Result<arrow::array::RecordBatch> {
    let rows: Vec<_> = runs.iter().flat_map(|run| run.intervals.iter().map(move |built| (run, built))).collect();
    let idle: Vec<&Run> = runs.iter().filter(|run| run.outcome == Outcome::NothingDue).collect();
    let count = |value: u64| usize::try_from(value).ok();
    table([
        ("table", texts(rows.iter().map(|row| row.0).chain(idle.iter().copied()).map(|run| run.table.as_str()))),
        ("interval", texts(rows.iter().map(|row| row.1.interval.as_str()).chain(idle.iter().map(|_| "")))),
        ("what", texts(rows.iter().map(|row| row.1.reason.as_str()).chain(idle.iter().map(|_| "nothing due")))),
        ("rows", counts_known(rows.iter().map(|row| count(row.1.rows)).chain(idle.iter().map(|_| None)))),
        (
            "bytes_read",
            counts_known(
                rows.iter().map(|row| count(row.1.bytes_read)).chain(idle.iter().map(|run| count(run.bytes_read))),
            ),
        ),
        (
            "version",
            texts(
                rows.iter()
                    .map(|row| row.0)
                    .chain(idle.iter().copied())
                    .map(|run| run.version.clone().unwrap_or_default()),
            ),
        ),
    ])
}

async fn dry_run(context: &Context, queries: &[&SavedQuery], asked: &Asked) -> Result<()> {
    let (mut plans, mut estimates): (Vec<Plan<'_>>, Vec<Estimate>) = Default::default();
    for query in queries {
        let plan = plan(&context.engine, query, asked).await?;
        estimates.extend(plan.estimates(&context.engine).await?);
        plans.push(plan);
    }
    let due: Vec<_> = plans.iter().flat_map(|plan| plan.due.iter().map(move |due| (plan, due))).collect();
    let [files, row_groups, bytes_read, requests, cached_bytes, dollars] = estimated(&estimates);
    let batch = table([
        ("table", texts(due.iter().map(|(plan, _)| plan.table.as_str()))),
        ("interval", texts(due.iter().map(|(_, due)| due.interval.as_str()))),
        ("reason", texts(due.iter().map(|(_, due)| due.reason.to_string()))),
        files,
        row_groups,
        bytes_read,
        requests,
        cached_bytes,
        dollars,
    ])?;
    for plan in plans.iter().filter(|plan| plan.due.is_empty()) {
        let line = match plan.waits_for.as_slice() {
            [] => format!("{}: nothing is due", plan.table),
            waits_for => format!("{}: due once {} is built", plan.table, waits_for.join(", ")),
        };
        report::note(context.global.color, context.global.quiet, &line);
    }
    sink::print_batch(&context.global, &context.engine, &batch).await
}

/// Tells what happens: JSON lines, or sentences with a bar on a terminal.
fn watch(context: &Context, log: Log) -> Watch {
    let (color, quiet) = (context.global.color, context.global.quiet);
    let engine = Arc::clone(&context.engine);
    let bar = ProgressBar::hidden();
    if log == Log::Text && !quiet {
        bar.set_draw_target(indicatif::ProgressDrawTarget::stderr());
    }
    let style =
        ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(style);
    Arc::new(move |event| {
        match &event.what {
            What::Planned { due } => {
                bar.set_length(*due as u64);
                bar.set_position(0);
                bar.set_message(event.table.clone());
            }
            What::Staged { .. } => bar.inc(1),
            _ => {}
        }
        match log {
            Log::Text => bar.suspend(|| report::note(color, quiet, &event.line())),
            Log::Json => {
                let mut object = event.json();
                object["time"] = engine.clock().now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into();
                report::note(color, false, &object.to_string());
            }
        }
        if matches!(event.what, What::Published { .. } | What::Failed { .. }) {
            bar.finish_and_clear();
        }
    })
}
