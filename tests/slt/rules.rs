//! Rules that every saved query of the library keeps.

use std::path::PathBuf;

use libtest_mimic::Failed;
use outlay::query::{Catalog, CheckKind, SavedQuery};
use sqllogictest::DB;

use super::database::Database;

/// Costs of which a query uses one: what was used and what was paid are two questions.
const COSTS: [&str; 4] = ["BilledCost", "EffectiveCost", "ListCost", "ContractedCost"];

/// The one query that says what the team of a charge is.
const TEAM_VIEW: &str = "team_charges";

/// The tag of views that other queries select from: they need no key, and nothing to draw.
const BUILDING_BLOCK: &str = "building-block";

/// Every query is run by one of the files `cases`, as `run NAME` or `FROM NAME` at the start of a line.
pub(crate) fn has_a_case(library: &Catalog, cases: &[PathBuf]) -> Result<(), Failed> {
    let texts = cases.iter().map(std::fs::read_to_string).collect::<Result<Vec<String>, _>>()?;
    let used: Vec<&str> = texts.iter().flat_map(|text| used_names(text)).collect();
    holds(library, "no case runs it", |query| used.contains(&query.name.as_str()))
}

/// Every query has an owner, tags, help for its parameters, a default for each, a check of its key and a chart; views of
/// charges have no key.
pub(crate) fn documents_itself(library: &Catalog) -> Result<(), Failed> {
    let broken: Vec<String> = library.broken().map(ToString::to_string).collect();
    if !broken.is_empty() {
        return Err(broken.join("\n").into());
    }
    holds(library, "no owner or no tags", |query| query.owner.is_some() && !query.tags.is_empty())?;
    holds(library, "a parameter without help", |query| query.params.iter().all(|param| param.help.is_some()))?;
    holds(library, "a parameter without a default", SavedQuery::runs_without_values)?;
    let is_block = |query: &SavedQuery| query.tags.iter().any(|tag| tag == BUILDING_BLOCK);
    holds(library, "no chart", |query| is_block(query) || !query.charts.is_empty())?;
    holds(library, "no check of the key", |query| {
        let is_key = |kind: &CheckKind| matches!(kind, CheckKind::Unique(_));
        is_block(query) || query.checks.iter().any(|check| is_key(&check.kind))
    })
}

/// Queries whose very subject is to hold one cost against another, and the summary that keeps them all.
const COMPARISONS: [&str; 3] = ["commitment_use", "prepaid_drawdown", "summarise_spend"];

/// No query uses two kinds of cost, unless it compares them.
pub(crate) fn mixes_no_costs(library: &Catalog) -> Result<(), Failed> {
    let compares = |query: &SavedQuery| COMPARISONS.contains(&query.name.as_str());
    holds(library, "mixes costs", |query| {
        compares(query) || COSTS.iter().filter(|cost| query.body.contains(**cost)).count() <= 1
    })
}

/// No query is refused by a ledger of two currencies for adding them.
pub(crate) fn adds_no_currencies(library: &Catalog, database: &mut Database) -> Result<(), Failed> {
    let refusals = library.iter().filter_map(|query| database.run(&format!("run {}", query.name)).err());
    let refused: Vec<String> =
        refusals.map(|error| error.to_string()).filter(|error| error.contains(" adds ")).collect();
    if refused.is_empty() { Ok(()) } else { Err(refused.join("\n").into()) }
}

/// What says the team of a charge.
const TEAM_WORDS: [&str; 3] = ["Tags ->> 'team'", "Tags['team']", "SubAccount"];

/// Only one query reads the tag of the team.
pub(crate) fn says_the_team_once(library: &Catalog) -> Result<(), Failed> {
    holds(library, "has a rule of its own for teams", |query| {
        query.name == TEAM_VIEW || !TEAM_WORDS.iter().any(|words| query.body.contains(words))
    })
}

fn holds(library: &Catalog, wrong: &str, rule: impl Fn(&SavedQuery) -> bool) -> Result<(), Failed> {
    let breaking: Vec<&str> = library.iter().filter(|query| !rule(query)).map(|query| query.name.as_str()).collect();
    if breaking.is_empty() { Ok(()) } else { Err(format!("{wrong}: {}", breaking.join(", ")).into()) }
}

/// The words after `run` and `FROM` at the start of a line.
fn used_names(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        matches!(words.next(), Some("run" | "FROM")).then(|| words.next()).flatten()
    })
}
