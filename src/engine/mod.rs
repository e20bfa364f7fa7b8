//! The engine: SQL over the ledger, the configured tables and the saved queries, within limits.
//!
//! ```text
//! SQL → guard (reads only, small enough) → tables opened → names spelled → plan → parameters bound → run → batches
//! ```
//!
//! [`Engine`] lives as long as its user; each statement gets a session of its own, so that it sees the files as they lie
//! now, and its requests, bytes and memory are counted apart.

mod allocation;
mod amplify;
mod answer;
mod arithmetic;
mod arrows;
mod as_of;
mod check;
mod currency;
mod curves;
mod dates;
mod errors;
mod estimate;
mod facts;
mod forecast;
mod freshness;
mod group_keys;
mod guard;
mod guarded;
mod inputs;
mod labels;
pub mod ledger;
mod names;
mod needs;
mod optimisations;
mod periods;
mod pricing;
mod privacy;
mod quality;
mod read_ahead;
mod reads;
mod repeats;
mod rounding;
mod rules;
mod runtime;
mod session;
mod shelf;
mod summaries;
mod tables;
mod tags;
mod tokens;
mod uncertainty;

pub use answer::{Answer, Statistics};
pub use check::{CheckOutcome, Finding, RowsFinding};
pub use errors::Sql;
pub use estimate::Estimate;
pub use facts::FactColumnMet;
pub use freshness::{Late, too_late};
pub use inputs::{Listing, fingerprint};
pub use ledger::Ledger;
pub use optimisations::{Optimisation, Optimisations};
pub use pricing::priced;
pub use quality::{Score, Scorecard, Verdict};

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use datafusion::execution::cache::cache_manager::FileMetadataCache;
use datafusion::execution::cache::default_cache::DefaultCache;
use url::Url;

use crate::clock::{Clock, SystemClock};
use crate::config::Config;
use crate::error::{Error, ErrorKind, Result, did_you_mean};
use crate::facts::Contract;
use crate::privacy::Pseudonyms;
use crate::query::{Bound, Calendar, Catalog, SavedQuery, bind};
use crate::storage::{DiskCache, Location, StoreOptions, Stores};
use crate::units::ByteSize;
use privacy::Privacy;
use session::Session;

/// Stack of planning and running threads: planning is recursive, and the guard lets expressions nest a thousand deep.
const STACK_BYTES: usize = 64 << 20;

/// The name under which SQL finds the records of builds.
pub const RUNS: &str = "runs";

/// Footers kept in memory for each store.
const FOOTER_CACHE_BYTES: usize = 128 << 20;

/// What no statement may exceed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Limits {
    /// Longest time.
    pub timeout: Option<Duration>,
    /// Most memory; operators that can spill to disk do so before.
    pub memory: Option<ByteSize>,
    /// Most disk that spilling may take.
    pub temp: Option<ByteSize>,
    /// Most bytes read from the stores.
    pub max_scan: Option<ByteSize>,
}

/// Puts an [`Engine`] together: settings on one side, components on the other.
#[derive(Debug)]
pub struct EngineBuilder {
    config: Config,
    catalog: Catalog,
    store_options: StoreOptions,
    limits: Limits,
    threads: usize,
    clock: Arc<dyn Clock>,
    as_of: Option<NaiveDate>,
    prices_usage: bool,
    pseudonyms: Option<Pseudonyms>,
    optimisations: Optimisations,
    cache: Option<DiskCache>,
}

impl EngineBuilder {
    /// The saved queries that are views to every statement.
    #[must_use]
    pub fn catalog(mut self, catalog: Catalog) -> Self {
        self.catalog = catalog;
        self
    }

    /// Credentials and endpoints of the stores.
    #[must_use]
    pub fn store_options(mut self, options: StoreOptions) -> Self {
        self.store_options = options;
        self
    }

