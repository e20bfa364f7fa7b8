//! Values of arguments as they stand in a statement.

use chrono::NaiveDate;
use datafusion::sql::sqlparser::ast::{Expr, UnaryOperator, Value};

/// The name of a column as it was written.
#[derive(Debug, Clone)]
pub(super) struct Name<'a> {
    pub(super) text: &'a str,
    /// Only this spelling, letter case included.
    pub(super) exact: bool,
    pub(super) place: &'a Expr,
}

/// `value` without parentheses and casts around it.
pub(super) fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => bare(inner),
        other => other,
    }
}

/// The name of a column, as an identifier or as text.
pub(super) fn column(value: &Expr) -> Option<Name<'_>> {
    let (text, exact) = match value {
        Expr::Identifier(ident) => (ident.value.as_str(), ident.quote_style.is_some()),
        Expr::CompoundIdentifier(parts) => {
            let last = parts.last()?;
            (last.value.as_str(), last.quote_style.is_some())
        }
        Expr::Value(value) => match &value.value {
            Value::SingleQuotedString(text) => (text.as_str(), false),
            _ => return None,
        },
        _ => return None,
    };
    Some(Name { text, exact, place: value })
}

/// A number as it was written.
pub(super) fn number(value: &Expr) -> Option<String> {
    match value {
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(digits.clone()),
            _ => None,
        },
        Expr::UnaryOp { op: UnaryOperator::Minus, expr } => Some(format!("-{}", number(expr)?)),
        _ => None,
    }
}

/// A text, or that of a typed literal such as a date.
pub(super) fn text(value: &Expr) -> Option<String> {
    let value = match value {
        Expr::Value(value) => value,
        Expr::TypedString(typed) => &typed.value,
        _ => return None,
    };
    match &value.value {
        Value::SingleQuotedString(text) => Some(text.clone()),
        _ => None,
    }
}

/// The day of a date or of a timestamp at midnight.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    let (date, time) = text.split_at_checked(10)?;
    let at_midnight = time.trim_end_matches('Z').trim_start_matches(['T', ' ']).chars().all(|c| "0:.".contains(c));
    date.parse().ok().filter(|_| at_midnight)
}
