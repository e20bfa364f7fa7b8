//! One run of a call: rows are collected, series are fitted in parallel, results stream out.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, SchemaRef};
use datafusion::common::{DataFusionError, Result as DataFusionResult};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::metrics::Count;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};

use super::measure::{Exact, Float, Measure};
use super::panel::Panel;
use super::per_step::{Fit, backtests, forecasts, paths};
use super::periods::Periods;
use super::request::{Kind, Request};
use super::totals::{Groups, Part, Totals};
use crate::engine::errors::to_datafusion;
use crate::forecast::{Backtest, Series, Settings, Shared, fit};

/// Most series that one task takes at once: a task that is given up ends with the series that it is at.
const LONGEST_TURN: usize = 64;

/// Says to the threads at work that nobody waits for them any more.
#[derive(Debug, Default)]
struct GivenUp(Arc<AtomicBool>);

impl Drop for GivenUp {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// One run of a call.
pub(super) struct Call {
    request: Arc<Request>,
    schema: SchemaRef,
    threads: usize,
    memory: MemoryReservation,
    given_up: GivenUp,
    /// Series that are fitted.
    fitted: Count,
}

type Rows = BoxStream<'static, DataFusionResult<RecordBatch>>;

impl Call {
    pub(super) fn new(request: &Arc<Request>, schema: &SchemaRef, context: &TaskContext, fitted: Count) -> Self {
        Self {
            request: Arc::clone(request),
            schema: Arc::clone(schema),
            threads: context.session_config().target_partitions(),
            memory: MemoryConsumer::new(request.kind.name()).register(context.memory_pool()),
            given_up: GivenUp::default(),
            fitted,
        }
    }

    /// The rows of the result for those of `input`.
    pub(super) async fn rows(self, mut input: SendableRecordBatchStream) -> DataFusionResult<Rows> {
        let schema = input.schema();
        let mut batches = Vec::new();
        while let Some(batch) = input.try_next().await? {
            // Once as it came, once sorted.
            self.memory.try_grow(2 * batch.get_array_memory_size())?;
            batches.push(batch);
        }
        let data = schema.fields().last().map(|field| field.data_type().clone());
        let (request, collected) = (Arc::clone(&self.request), self.memory.size());
        let panel = aside(move || Panel::new(&batches, &schema, &request)).await??;
        let Some(panel) = panel.map(Arc::new) else { return Ok(futures::stream::empty().boxed()) };
        self.memory.try_grow(panel.bytes(&self.request))?;
        self.memory.shrink(collected);
        if data.as_ref().is_some_and(DataType::is_decimal) {
            self.measured::<Exact>(panel).await
        } else {
            self.measured::<Float>(panel).await
        }
    }

    async fn measured<M: Measure>(self, panel: Arc<Panel>) -> DataFusionResult<Rows> {
        match self.request.kind {
            Kind::Forecast => self.forecasts::<M>(panel).await,
            Kind::Backtest => {
                let schema = Arc::clone(&self.schema);
                let rows = self.parallel(&panel, LONGEST_TURN, move |panel, turn, fits| {
                    backtests(panel, &schema, turn.start, fits)
                });
                Ok(self.holding(rows))
            }
            Kind::Paths => self.paths::<M>(panel).await,
            Kind::Total => self.totals::<M>(panel).await,
        }
    }

    /// `rows`, with what the call holds until they are all there or dropped.
    fn holding(self, rows: impl Stream<Item = DataFusionResult<RecordBatch>> + Send + 'static) -> Rows {
        rows.map(move |batch| {
            let _held = &self;
            batch
        })
        .boxed()
    }

