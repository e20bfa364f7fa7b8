//! The same use in several sources: one of them counts it, by the precedence that the configuration declares.
//!
//! A charge of a later source is set aside when an earlier source of the overlap has a charge with the same keys in the
//! same stretch of time. What is set aside is a join, and what counts is its complement: no charge is lost between them.

use std::sync::Arc;

use arrow::datatypes::{IntervalMonthDayNano, Schema, SchemaRef};
use datafusion::common::{Column, Result as DataFusionResult, ScalarValue};
use datafusion::execution::SessionState;
use datafusion::functions::expr_fn::date_trunc;
use datafusion::functions_aggregate::expr_fn::min;
use datafusion::logical_expr::{
    BinaryExpr, Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, ident, lit, when,
};
use datafusion::sql::parser::Statement;
use datafusion::sql::sqlparser::ast::{self, SelectItem, SetExpr};

use super::Part;
use crate::config::{self, OverlapGrain};
use crate::engine::errors::{Sql, from_datafusion, to_datafusion};
use crate::engine::guard;
use crate::engine::names::Spelling;
use crate::error::{Error, Result, did_you_mean};
use crate::focus::{self, Kind};

/// The column of the stretch of time, and of the rank of the source that counts, on the side that counts.
const STRETCH: &str = "x_overlap_stretch";
const RANK: &str = "x_overlap_rank";

/// The overlaps of a ledger.
#[derive(Debug, Default)]
pub(super) struct Overlaps(Vec<Overlap>);

#[derive(Debug)]
struct Overlap {
    /// Indexes of the parts, by precedence.
    parts: Vec<usize>,
    keys: Vec<Expr>,
    grain: OverlapGrain,
    condition: Option<Expr>,
}

impl Overlaps {
    /// The overlaps as configured, over `parts` with the columns of `schema`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a column that is not there and for a condition that does not plan.
    pub(super) fn new(
        settings: &[config::Overlap],
        parts: &[Part],
        schema: &SchemaRef,
        state: &SessionState,
    ) -> Result<Self> {
        let overlaps = settings.iter().map(|overlap| {
            let position = |name: &String| parts.iter().position(|part| part.name() == name);
            Ok(Overlap {
                parts: overlap.sources.iter().filter_map(position).collect(),
                keys: overlap.keys.iter().map(|name| key(name, schema)).collect::<Result<_>>()?,
                grain: overlap.grain,
                condition: overlap.condition.as_deref().map(|sql| condition(sql, schema, state)).transpose()?,
            })
        });
        Ok(Self(overlaps.collect::<Result<_>>()?))
    }

    /// The charges of part `index` that count; `None` when no overlap concerns it, so that all of them do.
    pub(super) fn counted(
        &self,
        parts: &[Part],
        index: usize,
        filters: &[Expr],
    ) -> DataFusionResult<Option<LogicalPlan>> {
        let concerned = self.0.iter().filter(|overlap| overlap.yields(index));
        let mut charges = None;
        for overlap in concerned {
            let left = match charges {
                Some(charges) => charges,
                None => charges_of(&parts[index])?,
            };
            charges = Some(overlap.join(left, parts, index, filters, JoinType::LeftAnti)?);
        }
        Ok(charges)
    }

    /// The charges that are set aside, each with the source that counts its use in the column `counted_in`.
    pub(super) fn set_aside(&self, parts: &[Part], counted_in: &str) -> DataFusionResult<Vec<LogicalPlan>> {
        let mut plans = Vec::new();
        for index in 0..parts.len() {
            let mut rest = charges_of(&parts[index])?;
            for overlap in self.0.iter().filter(|overlap| overlap.yields(index)) {
                let columns: Vec<Expr> = rest.schema().columns().into_iter().map(|column| ident(column.name)).collect();
                let taken = overlap.join(rest.clone(), parts, index, &[], JoinType::Inner)?;
                let source = overlap.source_of_rank(parts)?.alias(counted_in);
                plans.push(LogicalPlanBuilder::from(taken).project(columns.into_iter().chain([source]))?.build()?);
                // A charge that one overlap set aside is not set aside again by the next.
                rest = overlap.join(rest, parts, index, &[], JoinType::LeftAnti)?;
            }
        }
        Ok(plans)
    }
}

impl Overlap {
    /// Whether the part gives way to another.
    fn yields(&self, index: usize) -> bool {
        self.parts.iter().skip(1).any(|part| *part == index)
    }

    /// `left`, charges of part `index`, joined to the uses that sources before it have.
    fn join(
        &self,
        left: LogicalPlan,
        parts: &[Part],
        index: usize,
        filters: &[Expr],
        join_type: JoinType,
    ) -> DataFusionResult<LogicalPlan> {
        let earlier = self.parts.iter().take_while(|part| **part != index);
        let mut uses: Option<LogicalPlanBuilder> = None;
        for (rank, part) in earlier.enumerate() {
            let of_part = self.uses(&parts[*part], rank, filters)?;
            uses = Some(match uses {
                Some(uses) => uses.union(of_part)?,
                None => LogicalPlanBuilder::from(of_part),
            });
        }
        let Some(uses) = uses else { return Ok(left) };
        let names: Vec<Expr> = (0..self.keys.len()).map(|key| ident(key_name(key))).chain([ident(STRETCH)]).collect();
        let uses = uses.aggregate(names, [min(ident(RANK)).alias(RANK)])?.build()?;
        let same = self.keys.iter().enumerate().map(|(key, expr)| expr.clone().eq(ident(key_name(key))));
        let same_time = self.stretch(ident("ChargePeriodStart")).eq(ident(STRETCH));
        let on = same.chain([same_time]).chain(self.condition.clone());
        LogicalPlanBuilder::from(left).join_on(uses, join_type, on)?.build()
    }

