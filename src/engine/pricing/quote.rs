//! The prices and costs of usage, row by row, as one value of several parts.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, StringViewArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields, TimestampMicrosecondType};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::{Shelf, day_number, day_of, in_currency, once_each};
use crate::engine::arithmetic::{product, quotient};
use crate::engine::errors::to_datafusion;
use crate::error::{Error, Result};
use crate::focus::{Kind, money_type};
use crate::prices::{PriceBook, PriceKind, PriceLine, TokenDetails, Unpriced};

pub(super) const LIST_UNIT_PRICE: &str = "list_unit_price";
pub(super) const LIST_COST: &str = "list_cost";
pub(super) const CONTRACTED_UNIT_PRICE: &str = "contracted_unit_price";
pub(super) const CONTRACTED_COST: &str = "contracted_cost";
pub(super) const PRICING_QUANTITY: &str = "pricing_quantity";
pub(super) const PRICING_UNIT: &str = "pricing_unit";
pub(super) const CURRENCY: &str = "currency";

/// Takes whether a row is to be priced, then what its price depends on; NULL in every part for a row that is not.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PriceUsage {
    shelf: Shelf,
    signature: Signature,
}

impl PriceUsage {
    pub(super) fn new(shelf: Shelf) -> Self {
        // The same row has the same price. `Volatile` keeps the optimizer from putting it into a filter on a cost, where
        // it would be worked out again, and for rows that the other conditions leave out.
        Self { shelf, signature: Signature::user_defined(Volatility::Volatile) }
    }
}

/// One part of the prices of a row. Not `get_field` of the engine, which the optimizer moves below filters, with the
/// pricing that it holds: rows would be priced, and refused, that nobody asked for.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct QuotePart {
    name: &'static str,
    signature: Signature,
}

impl QuotePart {
    pub(super) fn new(name: &'static str) -> Self {
        Self { name, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for QuotePart {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        let field = fields().find(self.name).map(|(_, field)| field.data_type().clone());
        field.ok_or_else(|| DataFusionError::Internal(format!("no part `{}`", self.name)))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let part = arrays.first().and_then(|quotes| quotes.as_struct().column_by_name(self.name));
        let part = part.ok_or_else(|| DataFusionError::Internal(format!("no part `{}`", self.name)))?;
        Ok(ColumnarValue::Array(Arc::clone(part)))
    }
}

/// What the price of a row depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Question<'a> {
    provider: &'a str,
    details: Option<&'a str>,
    meter: Option<&'a str>,
    unit: &'a str,
    currency: Option<&'a str>,
    /// Days since 1970.
    day: Option<i64>,
}

/// The lines with the prices of a row.
#[derive(Debug, Clone, Copy)]
struct Quote<'b> {
    list: Option<&'b PriceLine>,
    contract: &'b PriceLine,
}

impl<'b> Quote<'b> {
    fn find(book: &'b PriceBook, asked: Question<'_>) -> Result<Option<Self>> {
        let day = asked.day.ok_or_else(|| Error::data("usage without ChargePeriodStart cannot be priced"))?;
        let details = TokenDetails::parse(asked.details.unwrap_or("{}"))?;
        let details = if asked.unit == "Tokens" { details } else { details.of_meter(asked.meter.unwrap_or_default()) };
        let wanted = details.wanted(asked.provider, day_of(day)?);
        let Some(wanted) = book.named(wanted)? else { return Ok(None) };
        let Some(contract) = book.price(PriceKind::Contract, &wanted)? else { return Ok(None) };
        in_currency(contract, asked.currency)?;
        let list = book.find(PriceKind::List, &wanted)?;
        if let Some(list) = list {
            in_currency(list, Some(&contract.currency))?;
        }
        Ok(Some(Self { list, contract }))
    }
}

impl ScalarUDFImpl for PriceUsage {
    fn name(&self) -> &'static str {
        "price_usage"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, _given: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let text = DataType::Utf8View;
        let texts = std::iter::repeat_n(text, 5);
        Ok([DataType::Boolean].into_iter().chain(texts).chain([money_type(), Kind::Time.data_type()]).collect())
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Struct(fields()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let book = self.shelf.get().ok_or_else(|| DataFusionError::Internal("no price book".to_owned()))?;
        let arrays = ColumnarValue::values_to_arrays(&args.args)?;
        let usage = Usage::new(&arrays)?;
        let rows = usage.needed.len();
        let quotes = once_each(
            rows,
            |row| usage.question(row),
            |asked| Quote::find(book, asked).map_err(|error| error.with("unit", asked.unit)),
        )?;
        let mut columns = Columns::default();
        for (row, quote) in quotes.into_iter().enumerate() {
            let quantity = usage.quantity.is_valid(row).then(|| usage.quantity.value(row));
            match (quote, quantity) {
                (Some(quote), Some(quantity)) => {
                    columns.push(quote, quantity, usage.text(UNIT, row).unwrap_or_default())?;
                }
                (Some(quote), None) if book.unpriced() == Unpriced::Error => {
                    let error = Error::data("usage without ConsumedQuantity cannot be priced");
                    return Err(to_datafusion(error.with("model", quote.contract.model.clone())));
                }
                _ => columns.push_null(),
            }
        }
        Ok(ColumnarValue::Array(Arc::new(columns.finish())))
    }
}

