//! `forecast_total`: totals by period over series, from joint paths that are added first and ranked after.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};
use datafusion::common::Result as DataFusionResult;

use super::about::About;
use super::measure::{Measure, quantile};
use super::panel::Panel;
use super::per_step::Fit;
use super::request::Request;
use super::result::{batch, dates};
use crate::error::{Error, Result};
use crate::forecast::{Fitted, Shared};
use crate::units::Period;

/// The periods of totals: the one that the first step ahead lies in, and those after it.
#[derive(Debug)]
pub(super) struct Periods {
    pub(super) all: Vec<Period>,
    /// The first step of each, and that after the last.
    bounds: Vec<i64>,
}

impl Periods {
    /// The periods of `panel`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Query`] when steps do not add up to periods, as weeks do not to quarters.
    pub(super) fn of(panel: &Panel, request: &Request) -> Result<Self> {
        let horizon = i64::try_from(panel.horizon).unwrap_or(i64::MAX);
        let last = panel.end + horizon;
        let mut all = vec![request.fiscal.containing(request.by, panel.steps.start(panel.end + 1)?)?];
        let mut bounds = Vec::new();
        loop {
            let period = &all[all.len() - 1];
            let edge = |day| {
                panel.steps.index(day).ok_or_else(|| {
                    Error::query(format!("a {} does not consist of whole {}s", request.by, panel.steps.grain))
                        .hint(format!("use `by => '{}'`, or feed it days", panel.steps.grain))
                })
            };
            bounds.push(edge(period.start)?);
            let next = edge(period.end)?;
            if next > last {
                bounds.push(next);
                return Ok(Self { all, bounds });
            }
            let next = request.fiscal.shift(request.by, period, 1)?;
            all.push(next);
        }
    }

    /// The first step of each, and that after the last.
    pub(super) fn starts(&self) -> &[i64] {
        &self.bounds
    }

    /// The period of a step; `None` before the first and after the last.
    pub(super) fn position(&self, step: i64) -> Option<usize> {
        self.bounds.partition_point(|bound| *bound <= step).checked_sub(1).filter(|at| *at < self.all.len())
    }
}

/// What one series, or several together, add to each period.
#[derive(Debug)]
pub(super) struct Part<M> {
    actual: Vec<M>,
    mean: Vec<M>,
    /// By period, then by path.
    paths: Vec<Vec<M>>,
}

impl<M: Measure> Part<M> {
    fn nothing(periods: usize, paths: usize) -> Self {
        Self {
            actual: vec![M::ZERO; periods],
            mean: vec![M::ZERO; periods],
            paths: vec![vec![M::ZERO; paths]; periods],
        }
    }

    /// What the series at `at` adds: its closed steps as they were, the others as its paths say.
    pub(super) fn of(
        panel: &Panel,
        periods: &Periods,
        request: &Request,
        at: usize,
        fit: &Fitted,
        shared: Shared,
    ) -> DataFusionResult<Self> {
        let history = &panel.series[at];
        let mut part = Self::nothing(periods.all.len(), request.paths);
        for (offset, step) in (history.first..=panel.end).enumerate() {
            if let (Some(period), Some(value)) = (periods.position(step), M::actual(history, offset)) {
                part.actual[period] = part.actual[period].plus(value)?;
            }
        }
        let made = fit.forecast(shared);
        for (ahead, step) in (panel.end + 1..).take(panel.horizon).enumerate() {
            let Some(period) = periods.position(step) else { continue };
            let mean = M::rounded(made.mean[ahead], history.places)?;
            part.mean[period] = part.mean[period].plus(mean)?;
            for (total, path) in part.paths[period].iter_mut().zip(&made.paths) {
                *total = total.plus(M::rounded(path[ahead], history.places)?)?;
            }
        }
        Ok(part)
    }

    fn add(&mut self, other: &Self) -> DataFusionResult<()> {
        let sum = |into: &mut [M], from: &[M]| -> DataFusionResult<()> {
            for (into, from) in into.iter_mut().zip(from) {
                *into = into.plus(*from)?;
            }
            Ok(())
        };
        sum(&mut self.actual, &other.actual)?;
        sum(&mut self.mean, &other.mean)?;
        self.paths.iter_mut().zip(&other.paths).try_for_each(|(into, from)| sum(into, from))
    }
}

/// Series that are added together, in the order of the panel.
#[derive(Debug)]
pub(super) struct Groups {
    /// The ids that are kept, one row a group.
    pub(super) ids: Vec<ArrayRef>,
    /// The group of each series.
    pub(super) of: Vec<usize>,
    pub(super) number: usize,
}

impl Groups {
    /// The groups of `panel` by the ids that the request keeps, sorted.
    pub(super) fn of(panel: &Panel, kept: &[usize]) -> DataFusionResult<Self> {
        if kept.is_empty() {
            return Ok(Self { ids: Vec::new(), of: vec![0; panel.series.len()], number: 1 });
        }
        let columns: Vec<ArrayRef> = kept.iter().map(|at| Arc::clone(&panel.ids[*at])).collect();
        let fields = columns.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(&columns)?;
        let mut firsts = BTreeMap::new();
        for at in 0..panel.series.len() {
            firsts.entry(rows.row(at)).or_insert(at);
        }
        let order: BTreeMap<_, usize> = firsts.keys().copied().enumerate().map(|(at, row)| (row, at)).collect();
        let of = (0..panel.series.len()).map(|at| order.get(&rows.row(at)).copied().unwrap_or(0)).collect();
        let taken: UInt32Array = firsts.values().map(|at| u32::try_from(*at).unwrap_or(u32::MAX)).collect();
        let ids = columns.iter().map(|array| take(array, &taken, None)).collect::<arrow::error::Result<_>>()?;
        Ok(Self { ids, of, number: firsts.len() })
    }
}

