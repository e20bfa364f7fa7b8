//! How the files of one source answer for the ledger: worked out once for all files that have the same columns.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::Schema;

use crate::focus::{Dialect, FileContract, map_file};

/// The contracts of the files of one source.
#[derive(Debug)]
pub(super) struct Contracts {
    dialect: &'static Dialect,
    declared: BTreeMap<String, String>,
    /// A source has few sets of columns: one for each version of its export.
    known: Mutex<Vec<(Schema, Arc<FileContract>)>>,
}

impl Contracts {
    /// Of files laid out as `dialect` says, with the columns that are `declared` to have other names.
    pub(super) fn new(dialect: &'static Dialect, declared: BTreeMap<String, String>) -> Self {
        Self { dialect, declared, known: Mutex::default() }
    }

    /// How the files are laid out.
    pub(super) fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// The contract of files with the columns of `schema`.
    pub(super) fn of(&self, schema: &Schema) -> Arc<FileContract> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, contract)) = known.iter().rev().find(|(columns, _)| columns == schema) {
            return Arc::clone(contract);
        }
        let contract = Arc::new(map_file(schema, self.dialect, &self.declared));
        known.push((schema.clone(), Arc::clone(&contract)));
        contract
    }
}
