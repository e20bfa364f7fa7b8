//! JSON objects, one a line.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::objects::Objects;
use super::sink::Sink;
use super::{Renderer, Summary, cell, count};
use crate::error::Result;

pub(super) struct Ndjson<'w> {
    sink: Sink<'w>,
    objects: Objects,
    rows: u64,
}

impl<'w> Ndjson<'w> {
    pub(super) fn new(schema: &Schema, sink: Sink<'w>) -> Self {
        Self { sink, objects: Objects::new(schema), rows: 0 }
    }
}

impl Renderer for Ndjson<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = cell::columns(batch)?;
        for row in 0..batch.num_rows() {
            let out = self.sink.text();
            self.objects.push(&columns, row, out);
            out.push('\n');
            self.sink.end_row()?;
        }
        self.rows += count(batch.num_rows());
        self.sink.pass()
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.sink.flush()?;
        Ok(Summary::all(self.rows))
    }
}

#[cfg(test)]
mod tests {
    use crate::output::fixtures::{empty, every_type, render};
    use crate::output::{Format, Style};

    #[test]
    fn every_line_is_an_object() {
        let text = render(Format::Ndjson, &Style::default(), &[every_type(), every_type()]);
        assert_eq!(text.lines().count(), 6);
        for line in text.lines() {
            assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object());
        }
    }

    #[test]
    fn an_empty_result_is_no_text() {
        assert_eq!(render(Format::Ndjson, &Style::default(), &[empty()]), "");
    }
}
