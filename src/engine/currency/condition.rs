//! What a condition says of currencies: equal to a code, or to another column.

use std::collections::BTreeSet;

use datafusion::common::{DFSchema, JoinType};
use datafusion::logical_expr::expr::{Alias, Cast, InList, TryCast};
use datafusion::logical_expr::utils::split_conjunction;
use datafusion::logical_expr::{BinaryExpr, Expr, Operator};

use super::expression::keeps_text;
use super::lineage::{Origin, Traits, substitute};
use super::relation::Walker;

/// Which rows of a join the condition holds in, by the side whose row is there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Matching {
    /// Columns of the left side.
    width: usize,
    /// Every row with a row of the left in it meets the condition.
    left: bool,
    /// Every row with a row of the right in it does.
    right: bool,
}

impl Matching {
    /// The rows of a join whose left side has `width` columns: those of a preserved side need no partner.
    pub(super) fn of_join(join: JoinType, width: usize) -> Self {
        Self {
            width,
            left: matches!(join, JoinType::Inner | JoinType::Right | JoinType::LeftSemi),
            right: matches!(join, JoinType::Inner | JoinType::Left | JoinType::RightSemi),
        }
    }

    /// The rows that pass a filter.
    pub(super) const fn of_filter(width: usize) -> Self {
        Self { width, left: true, right: true }
    }

    const fn holds_with(self, column: usize) -> bool {
        if column < self.width { self.left } else { self.right }
    }

    /// Says that what `decided` a currency is `by`, on the sides whose rows all meet the condition.
    fn substitute(self, columns: &mut [Traits], decided: &BTreeSet<Origin>, by: &Origin) {
        let (left, right) = columns.split_at_mut(self.width.min(columns.len()));
        for (side, meets) in [(left, self.left), (right, self.right)] {
            if meets {
                substitute(side, decided, by);
            }
        }
    }
}

impl Walker {
    /// Tells `columns` what holds in the rows that meet `condition`.
    pub(super) fn narrow(&mut self, condition: &Expr, schema: &DFSchema, columns: &mut [Traits], matching: Matching) {
        for (one, other) in split_conjunction(condition).into_iter().filter_map(equality) {
            let (Some(first), Some(second)) = (self.named(one, schema, columns), self.named(other, schema, columns))
            else {
                continue;
            };
            for (expr, known, with, other) in [(one, &first, other, &second), (other, &second, one, &first)] {
                if let Some(fixed) = self.fixed(with, other) {
                    matching.substitute(columns, &known.holds, &fixed);
                }
                equate(expr, (with, other), schema, columns, matching);
            }
        }
    }

    /// What is known of an expression that may name a currency; `None` of any other.
    ///
    /// The condition itself was walked before: here nothing is looked into that can nest, or conditions within conditions
    /// would be walked twice at every level.
    fn named(&mut self, expr: &Expr, schema: &DFSchema, columns: &[Traits]) -> Option<Traits> {
        match plain(expr) {
            Expr::ScalarSubquery(_) => Some(Traits::default()),
            expr if names_a_currency(expr) => Some(self.traits(expr, schema, columns)),
            _ => None,
        }
    }

    /// The one currency that an expression is throughout: a code, a column of the statement around, or what a subquery
    /// gives that runs once.
    fn fixed(&mut self, expr: &Expr, traits: &Traits) -> Option<Origin> {
        match (&traits.constant, plain(expr)) {
            (Some(code), _) => Some(Origin::Code(code.clone())),
            (None, Expr::OuterReferenceColumn(_, _)) => traits.holds.first().cloned(),
            (None, Expr::ScalarSubquery(subquery)) if subquery.outer_ref_columns.is_empty() => Some(self.once()),
            _ => None,
        }
    }
}

/// Tells `columns` that `expr` equals `with` in the rows that match.
fn equate(expr: &Expr, (with, other): (&Expr, &Traits), schema: &DFSchema, columns: &mut [Traits], matching: Matching) {
    let Some(index) = column(expr, schema) else { return };
    let Some(traits) = columns.get_mut(index) else { return };
    let partner = column(with, schema).unwrap_or(index);
    if matching.holds_with(partner) {
        traits.holds.extend(other.holds.iter().cloned());
    } else if partner != index {
        traits.when_present.extend(other.holds.iter().cloned());
    }
    if matching.holds_with(index) && traits.constant.is_none() {
        traits.constant.clone_from(&other.constant);
    }
}

/// The two sides of a condition that is an equality, or comes to one.
fn equality(condition: &Expr) -> Option<(&Expr, &Expr)> {
    match condition {
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Eq | Operator::IsNotDistinctFrom, right }) => {
            Some((left, right))
        }
        // `$currency IS NULL OR BillingCurrency = $currency`, with a value bound
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) if never(left) => equality(right),
        Expr::BinaryExpr(BinaryExpr { left, op: Operator::Or, right }) if never(right) => equality(left),
        Expr::InList(InList { expr, list, negated: false }) => match list.as_slice() {
            [only] => Some((expr, only)),
            _ => None,
        },
        _ => None,
    }
}

fn never(condition: &Expr) -> bool {
    matches!(condition, Expr::IsNull(value) if matches!(plain(value), Expr::Literal(literal, _) if !literal.is_null()))
}

/// Whether `expr` is a column or a text, or the text of one in other letters.
fn names_a_currency(expr: &Expr) -> bool {
    match plain(expr) {
        Expr::Column(_) | Expr::OuterReferenceColumn(_, _) | Expr::Literal(_, _) => true,
        Expr::ScalarFunction(call) if keeps_text(call.name()) => call.args.iter().all(names_a_currency),
        _ => false,
    }
}

/// The position of the column that `expr` is, whatever type it is cast to.
fn column(expr: &Expr, schema: &DFSchema) -> Option<usize> {
    match plain(expr) {
        Expr::Column(column) => schema.index_of_column(column).ok(),
        _ => None,
    }
}

fn plain(expr: &Expr) -> &Expr {
    match expr {
        Expr::Alias(Alias { expr, .. }) | Expr::Cast(Cast { expr, .. }) | Expr::TryCast(TryCast { expr, .. }) => {
            plain(expr)
        }
        _ => expr,
    }
}
