//! Apache Parquet.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::sink::{file_failed, write_failed};
use super::{Renderer, Summary, count, portable};
use crate::error::{Error, Result};

const ROWS_PER_GROUP: usize = 1024 * 1024;

pub(super) struct ParquetFile<'w> {
    writer: ArrowWriter<Box<dyn Write + Send + 'w>>,
    schema: SchemaRef,
    rows: u64,
}

impl<'w> ParquetFile<'w> {
    pub(super) fn new(schema: &Schema, out: Box<dyn Write + Send + 'w>) -> Result<Self> {
        let schema = portable::schema(schema);
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_max_row_group_row_count(Some(ROWS_PER_GROUP))
            .build();
        let writer = ArrowWriter::try_new(out, SchemaRef::clone(&schema), Some(properties)).map_err(failed)?;
        Ok(Self { writer, schema, rows: 0 })
    }
}

impl Renderer for ParquetFile<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(&portable::batch(batch, &self.schema)?).map_err(failed)?;
        self.rows += count(batch.num_rows());
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Summary> {
        let mut out = self.writer.into_inner().map_err(failed)?;
        out.flush().map_err(write_failed)?;
        Ok(Summary::all(self.rows))
    }
}

fn failed(cause: ParquetError) -> Error {
    file_failed("parquet", cause)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, IntervalMonthDayNanoArray};
    use arrow::datatypes::{DataType, Decimal128Type, IntervalMonthDayNano};
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::error::ErrorKind;
    use crate::output::fixtures::{batch, empty, every_type, text_of, write};
    use crate::output::{Format, Style, renderer};

    fn read(file: Vec<u8>) -> (SchemaRef, Vec<RecordBatch>) {
        let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file)).unwrap();
        let schema = SchemaRef::clone(reader.schema());
        (schema, reader.build().unwrap().collect::<Result<_, _>>().unwrap())
    }

    #[test]
    fn values_read_back() {
        let written = every_type();
        let (schema, batches) = read(write(Format::Parquet, &Style::default(), &[written.clone(), written.clone()]));
        assert_eq!(schema.field_with_name("view").unwrap().data_type(), &DataType::Utf8);
        assert_eq!(schema.field_with_name("tag").unwrap().data_type(), &DataType::Utf8);
        assert_eq!(schema.field_with_name("cost").unwrap().data_type(), &DataType::Decimal128(38, 18));
        assert_eq!(batches[0].num_rows(), 6);
        assert_eq!(text_of(&batches[0].slice(3, 3)), text_of(&written));
        assert_eq!(batches[0].column(0).as_primitive::<Decimal128Type>().value(0), 12_500_000_000_000_000_000);
    }

    #[test]
    fn what_parquet_cannot_hold_is_the_fault_of_the_query() {
        let interval = IntervalMonthDayNanoArray::from(vec![IntervalMonthDayNano::new(1, 2, 3)]);
        let batch = batch([("i", Arc::new(interval) as ArrayRef)]);
        let error = renderer(Format::Parquet, &Style::default(), batch.schema(), Box::new(Vec::new()))
            .and_then(|mut renderer| renderer.batch(&batch))
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "{error:?}");
        assert_eq!(error.hints().len(), 1);
    }

    #[test]
    fn an_empty_result_is_a_valid_file() {
        let (schema, batches) = read(write(Format::Parquet, &Style::default(), &[empty()]));
        assert_eq!(schema.fields().len(), 2);
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    }
}
