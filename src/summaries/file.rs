//! The Parquet file of an interval: its types, its bytes, and its name, which is its state.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, RecordBatch};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;

use super::partition;
use crate::error::{Error, Result};

/// What the name of a file says of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileState {
    /// The interval, such as `2026-05`; `all` in a table that is built whole.
    pub interval: String,
    /// Fingerprint of the SQL, its parameters and settings: 16 hexadecimal digits.
    pub definition: String,
    /// Fingerprint of the objects that the rows come from: 16 hexadecimal digits.
    pub inputs: String,
    /// The run that wrote it.
    pub run: String,
    /// Which file of the interval it is, from 0: one for each value of the columns that partition the table.
    pub part: usize,
}

impl FileState {
    /// The path of the file below its table.
    pub fn path(&self) -> String {
        format!("{}/{}_{}_{}_{}.parquet", self.interval, self.definition, self.inputs, self.run, self.part)
    }

    /// The state that `path`, below its table, tells; `None` for a file that Outlay did not write.
    pub fn of_path(path: &str) -> Option<Self> {
        let (interval, name) = path.split_once('/')?;
        let parts: Vec<&str> = name.strip_suffix(".parquet")?.split('_').collect();
        let [definition, inputs, run, part] = parts.as_slice() else { return None };
        let is_hash = |text: &str| text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hash(definition) && is_hash(inputs) && !run.contains('/')).then_some(Self {
            interval: interval.to_owned(),
            definition: (*definition).to_owned(),
            inputs: (*inputs).to_owned(),
            run: (*run).to_owned(),
            part: part.parse().ok()?,
        })
    }

    /// Whether both are files of one state of the interval.
    pub fn is_beside(&self, other: &Self) -> bool {
        let made = |state: &Self| [&state.interval, &state.definition, &state.inputs, &state.run].map(String::clone);
        made(self) == made(other)
    }
}

/// The key under which the footer of a file tells its [`FileState::path`]: it stays with the file wherever it is copied.
pub(super) const STATE_KEY: &str = "outlay.file";

/// The rows of an interval as a file that no commit names yet.
#[derive(Debug, Clone)]
pub struct Staged {
    /// Its state, and so its name.
    pub state: FileState,
    /// Rows.
    pub rows: u64,
    /// The columns that partition the table, and what they are in these rows; `None` for NULL.
    pub partition: Vec<partition::Value>,
    /// The content.
    pub bytes: Vec<u8>,
}

impl Staged {
    /// `batches` as the files of the interval of `state`, in the types of `schema` (see [`stored_schema`]): one for each value
    /// of the columns `partition_by`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for a value that its stored type cannot hold exactly, [`crate::ErrorKind::Invalid`] for a
    /// column that cannot partition.
    pub fn files(
        state: &FileState,
        schema: &SchemaRef,
        batches: &[RecordBatch],
        partition_by: &[String],
    ) -> Result<Vec<Self>> {
        let rows = batches.iter().map(|batch| converted(batch, schema)).collect::<Result<Vec<_>>>()?;
        let parts = partition::apart(&rows, schema, partition_by)?;
        let file = |(part, (values, rows))| Self::file(FileState { part, ..state.clone() }, &rows, values);
        parts.into_iter().enumerate().map(file).collect()
    }

    fn file(state: FileState, rows: &RecordBatch, partition: Vec<partition::Value>) -> Result<Self> {
        let failed = |cause| Error::internal("cannot write the rows of the summary").because(cause);
        let level = ZstdLevel::try_new(3).map_err(failed)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(level))
            .set_key_value_metadata(Some(vec![KeyValue::new(STATE_KEY.to_owned(), state.path())]))
            .build();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, rows.schema(), Some(properties)).map_err(failed)?;
        writer.write(rows).map_err(failed)?;
        writer.close().map_err(failed)?;
        Ok(Self { state, rows: rows.num_rows() as u64, partition, bytes })
    }
}

/// The types that the columns of `schema` are stored in: those of Delta Lake that hold the same values.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for a column of a type that Delta Lake does not have.
pub fn stored_schema(schema: &Schema) -> Result<SchemaRef> {
    let fields = schema.fields().iter().map(|field| {
        let stored = stored_type(field.data_type()).ok_or_else(|| {
            Error::invalid(format!(
                "column `{}` is {}, which a summary table cannot hold",
                field.name(),
                field.data_type()
            ))
            .hint("cast it in the SELECT, such as `count(*)::bigint`")
        })?;
        Ok(Field::new(field.name(), stored, true))
    });
    Ok(Arc::new(Schema::new(fields.collect::<Result<Vec<_>>>()?)))
}

