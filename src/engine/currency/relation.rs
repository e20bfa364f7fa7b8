//! Follows the amounts of the ledger through a plan, from the scans up.

use std::collections::{BTreeMap, BTreeSet};

use datafusion::common::{DFSchema, DFSchemaRef, JoinType};
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::expr::GroupingSet;
use datafusion::logical_expr::utils::grouping_set_to_exprlist;
use datafusion::logical_expr::{
    Aggregate, Distinct, Expr, Join, LogicalPlan, Operator, RecursiveQuery, TableScan, Union, Window, binary_expr,
};

use super::condition::Matching;
use super::lineage::{Amount, Origin, Spread, Traits, money};
use super::mixed::Mixed;
use crate::engine::forecast::Node;
use crate::engine::ledger;
use crate::engine::privacy::unmasked;

/// The columns of a relation, by position.
pub(super) type Relation = Vec<Traits>;

/// Walks a plan and gathers the sums that may add several currencies.
#[derive(Debug, Default)]
pub(super) struct Walker {
    /// Scans and computed texts so far.
    counted: usize,
    /// Origins below this number belong to a statement around the one walked: constants for one run of it.
    own_from: usize,
    /// The relations around a subquery, the nearest last.
    pub(super) around: Vec<(DFSchemaRef, Relation)>,
    /// What recursive queries feed themselves.
    feeding: BTreeMap<String, Relation>,
    pub(super) suspects: Vec<Mixed>,
}

impl Walker {
    /// The columns of `plan`.
    pub(super) fn relation(&mut self, plan: &LogicalPlan) -> Relation {
        match plan {
            LogicalPlan::TableScan(scan) => self.scan(scan),
            LogicalPlan::Projection(projection) => self.computed(&projection.expr, &projection.input, plan.schema()),
            LogicalPlan::Distinct(Distinct::On(distinct)) => {
                self.computed(&distinct.select_expr, &distinct.input, plan.schema())
            }
            LogicalPlan::Filter(filter) => {
                let mut relation = self.relation(&filter.input);
                self.traits(&filter.predicate, filter.input.schema(), &relation);
                let matching = Matching::of_filter(relation.len());
                self.narrow(&filter.predicate, filter.input.schema(), &mut relation, matching);
                relation
            }
            LogicalPlan::Aggregate(aggregate) => self.aggregate(aggregate),
            LogicalPlan::Window(window) => self.window(window),
            LogicalPlan::Join(join) => self.join(join),
            LogicalPlan::Union(union) => self.union(union),
            LogicalPlan::RecursiveQuery(query) => self.recursive(query),
            LogicalPlan::Unnest(unnest) => {
                let relation = self.relation(&unnest.input);
                unnest
                    .dependency_indices
                    .iter()
                    .map(|index| relation.get(*index).cloned().unwrap_or_default())
                    .collect()
            }
            LogicalPlan::Subquery(subquery) => self.relation(&subquery.subquery),
            LogicalPlan::Extension(extension) => match extension.node.as_any().downcast_ref::<Node>() {
                Some(call) => self.forecast(call),
                None => self.passed_on(plan),
            },
            _ => self.passed_on(plan),
        }
    }

    /// The number of something that decides a currency by itself.
    pub(super) fn fresh(&mut self) -> Origin {
        self.counted += 1;
        Origin::Column { scan: self.counted, column: 0 }
    }

    /// What decides a currency once for the statement.
    pub(super) fn once(&mut self) -> Origin {
        self.counted += 1;
        Origin::Once(self.counted)
    }

    /// Walks a plan that runs once for a row of `relation`.
    pub(super) fn within(&mut self, schema: &DFSchema, relation: &[Traits], plan: &LogicalPlan) -> Relation {
        let around = (DFSchemaRef::new(schema.clone()), relation.to_vec());
        self.around.push(around);
        let own_from = std::mem::replace(&mut self.own_from, self.counted + 1);
        let inner = self.relation(plan);
        self.own_from = own_from;
        self.around.pop();
        inner
    }

    /// Whether a column that holds one of `origins` decides the currency of `amount`, or nothing is left to decide.
    pub(super) fn decides(&self, origins: &BTreeSet<Origin>, amount: &Amount) -> bool {
        origins.contains(&amount.origin) || matches!(amount.origin, Origin::Column { scan, .. } if scan < self.own_from)
    }

    fn scan(&mut self, scan: &TableScan) -> Relation {
        if let Some(relation) = self.feeding.get(scan.table_name.table()) {
            return relation.clone();
        }
        if let Some(view) = scan.source.get_logical_plan() {
            let relation = self.relation(&view);
            return match &scan.projection {
                Some(kept) => kept.iter().map(|index| relation.get(*index).cloned().unwrap_or_default()).collect(),
                None => relation,
            };
        }
        self.counted += 1;
        let number = self.counted;
        let table = scan.source.schema();
        let is_ledger =
            source_as_provider(&scan.source).is_ok_and(|provider| ledger::is_ledger(unmasked(provider.as_ref())));
        let origin = |column: usize| Origin::Column { scan: number, column };
        scan.projected_schema
            .fields()
            .iter()
            .map(|field| {
                let mut traits = Traits::default();
                if let (true, Ok(index)) = (field.data_type().is_string(), table.index_of(field.name())) {
                    traits.holds.insert(origin(index));
                }
                if let (true, Some((money, axis))) = (is_ledger, money(field.name()))
                    && let Ok(index) = table.index_of(axis.column())
                {
                    traits.amounts.insert(Amount { origin: origin(index), spread: Spread::Ledger(axis), money });
                }
                traits
            })
            .collect()
    }

