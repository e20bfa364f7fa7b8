//! The `chart` directive: how the result wants to be drawn.

use std::fmt;

use crate::error::{Result, did_you_mean};

use super::options::Options;
use super::passage::{Passage, SourceText};
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
    /// A line with a band of uncertainty: what was, and what is expected.
    Fan,
    /// What is left of a budget, beside the pace that would use it up evenly.
    Burndown,
    /// Steps from one total to another.
    Waterfall,
}

impl ChartKind {
    /// Every kind.
    pub const ALL: [Self; 7] =
        [Self::Line, Self::Bar, Self::Stacked, Self::Area, Self::Fan, Self::Burndown, Self::Waterfall];

    /// The word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Bar => "bar",
            Self::Stacked => "stacked",
            Self::Area => "area",
            Self::Fan => "fan",
            Self::Burndown => "burndown",
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
    /// Columns that split rows into series; none for one series.
    pub series: Vec<String>,
    /// Column of the lower edge of a band.
    pub low: Option<String>,
    /// Column of the upper edge of a band.
    pub high: Option<String>,
    /// Column of what was: history before the expected values in `y`.
    pub actual: Option<String>,
    /// Column of a budget, drawn as steps.
    pub budget: Option<String>,
    /// Column whose first date is the day that the result was known on.
    pub as_of: Option<String>,
    /// Column that says of a step of a waterfall that it is a total.
    pub total: Option<String>,
    /// Heading.
    pub title: Option<String>,
    /// Unit of the vertical axis.
    pub unit: Option<String>,
}

const KEYS: [&str; 11] = ["x", "y", "series", "low", "high", "actual", "budget", "as_of", "total", "title", "unit"];
const FORM: &str = "write it as `bar x=team y=cost`";

impl Chart {
    /// Reads a chart in the words of the directive, such as `line x=month y=cost`; `origin` is where errors say it stands.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with the place of what is wrong.
    pub fn from_text(text: &str, origin: &str) -> Result<Self> {
        Self::parse(&Passage::new(SourceText { file: origin, text }, text, 1, 1))
    }

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
        let (x, low, high, actual) = (column("x")?, column("low")?, column("high")?, column("actual")?);
        let (budget, as_of, total) = (column("budget")?, column("as_of")?, column("total")?);
        let y = parse_columns(&scanner, &mut options, "y")?;
        let series = parse_columns(&scanner, &mut options, "series")?;
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
            actual,
            budget,
            as_of,
            total,
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

fn parse_columns(scanner: &Scanner<'_, '_>, options: &mut Options, key: &str) -> Result<Vec<String>> {
    let Some(item) = options.take(key) else { return Ok(Vec::new()) };
    let columns: Vec<String> = item.text.split(',').map(|column| column.trim().to_owned()).collect();
    match columns.iter().find(|column| !is_column(column)) {
        Some(wrong) => {
            Err(scanner.error(item.at, format!("`{wrong}` is not a column")).hint(format!("write `{key}=a,b`")))
        }
        None => Ok(columns),
    }
}
