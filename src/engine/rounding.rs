//! `round(amount, 2)`: the number of digits as the type that the function takes.
//!
//! The digits of a DECIMAL result are part of its type, and the function takes them from a literal. SQL gives a 64-bit
//! literal, which type coercion wraps in a cast: the planner then sees no literal and promises all digits of the amount,
//! and execution, where the cast is folded, gives fewer. `round(amount, 2) <= 20` failed for that.

use arrow::datatypes::DataType;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, Result as DataFusionResult, ScalarValue};
use datafusion::logical_expr::expr::ScalarFunction;
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{Expr, lit};

/// Gives `round` its digits as a 32-bit literal, which nothing wraps.
#[derive(Debug)]
pub(crate) struct LiteralDigits;

impl FunctionRewrite for LiteralDigits {
    fn name(&self) -> &'static str {
        "literal_digits"
    }

    fn rewrite(&self, expr: Expr, _schema: &DFSchema, _config: &ConfigOptions) -> DataFusionResult<Transformed<Expr>> {
        let Expr::ScalarFunction(ScalarFunction { func, args }) = expr else { return Ok(Transformed::no(expr)) };
        let digits = match args.as_slice() {
            [_, Expr::Literal(digits, _)] if func.name() == "round" && digits.data_type() == DataType::Int64 => {
                digits.cast_to(&DataType::Int32).ok()
            }
            _ => None,
        };
        let Some(digits) = digits else { return Ok(Transformed::no(func.call(args))) };
        let amount = args.into_iter().next().unwrap_or_else(|| lit(ScalarValue::Null));
        Ok(Transformed::yes(func.call(vec![amount, lit(digits)])))
    }
}
