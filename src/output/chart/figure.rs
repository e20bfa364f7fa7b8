//! What a chart says, before it is drawn: places on one axis, series of heights over them, and what stands beside.

use std::collections::HashMap;

use super::super::measure::{is_additive, is_money, is_percentage};
use super::columns::Columns;
use super::fold;
use super::keys::Keys;
use crate::error::{Error, Result};
use crate::query::{Chart, ChartKind};

/// What stands for NULL among names.
pub(super) const NO_NAME: &str = "(none)";

/// A chart with its values.
#[derive(Debug)]
pub(super) struct Figure {
    pub(super) kind: ChartKind,
    pub(super) title: String,
    /// What the heights are, with their unit: `effective cost, USD`.
    pub(super) measure: String,
    pub(super) places: Places,
    pub(super) series: Vec<Series>,
    /// Lower and upper edge of what is likely.
    pub(super) band: Option<Band>,
    /// What was, before what is expected.
    pub(super) actual: Option<Series>,
    pub(super) budget: Option<Series>,
    /// The day that the result was known on, in days since 1970.
    pub(super) as_of: Option<f64>,
    /// The places of a waterfall that are totals.
    pub(super) totals: Vec<bool>,
    /// What was left out or put together.
    pub(super) notes: Vec<String>,
}

/// The places of the axis that is not that of heights.
#[derive(Debug)]
pub(super) enum Places {
    /// Names in the order of the result.
    Names(Vec<String>),
    /// Days since 1970, ascending.
    Days(Vec<f64>),
}

impl Places {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Names(names) => names.len(),
            Self::Days(days) => days.len(),
        }
    }
}

/// Heights of one kind, one a place; `None` is a gap.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) name: String,
    /// The column that it is of: what is of two columns, such as a budget and what was spent of it, is never added.
    pub(super) measure: String,
    /// The currency, when the result has several.
    pub(super) currency: Option<String>,
    pub(super) values: Vec<Option<f64>>,
    /// Whether it stands for the rest.
    pub(super) is_rest: bool,
}

/// The edges of a band.
#[derive(Debug)]
pub(super) struct Band {
    pub(super) name: String,
    pub(super) low: Vec<Option<f64>>,
    pub(super) high: Vec<Option<f64>>,
}

impl Figure {
    /// The figure that `chart` asks for.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a column that is not there or holds no numbers, for two values at one place that
    /// cannot be added, and for amounts of several currencies on top of each other.
    pub(super) fn new(chart: &Chart, columns: &Columns) -> Result<Self> {
        let (places, place_of_row) = places(chart, columns)?;
        let keys = Keys::new(chart, columns)?;
        let mut series: Vec<Series> = Vec::new();
        for name in &chart.y {
            series.extend(keys.series(chart, name, columns, &place_of_row, &places)?);
        }
        let beside = |name: &Option<String>| -> Result<Option<Series>> {
            let series = |name: &String| one_a_place(columns, name, &place_of_row, &places);
            name.as_ref().map(series).transpose()
        };
        let mut figure = Self {
            kind: chart.kind,
            title: chart
                .title
                .clone()
                .unwrap_or_else(|| format!("{} by {}", worded(&chart.y.join(", ")), worded(&chart.x))),
            measure: measure(chart, &keys, columns)?,
            band: beside(&chart.low)?.zip(beside(&chart.high)?).map(|(low, high)| Band {
                name: format!("{} to {}", low.name, high.name),
                low: low.values,
                high: high.values,
            }),
            actual: beside(&chart.actual)?,
            budget: beside(&chart.budget)?,
            as_of: as_of(chart, columns)?,
            totals: totals(chart, columns, &place_of_row, &places)?,
            places,
            series,
            notes: Vec::new(),
        };
        figure.check_currencies()?;
        figure.check_one_series(chart)?;
        let additive = chart.y.iter().all(|name| is_additive(name));
        fold::series(&mut figure, additive);
        fold::names(&mut figure, additive);
        Ok(figure)
    }

    /// Every height, those of band and budget among them.
    pub(super) fn heights(&self) -> impl Iterator<Item = f64> {
        let series = self.series.iter().flat_map(|series| series.values.iter());
        let band = self.band.iter().flat_map(|band| band.low.iter().chain(&band.high));
        let beside = [&self.actual, &self.budget].into_iter().flatten().flat_map(|series| series.values.iter());
        series.chain(band).chain(beside).copied().flatten()
    }

