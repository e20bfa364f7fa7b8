//! `->` and `->>` bind as in PostgreSQL: before a comparison.
//!
//! The parser of DataFusion binds them after comparisons, so `Tags ->> 'team' = 'search'` would ask for the key
//! `'team' = 'search'`. What it put together without parentheses is put together again the other way round.

use std::mem;
use std::ops::ControlFlow;

use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{BinaryOperator, Expr, Ident, VisitMut, VisitorMut};

/// Lets the arrows of `statement` bind before comparisons.
pub(super) fn bind(statement: &mut Statement) {
    match statement {
        Statement::Statement(inner) => drop(inner.visit(&mut Arrows)),
        Statement::Explain(explain) => bind(&mut explain.statement),
        Statement::CreateExternalTable(_) | Statement::CopyTo(_) | Statement::Reset(_) => {}
    }
}

struct Arrows;

impl VisitorMut for Arrows {
    type Break = ();

    fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
        if let Expr::BinaryOp { left, op: op @ (BinaryOperator::Arrow | BinaryOperator::LongArrow), right } = expr {
            *expr = bound(taken(left), op.clone(), taken(right));
        }
        ControlFlow::Continue(())
    }
}

/// The arrow between the operands that stand next to it, inside of what binds after it.
fn bound(mut left: Expr, arrow: BinaryOperator, mut right: Expr) -> Expr {
    if let Some(operand) = first_operand(&mut right) {
        *operand = bound(left, arrow, taken(operand));
        return right;
    }
    if let Some(operand) = last_operand(&mut left) {
        *operand = bound(taken(operand), arrow, right);
        return left;
    }
    Expr::BinaryOp { left: Box::new(left), op: arrow, right: Box::new(right) }
}

fn taken(expr: &mut Expr) -> Expr {
    mem::replace(expr, Expr::Identifier(Ident::new("")))
}

/// The operand that a comparison without parentheses begins with.
fn first_operand(expr: &mut Expr) -> Option<&mut Expr> {
    match expr {
        Expr::BinaryOp { left, op, .. } if compares(op) => Some(left),
        Expr::IsTrue(operand)
        | Expr::IsNotTrue(operand)
        | Expr::IsFalse(operand)
        | Expr::IsNotFalse(operand)
        | Expr::IsNull(operand)
        | Expr::IsNotNull(operand)
        | Expr::IsUnknown(operand)
        | Expr::IsNotUnknown(operand)
        | Expr::IsDistinctFrom(operand, _)
        | Expr::IsNotDistinctFrom(operand, _)
        | Expr::InList { expr: operand, .. }
        | Expr::InSubquery { expr: operand, .. }
        | Expr::Between { expr: operand, .. }
        | Expr::Like { expr: operand, .. }
        | Expr::ILike { expr: operand, .. }
        | Expr::SimilarTo { expr: operand, .. }
        | Expr::AnyOp { left: operand, .. }
        | Expr::AllOp { left: operand, .. } => Some(operand),
        _ => None,
    }
}

/// The operand that a comparison without parentheses ends with.
fn last_operand(expr: &mut Expr) -> Option<&mut Expr> {
    match expr {
        Expr::BinaryOp { right, op, .. } if compares(op) => Some(right),
        Expr::IsDistinctFrom(_, operand)
        | Expr::IsNotDistinctFrom(_, operand)
        | Expr::Between { high: operand, .. }
        | Expr::Like { pattern: operand, .. }
        | Expr::ILike { pattern: operand, .. }
        | Expr::SimilarTo { pattern: operand, .. } => Some(operand),
        _ => None,
    }
}

fn compares(op: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(
        op,
        Op::Eq
            | Op::NotEq
            | Op::Lt
            | Op::LtEq
            | Op::Gt
            | Op::GtEq
            | Op::PGRegexMatch
            | Op::PGRegexIMatch
            | Op::PGRegexNotMatch
            | Op::PGRegexNotIMatch
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Sql;
    use crate::engine::guard::parse_one;

    /// Puts each arrow in parentheses.
    struct Shown;

    impl VisitorMut for Shown {
        type Break = ();

        fn post_visit_expr(&mut self, expr: &mut Expr) -> ControlFlow<()> {
            if let Expr::BinaryOp { op: BinaryOperator::Arrow | BinaryOperator::LongArrow, .. } = expr {
                *expr = Expr::Nested(Box::new(taken(expr)));
            }
            ControlFlow::Continue(())
        }
    }

    fn shown(text: &str) -> String {
        let text = format!("SELECT {text}");
        let Statement::Statement(mut statement) = parse_one(Sql::new(&text, "a test")).unwrap() else {
            panic!("{text}")
        };
        let _finished = statement.visit(&mut Shown);
        statement.to_string().trim_start_matches("SELECT ").to_owned()
    }

    #[test]
    fn arrows_bind_before_comparisons() {
        for (text, meant) in [
            ("t ->> 'a' = 'x'", "(t ->> 'a') = 'x'"),
            ("'x' = t ->> 'a'", "'x' = (t ->> 'a')"),
            ("t ->> 'a' = u ->> 'b'", "(t ->> 'a') = (u ->> 'b')"),
            ("t -> 'a' ->> 'b' <> 'x'", "((t -> 'a') ->> 'b') <> 'x'"),
            ("t ->> 'a' IS NULL", "(t ->> 'a') IS NULL"),
            ("t ->> 'a' IN ('x', 'y')", "(t ->> 'a') IN ('x', 'y')"),
            ("t ->> 'a' NOT LIKE 'x%'", "(t ->> 'a') NOT LIKE 'x%'"),
            ("'x' LIKE t ->> 'a'", "'x' LIKE (t ->> 'a')"),
            ("t ->> 'a' BETWEEN 'x' AND u ->> 'b'", "(t ->> 'a') BETWEEN 'x' AND (u ->> 'b')"),
            ("t ->> 'a' IS DISTINCT FROM u ->> 'b'", "(t ->> 'a') IS DISTINCT FROM (u ->> 'b')"),
            ("NOT t ->> 'a' = 'x' AND u ->> 'b' = 'y'", "NOT (t ->> 'a') = 'x' AND (u ->> 'b') = 'y'"),
            ("t ->> ('a' = 'b')", "(t ->> ('a' = 'b'))"),
            ("(t = u) ->> 'a'", "((t = u) ->> 'a')"),
            ("t ->> 'a' || 'b'", "(t ->> 'a' || 'b')"),
            ("t ->> 'a' = ANY($list)", "(t ->> 'a') = ANY($list)"),
        ] {
            assert_eq!(shown(text), meant, "{text}");
        }
    }
}
