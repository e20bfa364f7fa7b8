//! Plans a call: its columns found and typed, its arguments checked.

use std::sync::Arc;

use datafusion::common::{Column, DFSchema, Result as DataFusionResult};
use datafusion::logical_expr::planner::{PlannedRelation, RelationPlanner, RelationPlannerContext, RelationPlanning};
use datafusion::logical_expr::{Expr as LogicalExpr, Extension, LogicalPlan, LogicalPlanBuilder};
use datafusion::sql::sqlparser::ast::{Expr, TableFactor};

use super::arguments::{Arguments, at};
use super::columns::{expect_type, find, is_number, is_time};
use super::literals::Name;
use super::node::Node;
use super::request::{Gaps, Horizon, Kind, Quantile, Request};
use super::result;
use crate::error::Error;
use crate::forecast::{Method, Settings};
use crate::query::Calendar;
use crate::units::Grain;

/// Most sample paths of a series.
const MOST_PATHS: u64 = 10_000;
/// Most earlier ends of a backtest.
const MOST_ORIGINS: u64 = 100;
/// Steps ahead when the call does not say: a year of months.
const DEFAULT_STEPS: usize = 12;

/// Plans the forecast functions of one session.
#[derive(Debug)]
pub(super) struct Planner {
    pub(super) calendar: Calendar,
}

impl RelationPlanner for Planner {
    fn plan_relation(
        &self,
        relation: TableFactor,
        context: &mut dyn RelationPlannerContext,
    ) -> DataFusionResult<RelationPlanning> {
        let TableFactor::TableFunction { expr: Expr::Function(call), alias } = &relation else {
            return Ok(RelationPlanning::Original(Box::new(relation)));
        };
        let Some(kind) = Kind::of(&call.name) else { return Ok(RelationPlanning::Original(Box::new(relation))) };
        let (query, arguments) = Arguments::of(kind, call)?;
        let subquery = Box::new(query.clone());
        let input = context.plan(TableFactor::Derived { lateral: false, subquery, alias: None, sample: None })?;
        let plan = self.plan(kind, input, &arguments)?;
        Ok(RelationPlanning::Planned(Box::new(PlannedRelation::new(plan, alias.clone()))))
    }
}

