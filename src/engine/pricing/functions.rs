//! The SQL functions of the price book.
//!
//! | function | gives |
//! |---|---|
//! | `unit_price(kind, provider, model, token_class, service_tier, at [, context [, currency]])` | the price of one unit, DECIMAL(38,18) |
//! | `price_currency(…)` with the same arguments | its currency |
//! | `token_price(kind, provider, SkuPriceDetails, at [, currency])` | the price of one token with these details |
//! | `token_price_currency(…)` with the same arguments | its currency |
//! | `token_class(SkuPriceDetails)` | the class of the token |
//!
//! `kind` is `list` or `contract`; `at` a time or a date, UTC; `context` a number of tokens or a window such as
//! `200k-1M`. A price that is not in `currency`, when that is given, is an error. Where an argument is NULL the result is
//! NULL; without a tier it is the standard one, without a context 0, without a currency any.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::sql::parser::Statement;

use super::token_class::TokenClass;
use super::{Shelf, by_row, day_number, day_of, in_currency, no_price_book, once_each};
use crate::engine::errors::to_datafusion;
use crate::engine::shelf::calls;
use crate::error::{Error, Result};
use crate::focus::money_type;
use crate::prices::{PriceBook, PriceKind, PriceLine, Wanted, context_tokens};

/// The most arguments of a function.
const MOST: usize = 8;

/// The functions that look into the book: name, how they are asked, what they give.
const FUNCTIONS: [(&str, Form, Gives); 4] = [
    ("unit_price", Form::Meter, Gives::Price),
    ("price_currency", Form::Meter, Gives::Currency),
    ("token_price", Form::Details, Gives::Price),
    ("token_price_currency", Form::Details, Gives::Currency),
];

/// Registers the functions, which look into the book on `shelf` when they are called.
///
/// # Errors
/// Those of the registry.
pub(crate) fn register(registry: &mut dyn FunctionRegistry, shelf: &Shelf) -> DataFusionResult<()> {
    for (name, form, gives) in FUNCTIONS {
        let function = PriceFunction {
            name,
            form,
            gives,
            shelf: shelf.clone(),
            signature: Signature::user_defined(Volatility::Stable),
        };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(function)))?;
    }
    let class = TokenClass::new();
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(class)))?;
    Ok(())
}

/// Whether `statement` itself calls a function that looks into the book.
pub(crate) fn is_used(statement: &Statement) -> bool {
    calls(statement, &FUNCTIONS.map(|(name, ..)| name))
}

/// How a function is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    /// By model, class and tier.
    Meter,
    /// By the details that say all of these.
    Details,
}

impl Form {
    /// The arguments by name, and how many there must be.
    fn arguments(self) -> (&'static [&'static str], usize) {
        match self {
            Self::Meter => {
                (&["kind", "provider", "model", "token_class", "service_tier", "at", "context", "currency"], 6)
            }
            Self::Details => (&["kind", "provider", "details", "at", "currency"], 4),
        }
    }

    /// Which argument the time is.
    fn time(self) -> usize {
        self.arguments().0.iter().position(|name| *name == "at").unwrap_or_default()
    }

    /// Whether the result is NULL when this argument is.
    fn needs(self, index: usize) -> bool {
        let (names, needed) = self.arguments();
        index < needed && names[index] != "service_tier"
    }

    /// The line with the price, for the texts of a row (by argument, the time left out) and its day.
    fn line<'b>(self, book: &'b PriceBook, texts: [Option<&str>; MOST], day: i64) -> Result<Option<&'b PriceLine>> {
        let text = |index: usize| texts[index].unwrap_or_default();
        let kind = PriceKind::named(text(0)).ok_or_else(|| {
            Error::query(format!("`{}` is no kind of price", text(0))).hint("use 'list' or 'contract'")
        })?;
        let (provider, day) = (text(1), day_of(day)?);
        let (line, currency) = match self {
            Self::Details => (book.price_of_details(kind, provider, text(2), day)?, texts[4]),
            Self::Meter => {
                let tier = if text(4).is_empty() { "standard".to_owned() } else { text(4).to_ascii_lowercase() };
                let context = context_tokens(text(6)).ok_or_else(|| {
                    Error::query(format!("`{}` is no context", text(6)))
                        .hint("give a number of tokens, or a window such as '200k-1M'")
                })?;
                let class = text(3).to_ascii_lowercase();
                let wanted = Wanted { provider, model: text(2), class: &class, tier: &tier, context, day };
                (book.price(kind, &wanted)?, texts[7])
            }
        };
        line.map(|line| in_currency(line, currency)).transpose()
    }
}

/// What a function gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Gives {
    Price,
    Currency,
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PriceFunction {
    name: &'static str,
    form: Form,
    gives: Gives,
    shelf: Shelf,
    signature: Signature,
}

impl ScalarUDFImpl for PriceFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let (names, needed) = self.form.arguments();
        if !(needed..=names.len()).contains(&given.len()) {
            let (first, rest) = (names[..needed].join(", "), names[needed..].join(", "));
            return Err(to_datafusion(Error::query(format!("`{}` takes {first}, and may take {rest}", self.name))));
        }
        let time = self.form.time();
        let wanted = |index| if index == time { time_type() } else { DataType::Utf8View };
        Ok((0..given.len()).map(wanted).collect())
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(match self.gives {
            Gives::Price => money_type(),
            Gives::Currency => DataType::Utf8View,
        })
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let book = self.shelf.get().ok_or_else(|| to_datafusion(no_price_book()))?;
        by_row(&args, |arrays, rows| {
            let arguments = Arguments::new(arrays, self.form);
            let lines = once_each(rows, |row| arguments.of(row), |(texts, day)| self.form.line(book, texts, day))?;
            let array: ArrayRef = match self.gives {
                Gives::Price => {
                    let prices = lines.iter().map(|line| line.map(|line| line.unit_price));
                    Arc::new(prices.collect::<Decimal128Array>().with_data_type(money_type()))
                }
                Gives::Currency => {
                    let currencies = lines.iter().map(|line| line.map(|line| line.currency.as_str()));
                    Arc::new(currencies.collect::<StringViewArray>())
                }
            };
            Ok(array)
        })
    }
}

/// The arguments of a function, row by row.
struct Arguments<'a> {
    form: Form,
    texts: Vec<Option<&'a StringViewArray>>,
    times: &'a TimestampMicrosecondArray,
}

impl<'a> Arguments<'a> {
    fn new(arrays: &'a [ArrayRef], form: Form) -> Self {
        let time = form.time();
        Self {
            form,
            texts: arrays
                .iter()
                .enumerate()
                .map(|(index, array)| (index != time).then(|| array.as_string_view()))
                .collect(),
            times: arrays[time].as_primitive::<TimestampMicrosecondType>(),
        }
    }

    /// The texts and the day of a row; `None` when one is NULL that is needed.
    fn of(&self, row: usize) -> Option<([Option<&'a str>; MOST], i64)> {
        let mut texts = [None; MOST];
        for (index, array) in self.texts.iter().enumerate() {
            let Some(array) = array else { continue };
            texts[index] = array.is_valid(row).then(|| array.value(row));
            if texts[index].is_none() && self.form.needs(index) {
                return None;
            }
        }
        self.times.is_valid(row).then(|| (texts, day_number(self.times.value(row))))
    }
}

/// The type of a time in the ledger.
fn time_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, None)
}
