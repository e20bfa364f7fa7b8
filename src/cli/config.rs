//! `outlay config`: what is in force.

use std::io::Write;

use super::context::Context;
use super::records::{table, texts};
use super::{args, sink};
use crate::error::{Error, Result};

pub(super) fn run(context: &Context, args: &args::Config) -> Result<()> {
    let config = context.engine.config();
    let file = config.file.as_ref().map(|file| file.display().to_string());
    if args.path {
        let file = file.ok_or_else(|| Error::invalid("there is no outlay.toml here or above"))?;
        return writeln!(std::io::stdout(), "{file}").map_err(|cause| Error::storage("cannot print").because(cause));
    }
    let shown = |value: &dyn std::fmt::Debug| format!("{value:?}");
    let calendar = context.engine.calendar();
    let mut rows = vec![
        ("file".to_owned(), file.unwrap_or_else(|| "none".to_owned())),
        (
            "queries".to_owned(),
            config.queries().map_or_else(|| "embedded".to_owned(), |folder| folder.display().to_string()),
        ),
        ("as of".to_owned(), calendar.as_of.to_string()),
        ("fiscal year starts in month".to_owned(), config.project.fiscal_year_start.to_string()),
        ("close lag in days".to_owned(), calendar.close_lag_days.to_string()),
        ("days that an exchange rate holds".to_owned(), config.fx.max_age_days.to_string()),
        ("principals".to_owned(), shown(&config.privacy.principals).to_lowercase()),
        ("people that a group has at least".to_owned(), config.privacy.min_group().to_string()),
        ("limits".to_owned(), shown(&config.limits)),
        ("most that is kept of remote stores".to_owned(), config.cache.size.clone()),
    ];
    rows.extend(config.sources.iter().map(|(name, source)| (format!("source {name}"), source.path.clone())));
    rows.extend(config.tables.iter().map(|(name, source)| (format!("table {name}"), source.path.clone())));
    rows.extend(config.price_book.iter().map(|book| ("price book".to_owned(), book.path.clone())));
    rows.extend(config.storage.iter().map(|(name, value)| (format!("storage {name}"), value.clone())));
    let batch = table([
        ("setting", texts(rows.iter().map(|row| row.0.as_str()))),
        ("value", texts(rows.iter().map(|row| row.1.as_str()))),
    ])?;
    futures::executor::block_on(sink::print_batch(&context.global, &context.engine, &batch))
}
