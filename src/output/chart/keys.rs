//! What tells series apart, and the rows of a result sorted into them.

use std::collections::HashMap;

use super::super::measure::is_currency;
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
        let named: Vec<usize> = chart.series.iter().map(|name| columns.index(name)).collect::<Result<_>>()?;
        let x = columns.index(&chart.x)?;
        let names = named.iter().map(|index| columns.texts(*index)).collect::<Result<Vec<_>>>()?;
        let is_currency = |(index, field): &(usize, &arrow::datatypes::FieldRef)| {
            is_currency(field.name()) && *index != x && !named.contains(index)
        };
        let Some((index, _)) = columns.schema().fields().iter().enumerate().find(is_currency) else {
            return Ok(Self { names, currencies: None, unit: None });
        };
        let currencies = columns.texts(index)?;
        let mut distinct: Vec<&String> = currencies.iter().flatten().collect();
        distinct.sort();
        distinct.dedup();
        let unit = if distinct.len() == 1 { distinct.first().map(|unit| (*unit).clone()) } else { None };
        Ok(Self { names, currencies: (distinct.len() > 1).then_some(currencies), unit })
    }

    /// The series of the column `name`.
    pub(super) fn series(
        &self,
        chart: &Chart,
        name: &str,
        columns: &Columns,
        place_of_row: &[Option<usize>],
        places: &Places,
    ) -> Result<Vec<Series>> {
        let numbers = columns.numbers(columns.index(name)?)?;
        let mut series: Vec<Series> = Vec::new();
        let mut taken: Vec<Vec<bool>> = Vec::new();
        let mut known: HashMap<(String, Option<String>), usize> = HashMap::new();
        for (row, number) in numbers.into_iter().enumerate() {
            let Some(place) = place_of_row[row] else { continue };
            let key = (self.name(row, name, chart.y.len() > 1), self.currency(row));
            let index = *known.entry(key).or_insert_with_key(|(name, currency)| {
                let name = currency.as_ref().map_or_else(|| name.clone(), |currency| format!("{name} · {currency}"));
                let values = vec![None; places.len()];
                series.push(Series { name, currency: currency.clone(), values, is_rest: false });
                taken.push(vec![false; places.len()]);
                series.len() - 1
            });
            if std::mem::replace(&mut taken[index][place], true) {
                return Err(twice(chart, places, place, &series[index].name));
            }
            series[index].values[place] = number;
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

fn twice(chart: &Chart, places: &Places, place: usize, series: &str) -> Error {
    let shown = match places {
        Places::Names(names) => names[place].clone(),
        Places::Days(days) => day_label(days[place]),
    };
    Error::invalid(format!("the chart has two values of `{series}` for {} = {shown}", chart.x))
        .hint("name the columns that tell rows apart: `series=provider,period`; or group the query by fewer columns")
}
