//! The note that nothing was due: under which listings, and at which version of the table.

use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::Summaries;
use crate::error::Result;
use crate::fingerprint::short;
use crate::units::Period;

/// The folder of the notes.
pub const SETTLED: &str = "_settled";

/// The fingerprint of everything that decides whether something is due in a table: what lies where its query reads, as the
/// fingerprint of a listing says it, its definition, and the last interval that is built; `None` for a table that is built whole.
pub fn settled_key(listing: &str, definition: &str, last: Option<&Period>) -> String {
    short(format!("{listing} {definition} {last:?}"))
}

/// What a build found settled. It only spares work: it holds for the very fingerprint and version that it names.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Settled {
    fingerprint: String,
    version: String,
}

impl Summaries {
    /// Whether nothing was due in the table `name` when listings, definition and intervals had this `fingerprint`, and the
    /// table is still at that version.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn is_settled(&self, name: &str, fingerprint: &str, version: &str) -> Result<bool> {
        let note = self.read(&self.settled_path(name)).await?;
        let known: Option<Settled> = note.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(known.is_some_and(|known| known.version == version && known.fingerprint == fingerprint))
    }

    /// Notes that nothing is due in the table `name` under this `fingerprint` and at this version.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn settle(&self, name: &str, fingerprint: &str, version: &str) -> Result<()> {
        let note = Settled { fingerprint: fingerprint.to_owned(), version: version.to_owned() };
        self.write_json(&self.settled_path(name), &note).await
    }

    fn settled_path(&self, name: &str) -> Path {
        self.path(&[SETTLED, &format!("{name}.json")])
    }
}
