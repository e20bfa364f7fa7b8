//! The price book in SQL: functions that look prices up, and the step that prices usage without cost.
//!
//! The book is read when the first statement of a session needs it: one that calls a function of this module, directly
//! or through a view.

mod functions;
mod quote;
mod read;
#[cfg(test)]
mod tests;
mod token_class;
mod usage;

pub(crate) use functions::{is_used, register};
pub(crate) use read::read;
pub use usage::priced;

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use arrow::array::ArrayRef;
use chrono::NaiveDate;
use datafusion::common::{DataFusionError, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs};

use super::errors::to_datafusion;
use crate::error::{Error, Result};
use crate::prices::{PriceBook, PriceLine};

/// The place of the price book of a session.
pub(crate) type Shelf = super::shelf::Shelf<Arc<PriceBook>>;

/// What a statement gets that needs a price book where none is configured.
pub(crate) fn no_price_book() -> Error {
    Error::invalid("there is no price book").hint("add `[price_book]` with `path = \"prices.csv\"` to outlay.toml").hint(
        "its columns: provider, model, token_class, kind, service_tier, context, valid_from, valid_to, currency, price, per, source",
    )
}

/// Answers row by row, each distinct question once: a batch of thousands of rows has a handful of them.
fn once_each<Q: Copy + Eq + Hash, A: Copy>(
    rows: usize,
    question: impl Fn(usize) -> Option<Q>,
    answer: impl Fn(Q) -> Result<Option<A>>,
) -> DataFusionResult<Vec<Option<A>>> {
    let mut known: HashMap<Q, Option<A>> = HashMap::new();
    let mut answers = Vec::with_capacity(rows);
    for row in 0..rows {
        let Some(question) = question(row) else {
            answers.push(None);
            continue;
        };
        let found = match known.get(&question) {
            Some(found) => *found,
            None => {
                let found = answer(question).map_err(to_datafusion)?;
                known.insert(question, found);
                found
            }
        };
        answers.push(found);
    }
    Ok(answers)
}

/// Calls `work` with the arguments as arrays: of one row when all are constant.
fn by_row(
    args: &ScalarFunctionArgs,
    work: impl Fn(&[ArrayRef], usize) -> DataFusionResult<ArrayRef>,
) -> DataFusionResult<ColumnarValue> {
    let constant = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
    let rows = if constant { 1 } else { args.number_rows };
    let arrays = args.args.iter().map(|arg| arg.to_array(rows)).collect::<Result<Vec<_>, DataFusionError>>()?;
    let result = work(&arrays, rows)?;
    Ok(if constant {
        ColumnarValue::Scalar(ScalarValue::try_from_array(&result, 0)?)
    } else {
        ColumnarValue::Array(result)
    })
}

/// Days since 1970, UTC, of a time in microseconds since then.
fn day_number(micros: i64) -> i64 {
    micros.div_euclid(24 * 3_600 * 1_000_000)
}

/// The day with this number.
fn day_of(number: i64) -> Result<NaiveDate> {
    let day = i32::try_from(number).ok().and_then(NaiveDate::from_epoch_days);
    day.ok_or_else(|| Error::data("a time lies outside of the calendar").with("days_since_1970", number.to_string()))
}

/// Refuses a price in another currency than the one asked for.
fn in_currency<'b>(line: &'b PriceLine, currency: Option<&str>) -> Result<&'b PriceLine> {
    match currency.filter(|currency| !currency.is_empty() && *currency != line.currency) {
        None => Ok(line),
        Some(currency) => Err(Error::invalid(format!(
            "the price of `{}` of `{}` is in {}, the charge in {currency}",
            line.class, line.model, line.currency
        ))
        .with("price", format!("{}:{}", line.file, line.line))
        .hint(format!("give the price in {currency}, or convert the charges before they are compared"))),
    }
}
