//! `outlay show`: the page of a saved query.

use std::io::Write;

use super::context::Context;
use super::run::{find, params};
use super::{args, list};
use crate::error::{Error, Result};
use crate::query::{SavedQuery, Severity};

pub(super) async fn run(context: &Context, args: &args::Show) -> Result<()> {
    let query = find(context, &args.name)?;
    let text = if args.sql {
        format!("{}\n", query.text.trim_end())
    } else if args.plan {
        plan(context, &query, &params(&args.params)?).await?
    } else {
        page(context, &query).await?
    };
    std::io::stdout().write_all(text.as_bytes()).map_err(|cause| Error::storage("cannot print").because(cause))
}

async fn plan(context: &Context, query: &SavedQuery, given: &[(String, String)]) -> Result<String> {
    let explained = SavedQuery { body: format!("EXPLAIN {}", query.body), ..query.clone() };
    let mut answer = context.engine.run(&explained, given).await?;
    let mut text = String::new();
    for batch in answer.collect().await? {
        let column =
            batch.columns().last().map(|column| arrow::compute::cast(column, &arrow::datatypes::DataType::Utf8));
        let column = column.transpose().map_err(|cause| Error::internal("a plan that is no text").because(cause))?;
        use arrow::array::AsArray;
        for line in column.iter().flat_map(|column| column.as_string::<i32>().iter()).flatten() {
            text += line;
            text += "\n";
        }
    }
    Ok(text)
}

async fn page(context: &Context, query: &SavedQuery) -> Result<String> {
    let mut page = format!("{}\n\n{}\n", query.name, query.description);
    let mut section = |title: &str, lines: Vec<String>| {
        if !lines.is_empty() {
            page += &format!("\n{title}\n");
            for line in lines {
                page += &format!("  {line}\n");
            }
        }
    };
    let params = query.params.iter().map(|param| {
        let help = param.help.as_ref().map(|help| format!("   {help}")).unwrap_or_default();
        let allowed =
            if param.allowed.is_empty() { String::new() } else { format!(" in ({})", param.allowed.join(", ")) };
        format!("{}{allowed}{help}", list::described(param))
    });
    section("Parameters", params.collect());
    section("Columns", columns(context, query).await);
    section(
        "Checks",
        query
            .checks
            .iter()
            .map(|check| {
                if check.severity == Severity::Warn { format!("{} (warning)", check.text) } else { check.text.clone() }
            })
            .collect(),
    );
    section("Reads", context.engine.reads_by_name(query)?);
    section("Stored as", stored(context, query).await?);
    let facts = [
        ("owner", query.owner.clone()),
        ("tags", Some(query.tags.join(", ")).filter(|tags| !tags.is_empty())),
        ("file", Some(query.path.clone())),
        ("SHA-256", Some(query.sql_sha256.clone())),
    ];
    section(
        "About",
        facts.into_iter().filter_map(|(name, value)| value.map(|value| format!("{name}: {value}"))).collect(),
    );
    section("SQL", query.body.lines().map(str::to_owned).collect());
    Ok(page)
}

/// The summary table of the query and the run that wrote it.
async fn stored(context: &Context, query: &SavedQuery) -> Result<Vec<String>> {
    let Some(table) = query.summary_table() else { return Ok(Vec::new()) };
    let runs = context.engine.summaries()?.runs(|name| name == table).await?;
    let wrote = runs.iter().rfind(|run| !run.intervals.is_empty());
    let by = wrote.map_or_else(
        || "not built yet".to_owned(),
        |run| format!("written by run {} from files of {} intervals", run.run, run.intervals.len()),
    );
    Ok(vec![format!("{table}   {by}")])
}

/// Name and type of each column; a line that says why when the query does not plan here.
async fn columns(context: &Context, query: &SavedQuery) -> Vec<String> {
    if !query.runs_without_values() {
        return Vec::new();
    }
    match context.engine.schema_of(&query.name).await {
        Ok(schema) => schema
            .fields()
            .iter()
            .map(|field| format!("{}   {}", field.name(), super::describe::type_name(field.data_type())))
            .collect(),
        Err(error) => vec![format!("unknown here: {error}")],
    }
}
