//! The `materialize` directive: the summary table a query is stored in.

use std::fmt;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::error::{Error, Result};
use crate::units::{FiscalCalendar, Grain};

use super::options::Options;
use super::passage::Passage;
use super::scanner::{Item, Scanner, is_column, is_name};

/// The summary table of a query: `interval=month(period) lookback=2 from=2024-01`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Materialize {
    /// Name of the table; that of the query when left out.
    pub table: Option<String>,
    /// What is built at a time; the whole table when left out.
    pub interval: Option<Interval>,
    /// How many full intervals before the newest are always built again.
    pub lookback: u32,
    /// The first day the table covers.
    pub from: Option<NaiveDate>,
    /// Columns that partition the files, as written.
    pub partition_by: Vec<String>,
    /// Format of the files; that of the configuration when left out.
    pub format: Option<TableFormat>,
}

/// The unit of work of a summary table: the rows whose `column` lies in one period of length `grain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interval {
    /// Length.
    pub grain: Grain,
    /// Column of the result that says which interval a row belongs to, as written.
    pub column: String,
}

/// How a summary table is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// A Delta Lake table.
    #[default]
    Delta,
    /// Plain Parquet files.
    Parquet,
}

impl fmt::Display for TableFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Delta => "Delta Lake",
            Self::Parquet => "plain Parquet",
        })
    }
}

const KEYS: [&str; 6] = ["interval", "lookback", "from", "table", "partition_by", "format"];

impl Materialize {
    pub(super) fn parse(passage: &Passage<'_>) -> Result<Self> {
        let mut scanner = Scanner::new(passage);
        let mut options = Options::read(&mut scanner, &KEYS)
            .map_err(|error| error.hint("write it as `interval=month(period) lookback=2 from=2024-01`"))?;
        let mut read = Reader { passage, options: &mut options };
        let interval = read.with("interval", parse_interval)?;
        let lookback = read.with("lookback", parse_lookback)?;
        let from = read.with("from", parse_from)?;
        if interval.is_none() && (lookback.is_some() || from.is_some()) {
            return Err(Error::invalid("`lookback` and `from` need an `interval`")
                .at(passage.whole())
                .hint("add `interval=month(column)`"));
        }
        let partition_by = read.with("partition_by", parse_columns)?.unwrap_or_default();
        let format = read.with("format", parse_format)?;
        if format == Some(TableFormat::Parquet) && !partition_by.is_empty() {
            return Err(Error::invalid("plain Parquet has one file an interval, which nothing else partitions")
                .at(passage.whole())
                .hint("leave out `partition_by`, or store the table as `format=delta`"));
        }
        Ok(Self {
            table: read.with("table", parse_table)?,
            interval,
            lookback: lookback.unwrap_or(0),
            from,
            partition_by,
            format,
        })
    }
}

/// Reads options and points at the one that is wrong.
struct Reader<'r, 'a> {
    passage: &'r Passage<'a>,
    options: &'r mut Options,
}

impl Reader<'_, '_> {
    fn with<T>(&mut self, key: &str, parse: impl FnOnce(&str) -> Result<T>) -> Result<Option<T>> {
        let parse_at = |Item { text, at, .. }| parse(&text).map_err(|error: Error| error.at(self.passage.place(at)));
        self.options.take(key).map(parse_at).transpose()
    }
}

fn parse_interval(text: &str) -> Result<Interval> {
    let wrong = || Error::invalid(format!("`{text}` is not an interval")).hint("write it as `month(column)`");
    let (grain, rest) = text.split_once('(').ok_or_else(wrong)?;
    let column = rest.strip_suffix(')').ok_or_else(wrong)?.trim();
    if !is_column(column) {
        return Err(wrong());
    }
    Ok(Interval { grain: grain.trim().parse()?, column: column.to_owned() })
}

fn parse_lookback(text: &str) -> Result<u32> {
    text.parse()
        .map_err(|_| Error::invalid(format!("`{text}` is not a number of intervals")).hint("write it as `lookback=2`"))
}

/// A month or a day: years and quarters depend on the fiscal calendar, which the file does not know.
fn parse_from(text: &str) -> Result<NaiveDate> {
    let calendar = FiscalCalendar::default();
    calendar
        .parse(Grain::Day, text)
        .or_else(|_| calendar.parse(Grain::Month, text))
        .map(|period| period.start)
        .map_err(|_| Error::invalid(format!("`{text}` is not a month or a day")).hint("write it as `from=2024-01`"))
}

fn parse_table(text: &str) -> Result<String> {
    if is_name(text) {
        return Ok(text.to_owned());
    }
    Err(Error::invalid(format!("`{text}` cannot name a table")).hint("use lower-case letters, digits and `_`"))
}

fn parse_columns(text: &str) -> Result<Vec<String>> {
    text.split(',')
        .map(str::trim)
        .map(|column| {
            if is_column(column) {
                Ok(column.to_owned())
            } else {
                Err(Error::invalid(format!("`{column}` is not a column")).hint("write `partition_by=a,b`"))
            }
        })
        .collect()
}

fn parse_format(text: &str) -> Result<TableFormat> {
    match text {
        "delta" => Ok(TableFormat::Delta),
        "parquet" => Ok(TableFormat::Parquet),
        _ => Err(Error::invalid(format!("`{text}` is not a table format")).hint("use `delta` or `parquet`")),
    }
}
