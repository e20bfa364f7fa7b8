//! `outlay vacuum`: what nobody needs goes.

use super::args::Vacuum;
use super::context::Context;
use super::records::{counts, table, texts};
use super::sink;
use crate::error::{Error, Result};
use crate::jobs::select;
use crate::summaries::Age;
use crate::units::parse_duration;

pub(super) async fn run(context: &Context, args: &Vacuum) -> Result<()> {
    let engine = &context.engine;
    let summaries = engine.summaries()?;
    let retention = args.retention.as_ref().unwrap_or(&engine.config().summaries.retention);
    let retention = chrono::TimeDelta::from_std(parse_duration(retention)?)
        .map_err(|cause| Error::invalid(format!("`{retention}` is too long")).because(cause))?;
    let age = Age::before(engine.clock().now(), retention);
    let mut found = Vec::new();
    for query in select(engine, &args.selectors).await? {
        let Some(name) = query.summary_table() else { continue };
        let debris = summaries.debris(name, age).await?;
        if !args.dry_run {
            summaries.sweep(name, &debris, age).await?;
        }
        found.extend(debris.into_iter().map(|one| (name, one)));
    }
    if args.selectors.is_empty() {
        let stray = summaries.stray().await?;
        if !args.dry_run {
            summaries.sweep("", &stray, age).await?;
        }
        found.extend(stray.into_iter().map(|one| ("", one)));
    }
    let batch = table([
        ("table", texts(found.iter().map(|(name, _)| *name))),
        ("object", texts(found.iter().map(|(_, one)| one.object.as_str()))),
        ("bytes", counts(found.iter().map(|(_, one)| usize::try_from(one.size).unwrap_or(usize::MAX)))),
        ("why", texts(found.iter().map(|(_, one)| one.why))),
        ("what", texts(found.iter().map(|_| if args.dry_run { "would go" } else { "deleted" }))),
    ])?;
    sink::print_batch(&context.global, engine, &batch).await
}
