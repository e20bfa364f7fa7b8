//! Tables of plain Parquet: one file an interval and no log, for engines and stores that can do no more.
//!
//! ```text
//! summaries/TABLE/INTERVAL.parquet       the rows of an interval; its footer tells its state
//! summaries/_staged/TABLE/INTERVAL/…     what is checked and does not count yet
//! summaries/_plain/TABLE.json            the states and the columns, to spare the reading of footers
//! ```
//!
//! Each interval is replaced by one copy over the file that stood there: a reader sees the old rows or the new ones. Several
//! intervals of a build come one after the other, and there is no history.

use std::sync::Arc;

use arrow::datatypes::{Field, Schema};
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use deltalake_core::kernel::StructType;
use deltalake_core::kernel::engine::arrow_conversion::TryIntoArrow;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use parquet::arrow::parquet_to_arrow_schema;
use serde::{Deserialize, Serialize};

use super::commit::{delta_schema, refuse_columns, refuse_outrun};
use super::file::{FileState, STATE_KEY, read_type};
use super::{Change, Input, Published, StoredFile, StoredTable, Summaries};
use crate::error::{Error, Result};
use crate::fingerprint::short;
use crate::storage::store_error;

/// Footers read at the same time.
const CONCURRENT_READS: usize = 16;

/// What the footers of a table say. It only spares their reading: it holds for the very listing that its version names.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    version: String,
    columns: StructType,
    /// File by file, in the order of their names; `None` for one that another program wrote.
    states: Vec<Option<String>>,
}

impl Summaries {
    /// The plain files of the table `name`; `None` when there are none.
    pub(super) async fn plain_table(&self, name: &str) -> Result<Option<StoredTable>> {
        let objects = self.plain_objects(name).await?;
        if objects.is_empty() {
            return Ok(None);
        }
        let version = self.plain_version(&objects);
        let note = self.read(&self.note_path(name)).await?;
        let known: Option<Known> = note.and_then(|text| serde_json::from_slice(&text).ok());
        let known = match known.filter(|known| known.version == version) {
            Some(known) => known,
            None => self.footers(&objects, version).await?,
        };
        let columns: Schema = (&known.columns)
            .try_into_arrow()
            .map_err(|cause| Error::internal("cannot read the columns of the summary table").because(cause))?;
        let files = objects.into_iter().zip(&known.states).map(|(object, state)| StoredFile {
            path: state.clone().unwrap_or_else(|| object.location.to_string()),
            object,
            rows: None,
            state: state.as_deref().and_then(FileState::of_path),
        });
        Ok(Some(StoredTable {
            delta: None,
            files: files.collect(),
            schema: Arc::new(read_schema(&columns)),
            version: known.version,
        }))
    }

    /// Puts what `change` staged in its place, interval by interval. Doing it again does what is left.
    pub(super) async fn publish_plain(&self, name: &str, change: &Change) -> Result<Published> {
        let stored = self.plain_table(name).await?;
        if let Some(stored) = &stored {
            refuse_outrun(name, stored, change)?;
            let stays = |file: &StoredFile| {
                file.state.as_ref().is_none_or(|state| !change.replaced.contains_key(&state.interval))
            };
            if stored.files.iter().any(stays) {
                refuse_columns(name, &stored.schema, &change.schema)?;
            }
        }
        let is_there = |path: &str| stored.iter().flat_map(|stored| &stored.files).any(|file| file.path == path);
        for state in change.added.iter().map(|added| &added.state).filter(|state| !is_there(&state.path())) {
            let (from, to) = (self.staged_path(name, state), self.plain_path(name, &state.interval));
            let copied = self.store.copy(&from, &to).await;
            copied.map_err(|cause| store_error(&self.location.object_url(&to), cause))?;
        }
        for interval in change.replaced.keys() {
            if !change.added.iter().any(|added| added.state.interval == *interval) {
                self.delete(&self.plain_path(name, interval)).await?;
            }
        }
        for added in &change.added {
            self.delete(&self.staged_path(name, &added.state)).await?;
        }
        let objects = self.plain_objects(name).await?;
        let version = self.plain_version(&objects);
        let known = self.footers(&objects, version).await?;
        self.write_json(&self.note_path(name), &known).await?;
        Ok(Published { version: known.version })
    }

    /// Where the file of `state` of the table `name` waits until it counts.
    pub(super) fn staged_path(&self, name: &str, state: &FileState) -> Path {
        self.path(&["_staged", name]).parts().chain(Path::from(state.path()).parts()).collect()
    }

    fn plain_path(&self, name: &str, interval: &str) -> Path {
        self.path(&[name, &format!("{interval}.parquet")])
    }

    fn note_path(&self, name: &str) -> Path {
        self.path(&["_plain", &format!("{name}.json")])
    }

    /// The files right below the folder of the table `name`, by name.
    async fn plain_objects(&self, name: &str) -> Result<Vec<ObjectMeta>> {
        let folder = self.path(&[name]);
        let mut objects = self.objects(&folder).await?;
        objects.retain(|object| {
            let below = object.location.prefix_match(&folder).map_or(0, Iterator::count);
            below == 1 && object.location.extension() == Some("parquet")
        });
        objects.sort_by(|one, other| one.location.cmp(&other.location));
        Ok(objects)
    }

    /// What tells these `objects` from every other state of the table.
    fn plain_version(&self, objects: &[ObjectMeta]) -> String {
        let inputs: Vec<Input> = objects.iter().map(|object| Input::of(&self.location, object)).collect();
        short(format!("{inputs:?}"))
    }

    /// What the footers of `objects` say.
    async fn footers(&self, objects: &[ObjectMeta], version: String) -> Result<Known> {
        let read = |object: &ObjectMeta| self.footer(object.clone());
        let footers = futures::stream::iter(objects).map(read).buffered(CONCURRENT_READS);
        let footers: Vec<(Option<String>, Schema)> = footers.try_collect().await?;
        let columns = footers.first().map_or_else(Schema::empty, |(_, columns)| columns.clone());
        Ok(Known {
            version,
            columns: delta_schema(&columns)?,
            states: footers.into_iter().map(|(state, _)| state).collect(),
        })
    }

    /// The state and the columns of a file.
    async fn footer(&self, object: ObjectMeta) -> Result<(Option<String>, Schema)> {
        let url = self.location.object_url(&object.location);
        let wrong = || Error::data("this is no Parquet file").with("object", url.clone());
        let footer = DFParquetMetadata::new(self.store.as_ref(), &object).fetch_metadata().await;
        let footer = footer.map_err(|cause| wrong().because(cause))?;
        let footer = footer.file_metadata();
        let pairs = footer.key_value_metadata();
        let state = pairs.into_iter().flatten().find(|pair| pair.key == STATE_KEY).and_then(|pair| pair.value.clone());
        let columns = parquet_to_arrow_schema(footer.schema_descr(), pairs).map_err(|cause| wrong().because(cause))?;
        Ok((state, columns))
    }
}

/// The columns in the types that SQL sees.
pub(super) fn read_schema(stored: &Schema) -> Schema {
    let field = |field: &Arc<Field>| Field::new(field.name(), read_type(field.data_type()), true);
    Schema::new(stored.fields().iter().map(field).collect::<Vec<_>>())
}