    /// The uses that a part has: keys, stretch of time and rank.
    fn uses(&self, part: &Part, rank: usize, filters: &[Expr]) -> DataFusionResult<LogicalPlan> {
        let mut builder = LogicalPlanBuilder::from(charges_of(part)?);
        let of_time = filters.iter().filter_map(|filter| self.widened(filter));
        for filter in of_time.chain(self.condition.clone()) {
            builder = builder.filter(filter)?;
        }
        let rank = i64::try_from(rank).unwrap_or(i64::MAX);
        let keys = self.keys.iter().enumerate().map(|(key, expr)| expr.clone().alias(key_name(key)));
        let rest = [self.stretch(ident("ChargePeriodStart")).alias(STRETCH), lit(rank).alias(RANK)];
        builder.project(keys.chain(rest))?.build()
    }

    fn stretch(&self, time: Expr) -> Expr {
        date_trunc(lit(self.grain.name()), time)
    }

    /// A bound of `ChargePeriodStart`, moved out to the edge of its stretch of time: what counts a use may lie before or
    /// after the charge itself. `None` for other filters, which do not hold on the side that counts.
    fn widened(&self, filter: &Expr) -> Option<Expr> {
        let Expr::BinaryExpr(BinaryExpr { left, op, right }) = filter else { return None };
        let (Expr::Column(Column { name, .. }), Expr::Literal(..)) = (left.as_ref(), right.as_ref()) else {
            return None;
        };
        if name != "ChargePeriodStart" {
            return None;
        }
        let start = self.stretch(right.as_ref().clone());
        match op {
            Operator::Gt | Operator::GtEq => Some(ident(name).gt_eq(start)),
            Operator::Lt | Operator::LtEq => Some(ident(name).lt(start + self.length())),
            _ => None,
        }
    }

    fn length(&self) -> Expr {
        const HOUR_NANOS: i64 = 3_600_000_000_000;
        let (months, days, nanos) = match self.grain {
            OverlapGrain::Hour => (0, 0, HOUR_NANOS),
            OverlapGrain::Day => (0, 1, 0),
            OverlapGrain::Month => (1, 0, 0),
        };
        lit(ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano::new(months, days, nanos))))
    }

    /// The name of the source that the rank stands for.
    fn source_of_rank(&self, parts: &[Part]) -> DataFusionResult<Expr> {
        let (first, rest) = self.parts.split_first().map_or((0, &[][..]), |(first, rest)| (*first, rest));
        let mut case = when(ident(RANK).eq(lit(0i64)), lit(parts[first].name()));
        for (rank, part) in (1i64..).zip(rest) {
            case = case.when(ident(RANK).eq(lit(rank)), lit(parts[*part].name()));
        }
        case.end()
    }
}

fn charges_of(part: &Part) -> DataFusionResult<LogicalPlan> {
    part.charges().map_err(to_datafusion)
}

fn key_name(key: usize) -> String {
    format!("x_overlap_key_{key}")
}

/// The expression of a key: a column, or a key of a column of JSON.
fn key(name: &str, schema: &Schema) -> Result<Expr> {
    let spelled = |name: &str| {
        let found = schema.fields().iter().find(|field| field.name().eq_ignore_ascii_case(name));
        found.map(|field| field.name().clone())
    };
    if let Some(column) = spelled(name) {
        return Ok(ident(column));
    }
    if let Some((column, key)) = name.split_once('.')
        && let Some(column) = spelled(column)
        && focus::column(&column).is_some_and(|column| column.kind == Kind::Json)
    {
        return Ok(datafusion_functions_json::udfs::json_as_text_udf().call(vec![ident(column), lit(key)]));
    }
    let error = Error::invalid(format!("an overlap matches on `{name}`, which the ledger does not have"));
    let names = schema.fields().iter().map(|field| field.name().as_str());
    Err(did_you_mean(name, names)
        .into_iter()
        .fold(error, Error::hint)
        .hint("a column of `outlay describe spend`, or a key of JSON such as `SkuPriceDetails.ModelId`"))
}

/// The condition that `text` states over the columns of the ledger.
fn condition(text: &str, schema: &SchemaRef, state: &SessionState) -> Result<Expr> {
    let select = format!("SELECT {text}");
    let sql = Sql::new(&select, "the condition of an overlap");
    let mut spelling = Spelling::default();
    spelling.learn("spend", schema)?;
    let mut statement = guard::parse_one(sql)?;
    spelling.apply(&mut statement);
    let wrong = || Error::invalid(format!("`{text}` is no condition")).hint("write it as after WHERE");
    let expr = only_expression(statement).ok_or_else(wrong)?;
    let columns =
        datafusion::common::DFSchema::try_from(Arc::clone(schema)).map_err(|cause| from_datafusion(cause, None))?;
    state
        .create_logical_expr(&expr.to_string(), &columns)
        .map_err(|cause| wrong().because(from_datafusion(cause, None)))
}

fn only_expression(statement: Statement) -> Option<ast::Expr> {
    let Statement::Statement(inner) = statement else { return None };
    let ast::Statement::Query(query) = *inner else { return None };
    let SetExpr::Select(select) = *query.body else { return None };
    match <[SelectItem; 1]>::try_from(select.projection) {
        Ok([SelectItem::UnnamedExpr(expr)]) if select.from.is_empty() => Some(expr),
        _ => None,
    }
}
