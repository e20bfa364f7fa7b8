//! A GROUP BY over the ledger, answered from a summary table as far as the table is as it should be, and from the charges for
//! the rest.
//!
//! ```text
//! before                              after
//! Aggregate: team, sum(EffectiveCost)   Projection: team, sum(effective_cost) AS sum(EffectiveCost)
//!   …                                     Aggregate: team, sum(effective_cost)
//!     TableScan: spend                      Union
//!                                             TableScan: daily_spend           intervals that are built and fresh
//!                                             Aggregate: team, sum(EffectiveCost)
//!                                               Filter: ChargePeriodStart in no such interval
//!                                                 TableScan: spend
//! ```
//!
//! The part over the charges is left out when the intervals hold all times that the statement asks for.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNodeRecursion};
use datafusion::common::{Column, DFSchema, Result as DataFusionResult, ScalarValue};
use datafusion::datasource::provider_as_source;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::logical_expr::utils::{conjunction, disjunction, split_conjunction};
use datafusion::logical_expr::{
    Aggregate, Expr, ExprSchemable, LogicalPlan, LogicalPlanBuilder, Projection, TableSource, cast, lit,
};
use datafusion::optimizer::simplify_expressions::ExprSimplifier;

use super::coverage::{Coverage, StoredInterval};
use super::derive::Derived;
use super::grouped::{Bounds, Contents, Grouped};
use super::times::{Window, window};
use super::unfold::bare;
use crate::engine::errors::from_datafusion;
use crate::engine::periods::ranged;
use crate::engine::session::Session;
use crate::engine::tables::FileTable;
use crate::engine::{Sql, ledger};
use crate::error::Result;
use crate::query::{SavedQuery, bind};
use crate::storage::Location;
use crate::summaries::intervals::{self, PARAMETER};

/// A summary table that may answer.
struct Candidate {
    table: String,
    contents: Contents,
    location: Location,
    coverage: Coverage,
}

/// A GROUP BY in terms of a summary.
struct Told {
    keys: Vec<Expr>,
    measures: Vec<Derived>,
    filters: Vec<Expr>,
    /// The times that it asks for.
    window: Window,
}

