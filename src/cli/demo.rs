//! `outlay demo`: the sample company.

use std::io::IsTerminal;
use std::sync::Arc;

use futures::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use object_store::{ObjectMeta, ObjectStore};

use super::args::{Demo, Global};
use super::context::store_options;
use super::report;
use crate::config::Config;
use crate::demo::{Plan, Progress, generate};
use crate::error::{Error, Result};
use crate::storage::{Location, Stores, store_error};

struct Bar(ProgressBar);

impl Progress for Bar {
    fn rows(&self, written: u64) {
        self.0.inc(written);
    }
}

pub(super) async fn run(global: &Global, args: &Demo) -> Result<()> {
    let plan = Plan::new(args.rows, args.months, args.seed)?;
    let folder = std::env::current_dir().unwrap_or_default();
    let location = Location::parse(&args.target, &folder)?;
    let stores = Stores::new(store_options(&Config::empty(&folder)));
    let store = stores.open(&location)?;
    clear(store.as_ref(), &location).await?;
    let bar = ProgressBar::with_draw_target(Some(args.rows), target(global));
    if let Ok(style) =
        ProgressStyle::with_template("{bar:30} {human_pos} of {human_len} charges, {per_sec}, {eta} left")
    {
        bar.set_style(style);
    }
    let bar = Arc::new(Bar(bar));
    let truth = generate(&plan, store, location.prefix(), bar.as_ref()).await?;
    bar.0.finish_and_clear();
    let next = match location.local_path() {
        Some(_) => format!("next: outlay -C {} run cost_per_outcome", args.target),
        None => {
            format!("next: name `{location}/exports/…` as sources in an outlay.toml, as {location}/outlay.toml does")
        }
    };
    let line = format!(
        "{} charges of {} months, {} to {}, in {location}\n{next}",
        truth.charges, truth.months, truth.first_month, truth.last_month
    );
    report::note(global.color, global.quiet, &line);
    Ok(())
}

fn target(global: &Global) -> ProgressDrawTarget {
    if global.quiet || !std::io::stderr().is_terminal() {
        ProgressDrawTarget::hidden()
    } else {
        ProgressDrawTarget::stderr()
    }
}

/// Takes an earlier sample company away, so that none of its files are left among the new; refuses anything else.
async fn clear(store: &dyn ObjectStore, location: &Location) -> Result<()> {
    let failed = |cause| store_error(&location.to_string(), cause);
    let found: Vec<ObjectMeta> = store.list(Some(location.prefix())).try_collect().await.map_err(failed)?;
    let ours = |folder: &'static str| {
        found.iter().filter(move |object| within(object, location, folder)).map(|object| object.location.clone())
    };
    if !found.is_empty() && ours("truth.json").next().is_none() {
        return Err(Error::invalid("something other than a sample company lies here")
            .with("location", location.to_string())
            .hint("name a new folder"));
    }
    let old: Vec<_> = ours("exports").chain(ours("facts")).map(Ok).collect();
    store.delete_stream(futures::stream::iter(old).boxed()).try_collect::<Vec<_>>().await.map_err(failed)?;
    Ok(())
}

fn within(object: &ObjectMeta, location: &Location, name: &str) -> bool {
    object
        .location
        .prefix_match(location.prefix())
        .and_then(|mut parts| parts.next())
        .is_some_and(|part| part.as_ref() == name)
}
