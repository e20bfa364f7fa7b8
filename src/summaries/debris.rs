//! What builds left behind and nobody needs.

use std::collections::BTreeSet;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use object_store::ObjectMeta;
use object_store::path::Path;

use super::Summaries;
use super::file::FileState;
use super::lock::Owner;
use super::runs::{Outcome, Run};
use crate::error::{Error, Result};
use crate::storage::unfinished;

/// An object that nobody needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Debris {
    pub(super) place: Place,
    /// Its URL.
    pub object: String,
    /// Its bytes.
    pub size: u64,
    /// Why nobody needs it.
    pub why: &'static str,
}

/// Where an object lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// Its key in the store.
    Key(Path),
    /// A file that the store does not list.
    File(PathBuf),
}

/// What is old enough to go.
#[derive(Debug, Clone, Copy)]
pub struct Age {
    /// The time from which on every state of a table stays readable.
    pub history: DateTime<Utc>,
    /// What nobody can tell the owner of goes when it was written before this.
    pub unknown: DateTime<Utc>,
}

impl Age {
    /// History for as long as `retention` before `now`; an hour for what may belong to a build that runs elsewhere.
    pub fn before(now: DateTime<Utc>, retention: TimeDelta) -> Self {
        Self { history: now - retention, unknown: now - TimeDelta::hours(1) }
    }
}

impl Summaries {
    /// Everything in the folder of the table `name`, its locks and its records that nobody needs.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`], and those of reading the table.
    pub async fn debris(&self, name: &str, age: Age) -> Result<Vec<Debris>> {
        let mut needed = self.files_since(name, age.history).await?;
        let stored = self.table(name, None).await?;
        needed.extend(stored.iter().flat_map(|stored| &stored.files).map(|file| file.path.clone()));
        let ever = self.files_since(name, DateTime::UNIX_EPOCH).await?;
        let runs = self.runs(|table| table == name).await?;
        let mut debris = Vec::new();
        let mut unneeded = |object: ObjectMeta, why| {
            let url = self.location().object_url(&object.location);
            debris.push(Debris { place: Place::Key(object.location), object: url, size: object.size, why });
        };
        let is_over = |object: &ObjectMeta, state: &FileState| {
            has_ended(&runs, &state.run).unwrap_or(object.last_modified < age.unknown)
        };
        for (path, state, object) in self.written(&self.path(&[name])).await? {
            if needed.contains(&path) {
                continue;
            }
            if ever.contains(&path) {
                unneeded(object, "replaced before the history that is kept");
            } else if is_over(&object, &state) {
                unneeded(object, "of a build that did not publish it");
            }
        }
        for (_, state, object) in self.written(&self.path(&["_staged", name])).await? {
            if is_over(&object, &state) {
                unneeded(object, "of a build that did not end");
            }
        }
        for object in self.objects(&self.path(&["_locks", name])).await? {
            let Some(text) = self.read(&object.location).await? else { continue };
            let lock: Option<super::Lock> = serde_json::from_slice(&text).ok();
            if lock.is_none_or(|lock| lock.owner.is_dead()) {
                unneeded(object, "lock of a process that is gone");
            }
        }
        let kept: BTreeSet<String> =
            needed.iter().filter_map(|path| FileState::of_path(path)).map(|state| state.run).collect();
        for run in runs.iter().filter(|run| run.started < age.history && !kept.contains(&run.run)) {
            let path = self.run_path(&run.run, name);
            let object = self.location().object_url(&path);
            debris.push(Debris {
                place: Place::Key(path),
                object,
                size: 0,
                why: "record older than the history that is kept",
            });
        }
        Ok(debris)
    }

    /// The files that builds wrote below `folder`: path below it, state, object.
    async fn written(&self, folder: &Path) -> Result<Vec<(String, FileState, ObjectMeta)>> {
        let of = |object: ObjectMeta| {
            let below: Vec<_> = object.location.prefix_match(folder)?.collect();
            let below = below.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join("/");
            FileState::of_path(&below).map(|state| (below, state, object))
        };
        Ok(self.objects(folder).await?.into_iter().filter_map(of).collect())
    }

    /// What belongs to no table: probes of the store, and on a local disk what killed processes had begun to write, unless some
    /// build may still run.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn stray(&self) -> Result<Vec<Debris>> {
        let mut debris = Vec::new();
        let runs = self.runs(|_| true).await?;
        let is_quiet = runs.iter().all(|run| run.outcome != Outcome::Running || run.owner.is_dead());
        for file in unfinished(&self.location)?.into_iter().filter(|_| is_quiet) {
            let size = std::fs::metadata(&file).map_or(0, |metadata| metadata.len());
            let object = file.display().to_string();
            debris.push(Debris { place: Place::File(file), object, size, why: "of a process that was killed" });
        }
        for object in self.objects(&self.path(&["_probe"])).await? {
            let Some(text) = self.read(&object.location).await? else { continue };
            let owner: Option<Owner> = serde_json::from_slice(&text).ok();
            if owner.is_none_or(|owner| owner.is_dead()) {
                let url = self.location().object_url(&object.location);
                let why = "probe of a process that is gone";
                debris.push(Debris { place: Place::Key(object.location), object: url, size: object.size, why });
            }
        }
        Ok(debris)
    }

    /// Deletes what [`Self::debris`] found of the table `name`, and notes how far back its history goes from now on.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn sweep(&self, name: &str, debris: &[Debris], age: Age) -> Result<()> {
        if debris.iter().any(|one| one.why.starts_with("replaced")) {
            self.forget(name, age.history).await?;
        }
        for one in debris {
            match &one.place {
                Place::Key(path) => self.delete(path).await?,
                Place::File(file) => {
                    std::fs::remove_file(file).map_err(|cause| {
                        Error::storage("cannot delete the file").with("object", one.object.clone()).because(cause)
                    })?;
                }
            }
        }
        Ok(())
    }
}

/// Whether the run `name` has ended, in whatever way; `None` when nobody can tell.
fn has_ended(runs: &[Run], name: &str) -> Option<bool> {
    let run = runs.iter().find(|run| run.run == name)?;
    Some(run.outcome != Outcome::Running || run.owner.is_dead())
}
