//! A box for terminals.

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema, SchemaRef};

use super::cell::{self, Column};
use super::sink::Sink;
use super::terminal::{self, Emphasis, Pen};
use super::vertical::Vertical;
use super::{Renderer, Style, Summary, count};
use crate::error::Result;

/// Columns of the terminal below which text is not cut.
const LEAST_TEXT: usize = 6;
/// Columns of the terminal below which the name of a column of numbers is not cut.
const LEAST_NAME: usize = 3;

/// Keeps the batches to be shown until the end, when the widths of all values are known.
pub(super) struct Table<'w> {
    sink: Sink<'w>,
    style: Style,
    schema: SchemaRef,
    kept: Vec<RecordBatch>,
    shown: usize,
    rows: u64,
}

impl<'w> Table<'w> {
    pub(super) fn new(style: &Style, schema: SchemaRef, sink: Sink<'w>) -> Self {
        Self { sink, style: style.clone(), schema, kept: Vec::new(), shown: 0, rows: 0 }
    }

    fn list_vertically(self, summary: Summary) -> Result<Summary> {
        let mut vertical = Box::new(Vertical::new(&self.style, &self.schema, self.sink));
        self.kept.iter().try_for_each(|batch| vertical.batch(batch))?;
        vertical.finish()?;
        Ok(summary)
    }
}

impl Renderer for Table<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let most = self.style.max_rows.unwrap_or(usize::MAX);
        let taken = batch.num_rows().min(most - self.shown);
        if taken > 0 {
            self.kept.push(batch.slice(0, taken));
        }
        self.shown += taken;
        self.rows += count(batch.num_rows());
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let summary = Summary { rows: self.rows, shown: count(self.shown) };
        if self.schema.fields().is_empty() {
            self.sink.flush()?;
            return Ok(summary);
        }
        let pages = self.kept.iter().map(Page::of).collect::<Result<Vec<_>>>()?;
        let mut layout = Layout::of(&self.schema, &self.style);
        pages.iter().for_each(|page| layout.measure(page));
        if !layout.fit(self.style.width.unwrap_or(usize::MAX)) {
            return self.list_vertically(summary);
        }
        layout.draw(&pages, &mut self.sink)?;
        Ok(summary)
    }
}

/// The columns of a batch.
struct Page {
    columns: Vec<Column>,
    rows: usize,
}

impl Page {
    fn of(batch: &RecordBatch) -> Result<Self> {
        Ok(Self { columns: cell::columns(batch)?, rows: batch.num_rows() })
    }
}

/// A column of the box.
struct Lane {
    name: String,
    is_number: bool,
    /// Whether its values may be cut.
    is_soft: bool,
    widest: usize,
    width: usize,
}

impl Lane {
    fn wanted(&self) -> usize {
        self.widest.max(terminal::width(&self.name))
    }

    /// The least width that shows enough of it.
    fn least(&self) -> usize {
        if self.is_soft {
            self.wanted().min(LEAST_TEXT)
        } else {
            self.widest.max(terminal::width(&self.name).min(LEAST_NAME))
        }
    }

    fn width_at(&self, level: usize) -> usize {
        self.wanted().min(level).max(self.least())
    }
}

struct Layout {
    lanes: Vec<Lane>,
    pen: Pen,
    header: bool,
    null: String,
}

impl Layout {
    fn of(schema: &Schema, style: &Style) -> Self {
        let lanes = schema.fields().iter().map(|field| Lane {
            name: if style.header { terminal::on_one_line(field.name()).into_owned() } else { String::new() },
            is_number: cell::is_number(field.data_type()),
            is_soft: is_soft(field.data_type()),
            widest: 0,
            width: 0,
        });
        Self {
            lanes: lanes.collect(),
            pen: Pen::of(style),
            header: style.header,
            null: terminal::on_one_line(style.null()).into_owned(),
        }
    }

    fn measure(&mut self, page: &Page) {
        let null = terminal::width(&self.null);
        let mut text = String::new();
        for (lane, column) in self.lanes.iter_mut().zip(&page.columns) {
            for row in 0..page.rows {
                text.clear();
                column.text(row, &mut text);
                let width = if column.is_null(row) { null } else { terminal::width(&terminal::on_one_line(&text)) };
                lane.widest = lane.widest.max(width);
            }
        }
    }