impl Session<'_> {
    /// `plan`, answered from the summary tables that can. Nothing about a summary table makes a statement fail: what is wrong
    /// with one is a note.
    ///
    /// # Errors
    /// Those of a plan that cannot be put together.
    pub(in crate::engine) async fn with_summaries(&self, plan: LogicalPlan) -> Result<LogicalPlan> {
        let Some(ledger) = self.opened(ledger::NAMES[0]).await.filter(|_| self.engine.known_at.is_none()) else {
            return Ok(plan);
        };
        let failed = |cause| from_datafusion(cause, None);
        let wanted = over_ledger(&plan, &ledger).map_err(failed)?;
        let mut candidates = Vec::new();
        if !wanted.is_empty() {
            for (table, query) in self.engine.catalog.summaries() {
                match self.candidate(table, query, &wanted, &ledger).await {
                    Ok(found) => candidates.extend(found),
                    Err(error) => self.note(format!("the summary table `{table}` was not used: {error}")),
                }
            }
        }
        if candidates.is_empty() {
            return Ok(plan);
        }
        // The smallest one that can answer does.
        candidates.sort_by_key(|candidate| bytes(&candidate.coverage));
        let answered = plan.transform_up_with_subqueries(|node| {
            let LogicalPlan::Aggregate(aggregate) = &node else { return Ok(Transformed::no(node)) };
            let Some(grouped) = Grouped::of(aggregate, &ledger)? else { return Ok(Transformed::no(node)) };
            for candidate in &candidates {
                if let Some(answer) = candidate.answer(aggregate, &grouped)? {
                    self.answered.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push(answer.what);
                    return Ok(Transformed::yes(answer.plan));
                }
            }
            Ok(Transformed::no(node))
        });
        answered.map(|answered| answered.data).map_err(failed)
    }

    /// The summary table `table` of `query`, when it can answer for one of `wanted`.
    async fn candidate(
        &self,
        table: &str,
        query: &SavedQuery,
        wanted: &[Grouped],
        ledger: &Arc<dyn TableProvider>,
    ) -> Result<Option<Candidate>> {
        let Some(contents) = self.contents(query, ledger).await? else { return Ok(None) };
        let windows = wanted.iter().filter_map(|grouped| contents.tell(grouped)).map(|told| told.window);
        let Some(window) = windows.reduce(Window::or) else { return Ok(None) };
        let Some(coverage) = self.coverage(query, window).await? else { return Ok(None) };
        let location = self.summaries()?.location().clone();
        Ok(Some(Candidate { table: table.to_owned(), contents, location, coverage }))
    }

    /// What the summary table of `query` holds in terms of the ledger; `None` when it is no sum over it.
    async fn contents(&self, query: &SavedQuery, ledger: &Arc<dyn TableProvider>) -> Result<Option<Contents>> {
        let Some(interval) = intervals::interval_of(query) else { return Ok(None) };
        let reads = self.engine.reads(query)?;
        if !reads.summaries.is_empty() || !reads.tables.contains(ledger::NAMES[0]) {
            return Ok(None);
        }
        // Long before any charge, so that no other literal of the query is one of its days.
        let period = self.engine.calendar.fiscal.containing(interval.grain, chrono::NaiveDate::default())?;
        let bound = bind(query, &intervals::given(query, &period)?, &self.engine.calendar)?;
        let value = |suffix: &str| bound.values.get(&format!("{PARAMETER}{suffix}")).cloned();
        let (Some(start), Some(end), Some(label)) = (value("_start"), value("_end"), value("")) else {
            return Ok(None);
        };
        let sql = Sql::of(query);
        let plan = self.plan(sql, &bound, std::slice::from_ref(&query.name)).await?;
        Contents::of(&plan, ledger, &Bounds { start, end, label }).map_err(|cause| from_datafusion(cause, Some(sql)))
    }
}

