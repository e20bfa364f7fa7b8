//! `outlay check`: the checks of saved queries, the scorecard of sources, or the risk of the budgets.

use super::context::Context;
use super::records::{counts, table, texts};
use super::run::params;
use super::{args, report, scorecard, sink};
use crate::engine::{CheckOutcome, ledger};
use crate::error::{Error, ErrorKind, Result};
use crate::query::Severity;

/// What `outlay check budgets` checks, with the limit it has unless one is given: more likely over the budget than not.
const BUDGETS: (&str, &str, &str) = ("budget_outlook", "most_risk", "50");

pub(super) async fn run(context: &Context, args: &args::Check) -> Result<()> {
    let sources = &context.engine.config().sources;
    let is_source = |name: &String| sources.contains_key(name) || ledger::NAMES.contains(&name.as_str());
    match args.selectors.as_slice() {
        [name] if is_source(name) => scorecard::run(context, name).await,
        several if several.iter().any(is_source) => {
            Err(Error::invalid("one source is checked at a time, and apart from saved queries")
                .hint("`outlay check spend` checks every source"))
        }
        [name] if name == "budgets" && !context.engine.catalog().contains(name) => {
            let (query, limit, percent) = BUDGETS;
            let mut params = params(&args.params)?;
            if params.iter().all(|(name, _)| name != limit) {
                params.push((limit.to_owned(), percent.to_owned()));
            }
            check_queries(context, &[query.to_owned()], &params).await
        }
        selectors => check_queries(context, selectors, &params(&args.params)?).await,
    }
}

async fn check_queries(context: &Context, selectors: &[String], params: &[(String, String)]) -> Result<()> {
    let catalog = context.engine.catalog();
    let mut broken = 0;
    for error in catalog.broken().filter(|_| selectors.is_empty()) {
        report::note(context.global.color, false, report::render(error).trim_end());
        broken += 1;
    }
    let selected = catalog.select(selectors)?;
    if !params.is_empty() && (selected.len() != 1 || selectors.is_empty()) {
        return Err(Error::invalid("values belong to one query")
            .hint("name it: `outlay check invoice_reconciliation -p tolerance=0`"));
    }
    let mut outcomes = Vec::new();
    let skip = |name: &str, why: &str| {
        report::note(context.global.color, context.global.quiet, &format!("{name}: not run, {why}"));
    };
    for query in selected {
        if params.is_empty() && !query.runs_without_values() {
            skip(&query.name, "a parameter has no default");
            continue;
        }
        // Whoever asks for everything means what the project has; whoever names a query wants to know why it fails.
        let missing = if selectors.is_empty() { context.engine.missing(query)? } else { Vec::new() };
        if !missing.is_empty() {
            skip(&query.name, &format!("outlay.toml has no {}", missing.join(", ")));
            continue;
        }
        let unbuilt = if selectors.is_empty() { context.engine.unbuilt(query).await? } else { Vec::new() };
        if !unbuilt.is_empty() {
            skip(&query.name, &format!("`outlay build` has not built {}", unbuilt.join(", ")));
            continue;
        }
        outcomes
            .push(context.engine.check(query, params).await.map_err(|error| error.with("query", query.name.clone()))?);
    }
    sink::print_batch(&context.global, &context.engine, &findings(&outcomes)?).await?;
    let failed: Vec<&str> =
        outcomes.iter().filter(|outcome| !outcome.holds()).map(|outcome| outcome.query.as_str()).collect();
    match (failed.as_slice(), broken) {
        ([], 0) => Ok(()),
        ([], broken) => Err(Error::invalid(format!("{broken} saved queries cannot be read"))),
        (failed, _) => Err(Error::new(ErrorKind::Check, format!("checks failed: {}", failed.join(", ")))
            .hint("`outlay run NAME` shows the rows")),
    }
}

fn findings(outcomes: &[CheckOutcome]) -> Result<arrow::array::RecordBatch> {
    let rows: Vec<_> = outcomes
        .iter()
        .flat_map(|outcome| {
            let ran = (outcome.query.as_str(), "runs", "ok", outcome.rows, 0);
            let checks = outcome.findings.iter().map(|finding| {
                let verdict = match (finding.failing_rows, finding.severity) {
                    (0, _) => "ok",
                    (_, Severity::Warn) => "warning",
                    (_, Severity::Error) => "failed",
                };
                (outcome.query.as_str(), finding.check.as_str(), verdict, outcome.rows, finding.failing_rows)
            });
            std::iter::once(ran).chain(checks)
        })
        .collect();
    let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    table([
        ("query", texts(rows.iter().map(|row| row.0))),
        ("check", texts(rows.iter().map(|row| row.1))),
        ("verdict", texts(rows.iter().map(|row| row.2))),
        ("rows", counts(rows.iter().map(|row| count(row.3)))),
        ("failing_rows", counts(rows.iter().map(|row| count(row.4)))),
    ])
}
