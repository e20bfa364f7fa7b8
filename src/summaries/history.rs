//! Which files the past of a table needs.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use deltalake_core::DeltaTable;
use object_store::path::Path;
use serde::Deserialize;

use super::Summaries;
use crate::error::{Error, Result};

/// A line of a commit, as far as it matters here.
#[derive(Deserialize)]
struct Line {
    add: Option<AddedFile>,
}

#[derive(Deserialize)]
struct AddedFile {
    path: String,
}

impl Summaries {
    /// The paths, below the table `name`, of every file that counted at `since` or later; empty without the table.
    ///
    /// # Errors
    /// As [`Self::table`].
    pub async fn files_since(&self, name: &str, since: DateTime<Utc>) -> Result<BTreeSet<String>> {
        let failed = |cause| self.delta_error(name, cause);
        let log = self.log(name)?;
        if !log.is_delta_table_location().await.map_err(failed)? {
            return Ok(BTreeSet::new());
        }
        let mut then = DeltaTable::new(std::sync::Arc::clone(&log));
        // The first version stands for every time before it.
        then.load_with_datetime(since).await.map_err(failed)?;
        let state = then.snapshot().map_err(failed)?;
        let mut files: BTreeSet<String> = state.log_data().iter().map(|view| view.path().into_owned()).collect();
        let newest = log.get_latest_version(state.version()).await.map_err(failed)?;
        for version in state.version() + 1..=newest {
            let commit = log.read_commit_entry(version).await.map_err(failed)?;
            let commit = commit.ok_or_else(|| {
                Error::data("a commit of the summary table is gone")
                    .with("table", name)
                    .with("version", version.to_string())
            })?;
            for line in commit.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                let line: Line = serde_json::from_slice(line).map_err(|cause| {
                    let version = version.to_string();
                    Error::data("this commit cannot be read")
                        .with("table", name)
                        .with("version", version)
                        .because(cause)
                })?;
                files.extend(line.add.map(|add| add.path));
            }
        }
        Ok(files)
    }

    /// Notes that files which counted only before `before` are gone from the table `name`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn forget(&self, name: &str, before: DateTime<Utc>) -> Result<()> {
        self.write_json(&self.forgotten_path(name), &before).await
    }

    /// The time before which the table `name` may lack files.
    pub(super) async fn forgotten(&self, name: &str) -> Result<Option<DateTime<Utc>>> {
        self.read_json(&self.forgotten_path(name), "time").await
    }

    fn forgotten_path(&self, name: &str) -> Path {
        self.path(&["_vacuumed", &format!("{name}.json")])
    }
}
