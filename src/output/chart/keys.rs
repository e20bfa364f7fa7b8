//! What tells series apart, and the rows of a result sorted into them. Rows that share a place and a series are added up where
//! the column may be added: a chart of costs by month stands for all the models in it.

use std::collections::HashMap;

use super::super::measure::{is_additive, is_currency};
use super::columns::Columns;
use super::figure::{NO_NAME, Places, Series, worded};
use super::scale::day_label;
use crate::error::{Error, Result};
use crate::query::Chart;

/// What tells series apart: the columns that the chart names, and a currency that it does not.
pub(super) struct Keys {
    names: Vec<Vec<Option<String>>>,
    currencies: Option<Vec<Option<String>>>,
    /// The currency of every row, when it is one.
    pub(super) unit: Option<String>,
}

impl Keys {
    pub(super) fn new(chart: &Chart, columns: &Columns) -> Result<Self> {
        let x = columns.index(&chart.x)?;
        let mut keys = Self { names: Vec::new(), currencies: None, unit: None };
        let mut named = Vec::new();
        for name in &chart.series {
            let index = columns.index(name)?;
            let texts = columns.texts(index)?;
            // One currency is a unit, and no series.
            match only(&texts).filter(|_| is_currency(columns.schema().field(index).name())) {
                Some(currency) => keys.unit = Some(currency.clone()),
                None => keys.names.push(texts),
            }
            named.push(index);
        }
        let is_unnamed = |index: &usize| *index != x && !named.contains(index);
        let fields = columns.schema().fields();
        let unnamed = (0..fields.len()).filter(is_unnamed).find(|index| is_currency(fields[*index].name()));
        if let Some(index) = unnamed {
            let texts = columns.texts(index)?;
            match only(&texts) {
                Some(currency) => keys.unit = Some(currency.clone()),
                None => keys.currencies = Some(texts).filter(|texts| texts.iter().any(Option::is_some)),
            }
        }
        Ok(keys)
    }

    /// The series of the column `y`.
    pub(super) fn series(
        &self,
        chart: &Chart,
        y: &str,
        columns: &Columns,
        place_of_row: &[Option<usize>],
        places: &Places,
    ) -> Result<Vec<Series>> {
        let numbers = columns.numbers(columns.index(y)?)?;
        let mut series: Vec<Series> = Vec::new();
        let mut taken: Vec<Vec<bool>> = Vec::new();
        let mut known: HashMap<(String, Option<String>), usize> = HashMap::new();
        for (row, number) in numbers.into_iter().enumerate() {
            let Some(place) = place_of_row[row] else { continue };
            let key = (self.name(row, y, chart.y.len() > 1), self.currency(row));
            let index = *known.entry(key).or_insert_with_key(|(name, currency)| {
                let name = currency.as_ref().map_or_else(|| name.clone(), |currency| format!("{name} · {currency}"));
                let values = vec![None; places.len()];
                series.push(Series { name, measure: worded(y), currency: currency.clone(), values, is_rest: false });
                taken.push(vec![false; places.len()]);
                series.len() - 1
            });
            let is_taken = std::mem::replace(&mut taken[index][place], true);
            if is_taken && !is_additive(y) {
                return Err(twice(chart, places, place, &series[index].name));
            }
            let sum = &mut series[index].values[place];
            *sum = sum.zip(number).map(|(sum, number)| sum + number).or(*sum).or(number);
        }
        Ok(series)
    }

    fn name(&self, row: usize, y: &str, several: bool) -> String {
        let mut parts: Vec<String> =
            self.names.iter().map(|names| names[row].clone().unwrap_or_else(|| NO_NAME.to_owned())).collect();
        if several || parts.is_empty() {
            parts.push(worded(y));
        }
        parts.join(" · ")
    }

    fn currency(&self, row: usize) -> Option<String> {
        self.currencies.as_ref().and_then(|currencies| currencies[row].clone())
    }
}

/// The value that every row has.
fn only(texts: &[Option<String>]) -> Option<&String> {
    let first = texts.first()?.as_ref()?;
    texts.iter().all(|text| text.as_ref() == Some(first)).then_some(first)
}

fn twice(chart: &Chart, places: &Places, place: usize, series: &str) -> Error {
    let shown = match places {
        Places::Names(names) => names[place].clone(),
        Places::Days(days) => day_label(days[place]),
    };
    Error::invalid(format!("the chart has two values of `{series}` for {} = {shown}", chart.x))
        .hint("name the columns that tell rows apart: `series=provider,period`; or group the query by fewer columns")
}
