//! A line per value: the name of the column and what it holds.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cell::{self, Column};
use super::sink::Sink;
use super::terminal::{self, Emphasis, Pen};
use super::{Renderer, Style, Summary, count};
use crate::error::Result;

/// How far the line above a row reaches beyond the names.
const OVERHANG: usize = 20;

pub(super) struct Vertical<'w> {
    sink: Sink<'w>,
    pen: Pen,
    names: Vec<String>,
    widest: usize,
    null: String,
    most: u64,
    summary: Summary,
}

impl<'w> Vertical<'w> {
    pub(super) fn new(style: &Style, schema: &Schema, sink: Sink<'w>) -> Self {
        let names: Vec<_> =
            schema.fields().iter().map(|field| terminal::on_one_line(field.name()).into_owned()).collect();
        Self {
            sink,
            pen: Pen::of(style),
            widest: names.iter().map(|name| terminal::width(name)).max().unwrap_or(0),
            names,
            null: terminal::on_one_line(style.null()).into_owned(),
            most: style.max_rows.map_or(u64::MAX, count),
            summary: Summary::all(0),
        }
    }

    fn push_title(&mut self) {
        let title = format!("[ row {} ]", self.summary.shown);
        let rest = (self.widest + OVERHANG).saturating_sub(terminal::width(&title));
        let out = self.sink.text();
        self.pen.push_line(out, 1);
        out.push_str(&title);
        self.pen.push_line(out, rest);
        out.push('\n');
    }

    fn push_value(&mut self, index: usize, column: &Column, row: usize, text: &mut String) {
        let name = &self.names[index];
        let out = self.sink.text();
        self.pen.push(out, name, Emphasis::Bold);
        let mut spare = self.widest - terminal::width(name);
        if column.is_null(row) {
            return push_line(&self.pen, spare, &self.null, Emphasis::Dim, out);
        }
        text.clear();
        column.text(row, text);
        for line in text.split('\n') {
            push_line(&self.pen, spare, &terminal::on_one_line(line), Emphasis::None, out);
            spare = self.widest;
        }
    }
}

/// Adds what stands to the right of the names: `spare` columns up to the line, the line, and the text.
fn push_line(pen: &Pen, spare: usize, text: &str, emphasis: Emphasis, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', spare + 1));
    out.push(pen.vertical);
    if !text.is_empty() {
        out.push(' ');
        pen.push(out, text, emphasis);
    }
    out.push('\n');
}

impl Renderer for Vertical<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = cell::columns(batch)?;
        let mut text = String::new();
        for row in 0..batch.num_rows() {
            if self.summary.shown == self.most {
                break;
            }
            self.summary.shown += 1;
            self.push_title();
            for (index, column) in columns.iter().enumerate() {
                self.push_value(index, column, row, &mut text);
            }
            self.sink.end_row()?;
        }
        self.summary.rows += count(batch.num_rows());
        self.sink.pass()
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.sink.flush()?;
        Ok(self.summary)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array, StringArray};

    use super::*;
    use crate::output::fixtures::{batch, empty, render};
    use crate::output::{Format, renderer};

    fn rows() -> RecordBatch {
        let notes: ArrayRef = Arc::new(StringArray::from(vec![Some("one\ntwo\u{7}"), None]));
        let counts: ArrayRef = Arc::new(Int64Array::from(vec![1, -2]));
        batch([("größe", counts), ("n", notes)])
    }

    #[test]
    fn names_are_aligned_and_lines_go_on_below() {
        let expected = "\
─[ row 1 ]────────────────
größe │ 1
n     │ one
      │ two\\u{7}
─[ row 2 ]────────────────
größe │ -2
n     │
";
        assert_eq!(render(Format::Vertical, &Style::default(), &[rows()]), expected);
    }

    #[test]
    fn ascii_null_and_color() {
        let style = Style { ascii: true, color: true, null: Some("NULL".to_owned()), ..Style::default() };
        let expected = "\
-[ row 1 ]----------------
\u{1b}[1mgröße\u{1b}[0m | -2
\u{1b}[1mn\u{1b}[0m     | \u{1b}[2mNULL\u{1b}[0m
";
        assert_eq!(render(Format::Vertical, &style, &[rows().slice(1, 1)]), expected);
    }

    #[test]
    fn rows_beyond_the_most_are_counted_only() {
        let mut out = Vec::new();
        let style = Style { max_rows: Some(3), ..Style::default() };
        let mut vertical = renderer(Format::Vertical, &style, rows().schema(), Box::new(&mut out)).unwrap();
        (0..3).for_each(|_| vertical.batch(&rows()).unwrap());
        assert_eq!(vertical.finish().unwrap(), Summary { rows: 6, shown: 3 });
        assert!(String::from_utf8(out).unwrap().contains("[ row 3 ]"));
    }

    #[test]
    fn an_empty_result_is_no_text() {
        assert_eq!(render(Format::Vertical, &Style::default(), &[empty()]), "");
    }
}
