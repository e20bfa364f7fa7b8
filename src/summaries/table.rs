//! A stored table at one version: its files and its columns.

use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use chrono::{DateTime, NaiveDate, Utc};
use deltalake_core::kernel::LogicalFileView;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::{DeltaTable, DeltaTableError};
use object_store::ObjectMeta;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use url::Url;

use super::Summaries;
use super::file::FileState;
use super::plain::read_schema;
use crate::error::{Error, Result};
use crate::query::TableFormat;

/// A file that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    /// Its path below the table, as the log names it.
    pub path: String,
    /// The object.
    pub object: ObjectMeta,
    /// Its rows, where the log tells.
    pub rows: Option<u64>,
    /// What its name says; `None` for a file that another program wrote.
    pub state: Option<FileState>,
}

/// A summary table at one version.
#[derive(Debug)]
pub struct StoredTable {
    /// Its log; `None` for plain Parquet files.
    pub(super) delta: Option<DeltaTable>,
    /// The version: the number of commits before it, or a hash of the plain files.
    pub version: String,
    /// The files that count, by path.
    pub files: Vec<StoredFile>,
    /// The columns in the types that SQL sees.
    pub schema: SchemaRef,
}

impl Summaries {
    /// The table `name` as it is now, or as it stood at the end of the day `known_at`; `None` when it was not there.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when the log cannot be read, [`crate::ErrorKind::Data`] for a table that uses what only
    /// other programs write, such as deletion vectors.
    pub async fn table(&self, name: &str, known_at: Option<NaiveDate>) -> Result<Option<StoredTable>> {
        let failed = |cause| self.delta_error(name, cause);
        let log = self.log(name)?;
        if !log.is_delta_table_location().await.map_err(failed)? {
            let plain = self.plain_table(name).await?;
            if let (Some(_), Some(day)) = (&plain, known_at) {
                return Err(Error::invalid(format!(
                    "nobody knows how `{name}` stood on {day}: plain files have no history"
                ))
                .with("table", name)
                .hint("tables of `format=delta` have one"));
            }
            return Ok(plain);
        }
        let mut delta = DeltaTable::new(log);
        match known_at.and_then(end_of_day) {
            Some(end) if self.forgotten(name).await?.is_some_and(|before| end < before) => {
                return Err(Error::invalid("how the summary table stood on that day was vacuumed").with("table", name));
            }
            Some(end) => delta.load_with_datetime(end).await.map_err(failed)?,
            None => delta.load().await.map_err(failed)?,
        }
        let state = delta.snapshot().map_err(|cause| self.delta_error(name, cause))?;
        let written = state.version_timestamp(state.version()).and_then(DateTime::from_timestamp_millis);
        // The log gives its first version for every day before it.
        if known_at.and_then(end_of_day).is_some_and(|end| written > Some(end)) {
            return Ok(None);
        }
        self.opened(name, delta).map(Some)
    }

    fn opened(&self, name: &str, delta: DeltaTable) -> Result<StoredTable> {
        let state = delta.snapshot().map_err(|cause| self.delta_error(name, cause))?;
        let mut files = state.log_data().iter().map(|view| self.file(name, &view)).collect::<Result<Vec<_>>>()?;
        files.sort_by(|one, other| one.path.cmp(&other.path));
        let stored = state.snapshot().arrow_schema();
        let schema = Arc::new(read_schema(&stored));
        Ok(StoredTable { version: state.version().to_string(), files, schema, delta: Some(delta) })
    }

    fn file(&self, table: &str, view: &LogicalFileView) -> Result<StoredFile> {
        let path = view.path().into_owned();
        let url = || self.location().object_url(&self.path(&[table, &path]));
        if view.deletion_vector_descriptor().is_some() {
            return Err(Error::data("another program deleted rows of this file, in a way that Outlay does not read")
                .with("object", url())
                .hint("remove the folder of the table and build it anew"));
        }
        let modified = DateTime::from_timestamp_millis(view.modification_time()).unwrap_or_default();
        let within: Path = path.split('/').collect();
        let location = self.path(&[table]).parts().chain(within.parts()).collect();
        Ok(StoredFile {
            object: ObjectMeta {
                location,
                last_modified: modified,
                size: u64::try_from(view.size()).unwrap_or_default(),
                e_tag: None,
                version: None,
            },
            rows: view.num_records().map(|rows| rows as u64),
            state: FileState::of_path(&path),
            path,
        })
    }

    /// The log of the table `name`, over the store of the folder.
    pub(super) fn log(&self, name: &str) -> Result<LogStoreRef> {
        let folder = self.path(&[name]);
        let url = format!("{}{folder}/", self.location().store());
        let url = Url::parse(&url).map_err(|cause| Error::invalid(format!("`{url}` is no URL")).because(cause))?;
        let prefixed = PrefixStore::new(Arc::clone(self.store()), folder);
        Ok(default_logstore(Arc::new(prefixed), Arc::clone(self.store()), &url, &StorageConfig::default()))
    }

    /// Our error for one of the log of the table `name`.
    pub(super) fn delta_error(&self, name: &str, cause: DeltaTableError) -> Error {
        let url = self.location().object_url(&self.path(&[name]));
        match cause {
            DeltaTableError::ObjectStore { source } => crate::storage::store_error(&url, source),
            cause => Error::storage("cannot read or write the summary table")
                .with("object", url)
                .because(cause)
                .hint("it is safe to try again"),
        }
    }
}

impl StoredTable {
    /// How it is stored.
    pub fn format(&self) -> TableFormat {
        if self.delta.is_some() { TableFormat::Delta } else { TableFormat::Parquet }
    }

    /// The files of `interval`.
    pub fn of_interval<'t>(&'t self, interval: &'t str) -> impl Iterator<Item = &'t StoredFile> {
        self.files.iter().filter(move |file| file.state.as_ref().is_some_and(|state| state.interval == interval))
    }
}

fn end_of_day(day: NaiveDate) -> Option<DateTime<Utc>> {
    day.and_hms_milli_opt(23, 59, 59, 999).map(|time| time.and_utc())
}