    /// Sets the widths of the lanes so that the box fits `width`, cutting the widest text first; false when it cannot.
    fn fit(&mut self, width: usize) -> bool {
        let frame = 3 * self.lanes.len() + 1;
        let total = |lanes: &[Lane], level| frame + lanes.iter().map(|lane| lane.width_at(level)).sum::<usize>();
        let mut fits = 0;
        let mut highest = self.lanes.iter().map(Lane::wanted).max().unwrap_or(0);
        if total(&self.lanes, fits) > width {
            return false;
        }
        while fits < highest {
            let level = highest - (highest - fits) / 2;
            if total(&self.lanes, level) > width {
                highest = level - 1;
            } else {
                fits = level;
            }
        }
        self.lanes.iter_mut().for_each(|lane| lane.width = lane.width_at(fits));
        true
    }

    fn draw(&self, pages: &[Page], sink: &mut Sink<'_>) -> Result<()> {
        self.push_line(self.pen.top, sink.text());
        if self.header {
            self.push_names(sink.text());
            self.push_line(self.pen.middle, sink.text());
        }
        let mut text = String::new();
        for page in pages {
            for row in 0..page.rows {
                self.push_values(&page.columns, row, &mut text, sink.text());
                sink.end_row()?;
            }
        }
        self.push_line(self.pen.bottom, sink.text());
        sink.flush()
    }

    fn push_names(&self, out: &mut String) {
        for lane in &self.lanes {
            self.push_cell(lane, &lane.name, Emphasis::Bold, out);
        }
        self.end_line(out);
    }

    fn push_values(&self, columns: &[Column], row: usize, text: &mut String, out: &mut String) {
        for (lane, column) in self.lanes.iter().zip(columns) {
            if column.is_null(row) {
                self.push_cell(lane, &self.null, Emphasis::Dim, out);
            } else {
                text.clear();
                column.text(row, text);
                self.push_cell(lane, &terminal::on_one_line(text), Emphasis::None, out);
            }
        }
        self.end_line(out);
    }

    fn push_cell(&self, lane: &Lane, text: &str, emphasis: Emphasis, out: &mut String) {
        let text = self.pen.fit(text, lane.width);
        let spare = lane.width.saturating_sub(terminal::width(&text));
        let (before, after) = if lane.is_number { (spare, 0) } else { (0, spare) };
        out.push(self.pen.vertical);
        out.extend(std::iter::repeat_n(' ', before + 1));
        self.pen.push(out, &text, if text.is_empty() { Emphasis::None } else { emphasis });
        out.extend(std::iter::repeat_n(' ', after + 1));
    }

    fn end_line(&self, out: &mut String) {
        out.push(self.pen.vertical);
        out.push('\n');
    }

    fn push_line(&self, [left, crossing, right]: [char; 3], out: &mut String) {
        for (index, lane) in self.lanes.iter().enumerate() {
            out.push(if index == 0 { left } else { crossing });
            self.pen.push_line(out, lane.width + 2);
        }
        out.push(right);
        out.push('\n');
    }
}

/// Whether values are long text, which may be cut, and no numbers, dates or truth values.
fn is_soft(data_type: &DataType) -> bool {
    let data_type = cell::value_type(data_type);
    !(data_type.is_numeric() || data_type.is_temporal() || matches!(data_type, DataType::Boolean))
}

