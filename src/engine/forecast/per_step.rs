//! `forecast`, `forecast_paths` and `backtest`: rows by series.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use datafusion::common::Result as DataFusionResult;

use super::measure::Measure;
use super::panel::Panel;
use super::request::Request;
use super::result::{batch, note, share, times};
use crate::engine::errors::to_datafusion;
use crate::error::{Error, Result};
use crate::forecast::{Fitted, Forecast, Refusal, Shared, StepError, count};

/// One fit a series, or why there is none.
pub(super) type Fit = std::result::Result<Fitted, Refusal>;

/// The days on which the steps ahead begin.
pub(super) fn steps_ahead(panel: &Panel) -> Result<Vec<NaiveDate>> {
    let horizon = i64::try_from(panel.horizon).unwrap_or(i64::MAX);
    (1..=horizon).map(|step| panel.steps.start(panel.end + step)).collect()
}

/// The rows of `forecast` for `fits`, which begin with the series `first`.
pub(super) fn forecasts<M: Measure>(
    panel: &Panel,
    request: &Request,
    schema: &SchemaRef,
    first: usize,
    fits: &[Fit],
    shared: Shared,
) -> DataFusionResult<RecordBatch> {
    let ahead = steps_ahead(panel).map_err(to_datafusion)?;
    let mut of = Vec::new();
    let mut days = Vec::new();
    let mut means: Vec<Option<M>> = Vec::new();
    let mut quantiles: Vec<Vec<Option<M>>> = vec![Vec::new(); request.quantiles.len()];
    let (mut methods, mut notes) = (Vec::new(), Vec::new());
    let (mut wapes, mut coverages, mut observations) = (Vec::new(), Vec::new(), Vec::new());
    for (at, fit) in fits.iter().enumerate() {
        let history = &panel.series[first + at];
        let made: std::result::Result<Forecast, &Refusal> = fit.as_ref().map(|fit| fit.forecast(shared));
        let rounded = |value: f64| M::rounded(value, history.places).map(Some);
        for (step, day) in ahead.iter().enumerate() {
            of.push(u32::try_from(first + at).unwrap_or(u32::MAX));
            days.push(*day);
            match &made {
                Ok(made) => {
                    means.push(rounded(made.mean[step])?);
                    for (column, values) in quantiles.iter_mut().zip(&made.quantiles) {
                        column.push(rounded(values[step])?);
                    }
                    methods.push(Some(made.method));
                    wapes.push(made.backtest.as_ref().and_then(|backtest| backtest.wape).map(share));
                    coverages.push(made.backtest.as_ref().map(|backtest| share(backtest.coverage_80)));
                    observations.push(i64::try_from(made.n_obs).ok());
                    notes.push(note(history, panel, made.note.clone()));
                }
                Err(refusal) => {
                    means.push(None);
                    quantiles.iter_mut().for_each(|column| column.push(None));
                    methods.push(None);
                    wapes.push(None);
                    coverages.push(None);
                    let present = history.values.iter().filter(|value| value.is_finite()).count();
                    observations.push(i64::try_from(present).ok());
                    notes.push(note(history, panel, Some(refusal.to_string())));
                }
            }
        }
    }
    let data_type = schema.field(panel.ids.len()).data_type();
    let mut columns = vec![times(&days, data_type)?, M::column(means)?];
    for column in quantiles {
        columns.push(M::column(column)?);
    }
    columns.push(Arc::new(StringArray::from(methods)));
    columns.push(Arc::new(Float64Array::from(wapes)));
    columns.push(Arc::new(Float64Array::from(coverages)));
    columns.push(Arc::new(Int64Array::from(observations)));
    columns.push(Arc::new(StringArray::from(notes)));
    batch(schema, &panel.ids, of, columns)
}

