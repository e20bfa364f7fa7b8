//! Summary tables as they are stored: Delta Lake tables in one folder, with locks and records of runs beside them.
//!
//! ```text
//! summaries/TABLE/_delta_log/            what counts, one commit a build
//! summaries/TABLE/INTERVAL/….parquet     the rows of an interval; the name of a file is its state
//! summaries/_runs/RUN_TABLE.json         what each build did
//! summaries/_locks/TABLE/INTERVAL.json   who builds just now
//! summaries/_settled/TABLE.json          the listings for which nothing was due
//! summaries/_ledger/note.json           the columns of the ledger, and the listings for which they hold
//! summaries/_frozen/TABLE.json           the intervals that may not change any more
//! summaries/_vacuumed/TABLE.json         how far back its history goes
//! ```
//!
//! A file is named after the interval, the definition and the inputs that its rows come from, so the state of a table stands
//! in the very commit that publishes its rows, and whether a commit counts is whether its files are there. Tables of plain
//! Parquet are told of in [`plain`].

mod commit;
mod debris;
mod file;
mod frozen;
mod history;
pub mod intervals;
mod ledger_note;
mod lock;
mod partition;
mod plain;
mod probe;
mod runs;
mod settled;
mod table;

use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt, PutMode, PutOptions, PutPayload};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Error, Result};
use crate::storage::{Location, store_error};

pub use commit::{Added, Change, Published};
pub use debris::{Age, Debris};
pub use file::{FileState, Staged, stored_schema};
pub use ledger_note::{LEDGER, LedgerNote};
pub use lock::{Lock, Owner, Taken};
pub use runs::{BuiltInterval, Input, Outcome, Run, run_schema, runs_batch};
pub use settled::{SETTLED, settled_key};
pub use table::{StoredFile, StoredTable};

/// The folder of the summary tables of a project.
#[derive(Debug, Clone)]
pub struct Summaries {
    store: Arc<dyn ObjectStore>,
    location: Location,
}

impl Summaries {
    /// The summary tables below `location`, which lies in `store`. Nothing is read yet.
    pub fn new(store: Arc<dyn ObjectStore>, location: Location) -> Self {
        Self { store, location }
    }

    /// Where the tables lie.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// The store of the tables.
    pub fn store(&self) -> &Arc<dyn ObjectStore> {
        &self.store
    }

    fn path(&self, parts: &[&str]) -> Path {
        let prefix = self.location.prefix().parts().map(|part| part.as_ref().to_owned());
        prefix.chain(parts.iter().map(|part| (*part).to_owned())).collect()
    }

    /// The content of an object; `None` when there is none.
    async fn read(&self, path: &Path) -> Result<Option<Bytes>> {
        let failed = |cause| store_error(&self.location.object_url(path), cause);
        match self.store.get(path).await {
            Ok(found) => found.bytes().await.map(Some).map_err(failed),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(cause) => Err(failed(cause)),
        }
    }

    /// Lists the folder `name`, so that a store that keeps what it listed knows which versions of its objects are there, and which
    /// are not.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn look_into(&self, name: &str) -> Result<()> {
        self.objects(&self.path(&[name])).await.map(drop)
    }

    /// The objects below `folder`.
    async fn objects(&self, folder: &Path) -> Result<Vec<ObjectMeta>> {
        let failed = |cause| store_error(&self.location.object_url(folder), cause);
        self.store.list(Some(folder)).try_collect().await.map_err(failed)
    }

    async fn write(&self, path: &Path, content: Vec<u8>) -> Result<()> {
        let put = self.store.put(path, PutPayload::from(content)).await;
        put.map(drop).map_err(|cause| store_error(&self.location.object_url(path), cause))
    }

    /// What the object at `path` says in JSON; `None` when there is none. `what` names it where it cannot be read.
    async fn read_json<T: DeserializeOwned>(&self, path: &Path, what: &str) -> Result<Option<T>> {
        let Some(text) = self.read(path).await? else { return Ok(None) };
        serde_json::from_slice(&text).map(Some).map_err(|cause| {
            Error::data(format!("this is no {what}")).with("object", self.location.object_url(path)).because(cause)
        })
    }

    async fn write_json(&self, path: &Path, value: &impl Serialize) -> Result<()> {
        self.write(path, json(value)?).await
    }

    /// Writes an object unless it is there; gives whether it was written.
    async fn create(&self, path: &Path, content: Vec<u8>) -> Result<bool> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(path, PutPayload::from(content.clone()), options).await {
            Ok(_) => Ok(true),
            // A store that cannot is good enough for one writer and plain files.
            Err(object_store::Error::NotImplemented { .. }) if self.read(path).await?.is_none() => {
                self.write(path, content).await.map(|()| true)
            }
            Err(object_store::Error::NotImplemented { .. }) => Ok(false),
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(false),
            Err(cause) => Err(store_error(&self.location.object_url(path), cause)),
        }
    }

    /// Deletes an object; one that is not there is deleted already.
    async fn delete(&self, path: &Path) -> Result<()> {
        match self.store.delete(path).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(cause) => Err(store_error(&self.location.object_url(path), cause)),
        }
    }
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(|cause| Error::internal("cannot write JSON").because(cause))
}