    fn check_currencies(&self) -> Result<()> {
        let mut currencies: Vec<&String> = self.series.iter().filter_map(|series| series.currency.as_ref()).collect();
        currencies.sort();
        currencies.dedup();
        let adds = matches!(self.kind, ChartKind::Stacked | ChartKind::Waterfall | ChartKind::Burndown);
        if currencies.len() < 2 || !adds {
            return Ok(());
        }
        let names: Vec<&str> = currencies.into_iter().map(String::as_str).collect();
        Err(Error::invalid(format!("a {} chart would add amounts of {}", self.kind, names.join(" and ")))
            .hint("take one currency, or convert with `convert_currency`"))
    }

    fn check_one_series(&self, chart: &Chart) -> Result<()> {
        let single = matches!(self.kind, ChartKind::Fan | ChartKind::Burndown | ChartKind::Waterfall);
        if !single || self.series.len() < 2 {
            return Ok(());
        }
        let names: Vec<&str> = self.series.iter().take(3).map(|series| series.name.as_str()).collect();
        Err(Error::invalid(format!("a {} chart shows one series, and there are {}", self.kind, self.series.len()))
            .with("series", names.join(", "))
            .hint(format!("take one of them with `where`, or draw `line x={} y={}`", chart.x, chart.y.join(","))))
    }
}

/// `effective_cost` as people write it.
pub(super) fn worded(name: &str) -> String {
    name.trim_matches('"').replace('_', " ")
}

/// The places of the axis, and the one of each row.
fn places(chart: &Chart, columns: &Columns) -> Result<(Places, Vec<Option<usize>>)> {
    let index = columns.index(&chart.x)?;
    let is_named = chart.kind == ChartKind::Waterfall;
    if let Some(days) = columns.days(index)?.filter(|_| !is_named) {
        let mut sorted: Vec<f64> = days.iter().copied().flatten().collect();
        sorted.sort_by(f64::total_cmp);
        sorted.dedup_by(|one, other| one.total_cmp(other).is_eq());
        let place = |day: f64| sorted.binary_search_by(|probe| probe.total_cmp(&day)).ok();
        let of_row = days.into_iter().map(|day| day.and_then(place)).collect();
        return Ok((Places::Days(sorted), of_row));
    }
    let mut names: Vec<String> = Vec::new();
    let mut known: HashMap<String, usize> = HashMap::new();
    let mut of_row = Vec::with_capacity(columns.len());
    for text in columns.texts(index)? {
        let name = text.unwrap_or_else(|| NO_NAME.to_owned());
        let place = *known.entry(name.clone()).or_insert_with(|| {
            names.push(name);
            names.len() - 1
        });
        of_row.push(Some(place));
    }
    Ok((Places::Names(names), of_row))
}

/// The values of a column that has one a place: bands, budgets and what was.
fn one_a_place(columns: &Columns, name: &str, place_of_row: &[Option<usize>], places: &Places) -> Result<Series> {
    let mut values = vec![None; places.len()];
    for (number, place) in columns.numbers(columns.index(name)?)?.into_iter().zip(place_of_row) {
        if let (Some(place), Some(number)) = (place, number) {
            values[*place] = Some(number);
        }
    }
    Ok(Series { name: worded(name), measure: worded(name), currency: None, values, is_rest: false })
}

fn totals(chart: &Chart, columns: &Columns, place_of_row: &[Option<usize>], places: &Places) -> Result<Vec<bool>> {
    let mut totals = vec![false; places.len()];
    if let Some(name) = &chart.total {
        for (flag, place) in columns.flags(columns.index(name)?)?.into_iter().zip(place_of_row) {
            if let Some(place) = place {
                totals[*place] |= flag;
            }
        }
    }
    Ok(totals)
}

/// The first day of the column that the chart names.
fn as_of(chart: &Chart, columns: &Columns) -> Result<Option<f64>> {
    let Some(name) = &chart.as_of else { return Ok(None) };
    let days = columns.days(columns.index(name)?)?.unwrap_or_default();
    Ok(days.into_iter().flatten().next())
}

fn measure(chart: &Chart, keys: &Keys, columns: &Columns) -> Result<String> {
    let indices: Vec<usize> = chart.y.iter().map(|name| columns.index(name)).collect::<Result<_>>()?;
    let unit = match (&chart.unit, &keys.unit) {
        (Some(unit), _) => Some(unit.clone()),
        (None, Some(currency)) if indices.iter().all(|index| is_money(columns.schema().field(*index))) => {
            Some(currency.clone())
        }
        _ if chart.y.iter().all(|name| is_percentage(name)) => Some("%".to_owned()),
        _ => None,
    };
    let names: Vec<String> = match &chart.actual {
        Some(actual) => vec![worded(actual)],
        None => chart.y.iter().map(|name| worded(name)).collect(),
    };
    Ok(names.join(", ") + &unit.map(|unit| format!(", {unit}")).unwrap_or_default())
}
