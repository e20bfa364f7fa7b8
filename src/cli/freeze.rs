//! `outlay freeze`: intervals that were reported and may not change any more.

use super::args::Freeze;
use super::context::Context;
use super::records::{table, texts};
use super::sink;
use crate::error::{Error, Result};
use crate::jobs::select;

pub(super) async fn run(context: &Context, args: &Freeze) -> Result<()> {
    let engine = &context.engine;
    let queries = select(engine, std::slice::from_ref(&args.table)).await?;
    let [query] = queries.as_slice() else {
        return Err(
            Error::invalid(format!("`{}` means several summary tables", args.table)).hint("freeze one at a time")
        );
    };
    let name = query.summary_table().unwrap_or_default();
    let summaries = engine.summaries()?;
    let stored = summaries.table(name, None).await?.ok_or_else(|| {
        Error::invalid(format!("the summary table `{name}` has not been built yet")).hint("`outlay build` builds it")
    })?;
    let known: Vec<String> =
        stored.files.iter().filter_map(|file| Some(file.state.as_ref()?.interval.clone())).collect();
    let mut frozen = summaries.frozen(name).await?;
    for interval in &args.intervals {
        if args.thaw {
            frozen.remove(interval);
        } else if known.contains(interval) {
            frozen.insert(interval.clone());
        } else {
            return Err(Error::invalid(format!("`{name}` stores no interval `{interval}`")).hint(format!(
                "it stores {} to {}",
                known.first().map_or("", String::as_str),
                known.last().map_or("", String::as_str)
            )));
        }
    }
    if !args.intervals.is_empty() {
        summaries.freeze(name, &frozen).await?;
    }
    let batch =
        table([("table", texts(frozen.iter().map(|_| name))), ("frozen", texts(frozen.iter().map(String::as_str)))])?;
    sink::print_batch(&context.global, engine, &batch).await
}
