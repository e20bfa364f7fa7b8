//! `outlay tables`: what SQL can select from.

use super::context::Context;
use super::records::{table, texts};
use super::sink;
use crate::engine::{RUNS, ledger};
use crate::error::Result;

pub(super) async fn run(context: &Context) -> Result<()> {
    let config = context.engine.config();
    let mut rows: Vec<[String; 3]> = Vec::new();
    if !config.sources.is_empty() {
        let opened = context.engine.ledger().await?;
        let charges: usize = opened.sources().flat_map(|source| &source.files).map(|file| file.rows).sum();
        let sources = opened.sources().count() + opened.vendors().count();
        let what = format!("{charges} charges in Parquet of {sources} sources; also `{}`", ledger::NAMES[1]);
        rows.push([ledger::NAMES[0].to_owned(), "ledger".to_owned(), what]);
        for source in opened.sources() {
            let charges: usize = source.files.iter().map(|file| file.rows).sum();
            let what = format!(
                "{}: {charges} charges in {} files, {} files set aside; {}",
                source.dialect.name,
                source.files.len(),
                source.set_aside.len(),
                source.location,
            );
            rows.push([source.name.clone(), "source".to_owned(), what]);
        }
        for source in opened.vendors() {
            let what = format!(
                "{}: {} files of records, {} files set aside; {}",
                source.dialect.name,
                source.objects.len(),
                source.set_aside.len(),
                source.location,
            );
            rows.push([source.name.clone(), "source".to_owned(), what]);
        }
    }
    rows.extend(config.tables.iter().map(|(name, settings)| [name.clone(), "table".to_owned(), settings.path.clone()]));
    let summaries = context.engine.catalog().summaries();
    rows.extend(summaries.map(|(table, query)| {
        [table.to_owned(), "summary table".to_owned(), format!("{}: {}", query.name, query.summary())]
    }));
    rows.push([RUNS.to_owned(), "table".to_owned(), "what builds of summary tables did".to_owned()]);
    let views = context.engine.catalog().iter().filter(|query| query.runs_without_values());
    rows.extend(views.map(|query| [query.name.clone(), "saved query".to_owned(), query.summary().to_owned()]));
    let column = |index: usize| texts(rows.iter().map(|row| row[index].as_str()));
    let batch = table([("name", column(0)), ("kind", column(1)), ("what", column(2))])?;
    sink::print_batch(&context.global, &context.engine, &batch).await
}