    /// What no statement may exceed.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Threads that run statements; at least one.
    #[must_use]
    pub fn threads(mut self, threads: usize) -> Self {
        self.threads = threads.max(1);
        self
    }

    /// The clock; the one of the machine when left out.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The date that relative periods count from, and by which a delivery must have come to count. When left out,
    /// periods count from the date of the configuration, else from today, and whatever was delivered counts.
    #[must_use]
    pub fn as_of(mut self, as_of: Option<NaiveDate>) -> Self {
        self.as_of = as_of;
        self
    }

    /// Leaves usage without cost as it is: what is stored for later must not hold the prices of today.
    #[must_use]
    pub fn without_prices(mut self) -> Self {
        self.prices_usage = false;
        self
    }

    /// The pseudonyms of principals, under the key of the company. When left out they last as long as the engine, unless
    /// the configuration grants names.
    #[must_use]
    pub fn pseudonyms(mut self, pseudonyms: Option<Pseudonyms>) -> Self {
        self.pseudonyms = pseudonyms;
        self
    }

    /// Keeps what is read from remote stores; nothing is kept when left out.
    #[must_use]
    pub fn cache(mut self, cache: Option<DiskCache>) -> Self {
        self.cache = cache;
        self
    }

    /// What makes statements faster; everything that does when left out.
    #[must_use]
    pub fn optimisations(mut self, optimisations: Optimisations) -> Self {
        self.optimisations = optimisations;
        self
    }

    /// Builds the engine. Nothing is opened yet.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a fiscal calendar that does not exist, [`crate::ErrorKind::Internal`] when the
    /// machine refuses threads.
    pub fn build(self) -> Result<Engine> {
        let known_at = self.as_of;
        let calendar = Calendar {
            fiscal: self.config.fiscal_calendar()?,
            as_of: known_at.or(self.config.project.as_of).unwrap_or_else(|| self.clock.now().date_naive()),
            close_lag_days: self.config.project.close_lag_days,
        };
        // A runtime of its own: a statement that hogs its threads must not starve timers and signals of the caller.
        let workers = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(self.threads)
            .thread_name("outlay-query")
            .thread_stack_size(STACK_BYTES)
            .enable_all()
            .build()
            .map_err(|cause| Error::internal("cannot start threads").because(cause))?;
        let mut engine = Engine {
            privacy: Privacy::new(&self.config.privacy, self.pseudonyms)?,
            config: self.config,
            catalog: self.catalog,
            stores: Stores::new(self.store_options),
            limits: self.limits,
            threads: self.threads,
            clock: self.clock,
            calendar,
            known_at,
            prices_usage: self.prices_usage,
            cache: self.cache.filter(|_| self.optimisations.has(Optimisation::DiskCache)).map(Arc::new),
            optimisations: self.optimisations,
            footers: Mutex::default(),
            workers: Some(workers),
        };
        if !engine.catalog.contains(crate::allocation::VIEW) {
            let compiled = engine.allocated_spend([])?;
            engine.catalog.add_compiled(compiled);
        }
        Ok(engine)
    }
}

/// Runs SQL over the sources and tables of a configuration.
#[derive(Debug)]
pub struct Engine {
    config: Config,
    catalog: Catalog,
    stores: Stores,
    limits: Limits,
    threads: usize,
    clock: Arc<dyn Clock>,
    calendar: Calendar,
    known_at: Option<NaiveDate>,
    prices_usage: bool,
    optimisations: Optimisations,
    cache: Option<Arc<DiskCache>>,
    privacy: Privacy,
    footers: Mutex<HashMap<Url, Arc<FileMetadataCache>>>,
    workers: Option<tokio::runtime::Runtime>,
}

impl Drop for Engine {
    fn drop(&mut self) {
        if let Some(workers) = self.workers.take() {
            // Waiting for a statement that was given up would undo the point of its limit.
            workers.shutdown_background();
        }
    }
}

/// Where what is asked of the charges may come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// From the charges alone: what is stored or checked must not come from what was stored.
    Charges,
    /// From summary tables as far as they are as they should be.
    Summaries,
}

