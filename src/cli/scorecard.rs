//! `outlay check SOURCE`: the rules of FOCUS and the completeness of a source, line by line.

use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Array, RecordBatch};

use super::context::Context;
use super::records::{counts, table, texts};
use super::{report, sink};
use crate::engine::{Score, Scorecard, Verdict, ledger};
use crate::error::{Error, ErrorKind, Result};
use crate::focus::Gate;

/// Fractional digits of the share.
const SHARE_SCALE: i8 = 6;

pub(super) async fn run(context: &Context, name: &str) -> Result<()> {
    let note = |text: &str| report::note(context.global.color, context.global.quiet, text);
    if context.engine.catalog().contains(name) {
        note(&format!("`{name}` is a source and a saved query; `outlay check '{name}*'` checks the query"));
    }
    let source = (!ledger::NAMES.contains(&name)).then_some(name);
    let cards = context.engine.scorecards(source).await?;
    sink::print_batch(&context.global, &context.engine, &lines(&cards)?).await?;
    for card in &cards {
        note(&summary(card));
    }
    match (named(&cards, Gate::Conformance), named(&cards, Gate::Completeness)) {
        (None, None) => Ok(()),
        (Some(rules), _) => Err(Error::new(ErrorKind::Check, format!("rules failed: {rules}"))
            .hint("a rule that a source is known to break: `[sources.NAME]` `accept = [\"its name\"]`")),
        (None, Some(rules)) => Err(Error::new(ErrorKind::Stale, format!("charges are missing or late: {rules}"))),
    }
}

/// The rules that failed and decide `gate`, each once for a source.
fn named(cards: &[Scorecard], gate: Gate) -> Option<String> {
    let failed: Vec<String> =
        cards.iter().flat_map(|card| card.failed(gate).map(|rule| format!("{rule} ({})", card.source))).collect();
    (!failed.is_empty()).then(|| failed.join(", "))
}

fn summary(card: &Scorecard) -> String {
    let versions: Vec<String> = card.versions.iter().map(ToString::to_string).collect();
    let counts: Vec<String> =
        [Verdict::Failed, Verdict::Warning, Verdict::Accepted, Verdict::Ok, Verdict::NotApplicable]
            .into_iter()
            .map(|verdict| format!("{} {verdict}", card.count(verdict)))
            .collect();
    let (source, charges, rules) = (&card.source, card.charges, card.scores.len());
    format!("{source}: FOCUS {}, {charges} charges, {rules} rules: {}", versions.join(" and "), counts.join(", "))
}

fn lines(cards: &[Scorecard]) -> Result<RecordBatch> {
    let mut rows: Vec<(&str, &Score)> =
        cards.iter().flat_map(|card| card.scores.iter().map(|score| (card.source.as_str(), score))).collect();
    rows.sort_by_key(|(_, score)| score.verdict);
    let count = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
    table([
        ("source", texts(rows.iter().map(|row| row.0))),
        ("rule", texts(rows.iter().map(|row| row.1.rule.as_str()))),
        ("level", texts(rows.iter().map(|row| row.1.obligation.to_string()))),
        ("verdict", texts(rows.iter().map(|row| row.1.verdict.to_string()))),
        ("failing", counts(rows.iter().map(|row| count(row.1.failing)))),
        ("share", shares(rows.iter().map(|row| (row.1.failing, row.1.concerned)))?),
        ("column", texts(rows.iter().map(|row| row.1.column.as_deref().unwrap_or_default()))),
        ("what", texts(rows.iter().map(|row| row.1.what.as_str()))),
        ("found", texts(rows.iter().map(|row| row.1.found.as_str()))),
    ])
}

/// Parts of a whole; NULL where there is no whole.
fn shares(parts: impl Iterator<Item = (u64, u64)>) -> Result<ArrayRef> {
    let scale = 10_i128.pow(u32::from(SHARE_SCALE.unsigned_abs()));
    let shares = parts.map(|(part, whole)| (i128::from(part) * scale).checked_div(i128::from(whole)));
    let shares = shares
        .collect::<Decimal128Array>()
        .with_precision_and_scale(38, SHARE_SCALE)
        .map_err(|cause| Error::internal("a share is no number").because(cause))?;
    Ok(Arc::new(shares))
}
