//! A source of FOCUS Parquet: reads the footers of what counts and holds every file against the contract.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef};
use arrow::datatypes::{DataType, Schema, TimeUnit};
use datafusion::common::ScalarValue;
use datafusion::common::runtime::SpawnedTask;
use datafusion::datasource::physical_plan::parquet::metadata::DFParquetMetadata;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::cache::default_cache::DefaultCache;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore};
use parquet::arrow::arrow_reader::statistics::StatisticsConverter;
use parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, RowGroupMetaData};
use serde::{Deserialize, Serialize};

use super::contracts::Contracts;
use super::currencies::currencies;
use super::delivered::{CONCURRENT_READS, Delivered, same_bytes};
use super::remembered::Remembered;
use crate::engine::errors::from_datafusion;
use crate::error::{Error, Result};
use crate::focus::{self, Dialect, FileContract, Kind, Mapping, SetAside};
use crate::storage::{DiskCache, Location, store_error};

/// Bytes read from the end of a file at first: most footers of billing files (4 to 6 KB of the four vendors of the sample company)
/// fit, so one request a file is enough.
pub(super) const FOOTER_HINT_BYTES: usize = 16 * 1024;

/// Files of up to as many bytes are read whole at first: they take one request instead of two, for as long as a request takes to be
/// answered at all.
const SMALL_FILE_BYTES: u64 = 64 * 1024;

/// Most files whose footers are read before a scan: those of so many (45 KB each in memory, for the exports of the sample company)
/// stay there together.
const MOST_DECODED_AHEAD: usize = 2048;

/// Bytes to read from the end of `object` at first.
pub(super) fn footer_hint(object: &ObjectMeta) -> usize {
    match usize::try_from(object.size) {
        Ok(bytes) if object.size <= SMALL_FILE_BYTES => bytes,
        _ => FOOTER_HINT_BYTES,
    }
}

/// Where footers need not be read again.
#[derive(Debug)]
pub(crate) struct Footers {
    /// Those that this process has decoded.
    pub(crate) decoded: Arc<FileMetadataCache>,
    /// What remembers what they told.
    pub(crate) disk: Option<Arc<DiskCache>>,
}

/// One file that counts.
#[derive(Debug, Clone)]
pub struct LedgerFile {
    /// The object.
    pub object: ObjectMeta,
    /// Its charges.
    pub rows: usize,
    /// Its columns as Arrow has them.
    pub(super) columns: Arc<Schema>,
    /// How it answers for the columns of the ledger.
    pub contract: Arc<FileContract>,
    /// First and last value of the time columns that carry statistics.
    pub times: BTreeMap<&'static str, TimeRange>,
    /// The currencies of the columns that name one, where statistics tell.
    pub currencies: BTreeMap<&'static str, BTreeSet<String>>,
    /// Whether its statistics count charges without EffectiveCost.
    pub(super) lacks_cost: bool,
    /// A hash of what its footer says.
    pub(super) fingerprint: u32,
}

/// First and last time of a column of a file, in microseconds since 1970 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimeRange {
    /// The first.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// Whether no value lies outside. Times as text are ordered as text: an offset from UTC may put one up to a day out.
    pub exact: bool,
}

/// A source of FOCUS Parquet whose files were held against the contract.
#[derive(Debug)]
pub struct OpenSource {
    /// Its name in the configuration.
    pub name: String,
    /// Where it lies.
    pub location: Location,
    /// How it is laid out.
    pub dialect: &'static Dialect,
    /// Files that count.
    pub files: Vec<LedgerFile>,
    /// Files that were delivered and do not count.
    pub set_aside: Vec<SetAside>,
    pub(super) footers: Arc<FileMetadataCache>,
    pub(super) contracts: Arc<Contracts>,
    /// Held while footers are decoded ahead of a scan: the scans of a statement are planned side by side.
    decoding: tokio::sync::Mutex<()>,
}

