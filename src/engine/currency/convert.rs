//! `convert_currency(amount, from, to, at)` and `fx_rate(from, to, at)`.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Builder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use chrono::NaiveDate;
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};
use datafusion::sql::parser::Statement;

use super::rates::Shelf;
use crate::engine::arithmetic::product;
use crate::engine::errors::to_datafusion;
use crate::engine::shelf::calls;
use crate::error::{Error, Result};
use crate::focus::money_type;

/// The name of the function that converts.
pub(super) const CONVERT: &str = "convert_currency";

/// The name of the function that gives the rate alone.
const RATE: &str = "fx_rate";

/// Makes both functions known; they use the rates on `shelf` when they are called.
pub(in crate::engine) fn register(registry: &mut dyn FunctionRegistry, shelf: &Shelf) -> DataFusionResult<()> {
    for name in [CONVERT, RATE] {
        let signature = Signature::any(if name == CONVERT { 4 } else { 3 }, Volatility::Stable);
        let function = CurrencyFunction { name, shelf: shelf.clone(), signature };
        registry.register_udf(Arc::new(ScalarUDF::new_from_impl(function)))?;
    }
    Ok(())
}

/// Whether `statement` calls one of the functions.
pub(in crate::engine) fn is_used(statement: &Statement) -> bool {
    calls(statement, &[CONVERT, RATE])
}

/// An amount in another currency by the rate of its day, rounded half away from zero at the 18th digit; or that rate.
#[derive(Debug, PartialEq, Eq, Hash)]
struct CurrencyFunction {
    name: &'static str,
    shelf: Shelf,
    signature: Signature,
}

impl CurrencyFunction {
    fn values(&self, arguments: &[ArrayRef], rows: usize) -> Result<ArrayRef> {
        let to = |array: &ArrayRef, data_type: &DataType| {
            cast(array, data_type).map_err(|cause| {
                Error::query(format!("`{}` cannot take {}", self.name, array.data_type())).because(cause)
            })
        };
        let (amounts, rest) = match (self.name, arguments) {
            (CONVERT, [amount, rest @ ..]) => (Some(to(amount, &money_type())?), rest),
            (_, rest) => (None, rest),
        };
        let [from, target, at] = rest else {
            return Err(Error::internal("the functions take three or four arguments"));
        };
        let (from, target) = (to(from, &DataType::Utf8)?, to(target, &DataType::Utf8)?);
        let (from, target) = (from.as_string::<i32>(), target.as_string::<i32>());
        let days = to(at, &DataType::Date32)?;
        let days = days.as_primitive::<Date32Type>();
        let amounts = amounts.as_ref().map(AsArray::as_primitive::<Decimal128Type>);
        let rates = self.shelf.get().ok_or_else(|| Error::internal("the exchange rates were not read"))?;
        let mut known: HashMap<(&str, &str, NaiveDate), i128> = HashMap::new();
        let mut values = Decimal128Builder::with_capacity(rows).with_data_type(money_type());
        for row in 0..rows {
            let has_amount = amounts.is_none_or(|amounts| amounts.is_valid(row));
            let day = days.is_valid(row).then(|| days.value_as_date(row)).flatten();
            let Some(day) = day.filter(|_| has_amount && from.is_valid(row) && target.is_valid(row)) else {
                values.append_null();
                continue;
            };
            let question = (from.value(row), target.value(row), day);
            let rate = match known.get(&question) {
                Some(rate) => *rate,
                None => *known.entry(question).or_insert(rates.rate(question.0, question.1, day)?),
            };
            values.append_value(match amounts {
                None => rate,
                Some(amounts) if question.0 == question.1 => amounts.value(row),
                Some(amounts) => product(amounts.value(row), rate).ok_or_else(|| {
                    Error::data("an amount is out of range once it is converted").with("day", day.to_string())
                })?,
            });
        }
        Ok(Arc::new(values.finish()))
    }
}

impl ScalarUDFImpl for CurrencyFunction {
    fn name(&self) -> &str {
        self.name
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(money_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arrays =
            args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<DataFusionResult<Vec<_>>>()?;
        self.values(&arrays, args.number_rows).map(ColumnarValue::Array).map_err(to_datafusion)
    }
}
