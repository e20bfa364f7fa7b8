//! Exchange rates by day, from a table of the configuration.
//!
//! `[tables.fx_rates]` has the columns `from_currency`, `to_currency`, `valid_from` (a date) and `rate`: one unit of
//! `from_currency` is worth `rate` units of `to_currency` from that day on. The rate of a day is the newest one that is
//! valid by then, unless it is older than `[fx] max_age_days`: a month that nobody entered is an error, not an old rate.
//! A pair that stands in the table in the other direction only is divided by its rate; rates are never chained over a
//! third currency, for that rate would be nobody's.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, new_null_array};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use chrono::{Datelike, NaiveDate};
use datafusion::catalog::TableProvider;
use datafusion::execution::context::SessionContext;

use crate::engine::arithmetic::Operation;
use crate::engine::errors::from_datafusion;
use crate::error::{Error, Result, did_you_mean};
use crate::focus::{self, Kind, MONEY_SCALE};

/// The name of the table.
pub(in crate::engine) const TABLE: &str = "fx_rates";

/// What the table has to hold.
const COLUMNS: [&str; 4] = ["from_currency", "to_currency", "valid_from", "rate"];

/// One, in the digits of the ledger.
const ONE: i128 = 10i128.pow(MONEY_SCALE.unsigned_abs() as u32);

/// Days since 1970, as Arrow counts dates.
type Day = i32;

/// The rates of one statement, read once somebody asks for them.
#[derive(Debug, Clone, Default)]
pub(super) struct SharedRates(Arc<OnceLock<Rates>>);

impl SharedRates {
    pub(super) fn is_empty(&self) -> bool {
        self.0.get().is_none()
    }

    /// The first to come wins: within a statement the rates never change.
    pub(super) fn set(&self, rates: Rates) {
        self.0.get_or_init(|| rates);
    }

    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when the configuration names no table of rates.
    pub(super) fn get(&self) -> Result<&Rates> {
        self.0.get().ok_or_else(|| {
            Error::invalid("there is no table of exchange rates").hint(format!(
                "add `[tables.{TABLE}]` with a `path` to outlay.toml: a file with the columns {}",
                COLUMNS.join(", ")
            ))
        })
    }
}

/// Exchange rates by pair and first day.
#[derive(Debug, Default)]
pub(super) struct Rates {
    pairs: BTreeMap<String, BTreeMap<String, BTreeMap<Day, i128>>>,
    max_age_days: u32,
}

/// How many units of another currency one unit is worth on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rate {
    /// They are the same currency.
    Same,
    /// The amount times this, in units of 10^-18.
    Times(i128),
    /// The amount divided by this, in units of 10^-18: the table has the other direction.
    DividedBy(i128),
}

impl Rate {
    /// `amount` in the other currency, in units of 10^-18 and rounded half away from zero; `None` when it does not fit.
    pub(super) fn apply(self, amount: i128, scale: i8) -> Option<i128> {
        let (operation, rate) = match self {
            Self::Same => (Operation::Multiply, ONE),
            Self::Times(rate) => (Operation::Multiply, rate),
            Self::DividedBy(rate) => (Operation::Divide, rate),
        };
        operation.compute(amount, scale, rate, MONEY_SCALE)
    }
}

impl Rates {
    /// Reads the rates of `table`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for a missing column, an empty cell, a rate that is not above 0, and two rates of one day.
    pub(super) async fn read(
        table: Arc<dyn TableProvider>,
        context: &SessionContext,
        max_age_days: u32,
    ) -> Result<Self> {
        let failed = |cause| from_datafusion(cause, None);
        let batches = context.read_table(table).map_err(failed)?.collect().await.map_err(failed)?;
        let mut rates = Self { max_age_days, ..Self::default() };
        for batch in &batches {
            rates.add(batch)?;
        }
        Ok(rates)
    }