impl OpenSource {
    /// Reads the footers of what was delivered and holds every file against the contract.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when a footer cannot be read, [`crate::ErrorKind::Data`] for a broken file, naming it.
    pub(super) async fn open(
        delivered: Delivered,
        dialect: &'static Dialect,
        declared: BTreeMap<String, String>,
        footers: Footers,
    ) -> Result<Self> {
        let Delivered { name, location, store, objects, set_aside, .. } = delivered;
        let contracts = Arc::new(Contracts::new(dialect, declared));
        let reader = Arc::new(FooterReader {
            store,
            location: location.clone(),
            footers: Arc::clone(&footers.decoded),
            contracts: Arc::clone(&contracts),
        });
        let remembered = match footers.disk {
            Some(disk) => Remembered::load(disk, &location, &contracts).await,
            None => None,
        };
        let recall = |object: &ObjectMeta| remembered.as_ref()?.recall(object, &contracts);
        let (reader, recall) = (&reader, &recall);
        let files = futures::stream::iter(objects)
            .map(|object| async move {
                match recall(&object) {
                    Some(file) => Ok((file, true)),
                    None => Ok((Arc::clone(reader).spawned(object).await?, false)),
                }
            })
            .buffered(CONCURRENT_READS)
            .try_collect::<Vec<_>>()
            .await?;
        let is_new = files.iter().any(|(_, is_recalled)| !is_recalled);
        let files: Vec<LedgerFile> = files.into_iter().map(|(file, _)| file).collect();
        if let Some(remembered) = remembered.filter(|_| is_new) {
            remembered.keep(&files).await;
        }
        let footers = footers.decoded;
        Ok(Self {
            name,
            location,
            dialect,
            files,
            set_aside,
            footers,
            contracts,
            decoding: tokio::sync::Mutex::default(),
        })
    }

    /// Whether files hold charges without cost, as dumps of usage do that were landed.
    pub(super) fn lacks_cost(&self) -> bool {
        self.files.iter().any(|file| file.lacks_cost)
    }

    /// A source whose files all have `columns`, without their charges counted.
    pub(super) fn of_columns(
        name: &str,
        location: &Location,
        columns: &Schema,
        objects: &[ObjectMeta],
        set_aside: &[SetAside],
    ) -> Self {
        let dialect = focus::detect([]);
        let contracts = Arc::new(Contracts::new(dialect, BTreeMap::new()));
        let contract = contracts.of(columns);
        let columns = Arc::new(columns.clone());
        let file = |object: &ObjectMeta| LedgerFile {
            object: object.clone(),
            rows: 0,
            columns: Arc::clone(&columns),
            contract: Arc::clone(&contract),
            times: BTreeMap::new(),
            currencies: BTreeMap::new(),
            lacks_cost: false,
            fingerprint: 0,
        };
        Self {
            name: name.to_owned(),
            location: location.clone(),
            dialect,
            files: objects.iter().map(file).collect(),
            set_aside: set_aside.to_vec(),
            footers: Arc::new(DefaultCache::new(0)),
            contracts,
            decoding: tokio::sync::Mutex::default(),
        }
    }

    /// Sets aside files that hold the very bytes of another file.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when two files that look alike cannot be read.
    pub(super) async fn without_twins(mut self, store: &dyn ObjectStore) -> Result<Self> {
        let dropped = drop_twins(self.files, store).await;
        let (files, twins) = dropped.map_err(|cause| store_error(&self.location.to_string(), cause))?;
        self.files = files;
        self.set_aside.extend(twins);
        Ok(self)
    }

    /// Reads the footers of `files` that are not decoded, on all threads: several scans of a file then find its footer, which each
    /// would read. Those of a very large scan are left to it; all of them would not stay in memory.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub(super) async fn decode_footers(&self, store: &Arc<dyn ObjectStore>, files: &[&LedgerFile]) -> Result<()> {
        if files.len() > MOST_DECODED_AHEAD {
            return Ok(());
        }
        let _one_at_a_time = self.decoding.lock().await;
        let mut reads = Vec::new();
        for LedgerFile { object, .. } in files {
            if self.footers.get(&object.location).is_some_and(|footer| footer.is_valid_for(object)) {
                continue;
            }
            let (store, footers, object) = (Arc::clone(store), Arc::clone(&self.footers), object.clone());
            let url = self.location.object_url(&object.location);
            reads.push(decoding(url.clone(), async move {
                read_footer(store.as_ref(), &object, &footers, &url).await.map(|_decoded| ())
            }));
        }
        futures::stream::iter(reads).buffered(CONCURRENT_READS).try_collect::<()>().await
    }

    /// The extra columns of the files, as often as files have them.
    pub(super) fn extras(&self) -> impl Iterator<Item = (&str, Kind)> {
        self.files.iter().flat_map(|file| file.contract.extras.iter().map(|(name, kind)| (name.as_str(), *kind)))
    }
}

