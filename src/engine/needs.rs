//! What a saved query needs that the configuration does not have.

use std::collections::BTreeSet;

use super::{Engine, ledger};
use crate::error::Result;
use crate::facts::{self, Contract};
use crate::query::SavedQuery;

impl Engine {
    /// What `query`, and the queries that it builds on, need beyond the configuration: names of tables, `price_book`, or
    /// `sources` for a ledger without any. Sorted; empty when the query can run.
    ///
    /// The library asks more than every company has: a query over outcomes is no fault of a project without them.
    ///
    /// # Errors
    /// Those of SQL that cannot be read.
    pub fn missing(&self, query: &SavedQuery) -> Result<Vec<String>> {
        let reads = self.reads(query)?;
        let mut missing = BTreeSet::new();
        if reads.prices && self.config.price_book.is_none() {
            missing.insert("price_book".to_owned());
        }
        for name in reads.tables {
            if name == ledger::NAMES[0] {
                if self.config.sources.is_empty() {
                    missing.insert("sources".to_owned());
                }
            } else if !self.config.tables.contains_key(&name) && self.empty_table(&name).is_none() {
                missing.insert(name);
            }
        }
        for table in reads.summaries {
            let stored = self.catalog.summary(&table);
            missing.extend(stored.map(|stored| self.missing(stored)).transpose()?.unwrap_or_default());
        }
        Ok(missing.into_iter().collect())
    }

    /// The contract of a table that is not there and then empty.
    pub(super) fn empty_table(&self, name: &str) -> Option<&'static Contract> {
        let is_there = self.config.tables.contains_key(name) || self.catalog.contains(name);
        facts::contract(name).filter(|contract| contract.empty_when_absent && !is_there)
    }
}
