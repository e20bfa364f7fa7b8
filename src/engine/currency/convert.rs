//! `convert_currency(amount, from, to, at)` and `fx_rate(from, to, at)`.
//!
//! Both give DECIMAL(38,18). A conversion multiplies exactly and rounds once, half away from zero, at the eighteenth
//! digit. The rate is that of the day of `at` in UTC (see [`super::rates`]). An amount in its own currency stays as it is,
//! with no rate needed; NULL stays NULL; an amount without a currency or a day is an error.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array, Decimal128Builder};
use arrow::datatypes::{DataType, Date32Type, Decimal128Type};
use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{Result as DataFusionResult, ScalarValue, plan_err};
use datafusion::logical_expr::{
    ColumnarValue, Expr, LogicalPlan, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use super::rates::{Rate, SharedRates};
use crate::engine::errors::to_datafusion;
use crate::error::{Error, Result};
use crate::focus::{MONEY_SCALE, money_type};

/// The name of the function that converts.
pub(super) const CONVERT: &str = "convert_currency";
const RATE: &str = "fx_rate";

/// Whether an expression of `plan` calls for exchange rates.
pub(super) fn is_used(plan: &LogicalPlan) -> bool {
    let mut used = false;
    let visited = plan.apply_with_subqueries(|node| {
        node.apply_expressions(|expr| {
            expr.apply(|expr| {
                used |= matches!(expr, Expr::ScalarFunction(call) if [CONVERT, RATE].contains(&call.name()));
                Ok(if used { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
            })
        })
    });
    // What cannot be looked through had better have its rates.
    used || visited.is_err()
}

/// What a call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Wanted {
    Amount,
    Rate,
}

/// One of the two functions over the rates of a statement.
#[derive(Debug)]
pub(super) struct Conversion {
    wanted: Wanted,
    rates: SharedRates,
    signature: Signature,
}

// The rates belong to the session, and so does the function: within it, one is as good as the other.
impl PartialEq for Conversion {
    fn eq(&self, other: &Self) -> bool {
        self.wanted == other.wanted
    }
}

impl Eq for Conversion {}

impl Hash for Conversion {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.wanted.hash(state);
    }
}

impl Conversion {
    /// Both functions over `rates`.
    pub(super) fn functions(rates: &SharedRates) -> [ScalarUDF; 2] {
        [Wanted::Amount, Wanted::Rate].map(|wanted| {
            let signature = Signature::user_defined(Volatility::Stable);
            ScalarUDF::new_from_impl(Self { wanted, rates: rates.clone(), signature })
        })
    }

    fn compute(&self, arguments: &[ArrayRef]) -> Result<Decimal128Array> {
        let [amounts @ .., from, to, at] = arguments else {
            return Err(Error::internal("a conversion without a currency"));
        };
        let (from, to) = (from.as_string::<i32>(), to.as_string::<i32>());
        let days = at.as_primitive::<Date32Type>();
        let amounts = amounts.first().map(AsArray::as_primitive::<Decimal128Type>);
        let scale = amounts.map_or(0, Decimal128Array::scale);
        let mut result = Decimal128Builder::with_capacity(from.len()).with_data_type(money_type());
        for row in 0..from.len() {
            let pair = from.is_valid(row).then(|| from.value(row)).zip(to.is_valid(row).then(|| to.value(row)));
            let day = days.is_valid(row).then(|| days.value(row));
            let amount = match amounts {
                Some(amounts) if amounts.is_null(row) => None,
                Some(amounts) => Some((amounts.value(row), scale)),
                None => Some((1, 0)),
            };
            match amount {
                None => result.append_null(),
                Some(_) if self.wanted == Wanted::Rate && (pair.is_none() || day.is_none()) => result.append_null(),
                Some((amount, scale)) => result.append_value(self.one(amount, scale, pair, day)?),
            }
        }
        Ok(result.finish())
    }

    fn one(&self, amount: i128, scale: i8, pair: Option<(&str, &str)>, day: Option<i32>) -> Result<i128> {
        let Some((from, to)) = pair else {
            return Err(Error::data("an amount without a currency cannot be converted")
                .hint("leave such rows out, or say which currency they are in: `coalesce(currency, 'USD')`"));
        };
        let rate = match day {
            _ if from == to => Rate::Same,
            Some(day) => self.rates.get()?.of(from, to, day)?,
            None => return Err(Error::data("an amount without a day cannot be converted")),
        };
        rate.apply(amount, scale)
            .ok_or_else(|| Error::query(format!("an amount converted from {from} to {to} has more than 38 digits")))
    }
}

impl ScalarUDFImpl for Conversion {
    fn name(&self) -> &'static str {
        match self.wanted {
            Wanted::Amount => CONVERT,
            Wanted::Rate => RATE,
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, given: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let (amount, [from, to, at]) = match (self.wanted, given) {
            (Wanted::Amount, [amount, from, to, at]) => (Some(amount), [from, to, at]),
            (Wanted::Rate, [from, to, at]) => (None, [from, to, at]),
            (Wanted::Amount, _) => return plan_err!("`{CONVERT}` takes an amount, two currencies and a day"),
            (Wanted::Rate, _) => return plan_err!("`{RATE}` takes two currencies and a day"),
        };
        let mut types = Vec::with_capacity(given.len());
        if let Some(amount) = amount {
            types.push(match amount {
                DataType::Decimal128(_, scale) if *scale > MONEY_SCALE => amount.clone(),
                amount if amount.is_decimal() || amount.is_integer() || amount.is_null() => money_type(),
                other => {
                    return plan_err!("`{CONVERT}` takes an exact amount, not {other}: cast it to DECIMAL(38,18)");
                }
            });
        }
        for currency in [from, to] {
            if !(currency.is_string() || currency.is_null()) {
                return plan_err!("`{}` takes the code of a currency as text, not {currency}", self.name());
            }
            types.push(DataType::Utf8);
        }
        if !(at.is_string() || at.is_null() || at.is_temporal()) {
            return plan_err!("`{}` takes a day as a date or a timestamp, not {at}", self.name());
        }
        types.push(DataType::Date32);
        Ok(types)
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(money_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let arguments = args.args.iter().map(|arg| arg.to_array(rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let result = self.compute(&arguments).map_err(to_datafusion)?;
        if scalar {
            let value = ScalarValue::try_from_array(&result, 0)?;
            return Ok(ColumnarValue::Scalar(value));
        }
        Ok(ColumnarValue::Array(Arc::new(result)))
    }
}