#[derive(Debug)]
struct FooterReader {
    store: Arc<dyn ObjectStore>,
    location: Location,
    footers: Arc<FileMetadataCache>,
    contracts: Arc<Contracts>,
}

impl FooterReader {
    /// [`Self::read`] on any thread of the engine.
    async fn spawned(self: Arc<Self>, object: ObjectMeta) -> Result<LedgerFile> {
        let url = self.location.object_url(&object.location);
        decoding(url, async move { self.read(object).await }).await
    }

    async fn read(&self, object: ObjectMeta) -> Result<LedgerFile> {
        let url = self.location.object_url(&object.location);
        let metadata = read_footer(self.store.as_ref(), &object, &self.footers, &url).await?;
        let broken = |cause: parquet::errors::ParquetError| {
            Error::data("cannot read the schema").with("object", url.clone()).because(cause)
        };
        let schema = self.contracts.columns(metadata.file_metadata()).map_err(broken)?;
        let contract = self.contracts.of(&schema);
        let times = times(&schema, &contract, &metadata, self.contracts.dialect());
        let rows = usize::try_from(metadata.file_metadata().num_rows()).map_err(|cause| {
            Error::data("the footer counts fewer than no rows").with("object", url.clone()).because(cause)
        })?;
        let lacks_cost = lacks_cost(&schema, &contract, &metadata);
        let currencies = currencies(&schema, &contract, &metadata);
        let columns = schema;
        Ok(LedgerFile {
            object,
            rows,
            columns,
            contract,
            times,
            currencies,
            lacks_cost,
            fingerprint: fingerprint(&metadata),
        })
    }
}

/// Runs `work` with the footer of `url` on any thread of the engine: a ledger has thousands of footers to decode.
async fn decoding<T: Send + 'static>(url: String, work: impl Future<Output = Result<T>> + Send + 'static) -> Result<T> {
    SpawnedTask::spawn(work).join().await.map_err(|cause| {
        Error::data("the file is damaged: decoding its footer failed beyond recovery")
            .with("object", url)
            .because(cause)
            .hint("deliver the object again; its bytes are not what was written")
    })?
}

/// Reads the footer of a Parquet file, or takes it from the cache when the object is the same.
pub(super) async fn read_footer(
    store: &dyn ObjectStore,
    object: &ObjectMeta,
    footers: &Arc<FileMetadataCache>,
    url: &str,
) -> Result<Arc<ParquetMetaData>> {
    DFParquetMetadata::new(store, object)
        .with_metadata_size_hint(Some(footer_hint(object)))
        .with_file_metadata_cache(Some(Arc::clone(footers)))
        .with_page_index_policy(Some(PageIndexPolicy::Skip))
        .fetch_metadata()
        .await
        .map_err(|cause| {
            let error = from_datafusion(cause, None);
            match error.kind() {
                crate::ErrorKind::Storage | crate::ErrorKind::Limit => error.with("object", url),
                _ => Error::data("this is no whole Parquet file")
                    .with("object", url)
                    .because(error)
                    .hint("was the upload cut short? deliver the object again, or move it out of the source"),
            }
        })
}