impl Planner {
    fn plan(&self, kind: Kind, input: LogicalPlan, arguments: &Arguments<'_>) -> DataFusionResult<LogicalPlan> {
        let time = arguments.column("timestamp_col")?;
        let data = arguments.column("data_col")?;
        let ids = arguments.columns("id_cols")?;
        let schema = Arc::clone(input.schema());
        let mut columns = ids.iter().map(|name| find(&schema, name)).collect::<DataFusionResult<Vec<usize>>>()?;
        let (time_at, data_at) = (find(&schema, &time)?, find(&schema, &data)?);
        expect_type(&schema, time_at, &time, "a date or a timestamp", is_time)?;
        expect_type(&schema, data_at, &data, "a number", is_number)?;
        for (name, index) in ids.iter().chain([&time, &data]).zip(columns.clone().into_iter().chain([time_at, data_at]))
        {
            let uses = columns.iter().chain([&time_at, &data_at]).filter(|other| **other == index).count();
            if uses > 1 {
                return Err(at(Error::query(format!("`{}` is given twice", name.text)), name.place));
            }
        }
        let request = self.request(kind, arguments, &ids, &schema, &columns)?;
        columns.extend([time_at, data_at]);
        let chosen = columns.into_iter().map(|index| LogicalExpr::Column(Column::from(schema.qualified_field(index))));
        let input = LogicalPlanBuilder::from(input).project(chosen)?.build()?;
        let output = result::schema(&request, input.schema().as_arrow());
        let mut seen = std::collections::BTreeSet::new();
        for field in output.fields() {
            if !seen.insert(field.name().to_lowercase()) {
                let error =
                    Error::query(format!("an id column is called `{}`, as a column of the result", field.name()));
                let place = ids.iter().find(|name| name.text.eq_ignore_ascii_case(field.name()));
                return Err(at(error.hint("give it another name in a subquery"), place.unwrap_or(&time).place));
            }
        }
        let node = Node::new(request, input, &output)?;
        Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }))
    }

    fn request(
        &self,
        kind: Kind,
        arguments: &Arguments<'_>,
        ids: &[Name<'_>],
        schema: &DFSchema,
        columns: &[usize],
    ) -> DataFusionResult<Request> {
        let horizon = arguments.steps_or_date("horizon", Settings::LONGEST)?;
        let together: Vec<usize> = arguments
            .columns("total_over")?
            .iter()
            .map(|name| {
                let at_schema = find(schema, name)?;
                columns.iter().position(|id| *id == at_schema).ok_or_else(|| {
                    let error = Error::query(format!("`total_over` names `{}`, which is no id column", name.text));
                    let known = ids.iter().map(|id| id.text).collect::<Vec<_>>().join(", ");
                    at(error.hint(format!("id_cols are: {known}")), name.place)
                })
            })
            .collect::<DataFusionResult<_>>()?;
        let count = |name: &str, least: usize, most: u64| -> DataFusionResult<Option<usize>> {
            let found = arguments.count(name, least as u64, most)?;
            Ok(found.map(|count| usize::try_from(count).unwrap_or(usize::MAX)))
        };
        let grains = Grain::ALL.map(|grain| (grain.name(), grain));
        let close_lag = chrono::Days::new(u64::from(self.calendar.close_lag_days));
        Ok(Request {
            kind,
            horizon: match horizon {
                None => Horizon::Steps(DEFAULT_STEPS),
                Some(Ok(steps)) => Horizon::Steps(steps),
                Some(Err(end)) => Horizon::Before(end),
            },
            quantiles: quantiles(kind, arguments)?,
            season: count("season", 1, 1_000)?,
            method: arguments.choice("method", &Method::ALL)?.unwrap_or_default(),
            seed: arguments.count("seed", 0, u64::MAX)?.unwrap_or(42),
            paths: match kind {
                Kind::Total | Kind::Paths => count("paths", 2, MOST_PATHS)?.unwrap_or(Settings::PATHS),
                Kind::Forecast | Kind::Backtest => 0,
            },
            origins: count("origins", 1, MOST_ORIGINS)?.unwrap_or(Settings::new(1).origins),
            grain: arguments.choice("grain", &grains)?,
            gaps: arguments
                .choice("gaps", &[("missing", Gaps::Missing), ("zero", Gaps::Zero)])?
                .unwrap_or(Gaps::Missing),
            complete_until: arguments
                .date("complete_until")?
                .unwrap_or_else(|| self.calendar.as_of.checked_sub_days(close_lag).unwrap_or(self.calendar.as_of)),
            non_negative: arguments.flag("non_negative")?,
            by: arguments.choice("by", &grains)?.unwrap_or(Grain::Quarter),
            kept: (0..ids.len()).filter(|id| !together.contains(id)).collect(),
            fiscal: self.calendar.fiscal,
        })
    }
}

fn quantiles(kind: Kind, arguments: &Arguments<'_>) -> DataFusionResult<Vec<Quantile>> {
    if matches!(kind, Kind::Paths | Kind::Backtest) {
        return Ok(Vec::new());
    }
    let asked = arguments.numbers("quantiles")?.unwrap_or_else(|| ["0.1", "0.5", "0.9"].map(str::to_owned).to_vec());
    let mut found: Vec<Quantile> = Vec::new();
    for text in asked {
        let wrong = |what: &str| {
            let error = Error::query(format!("`quantiles` holds {text}, {what}"));
            arguments.wrong("quantiles", error.hint("write shares such as `[0.1, 0.5, 0.9]`"))
        };
        let share: f64 = text.parse().map_err(|_| wrong("which is no number"))?;
        if !(share > 0.0 && share < 1.0) {
            return Err(wrong("which is not between 0 and 1"));
        }
        let percent = format!("{:.6}", share * 100.0);
        let column = format!("p{}", percent.trim_end_matches('0').trim_end_matches('.').replace('.', "_"));
        if found.iter().any(|other| other.column == column) {
            return Err(wrong("twice"));
        }
        found.push(Quantile { column, share });
    }
    Ok(found)
}