/// Every GROUP BY of `plan` right over `ledger`.
fn over_ledger(plan: &LogicalPlan, ledger: &Arc<dyn TableProvider>) -> DataFusionResult<Vec<Grouped>> {
    let mut found = Vec::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::Aggregate(aggregate) = node {
            found.extend(Grouped::of(aggregate, ledger)?);
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(found)
}

fn bytes(coverage: &Coverage) -> u64 {
    coverage.intervals.iter().flat_map(|interval| &interval.objects).map(|object| object.size).sum()
}

impl Contents {
    /// `grouped` in terms of the summary; `None` when the summary cannot tell all of it.
    fn tell(&self, grouped: &Grouped) -> Option<Told> {
        if !self.filters.iter().all(|filter| grouped.filters.contains(filter)) {
            return None;
        }
        let mut told = Told {
            keys: grouped.keys.iter().map(|key| self.derived(key)).collect::<Option<_>>()?,
            measures: grouped.measures.iter().map(|measure| self.derived_aggregate(measure)).collect::<Option<_>>()?,
            filters: Vec::new(),
            window: Window::default(),
        };
        for filter in grouped.filters.iter().filter(|filter| !self.filters.contains(filter)) {
            let simple = simplified(filter, grouped.ledger.1.as_ref()).unwrap_or_else(|_| filter.clone());
            let parts = split_conjunction(&simple);
            let windows = parts.iter().filter_map(|part| window(part, &self.time));
            told.window = windows.fold(told.window, Window::and);
            match self.derived(filter) {
                Some(derived) => told.filters.push(derived),
                None => {
                    let derived = |part: &&Expr| self.derived_bound(part).or_else(|| self.derived(part));
                    told.filters.extend(parts.iter().map(derived).collect::<Option<Vec<_>>>()?);
                }
            }
        }
        Some(told)
    }
}

/// `filter` over the columns of `table` with its constants worked out, and ranges for comparisons of periods.
fn simplified(filter: &Expr, table: &dyn TableSource) -> DataFusionResult<Expr> {
    let schema = Arc::new(DFSchema::try_from(table.schema().as_ref().clone())?);
    let simplifier = ExprSimplifier::new(SimplifyContext::builder().with_schema(Arc::clone(&schema)).build());
    let simple = simplifier.simplify(simplifier.coerce(filter.clone(), &schema)?)?;
    ranged(simple, &schema).data()
}

/// The answer to a GROUP BY.
struct Answer {
    plan: LogicalPlan,
    /// Where it comes from, in words.
    what: String,
}

impl Candidate {
    /// `aggregate`, which is `grouped` over the ledger, from this summary; `None` when it cannot be.
    fn answer(&self, aggregate: &Aggregate, grouped: &Grouped) -> DataFusionResult<Option<Answer>> {
        let Some(told) = self.contents.tell(grouped) else { return Ok(None) };
        let used = |interval: &&StoredInterval| !interval.window.and(told.window).is_empty();
        let used: Vec<&StoredInterval> = self.coverage.intervals.iter().filter(used).collect();
        let read = told.keys.iter().chain(&told.filters).chain(told.measures.iter().map(|measure| &measure.aggregate));
        let columns = self.contents.columns_of(read);
        let ([first, ..], [_, ..]) = (used.as_slice(), columns.as_slice()) else { return Ok(None) };
        let covered: Vec<Window> = used.iter().map(|interval| interval.window).collect();
        let rest = self.outside(&told, &covered);
        let last = used.last().unwrap_or(first);
        let of_charges = if rest.is_some() { ", the rest from the charges" } else { "" };
        let what = format!("{} has {} of {} to {}{of_charges}", self.table, counted(used.len()), first.name, last.name);
        let mut rows = self.rows(&used, &told, &columns)?;
        if let Some(rest) = rest {
            rows = rows.union(self.charges(grouped, rest, &columns)?)?;
        }
        regrouped(aggregate, &told, rows.build()?).map(|plan| Some(Answer { plan, what }))
    }

    /// The condition of charges that the statement asks for and no interval of `covered` holds; `None` when there are none.
    fn outside(&self, told: &Told, covered: &[Window]) -> Option<Expr> {
        let time = || bare(&self.contents.time);
        let at = |micros: i64| lit(ScalarValue::TimestampMicrosecond(Some(micros), None));
        let gap = |gap: Window| {
            let from = gap.from.map(|from| time().gt_eq(at(from)));
            let until = gap.until.map(|until| time().lt(at(until)));
            conjunction(from.into_iter().chain(until)).unwrap_or_else(|| time().is_not_null())
        };
        let gaps = told.window.without(covered).into_iter().map(gap);
        // A comparison leaves out charges without a time; a statement that has none means them, too.
        let untimed = (told.window == Window::default()).then(|| time().is_null());
        disjunction(gaps.chain(untimed))
    }

    /// The `columns` of the stored rows that meet what is told, in the types of the query.
    fn rows(&self, used: &[&StoredInterval], told: &Told, columns: &[&str]) -> DataFusionResult<LogicalPlanBuilder> {
        let objects = used.iter().flat_map(|interval| &interval.objects).cloned().collect();
        let files = FileTable::of_objects(self.location.clone(), objects, self.coverage.schema.as_ref().clone());
        let mut rows = LogicalPlanBuilder::scan(self.table.as_str(), provider_as_source(Arc::new(files)), None)?;
        if let Some(filter) = conjunction(told.filters.iter().cloned()) {
            rows = rows.filter(filter)?;
        }
        let schema = Arc::clone(rows.schema());
        let typed = |name: &&str| {
            let (_, field) = schema.qualified_field_with_unqualified_name(name)?;
            let wanted = self.contents.types.get(*name).unwrap_or(field.data_type());
            let column = if wanted == field.data_type() { bare(name) } else { cast(bare(name), wanted.clone()) };
            Ok(column.alias(*name))
        };
        rows.project(columns.iter().map(typed).collect::<DataFusionResult<Vec<_>>>()?)
    }

    /// The `columns` of the summary that the charges of `grouped` outside of it would have.
    fn charges(&self, grouped: &Grouped, outside: Expr, columns: &[&str]) -> DataFusionResult<LogicalPlan> {
        let (name, source) = &grouped.ledger;
        let filters = grouped.filters.iter().cloned().chain([outside]);
        let charges = LogicalPlanBuilder::scan(name.clone(), Arc::clone(source), None)?;
        let charges = conjunction(filters).map_or(Ok(charges.clone()), |filter| charges.filter(filter))?;
        let of = |known: &[(Expr, String)]| -> Vec<(Expr, String)> {
            known.iter().filter(|(_, name)| columns.contains(&name.as_str())).cloned().collect()
        };
        let (keys, measures) = (of(&self.contents.keys), of(&self.contents.measures));
        let exprs = |known: &[(Expr, String)]| known.iter().map(|(expr, _)| expr.clone()).collect();
        let (plan, inside) = aggregated(charges.build()?, exprs(&keys), exprs(&measures))?;
        let names: Vec<&String> = keys.iter().chain(&measures).map(|(_, name)| name).collect();
        let named = |wanted: &&str| {
            let at = names.iter().position(|name| name == wanted);
            at.and_then(|at| inside.get(at)).map(|column| Expr::Column(column.clone()).alias(*wanted))
        };
        LogicalPlanBuilder::from(plan).project(columns.iter().filter_map(named).collect::<Vec<_>>())?.build()
    }
}

fn counted(intervals: usize) -> String {
    if intervals == 1 { "1 interval".to_owned() } else { format!("{intervals} intervals") }
}

/// `rows` of a summary grouped as `aggregate` groups the charges, with the very columns of it.
fn regrouped(aggregate: &Aggregate, told: &Told, rows: LogicalPlan) -> DataFusionResult<LogicalPlan> {
    let mut measures: Vec<Expr> = Vec::new();
    for measure in &told.measures {
        if !measures.contains(&measure.aggregate) {
            measures.push(measure.aggregate.clone());
        }
    }
    let keys = told.keys.len();
    let at = |derived: &Derived| measures.iter().position(|known| *known == derived.aggregate).unwrap_or_default();
    let places: Vec<usize> = (0..keys).chain(told.measures.iter().map(|derived| keys + at(derived))).collect();
    let (grouped, inside) = aggregated(rows, told.keys.clone(), measures)?;
    let columns = places.iter().enumerate().map(|(column, place)| {
        let (outside, field) = aggregate.schema.qualified_field(column);
        let value = Expr::Column(inside[*place].clone());
        let value = column.checked_sub(keys).map_or(value.clone(), |measure| told.measures[measure].shown(value));
        let is_alike = value.get_type(grouped.schema())? == *field.data_type();
        let value = if is_alike { value } else { cast(value, field.data_type().clone()) };
        Ok(value.alias_qualified(outside.cloned(), field.name()))
    });
    let columns = columns.collect::<DataFusionResult<Vec<_>>>()?;
    Projection::try_new(columns, Arc::new(grouped)).map(LogicalPlan::Projection)
}

/// `rows` grouped by `keys`, and the columns of the result.
fn aggregated(rows: LogicalPlan, keys: Vec<Expr>, measures: Vec<Expr>) -> DataFusionResult<(LogicalPlan, Vec<Column>)> {
    let keys = keys.into_iter().enumerate().map(|(at, key)| key.alias(format!("__key_{at}")));
    let plan = LogicalPlanBuilder::from(rows).aggregate(keys.collect::<Vec<_>>(), measures)?.build()?;
    let columns = plan.schema().columns();
    Ok((plan, columns))
}