/// The rows of `forecast_paths` for one series. A series without a value has no path.
pub(super) fn paths<M: Measure>(
    panel: &Panel,
    schema: &SchemaRef,
    at: usize,
    fit: &Fit,
    shared: Shared,
) -> DataFusionResult<RecordBatch> {
    let history = &panel.series[at];
    let ahead = steps_ahead(panel).map_err(to_datafusion)?;
    let drawn = match fit {
        Ok(fit) => fit.forecast(shared).paths,
        Err(Refusal::NoValues) => Vec::new(),
        Err(refusal) => return Err(refused(&history.label, refusal)),
    };
    let rows = drawn.len() * ahead.len();
    let mut values: Vec<Option<M>> = Vec::with_capacity(rows);
    let (mut numbers, mut days) = (Vec::with_capacity(rows), Vec::with_capacity(rows));
    for (number, path) in drawn.iter().enumerate() {
        for (value, day) in path.iter().zip(&ahead) {
            values.push(Some(M::rounded(*value, history.places)?));
            numbers.push(i64::try_from(number + 1).unwrap_or(i64::MAX));
            days.push(*day);
        }
    }
    let data_type = schema.field(panel.ids.len() + 1).data_type();
    let columns = vec![Arc::new(Int64Array::from(numbers)) as _, times(&days, data_type)?, M::column(values)?];
    batch(schema, &panel.ids, vec![u32::try_from(at).unwrap_or(u32::MAX); rows], columns)
}

/// A series that cannot be forecast as asked is missing from every sum of paths.
pub(super) fn refused(label: &str, refusal: &Refusal) -> datafusion::common::DataFusionError {
    let error = Error::query(refusal.to_string()).hint("leave `method` out: the combination works on any history");
    to_datafusion(if label.is_empty() { error } else { error.with("series", label) })
}

/// Errors of the forecasts of one step ahead, added up.
#[derive(Default)]
struct Errors {
    number: usize,
    inside: usize,
    size: f64,
    missed: f64,
    over: f64,
}

impl Errors {
    fn add(&mut self, error: &StepError) {
        self.number += 1;
        self.inside += usize::from((error.low_80..=error.high_80).contains(&error.actual));
        self.size += error.actual.abs();
        self.missed += (error.actual - error.forecast).abs();
        self.over += error.forecast - error.actual;
    }
}

/// The rows of `backtest` for `fits`, which begin with the series `first`: a row for each step with an error.
pub(super) fn backtests(
    panel: &Panel,
    schema: &SchemaRef,
    first: usize,
    fits: &[Fit],
) -> DataFusionResult<RecordBatch> {
    let (mut of, mut steps, mut numbers) = (Vec::new(), Vec::new(), Vec::new());
    let (mut wapes, mut biases, mut coverages) = (Vec::new(), Vec::new(), Vec::new());
    for (at, fit) in fits.iter().enumerate() {
        let mut by_step: BTreeMap<usize, Errors> = BTreeMap::new();
        for error in fit.iter().filter_map(Fitted::backtest).flat_map(|backtest| &backtest.errors) {
            by_step.entry(error.step).or_default().add(error);
        }
        for (step, errors) in by_step {
            of.push(u32::try_from(first + at).unwrap_or(u32::MAX));
            steps.push(i64::try_from(step).unwrap_or(i64::MAX));
            numbers.push(i64::try_from(errors.number).unwrap_or(i64::MAX));
            wapes.push((errors.size > 0.0).then(|| share(errors.missed / errors.size)));
            biases.push((errors.size > 0.0).then(|| share(errors.over / errors.size)));
            coverages.push(Some(share(count(errors.inside) / count(errors.number))));
        }
    }
    let columns: Vec<Arc<dyn Array>> = vec![
        Arc::new(Int64Array::from(steps)),
        Arc::new(Int64Array::from(numbers)),
        Arc::new(Float64Array::from(wapes)),
        Arc::new(Float64Array::from(biases)),
        Arc::new(Float64Array::from(coverages)),
    ];
    batch(schema, &panel.ids, of, columns)
}
