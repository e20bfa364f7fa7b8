//! A file of prices as cells of text that know their place: CSV (RFC 4180) or Parquet.

use std::iter::Peekable;
use std::str::Chars;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::error::{Error, Place, Result};

/// The content of one file: a header and rows.
#[derive(Debug)]
pub struct PriceTable {
    pub(super) file: String,
    pub(super) header: Row,
    pub(super) rows: Vec<Row>,
}

/// A line of the file; of Parquet, a row.
#[derive(Debug, Default)]
pub(super) struct Row {
    /// From 1.
    pub(super) line: usize,
    pub(super) cells: Vec<Cell>,
}

/// A cell, empty for NULL.
#[derive(Debug, Default)]
pub(super) struct Cell {
    pub(super) text: String,
    /// In characters, from 1.
    pub(super) column: usize,
}

impl PriceTable {
    /// Reads CSV with a header: cells may be quoted, blank lines are passed over.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for what has no header, and for a quote that is never closed.
    pub fn from_csv(file: &str, text: &str) -> Result<Self> {
        let mut scanner = Scanner { chars: text.trim_start_matches('\u{feff}').chars().peekable(), line: 1, column: 1 };
        let mut rows = Vec::new();
        while scanner.chars.peek().is_some() {
            let row = scanner.row().map_err(|(line, column)| {
                Error::data("a quote is never closed").at(place_of(file, line, column, 1, text))
            })?;
            if row.cells.iter().any(|cell| !cell.text.is_empty()) {
                rows.push(row);
            }
        }
        let mut rows = rows.into_iter();
        let header = rows.next().ok_or_else(|| Error::data("the file is empty").with("file", file))?;
        Ok(Self { file: file.to_owned(), header, rows: rows.collect() })
    }

    /// Reads a Parquet file.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for a file that is broken, and for a column that is no text, number or date.
    pub fn from_parquet(file: &str, content: Bytes) -> Result<Self> {
        let broken = |cause: &dyn std::error::Error| {
            Error::data("cannot read the file").with("file", file).because(cause.to_string())
        };
        let reader = ParquetRecordBatchReaderBuilder::try_new(content).map_err(|cause| broken(&cause))?;
        let names = reader.schema().fields().iter().map(|field| field.name().clone());
        let header = Row::of(0, names.collect());
        let mut rows = Vec::new();
        for batch in reader.build().map_err(|cause| broken(&cause))? {
            add_rows(&batch.map_err(|cause| broken(&cause))?, &mut rows).map_err(|cause| broken(&cause))?;
        }
        Ok(Self { file: file.to_owned(), header, rows })
    }

    /// The place of a cell, with its row as the text.
    pub(super) fn place(&self, row: &Row, cell: &Cell) -> Place {
        let text = row.cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>().join(",");
        let width = cell.text.chars().count().max(1);
        Place { file: self.file.clone(), line: row.line, column: cell.column, width, text }
    }
}

impl Row {
    /// A row without a text of its own: its cells stand side by side, commas between them.
    fn of(line: usize, texts: Vec<String>) -> Self {
        let mut column = 1;
        let cell = |text: String| {
            let cell = Cell { column, text };
            column += cell.text.chars().count() + 1;
            cell
        };
        Self { line, cells: texts.into_iter().map(cell).collect() }
    }
}

fn add_rows(batch: &RecordBatch, rows: &mut Vec<Row>) -> std::result::Result<(), arrow::error::ArrowError> {
    let columns = batch.columns().iter().map(|column| cast(column, &DataType::Utf8)).collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<_> = columns.iter().map(AsArray::as_string::<i32>).collect();
    for index in 0..batch.num_rows() {
        let cell = |text: &&arrow::array::StringArray| {
            if text.is_null(index) { String::new() } else { text.value(index).to_owned() }
        };
        rows.push(Row::of(rows.len() + 1, texts.iter().map(cell).collect()));
    }
    Ok(())
}

fn place_of(file: &str, line: usize, column: usize, width: usize, text: &str) -> Place {
    let text = text.lines().nth(line - 1).unwrap_or_default().to_owned();
    Place { file: file.to_owned(), line, column, width, text }
}

struct Scanner<'a> {
    chars: Peekable<Chars<'a>>,
    line: usize,
    column: usize,
}

impl Scanner<'_> {
    /// The next row; the place of its quote when that is never closed.
    fn row(&mut self) -> Result<Row, (usize, usize)> {
        let mut row = Row { line: self.line, cells: Vec::new() };
        loop {
            row.cells.push(self.cell()?);
            match self.next() {
                Some(',') => {}
                _ => return Ok(row),
            }
        }
    }

    /// The text up to the next comma or end of line.
    fn cell(&mut self) -> Result<Cell, (usize, usize)> {
        let (line, column) = (self.line, self.column);
        let mut text = String::new();
        if self.chars.next_if_eq(&'"').is_some() {
            self.column += 1;
            loop {
                match self.next().ok_or((line, column))? {
                    '"' if self.chars.peek() == Some(&'"') => text.extend(self.next()),
                    '"' => break,
                    other => text.push(other),
                }
            }
        }
        while self.chars.peek().is_some_and(|next| !matches!(next, ',' | '\n')) {
            text.extend(self.next());
        }
        Ok(Cell { text: text.trim().to_owned(), column })
    }

    fn next(&mut self) -> Option<char> {
        let next = self.chars.next()?;
        if next == '\n' {
            (self.line, self.column) = (self.line + 1, 1);
        } else {
            self.column += 1;
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_know_their_place() {
        let table =
            PriceTable::from_csv("p.csv", "\u{feff}a,b\r\n\r\n\"x, \"\"y\"\"\",2\n\"two\nlines\",é, 3").unwrap();
        assert_eq!(table.header.cells.iter().map(|cell| cell.text.as_str()).collect::<Vec<_>>(), ["a", "b"]);
        let cells: Vec<_> = table
            .rows
            .iter()
            .map(|row| (row.line, row.cells.iter().map(|cell| (cell.text.as_str(), cell.column)).collect::<Vec<_>>()))
            .collect();
        assert_eq!(cells, [(3, vec![("x, \"y\"", 1), ("2", 12)]), (4, vec![("two\nlines", 1), ("é", 8), ("3", 10)])]);
    }

    #[test]
    fn broken_files_are_refused() {
        let error = PriceTable::from_csv("p.csv", "a,b\n1,\"2\n3").unwrap_err();
        assert_eq!(error.place().map(|place| (place.line, place.column, place.text.as_str())), Some((2, 3, "1,\"2")));
        assert!(PriceTable::from_csv("p.csv", "\n").is_err());
        assert!(PriceTable::from_parquet("p.parquet", Bytes::from_static(b"PAR1")).is_err());
    }
}
