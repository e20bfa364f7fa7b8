//! Dated exchange rates, read from the table `fx_rates`.

use std::collections::BTreeMap;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use chrono::NaiveDate;

use crate::error::{Error, Result, did_you_mean};
use crate::focus::{MONEY_SCALE, money_type};

/// The table of the configuration that holds the rates.
pub(in crate::engine) const TABLE: &str = "fx_rates";

/// Its columns: the rate is what one unit of `from_currency` is worth in `to_currency` from `valid_from` on.
const COLUMNS: [&str; 4] = ["from_currency", "to_currency", "valid_from", "rate"];

/// How old a rate may be on the day that it is used: one a month is enough, a forgotten month is not.
const MAX_AGE_DAYS: i64 = 45;

/// The place of the rates of a session.
pub(in crate::engine) type Shelf = crate::engine::shelf::Shelf<Rates>;

/// Rates by pair of currencies and first day.
#[derive(Debug, Default)]
pub(in crate::engine) struct Rates(BTreeMap<(String, String), BTreeMap<NaiveDate, i128>>);

impl Rates {
    /// Reads the rows of the table.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for a missing column, a cell that is no currency, day or rate above zero, and for two
    /// rates of a pair from one day on.
    pub(in crate::engine) fn read(batches: &[RecordBatch]) -> Result<Self> {
        let mut rates = Self::default();
        for batch in batches {
            let [from, to, day, rate] = COLUMNS.map(|name| column(batch, name));
            let (from, to) = (converted(&from?, &DataType::Utf8)?, converted(&to?, &DataType::Utf8)?);
            let (day, rate) = (converted(&day?, &DataType::Date32)?, converted(&rate?, &money_type())?);
            let (from, to) = (from.as_string::<i32>(), to.as_string::<i32>());
            let (days, values) = (day.as_primitive::<Date32Type>(), rate.as_primitive::<Decimal128Type>());
            for row in 0..batch.num_rows() {
                let known = from.is_valid(row) && to.is_valid(row) && days.is_valid(row) && values.is_valid(row);
                let day = days.value_as_date(row).filter(|_| known).ok_or_else(|| wrong("a rate lacks a value"))?;
                rates.add(from.value(row), to.value(row), day, values.value(row))?;
            }
        }
        Ok(rates)
    }

    fn add(&mut self, from: &str, to: &str, day: NaiveDate, rate: i128) -> Result<()> {
        if rate <= 0 {
            return Err(wrong(&format!("the rate of {from} in {to} from {day} on is not above zero")));
        }
        let of_pair = self.0.entry((from.to_owned(), to.to_owned())).or_default();
        match of_pair.insert(day, rate) {
            None => Ok(()),
            Some(_) => {
                Err(wrong(&format!("there are two rates of {from} in {to} from {day} on")).hint("keep one of them"))
            }
        }
    }

    /// What one unit of `from` is worth in `to` on `day`, at the scale of the ledger: the newest rate from that day or
    /// before, at most 45 days old.
    ///
    /// Only the given direction counts: the inverse of a rounded rate would not give amounts back to the cent.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] naming the currencies and the month when there is none.
    pub(super) fn rate(&self, from: &str, to: &str, day: NaiveDate) -> Result<i128> {
        if from == to {
            return Ok(10i128.pow(u32::from(MONEY_SCALE.unsigned_abs())));
        }
        let pair = self.0.get(&(from.to_owned(), to.to_owned()));
        let newest = pair.and_then(|rates| rates.range(..=day).next_back());
        let age = newest.map(|(first, _)| (day - *first).num_days());
        match (newest, age) {
            (Some((_, rate)), Some(age)) if age <= MAX_AGE_DAYS => Ok(*rate),
            _ => Err(self.missing(from, to, day, newest.map(|(first, _)| *first))),
        }
    }

    fn missing(&self, from: &str, to: &str, day: NaiveDate, newest: Option<NaiveDate>) -> Error {
        let error = Error::data(format!("`{TABLE}` has no rate of {from} in {to} for {}", day.format("%Y-%m")))
            .with("day", day.to_string());
        if self.0.is_empty() {
            return error
                .hint(format!("add `[tables.{TABLE}]` with a `path` to outlay.toml; columns: {}", COLUMNS.join(", ")));
        }
        let error = match newest {
            Some(newest) => error.hint(format!("the newest before is of {newest}, more than {MAX_AGE_DAYS} days old")),
            None if self.0.contains_key(&(to.to_owned(), from.to_owned())) => {
                error.hint(format!("it has rates of {to} in {from}, but not the other way round"))
            }
            None => error,
        };
        error.hint(format!("add a line: from_currency {from}, to_currency {to}, valid_from {}", day.format("%Y-%m-01")))
    }
}

fn wrong(what: &str) -> Error {
    Error::data(what).with("table", TABLE)
}

fn column(batch: &RecordBatch, name: &str) -> Result<ArrayRef> {
    batch.column_by_name(name).cloned().ok_or_else(|| {
        let schema = batch.schema();
        let error = wrong(&format!("the table has no column `{name}`"));
        let names = schema.fields().iter().map(|field| field.name().as_str());
        did_you_mean(name, names).into_iter().fold(error, Error::hint).hint(format!("columns: {}", COLUMNS.join(", ")))
    })
}

fn converted(values: &ArrayRef, to: &DataType) -> Result<ArrayRef> {
    cast(values, to).map_err(|cause| wrong("a value cannot be read").because(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rates() -> Rates {
        let mut rates = Rates::default();
        rates.add("EUR", "USD", day("2026-05-01"), 11).unwrap();
        rates.add("EUR", "USD", day("2026-06-01"), 12).unwrap();
        rates
    }

    #[test]
    fn the_newest_rate_of_the_day_or_before_counts() {
        let rates = rates();
        for (at, rate) in [("2026-05-01", 11), ("2026-05-31", 11), ("2026-06-01", 12), ("2026-07-16", 12)] {
            assert_eq!(rates.rate("EUR", "USD", day(at)).unwrap(), rate, "{at}");
        }
        assert_eq!(rates.rate("USD", "USD", day("1999-01-01")).unwrap(), 1_000_000_000_000_000_000);
    }

    #[test]
    fn a_month_without_a_rate_is_named() {
        let rates = rates();
        let before = rates.rate("EUR", "USD", day("2026-04-30")).unwrap_err();
        assert!(before.message().contains("EUR in USD for 2026-04"), "{before}");
        let old = rates.rate("EUR", "USD", day("2026-07-17")).unwrap_err();
        assert!(old.hints()[0].contains("2026-06-01"), "{old:?}");
        let inverse = rates.rate("USD", "EUR", day("2026-06-01")).unwrap_err();
        assert!(inverse.hints()[0].contains("other way round"), "{inverse:?}");
    }

    #[test]
    fn two_rates_of_a_day_and_rates_of_nothing_are_refused() {
        let mut rates = rates();
        assert!(rates.add("EUR", "USD", day("2026-06-01"), 12).is_err());
        assert!(rates.add("GBP", "USD", day("2026-06-01"), 0).is_err());
    }
}
