//! `outlay report`: saved queries on one page.

use std::io::Write;

use super::args;
use super::context::Context;
use super::provenance::{about, about_answer};
use super::{report, run, sink};
use crate::error::{Error, ErrorKind, Result};
use crate::output::{Format, Report, Section, SectionOutcome};
use crate::query::SavedQuery;

/// What finance asks first: where the budget stands, where the money goes, what it bought.
const USUAL: [&str; 10] = [
    "budget_months",
    "budget_burndown",
    "budget_variance",
    "budget_outlook",
    "spend_by_month",
    "spend_by_provider",
    "spend_by_team",
    "top_movers",
    "cost_per_outcome",
    "adoption_forecast",
];
const TITLE: &str = "Spend, budget and outcomes";
/// Rows of a table unless the configuration or `--max-rows` say otherwise.
const ROWS: usize = 20;

pub(super) async fn run(context: &Context, args: &args::Report) -> Result<()> {
    check_format(context)?;
    let queries = selected(context, &args.selectors)?;
    let given = run::params(&args.params)?;
    check_parameters(&queries, &given)?;
    let mut sections = Vec::new();
    let mut failures = Vec::new();
    for query in &queries {
        report::note(context.global.color, context.global.quiet, &format!("{} ...", query.name));
        let (section, failure) = section(context, query, &given).await;
        sections.push(section);
        failures.extend(failure);
    }
    if failures.len() == sections.len() {
        return failures.into_iter().next().map_or(Ok(()), Err);
    }
    for failure in &failures {
        report::note(context.global.color, false, report::render(failure).trim_end());
    }
    write(context, page(context, sections)).await?;
    // What cannot be asked here, for want of a table or a source, is no fault of the report.
    failures.into_iter().find(|failure| failure.kind() != ErrorKind::Invalid).map_or(Ok(()), Err)
}

fn page(context: &Context, sections: Vec<Section>) -> Report {
    let config = &context.engine.config().report;
    Report {
        title: config.title.clone().unwrap_or_else(|| TITLE.to_owned()),
        facts: vec![
            ("as of".to_owned(), context.engine.calendar().as_of.to_string()),
            ("written".to_owned(), context.engine.clock().now().format("%Y-%m-%d %H:%M UTC").to_string()),
            ("queries".to_owned(), sections.len().to_string()),
        ],
        sections,
        max_rows: context.global.max_rows.or(config.max_rows).unwrap_or(ROWS),
    }
}

async fn write(context: &Context, page: Report) -> Result<()> {
    let html = page.html()?;
    let mut file = sink::Target::open(&context.global, &context.engine, Format::Html)?;
    let written = file.out.write_all(html.as_bytes()).and_then(|()| file.out.flush());
    written.map_err(|cause| Error::storage("cannot write the report").because(cause))?;
    file.publish().await
}

fn check_format(context: &Context) -> Result<()> {
    let by_suffix = context.global.output.as_deref().and_then(Format::from_suffix);
    let asked = context.global.format.as_deref().map(str::parse).transpose()?.or(by_suffix);
    match asked {
        None | Some(Format::Html) => Ok(()),
        Some(other) => Err(Error::invalid(format!("a report is HTML, not {other}"))
            .hint("write `-o report.html`, or run one query: `outlay run NAME -o FILE`")),
    }
}

/// The queries in the order of the selectors, each once.
fn selected<'c>(context: &'c Context, selectors: &[String]) -> Result<Vec<&'c SavedQuery>> {
    let configured = &context.engine.config().report.queries;
    let usual: Vec<String> = USUAL.map(str::to_owned).to_vec();
    let selectors =
        [selectors, configured, &usual].into_iter().find(|selectors| !selectors.is_empty()).unwrap_or_default();
    let mut queries: Vec<&SavedQuery> = Vec::new();
    for selector in selectors {
        for query in context.engine.catalog().select(std::slice::from_ref(selector))? {
            if !queries.iter().any(|known| known.name == query.name) {
                queries.push(query);
            }
        }
    }
    Ok(queries)
}

/// A parameter that no query has is a slip of the pen.
fn check_parameters(queries: &[&SavedQuery], given: &[(String, String)]) -> Result<()> {
    for (name, _) in given {
        if !queries.iter().any(|query| has(query, name)) {
            return Err(Error::invalid(format!("no query of the report has the parameter `{name}`"))
                .hint("`outlay show NAME` lists the parameters of a query"));
        }
    }
    Ok(())
}

fn has(query: &SavedQuery, parameter: &str) -> bool {
    query.params.iter().any(|param| param.name == parameter)
}

/// The answer of one query, or why there is none.
async fn section(context: &Context, query: &SavedQuery, given: &[(String, String)]) -> (Section, Option<Error>) {
    let own: Vec<(String, String)> = given.iter().filter(|(name, _)| has(query, name)).cloned().collect();
    let section = |about, outcome| Section { about, charts: query.charts.clone(), outcome };
    let asked = async {
        let mut answer = context.engine.run(query, &own).await?;
        let batches = answer.collect().await?;
        Ok::<_, Error>((answer, batches))
    };
    match asked.await {
        Ok((answer, batches)) => {
            let outcome = SectionOutcome::Answered { schema: answer.schema(), batches };
            (section(about_answer(&context.engine, query, &answer), outcome), None)
        }
        Err(error) => (section(about(&context.engine, query), SectionOutcome::failed(&error)), Some(error)),
    }
}