/// What a statement is run over, beside the tables that there are.
struct Work {
    given: Option<Given>,
    reading: Reading,
}

impl Work {
    fn new(reading: Reading) -> Self {
        Self { given: None, reading }
    }

    fn over(given: Given) -> Self {
        Self { given: Some(given), reading: Reading::Charges }
    }
}

/// A table that is there for one statement.
enum Given {
    /// The result of a saved query.
    View(Box<SavedQuery>, Bound),
    /// Tables under their names; what is stored of them lies in the folder of the summaries.
    Rows(Vec<(String, Arc<dyn TableProvider>)>),
}

impl Engine {
    /// Starts to build an engine for `config`.
    pub fn builder(config: Config) -> EngineBuilder {
        EngineBuilder {
            config,
            catalog: Catalog::default(),
            store_options: StoreOptions::default(),
            limits: Limits::default(),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            clock: Arc::new(SystemClock::default()),
            as_of: None,
            prices_usage: true,
            pseudonyms: None,
            optimisations: Optimisations::default(),
            cache: None,
        }
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The saved queries.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// The stores, to write results to.
    pub fn stores(&self) -> &Stores {
        &self.stores
    }

    /// The clock.
    pub fn clock(&self) -> &dyn Clock {
        self.clock.as_ref()
    }

    /// The day by which a delivery must have come to count, when one was given.
    pub fn known_at(&self) -> Option<NaiveDate> {
        self.known_at
    }

    /// The date that relative periods count from, and the fiscal calendar.
    pub fn calendar(&self) -> &Calendar {
        &self.calendar
    }

    /// The names that SQL can select from: the ledger, the tables, the saved queries that run without values and the summary tables,
    /// sorted.
    pub fn table_names(&self) -> Vec<String> {
        let of_ledger = ledger::NAMES.iter().chain([&ledger::SET_ASIDE]);
        let ledger = of_ledger.filter(|_| !self.config.sources.is_empty()).map(|name| (*name).to_owned());
        let views = self.catalog.iter().filter(|query| query.runs_without_values()).map(|query| query.name.clone());
        let summaries = self.catalog.summaries().map(|(table, _)| table.to_owned()).chain([RUNS.to_owned()]);
        let tables = self.config.tables.keys().cloned();
        let names: BTreeSet<String> = ledger.chain(tables).chain(views).chain(summaries).collect();
        names.into_iter().collect()
    }

    /// The names of the functions that SQL can call, sorted.
    pub fn function_names(&self) -> Vec<String> {
        let names = Session::new(self, self.limits).map(|session| session.function_names());
        names.unwrap_or_default()
    }

    /// Splits `sql` into statements, each of which may be run by [`Self::query`]: text and first line, so that errors
    /// point into what was written.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Query`] for what is not SQL, [`crate::ErrorKind::Invalid`] for what does more than read,
    /// [`crate::ErrorKind::Limit`] for what is too large.
    pub async fn statements(&self, sql: Sql<'_>) -> Result<Vec<(String, usize)>> {
        let (text, origin, first_line) = (sql.text.to_owned(), sql.origin.to_owned(), sql.first_line);
        self.on_large_stack(move || async move {
            let sql = Sql { text: &text, origin: &origin, first_line };
            guard::parse(sql)?;
            Ok(guard::split(sql))
        })
        .await
    }

    /// Runs one statement that reads.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Query`] when it cannot be planned, [`crate::ErrorKind::Invalid`] when it does more than read,
    /// [`crate::ErrorKind::Limit`], [`crate::ErrorKind::Storage`] and [`crate::ErrorKind::Data`] as they come up.
    pub async fn query(self: &Arc<Self>, sql: Sql<'_>) -> Result<Answer> {
        self.start(sql, Bound::default(), self.limits, Work::new(Reading::Summaries)).await
    }

    /// Runs a saved query with `given` parameter values.
    ///
    /// # Errors
    /// As [`Self::query`]; [`crate::ErrorKind::Invalid`] for parameters that are unknown, missing or of the wrong type, and
    /// for SQL of the file that does not plan.
    pub async fn run(self: &Arc<Self>, query: &SavedQuery, given: &[(String, String)]) -> Result<Answer> {
        self.run_reading(query, given, Reading::Summaries).await
    }

    /// As [`Self::run`], from the charges themselves and from no summary of them that the query does not name.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn compute(self: &Arc<Self>, query: &SavedQuery, given: &[(String, String)]) -> Result<Answer> {
        self.run_reading(query, given, Reading::Charges).await
    }

