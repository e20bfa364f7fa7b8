//! What a saved query reads, straight or through the queries that it builds on.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::resolve::resolve_table_references;

use super::shelf::calls;
use super::{Engine, RUNS, Sql, as_of, errors, forecast, guard, ledger, pricing};
use crate::error::Result;
use crate::query::SavedQuery;

/// Functions that stand where a table does.
const TABLE_FUNCTIONS: [&str; 2] = ["generate_series", "range"];

/// Functions that say another thing at each call.
const VOLATILE: [&str; 6] = ["now", "today", "current_date", "current_timestamp", "current_time", "random"];

/// What a saved query reads.
#[derive(Debug, Default)]
pub(super) struct Reads<'q> {
    /// The query itself and those that it builds on, by name.
    pub(super) queries: BTreeMap<&'q str, &'q SavedQuery>,
    /// Summary tables.
    pub(super) summaries: BTreeSet<String>,
    /// Other tables; those of the ledger under the name of the first of them.
    pub(super) tables: BTreeSet<String>,
    /// Whether a function looks into the price book.
    pub(super) prices: bool,
    /// Those of the queries whose result differs from one moment to the next.
    pub(super) volatile: BTreeSet<&'q str>,
}

impl Engine {
    /// What stands behind `query`, a line each: saved queries that it builds on, summary tables, sources and tables.
    ///
    /// # Errors
    /// Those of SQL that cannot be read.
    pub fn reads_by_name(&self, query: &SavedQuery) -> Result<Vec<String>> {
        let reads = self.reads(query)?;
        let below =
            reads.queries.keys().filter(|name| **name != query.name).map(|name| format!("{name}   saved query"));
        let summaries = reads.summaries.iter().map(|name| format!("{name}   summary table"));
        let is_ledger = |name: &&String| *name == ledger::NAMES[0];
        let sources = self.config.sources.iter().filter(|_| reads.tables.iter().any(|name| is_ledger(&name)));
        let sources = sources.map(|(name, source)| format!("{name}   source, {}", source.path));
        let tables =
            reads.tables.iter().filter(|name| !is_ledger(name)).map(|name| match self.config.tables.get(name) {
                Some(table) => format!("{name}   table, {}", table.path),
                None => format!("{name}   table, not configured"),
            });
        Ok(below.chain(summaries).chain(sources).chain(tables).collect())
    }

    /// What `query` reads, down to tables.
    ///
    /// # Errors
    /// Those of SQL that cannot be read.
    pub(super) fn reads<'q>(&'q self, query: &'q SavedQuery) -> Result<Reads<'q>> {
        let mut reads = Reads::default();
        let mut waiting = vec![query];
        while let Some(query) = waiting.pop() {
            if reads.queries.insert(query.name.as_str(), query).is_some() {
                continue;
            }
            let sql = Sql::of(query);
            let mut statement = guard::parse_one(sql)?;
            forecast::rewrite_calls(&mut statement, &BTreeMap::new());
            reads.prices |= pricing::is_used(&statement);
            if calls(&statement, &VOLATILE) {
                reads.volatile.insert(&query.name);
            }
            let (relations, _ctes) = resolve_table_references(&statement, true)
                .map_err(|cause| errors::from_datafusion(cause, Some(sql)))?;
            for relation in &relations {
                let name = relation.table();
                if ledger::NAMES.contains(&name) || name == ledger::SET_ASIDE || name == as_of::FUNCTION {
                    reads.tables.insert(ledger::NAMES[0].to_owned());
                } else if self.config.tables.contains_key(name) {
                    reads.tables.insert(name.to_owned());
                } else if self.catalog.summary(name).is_some() {
                    reads.summaries.insert(name.to_owned());
                } else if self.catalog.contains(name) {
                    waiting.push(self.catalog.get(name)?);
                } else if !TABLE_FUNCTIONS.contains(&name) && name != RUNS {
                    reads.tables.insert(name.to_owned());
                }
            }
        }
        Ok(reads)
    }
}
