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
    intervals: Vec<String>,
}

impl Summaries {
    /// The intervals of the table `name` of which none was due when listings, definition and last interval had this `fingerprint`;
    /// `None` when nobody found so, or the table is at another version by now.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn settled(&self, name: &str, fingerprint: &str, version: &str) -> Result<Option<Vec<String>>> {
        let note = self.read(&self.settled_path(name)).await?;
        let known: Option<Settled> = note.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let known = known.filter(|known| known.version == version && known.fingerprint == fingerprint);
        Ok(known.map(|known| known.intervals))
    }

    /// Notes that none of these `intervals` of the table `name` is due under this `fingerprint` and at this version.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn settle(&self, name: &str, fingerprint: &str, version: &str, intervals: &[String]) -> Result<()> {
        let (fingerprint, version) = (fingerprint.to_owned(), version.to_owned());
        let note = Settled { fingerprint, version, intervals: intervals.to_vec() };
        self.write_json(&self.settled_path(name), &note).await
    }

    fn settled_path(&self, name: &str) -> Path {
        self.path(&[SETTLED, &format!("{name}.json")])
    }
}
