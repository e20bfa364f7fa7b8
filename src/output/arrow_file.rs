//! The file format of Arrow IPC, uncompressed: what the most readers understand, and what can be mapped into memory.

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use arrow::error::ArrowError;
use arrow::ipc::writer::FileWriter;

use super::sink::file_failed;
use super::{Renderer, Summary, count, portable};
use crate::error::{Error, Result};

pub(super) struct ArrowFile<'w> {
    writer: FileWriter<Box<dyn Write + Send + 'w>>,
    schema: SchemaRef,
    rows: u64,
}

impl<'w> ArrowFile<'w> {
    pub(super) fn new(schema: &Schema, out: Box<dyn Write + Send + 'w>) -> Result<Self> {
        let schema = portable::schema(schema);
        let writer = FileWriter::try_new(out, &schema).map_err(failed)?;
        Ok(Self { writer, schema, rows: 0 })
    }
}

impl Renderer for ArrowFile<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.writer.write(&portable::batch(batch, &self.schema)?).map_err(failed)?;
        self.rows += count(batch.num_rows());
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.writer.finish().and_then(|()| self.writer.flush()).map_err(failed)?;
        Ok(Summary::all(self.rows))
    }
}

fn failed(cause: ArrowError) -> Error {
    file_failed("an Arrow file", cause)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, DictionaryArray};
    use arrow::datatypes::Int32Type;
    use arrow::ipc::reader::FileReader;

    use super::*;
    use crate::output::fixtures::{batch, empty, every_type, text_of, write};
    use crate::output::{Format, Style};

    fn read(file: Vec<u8>) -> (SchemaRef, Vec<RecordBatch>) {
        let reader = FileReader::try_new(Cursor::new(file), None).unwrap();
        (reader.schema(), reader.collect::<Result<_, _>>().unwrap())
    }

    #[test]
    fn values_read_back() {
        let file = write(Format::Arrow, &Style::default(), &[every_type(), every_type()]);
        assert!(file.starts_with(b"ARROW1"));
        let (schema, batches) = read(file);
        assert_eq!(schema.fields().len(), every_type().num_columns());
        assert_eq!(batches.len(), 2);
        assert_eq!(text_of(&batches[1]), text_of(&every_type()));
    }

    #[test]
    fn batches_may_bring_dictionaries_of_their_own() {
        let words = |word: &str| {
            let words: DictionaryArray<Int32Type> = [word].into_iter().collect();
            batch([("w", Arc::new(words) as ArrayRef)])
        };
        let (_, batches) = read(write(Format::Arrow, &Style::default(), &[words("a"), words("b")]));
        assert_eq!(batches.iter().map(text_of).collect::<String>(), "w\na\nw\nb\n");
    }

    #[test]
    fn an_empty_result_is_a_valid_file() {
        let (schema, batches) = read(write(Format::Arrow, &Style::default(), &[empty()]));
        assert_eq!(schema.fields().len(), 2);
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 0);
    }
}
