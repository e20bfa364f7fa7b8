//! `forecast_total`: totals by period over series, from joint paths that are added first and ranked after.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::{Array, ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, UInt32Array};
use arrow::compute::take;
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};
use datafusion::common::Result as DataFusionResult;

use super::about::About;
use super::measure::{Measure, quantile};
use super::panel::Panel;
use super::per_step::Fit;
use super::periods::Periods;
use super::request::Request;
use super::result::{batch, dates};
use crate::forecast::Shared;
use crate::units::Period;

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

    /// Adds what another series says.
    pub(super) fn add(&mut self, other: &Self) -> DataFusionResult<()> {
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

/// Series that are added together.
#[derive(Debug)]
pub(super) struct Groups {
    /// The ids that are kept, one row a group.
    ids: Vec<ArrayRef>,
    /// The series of each group, in the order of the panel.
    members: Vec<Vec<usize>>,
}

impl Groups {
    /// The groups of `panel` by the ids that the request keeps, sorted.
    pub(super) fn of(panel: &Panel, kept: &[usize]) -> DataFusionResult<Self> {
        if kept.is_empty() {
            return Ok(Self { ids: Vec::new(), members: vec![(0..panel.series.len()).collect()] });
        }
        let columns: Vec<ArrayRef> = kept.iter().map(|at| Arc::clone(&panel.ids[*at])).collect();
        let fields = columns.iter().map(|array| SortField::new(array.data_type().clone())).collect();
        let rows = RowConverter::new(fields)?.convert_columns(&columns)?;
        let mut members: BTreeMap<_, Vec<usize>> = BTreeMap::new();
        for at in 0..panel.series.len() {
            members.entry(rows.row(at)).or_default().push(at);
        }
        let first = |members: &Vec<usize>| members.first().and_then(|at| u32::try_from(*at).ok());
        let firsts: UInt32Array = members.values().map(first).collect();
        let ids = columns.iter().map(|array| take(array, &firsts, None)).collect::<arrow::error::Result<_>>()?;
        Ok(Self { ids, members: members.into_values().collect() })
    }
}

/// All that totals are made of.
#[derive(Debug)]
pub(super) struct Totals {
    pub(super) panel: Arc<Panel>,
    pub(super) request: Arc<Request>,
    pub(super) schema: SchemaRef,
    pub(super) periods: Periods,
    pub(super) groups: Groups,
    pub(super) fits: Arc<Vec<Fit>>,
    /// What the series say of each other.
    pub(super) shared: Shared,
    /// Nobody waits any more.
    pub(super) given_up: Arc<AtomicBool>,
}

impl Totals {
    /// Every series with its group, group by group.
    pub(super) fn in_order(&self) -> Vec<(usize, usize)> {
        let members = self.groups.members.iter().enumerate();
        members.flat_map(|(group, members)| members.iter().map(move |at| (group, *at))).collect()
    }

    /// What the series at `at` adds: its closed steps as they were, the others as its paths say; nothing without a fit.
    pub(super) fn part<M: Measure>(&self, at: usize) -> DataFusionResult<Part<M>> {
        let (history, end) = (&self.panel.series[at], self.panel.end);
        let mut part = Part::nothing(self.periods.all.len(), self.request.paths);
        let Ok(fit) = &self.fits[at] else { return Ok(part) };
        for (offset, step) in (history.first..=end).enumerate() {
            if let (Some(period), Some(value)) = (self.periods.position(step), M::actual(history, offset)) {
                part.actual[period] = part.actual[period].plus(value)?;
            }
        }
        let made = fit.forecast(self.shared);
        for (ahead, step) in (end + 1..).take(self.panel.horizon).enumerate() {
            let Some(period) = self.periods.position(step) else { continue };
            let mean = M::rounded(made.mean[ahead], history.places)?;
            part.mean[period] = part.mean[period].plus(mean)?;
            for (total, path) in part.paths[period].iter_mut().zip(&made.paths) {
                *total = total.plus(M::rounded(path[ahead], history.places)?)?;
            }
        }
        Ok(part)
    }

    /// The rows of whole groups: one a group and period.
    pub(super) fn rows<M: Measure>(&self, sums: Vec<(usize, Part<M>)>) -> DataFusionResult<RecordBatch> {
        let mut of = Vec::new();
        let mut about = Vec::with_capacity(sums.len());
        let mut numbers: Vec<Vec<Option<M>>> = vec![Vec::new(); 3 + self.request.quantiles.len()];
        for (group, part) in sums {
            if self.given_up.load(Ordering::Relaxed) {
                break;
            }
            let members = &self.groups.members[group];
            let facts = About::new(&self.panel, &self.periods, members, &self.fits, self.shared);
            of.extend(std::iter::repeat_n(u32::try_from(group).unwrap_or(u32::MAX), self.periods.all.len()));
            for (period, mut totals) in part.paths.into_iter().enumerate() {
                let actual = part.actual[period];
                let known = |value: M| (!facts.refused).then_some(value);
                for total in &mut totals {
                    *total = total.plus(actual)?;
                }
                M::sort(&mut totals);
                numbers[0].push(known(actual));
                numbers[1].push(known(part.mean[period]));
                numbers[2].push(known(part.mean[period].plus(actual)?));
                for (column, asked) in numbers[3..].iter_mut().zip(&self.request.quantiles) {
                    column.push(quantile(&totals, asked.share).and_then(known));
                }
            }
            about.push(facts);
        }
        let mut columns = self.of_periods(about.len());
        for (at, column) in numbers.into_iter().enumerate() {
            columns.insert(3 + at, M::column(column)?);
        }
        columns.extend(self.of_groups(&about));
        batch(&self.schema, &self.groups.ids, of, columns)
    }

    /// The columns that are the same for every group: name, first day and end of the period, closed steps and steps ahead.
    fn of_periods(&self, groups: usize) -> Vec<ArrayRef> {
        let all = &self.periods.all;
        let names = all.iter().map(|period| period.label.as_str()).cycle().take(groups * all.len());
        let days = |of: fn(&Period) -> chrono::NaiveDate| {
            dates(&all.iter().map(of).cycle().take(groups * all.len()).collect::<Vec<_>>())
        };
        let steps = self.periods.steps(self.panel.end);
        let counts = |of: fn(&(i64, i64)) -> i64| -> ArrayRef {
            Arc::new(steps.iter().map(of).cycle().take(groups * all.len()).map(Some).collect::<Int64Array>())
        };
        vec![
            Arc::new(StringArray::from_iter_values(names)),
            days(|period| period.start),
            days(|period| period.end),
            counts(|steps| steps.0),
            counts(|steps| steps.1),
        ]
    }

    /// The columns about each group: series, method, error, coverage, note.
    fn of_groups(&self, about: &[About]) -> Vec<ArrayRef> {
        let periods = self.periods.all.len();
        let each = || about.iter().flat_map(|about| (0..periods).map(move |period| (about, period)));
        vec![
            Arc::new(each().map(|(about, _)| i64::try_from(about.series).ok()).collect::<Int64Array>()),
            Arc::new(each().map(|(about, _)| about.method.as_deref()).collect::<StringArray>()),
            Arc::new(each().map(|(about, _)| about.wape).collect::<Float64Array>()),
            Arc::new(each().map(|(about, _)| about.coverage).collect::<Float64Array>()),
            Arc::new(each().map(|(about, period)| about.note(period)).collect::<StringArray>()),
        ]
    }
}
