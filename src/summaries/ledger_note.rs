//! The note of what the ledger looks like: under which listings and settings.

use std::collections::{BTreeMap, BTreeSet};

use arrow::datatypes::{Schema, SchemaRef};
use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoArrow;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::Summaries;
use super::commit::delta_schema;
use super::file::stored_schema;
use super::plain::read_schema;
use crate::error::Result;

/// The folder of the note.
pub const LEDGER: &str = "_ledger";

/// What the files of the ledger told.
#[derive(Debug, Clone, PartialEq)]
pub struct LedgerNote {
    /// The columns.
    pub columns: SchemaRef,
    /// The currencies that a column holds, where the files tell.
    pub currencies: BTreeMap<String, BTreeSet<String>>,
}

/// What a build found. It only spares the opening of every file: it holds for the very fingerprint that it names.
#[derive(Debug, Serialize, Deserialize)]
struct Stored {
    fingerprint: String,
    columns: StructType,
    currencies: BTreeMap<String, BTreeSet<String>>,
}

impl Summaries {
    /// What the ledger looks like when sources and settings have this `fingerprint`; `None` when nobody noted it.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn ledger_note(&self, fingerprint: &str) -> Result<Option<LedgerNote>> {
        let note = self.read(&self.ledger_path()).await?;
        let known: Option<Stored> = note.and_then(|text| serde_json::from_slice(&text).ok());
        Ok(known.filter(|known| known.fingerprint == fingerprint).and_then(|known| {
            let columns: Schema = (&known.columns).try_into_arrow().ok()?;
            Some(LedgerNote { columns: read_schema(&columns).into(), currencies: known.currencies })
        }))
    }

    /// Notes what the ledger looks like under this `fingerprint`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`], and [`crate::ErrorKind::Invalid`] for columns of a type that cannot be stored.
    pub async fn note_ledger(&self, fingerprint: &str, note: LedgerNote) -> Result<()> {
        let columns = delta_schema(stored_schema(&note.columns)?.as_ref())?;
        let stored = Stored { fingerprint: fingerprint.to_owned(), columns, currencies: note.currencies };
        self.write_json(&self.ledger_path(), &stored).await
    }

    fn ledger_path(&self) -> Path {
        self.path(&[LEDGER, "note.json"])
    }
}