#[cfg(test)]
mod tests {
    use std::slice;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Decimal128Array, StringArray};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;
    use crate::output::fixtures::{batch, empty, every_type, render};
    use crate::output::{Format, renderer};

    fn spend() -> RecordBatch {
        let vendors: ArrayRef = Arc::new(StringArray::from(vec![Some("Grüße 🎉"), Some("東京\n2"), None, Some("a")]));
        let one = 10i128.pow(18);
        let costs = Decimal128Array::from(vec![Some(12 * one + one / 2), Some(-one / 1000), Some(12_345 * one), None]);
        let costs: ArrayRef = Arc::new(costs.with_precision_and_scale(38, 18).unwrap());
        batch([("vendor", vendors), ("cost", costs)])
    }

    fn table(style: &Style, batches: &[RecordBatch]) -> String {
        render(Format::Table, style, batches)
    }

    #[test]
    fn numbers_stand_to_the_right() {
        let expected = "\
┌──────────┬──────────┐
│ vendor   │     cost │
├──────────┼──────────┤
│ Grüße 🎉 │    12.50 │
│ 東京\\n2  │   -0.001 │
│          │ 12345.00 │
│ a        │          │
└──────────┴──────────┘
";
        assert_eq!(table(&Style::default(), &[spend()]), expected);
    }

    #[test]
    fn ascii_null_and_no_header() {
        let style = Style { ascii: true, null: Some("NULL".to_owned()), header: false, ..Style::default() };
        let expected = "\
+------+----------+
| NULL | 12345.00 |
| a    |     NULL |
+------+----------+
";
        assert_eq!(table(&style, &[spend().slice(2, 2)]), expected);
    }

    #[test]
    fn names_are_bold_and_nulls_dim_in_color() {
        let style = Style { color: true, null: Some("∅".to_owned()), ..Style::default() };
        let text = table(&style, &[spend().slice(2, 1)]);
        assert!(text.contains("│ \u{1b}[1mvendor\u{1b}[0m │"), "{text}");
        assert!(text.contains("│ \u{1b}[2m∅\u{1b}[0m      │"), "{text}");
    }

    #[test]
    fn an_empty_result_has_its_header() {
        let expected = "\
┌────────┬──────┐
│ vendor │ cost │
├────────┼──────┤
└────────┴──────┘
";
        assert_eq!(table(&Style::default(), &[empty()]), expected);
        assert_eq!(table(&Style::default(), &[]).lines().count(), 4);
    }

    #[test]
    fn rows_beyond_the_most_are_counted_only() {
        let mut out = Vec::new();
        let style = Style { max_rows: Some(5), ..Style::default() };
        let mut table = renderer(Format::Table, &style, spend().schema(), Box::new(&mut out)).unwrap();
        (0..3).for_each(|_| table.batch(&spend()).unwrap());
        assert_eq!(table.finish().unwrap(), Summary { rows: 12, shown: 5 });
        assert_eq!(String::from_utf8(out).unwrap().lines().count(), 5 + 4);
    }

    #[test]
    fn long_text_is_cut_to_the_terminal_and_numbers_are_not() {
        let notes: ArrayRef = Arc::new(StringArray::from(vec!["a note that goes on and on"]));
        let costs = Decimal128Array::from(vec![123_456_789]).with_precision_and_scale(38, 2).unwrap();
        let batch = batch([("note", notes), ("cost of it", Arc::new(costs) as ArrayRef)]);
        let expected = "\
┌──────────────┬────────────┐
│ note         │ cost of it │
├──────────────┼────────────┤
│ a note that… │ 1234567.89 │
└──────────────┴────────────┘
";
        assert_eq!(table(&Style { width: Some(29), ..Style::default() }, slice::from_ref(&batch)), expected);
        let listed = table(&Style { width: Some(20), ..Style::default() }, &[batch]);
        assert!(listed.starts_with("─[ row 1 ]─") && listed.contains("1234567.89"), "{listed}");
    }

    proptest! {
        #[test]
        fn every_line_is_as_wide_as_the_others_and_fits(texts in vec(option::of(any::<String>()), 1..6), width in 30usize..60) {
            let notes: ArrayRef = Arc::new(StringArray::from(texts));
            let batch = batch([("a", Arc::clone(&notes)), ("b", notes)]);
            let text = table(&Style { width: Some(width), ..Style::default() }, &[batch]);
            let widths: Vec<usize> = text.lines().map(terminal::width).collect();
            prop_assert!(widths.iter().all(|line| *line == widths[0] && *line <= width), "{}", text);
        }
    }

    #[test]
    fn every_type_fits_some_terminal() {
        assert!(table(&Style::default(), &[every_type()]).starts_with('┌'));
        assert!(table(&Style { width: Some(80), ..Style::default() }, &[every_type()]).starts_with('─'));
    }
}
