//! The rows of the input as series: sorted, evenly spaced, all with the same end.

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::SchemaRef;
use datafusion::common::Result as DataFusionResult;

use super::measure::places;
use super::request::{Gaps, Horizon, Kind, Request};
use super::rows::{Data, Sorted, days, labels};
use super::steps::Steps;
use crate::engine::errors::to_datafusion;
use crate::error::{Error, Result};
use crate::forecast::Settings;

/// One series up to the end of history.
#[derive(Debug, Clone, Default)]
pub(super) struct History {
    /// Its ids as people read them: `team=core`; empty when there are none.
    pub(super) label: String,
    /// A number that tells it from other series, whatever else is in the panel.
    pub(super) key: u64,
    /// The step of the first value.
    pub(super) first: i64,
    /// By step; NaN where missing.
    pub(super) values: Vec<f64>,
    /// The same in units of 10^-18, 0 where missing; empty when the data is not decimal.
    pub(super) exact: Vec<i128>,
    /// Rows of unfinished periods, which are left out.
    pub(super) unfinished: usize,
    /// Digits behind the point of its forecasts.
    pub(super) places: u8,
}

impl History {
    /// Missing values at the end.
    pub(super) fn missing_at_end(&self) -> usize {
        self.values.iter().rev().take_while(|value| !value.is_finite()).count()
    }
}

/// All series, sorted by their ids.
#[derive(Debug)]
pub(super) struct Panel {
    pub(super) steps: Steps,
    /// The last step of history.
    pub(super) end: i64,
    /// Steps ahead.
    pub(super) horizon: usize,
    /// The id columns, one row a series.
    pub(super) ids: Vec<ArrayRef>,
    pub(super) series: Vec<History>,
}

impl Panel {
    /// The series in `batches`; `None` when there is no row.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for times that are missing, twice in a series or on no calendar.
    pub(super) fn new(
        batches: &[RecordBatch],
        schema: &SchemaRef,
        request: &Request,
    ) -> DataFusionResult<Option<Self>> {
        let rows = concat_batches(schema, batches)?;
        if rows.num_rows() == 0 {
            return Ok(None);
        }
        let ids = &rows.columns()[..rows.num_columns() - 2];
        let names: Vec<&str> = schema.fields()[..ids.len()].iter().map(|field| field.name().as_str()).collect();
        let days = days(rows.column(ids.len())).map_err(to_datafusion)?;
        let data = Data::new(rows.column(ids.len() + 1))?;
        let steps = Steps::of(&days.iter().copied().collect(), request.grain).map_err(to_datafusion)?;
        let points: Vec<i64> = days.iter().map(|day| steps.index(*day).unwrap_or_default()).collect();
        let sorted = Sorted::new(ids, &points)?;
        let complete = steps.last_before(request.complete_until);
        // Without a finished value the forecast starts where the calendar says that history ends.
        let end = points.iter().copied().filter(|step| *step <= complete).max().unwrap_or(complete);
        let groups = sorted.groups();
        let firsts: UInt32Array = groups.iter().map(|group| sorted.order[group.start]).collect();
        let ids = ids.iter().map(|array| take(array, &firsts, None)).collect::<arrow::error::Result<Vec<_>>>()?;
        let labels = labels(&names, &ids)?;
        let reading = Reading { steps, end, gaps: request.gaps, data: &data };
        let series = groups
            .into_iter()
            .zip(labels)
            .map(|(group, label)| {
                let rows: Vec<(i64, usize)> =
                    sorted.order[group].iter().map(|row| (points[*row as usize], *row as usize)).collect();
                reading.history(&rows, label)
            })
            .collect::<Result<Vec<History>>>()
            .map_err(to_datafusion)?;
        let horizon = horizon(request, &steps, end).map_err(to_datafusion)?;
        Ok(Some(Self { steps, end, horizon, ids, series }))
    }

    /// Bytes that it takes, and those of a fit of each series.
    pub(super) fn bytes(&self, request: &Request) -> usize {
        let errors = request.origins * self.horizon * 64;
        let values: usize = self.series.iter().map(|series| series.values.len() * 24 + series.label.len() + 128).sum();
        values + self.series.len() * (errors + self.horizon * 24 + 256)
    }
}

/// Steps ahead; those of totals go on to the end of their last period.
fn horizon(request: &Request, steps: &Steps, end: i64) -> Result<usize> {
    let before = match (request.horizon, request.kind) {
        (Horizon::Before(day), Kind::Total) => {
            let last = day.pred_opt().unwrap_or(day);
            request.fiscal.containing(request.by, last)?.end
        }
        (Horizon::Steps(count), Kind::Total) => {
            let last = steps.start(end.saturating_add(i64::try_from(count).unwrap_or(i64::MAX)))?;
            request.fiscal.containing(request.by, last)?.end
        }
        (Horizon::Steps(count), _) => return Ok(count),
        (Horizon::Before(day), _) => day,
    };
    let count = usize::try_from(steps.before(before, end)).unwrap_or(0);
    if (1..=Settings::LONGEST).contains(&count) {
        return Ok(count);
    }
    let first = steps.start(end + 1)?;
    Err(Error::query(format!("a horizon to {before} is {count} steps: the first step ahead begins on {first}"))
        .hint(format!("give a later day, at most {} steps ahead", Settings::LONGEST)))
}

/// How rows become series.
struct Reading<'d> {
    steps: Steps,
    end: i64,
    gaps: Gaps,
    data: &'d Data,
}

impl Reading<'_> {
    /// The series of `rows`, each a step and the number of its row, sorted.
    fn history(&self, rows: &[(i64, usize)], label: String) -> Result<History> {
        if let Some(twice) = rows.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let day = self.steps.start(twice[0].0)?;
            let of = if label.is_empty() { String::new() } else { format!(" of series {label}") };
            return Err(Error::data(format!("two rows{of} are of {day}"))
                .hint("add them up in a subquery, or name every column that tells series apart in `id_cols`"));
        }
        let finished = rows.iter().take_while(|(step, _)| *step <= self.end).count();
        let first = rows.first().map_or(0, |(step, _)| *step);
        let length = if finished == 0 { 0 } else { usize::try_from(self.end - first + 1).unwrap_or(0) };
        let absent = if self.gaps == Gaps::Zero { 0.0 } else { f64::NAN };
        let mut values = vec![absent; length];
        let mut exact = vec![0; if self.data.exact.is_empty() { 0 } else { length }];
        for (step, row) in &rows[..finished] {
            let at = usize::try_from(step - first).unwrap_or(0);
            let value = self.data.values[*row];
            values[at] = if value.is_finite() { value } else { f64::NAN };
            if !exact.is_empty() {
                exact[at] = self.data.exact[*row];
            }
        }
        let size = values.iter().filter(|value| value.is_finite()).fold(0.0, |size: f64, value| size.max(value.abs()));
        let unfinished = rows.len() - finished;
        Ok(History { key: key(&label), label, first, values, exact, unfinished, places: places(size) })
    }
}

/// Fowler, Noll & Vo's 64-bit hash, variant 1a: the same on every machine and in every version.
fn key(label: &str) -> u64 {
    label.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}
