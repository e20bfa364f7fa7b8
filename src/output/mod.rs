//! Results of queries as text and files: one renderer per format, fed with record batches as they come.
//!
//! Renderers write to the given [`Write`] only, and nothing before the first batch or the end of the result, so that a query
//! that fails early leaves no half a file. A reader that hangs up is told from other failures by [`is_broken_pipe`].
//!
//! In every text format a DECIMAL prints its plain digits, never rounded and without exponent. Ledger columns are
//! DECIMAL(38,18), so zeros at the end of the fraction say nothing and are left out down to two digits: `12.50`, `3.00`,
//! `0.0000008`. A float prints the shortest digits that read back as the same number, always with a point or an exponent so
//! that it differs from an integer. Lists, structs and maps print as JSON, binary values as hexadecimal digits.

mod about;
mod arrow_file;
mod cell;
mod chart;
mod csv;
#[cfg(test)]
mod fixtures;
mod format;
mod html;
mod json;
mod markdown;
mod measure;
mod ndjson;
mod objects;
mod parquet_file;
mod portable;
mod report;
mod sink;
mod spreadsheet;
mod table;
mod terminal;
mod tsv;
mod vertical;
mod xlsx;

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;

use crate::error::Result;
use crate::query::Chart;

pub use about::About;
pub use format::Format;
pub use report::{Report, Section, SectionOutcome};
pub use sink::is_broken_pipe;

use chart::{ChartFile, Medium};
use sink::Sink;

/// How a result looks. Formats leave out of account what has no meaning for them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Style {
    /// Names of the columns above the rows: csv, tsv, table, markdown, html.
    pub header: bool,
    /// What stands for NULL in text; `None` is the default of the format, which is nothing. JSON always says `null`.
    pub null: Option<String>,
    /// The most rows that a table or a vertical listing shows; the others are counted.
    pub max_rows: Option<usize>,
    /// Columns of the terminal that a table or a chart must fit. Text is cut; a table that still does not fit is listed
    /// vertically.
    pub width: Option<usize>,
    /// Escape sequences for bold and dim text, and the colours of series: table, vertical and chart.
    pub color: bool,
    /// Lines, bars and ellipses in ASCII: table, vertical and chart.
    pub ascii: bool,
    /// A byte order mark in front, which makes Excel read UTF-8: csv and tsv.
    pub bom: bool,
    /// A single quote before text that a spreadsheet would run as a formula: csv and tsv.
    pub csv_safe: bool,
    /// Title of the page: html.
    pub title: Option<String>,
    /// How the result is drawn; when left out, types and order of its columns say it: chart, svg, png.
    pub chart: Option<Chart>,
    /// What the result is and where it comes from; with it a workbook has a summary: xlsx.
    pub about: Option<About>,
}

impl Default for Style {
    fn default() -> Self {
        Self {
            header: true,
            null: None,
            max_rows: None,
            width: None,
            color: false,
            ascii: false,
            bom: false,
            csv_safe: false,
            title: None,
            chart: None,
            about: None,
        }
    }
}

impl Style {
    fn null(&self) -> &str {
        self.null.as_deref().unwrap_or_default()
    }
}

/// What became of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Rows that came.
    pub rows: u64,
    /// Rows that were written: less than `rows` when [`Style::max_rows`] cut the result.
    pub shown: u64,
}

impl Summary {
    fn all(rows: u64) -> Self {
        Self { rows, shown: rows }
    }
}

/// Writes a result, batch by batch.
pub trait Renderer: Send {
    /// Takes the next rows.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when they cannot be written, [`crate::ErrorKind::Invalid`] when the format cannot hold
    /// them.
    fn batch(&mut self, batch: &RecordBatch) -> Result<()>;

    /// Ends the result and flushes what is left of it.
    ///
    /// # Errors
    /// As [`Renderer::batch`].
    fn finish(self: Box<Self>) -> Result<Summary>;
}

