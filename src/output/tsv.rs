//! Tab-separated values.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cell;
use super::sink::Sink;
use super::{Renderer, Style, Summary, count, spreadsheet};
use crate::error::Result;

pub(super) struct Tsv<'w> {
    sink: Sink<'w>,
    safe: bool,
    null: String,
    rows: u64,
}

impl<'w> Tsv<'w> {
    pub(super) fn new(style: &Style, schema: &Schema, mut sink: Sink<'w>) -> Self {
        spreadsheet::start(style, schema, '\t', escape, sink.text());
        // As it is: the backslash of `\N` is what tells it from text.
        Self { sink, safe: style.csv_safe, null: style.null().to_owned(), rows: 0 }
    }
}

impl Renderer for Tsv<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = cell::columns(batch)?;
        for row in 0..batch.num_rows() {
            let out = self.sink.text();
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    out.push('\t');
                }
                if column.is_null(row) {
                    out.push_str(&self.null);
                } else {
                    let start = out.len();
                    spreadsheet::push_value(column, row, self.safe, out);
                    escape(out, start);
                }
            }
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

/// Replaces what would break a line in the text of `out` from `start` on.
fn escape(out: &mut String, start: usize) {
    if !out[start..].bytes().any(|byte| matches!(byte, b'\t' | b'\n' | b'\r' | b'\\')) {
        return;
    }
    let raw = out.split_off(start);
    for character in raw.chars() {
        match character {
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\\' => out.push_str("\\\\"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::slice;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;
    use crate::output::Format;
    use crate::output::fixtures::{batch, empty, render};

    #[test]
    fn what_breaks_lines_is_escaped() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some("a\tb\nc\rd\\e"), Some("\"ü, 🎉\""), None]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(-1), None, Some(3)]));
        let batch = batch([("t\t", texts), ("n", numbers)]);
        assert_eq!(
            render(Format::Tsv, &Style::default(), slice::from_ref(&batch)),
            "t\\t\tn\na\\tb\\nc\\rd\\\\e\t-1\n\"ü, 🎉\"\t\n\t3\n"
        );
        let style = Style { null: Some("\\N".to_owned()), header: false, ..Style::default() };
        assert_eq!(render(Format::Tsv, &style, &[batch.slice(2, 1)]), "\\N\t3\n");
    }

    #[test]
    fn an_empty_result_has_its_header() {
        assert_eq!(render(Format::Tsv, &Style::default(), &[empty()]), "vendor\tcost\n");
    }
}
