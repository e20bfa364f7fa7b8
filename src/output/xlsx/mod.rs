//! Workbooks of Office Open XML, for Excel and its like.
//!
//! The sheet `Data` holds the result. Where the result is that of a saved query, `Summary` adds it up with live formulas and
//! `Assumptions` says what it was made from. Excel holds fifteen digits of a number: `Assumptions` gives the exact totals as
//! text and says how many numbers were rounded. Text is always text: nothing a bill says becomes a formula.

mod about;
mod cells;
mod data;
mod summary;
mod totals;

use std::io::Write;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;
use arrow::datatypes::SchemaRef;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, XlsxError};

use super::sink::{file_failed, write_failed};
use super::{About, Renderer, Style, Summary, count};
use crate::error::{Error, Result};

/// Rows of a sheet, the header among them (specification of Excel).
const MOST_ROWS: usize = 1_048_576;
/// Columns of a sheet.
const MOST_COLUMNS: usize = 16_384;

/// Names of the sheets.
const SUMMARY: &str = "Summary";
const DATA: &str = "Data";
const ASSUMPTIONS: &str = "Assumptions";

pub(super) struct Workbook<'w> {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: usize,
    about: Option<About>,
    out: Box<dyn Write + Send + 'w>,
}

impl<'w> Workbook<'w> {
    pub(super) fn new(style: &Style, schema: SchemaRef, out: Box<dyn Write + Send + 'w>) -> Result<Self> {
        if schema.fields().len() > MOST_COLUMNS {
            return Err(Error::invalid(format!(
                "a sheet holds {MOST_COLUMNS} columns, and there are {}",
                schema.fields().len()
            ))
            .hint("write `-o FILE.parquet` or `-o FILE.csv`"));
        }
        Ok(Self { schema, batches: Vec::new(), rows: 0, about: style.about.clone(), out })
    }

    fn written(&self) -> Result<Vec<u8>> {
        let rows = concat_batches(&self.schema, &self.batches)
            .map_err(|cause| Error::internal("the batches of a result do not fit together").because(cause))?;
        let sheet = data::Data::new(&rows)?;
        let mut workbook = rust_xlsxwriter::Workbook::new();
        workbook.set_properties(&properties(self.about.as_ref())?);
        if let Some(about) = &self.about {
            summary::write(workbook.add_worksheet(), about, &rows)?;
        }
        let exactness = sheet.write(workbook.add_worksheet())?;
        about::write(workbook.add_worksheet(), self.about.as_ref(), &rows, &exactness)?;
        workbook.save_to_buffer().map_err(failed)
    }
}

impl Renderer for Workbook<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        self.rows += batch.num_rows();
        if self.rows >= MOST_ROWS {
            return Err(Error::invalid(format!(
                "a sheet holds {} rows below its header, and the result has more",
                MOST_ROWS - 1
            ))
            .hint("group or filter the query, or write `-o FILE.parquet` or `-o FILE.csv`"));
        }
        self.batches.push(batch.clone());
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        let file = self.written()?;
        self.out.write_all(&file).and_then(|()| self.out.flush()).map_err(write_failed)?;
        Ok(Summary::all(count(self.rows)))
    }
}

/// Title and time of the file: that of the run, so that the same run gives the same bytes.
fn properties(about: Option<&About>) -> Result<DocProperties> {
    let run = about.map(|about| about.run_at).unwrap_or_default();
    // 1900 is where the calendar of Excel begins.
    let seconds = run.timestamp().max(0);
    let at = ExcelDateTime::from_timestamp(seconds).map_err(failed)?;
    let properties = DocProperties::new().set_creation_datetime(&at);
    Ok(match about {
        Some(about) => properties.set_title(&about.name).set_subject(about.question()),
        None => properties,
    })
}

fn failed(cause: XlsxError) -> Error {
    file_failed("xlsx", cause)
}