    fn computed(&mut self, expressions: &[Expr], input: &LogicalPlan, schema: &DFSchema) -> Relation {
        let relation = self.relation(input);
        let columns = expressions.iter().map(|expr| self.traits(expr, input.schema(), &relation)).collect::<Vec<_>>();
        let is_text = |index: usize| schema.fields().get(index).is_some_and(|field| field.data_type().is_string());
        let named = columns.into_iter().enumerate().map(|(index, mut traits)| {
            // A text made here may serve as a currency further up: it then decides for itself.
            if traits.holds.is_empty() && is_text(index) {
                traits.holds.insert(self.fresh());
            }
            traits
        });
        named.collect()
    }

    /// Operators that hand on the columns of their inputs as they are.
    fn passed_on(&mut self, plan: &LogicalPlan) -> Relation {
        let mut relation: Relation = plan.inputs().into_iter().flat_map(|input| self.relation(input)).collect();
        if let [input] = plan.inputs().as_slice() {
            let schema = input.schema();
            for expr in plan.expressions() {
                self.traits(&expr, schema, &relation);
            }
        }
        relation.resize(plan.schema().fields().len(), Traits::default());
        relation
    }

    fn aggregate(&mut self, aggregate: &Aggregate) -> Relation {
        let schema = aggregate.input.schema();
        let input = self.relation(&aggregate.input);
        let grouping: Vec<Expr> = grouping_set_to_exprlist(&aggregate.group_expr)
            .map(|exprs| exprs.into_iter().cloned().collect())
            .unwrap_or_default();
        let groups: Vec<Traits> = grouping.iter().map(|expr| self.traits(expr, schema, &input)).collect();
        let everywhere = |index: &usize| stands_in_every_set(&grouping[*index], &aggregate.group_expr);
        let deciding: BTreeSet<Origin> =
            (0..groups.len()).filter(everywhere).flat_map(|index| groups[index].holds.clone()).collect();
        let results: Vec<Traits> =
            aggregate.aggr_expr.iter().map(|expr| self.call(expr, schema, &input, Some(&deciding))).collect();
        // Grouping sets put a column of their own between the groups and the results.
        let mut relation = groups;
        relation.resize(aggregate.schema.fields().len().saturating_sub(results.len()), Traits::default());
        relation.extend(results);
        relation
    }

    fn window(&mut self, window: &Window) -> Relation {
        let mut relation = self.relation(&window.input);
        let schema = window.input.schema();
        let results: Vec<Traits> =
            window.window_expr.iter().map(|expr| self.call(expr, schema, &relation, None)).collect();
        relation.extend(results);
        relation
    }

    fn union(&mut self, union: &Union) -> Relation {
        let mut inputs = union.inputs.iter().map(|input| self.relation(input)).collect::<Vec<_>>().into_iter();
        let first = inputs.next().unwrap_or_default();
        inputs.fold(first, stacked)
    }

    fn recursive(&mut self, query: &RecursiveQuery) -> Relation {
        let first = self.relation(&query.static_term);
        let outer = self.feeding.insert(query.name.clone(), first.clone());
        let further = self.relation(&query.recursive_term);
        match outer {
            Some(outer) => self.feeding.insert(query.name.clone(), outer),
            None => self.feeding.remove(&query.name),
        };
        stacked(first, further)
    }

    fn join(&mut self, join: &Join) -> Relation {
        let left = self.relation(&join.left);
        // A lateral subquery on the right sees the rows of the left.
        let right = self.within(join.left.schema(), &left, &join.right);
        let width = left.len();
        let mut both: Relation = left.into_iter().chain(right).collect();
        if let Ok(schema) = join.left.schema().join(join.right.schema()) {
            let pairs = join.on.iter().map(|(left, right)| binary_expr(left.clone(), Operator::Eq, right.clone()));
            for condition in pairs.chain(join.filter.clone()) {
                self.traits(&condition, &schema, &both);
                self.narrow(&condition, &schema, &mut both, Matching::of_join(join.join_type, width));
            }
        }
        match join.join_type {
            JoinType::LeftSemi | JoinType::LeftAnti | JoinType::LeftMark => both.truncate(width),
            JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark => both = both.split_off(width),
            JoinType::Inner | JoinType::Left | JoinType::Right | JoinType::Full => {}
        }
        both.resize(join.schema.fields().len(), Traits::default());
        both
    }
}

/// The rows of both, one below the other. A column still names the currency of an amount when it does so in both, or when
/// only one of them has such amounts: a recursive query may have put another name beside the same amounts.
fn stacked(upper: Relation, lower: Relation) -> Relation {
    let (above, below) = (origins(&upper), origins(&lower));
    let mut lower = lower.into_iter();
    let stack = |mut upper: Traits| {
        let mut lower = lower.next().unwrap_or_default();
        let (held, other) = (upper.holds.clone(), lower.holds.clone());
        upper.holds.retain(|origin| other.contains(origin) || !below.contains(origin));
        lower.holds.retain(|origin| held.contains(origin) || !above.contains(origin));
        upper.stacked(lower)
    };
    upper.into_iter().map(stack).collect()
}

/// What decides the currencies of the amounts in `relation`.
fn origins(relation: &[Traits]) -> BTreeSet<Origin> {
    relation.iter().flat_map(|column| &column.amounts).map(|amount| amount.origin.clone()).collect()
}

/// Whether `expr` groups every row of the result: a subtotal without it runs across its values.
fn stands_in_every_set(expr: &Expr, grouping: &[Expr]) -> bool {
    match grouping {
        [Expr::GroupingSet(GroupingSet::GroupingSets(sets))] => sets.iter().all(|set| set.contains(expr)),
        [Expr::GroupingSet(GroupingSet::Rollup(_) | GroupingSet::Cube(_))] => false,
        _ => true,
    }
}
