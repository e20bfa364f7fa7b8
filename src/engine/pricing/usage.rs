//! Prices usage that was reported without cost.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, StringViewArray, StructArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{DataType, Decimal128Type, Field, FieldRef, Fields, TimestampMicrosecondType};
use datafusion::common::{Column, DataFusionError, Result as DataFusionResult};
use datafusion::functions::core::expr_fn::{coalesce, get_field};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, LogicalPlanBuilder, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility, cast, ident, lit, when,
};

use super::{Shelf, day_of, in_currency, once_each};
use crate::engine::arithmetic::{product, quotient};
use crate::engine::errors::{from_datafusion, to_datafusion};
use crate::error::{Error, Result};
use crate::focus::{Kind, money_type};
use crate::prices::{PriceBook, PriceKind, PriceLine, TokenDetails, Unpriced};

/// The column that says where the cost of a charge comes from.
const BASIS: &str = "x_CostBasis";

/// What it says of usage that was priced here.
const PRICED: &str = "price book";

/// The column of the prices between the two projections.
const QUOTE: &str = "x_Quote";

/// The columns that a price fills in, and the part of the quote that it is.
const FILLED: [(&str, &str); 9] = [
    ("ListUnitPrice", LIST_UNIT_PRICE),
    ("ListCost", LIST_COST),
    ("ContractedUnitPrice", CONTRACTED_UNIT_PRICE),
    ("ContractedCost", CONTRACTED_COST),
    ("EffectiveCost", CONTRACTED_COST),
    ("BilledCost", CONTRACTED_COST),
    ("BillingCurrency", CURRENCY),
    ("PricingQuantity", PRICING_QUANTITY),
    ("PricingUnit", PRICING_UNIT),
];

const LIST_UNIT_PRICE: &str = "list_unit_price";
const LIST_COST: &str = "list_cost";
const CONTRACTED_UNIT_PRICE: &str = "contracted_unit_price";
const CONTRACTED_COST: &str = "contracted_cost";
const PRICING_QUANTITY: &str = "pricing_quantity";
const PRICING_UNIT: &str = "pricing_unit";
const CURRENCY: &str = "currency";

/// `plan`, which has the columns of FOCUS, with the usage that has neither BilledCost nor EffectiveCost priced.
///
/// Such rows get ListUnitPrice and ListCost from the list price, ContractedUnitPrice, ContractedCost, EffectiveCost and
/// BilledCost from the contract price (which is the list price where no contract has a line), BillingCurrency,
/// PricingQuantity and PricingUnit (`1000000 Tokens`) from the line of the book, and `price book` as `x_CostBasis`, a
/// column that is added when it is not there. Where only a contract has a price, ListCost is the ContractedCost and
/// ListUnitPrice NULL: no saving is claimed. Tokens are priced by SkuPriceDetails, other units by SkuMeter in lower snake
/// case (`Web Search` is `web_search`). The day is that of ChargePeriodStart, UTC. All other rows stay as they are.
///
/// # Errors
/// [`crate::ErrorKind::Internal`] when a column is not there. When it runs: [`crate::ErrorKind::Invalid`] for usage that
/// has no price (unless the book says NULL), and for a price in another currency than the row or the other price.
pub fn priced(plan: LogicalPlan, book: &Arc<PriceBook>) -> Result<LogicalPlan> {
    build(plan, book).map_err(|cause| from_datafusion(cause, None))
}

fn build(plan: LogicalPlan, book: &Arc<PriceBook>) -> DataFusionResult<LogicalPlan> {
    let columns: Vec<(Column, FieldRef)> = plan
        .schema()
        .iter()
        .map(|(qualifier, field)| (Column::new(qualifier.cloned(), field.name()), Arc::clone(field)))
        .collect();
    let pass = |(column, _): &(Column, FieldRef)| Expr::Column(column.clone());
    let quoted = columns.iter().map(pass).chain([quote(book).alias(QUOTE)]);
    let part = |name: &str| get_field(ident(QUOTE), name);
    let filled = |(column, field): &(Column, FieldRef)| {
        let value = match FILLED.iter().find(|(name, _)| name == field.name()) {
            Some((_, name)) => {
                coalesce(vec![cast(part(name), field.data_type().clone()), Expr::Column(column.clone())])
            }
            None if field.name() == BASIS => {
                when(part(CURRENCY).is_not_null(), cast(lit(PRICED), field.data_type().clone()))
                    .otherwise(Expr::Column(column.clone()))?
            }
            None => return Ok(Expr::Column(column.clone())),
        };
        Ok(value.alias_qualified(column.relation.clone(), field.name()))
    };
    let mut all = columns.iter().map(filled).collect::<DataFusionResult<Vec<_>>>()?;
    if columns.iter().all(|(_, field)| field.name() != BASIS) {
        let basis = cast(lit(PRICED), Kind::Text.data_type());
        all.push(when(part(CURRENCY).is_not_null(), basis).end()?.alias(BASIS));
    }
    LogicalPlanBuilder::from(plan).project(quoted.collect::<Vec<_>>())?.project(all)?.build()
}

/// The prices and costs of a row as one value, so that it is worked out once.
fn quote(book: &Arc<PriceBook>) -> Expr {
    let shelf = Shelf::default();
    shelf.put(Arc::clone(book));
    let needed = ident("ChargeCategory")
        .eq(lit("Usage"))
        .and(ident("BilledCost").is_null())
        .and(ident("EffectiveCost").is_null());
    let function =
        ScalarUDF::new_from_impl(PriceUsage { shelf, signature: Signature::user_defined(Volatility::Stable) });
    let columns = [
        "ServiceProviderName",
        "SkuPriceDetails",
        "SkuMeter",
        "ConsumedUnit",
        "BillingCurrency",
        "ConsumedQuantity",
        "ChargePeriodStart",
    ];
    function.call([needed].into_iter().chain(columns.map(ident)).collect())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct PriceUsage {
    shelf: Shelf,
    signature: Signature,
}

/// What the price of a row depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Question<'a> {
    provider: &'a str,
    details: Option<&'a str>,
    meter: Option<&'a str>,
    unit: &'a str,
    currency: Option<&'a str>,
    micros: Option<i64>,
}

/// The lines with the prices of a row.
#[derive(Debug, Clone, Copy)]
struct Quote<'b> {
    list: Option<&'b PriceLine>,
    contract: &'b PriceLine,
}

impl<'b> Quote<'b> {
    fn find(book: &'b PriceBook, asked: Question<'_>) -> Result<Option<Self>> {
        let micros = asked.micros.ok_or_else(|| Error::data("usage without ChargePeriodStart cannot be priced"))?;
        let details = TokenDetails::parse(asked.details.unwrap_or("{}"))?;
        let details = if asked.unit == "Tokens" { details } else { details.of_meter(asked.meter.unwrap_or_default()) };
        let wanted = details.wanted(asked.provider, day_of(micros)?);
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
        let book = self.shelf.book().ok_or_else(|| DataFusionError::Internal("no price book".to_owned()))?;
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
            micros: self.times.is_valid(row).then(|| self.times.value(row)),
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