    /// Adds the rows of `batch`.
    pub(super) fn add(&mut self, batch: &RecordBatch) -> Result<()> {
        let [from, to, valid_from, rate] = COLUMNS.map(|name| column(batch, name));
        let (from, to) =
            (converted(&from?, &DataType::Utf8, "from_currency")?, converted(&to?, &DataType::Utf8, "to_currency")?);
        let valid_from = converted(&valid_from?, &DataType::Date32, "valid_from")?;
        let rate = focus::normalise(Kind::Decimal, "rate", &rate?)?;
        let cells = from.as_string::<i32>().iter().zip(to.as_string::<i32>().iter());
        let values = valid_from.as_primitive::<Date32Type>().iter().zip(rate.as_primitive::<Decimal128Type>().iter());
        for ((from, to), (day, rate)) in cells.zip(values) {
            let (Some(from), Some(to), Some(day), Some(rate)) = (from, to, day, rate) else {
                return Err(
                    Error::data("an exchange rate has an empty cell").with("pair", format!("{from:?} to {to:?}"))
                );
            };
            self.insert(from, to, day, rate)?;
        }
        Ok(())
    }

    fn insert(&mut self, from: &str, to: &str, day: Day, rate: i128) -> Result<()> {
        let wrong = |what: &str| {
            Error::data(what.to_owned())
                .with("pair", format!("{from} to {to}"))
                .with("valid_from", date(day).to_string())
        };
        if rate <= 0 {
            return Err(wrong("an exchange rate is not above 0"));
        }
        if from == to && rate != ONE {
            return Err(wrong("a currency has an exchange rate to itself that is not 1"));
        }
        let days = self.pairs.entry(from.to_owned()).or_default().entry(to.to_owned()).or_default();
        match days.insert(day, rate) {
            None => Ok(()),
            Some(_) => Err(wrong("two exchange rates are valid from one day")
                .hint("keep one row a pair and day; a correction takes the place of the row it corrects")),
        }
    }

    /// The rate of `day`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] that names the pair and the month for which there is none.
    pub(super) fn of(&self, from: &str, to: &str, day: Day) -> Result<Rate> {
        if from == to {
            return Ok(Rate::Same);
        }
        let days = |from: &str, to: &str| self.pairs.get(from).and_then(|targets| targets.get(to));
        let (rates, inverse) = match (days(from, to), days(to, from)) {
            (Some(rates), _) => (rates, false),
            (None, Some(rates)) => (rates, true),
            (None, None) => return Err(self.missing(from, to, day, None)),
        };
        match rates.range(..=day).next_back() {
            Some((valid_from, rate)) if day.abs_diff(*valid_from) <= self.max_age_days => {
                Ok(if inverse { Rate::DividedBy(*rate) } else { Rate::Times(*rate) })
            }
            other => Err(self.missing(from, to, day, other.map(|(valid_from, _)| *valid_from))),
        }
    }

    fn missing(&self, from: &str, to: &str, day: Day, last: Option<Day>) -> Error {
        let date_wanted = date(day);
        let month = format!("{:04}-{:02}", date_wanted.year(), date_wanted.month());
        let error = Error::data(format!("no exchange rate from {from} to {to} for {month}"))
            .with("table", TABLE)
            .with("day", date_wanted.to_string())
            .hint(format!("add a row: from_currency {from}, to_currency {to}, valid_from {month}-01"));
        match last {
            Some(last) => error.hint(format!(
                "the last one, of {}, is older than {} days: raise `max_age_days` under [fx] to use it",
                date(last),
                self.max_age_days
            )),
            None => error,
        }
    }
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef> {
    let schema = batch.schema();
    let index = schema.fields().iter().position(|field| field.name().eq_ignore_ascii_case(name));
    let Some(index) = index else {
        let error = Error::data(format!("no column `{name}`")).hint(format!("the columns are {}", COLUMNS.join(", ")));
        let names = schema.fields().iter().map(|field| field.name().as_str());
        return Err(did_you_mean(name, names).into_iter().fold(error, Error::hint));
    };
    Ok(Arc::clone(batch.column(index)))
}

fn converted(values: &ArrayRef, wanted: &DataType, name: &str) -> Result<ArrayRef> {
    if values.data_type() == &DataType::Null {
        return Ok(new_null_array(wanted, values.len()));
    }
    let options = CastOptions { safe: false, ..CastOptions::default() };
    cast_with_options(values, wanted, &options)
        .map_err(|cause| Error::data(format!("column `{name}` is no {wanted}")).because(cause))
}

/// The date of a day that Arrow counts.
fn date(day: Day) -> NaiveDate {
    NaiveDate::from_epoch_days(day).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        text.parse::<NaiveDate>().unwrap().to_epoch_days()
    }

