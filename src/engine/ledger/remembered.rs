//! What the footers of a source told, remembered from one statement to the next.
//!
//! Whether a file counts, which columns it has and which time it holds is asked of every file of the ledger, before the few are read
//! that a statement is about. Of ten years of daily files that is more work than the answer. So it lies in the cache folder, a note
//! a source:
//!
//! ```text
//! columns  [ columns of the files, each set once ]
//! files    [ key, size, ETag │ rows, columns, times, currencies, … ]
//! ```
//!
//! A file is remembered under its ETag: one that was replaced is opened again. The scan reads the footers of the files that it reads.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use arrow::datatypes::Schema;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;
use bytes::Bytes;
use datafusion::common::runtime::SpawnedTask;
use object_store::ObjectMeta;
use serde::{Deserialize, Serialize};

use super::contracts::Contracts;
use super::currencies;
use super::open::{LedgerFile, TimeRange};
use crate::focus;
use crate::storage::{DiskCache, Location};

/// Changes with what is noted and with how it is worked out.
const FORM: u32 = 1;

/// Files of other statements that are remembered at least; most of them are gone once there are more.
const MOST_OTHERS: usize = 4096;

/// The note of a source.
#[derive(Debug)]
pub(super) struct Remembered {
    cache: Arc<DiskCache>,
    name: String,
    note: Note,
    /// The place of a file in the note, by its key.
    places: HashMap<String, usize>,
    columns: Vec<Arc<Schema>>,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Note {
    /// Each as a stream of Arrow IPC without batches.
    columns: Vec<Vec<u8>>,
    files: Vec<Told>,
}

/// What one file told.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    key: String,
    size: u64,
    etag: String,
    rows: usize,
    columns: usize,
    times: BTreeMap<String, TimeRange>,
    currencies: BTreeMap<String, BTreeSet<String>>,
    lacks_cost: bool,
    fingerprint: u32,
}

impl Remembered {
    /// What `cache` holds of the files at `location` that are read as `contracts` say; nothing when it cannot be read.
    pub(super) async fn load(cache: Arc<DiskCache>, location: &Location, contracts: &Contracts) -> Option<Self> {
        let reading = format!("{} {:?}", contracts.dialect().name, contracts.declared());
        let name = format!("footers {FORM} {} {location} {reading}", env!("CARGO_PKG_VERSION"));
        let load = move || {
            let note = cache.note(&name).and_then(|text| serde_json::from_slice::<Note>(&text).ok());
            let columns = note.as_ref().and_then(|note| note.columns.iter().map(|columns| schema(columns)).collect());
            let (note, columns) = note.zip(columns).unwrap_or_default();
            let places = note.files.iter().enumerate().map(|(place, told)| (told.key.clone(), place)).collect();
            Self { cache, name, note, places, columns }
        };
        blocking(load).await
    }

    /// What the footer of `object` told, of the very version that was listed.
    pub(super) fn recall(&self, object: &ObjectMeta, contracts: &Contracts) -> Option<LedgerFile> {
        let told = self.note.files.get(*self.places.get(object.location.as_ref())?)?;
        if told.size != object.size || Some(&told.etag) != object.e_tag.as_ref() {
            return None;
        }
        let columns = self.columns.get(told.columns)?;
        let times = told.times.iter().map(|(name, range)| Some((focus::column(name)?.name, *range)));
        let currency = |name: &str| currencies::COLUMNS.into_iter().find(|column| *column == name);
        let currencies = told.currencies.iter().map(|(name, found)| Some((currency(name)?, found.clone())));
        Some(LedgerFile {
            object: object.clone(),
            rows: told.rows,
            columns: Arc::clone(columns),
            contract: contracts.of(columns),
            times: times.collect::<Option<_>>()?,
            currencies: currencies.collect::<Option<_>>()?,
            lacks_cost: told.lacks_cost,
            fingerprint: told.fingerprint,
        })
    }

    /// Adds what `files` told to the note.
    pub(super) async fn keep(self, files: &[LedgerFile]) {
        let Self { cache, name, note, mut columns, .. } = self;
        let settled: Vec<&LedgerFile> = files.iter().filter(|file| cache.has_settled(&file.object)).collect();
        let mut told = Vec::with_capacity(settled.len());
        for file in settled {
            let known = columns.iter().rposition(|known| *known == file.columns);
            let place = known.unwrap_or_else(|| {
                columns.push(Arc::clone(&file.columns));
                columns.len() - 1
            });
            told.extend(Told::of(file, place));
        }
        let now: HashSet<&str> = files.iter().map(|file| file.object.location.as_ref()).collect();
        // Statements over other files of the source, as of a day or of what was set aside, do not make it forget.
        let others: Vec<Told> = note.files.into_iter().filter(|told| !now.contains(told.key.as_str())).collect();
        if others.len() <= MOST_OTHERS + files.len() {
            told.extend(others);
        }
        let keep = move || {
            let columns = columns.iter().map(|columns| stream(columns)).collect::<Option<_>>()?;
            let text = serde_json::to_vec(&Note { columns, files: told }).ok()?;
            cache.keep_note(&name, &Bytes::from(text));
            Some(())
        };
        // What is not kept is read again.
        let _kept = blocking(keep).await;
    }
}

impl Told {
    fn of(file: &LedgerFile, columns: usize) -> Option<Self> {
        Some(Self {
            key: file.object.location.to_string(),
            size: file.object.size,
            etag: file.object.e_tag.clone()?,
            rows: file.rows,
            columns,
            times: file.times.iter().map(|(name, range)| ((*name).to_owned(), *range)).collect(),
            currencies: file.currencies.iter().map(|(name, found)| ((*name).to_owned(), found.clone())).collect(),
            lacks_cost: file.lacks_cost,
            fingerprint: file.fingerprint,
        })
    }
}

fn stream(schema: &Schema) -> Option<Vec<u8>> {
    let mut writer = StreamWriter::try_new(Vec::new(), schema).ok()?;
    writer.finish().ok()?;
    writer.into_inner().ok()
}

fn schema(stream: &[u8]) -> Option<Arc<Schema>> {
    StreamReader::try_new(stream, None).ok().map(|reader| reader.schema())
}

/// Runs `work` where it may wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    SpawnedTask::spawn_blocking(work).join_unwind().await.ok()
}