/// The totals of all groups while series are added to them.
#[derive(Debug)]
pub(super) struct Totals<M> {
    groups: Groups,
    parts: Vec<Part<M>>,
}

impl<M: Measure> Totals<M> {
    pub(super) fn new(groups: Groups, periods: &Periods, request: &Request) -> Self {
        let parts = (0..groups.number).map(|_| Part::nothing(periods.all.len(), request.paths)).collect();
        Self { groups, parts }
    }

    /// Adds what the series at `at` says.
    pub(super) fn add(&mut self, at: usize, part: &Part<M>) -> DataFusionResult<()> {
        self.parts[self.groups.of[at]].add(part)
    }

    /// The rows: a group and period each.
    pub(super) fn rows(
        mut self,
        panel: &Panel,
        periods: &Periods,
        request: &Request,
        schema: &SchemaRef,
        fits: &[Fit],
        shared: Shared,
    ) -> DataFusionResult<RecordBatch> {
        let about: Vec<About> = (0..self.groups.number)
            .map(|group| {
                let members = (0..fits.len()).filter(|at| self.groups.of[*at] == group);
                About::new(panel, periods, &members.collect::<Vec<_>>(), fits, shared)
            })
            .collect();
        let mut of = Vec::new();
        let mut numbers: Vec<Vec<Option<M>>> = vec![Vec::new(); 3 + request.quantiles.len()];
        for (group, (part, about)) in self.parts.iter_mut().zip(&about).enumerate() {
            for period in 0..periods.all.len() {
                of.push(u32::try_from(group).unwrap_or(u32::MAX));
                let actual = part.actual[period];
                let known = |value: M| (!about.refused).then_some(value);
                let mut totals = std::mem::take(&mut part.paths[period]);
                for total in &mut totals {
                    *total = total.plus(actual)?;
                }
                M::sort(&mut totals);
                numbers[0].push((about.series > 0).then_some(actual));
                numbers[1].push(known(part.mean[period]));
                numbers[2].push(known(part.mean[period].plus(actual)?));
                for (column, asked) in numbers[3..].iter_mut().zip(&request.quantiles) {
                    column.push(quantile(&totals, asked.share).and_then(known));
                }
            }
        }
        let repeated = |period: &dyn Fn(&Period) -> String| -> ArrayRef {
            let once: Vec<String> = periods.all.iter().map(period).collect();
            Arc::new(StringArray::from_iter_values(once.iter().cycle().take(of.len())))
        };
        let day = |of_period: &dyn Fn(&Period) -> chrono::NaiveDate| {
            let days: Vec<_> = periods.all.iter().map(of_period).collect();
            dates(&days.iter().copied().cycle().take(of.len()).collect::<Vec<_>>())
        };
        let mut columns =
            vec![repeated(&|period| period.label.clone()), day(&|period| period.start), day(&|period| period.end)];
        for column in numbers {
            columns.push(M::column(column)?);
        }
        columns.extend(closed_steps(periods, panel, of.len()));
        let each = |value: &dyn Fn(&About, usize) -> Option<String>| -> ArrayRef {
            let rows = about.iter().flat_map(|about| (0..periods.all.len()).map(move |period| value(about, period)));
            Arc::new(rows.collect::<StringArray>())
        };
        let float = |value: &dyn Fn(&About) -> Option<f64>| -> ArrayRef {
            let rows = about.iter().flat_map(|about| std::iter::repeat_n(value(about), periods.all.len()));
            Arc::new(rows.collect::<Float64Array>())
        };
        let series = about.iter().flat_map(|about| std::iter::repeat_n(about.series, periods.all.len()));
        columns.push(Arc::new(series.map(|count| i64::try_from(count).ok()).collect::<Int64Array>()));
        columns.push(each(&|about, _| about.method.clone()));
        columns.push(float(&|about| about.wape));
        columns.push(float(&|about| about.coverage));
        columns.push(each(&|about, period| about.note(period)));
        batch(schema, &self.groups.ids, of, columns)
    }
}

/// Closed steps and steps ahead of each period.
fn closed_steps(periods: &Periods, panel: &Panel, rows: usize) -> [ArrayRef; 2] {
    let counts: Vec<(i64, i64)> = periods
        .bounds
        .windows(2)
        .map(|pair| {
            let closed = (panel.end + 1 - pair[0]).clamp(0, pair[1] - pair[0]);
            (closed, pair[1] - pair[0] - closed)
        })
        .collect();
    let column = |of: fn(&(i64, i64)) -> i64| -> ArrayRef {
        Arc::new(counts.iter().map(of).cycle().take(rows).map(Some).collect::<Int64Array>())
    };
    [column(|counts| counts.0), column(|counts| counts.1)]
}