/// The renderer for results of `schema` in `format`, which writes to `out`.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when `format` cannot hold a column of `schema`, [`crate::ErrorKind::Storage`] when `out`
/// takes no data.
pub fn renderer<'w>(
    format: Format,
    style: &Style,
    schema: SchemaRef,
    out: Box<dyn Write + Send + 'w>,
) -> Result<Box<dyn Renderer + 'w>> {
    Ok(match format {
        Format::Table => Box::new(table::Table::new(style, schema, Sink::new(out))),
        Format::Csv => Box::new(csv::Csv::new(style, &schema, Sink::new(out))),
        Format::Tsv => Box::new(tsv::Tsv::new(style, &schema, Sink::new(out))),
        Format::Json => Box::new(json::Json::new(&schema, Sink::new(out))),
        Format::Ndjson => Box::new(ndjson::Ndjson::new(&schema, Sink::new(out))),
        Format::Markdown => Box::new(markdown::Markdown::new(style, &schema, Sink::new(out))),
        Format::Vertical => Box::new(vertical::Vertical::new(style, &schema, Sink::new(out))),
        Format::Html => Box::new(html::Html::new(style, &schema, Sink::new(out))),
        Format::Parquet => Box::new(parquet_file::ParquetFile::new(&schema, out)?),
        Format::Arrow => Box::new(arrow_file::ArrowFile::new(&schema, out)?),
        Format::Xlsx => Box::new(xlsx::Workbook::new(style, schema, out)?),
        Format::Chart => Box::new(ChartFile::new(Medium::Text, style, schema, out)),
        Format::Svg => Box::new(ChartFile::new(Medium::Svg, style, schema, out)),
        Format::Png => Box::new(ChartFile::new(Medium::Png, style, schema, out)),
    })
}

/// The number of rows of a batch as it is summed up.
fn count(rows: usize) -> u64 {
    rows.try_into().unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::slice;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Int64Array};

    use super::*;
    use crate::error::ErrorKind;

    struct HungUp;

    impl Write for HungUp {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_reader_that_hangs_up_is_recognised_in_every_format() {
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values(0..100_000));
        let batch = RecordBatch::try_from_iter([("n", numbers)]).unwrap();
        for format in Format::ALL.into_iter().filter(|format| !format.draws()) {
            let error = renderer(format, &Style::default(), batch.schema(), Box::new(HungUp))
                .and_then(|mut renderer| {
                    renderer.batch(&batch)?;
                    renderer.finish()
                })
                .unwrap_err();
            assert!(is_broken_pipe(&error), "{format}: {error:?}");
            assert_eq!(error.kind(), ErrorKind::Storage, "{format}");
        }
    }

    #[test]
    fn nothing_is_written_before_the_first_batch_in_formats_that_stream() {
        for format in Format::ALL.into_iter().filter(|format| format.streams()) {
            let mut out = Vec::new();
            let schema = fixtures::every_type().schema();
            drop(renderer(format, &Style::default(), schema, Box::new(&mut out)).unwrap());
            assert_eq!(out, b"", "{format}");
        }
    }

    #[test]
    fn every_format_takes_every_type() {
        let batch = fixtures::every_type();
        for format in Format::ALL {
            let mut out = Vec::new();
            let mut renderer = renderer(format, &Style::default(), batch.schema(), Box::new(&mut out)).unwrap();
            renderer.batch(&batch).unwrap();
            assert_eq!(renderer.finish().unwrap(), Summary { rows: 3, shown: 3 }, "{format}");
            assert!(!out.is_empty(), "{format}");
            assert!(format.is_binary() || String::from_utf8(out).is_ok(), "{format}");
        }
    }

    #[test]
    fn every_format_takes_a_result_without_columns() {
        let batch = RecordBatch::new_empty(Arc::new(arrow::datatypes::Schema::empty()));
        for format in Format::ALL.into_iter().filter(|format| !format.draws()) {
            let out = fixtures::render(format, &Style::default(), slice::from_ref(&batch));
            assert!(format.is_binary() || format == Format::Html || out.len() < 4, "{format}");
        }
    }
}
