//! `share_of(amount, below, upto, total)`: the part of an amount that falls on a stretch of a total, exactly.
//!
//! The part is what the amount comes to at the end of the stretch less what it comes to at its beginning, each rounded half
//! away from zero to the scale of the ledger. Stretches that cover the total without a gap therefore add up to the amount, to
//! the last digit, and no part is off by more than one unit of the last digit. Without a total the amount stays whole.

use std::sync::Arc;

use arrow::array::{Array, AsArray, Decimal128Array};
use arrow::datatypes::{DataType, Decimal128Type};
use datafusion::common::{DataFusionError, Result as DataFusionResult, exec_err, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use super::arithmetic::part;
use crate::focus::money_type;

/// The name of the function.
pub(super) const SHARE_OF: &str = "share_of";

/// Makes the function known.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(ShareOf::new()))).map(drop)
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct ShareOf {
    signature: Signature,
}

impl ShareOf {
    fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for ShareOf {
    fn name(&self) -> &'static str {
        SHARE_OF
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        match arguments {
            [_, _, _, _] => Ok(vec![money_type(); 4]),
            _ => plan_err!("share_of takes an amount, the beginning and the end of a stretch, and the total"),
        }
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(money_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arrays =
            args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let numbers: Vec<&Decimal128Array> = arrays.iter().map(AsArray::as_primitive::<Decimal128Type>).collect();
        let [amounts, below, upto, total] = numbers.as_slice() else {
            return exec_err!("share_of takes an amount, the stretch and the total");
        };
        let known = |array: &Decimal128Array, row: usize| array.is_valid(row).then(|| array.value(row));
        let parts = (0..args.number_rows).map(|row| {
            let stretch = (known(below, row), known(upto, row), known(total, row));
            match (known(amounts, row), stretch) {
                (Some(amount), (Some(below), Some(upto), Some(total))) => {
                    part(amount, below, upto, total).map(Some).ok_or_else(|| {
                        DataFusionError::Execution("share_of needs a total above zero and 38 digits at most".to_owned())
                    })
                }
                (amount, _) => Ok(amount),
            }
        });
        let parts = parts.collect::<DataFusionResult<Decimal128Array>>()?.with_data_type(money_type());
        Ok(ColumnarValue::Array(Arc::new(parts)))
    }
}