fn stored_type(given: &DataType) -> Option<DataType> {
    Some(match given {
        DataType::Boolean
        | DataType::Int8
        | DataType::Int16
        | DataType::Int32
        | DataType::Int64
        | DataType::Float32
        | DataType::Float64
        | DataType::Date32 => given.clone(),
        DataType::UInt8 => DataType::Int16,
        DataType::UInt16 => DataType::Int32,
        DataType::UInt32 | DataType::UInt64 => DataType::Int64,
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => DataType::Utf8,
        DataType::Dictionary(_, values) if values.is_string() => DataType::Utf8,
        DataType::Decimal128(precision, scale) if (0..=38).contains(scale) => DataType::Decimal128(*precision, *scale),
        // Times are UTC throughout; the stored type says so to other engines.
        DataType::Timestamp(_, None) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        _ => return None,
    })
}

/// The type in which a stored column is read back: times without a zone, as everywhere in Outlay.
pub(super) fn read_type(stored: &DataType) -> DataType {
    match stored {
        DataType::Timestamp(_, Some(_)) => DataType::Timestamp(TimeUnit::Microsecond, None),
        DataType::Utf8 => DataType::Utf8View,
        other => other.clone(),
    }
}

fn converted(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = schema.fields().iter().zip(batch.columns()).map(|(field, column)| exactly(column, field));
    RecordBatch::try_new(Arc::clone(schema), columns.collect::<Result<Vec<_>>>()?)
        .map_err(|cause| Error::internal("the rows do not fit the summary").because(cause))
}

/// `column` in the type of `field`, every value the same.
fn exactly(column: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if column.data_type() == field.data_type() {
        return Ok(Arc::clone(column));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    let cast = |from: &ArrayRef, to: &DataType| cast_with_options(from, to, &options);
    let inexact =
        || Error::data(format!("column `{}` holds a value that {} cannot hold", field.name(), field.data_type()));
    let there = cast(column, field.data_type()).map_err(|cause| inexact().because(cause))?;
    let back = cast(&there, column.data_type()).map_err(|cause| inexact().because(cause))?;
    if back.to_data() == column.to_data() || is_text(column.data_type()) { Ok(there) } else { Err(inexact()) }
}

/// Texts are the same in every layout; their layouts are not.
fn is_text(data_type: &DataType) -> bool {
    data_type.is_string() || matches!(data_type, DataType::Dictionary(_, _))
}

#[cfg(test)]
mod tests {
    use arrow::array::{Decimal128Array, TimestampNanosecondArray, UInt64Array};

    use super::*;

    #[test]
    fn the_name_of_a_file_is_its_state() {
        let state = FileState {
            interval: "2026-05".to_owned(),
            definition: "0123456789abcdef".to_owned(),
            inputs: "fedcba9876543210".to_owned(),
            run: "20261123T101112123Z-0a1b2c3d".to_owned(),
            part: 3,
        };
        assert_eq!(FileState::of_path(&state.path()).as_ref(), Some(&state));
        for foreign in ["part-0.parquet", "2026-05/part-0.parquet", "2026-05/x_y_z_0.parquet", "2026-05/a_b.txt"] {
            assert_eq!(FileState::of_path(foreign), None, "{foreign}");
        }
    }

    #[test]
    fn values_that_would_change_are_refused() {
        let stored = |column: ArrayRef| {
            let batch = RecordBatch::try_from_iter([("x", column)]).unwrap();
            let schema = stored_schema(&batch.schema()).unwrap();
            converted(&batch, &schema)
        };
        assert!(stored(Arc::new(UInt64Array::from(vec![7]))).is_ok());
        assert!(stored(Arc::new(UInt64Array::from(vec![u64::MAX]))).is_err());
        assert!(stored(Arc::new(TimestampNanosecondArray::from(vec![1_000]))).is_ok());
        assert!(stored(Arc::new(TimestampNanosecondArray::from(vec![1_001]))).is_err());
        let money = Decimal128Array::from(vec![1]).with_precision_and_scale(38, 18).unwrap();
        let batch = stored(Arc::new(money)).unwrap();
        assert_eq!(batch.column(0).data_type(), &DataType::Decimal128(38, 18));
        assert!(
            stored_schema(&Schema::new(vec![Field::new("x", DataType::Time64(TimeUnit::Nanosecond), true)])).is_err()
        );
    }
}