    fn rates(rows: &[(&str, &str, &str, i128)]) -> Result<Rates> {
        let mut rates = Rates { max_age_days: 45, ..Rates::default() };
        for (from, to, valid_from, millis) in rows {
            rates.insert(from, to, day(valid_from), millis * (ONE / 1000))?;
        }
        Ok(rates)
    }

    #[test]
    fn the_rate_of_a_day_is_the_newest_that_is_valid_and_not_too_old() {
        let rates = rates(&[("EUR", "USD", "2026-01-01", 1100), ("EUR", "USD", "2026-02-01", 1200)]).unwrap();
        let of = |text: &str| rates.of("EUR", "USD", day(text));
        assert_eq!(of("2026-01-31").unwrap(), Rate::Times(1100 * (ONE / 1000)));
        assert_eq!(of("2026-02-01").unwrap(), Rate::Times(1200 * (ONE / 1000)));
        // 45 days after 1 February is 18 March.
        assert_eq!(of("2026-03-18").unwrap(), Rate::Times(1200 * (ONE / 1000)));
        let error = of("2026-03-19").unwrap_err();
        assert_eq!(error.message(), "no exchange rate from EUR to USD for 2026-03");
        assert_eq!(error.hints().len(), 2);
        assert_eq!(of("2025-12-31").unwrap_err().hints().len(), 1);
        assert_eq!(rates.of("USD", "EUR", day("2026-01-02")).unwrap(), Rate::DividedBy(1100 * (ONE / 1000)));
        assert_eq!(rates.of("GBP", "GBP", day("1999-01-01")).unwrap(), Rate::Same);
        assert!(rates.of("GBP", "USD", day("2026-01-02")).is_err());
    }

    #[test]
    fn amounts_are_multiplied_exactly_and_rounded_once() {
        let unit = ONE / 100;
        assert_eq!(Rate::Times(ONE + unit).apply(10 * ONE, 18), Some(10 * ONE + 10 * unit));
        assert_eq!(Rate::DividedBy(3 * ONE).apply(ONE, 18), Some(333_333_333_333_333_333));
        assert_eq!(Rate::DividedBy(3 * ONE).apply(-2 * ONE, 18), Some(-666_666_666_666_666_667));
        assert_eq!(Rate::Times(ONE / 2).apply(1, 18), Some(1));
        assert_eq!(Rate::Same.apply(12, 2), Some(12 * (ONE / 100)));
        assert_eq!(Rate::Times(10 * ONE).apply(10i128.pow(37), 18), None);
    }

    #[test]
    fn rates_that_contradict_each_other_are_refused() {
        let twice = rates(&[("EUR", "USD", "2026-01-01", 1100), ("EUR", "USD", "2026-01-01", 1100)]).unwrap_err();
        assert!(twice.message().contains("two exchange rates"), "{twice}");
        assert!(rates(&[("EUR", "USD", "2026-01-01", 0)]).is_err());
        assert!(rates(&[("EUR", "EUR", "2026-01-01", 1001)]).is_err());
        assert!(rates(&[("EUR", "EUR", "2026-01-01", 1000)]).is_ok());
    }
}
