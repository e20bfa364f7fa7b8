//! `outlay list`: the catalogue of saved queries.

use super::context::Context;
use super::records::{table, texts};
use super::{args, report, sink};
use crate::error::Result;
use crate::query::{Param, SavedQuery};

pub(super) fn run(context: &Context, args: &args::List) -> Result<()> {
    let catalog = context.engine.catalog();
    let queries = catalog.select(&args.selectors)?;
    for error in catalog.broken() {
        let text = report::render(error);
        report::note(context.global.color, context.global.quiet, text.trim_end());
    }
    let column = |value: fn(&SavedQuery) -> String| texts(queries.iter().map(|query| value(query)));
    let batch = table([
        ("name", column(|query| query.name.clone())),
        ("answers", column(|query| query.summary().to_owned())),
        ("parameters", column(|query| query.params.iter().map(described).collect::<Vec<_>>().join(", "))),
        ("tags", column(|query| query.tags.join(", "))),
        ("owner", column(|query| query.owner.clone().unwrap_or_default())),
    ])?;
    futures::executor::block_on(sink::print_batch(&context.global, &context.engine, &batch))
}

/// `quarter quarter = last_full_quarter`
pub(super) fn described(param: &Param) -> String {
    let array = if param.array { "[]" } else { "" };
    let nullable = if param.nullable { "?" } else { "" };
    let default = param.default.as_ref().map(|default| format!(" = {default}")).unwrap_or_default();
    format!("{} {}{array}{nullable}{default}", param.name, param.kind)
}
