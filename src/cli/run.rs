//! `outlay run`: a saved query with its parameters.

use std::borrow::Cow;

use super::args;
use super::context::Context;
use super::{dry_run, report, sink};
use crate::engine::too_late;
use crate::error::{Error, Result};
use crate::query::SavedQuery;

pub(super) async fn run(context: &Context, args: &args::Run) -> Result<()> {
    let query = find(context, &args.name)?;
    let params = params(&args.params)?;
    let late = context.engine.late(&query).await?;
    if let Some(error) = too_late(&query, &late) {
        return Err(error);
    }
    for late in &late {
        report::note(context.global.color, context.global.quiet, &format!("warning: {}", late.line()));
    }
    if args.dry_run {
        let estimate = context.engine.estimate_run(&query, &params).await?;
        return dry_run::print(context, std::slice::from_ref(&query.name), &[estimate]).await;
    }
    let mut answer = context.engine.run(&query, &params).await?;
    let shown: Vec<String> = answer.parameters().iter().map(|(name, value)| format!("{name}={value}")).collect();
    if !shown.is_empty() {
        report::note(context.global.color, context.global.quiet, &format!("{}: {}", query.name, shown.join(" · ")));
    }
    sink::print(&context.global, &context.engine, &mut answer, Some(&query)).await
}

/// The saved query of this name, or the one in this file.
pub(super) fn find<'c>(context: &'c Context, name: &str) -> Result<Cow<'c, SavedQuery>> {
    let is_file = std::path::Path::new(name).extension().is_some_and(|extension| extension.eq_ignore_ascii_case("sql"));
    if !is_file {
        return context.engine.catalog().get(name).map(Cow::Borrowed);
    }
    let text = std::fs::read_to_string(name)
        .map_err(|cause| Error::invalid("cannot read the saved query").with("file", name).because(cause))?;
    SavedQuery::from_text(name, &text).map(Cow::Owned)
}

/// `NAME=VALUE` pairs as typed.
pub(super) fn params(typed: &[String]) -> Result<Vec<(String, String)>> {
    typed
        .iter()
        .map(|pair| {
            pair.split_once('=')
                .map(|(name, value)| (name.trim().to_owned(), value.to_owned()))
                .ok_or_else(|| Error::invalid(format!("`{pair}` is no parameter")).hint("write it as `-p name=value`"))
        })
        .collect()
}
