//! `outlay dialects`: the exports that sources can hold.

use super::context::Context;
use super::records::{table, texts};
use super::sink;
use crate::error::Result;
use crate::{dialects, focus};

pub(super) async fn run(context: &Context) -> Result<()> {
    let of_focus =
        focus::dialects().iter().map(|dialect| [dialect.name, dialect.description, "https://focus.finops.org"]);
    let of_vendors = dialects::vendor_dialects()
        .map(|dialect| [dialect.name.as_str(), dialect.description.as_str(), dialect.documentation.as_str()]);
    let rows: Vec<[&str; 3]> = of_focus.chain(of_vendors).collect();
    let column = |index: usize| texts(rows.iter().map(|row| row[index]));
    let batch = table([("dialect", column(0)), ("what", column(1)), ("documentation", column(2))])?;
    sink::print_batch(&context.global, &context.engine, &batch).await
}
