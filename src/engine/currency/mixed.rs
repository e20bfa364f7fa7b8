//! Aggregates and windows over amounts, and which of them may add several currencies.

use std::collections::BTreeSet;

use datafusion::common::{Column, DFSchema, Span};
use datafusion::logical_expr::expr::{Alias, WindowFunctionDefinition};
use datafusion::logical_expr::expr_rewriter::unnormalize_col;
use datafusion::logical_expr::{Expr, UserDefinedLogicalNodeCore};

use super::Currencies;
use super::lineage::{Amount, Origin, Spread, Traits};
use super::relation::Walker;
use crate::engine::forecast::Node;

/// Functions whose result is no amount, whatever they are given.
const COUNTING: [&str; 12] = [
    "approx_distinct",
    "bool_and",
    "bool_or",
    "count",
    "cume_dist",
    "dense_rank",
    "grouping",
    "ntile",
    "percent_rank",
    "rank",
    "regr_count",
    "row_number",
];

/// Functions that pick one amount, as it is, and add nothing: the least and the greatest are of whichever currency. A list
/// of many amounts is none of these: `array_sum` would add what is in it.
const PICKING: [&str; 8] = ["any_value", "first_value", "lag", "last_value", "lead", "max", "min", "nth_value"];

/// A call that may add amounts of several currencies.
#[derive(Debug, Clone)]
pub(super) struct Mixed {
    /// The call as people wrote it, without the names of tables.
    pub(super) call: String,
    /// Where the amount stands in the statement.
    pub(super) span: Option<Span>,
    /// What it adds.
    amounts: BTreeSet<Amount>,
}

impl Mixed {
    /// The currencies it adds when the ledger holds `known`; `None` when a column decides that is not of the ledger.
    pub(super) fn currencies(&self, known: &Currencies) -> Option<BTreeSet<String>> {
        let mut found = BTreeSet::new();
        for amount in &self.amounts {
            match (&amount.origin, amount.spread) {
                (_, Spread::Anywhere) => return None,
                (Origin::Code(code), Spread::Converted) => drop(found.insert(code.clone())),
                // Nothing passes a filter for a currency that is not there.
                (Origin::Code(code), Spread::Ledger(axis)) => {
                    found.extend(known.of(axis).iter().filter(|known| *known == code).cloned());
                }
                (Origin::Column { .. } | Origin::Once(_), Spread::Ledger(axis)) => {
                    found.extend(known.of(axis).iter().cloned());
                }
                (Origin::Column { .. } | Origin::Once(_), Spread::Converted) => {}
            }
        }
        Some(found)
    }

    /// The axes whose currencies have to be known to judge it.
    pub(super) fn axes(&self) -> impl Iterator<Item = super::Axis> {
        self.amounts.iter().filter_map(|amount| match amount.spread {
            Spread::Ledger(axis) => Some(axis),
            Spread::Converted | Spread::Anywhere => None,
        })
    }

    /// The columns of the ledger that it adds.
    pub(super) fn money(&self) -> BTreeSet<&'static str> {
        self.amounts.iter().map(|amount| amount.money).collect()
    }
}

impl Walker {
    /// The result of one aggregate over groups in which the currencies of `deciding` are one each, or of a window, which
    /// names its groups itself.
    pub(super) fn call(
        &mut self,
        expr: &Expr,
        schema: &DFSchema,
        relation: &[Traits],
        deciding: Option<&BTreeSet<Origin>>,
    ) -> Traits {
        let (name, arguments, filter, partition) = match expr {
            Expr::Alias(Alias { expr, .. }) => return self.call(expr, schema, relation, deciding),
            Expr::AggregateFunction(call) => {
                (call.func.name().to_owned(), &call.params.args, call.params.filter.as_deref(), None)
            }
            Expr::WindowFunction(call) => {
                let name = match &call.fun {
                    WindowFunctionDefinition::AggregateUDF(function) => function.name().to_owned(),
                    WindowFunctionDefinition::WindowUDF(function) => function.name().to_owned(),
                };
                (name, &call.params.args, call.params.filter.as_deref(), Some(&call.params.partition_by))
            }
            other => return self.traits(other, schema, relation),
        };
        let mut amounts = BTreeSet::new();
        if let Some(filter) = filter {
            self.traits(filter, schema, relation);
        }
        for argument in arguments {
            let traits = match filter {
                Some(filter) => self.traits_where(filter, argument, schema, relation),
                None => self.traits(argument, schema, relation),
            };
            amounts.extend(traits.amounts);
        }
        if amounts.is_empty() || COUNTING.contains(&name.as_str()) {
            return Traits::default();
        }
        let partition: BTreeSet<Origin> =
            partition.into_iter().flatten().flat_map(|expr| self.traits(expr, schema, relation).holds).collect();
        let deciding = deciding.unwrap_or(&partition);
        let settled = amounts.iter().all(|amount| self.decides(deciding, amount)) || is_one_currency(&amounts);
        if PICKING.contains(&name.as_str()) {
            if settled || matches!(expr, Expr::AggregateFunction(_)) {
                return Traits::of_amounts(amounts);
            }
            // An amount from another row, beside the currency of this one: nothing names its currency any more.
            let stray = self.fresh();
            let strayed = amounts.into_iter().map(|amount| match amount.origin {
                Origin::Code(_) | Origin::Once(_) => amount,
                Origin::Column { .. } => Amount { origin: stray.clone(), ..amount },
            });
            return Traits::of_amounts(strayed.collect());
        }
        if !settled {
            let call = unnormalize_col(expr.clone()).schema_name().to_string();
            let span = arguments.iter().flat_map(Expr::column_refs).find_map(span_of);
            self.suspects.push(Mixed { call, span, amounts: amounts.clone() });
        }
        Traits::of_amounts(amounts)
    }
}

impl Walker {
    /// The columns of a call of a forecast function: a series, and a total, is of one currency.
    pub(super) fn forecast(&mut self, call: &Node) -> Vec<Traits> {
        let input = self.relation(call.input());
        let (ids, rest) = input.split_at(call.ids().min(input.len()));
        let kept: Vec<Traits> = call.kept().iter().filter_map(|at| ids.get(*at)).cloned().collect();
        let amounts = rest.get(1).map(|data| data.amounts.clone()).unwrap_or_default();
        let deciding: BTreeSet<Origin> = kept.iter().flat_map(|id| id.holds.clone()).collect();
        if !amounts.iter().all(|amount| self.decides(&deciding, amount)) && !is_one_currency(&amounts) {
            let column = call.input().schema().columns().pop();
            let written = format!("{}({})", call.function(), column.as_ref().map_or("", |column| column.name()));
            let span = column.as_ref().and_then(span_of);
            self.suspects.push(Mixed { call: written, span, amounts: amounts.clone() });
        }
        let results = call.schema().fields().iter().skip(kept.len()).map(|field| {
            Traits::of_amounts(if call.is_amount(field.name()) { amounts.clone() } else { BTreeSet::new() })
        });
        kept.into_iter().chain(results).collect()
    }
}

/// Whether one currency, known or not, is that of them all.
fn is_one_currency(amounts: &BTreeSet<Amount>) -> bool {
    let origins: BTreeSet<&Origin> = amounts.iter().map(|amount| &amount.origin).collect();
    origins.len() == 1 && origins.iter().all(|origin| !matches!(origin, Origin::Column { .. }))
}

fn span_of(column: &Column) -> Option<Span> {
    column.spans.first()
}
