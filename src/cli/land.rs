//! `outlay land`: a vendor's dump becomes Parquet in a bucket.

use std::path::PathBuf;
use std::sync::Arc;

use super::args::{Global, Land};
use super::context::{configuration, limits, store_options};
use super::records::{counts, table, texts};
use super::{report, sink};
use crate::clock::SystemClock;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::land::{Landing, Mode, land};
use crate::{dialects, focus};

pub(super) async fn run(global: &Global, args: &Land) -> Result<()> {
    let known = || {
        let of_vendors = dialects::vendor_dialects().map(|dialect| dialect.name.as_str());
        focus::dialects().iter().map(|dialect| dialect.name).chain(of_vendors)
    };
    if !known().any(|name| name == args.dialect) {
        let error = Error::invalid(format!("`{}` is no dialect", args.dialect))
            .hint(format!("known dialects: {}", known().collect::<Vec<_>>().join(", ")));
        return Err(crate::error::did_you_mean(&args.dialect, known()).into_iter().fold(error, Error::hint));
    }
    let config = configuration(global)?;
    let mode = match (args.append, args.replace) {
        (true, _) => Mode::Append,
        (false, true) => Mode::ReplaceWithFewer,
        (false, false) => Mode::Replace,
    };
    let options = store_options(&config);
    let limits = limits(global, &config)?;
    let mut rows = Vec::new();
    for file in &args.files {
        let landing = Landing {
            file: file.clone(),
            dialect: args.dialect.clone(),
            to: args.to.clone(),
            base: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            mode,
        };
        let landed = land(&landing, options.clone(), limits, Arc::new(SystemClock::default())).await;
        let months = landed.map_err(|error| error.with("dump", file.clone()))?;
        rows.extend(months.into_iter().map(|month| (file.clone(), month)));
    }
    let batch = table([
        ("dump", texts(rows.iter().map(|(file, _)| file.as_str()))),
        ("period", texts(rows.iter().map(|(_, month)| month.period.as_str()))),
        ("charges", counts(rows.iter().map(|(_, month)| month.charges))),
        ("replaced", counts(rows.iter().map(|(_, month)| month.replaced))),
        ("total", counts(rows.iter().map(|(_, month)| month.total))),
        ("what", texts(rows.iter().map(|(_, month)| if month.unchanged { "unchanged" } else { "landed" }))),
    ])?;
    let engine = Engine::builder(config).store_options(options).build()?;
    sink::print_batch(global, &engine, &batch).await?;
    let next = format!("next: `[sources.NAME]` with `path = \"{}\"` in outlay.toml", args.to);
    report::note(global.color, global.quiet, &next);
    Ok(())
}
