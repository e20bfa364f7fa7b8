//! The `chart` directive: how the result wants to be drawn.

use std::fmt;

use crate::error::{Result, did_you_mean};

use super::options::Options;
use super::passage::Passage;
use super::scanner::{Scanner, is_column};

/// The form of a chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChartKind {
    /// A line over time.
    Line,
    /// Bars side by side.
    Bar,
    /// Bars or areas on top of each other.
    Stacked,
    /// A filled line.
    Area,
    /// A line with a band of uncertainty.
    Fan,
    /// Steps from one total to another.
    Waterfall,
}

impl ChartKind {
    /// Every kind.
    pub const ALL: [Self; 6] = [Self::Line, Self::Bar, Self::Stacked, Self::Area, Self::Fan, Self::Waterfall];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Bar => "bar",
            Self::Stacked => "stacked",
            Self::Area => "area",
            Self::Fan => "fan",
            Self::Waterfall => "waterfall",
        }
    }
}

impl fmt::Display for ChartKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One chart of a result, in terms of its columns: `bar x=team y=cost series=vendor title="Cost by team"`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chart {
    /// The form.
    pub kind: ChartKind,
    /// Column of the horizontal axis.
    pub x: String,
    /// Columns that are drawn, at least one.
    pub y: Vec<String>,
    /// Column that splits rows into series.
    pub series: Option<String>,
    /// Column of the lower edge of a band.
    pub low: Option<String>,
    /// Column of the upper edge of a band.
    pub high: Option<String>,
    /// Heading.
    pub title: Option<String>,
    /// Unit of the vertical axis.
    pub unit: Option<String>,
}

const KEYS: [&str; 7] = ["x", "y", "series", "low", "high", "title", "unit"];
const FORM: &str = "write it as `bar x=team y=cost`";

impl Chart {
    pub(super) fn parse(passage: &Passage<'_>) -> Result<Self> {
        let mut scanner = Scanner::new(passage);
        let kind = parse_kind(&mut scanner)?;
        let mut options = Options::read(&mut scanner, &KEYS)?;
        let mut column = |key: &str| {
            let item = options.take(key);
            match item {
                Some(item) if !is_column(&item.text) => {
                    Err(scanner.error(item.at, format!("`{}` is not a column", item.text)))
                }
                item => Ok(item.map(|item| item.text)),
            }
        };
        let (x, series, low, high) = (column("x")?, column("series")?, column("low")?, column("high")?);
        let y = parse_columns(&scanner, &mut options)?;
        let missing =
            |key: &str| scanner.error(0..passage.text().len(), format!("the chart has no `{key}`")).hint(FORM);
        if low.is_some() != high.is_some() {
            return Err(missing(if low.is_some() { "high" } else { "low" }));
        }
        Ok(Self {
            kind,
            x: x.ok_or_else(|| missing("x"))?,
            y: if y.is_empty() { return Err(missing("y")) } else { y },
            series,
            low,
            high,
            title: options.text("title"),
            unit: options.text("unit"),
        })
    }
}

fn parse_kind(scanner: &mut Scanner<'_, '_>) -> Result<ChartKind> {
    let names = ChartKind::ALL.map(ChartKind::name);
    let form = format!("charts: {}", names.join(", "));
    let Some(word) = scanner.word() else { return Err(scanner.expected("a kind of chart").hint(form)) };
    ChartKind::ALL.into_iter().find(|kind| kind.name() == word.text).ok_or_else(|| {
        scanner
            .error(word.at, format!("`{}` is not a kind of chart", word.text))
            .hint(did_you_mean(&word.text, names).unwrap_or(form))
    })
}

fn parse_columns(scanner: &Scanner<'_, '_>, options: &mut Options) -> Result<Vec<String>> {
    let Some(item) = options.take("y") else { return Ok(Vec::new()) };
    let columns: Vec<String> = item.text.split(',').map(|column| column.trim().to_owned()).collect();
    match columns.iter().find(|column| !is_column(column)) {
        Some(wrong) => Err(scanner.error(item.at, format!("`{wrong}` is not a column")).hint("write `y=a,b`")),
        None => Ok(columns),
    }
}