    async fn run_reading(
        self: &Arc<Self>,
        query: &SavedQuery,
        given: &[(String, String)],
        reading: Reading,
    ) -> Result<Answer> {
        let bound = bind(query, given, &self.calendar)?;
        self.start(Sql::of(query), bound, self.limits_of(query), Work::new(reading)).await.map_err(to_mend)
    }

    /// What a run of `query` may not exceed: what was asked for, else what the query says.
    fn limits_of(&self, query: &SavedQuery) -> Limits {
        Limits {
            timeout: self.limits.timeout.or(query.timeout),
            max_scan: self.limits.max_scan.or(query.max_scan),
            ..self.limits
        }
    }

    /// Opens the ledger to look at it: files that count, files set aside, drift.
    ///
    /// # Errors
    /// As for a query over `spend`.
    pub async fn ledger(self: &Arc<Self>) -> Result<Arc<Ledger>> {
        let engine = Arc::clone(self);
        self.on_large_stack(move || async move {
            Session::new(engine.as_ref(), engine.limits)?.ledger_of(None, engine.known_at).await
        })
        .await
    }

    /// The columns of a table, a view or the ledger: name and type.
    ///
    /// # Errors
    /// As for a query over it.
    pub async fn schema_of(self: &Arc<Self>, table: &str) -> Result<SchemaRef> {
        let (engine, table) = (Arc::clone(self), table.to_owned());
        self.on_large_stack(move || async move {
            let session = Session::new(engine.as_ref(), engine.limits)?;
            Ok(session.table(&table, &[]).await?.schema())
        })
        .await
    }

    /// How the columns of `contract` are met by the files or the saved query of its name. When there is neither, what meets a
    /// column is empty.
    ///
    /// # Errors
    /// Those of listing and reading the columns.
    pub async fn facts(self: &Arc<Self>, contract: &'static Contract) -> Result<Vec<FactColumnMet>> {
        let engine = Arc::clone(self);
        self.on_large_stack(move || async move { Session::new(engine.as_ref(), engine.limits)?.facts(contract).await })
            .await
    }

    /// Runs one statement over the result of `query` with `given` values, which it finds under the name of the query.
    async fn query_over(
        self: &Arc<Self>,
        sql: Sql<'_>,
        query: &SavedQuery,
        given: &[(String, String)],
    ) -> Result<Answer> {
        let view = Given::View(Box::new(query.clone()), bind(query, given, &self.calendar)?);
        self.start(sql, Bound::default(), self.limits, Work::over(view)).await
    }

    /// Runs one statement over `rows`, which it finds under `name`.
    async fn query_rows(
        self: &Arc<Self>,
        sql: Sql<'_>,
        name: &str,
        schema: &SchemaRef,
        rows: &[RecordBatch],
    ) -> Result<Answer> {
        let given = Given::Rows(vec![(name.to_owned(), summaries::memory(schema, rows)?)]);
        self.start(sql, Bound::default(), self.limits, Work::over(given)).await
    }

