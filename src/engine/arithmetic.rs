//! Products and quotients of amounts that stay exact instead of overflowing.
//!
//! The SQL rule gives a product the sum of the scales: DECIMAL(38,18) × DECIMAL(38,18) has 36 fractional digits, which
//! leaves two before the point, and overflows at 100. A quotient shifts its numerator by the scale of the divisor and
//! overflows sooner. Here both are computed with 256 bits and rounded half away from zero to the scale of the ledger, 18.
//! Products of at most 24 fractional digits (`cost * 1.1`) stay as the engine computes them: exact.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Array};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal128Type, i256};
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::Transformed;
use datafusion::common::{DFSchema, DataFusionError, Result as DataFusionResult};
use datafusion::logical_expr::expr_rewriter::FunctionRewrite;
use datafusion::logical_expr::{
    BinaryExpr, ColumnarValue, Expr, ExprSchemable, Operator, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature,
    Volatility,
};

use super::errors::to_datafusion;
use crate::error::Error;
use crate::focus::{MONEY_SCALE, money_type};

/// The most fractional digits that a product keeps as the SQL rule gives it.
const WIDEST_PLAIN_SCALE: i8 = 24;

/// Puts the exact operations in the place of `*` and `/` where those would overflow.
#[derive(Debug)]
pub(crate) struct ExactArithmetic;

impl FunctionRewrite for ExactArithmetic {
    fn name(&self) -> &'static str {
        "exact_arithmetic"
    }

    fn rewrite(&self, expr: Expr, schema: &DFSchema, _config: &ConfigOptions) -> DataFusionResult<Transformed<Expr>> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = expr else { return Ok(Transformed::no(expr)) };
        let operation = match op {
            Operator::Multiply => Operation::Multiply,
            Operator::Divide => Operation::Divide,
            _ => return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right }))),
        };
        // A name that does not resolve here gets its error where the planner looks it up.
        let types = (left.get_type(schema), right.get_type(schema));
        let exact = matches!(&types, (Ok(left), Ok(right)) if operation.applies(left, right));
        if !exact {
            return Ok(Transformed::no(Expr::BinaryExpr(BinaryExpr { left, op, right })));
        }
        let function = Arc::new(ScalarUDF::new_from_impl(Exact::new(operation)));
        Ok(Transformed::yes(function.call(vec![*left, *right])))
    }
}

/// An operation on two amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operation {
    Multiply,
    Divide,
}

impl Operation {
    /// Whether the operation on these types is one of amounts that needs more room than the SQL rule leaves.
    fn applies(self, left: &DataType, right: &DataType) -> bool {
        let (Some(left_scale), Some(right_scale)) = (scale(left), scale(right)) else { return false };
        let amounts = left.is_decimal() || right.is_decimal();
        match self {
            Self::Multiply => amounts && left_scale + right_scale > WIDEST_PLAIN_SCALE,
            Self::Divide => amounts,
        }
    }

    /// The result at scale 18 for unscaled operands of the given scales; `None` when it does not fit in 38 digits.
    pub(super) fn compute(self, left: i128, left_scale: i8, right: i128, right_scale: i8) -> Option<i128> {
        let (left, right) = (i256::from_i128(left), i256::from_i128(right));
        // result = left ∘ right, shifted by 10^shift to scale 18
        let (numerator, denominator, shift) = match self {
            Self::Multiply => (left.checked_mul(right)?, i256::ONE, MONEY_SCALE - left_scale - right_scale),
            Self::Divide => (left, right, MONEY_SCALE - left_scale + right_scale),
        };
        let factor = i256::from_i128(10).checked_pow(u32::from(shift.unsigned_abs()))?;
        let (numerator, denominator) = match shift {
            0.. => (numerator.checked_mul(factor)?, denominator),
            _ => (numerator, denominator.checked_mul(factor)?),
        };
        let quotient = numerator.checked_div(denominator)?;
        let rest = numerator.checked_rem(denominator)?;
        let rounds_away = rest.wrapping_abs().checked_mul(i256::from_i128(2))? >= denominator.wrapping_abs();
        let negative = (numerator < i256::ZERO) != (denominator < i256::ZERO);
        let step = if negative { i256::MINUS_ONE } else { i256::ONE };
        let rounded = if rounds_away { quotient.checked_add(step)? } else { quotient };
        rounded.to_i128().filter(|value| value.unsigned_abs() < 10u128.pow(38))
    }
}

/// `left × right`, all at the scale of the ledger; `None` when it has more than 38 digits.
pub(super) fn product(left: i128, right: i128) -> Option<i128> {
    Operation::Multiply.compute(left, MONEY_SCALE, right, MONEY_SCALE)
}

/// `amount ÷ count` at the scale of the ledger, of an amount at that scale and a whole number that is not zero.
pub(super) fn quotient(amount: i128, count: i128) -> Option<i128> {
    Operation::Divide.compute(amount, MONEY_SCALE, count, 0)
}

/// What of `amount` falls on the stretch from `below` to `upto` of `total`, all at one scale; `None` for a total that is not
/// above zero, or more than 38 digits.
pub(super) fn part(amount: i128, below: i128, upto: i128, total: i128) -> Option<i128> {
    let at = |mark: i128| {
        let product = i256::from_i128(amount).checked_mul(i256::from_i128(mark))?;
        let total = i256::from_i128(total);
        let (quotient, rest) = (product.checked_div(total)?, product.checked_rem(total)?);
        let rounds_away = rest.wrapping_abs() >= total.checked_sub(rest.wrapping_abs())?;
        let step = if product < i256::ZERO { i256::MINUS_ONE } else { i256::ONE };
        if rounds_away { quotient.checked_add(step) } else { Some(quotient) }
    };
    if total <= 0 {
        return None;
    }
    at(upto)?.checked_sub(at(below)?)?.to_i128().filter(|value| value.unsigned_abs() < 10u128.pow(38))
}

