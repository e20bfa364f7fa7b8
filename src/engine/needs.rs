//! What a saved query needs that the configuration does not have.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::sql::resolve::resolve_table_references;

use super::{Engine, Sql, as_of, forecast, guard, ledger, pricing};
use crate::error::Result;
use crate::facts::{self, Contract};
use crate::query::SavedQuery;

/// Functions that stand where a table does.
const TABLE_FUNCTIONS: [&str; 3] = ["generate_series", "range", as_of::FUNCTION];

impl Engine {
    /// What `query`, and the queries that it builds on, need beyond the configuration: names of tables, `price_book`, or
    /// `sources` for a ledger without any. Sorted; empty when the query can run.
    ///
    /// The library asks more than every company has: a query over outcomes is no fault of a project without them.
    ///
    /// # Errors
    /// Those of SQL that cannot be read.
    pub fn missing(&self, query: &SavedQuery) -> Result<Vec<String>> {
        let mut missing = BTreeSet::new();
        let mut seen = BTreeSet::new();
        let mut waiting = vec![query];
        while let Some(query) = waiting.pop() {
            if !seen.insert(query.name.as_str()) {
                continue;
            }
            let sql = Sql { text: &query.body, origin: &query.path, first_line: query.body_line };
            let mut statement = guard::parse_one(sql)?;
            forecast::rewrite_calls(&mut statement, &BTreeMap::new());
            if pricing::is_used(&statement) && self.config.price_book.is_none() {
                missing.insert("price_book".to_owned());
            }
            let (relations, _ctes) = resolve_table_references(&statement, true)
                .map_err(|cause| super::errors::from_datafusion(cause, Some(sql)))?;
            for relation in &relations {
                let name = relation.table();
                if ledger::NAMES.contains(&name) || name == ledger::SET_ASIDE || name == as_of::FUNCTION {
                    if self.config.sources.is_empty() {
                        missing.insert("sources".to_owned());
                    }
                } else if self.catalog.contains(name) {
                    waiting.push(self.catalog.get(name)?);
                } else if !self.config.tables.contains_key(name)
                    && self.empty_table(name).is_none()
                    && !TABLE_FUNCTIONS.contains(&name)
                {
                    missing.insert(name.to_owned());
                }
            }
        }
        Ok(missing.into_iter().collect())
    }

    /// The contract of a table that is not there and then empty.
    pub(super) fn empty_table(&self, name: &str) -> Option<&'static Contract> {
        let is_there = self.config.tables.contains_key(name) || self.catalog.contains(name);
        facts::contract(name).filter(|contract| contract.empty_when_absent && !is_there)
    }
}
