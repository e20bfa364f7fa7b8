//! The records of a vendor's files as a table: read as a stream, object by object.

use std::io::Read;
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, new_null_array};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use bytes::{Buf, Bytes};
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::common::Result as DataFusionResult;
use datafusion::datasource::file_format::file_compression_type::FileCompressionType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::ParquetFileReaderFactory;
use datafusion::datasource::physical_plan::parquet::DefaultParquetFileReaderFactory;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::errors::ParquetError;
use tokio::sync::mpsc;

use super::PROVENANCE;
use super::open::footer_hint;
use crate::dialects::records::{self, TextFormat, converted};
use crate::dialects::{Field as VendorField, VendorDialect};
use crate::engine::errors::{from_datafusion, to_datafusion};
use crate::engine::estimate::Looking;
use crate::error::{Error, Result};
use crate::storage::{Location, store_error};

/// Pieces of a file, and batches of it, that wait for the next step.
const AHEAD: usize = 4;

/// How the records of an object are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordFormat {
    Parquet,
    Text(TextFormat),
}

impl RecordFormat {
    /// The format and the compression that the suffix of an object tells.
    pub(crate) fn of(object: &ObjectMeta) -> Option<(Self, FileCompressionType)> {
        let name = object.location.filename()?.to_ascii_lowercase();
        let (name, compression) = match name.rsplit_once('.') {
            Some((stem, "gz")) => (stem, FileCompressionType::GZIP),
            Some((stem, "zst")) => (stem, FileCompressionType::ZSTD),
            _ => (name.as_str(), FileCompressionType::UNCOMPRESSED),
        };
        let format = match name.rsplit_once('.')?.1 {
            "parquet" => Self::Parquet,
            "csv" => Self::Text(TextFormat::Csv),
            "json" | "jsonl" | "ndjson" => Self::Text(TextFormat::Json),
            _ => return None,
        };
        Some((format, compression))
    }
}

/// What every object of a source shares.
#[derive(Debug)]
struct Reading {
    dialect: Arc<VendorDialect>,
    store: Arc<dyn ObjectStore>,
    location: Location,
    schema: SchemaRef,
}

/// The records of `objects` as a table: the fields of the dialect and the object that each stands in.
///
/// # Errors
/// [`crate::ErrorKind::Internal`] when the fields make no table.
pub(super) fn table(
    dialect: &Arc<VendorDialect>,
    store: Arc<dyn ObjectStore>,
    location: &Location,
    objects: &[ObjectMeta],
    partitions: usize,
) -> Result<Arc<dyn TableProvider>> {
    let object_name = Arc::new(Field::new(PROVENANCE[1], DataType::Utf8, false));
    let fields: Vec<_> = dialect.schema().fields().iter().cloned().chain([object_name]).collect();
    let schema = Arc::new(Schema::new(fields));
    let reading = Arc::new(Reading {
        dialect: Arc::clone(dialect),
        store,
        location: location.clone(),
        schema: Arc::clone(&schema),
    });
    let share = objects.len().div_ceil(partitions.max(1)).max(1);
    let partitions = objects.chunks(share).map(|objects| {
        let partition = Records { reading: Arc::clone(&reading), objects: objects.to_vec() };
        Arc::new(partition) as Arc<dyn PartitionStream>
    });
    let table = StreamingTable::try_new(schema, partitions.collect()).map_err(|cause| from_datafusion(cause, None))?;
    Ok(Arc::new(table))
}

#[derive(Debug)]
struct Records {
    reading: Arc<Reading>,
    objects: Vec<ObjectMeta>,
}

impl PartitionStream for Records {
    fn schema(&self) -> &SchemaRef {
        &self.reading.schema
    }

    fn execute(&self, context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let looking = context.session_config().get_extension::<Looking>();
        let mut builder = RecordBatchReceiverStream::builder(Arc::clone(&self.reading.schema), AHEAD);
        let (reading, objects, sender) = (Arc::clone(&self.reading), self.objects.clone(), builder.tx());
        builder.spawn(async move {
            for object in objects {
                let url = reading.location.object_url(&object.location);
                let read = match &looking {
                    Some(looking) => reading.look(&object, &url, looking).await,
                    None => reading.object(&object, &url, &sender).await,
                };
                match read {
                    Ok(true) => {}
                    // Nobody wants more.
                    Ok(false) => return Ok(()),
                    Err(error) => return Err(to_datafusion(error.with("object", url))),
                }
            }
            Ok(())
        });
        builder.build()
    }
}

type Batches = mpsc::Sender<DataFusionResult<RecordBatch>>;

type Opened = ParquetRecordBatchStreamBuilder<Box<dyn AsyncFileReader>>;

fn not_whole(url: &str, cause: ParquetError) -> Error {
    Error::data("this is no whole Parquet file").with("object", url).because(cause)
}

impl Reading {
    /// Sends the records of one object; gives whether more are wanted.
    async fn object(self: &Arc<Self>, object: &ObjectMeta, url: &str, batches: &Batches) -> Result<bool> {
        match RecordFormat::of(object) {
            Some((RecordFormat::Parquet, _)) => self.parquet(object, url, batches).await,
            Some((RecordFormat::Text(format), compression)) => {
                self.text(object, url, format, compression, batches).await
            }
            None => Ok(true),
        }
    }