/// The scale of a number that takes part in exact arithmetic.
fn scale(number: &DataType) -> Option<i8> {
    match number {
        DataType::Decimal32(_, scale) | DataType::Decimal64(_, scale) | DataType::Decimal128(_, scale) => Some(*scale),
        number if number.is_integer() => Some(0),
        _ => None,
    }
}

#[derive(Debug, PartialEq, Eq, Hash)]
struct Exact {
    operation: Operation,
    signature: Signature,
}

impl Exact {
    fn new(operation: Operation) -> Self {
        Self { operation, signature: Signature::any(2, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Exact {
    fn name(&self) -> &'static str {
        match self.operation {
            Operation::Multiply => "exact_multiply",
            Operation::Divide => "exact_divide",
        }
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(money_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let scalar = args.args.iter().all(|arg| matches!(arg, ColumnarValue::Scalar(_)));
        let rows = if scalar { 1 } else { args.number_rows };
        let operands = args
            .args
            .iter()
            .map(|arg| unscaled(&arg.to_array(rows)?))
            .collect::<DataFusionResult<Vec<(Decimal128Array, i8)>>>()?;
        let [(left, left_scale), (right, right_scale)] = operands.as_slice() else {
            return Err(DataFusionError::Internal("exact arithmetic takes two operands".to_owned()));
        };
        let result = left
            .iter()
            .zip(right.iter())
            .map(|operands| match operands {
                (Some(_), Some(0)) if self.operation == Operation::Divide => Err(to_datafusion(
                    Error::query("division by zero").hint("divide by `nullif(…, 0)`: the result is then NULL"),
                )),
                (Some(left), Some(right)) => {
                    self.operation.compute(left, *left_scale, right, *right_scale).map(Some).ok_or_else(|| {
                        to_datafusion(Error::query(format!("the result of {} has more than 38 digits", self.name())))
                    })
                }
                _ => Ok(None),
            })
            .collect::<DataFusionResult<Decimal128Array>>()?
            .with_data_type(money_type());
        let array: ArrayRef = Arc::new(result);
        if scalar {
            return Ok(ColumnarValue::Scalar(datafusion::common::ScalarValue::try_from_array(&array, 0)?));
        }
        Ok(ColumnarValue::Array(array))
    }
}

fn unscaled(values: &ArrayRef) -> DataFusionResult<(Decimal128Array, i8)> {
    match values.data_type() {
        DataType::Decimal128(_, scale) => Ok((values.as_primitive::<Decimal128Type>().clone(), *scale)),
        other => {
            let scale = scale(other).unwrap_or(0);
            let wide = cast(values, &DataType::Decimal128(38, scale))?;
            Ok((wide.as_primitive::<Decimal128Type>().clone(), scale))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{prop_assert_eq, proptest};

    use super::*;

    const ONE: i128 = 1_000_000_000_000_000_000;

    #[test]
    fn quotients_and_products_round_half_away_from_zero() {
        let divide = |a, b| Operation::Divide.compute(a, 18, b, 18);
        assert_eq!(divide(ONE, 3 * ONE), Some(333_333_333_333_333_333));
        assert_eq!(divide(2 * ONE, 3 * ONE), Some(666_666_666_666_666_667));
        assert_eq!(divide(-2 * ONE, 3 * ONE), Some(-666_666_666_666_666_667));
        assert_eq!(divide(1, -2 * ONE), Some(-1));
        assert_eq!(
            Operation::Divide.compute(10_000_000_000 * ONE, 18, 3, 0),
            Some(3_333_333_333_333_333_333_333_333_333)
        );
        let multiply = |a, b| Operation::Multiply.compute(a, 18, b, 18);
        assert_eq!(multiply(1_000_000 * ONE, 1_000_000 * ONE), Some(1_000_000_000_000 * ONE));
        assert_eq!(multiply(1, ONE / 2), Some(1));
        assert_eq!(multiply(10i128.pow(37), 10i128.pow(37)), None);
    }

    #[test]
    fn only_amounts_without_room_are_rewritten() {
        let money = money_type();
        assert!(Operation::Multiply.applies(&money, &money));
        assert!(!Operation::Multiply.applies(&money, &DataType::Decimal128(2, 1)));
        assert!(Operation::Divide.applies(&money, &DataType::Int64));
        assert!(!Operation::Divide.applies(&DataType::Int64, &DataType::Int64));
        assert!(!Operation::Divide.applies(&money, &DataType::Float64));
    }

    proptest! {
        #[test]
        fn parts_add_up_to_the_amount(
            amount in -10i128.pow(37)..10i128.pow(37),
            weights in proptest::collection::vec(1..10i128.pow(36), 1..12),
        ) {
            let total: i128 = weights.iter().sum();
            let mut below = 0;
            let mut sum = 0;
            for weight in &weights {
                let exact = part(amount, 0, *weight, total).unwrap();
                let share = part(amount, below, below + weight, total).unwrap();
                assert!((share - exact).abs() <= 1, "{share} {exact}");
                sum += share;
                below += weight;
            }
            prop_assert_eq!(sum, amount);
        }

        #[test]
        fn dividing_a_product_gives_the_factor_back(a in -1_000_000_000i128..1_000_000_000, b in 1i128..1_000_000) {
            let product = Operation::Multiply.compute(a * ONE, 18, b * ONE, 18).unwrap();
            prop_assert_eq!(Operation::Divide.compute(product, 18, b * ONE, 18), Some(a * ONE));
        }
    }
}