    /// `work` over the fits of a few series at a time, on all threads, in the order of the series.
    fn parallel<T: Send + 'static>(
        &self,
        panel: &Arc<Panel>,
        longest_turn: usize,
        work: impl Fn(&Panel, Range<usize>, &[Fit]) -> DataFusionResult<T> + Clone + Send + 'static,
    ) -> impl Stream<Item = DataFusionResult<T>> + Send + 'static {
        let (panel, request, given_up) = (Arc::clone(panel), Arc::clone(&self.request), Arc::clone(&self.given_up.0));
        let count = self.fitted.clone();
        futures::stream::iter(turns(panel.series.len(), self.threads, longest_turn))
            .map(move |turn| {
                let (panel, request, given_up) = (Arc::clone(&panel), Arc::clone(&request), Arc::clone(&given_up));
                let (work, count) = (work.clone(), count.clone());
                async move {
                    aside(move || {
                        let settings = settings(&panel, &request);
                        let fits = turn
                            .clone()
                            .take_while(|_| !given_up.load(Ordering::Relaxed))
                            .map(|at| fitted(&panel, &request, &settings, at))
                            .inspect(|_| count.add(1))
                            .collect::<Vec<Fit>>();
                        work(&panel, turn.start..turn.start + fits.len(), &fits)
                    })
                    .await?
                }
            })
            .buffered(self.threads.max(1))
    }

    /// The fits of all series, and what they have in common.
    async fn fits(&self, panel: &Arc<Panel>) -> DataFusionResult<(Arc<Vec<Fit>>, Shared)> {
        let all: Vec<Vec<Fit>> =
            self.parallel(panel, LONGEST_TURN, |_, _, fits| Ok(fits.to_vec())).try_collect().await?;
        let fits: Vec<Fit> = all.into_iter().flatten().collect();
        let backtests: Vec<Backtest> = fits
            .iter()
            .zip(&panel.series)
            .filter_map(|(fit, history)| {
                let mut backtest = fit.as_ref().ok()?.backtest()?.clone();
                let missing = history.missing_at_end();
                backtest.errors.iter_mut().for_each(|error| error.before_end += missing);
                Some(backtest)
            })
            .collect();
        let shared = Shared::of(&backtests.iter().collect::<Vec<_>>());
        Ok((Arc::new(fits), shared))
    }

    async fn forecasts<M: Measure>(self, panel: Arc<Panel>) -> DataFusionResult<Rows> {
        let (fits, shared) = self.fits(&panel).await?;
        let (request, schema) = (Arc::clone(&self.request), Arc::clone(&self.schema));
        let rows =
            futures::stream::iter(turns(panel.series.len(), self.threads, LONGEST_TURN))
                .map(move |turn| {
                    let (panel, fits) = (Arc::clone(&panel), Arc::clone(&fits));
                    let (request, schema) = (Arc::clone(&request), Arc::clone(&schema));
                    let first = turn.start;
                    async move {
                        aside(move || forecasts::<M>(&panel, &request, &schema, first, &fits[turn], shared)).await?
                    }
                })
                .buffered(self.threads.max(1));
        Ok(self.holding(rows))
    }

    async fn paths<M: Measure>(self, panel: Arc<Panel>) -> DataFusionResult<Rows> {
        let (fits, shared) = self.fits(&panel).await?;
        let schema = Arc::clone(&self.schema);
        let rows = futures::stream::iter(0..panel.series.len())
            .map(move |at| {
                let (panel, fits, schema) = (Arc::clone(&panel), Arc::clone(&fits), Arc::clone(&schema));
                async move { aside(move || paths::<M>(&panel, &schema, at, &fits[at], shared)).await? }
            })
            .buffered(self.threads.max(1))
            .try_filter(|batch| futures::future::ready(batch.num_rows() > 0));
        Ok(self.holding(rows))
    }

    async fn totals<M: Measure>(self, panel: Arc<Panel>) -> DataFusionResult<Rows> {
        let periods = Periods::of(&panel, &self.request).map_err(to_datafusion)?;
        let groups = Groups::of(&panel, &self.request.kept)?;
        // What waits to be added and what waits to be ranked.
        let waiting = self.threads * TURN_OF_PATHS + 2 * GROUPS_OF_A_BATCH;
        self.memory.try_grow(waiting * periods.all.len() * self.request.paths * size_of::<M>())?;
        let (fits, shared) = self.fits(&panel).await?;
        let totals = Arc::new(Totals {
            panel,
            request: Arc::clone(&self.request),
            schema: Arc::clone(&self.schema),
            periods,
            groups,
            fits,
            shared,
            given_up: Arc::clone(&self.given_up.0),
        });
        let order = Arc::new(totals.in_order());
        let adding = Arc::clone(&totals);
        let parts = futures::stream::iter(turns(order.len(), self.threads, TURN_OF_PATHS))
            .map(move |turn| {
                let (totals, order) = (Arc::clone(&adding), Arc::clone(&order));
                async move {
                    aside(move || {
                        let waited_for = |_: &(usize, usize)| !totals.given_up.load(Ordering::Relaxed);
                        let series = order[turn].iter().copied().take_while(waited_for);
                        series.map(|(group, at)| Ok((group, totals.part::<M>(at)?))).collect::<DataFusionResult<_>>()
                    })
                    .await?
                }
            })
            .buffered(self.threads.max(1));
        let sums = Sums { parts: parts.boxed(), current: None, whole: Vec::new(), ended: false };
        let rows = futures::stream::try_unfold(sums, move |mut sums| {
            let totals = Arc::clone(&totals);
            async move {
                let Some(whole) = sums.next().await? else { return Ok(None) };
                let rows = aside(move || totals.rows(whole)).await??;
                Ok(Some((rows, sums)))
            }
        });
        Ok(self.holding(rows))
    }
}

