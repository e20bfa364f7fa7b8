//! What is known of the value of an expression.

use std::collections::BTreeSet;

use datafusion::common::tree_node::{TreeNode, TreeNodeRecursion};
use datafusion::common::{DFSchema, Result as DataFusionResult};
use datafusion::logical_expr::expr::{Alias, Case, Cast, ScalarFunction, TryCast};
use datafusion::logical_expr::{BinaryExpr, Expr, Operator, Subquery, binary_expr};

use super::condition::Matching;
use super::convert::CONVERT;
use super::lineage::{Amount, Origin, Spread, Traits};
use super::relation::Walker;
use crate::engine::allocation::SHARE_OF;

/// Functions that give a currency code as it is, or in other letters.
const SAME_TEXT: [&str; 7] = ["btrim", "lower", "ltrim", "nullif", "rtrim", "trim", "upper"];

/// Whether the function `name` gives one of its arguments, or its text in other letters.
pub(super) fn keeps_text(name: &str) -> bool {
    name == "coalesce" || SAME_TEXT.contains(&name)
}

impl Walker {
    /// What is known of `expr` over the columns of `relation`, whose names `schema` holds. Subqueries are walked.
    pub(super) fn traits(&mut self, expr: &Expr, schema: &DFSchema, relation: &[Traits]) -> Traits {
        match expr {
            Expr::Column(column) => {
                schema.index_of_column(column).ok().and_then(|index| relation.get(index)).cloned().unwrap_or_default()
            }
            Expr::OuterReferenceColumn(_, column) => {
                let found = self.around.iter().rev().find_map(|(schema, relation)| {
                    schema.index_of_column(column).ok().and_then(|index| relation.get(index))
                });
                found.cloned().unwrap_or_default()
            }
            Expr::Literal(value, _) => value.try_as_str().flatten().map_or_else(Traits::default, Traits::of_code),
            Expr::Alias(Alias { expr, .. }) | Expr::Cast(Cast { expr, .. }) | Expr::TryCast(TryCast { expr, .. }) => {
                self.traits(expr, schema, relation)
            }
            Expr::BinaryExpr(BinaryExpr { left, op, right }) => {
                let (left, right) = (self.traits(left, schema, relation), self.traits(right, schema, relation));
                Traits::of_amounts(combined(*op, left.amounts, right.amounts))
            }
            Expr::Case(case) => self.case(case, schema, relation),
            Expr::ScalarFunction(call) => self.function(call, schema, relation),
            Expr::ScalarSubquery(subquery) => self.scalar(subquery, schema, relation),
            Expr::Exists(exists) => self.condition(&exists.subquery, schema, relation),
            Expr::InSubquery(membership) => self.condition(&membership.subquery, schema, relation),
            Expr::SetComparison(comparison) => self.condition(&comparison.subquery, schema, relation),
            Expr::Negative(_) | Expr::Unnest(_) | Expr::HigherOrderFunction(_) | Expr::Lambda(_) => {
                Traits::of_amounts(self.amounts_below(expr, schema, relation))
            }
            _ => {
                // A condition or the like is no amount, but subqueries in it are walked.
                self.amounts_below(expr, schema, relation);
                Traits::default()
            }
        }
    }

    fn amounts_below(&mut self, expr: &Expr, schema: &DFSchema, relation: &[Traits]) -> BTreeSet<Amount> {
        let mut amounts = BTreeSet::new();
        let visited: DataFusionResult<TreeNodeRecursion> = expr.apply_children(|child| {
            amounts.extend(self.traits(child, schema, relation).amounts);
            Ok(TreeNodeRecursion::Continue)
        });
        debug_assert!(visited.is_ok(), "nothing fails on the way");
        amounts
    }

    fn case(&mut self, case: &Case, schema: &DFSchema, relation: &[Traits]) -> Traits {
        let mut amounts = BTreeSet::new();
        if let Some(value) = &case.expr {
            self.traits(value, schema, relation);
        }
        for (when, then) in &case.when_then_expr {
            self.traits(when, schema, relation);
            let compared = |value: &Expr| binary_expr(value.clone(), Operator::Eq, when.as_ref().clone());
            let condition = case.expr.as_deref().map_or_else(|| when.as_ref().clone(), compared);
            amounts.extend(self.traits_where(&condition, then, schema, relation).amounts);
        }
        if let Some(otherwise) = &case.else_expr {
            amounts.extend(self.traits(otherwise, schema, relation).amounts);
        }
        Traits::of_amounts(amounts)
    }

