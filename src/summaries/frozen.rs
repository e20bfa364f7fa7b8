//! Intervals that may not change any more.

use std::collections::BTreeSet;

use object_store::path::Path;

use super::Summaries;
use crate::error::Result;

impl Summaries {
    /// The frozen intervals of the table `name`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`], [`crate::ErrorKind::Data`] for a note that cannot be read.
    pub async fn frozen(&self, name: &str) -> Result<BTreeSet<String>> {
        let known = self.read_json(&self.frozen_path(name), "list of frozen intervals").await?;
        Ok(known.unwrap_or_default())
    }

    /// Freezes exactly these `intervals` of the table `name`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn freeze(&self, name: &str, intervals: &BTreeSet<String>) -> Result<()> {
        self.write_json(&self.frozen_path(name), intervals).await
    }

    fn frozen_path(&self, name: &str) -> Path {
        self.path(&["_frozen", &format!("{name}.json")])
    }
}
