//! Where the sample goes: small objects in one piece, Parquet files streamed part by part.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use object_store::buffered::BufWriter;
use object_store::path::{Path, PathPart};
use object_store::{ObjectStore, ObjectStoreExt};
use parquet::arrow::AsyncArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use crate::error::{Error, Result};

const ROW_GROUP_ROWS: usize = 131_072;
/// A file is closed when it has so many rows.
const FILE_ROWS: u64 = 2_000_000;
/// Bytes of a file that are held before they are sent.
const SEND_BYTES: usize = 8 << 20;

/// A folder in an object store.
#[derive(Debug, Clone)]
pub(super) struct Target {
    store: Arc<dyn ObjectStore>,
    prefix: Path,
}

impl Target {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: Path) -> Self {
        Self { store, prefix }
    }

    fn path(&self, key: &str) -> Path {
        self.prefix.parts().chain(key.split('/').map(PathPart::from)).collect()
    }

    /// Writes one small object; `key` is relative to the folder.
    pub(super) async fn put(&self, key: &str, content: impl Into<Vec<u8>> + Send) -> Result<()> {
        let content: Vec<u8> = content.into();
        self.store.put(&self.path(key), content.into()).await.map(drop).map_err(|cause| unwritten(key, cause))
    }
}

/// How the files of a delivery are compressed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Codec {
    Snappy,
    Zstd,
}

/// The names of the files of a delivery.
#[derive(Debug, Clone)]
pub(super) enum Naming {
    /// The only file.
    Single(String),
    /// Text before the number of the part, digits of the number, text after it.
    Numbered(String, usize, &'static str),
}

impl Naming {
    fn key(&self, part: usize) -> String {
        match self {
            Self::Single(key) => key.clone(),
            Self::Numbered(before, digits, after) => format!("{before}{part:0digits$}{after}"),
        }
    }
}

/// A file that was written.
#[derive(Debug)]
pub(super) struct PartFile {
    /// Key relative to the folder of the sample.
    pub(super) key: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// Sum of BilledCost in the smallest unit of the source.
    pub(super) billed: i128,
}

/// Streams record batches into the Parquet files of one delivery.
pub(super) struct PartsWriter {
    target: Target,
    naming: Naming,
    codec: Codec,
    schema: SchemaRef,
    open: Option<(AsyncArrowWriter<BufWriter>, PartFile)>,
    written: Vec<PartFile>,
}

impl PartsWriter {
    pub(super) fn new(target: Target, naming: Naming, codec: Codec, schema: SchemaRef) -> Self {
        Self { target, naming, codec, schema, open: None, written: Vec::new() }
    }

    /// Appends a batch whose BilledCost sums up to `billed`.
    pub(super) async fn write(&mut self, batch: &RecordBatch, billed: i128) -> Result<()> {
        let mut open = match self.open.take() {
            Some(open) => open,
            None => self.start()?,
        };
        open.0.write(batch).await.map_err(|cause| unwritten(&open.1.key, cause))?;
        open.1.rows += u64::try_from(batch.num_rows()).unwrap_or_default();
        open.1.billed += billed;
        let full = open.1.rows >= FILE_ROWS && matches!(self.naming, Naming::Numbered(..));
        self.open = Some(open);
        if full { self.finish().await } else { Ok(()) }
    }

    /// Closes the last file; a delivery has at least one, even an empty one.
    pub(super) async fn close(mut self) -> Result<Vec<PartFile>> {
        if self.open.is_none() && self.written.is_empty() {
            self.open = Some(self.start()?);
        }
        self.finish().await?;
        Ok(self.written)
    }

    fn start(&self) -> Result<(AsyncArrowWriter<BufWriter>, PartFile)> {
        let key = self.naming.key(self.written.len() + 1);
        let sink = BufWriter::with_capacity(Arc::clone(&self.target.store), self.target.path(&key), SEND_BYTES);
        let options = ArrowWriterOptions::new().with_properties(properties(self.codec)?).with_skip_arrow_metadata(true);
        let writer = AsyncArrowWriter::try_new_with_options(sink, Arc::clone(&self.schema), options)
            .map_err(|cause| unwritten(&key, cause))?;
        Ok((writer, PartFile { key, rows: 0, bytes: 0, billed: 0 }))
    }

    async fn finish(&mut self) -> Result<()> {
        if let Some((mut writer, mut part)) = self.open.take() {
            writer.finish().await.map_err(|cause| unwritten(&part.key, cause))?;
            part.bytes = u64::try_from(writer.bytes_written()).unwrap_or_default();
            self.written.push(part);
        }
        Ok(())
    }
}

/// The columns that have statistics, which are for skipping row groups: the sample has many small files.
const COLUMNS_TO_SKIP_BY: [&str; 8] = [
    "BillingCurrency",
    "BillingPeriodStart",
    "ChargeCategory",
    "ChargePeriodEnd",
    "ChargePeriodStart",
    "PrincipalId",
    "ServiceName",
    "occurred_at",
];

fn properties(codec: Codec) -> Result<WriterProperties> {
    let compression = match codec {
        Codec::Snappy => Compression::SNAPPY,
        Codec::Zstd => Compression::ZSTD(ZstdLevel::try_new(3).map_err(|cause| unwritten("a file", cause))?),
    };
    let builder = WriterProperties::builder()
        .set_compression(compression)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true);
    let with_statistics = COLUMNS_TO_SKIP_BY.into_iter().fold(builder, |builder, column| {
        builder.set_column_statistics_enabled(ColumnPath::from(column), EnabledStatistics::Chunk)
    });
    Ok(with_statistics.build())
}

fn unwritten(key: &str, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::storage("cannot write the sample").with("object", key).because(cause)
}
