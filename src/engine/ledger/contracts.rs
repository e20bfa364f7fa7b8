//! How the files of one source answer for the ledger: worked out once for all files that have the same columns.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::datatypes::{Fields, Schema};
use parquet::arrow::{ARROW_SCHEMA_META_KEY, parquet_to_arrow_schema};
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::{FileMetaData, KeyValue};
use parquet::schema::types::SchemaDescPtr;

use crate::focus::{Dialect, FileContract, map_file};

/// The contracts of the files of one source.
#[derive(Debug)]
pub(super) struct Contracts {
    dialect: &'static Dialect,
    declared: BTreeMap<String, String>,
    /// A source has few sets of columns: one for each version of its export.
    known: Mutex<Vec<(Fields, Arc<FileContract>)>>,
    footers: Mutex<Vec<KnownFooter>>,
}

/// What a footer says of columns, and the columns that come of it.
#[derive(Debug)]
struct KnownFooter {
    parquet: SchemaDescPtr,
    hint: Option<KeyValue>,
    columns: Arc<Schema>,
}

impl Contracts {
    /// Of files laid out as `dialect` says, with the columns that are `declared` to have other names.
    pub(super) fn new(dialect: &'static Dialect, declared: BTreeMap<String, String>) -> Self {
        Self { dialect, declared, known: Mutex::default(), footers: Mutex::default() }
    }

    /// How the files are laid out.
    pub(super) fn dialect(&self) -> &'static Dialect {
        self.dialect
    }

    /// The columns that are declared to have other names.
    pub(super) fn declared(&self) -> &BTreeMap<String, String> {
        &self.declared
    }

    /// The contract of files with the columns of `schema`.
    pub(super) fn of(&self, schema: &Schema) -> Arc<FileContract> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, contract)) = known.iter().rev().find(|(columns, _)| columns == schema.fields()) {
            return Arc::clone(contract);
        }
        let contract = Arc::new(map_file(schema, self.dialect, &self.declared));
        known.push((schema.fields().clone(), Arc::clone(&contract)));
        contract
    }

    /// The columns of a file as Arrow has them, without the metadata of the file: made once for all footers that say the same.
    ///
    /// # Errors
    /// When the footer tells no columns.
    pub(super) fn columns(&self, footer: &FileMetaData) -> ParquetResult<Arc<Schema>> {
        let metadata = footer.key_value_metadata();
        let hint = metadata.and_then(|metadata| metadata.iter().find(|entry| entry.key == ARROW_SCHEMA_META_KEY));
        let parquet = footer.schema_descr_ptr();
        let mut footers = self.footers.lock().unwrap_or_else(PoisonError::into_inner);
        let is_known = |known: &&KnownFooter| known.hint.as_ref() == hint && known.parquet == parquet;
        if let Some(known) = footers.iter().rev().find(is_known) {
            return Ok(Arc::clone(&known.columns));
        }
        let columns = Arc::new(parquet_to_arrow_schema(&parquet, hint.cloned().map(|hint| vec![hint]).as_ref())?);
        footers.push(KnownFooter { parquet, hint: hint.cloned(), columns: Arc::clone(&columns) });
        Ok(columns)
    }
}
