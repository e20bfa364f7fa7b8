//! Functions whose result can be vastly larger than their arguments, with a cap on what one call may build.
//!
//! `repeat('x', 2000000000)` is folded while the query is planned, outside of every memory pool: the memory limit and the
//! timeout do not reach it. So each of these functions estimates its result first and refuses to start.

use std::sync::Arc;

use arrow::array::AsArray;
use arrow::compute::cast;
use arrow::datatypes::{DataType, FieldRef, Int64Type};
use datafusion::common::Result as DataFusionResult;
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ReturnFieldArgs, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    simplify::{ExprSimplifyResult, SimplifyContext},
};

use super::errors::to_datafusion;
use crate::error::Error;
use crate::units::ByteSize;

/// Most bytes that one call may build for one batch of rows.
const MAX_RESULT: u128 = 64 << 20;

/// How to bound the size of a result from the arguments of one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Growth {
    /// `repeat(text, n)`: length × n.
    TextTimes,
    /// `lpad(text, n, …)`: n characters.
    PaddedTo,
    /// `array_repeat(value, n)`: n elements.
    Elements,
    /// `array_resize(array, n, …)`: n elements.
    ResizedTo,
    /// `generate_series(from, to, step)`: the elements between.
    Between,
    /// `replace(text, from, to)`: every character may become `to`.
    EachReplaced,
}

const GROWING: [(&str, Growth); 9] = [
    ("repeat", Growth::TextTimes),
    ("lpad", Growth::PaddedTo),
    ("rpad", Growth::PaddedTo),
    ("array_repeat", Growth::Elements),
    ("array_resize", Growth::ResizedTo),
    ("generate_series", Growth::Between),
    ("range", Growth::Between),
    ("replace", Growth::EachReplaced),
    ("regexp_replace", Growth::EachReplaced),
];

/// Puts capped versions in the place of the functions of `registry` that grow their arguments.
///
/// # Errors
/// Those of the registry.
pub(crate) fn cap(registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
    for (name, growth) in GROWING {
        if let Ok(inner) = registry.udf(name) {
            registry.register_udf(Arc::new(ScalarUDF::new_from_impl(Capped { inner, growth })))?;
        }
    }
    Ok(())
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Capped {
    inner: Arc<ScalarUDF>,
    growth: Growth,
}

impl Capped {
    fn estimate(&self, args: &ScalarFunctionArgs) -> DataFusionResult<u128> {
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let argument = |index: usize| args.args.get(index).map(|arg| arg.to_array(rows)).transpose();
        let numbers = |index: usize| -> DataFusionResult<Vec<i128>> {
            let Some(array) = argument(index)? else { return Ok(Vec::new()) };
            // What is no number (dates in `range`) is bounded by the calendar.
            let Ok(array) = cast(&array, &DataType::Int64) else { return Ok(Vec::new()) };
            Ok(array.as_primitive::<Int64Type>().iter().map(|value| i128::from(value.unwrap_or(0))).collect())
        };
        let lengths = |index: usize| -> DataFusionResult<Vec<u128>> {
            let Some(array) = argument(index)? else { return Ok(Vec::new()) };
            let text = cast(&array, &DataType::LargeUtf8)?;
            Ok(text.as_string::<i64>().iter().map(|value| value.unwrap_or_default().len() as u128).collect())
        };
        let positive = |number: i128| u128::try_from(number).unwrap_or(0);
        Ok(match self.growth {
            Growth::TextTimes => {
                lengths(0)?.into_iter().zip(numbers(1)?).map(|(text, times)| text * positive(times)).sum()
            }
            Growth::PaddedTo => numbers(1)?.into_iter().map(positive).sum(),
            Growth::Elements | Growth::ResizedTo => numbers(1)?.into_iter().map(|count| positive(count) * 8).sum(),
            Growth::Between => self.elements_between(&numbers)?,
            Growth::EachReplaced => {
                lengths(0)?.into_iter().zip(lengths(2)?).map(|(text, to)| text.saturating_mul(to.max(1))).sum()
            }
        })
    }

    fn elements_between(&self, numbers: &dyn Fn(usize) -> DataFusionResult<Vec<i128>>) -> DataFusionResult<u128> {
        let (first, second, steps) = (numbers(0)?, numbers(1)?, numbers(2)?);
        Ok(first
            .iter()
            .enumerate()
            .map(|(row, start)| {
                let (from, to) = second.get(row).map_or((0, *start), |end| (*start, *end));
                let step = steps.get(row).map_or(1, |step| step.unsigned_abs().max(1));
                from.abs_diff(to) / step * 8
            })
            .sum())
    }
}

impl ScalarUDFImpl for Capped {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn aliases(&self) -> &[String] {
        self.inner.aliases()
    }

    fn signature(&self) -> &Signature {
        self.inner.signature()
    }

    fn return_type(&self, arguments: &[DataType]) -> DataFusionResult<DataType> {
        self.inner.return_type(arguments)
    }

    fn return_field_from_args(&self, args: ReturnFieldArgs<'_>) -> DataFusionResult<FieldRef> {
        self.inner.return_field_from_args(args)
    }

    fn coerce_types(&self, arguments: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        self.inner.coerce_types(arguments)
    }

    fn simplify(&self, args: Vec<Expr>, info: &SimplifyContext) -> DataFusionResult<ExprSimplifyResult> {
        self.inner.simplify(args, info)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let estimate = self.estimate(&args)?;
        if estimate > MAX_RESULT {
            let error = Error::limit(format!(
                "`{}` would build {}; one call may build {}",
                self.name(),
                ByteSize(u64::try_from(estimate).unwrap_or(u64::MAX)),
                ByteSize(u64::try_from(MAX_RESULT).unwrap_or(u64::MAX)),
            ));
            return Err(to_datafusion(error.hint("ask for less, or use the table function of the same name")));
        }
        self.inner.invoke_with_args(args)
    }
}
