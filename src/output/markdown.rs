//! A table of GitHub Flavored Markdown.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::sink::Sink;
use super::{Renderer, Style, Summary, cell, count};
use crate::error::Result;

pub(super) struct Markdown<'w> {
    sink: Sink<'w>,
    null: String,
    rows: u64,
}

impl<'w> Markdown<'w> {
    pub(super) fn new(style: &Style, schema: &Schema, mut sink: Sink<'w>) -> Self {
        if style.header && !schema.fields().is_empty() {
            push_header(schema, sink.text());
        }
        let mut null = String::new();
        push_escaped(style.null(), &mut null);
        Self { sink, null, rows: 0 }
    }
}

impl Renderer for Markdown<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = cell::columns(batch)?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            let out = self.sink.text();
            for column in &columns {
                out.push_str("| ");
                if column.is_null(row) {
                    out.push_str(&self.null);
                } else {
                    text.clear();
                    column.text(row, &mut text);
                    push_escaped(&text, out);
                }
                out.push(' ');
            }
            out.push_str("|\n");
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

fn push_header(schema: &Schema, out: &mut String) {
    for field in schema.fields() {
        out.push_str("| ");
        push_escaped(field.name(), out);
        out.push(' ');
    }
    out.push_str("|\n");
    for field in schema.fields() {
        out.push_str(if cell::is_number(field.data_type()) { "| ---: " } else { "| --- " });
    }
    out.push_str("|\n");
}

/// Adds `text` so that it neither ends its cell nor turns into markup.
fn push_escaped(text: &str, out: &mut String) {
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '|' | '\\' | '*' | '`' => out.extend(['\\', character]),
            '<' => out.push_str("&lt;"),
            '\r' if characters.peek() == Some(&'\n') => {}
            '\n' | '\r' => out.push_str("<br>"),
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
    fn markup_in_values_is_escaped() {
        let notes: ArrayRef =
            Arc::new(StringArray::from(vec![Some("a|b\\c"), Some("1\r\n2\n*3*"), Some("<b>ü</b>"), None]));
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), Some(-2), None, Some(3)]));
        let expected = "\
| no\\|te | n |
| --- | ---: |
| a\\|b\\\\c | 1 |
| 1<br>2<br>\\*3\\* | -2 |
| &lt;b>ü&lt;/b> |  |
|  | 3 |
";
        let batch = batch([("no|te", notes), ("n", counts)]);
        assert_eq!(render(Format::Markdown, &Style::default(), slice::from_ref(&batch)), expected);
        let style = Style { header: false, null: Some("|".to_owned()), ..Style::default() };
        assert_eq!(render(Format::Markdown, &style, &[batch.slice(3, 1)]), "| \\| | 3 |\n");
    }

    #[test]
    fn an_empty_result_has_its_header() {
        assert_eq!(render(Format::Markdown, &Style::default(), &[empty()]), "| vendor | cost |\n| --- | ---: |\n");
    }
}
