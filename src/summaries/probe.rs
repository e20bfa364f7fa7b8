//! Whether the store keeps the promise that commits rest on: create only what is not there.

use object_store::{ObjectStoreExt, PutMode, PutOptions, PutPayload};

use super::lock::Owner;
use super::{Summaries, json};
use crate::error::{Error, Result};
use crate::storage::store_error;

impl Summaries {
    /// Creates an object twice; the second time must fail. A store that ignores the condition would lose commits that it
    /// acknowledged.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a store that ignores it, [`crate::ErrorKind::Storage`] when it cannot be asked.
    pub(super) async fn probe(&self) -> Result<()> {
        let path = self.path(&["_probe", &format!("{:016x}", rand::random::<u64>())]);
        let owner = json(&Owner::this())?;
        let first = self.create(&path, owner).await;
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        let second = self.store.put_opts(&path, PutPayload::from_static(b"second"), options).await;
        // The object says nothing; one that stays does no harm.
        let _deleted = self.store.delete(&path).await;
        first?;
        match second {
            Err(object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. }) => Ok(()),
            Ok(_) => Err(self.refused("the store overwrites what it was told only to create: commits could be lost")),
            Err(object_store::Error::NotImplemented { .. }) => {
                Err(self.refused("the store cannot create an object only where none is: commits could be lost"))
            }
            Err(cause) => Err(store_error(&self.location.object_url(&path), cause)),
        }
    }

    fn refused(&self, why: &str) -> Error {
        Error::invalid(why)
            .with("location", self.location.to_string())
            .hint("put `[summaries]` `path` on a store with conditional PUT, such as Amazon S3, or on a disk")
            .hint("or, with one writer and without history, store plain Parquet: `format = \"parquet\"` below `[summaries]`")
    }
}