    async fn start(self: &Arc<Self>, sql: Sql<'_>, bound: Bound, limits: Limits, work: Work) -> Result<Answer> {
        let started = self.clock.elapsed();
        let deadline = limits.timeout.map(|timeout| started + timeout);
        let engine = Arc::clone(self);
        let (text, origin, first_line) = (sql.text.to_owned(), sql.origin.to_owned(), sql.first_line);
        let shown = bound.shown.clone();
        let planned = self.on_large_stack(move || async move {
            let session = Session::new(engine.as_ref(), limits)?;
            match &work.given {
                Some(Given::View(query, bound)) => {
                    let table = session.view_of(query, bound, std::slice::from_ref(&query.name)).await?;
                    session.provide(&query.name, table).await;
                }
                Some(Given::Rows(tables)) => {
                    session.register(&engine.location(&engine.config.summaries.path)?)?;
                    for (name, rows) in tables {
                        session.provide(name, Arc::clone(rows)).await;
                    }
                }
                None => {}
            }
            session.start(Sql { text: &text, origin: &origin, first_line }, bound, work.reading).await
        });
        let running = answer::within(deadline, self.clock.as_ref(), planned).await??;
        Ok(Answer::new(running, shown, Arc::clone(&self.clock), started, deadline, self.config.prices))
    }

    /// Runs `work` on a thread with room for deep recursion, its input and output on the threads of the engine.
    async fn on_large_stack<T, W, F>(&self, work: W) -> Result<T>
    where
        T: Send + 'static,
        W: FnOnce() -> F + Send + 'static,
        F: Future<Output = Result<T>>,
    {
        let workers = self.workers.as_ref().ok_or_else(|| Error::internal("the engine has stopped"))?;
        let handle = workers.handle().clone();
        let (sender, receiver) = tokio::sync::oneshot::channel();
        std::thread::Builder::new()
            .name("outlay-plan".to_owned())
            .stack_size(STACK_BYTES)
            .spawn(move || {
                let result = handle.block_on(work());
                // Nobody waits any more when the caller gave up.
                drop(sender.send(result));
            })
            .map_err(|cause| Error::internal("cannot start a thread").because(cause))?;
        receiver.await.map_err(|_| Error::internal("planning failed beyond recovery"))?
    }

    /// The saved query that the rules of allocation mean, for a ledger with these columns of amounts.
    fn allocated_spend<'n>(&self, amounts: impl IntoIterator<Item = &'n str>) -> Result<SavedQuery> {
        let has_roster = self.config.tables.contains_key("roster") || self.catalog.contains("roster");
        self.config.allocation.saved_query(has_roster, amounts)
    }

    fn location(&self, path: &str) -> Result<Location> {
        Location::parse(path, &self.config.base)
    }

    fn footers(&self, store: &Url) -> Arc<FileMetadataCache> {
        let mut caches = self.footers.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || -> Arc<FileMetadataCache> { Arc::new(DefaultCache::new(FOOTER_CACHE_BYTES)) };
        Arc::clone(caches.entry(store.clone()).or_insert_with(new))
    }

    fn no_such_table(&self, name: &str) -> Error {
        let names = self.table_names();
        let error = Error::query(format!("no table `{name}`"));
        if ledger::NAMES.contains(&name) || name == ledger::SET_ASIDE {
            return error
                .with_kind(ErrorKind::Invalid)
                .hint("the ledger has no source yet: add `[sources.NAME]` with a `path` to outlay.toml");
        }
        if crate::facts::contract(name).is_some() {
            return error
                .hint(format!("say where it lies: `[tables.{name}]` with a `path` in outlay.toml"))
                .hint(format!("`outlay describe {name}` shows the columns that it should have"));
        }
        match did_you_mean(name, names.iter().map(String::as_str)) {
            Some(hint) => error.hint(hint),
            None => error.hint("`outlay tables` lists what there is"),
        }
    }
}

/// What does not plan is a saved query to mend, not a statement that failed.
fn to_mend(error: Error) -> Error {
    match error.kind() {
        ErrorKind::Query => error.with_kind(ErrorKind::Invalid),
        _ => error,
    }
}