/// Where the texts stand among the arguments, after the condition.
const PROVIDER: usize = 0;
const DETAILS: usize = 1;
const METER: usize = 2;
const UNIT: usize = 3;
const CHARGED_IN: usize = 4;

struct Usage<'a> {
    needed: &'a BooleanArray,
    texts: Vec<&'a StringViewArray>,
    quantity: &'a Decimal128Array,
    times: &'a TimestampMicrosecondArray,
}

impl<'a> Usage<'a> {
    fn new(arrays: &'a [ArrayRef]) -> DataFusionResult<Self> {
        let [needed, texts @ .., quantity, times] = arrays else {
            return Err(DataFusionError::Internal("usage has eight columns".to_owned()));
        };
        Ok(Self {
            needed: needed.as_boolean(),
            texts: texts.iter().map(AsArray::as_string_view).collect(),
            quantity: quantity.as_primitive::<Decimal128Type>(),
            times: times.as_primitive::<TimestampMicrosecondType>(),
        })
    }

    fn text(&self, which: usize, row: usize) -> Option<&'a str> {
        let texts = self.texts[which];
        texts.is_valid(row).then(|| texts.value(row))
    }

    /// What has to be known for a row; `None` for a row that has its cost.
    fn question(&self, row: usize) -> Option<Question<'a>> {
        (self.needed.is_valid(row) && self.needed.value(row)).then(|| Question {
            provider: self.text(PROVIDER, row).unwrap_or_default(),
            details: self.text(DETAILS, row),
            meter: self.text(METER, row),
            unit: self.text(UNIT, row).unwrap_or_default(),
            currency: self.text(CHARGED_IN, row),
            day: self.times.is_valid(row).then(|| day_number(self.times.value(row))),
        })
    }
}

fn fields() -> Fields {
    let amounts = [LIST_UNIT_PRICE, LIST_COST, CONTRACTED_UNIT_PRICE, CONTRACTED_COST, PRICING_QUANTITY];
    let amounts = amounts.map(|name| Field::new(name, money_type(), true));
    let texts = [PRICING_UNIT, CURRENCY].map(|name| Field::new(name, DataType::Utf8View, true));
    amounts.into_iter().chain(texts).collect()
}

/// The parts of the quotes, column by column in the order of [`fields`].
#[derive(Debug, Default)]
struct Columns {
    amounts: [Vec<Option<i128>>; 5],
    units: Vec<Option<String>>,
    currencies: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, quote: Quote<'_>, quantity: i128, unit: &str) -> DataFusionResult<()> {
        let Quote { list, contract } = quote;
        let too_large = || to_datafusion(Error::data("a cost has more than 38 digits"));
        let cost = |line: &PriceLine| product(quantity, line.unit_price).ok_or_else(too_large);
        let block = i128::from(contract.per);
        let list_unit_price = match list {
            Some(list) => Some(list.unit_price.checked_mul(block).ok_or_else(too_large)?),
            None => None,
        };
        let amounts = [
            list_unit_price,
            Some(cost(list.unwrap_or(contract))?),
            Some(contract.price),
            Some(cost(contract)?),
            Some(quotient(quantity, block).ok_or_else(too_large)?),
        ];
        self.amounts.iter_mut().zip(amounts).for_each(|(column, amount)| column.push(amount));
        self.units.push(Some(if contract.per == 1 { unit.to_owned() } else { format!("{block} {unit}") }));
        self.currencies.push(Some(contract.currency.clone()));
        Ok(())
    }

    fn push_null(&mut self) {
        self.amounts.iter_mut().for_each(|column| column.push(None));
        self.units.push(None);
        self.currencies.push(None);
    }

    fn finish(self) -> StructArray {
        let amounts = self.amounts.into_iter().map(|column| {
            let array: ArrayRef = Arc::new(Decimal128Array::from(column).with_data_type(money_type()));
            array
        });
        let texts = [self.units, self.currencies].into_iter().map(|column| {
            let array: ArrayRef = Arc::new(column.into_iter().collect::<StringViewArray>());
            array
        });
        StructArray::new(fields(), amounts.chain(texts).collect(), None)
    }
}