    /// What is known of `expr` in the rows that meet `condition`, which was walked before.
    pub(super) fn traits_where(
        &mut self,
        condition: &Expr,
        expr: &Expr,
        schema: &DFSchema,
        relation: &[Traits],
    ) -> Traits {
        let mut narrowed = relation.to_vec();
        self.narrow(condition, schema, &mut narrowed, Matching::of_filter(relation.len()));
        self.traits(expr, schema, &narrowed)
    }

    fn function(&mut self, call: &ScalarFunction, schema: &DFSchema, relation: &[Traits]) -> Traits {
        let arguments: Vec<Traits> = call.args.iter().map(|arg| self.traits(arg, schema, relation)).collect();
        match (call.name(), arguments.as_slice()) {
            (CONVERT, [amount, from, to, _]) => Traits::of_amounts(self.converted(amount, from, to)),
            // A share has the currency of what is divided, whatever it is divided by.
            (SHARE_OF, [amount, ..]) => Traits::of_amounts(amount.amounts.clone()),
            ("coalesce", _) => first_present(arguments),
            (name, [text, ..]) if SAME_TEXT.contains(&name) => {
                Traits { constant: None, amounts: text.amounts.clone(), ..text.clone() }
            }
            ("signum", _) => Traits::default(),
            _ => Traits::of_amounts(arguments.into_iter().flat_map(|argument| argument.amounts).collect()),
        }
    }

    /// The amounts of a conversion: those whose currency `from` really names are now in the currency that `to` is.
    fn converted(&mut self, amount: &Traits, from: &Traits, to: &Traits) -> BTreeSet<Amount> {
        let (targets, spread) = match &to.constant {
            Some(code) => (BTreeSet::from([Origin::Code(code.clone())]), Spread::Converted),
            None if to.holds.is_empty() => (BTreeSet::from([self.fresh()]), Spread::Anywhere),
            None => (to.holds.clone(), Spread::Anywhere),
        };
        let is_named = |amount: &Amount| match &amount.origin {
            Origin::Code(code) => from.constant.as_ref() == Some(code) || from.holds.contains(&amount.origin),
            origin => from.holds.contains(origin),
        };
        let (named, others): (BTreeSet<Amount>, BTreeSet<Amount>) = amount.amounts.iter().cloned().partition(is_named);
        let targets = &targets;
        let converted = named.into_iter().flat_map(|amount| {
            targets.iter().map(move |target| Amount { origin: target.clone(), spread, money: amount.money })
        });
        converted.chain(others).collect()
    }

    fn scalar(&mut self, subquery: &Subquery, schema: &DFSchema, relation: &[Traits]) -> Traits {
        self.within(schema, relation, &subquery.subquery).into_iter().next().unwrap_or_default()
    }

    fn condition(&mut self, subquery: &Subquery, schema: &DFSchema, relation: &[Traits]) -> Traits {
        self.within(schema, relation, &subquery.subquery);
        Traits::default()
    }
}

/// The amounts in the result of an operator: a comparison has none, and neither has the ratio of two amounts.
fn combined(op: Operator, left: BTreeSet<Amount>, right: BTreeSet<Amount>) -> BTreeSet<Amount> {
    match op {
        Operator::Divide if !left.is_empty() && !right.is_empty() => BTreeSet::new(),
        Operator::Plus | Operator::Minus | Operator::Multiply | Operator::Divide | Operator::Modulo => {
            left.into_iter().chain(right).collect()
        }
        _ => BTreeSet::new(),
    }
}

/// The first argument that is not NULL: a currency, when each one before it names the same one or nothing.
fn first_present(arguments: Vec<Traits>) -> Traits {
    let mut held = BTreeSet::new();
    let mut passed: Option<BTreeSet<Origin>> = None;
    let mut amounts = BTreeSet::new();
    for argument in arguments {
        let agreed = |origin: &Origin| passed.as_ref().is_none_or(|passed| passed.contains(origin));
        held.extend(argument.holds.iter().filter(|origin| agreed(origin)).cloned());
        let named: BTreeSet<Origin> = argument.holds.into_iter().chain(argument.when_present).collect();
        passed = Some(match passed {
            Some(passed) => passed.intersection(&named).cloned().collect(),
            None => named,
        });
        amounts.extend(argument.amounts);
    }
    Traits { amounts, holds: held, ..Traits::default() }
}