/// First and last value of each time column, over all row groups, where every row group tells.
fn times(
    schema: &Schema,
    contract: &FileContract,
    metadata: &ParquetMetaData,
    dialect: &Dialect,
) -> BTreeMap<&'static str, TimeRange> {
    let descriptor = metadata.file_metadata().schema_descr();
    let columns = focus::columns().iter().filter(|column| column.kind == Kind::Time);
    columns
        // A billing period that the scan widens is not what the file says.
        .filter(|column| !(dialect.daily_billing_period && column.name.starts_with("BillingPeriod")))
        .filter_map(|column| {
            let Some(Mapping::Physical(index)) = contract.mappings.get(column.name) else { return None };
            let field = schema.field(*index);
            let converter = StatisticsConverter::try_new(field.name(), schema, descriptor).ok()?;
            let groups = metadata.row_groups();
            let first = extreme(&converter.row_group_mins(groups).ok()?, Ordering::Less)?;
            let last = extreme(&converter.row_group_maxes(groups).ok()?, Ordering::Greater)?;
            let exact = matches!(field.data_type(), DataType::Timestamp(_, _));
            Some((column.name, TimeRange { first, last, exact }))
        })
        .collect()
}

/// Whether some row group counts NULLs of EffectiveCost.
fn lacks_cost(schema: &Schema, contract: &FileContract, metadata: &ParquetMetaData) -> bool {
    let Some(Mapping::Physical(index)) = contract.mappings.get("EffectiveCost") else { return false };
    let descriptor = metadata.file_metadata().schema_descr();
    let converter = StatisticsConverter::try_new(schema.field(*index).name(), schema, descriptor);
    let counts = converter.and_then(|converter| converter.row_group_null_counts(metadata.row_groups()));
    counts.is_ok_and(|counts| counts.iter().flatten().any(|nulls| nulls > 0))
}

/// The least or the greatest of `values` as a time in microseconds; `None` when one is missing or no time.
fn extreme(values: &ArrayRef, wanted: Ordering) -> Option<i64> {
    let mut best: Option<ScalarValue> = None;
    for row in 0..values.len() {
        let value = ScalarValue::try_from_array(values, row).ok().filter(|value| !value.is_null())?;
        if best.as_ref().is_none_or(|best| value.partial_cmp(best) == Some(wanted)) {
            best = Some(value);
        }
    }
    match best?.cast_to(&DataType::Timestamp(TimeUnit::Microsecond, None)).ok()? {
        ScalarValue::TimestampMicrosecond(micros, _) => micros,
        _ => None,
    }
}

/// Sets aside files that hold the very bytes of another file: a copy, delivered again by hand.
///
/// Only files whose footers tell the same of every column chunk (sizes, values, first and last) are read and compared, so
/// that this costs nothing as a rule.
async fn drop_twins(
    files: Vec<LedgerFile>,
    store: &dyn ObjectStore,
) -> object_store::Result<(Vec<LedgerFile>, Vec<SetAside>)> {
    let mut alike: BTreeMap<(u64, u32), Vec<usize>> = BTreeMap::new();
    let mut kept: Vec<LedgerFile> = Vec::with_capacity(files.len());
    let mut twins = Vec::new();
    for file in files {
        let candidates = alike.entry((file.object.size, file.fingerprint)).or_default();
        let mut twin_of = None;
        for index in candidates.iter() {
            let other = &kept[*index].object;
            if same_bytes(store, other, &file.object).await? {
                twin_of = Some(other.location.to_string());
                break;
            }
        }
        match twin_of {
            Some(other) => twins.push(SetAside { object: file.object, reason: focus::Reason::SameBytes(other) }),
            None => {
                candidates.push(kept.len());
                kept.push(file);
            }
        }
    }
    Ok((kept, twins))
}

/// A CRC-32 of what the footer says of the data: equal for equal files, whoever reads them, and different for nearly all others.
fn fingerprint(metadata: &ParquetMetaData) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for chunk in metadata.row_groups().iter().flat_map(RowGroupMetaData::columns) {
        hasher.update(chunk.column_path().string().as_bytes());
        for number in [chunk.num_values(), chunk.compressed_size(), chunk.data_page_offset()] {
            hasher.update(&number.to_le_bytes());
        }
        if let Some(statistics) = chunk.statistics() {
            hasher.update(statistics.min_bytes_opt().unwrap_or_default());
            hasher.update(statistics.max_bytes_opt().unwrap_or_default());
            hasher.update(&statistics.null_count_opt().unwrap_or(u64::MAX).to_le_bytes());
        }
    }
    hasher.finalize()
}
