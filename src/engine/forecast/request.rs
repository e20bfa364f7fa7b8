//! What a call asks for, with every default in its place.

use chrono::NaiveDate;
use datafusion::sql::sqlparser::ast::ObjectName;

use crate::forecast::Method;
use crate::units::{FiscalCalendar, Grain};

/// The functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::engine) enum Kind {
    /// Mean and quantiles by series and step.
    Forecast,
    /// Mean and quantiles of totals by period, over series.
    Total,
    /// Sample paths.
    Paths,
    /// Errors at earlier ends of history.
    Backtest,
}

impl Kind {
    /// All of them.
    pub(in crate::engine) const ALL: [Self; 4] = [Self::Forecast, Self::Total, Self::Paths, Self::Backtest];

    /// The name in SQL.
    pub(in crate::engine) const fn name(self) -> &'static str {
        match self {
            Self::Forecast => "forecast",
            Self::Total => "forecast_total",
            Self::Paths => "forecast_paths",
            Self::Backtest => "backtest",
        }
    }

    /// The function of this name.
    pub(super) fn of(name: &ObjectName) -> Option<Self> {
        let name = name.to_string();
        Self::ALL.into_iter().find(|kind| name.eq_ignore_ascii_case(kind.name()))
    }

    /// The names of its arguments.
    pub(super) fn arguments(self) -> impl Iterator<Item = &'static str> + Clone {
        let own: &[&str] = match self {
            Self::Forecast => &["quantiles", "seed"],
            Self::Total => &["by", "total_over", "quantiles", "paths", "seed"],
            Self::Paths => &["paths", "seed"],
            Self::Backtest => &["origins"],
        };
        COMMON.iter().chain(own).copied()
    }
}

const COMMON: [&str; 10] = [
    "timestamp_col",
    "data_col",
    "id_cols",
    "horizon",
    "season",
    "method",
    "grain",
    "gaps",
    "complete_until",
    "non_negative",
];

/// How far ahead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Horizon {
    /// So many steps.
    Steps(usize),
    /// All steps that begin before this day.
    Before(NaiveDate),
}

/// What a period without a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Gaps {
    /// Unknown: filled from its neighbours, and said so in the note.
    Missing,
    /// Nothing.
    Zero,
}

/// A quantile and the name of its column.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Quantile {
    pub(super) column: String,
    pub(super) share: f64,
}

/// A whole call but for its columns: the input has those for ids first, then the time, then the data.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Request {
    pub(super) kind: Kind,
    pub(super) horizon: Horizon,
    pub(super) quantiles: Vec<Quantile>,
    /// Observations in a season; by the grain when left out.
    pub(super) season: Option<usize>,
    pub(super) method: Method,
    pub(super) seed: u64,
    pub(super) paths: usize,
    pub(super) origins: usize,
    /// The spacing of the series; found in the times when left out.
    pub(super) grain: Option<Grain>,
    pub(super) gaps: Gaps,
    /// Periods that end later are unfinished.
    pub(super) complete_until: NaiveDate,
    pub(super) non_negative: Option<bool>,
    /// The periods of totals.
    pub(super) by: Grain,
    /// Positions of the ids that totals keep.
    pub(super) kept: Vec<usize>,
    /// The calendar of the periods of totals.
    pub(super) fiscal: FiscalCalendar,
}
