//! Charts that list names from top to bottom: bars, bars of several parts, and the steps of a waterfall.

use anstyle::AnsiColor;

use super::figure::{Figure, Places, Series};
use super::palette::{self, Colour};
use super::scale::{day_labels, short};
use crate::query::ChartKind;

/// One bar with what stands beside it.
#[derive(Debug, PartialEq)]
pub(super) struct Row {
    /// The name; empty below the first bar of a name.
    pub(super) label: String,
    /// Whether it is the first bar of a name.
    pub(super) starts: bool,
    pub(super) segments: Vec<Segment>,
    /// The height in digits; `None` when there is none.
    pub(super) value: Option<String>,
}

/// A part of a bar.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Segment {
    pub(super) from: f64,
    pub(super) to: f64,
    pub(super) paint: Paint,
}

/// What a part of a bar stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Paint {
    /// The series of this number.
    Series(usize),
    /// What series beyond the largest have together.
    Rest,
    More,
    Less,
    Total,
}

impl Paint {
    fn of(index: usize, series: &Series) -> Self {
        if series.is_rest { Self::Rest } else { Self::Series(index) }
    }

    pub(super) fn colour(self) -> Colour {
        match self {
            Self::Series(index) => palette::colour(index, false),
            Self::Rest => palette::REST,
            Self::More => palette::MORE,
            Self::Less => palette::LESS,
            Self::Total => palette::TOTAL,
        }
    }

    pub(super) fn terminal(self) -> AnsiColor {
        match self {
            Self::Series(index) => palette::terminal(index, false),
            Self::Rest => palette::terminal(0, true),
            Self::More => AnsiColor::Red,
            Self::Less => AnsiColor::Green,
            Self::Total => AnsiColor::Blue,
        }
    }
}

/// Whether the figure lists names, and not points over an axis.
pub(super) fn lists_names(figure: &Figure) -> bool {
    match figure.kind {
        ChartKind::Waterfall => true,
        ChartKind::Bar | ChartKind::Stacked => matches!(figure.places, Places::Names(_)),
        ChartKind::Line | ChartKind::Area | ChartKind::Fan | ChartKind::Burndown => false,
    }
}

impl Segment {
    /// Whether there is anything to draw.
    pub(super) fn is_empty(&self) -> bool {
        (self.to - self.from).abs() <= 0.0
    }
}

/// The bars of the figure, from top to bottom.
pub(super) fn rows(figure: &Figure) -> Vec<Row> {
    let labels = match &figure.places {
        Places::Names(names) => names.clone(),
        Places::Days(days) => day_labels(days),
    };
    match figure.kind {
        ChartKind::Waterfall => waterfall(figure, labels),
        ChartKind::Stacked => {
            labels.into_iter().enumerate().map(|(place, label)| stacked(figure, place, label)).collect()
        }
        _ => labels.into_iter().enumerate().flat_map(|(place, label)| beside(figure, place, label)).collect(),
    }
}

/// What the colours mean.
pub(super) fn legend(figure: &Figure) -> Vec<(Paint, String)> {
    if figure.kind == ChartKind::Waterfall {
        return vec![(Paint::Total, "total".into()), (Paint::More, "more".into()), (Paint::Less, "less".into())];
    }
    let series = figure.series.iter().enumerate();
    series.map(|(index, series)| (Paint::of(index, series), series.name.clone())).collect()
}

fn beside(figure: &Figure, place: usize, label: String) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (index, series) in figure.series.iter().enumerate() {
        let Some(value) = series.values[place] else { continue };
        let segments = vec![Segment { from: 0.0, to: value, paint: Paint::of(index, series) }];
        let is_first = rows.is_empty();
        let label = if is_first { label.clone() } else { String::new() };
        rows.push(Row { label, starts: is_first, segments, value: Some(short(value)) });
    }
    if rows.is_empty() {
        rows.push(Row { label, starts: true, segments: Vec::new(), value: None });
    }
    rows
}

/// Parts above zero go one way, parts below the other: a credit never hides a cost.
fn stacked(figure: &Figure, place: usize, label: String) -> Row {
    let (mut up, mut down, mut sum) = (0.0, 0.0, None);
    let mut segments = Vec::new();
    for (index, series) in figure.series.iter().enumerate() {
        let Some(value) = series.values[place] else { continue };
        sum = Some(sum.unwrap_or(0.0) + value);
        let end: &mut f64 = if value < 0.0 { &mut down } else { &mut up };
        segments.push(Segment { from: *end, to: *end + value, paint: Paint::of(index, series) });
        *end += value;
    }
    Row { label, starts: true, segments, value: sum.map(short) }
}

fn waterfall(figure: &Figure, labels: Vec<String>) -> Vec<Row> {
    let values = figure.series.first().map(|series| series.values.clone()).unwrap_or_default();
    let mut level = 0.0;
    let mut rows: Vec<Row> = Vec::new();
    for (place, label) in labels.into_iter().enumerate() {
        let value = values.get(place).copied().flatten();
        let is_total = figure.totals.get(place) == Some(&true);
        let segment = value.map(|value| {
            let from = if is_total { 0.0 } else { level };
            level = from + value;
            let paint = match (is_total, value < 0.0) {
                (true, _) => Paint::Total,
                (false, true) => Paint::Less,
                (false, false) => Paint::More,
            };
            Segment { from, to: level, paint }
        });
        let value =
            value.map(|value| if is_total || value < 0.0 { short(value) } else { format!("+{}", short(value)) });
        rows.push(Row { label, starts: true, segments: segment.into_iter().collect(), value });
    }
    if !rows.is_empty() && !figure.totals.contains(&true) {
        let segments = vec![Segment { from: 0.0, to: level, paint: Paint::Total }];
        rows.push(Row { label: "total".to_owned(), starts: true, segments, value: Some(short(level)) });
    }
    rows
}