    /// Notes what reading an object would ask for.
    async fn look(&self, object: &ObjectMeta, url: &str, looking: &Looking) -> Result<bool> {
        let root = self.location.store();
        match RecordFormat::of(object) {
            Some((RecordFormat::Parquet, _)) => {
                let (builder, mask) = self.opened(object, url).await?;
                for group in builder.metadata().row_groups() {
                    let chunks = group.columns().iter().enumerate().filter(|(leaf, _)| mask.leaf_included(*leaf));
                    let ranges =
                        chunks.map(|(_, chunk)| chunk.byte_range()).map(|(start, length)| start..start + length);
                    looking.row_group(root, object, &ranges.collect::<Vec<_>>());
                }
            }
            Some((RecordFormat::Text(_), _)) => looking.whole(root, object),
            None => {}
        }
        Ok(true)
    }

    async fn text(
        self: &Arc<Self>,
        object: &ObjectMeta,
        url: &str,
        format: TextFormat,
        compression: FileCompressionType,
        batches: &Batches,
    ) -> Result<bool> {
        let failed = |cause| store_error(url, cause);
        let mut pieces = self.store.get(&object.location).await.map_err(failed)?.into_stream();
        let (sender, receiver) = mpsc::channel(AHEAD);
        let (reading, batches, url_of_batch) = (Arc::clone(self), batches.clone(), url.to_owned());
        // Decoding takes the processor and blocks on the channel: it has a thread of its own.
        let decoding = tokio::task::spawn_blocking(move || {
            let reader = compression
                .convert_read(Pieces { receiver, current: Bytes::new() })
                .map_err(|cause| from_datafusion(cause, None))?;
            let mut wanted = true;
            records::read(&reading.dialect, format, reader, |batch| {
                let batch = reading.named(&batch, &url_of_batch);
                wanted = batches.blocking_send(batch.map_err(to_datafusion)).is_ok();
                wanted
            })?;
            Ok::<bool, Error>(wanted)
        });
        while let Some(piece) = pieces.next().await {
            let broken = piece.is_err();
            // The decoder has stopped: its result says why.
            if sender.send(piece.map_err(std::io::Error::other)).await.is_err() || broken {
                break;
            }
        }
        drop(sender);
        decoding.await.map_err(|cause| Error::internal("reading records failed").because(cause))?
    }

    /// A Parquet object with its footer read, and its columns that fields are read from.
    async fn opened(&self, object: &ObjectMeta, url: &str) -> Result<(Opened, ProjectionMask)> {
        let reader: Box<dyn AsyncFileReader> = DefaultParquetFileReaderFactory::new(Arc::clone(&self.store))
            .create_reader(
                0,
                PartitionedFile::new_from_meta(object.clone()),
                Some(footer_hint(object)),
                &ExecutionPlanMetricsSet::new(),
            )
            .map_err(|cause| from_datafusion(cause, None))?;
        let builder = Opened::new(reader).await.map_err(|cause| not_whole(url, cause))?;
        let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
        let present =
            |field: &VendorField| field.paths.iter().any(|path| path.first().is_some_and(|root| names.contains(root)));
        let rows = builder.metadata().file_metadata().num_rows();
        if let Some(field) = self.dialect.fields.iter().find(|field| field.required && !present(field))
            && rows > 0
        {
            return Err(records::wrong_dialect(&self.dialect, field, &names));
        }
        let roots: Vec<&str> = self
            .dialect
            .fields
            .iter()
            .flat_map(|field| &field.paths)
            .filter_map(|path| path.first())
            .map(String::as_str)
            .collect();
        let wanted =
            names.iter().enumerate().filter(|(_, name)| roots.contains(&name.as_str())).map(|(index, _)| index);
        let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
        Ok((builder, mask))
    }

    async fn parquet(&self, object: &ObjectMeta, url: &str, batches: &Batches) -> Result<bool> {
        let broken = |cause| not_whole(url, cause);
        let (builder, mask) = self.opened(object, url).await?;
        let mut stream = builder.with_projection(mask).build().map_err(broken)?;
        while let Some(batch) = stream.try_next().await.map_err(broken)? {
            let columns = self.dialect.fields.iter().map(|field| {
                let found = field.paths.iter().find_map(|path| column(&batch, path));
                match found {
                    Some(values) => converted(field, &values),
                    None => Ok(new_null_array(&field.kind.kind().data_type(), batch.num_rows())),
                }
            });
            let columns = columns.collect::<Result<Vec<_>>>()?;
            let records = RecordBatch::try_new(self.dialect.schema(), columns)
                .map_err(|cause| Error::internal("the fields do not fit").because(cause))?;
            if batches.send(self.named(&records, url).map_err(to_datafusion)).await.is_err() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// `batch` with the name of its object.
    fn named(&self, batch: &RecordBatch, url: &str) -> Result<RecordBatch> {
        let names: ArrayRef = Arc::new(StringArray::from_iter_values(std::iter::repeat_n(url, batch.num_rows())));
        let columns = batch.columns().iter().cloned().chain([names]).collect();
        RecordBatch::try_new(Arc::clone(&self.schema), columns)
            .map_err(|cause| Error::internal("the fields do not fit").because(cause))
    }
}

/// The column at `path`, through structs.
fn column(batch: &RecordBatch, path: &[String]) -> Option<ArrayRef> {
    let (root, rest) = path.split_first()?;
    rest.iter().try_fold(Arc::clone(batch.column_by_name(root)?), |column, key| {
        column.as_struct_opt()?.column_by_name(key).cloned()
    })
}

/// Pieces of an object as they arrive, to be read by a thread that may block.
struct Pieces {
    receiver: mpsc::Receiver<std::io::Result<Bytes>>,
    current: Bytes,
}

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        while self.current.is_empty() {
            match self.receiver.blocking_recv() {
                None => return Ok(0),
                Some(piece) => self.current = piece?,
            }
        }
        let length = into.len().min(self.current.len());
        self.current.copy_to_slice(&mut into[..length]);
        Ok(length)
    }
}

impl std::fmt::Debug for Pieces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pieces")
    }
}