/// Most series whose paths one task draws at once.
const TURN_OF_PATHS: usize = 16;

/// Groups that are ranked at once.
const GROUPS_OF_A_BATCH: usize = 64;

/// Parts of series, which come group by group, on their way to sums of groups.
struct Sums<M> {
    parts: BoxStream<'static, DataFusionResult<Vec<(usize, Part<M>)>>>,
    current: Option<(usize, Part<M>)>,
    whole: Vec<(usize, Part<M>)>,
    ended: bool,
}

impl<M: Measure> Sums<M> {
    /// The next groups whose series are all added; `None` after the last.
    async fn next(&mut self) -> DataFusionResult<Option<Vec<(usize, Part<M>)>>> {
        while !self.ended && self.whole.len() < GROUPS_OF_A_BATCH {
            let Some(turn) = self.parts.try_next().await? else {
                self.ended = true;
                self.whole.extend(self.current.take());
                break;
            };
            for (group, part) in turn {
                match &mut self.current {
                    Some((current, sum)) if *current == group => sum.add(&part)?,
                    current => self.whole.extend(current.replace((group, part))),
                }
            }
        }
        let whole = std::mem::take(&mut self.whole);
        Ok((!whole.is_empty()).then_some(whole))
    }
}

fn settings(panel: &Panel, request: &Request) -> Settings {
    Settings {
        horizon: panel.horizon,
        quantiles: request.quantiles.iter().map(|quantile| quantile.share).collect(),
        paths: request.paths,
        seed: request.seed,
        non_negative: request.non_negative,
        method: request.method,
        origins: request.origins,
        shared: Shared::NONE,
    }
}

fn fitted(panel: &Panel, request: &Request, settings: &Settings, at: usize) -> Fit {
    let history = &panel.series[at];
    let season = request.season.unwrap_or_else(|| panel.steps.season());
    fit(Series { values: &history.values, season, key: history.key }, settings)
}

/// `number` series in turns that keep all threads busy.
fn turns(number: usize, threads: usize, longest: usize) -> Vec<Range<usize>> {
    let length = (number / (4 * threads.max(1))).clamp(1, longest);
    (0..number).step_by(length).map(|first| first..(first + length).min(number)).collect()
}

/// `work` on a thread that may be busy for long.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> DataFusionResult<T> {
    tokio::task::spawn_blocking(work).await.map_err(|cause| DataFusionError::External(Box::new(cause)))
}
