//! Publishes a result under its name only when it is whole.

use std::fs::File;
use std::io::{Seek, Write};
use std::path::PathBuf;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::buffered::BufWriter;
use object_store::path::Path;
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt;

use super::{Location, Stores, store_error};
use crate::error::{Error, Result};

/// A result on its way to `-o`: written to a temporary file, then renamed (local disk) or uploaded (object store).
/// Dropped before [`Self::publish`], it leaves nothing behind.
#[derive(Debug)]
pub struct Publication {
    staged: NamedTempFile,
    target: Target,
}

#[derive(Debug)]
enum Target {
    Disk(PathBuf),
    Store(Arc<dyn ObjectStore>, Location, Path),
}

impl Publication {
    /// Stages a result for `location`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when the folder does not exist or cannot be written, or the store cannot be opened.
    pub fn stage(stores: &Stores, location: &Location) -> Result<Self> {
        let failed = |cause: std::io::Error| {
            Error::storage("cannot write the result").with("file", location.to_string()).because(cause)
        };
        if let Some(path) = location.local_path() {
            let folder = path.parent().map_or_else(PathBuf::new, PathBuf::from);
            let staged = tempfile::Builder::new().prefix(".outlay-").tempfile_in(&folder).map_err(|cause| {
                failed(cause).hint(format!("the folder `{}` must exist and be writable", folder.display()))
            })?;
            return Ok(Self { staged, target: Target::Disk(path) });
        }
        Self::stage_object(stores, location, location.prefix().clone())
    }

    /// Stages a result for the object `path` of the store of `location`; folders above it need not exist.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when the store cannot be opened or no temporary file be made.
    pub fn stage_object(stores: &Stores, location: &Location, path: Path) -> Result<Self> {
        let staged =
            NamedTempFile::new().map_err(|cause| Error::storage("cannot write a temporary file").because(cause))?;
        Ok(Self { staged, target: Target::Store(stores.open(location)?, location.clone(), path) })
    }

    /// Where the result is to be written.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when the temporary file cannot be opened again.
    pub fn writer(&self) -> Result<File> {
        self.staged.reopen().map_err(|cause| Error::storage("cannot write the temporary file").because(cause))
    }

    /// Gives the result its name. The whole result must have been written and flushed.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when the rename or the upload fails; the old object then stays as it was.
    pub async fn publish(self) -> Result<()> {
        match self.target {
            Target::Disk(path) => {
                self.staged.as_file().sync_all().map_err(|cause| {
                    Error::storage("cannot write the result").with("file", path.display().to_string()).because(cause)
                })?;
                keep_readable(&self.staged);
                self.staged.persist(&path).map(drop).map_err(|cause| {
                    Error::storage("cannot name the result").with("file", path.display().to_string()).because(cause)
                })
            }
            Target::Store(store, location, path) => upload(self.staged, store, &location, path).await,
        }
    }
}

/// Temporary files are private to the user; a result is as readable as any file the user makes.
fn keep_readable(staged: &NamedTempFile) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A file system without permissions keeps what it has.
        let _ignored = staged.as_file().set_permissions(std::fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = staged;
}

async fn upload(staged: NamedTempFile, store: Arc<dyn ObjectStore>, location: &Location, path: Path) -> Result<()> {
    let url = location.object_url(&path);
    let failed =
        |cause: std::io::Error| Error::storage("cannot upload the result").with("object", url.clone()).because(cause);
    let mut file = staged.into_file();
    file.flush().map_err(failed)?;
    file.rewind().map_err(failed)?;
    let mut source = tokio::fs::File::from_std(file);
    let mut upload = BufWriter::new(store, path);
    match tokio::io::copy(&mut source, &mut upload).await {
        Ok(_) => upload.shutdown().await.map_err(failed),
        Err(cause) => {
            // The upload is void either way; its own failure adds nothing.
            let _aborted = upload.abort().await.map_err(|cause| store_error(&url, cause));
            Err(failed(cause))
        }
    }
}
