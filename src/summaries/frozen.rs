//! Intervals that may not change any more.

use std::collections::BTreeSet;

use super::Summaries;
use crate::error::{Error, Result};

impl Summaries {
    /// The frozen intervals of the table `name`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`], [`crate::ErrorKind::Data`] for a note that cannot be read.
    pub async fn frozen(&self, name: &str) -> Result<BTreeSet<String>> {
        let path = self.path(&["_frozen", &format!("{name}.json")]);
        let Some(text) = self.read(&path).await? else { return Ok(BTreeSet::new()) };
        serde_json::from_slice(&text).map_err(|cause| {
            Error::data("this is no list of frozen intervals")
                .with("object", self.location().object_url(&path))
                .because(cause)
        })
    }

    /// Freezes exactly these `intervals` of the table `name`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn freeze(&self, name: &str, intervals: &BTreeSet<String>) -> Result<()> {
        let text =
            serde_json::to_vec(intervals).map_err(|cause| Error::internal("cannot write a list").because(cause))?;
        self.write(&self.path(&["_frozen", &format!("{name}.json")]), text).await
    }
}
