//! One statement: its tables opened, its names spelled, its plan made and started.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};

use chrono::NaiveDate;
use datafusion::catalog::TableProvider;
use datafusion::common::{ParamValues, TableReference};
use datafusion::datasource::ViewTable;
use datafusion::datasource::empty::EmptyTable;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::memory_pool::{FairSpillPool, MemoryPool, UnboundedMemoryPool};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{SessionState, SessionStateBuilder, SessionStateDefaults};
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionConfig;
use datafusion::sql::parser::Statement;
use datafusion::sql::resolve::resolve_table_references;
use futures::future::LocalBoxFuture;
use futures::{FutureExt, StreamExt, TryStreamExt};
use object_store::ObjectStore;

use super::answer::Running;
use super::currency::{self, Exchange};
use super::errors::{Sql, from_datafusion};
use super::facts::{self as of_facts, FactColumnMet};
use super::group_keys::plain;
use super::ledger::{self, Delivered, Footers, Ledger, Source, Twins};
use super::names::{Spelling, respelled};
use super::rules::{function_rewrites, logical_rules, physical_rules};
use super::runtime::{HighWaterPool, OpenedStores};
use super::summaries::reads_unopened;
use super::tables::FileTable;
use super::tags::JsonSubscript;
use super::{
    Engine, Limits, Optimisation, Optimisations, Reading, allocation, amplify, as_of, curves, forecast, guard, labels,
    pricing, tokens, uncertainty,
};
use crate::allocation::FILE;
use crate::config;
use crate::error::{Error, ErrorKind, Result};
use crate::facts::{self, Contract};
use crate::prices::{PriceBook, Unpriced};
use crate::query::{Bound, SavedQuery, bind};
use crate::storage::{CachedStore, DiskCache, ListedOnce, Location, Meter, MeteredStore, is_local};

/// Sources opened at the same time.
const CONCURRENT_SOURCES: usize = 8;

/// Batches computed ahead of the reader.
const BATCHES_AHEAD: usize = 2;

type Tables = BTreeMap<String, Arc<dyn TableProvider>>;

/// The session of one statement.
pub(super) struct Session<'e> {
    pub(super) engine: &'e Engine,
    pub(super) context: SessionContext,
    pub(super) meter: Arc<Meter>,
    /// What keeps what is read from remote stores.
    pub(super) cache: Option<Arc<DiskCache>>,
    pool: Arc<HighWaterPool>,
    opened: tokio::sync::Mutex<Tables>,
    notes: std::sync::Mutex<Vec<String>>,
    /// What summary tables answered, in words.
    pub(super) answered: std::sync::Mutex<Vec<String>>,
    shelf: pricing::Shelf,
    exchange: Exchange,
    /// Whether the ledger is opened when a statement names it; else what a build noted of it is enough to plan.
    opens_ledger: AtomicBool,
}

impl<'e> Session<'e> {
    pub(super) fn new(engine: &'e Engine, limits: Limits) -> Result<Self> {
        let pool: Arc<dyn MemoryPool> = match limits.memory {
            Some(memory) => Arc::new(FairSpillPool::new(usize::try_from(memory.0).unwrap_or(usize::MAX))),
            None => Arc::new(UnboundedMemoryPool::default()),
        };
        let pool = Arc::new(HighWaterPool::new(pool));
        // Listings are never kept: a file that was delivered a moment ago counts. Footers are kept apart, by store.
        let runtime = RuntimeEnvBuilder::new()
            .with_memory_pool(Arc::clone(&pool) as Arc<dyn MemoryPool>)
            .with_object_store_registry(Arc::new(OpenedStores::default()))
            .with_object_list_cache_limit(0)
            .with_file_statistics_cache_limit(0);
        let runtime = match limits.temp {
            Some(temp) => runtime.with_max_temp_directory_size(temp.0),
            None => runtime,
        };
        let runtime = runtime.build_arc().map_err(|cause| from_datafusion(cause, None))?;
        let state = SessionStateBuilder::new_with_default_features()
            .with_config(settings(engine.threads).with_extension(Arc::new(engine.optimisations.clone())))
            .with_runtime_env(runtime)
            .with_expr_planners(
                std::iter::once(Arc::new(JsonSubscript) as _)
                    .chain(SessionStateDefaults::default_expr_planners())
                    .collect(),
            )
            .with_optimizer_rules(logical_rules(&engine.optimisations))
            .with_physical_optimizer_rules(physical_rules(&engine.optimisations));
        let state = forecast::register(state, engine.calendar).build();
        let context = SessionContext::new_with_state(state);
        let shelf = pricing::Shelf::default();
        let exchange = Exchange::default();
        {
            let state = context.state_ref();
            let mut state = state.write();
            datafusion_functions_json::register_all(&mut *state)
                .and_then(|()| amplify::cap(&mut *state))
                .and_then(|()| tokens::register(&mut *state))
                .and_then(|()| pricing::register(&mut *state, &shelf))
                .and_then(|()| exchange.register(&mut *state))
                .and_then(|()| labels::register(&mut *state))
                .and_then(|()| engine.privacy.register(&mut *state))
                .and_then(|()| uncertainty::register(&mut *state))
                .and_then(|()| curves::register(&mut *state))
                .and_then(|()| allocation::register(&mut *state))
                .and_then(|()| {
                    use datafusion::execution::FunctionRegistry;
                    let mut rewrites = function_rewrites(&engine.optimisations).into_iter();
                    rewrites.try_for_each(|rewrite| state.register_function_rewrite(rewrite))
                })
                .map_err(|cause| from_datafusion(cause, None))?;
        }
        let meter = Arc::new(Meter::limited(limits.max_scan));
        Ok(Self {
            engine,
            context,
            meter,
            cache: engine.cache.clone(),
            pool,
            opened: tokio::sync::Mutex::default(),
            notes: std::sync::Mutex::default(),
            answered: std::sync::Mutex::default(),
            shelf,
            exchange,
            opens_ledger: AtomicBool::new(true),
        })
    }

    /// The session with another cache.
    pub(super) fn over(self, cache: Option<Arc<DiskCache>>) -> Self {
        Self { cache, ..self }
    }

    pub(super) fn function_names(&self) -> Vec<String> {
        let state = self.context.state();
        let names = state
            .scalar_functions()
            .keys()
            .chain(state.aggregate_functions().keys())
            .chain(state.window_functions().keys());
        let forecasts = forecast::Kind::ALL.map(|kind| kind.name().to_owned());
        let names: BTreeSet<String> = names.cloned().chain(forecasts).collect();
        names.into_iter().collect()
    }

    /// Plans `sql` and starts to run it on the threads of the engine.
    pub(super) async fn start(self, sql: Sql<'_>, bound: Bound, reading: Reading) -> Result<Running> {
        let failed = |cause| from_datafusion(cause, Some(sql));
        let (plan, physical) = self.read(sql, &bound, reading).await?;
        let schema = physical.schema();
        let mut stream = execute_stream(Arc::clone(&physical), self.context.task_ctx()).map_err(failed)?;
        let (sender, batches) = tokio::sync::mpsc::channel(BATCHES_AHEAD);
        let task = tokio::spawn(async move {
            while let Some(batch) = stream.next().await {
                let batch = batch.map_err(|cause| from_datafusion(cause, None));
                let failed = batch.is_err();
                if sender.send(batch).await.is_err() || failed {
                    return;
                }
            }
        });
        let mut notes = self.notes.into_inner().unwrap_or_else(PoisonError::into_inner);
        notes.extend(self.engine.privacy.note(&plan));
        let summaries = self.answered.into_inner().unwrap_or_else(PoisonError::into_inner);
        Ok(Running { schema, batches, task, physical, meter: self.meter, pool: self.pool, notes, summaries })
    }

    /// The optimised plan of one statement and what would run, read as `reading` says.
    pub(super) async fn read(
        &self,
        sql: Sql<'_>,
        bound: &Bound,
        reading: Reading,
    ) -> Result<(LogicalPlan, Arc<dyn ExecutionPlan>)> {
        let state = self.context.state();
        if reading == Reading::Charges || !self.engine.optimisations.has(Optimisation::Summaries) {
            return self.physical(&state, sql, bound).await;
        }
        optimised(&state, sql, &self.answered_plan(sql, bound).await?).await
    }

    /// The plan of one statement, answered from summary tables as far as they can. When they answer all of it, the files of the
    /// ledger stay closed.
    async fn answered_plan(&self, sql: Sql<'_>, bound: &Bound) -> Result<LogicalPlan> {
        let is_hopeful = self.engine.known_at.is_none() && self.engine.catalog.summaries().next().is_some();
        if is_hopeful {
            self.opens_ledger.store(false, Ordering::Relaxed);
            let attempt = async { self.with_summaries(self.plan(sql, bound, &[]).await?).await };
            // What fails here fails again below, where the ledger is open and the error says more.
            if let Ok(plan) = attempt.await
                && reads_unopened(&plan).is_ok_and(|reads| !reads)
            {
                return Ok(plan);
            }
            self.forget().await;
        }
        self.with_summaries(self.plan(sql, bound, &[]).await?).await
    }

    /// Begins anew, with the files of the ledger open.
    async fn forget(&self) {
        self.opens_ledger.store(true, Ordering::Relaxed);
        self.opened.lock().await.clear();
        for told in [&self.notes, &self.answered] {
            told.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
    }

    /// What plans statements with all optimisations, whatever is left out for diagnosis.
    pub(super) fn with_all_optimisations(&self) -> SessionState {
        let all = Optimisations::default();
        let state = self.context.state();
        let config = state.config().clone().with_extension(Arc::new(all.clone()));
        SessionStateBuilder::new_from_existing(state)
            .with_config(config)
            .with_optimizer_rules(logical_rules(&all))
            .build()
    }

    /// The optimised plan of one statement, from the charges, and what would run, planned by `state`.
    pub(super) async fn physical(
        &self,
        state: &SessionState,
        sql: Sql<'_>,
        bound: &Bound,
    ) -> Result<(LogicalPlan, Arc<dyn ExecutionPlan>)> {
        optimised(state, sql, &self.plan(sql, bound, &[]).await?).await
    }

    /// The plan of one statement, its parameters bound. `path` names the views that lead here.
    pub(super) fn plan<'s>(
        &'s self,
        sql: Sql<'s>,
        bound: &'s Bound,
        path: &'s [String],
    ) -> LocalBoxFuture<'s, Result<LogicalPlan>> {
        async move {
            let failed = |cause| from_datafusion(cause, Some(sql));
            let mut statement = guard::parse_one(sql)?;
            as_of::replace_calls(&mut statement, &bound.values)?;
            forecast::rewrite_calls(&mut statement, &bound.values);
            if pricing::is_used(&statement) {
                self.price_book().await?;
            }
            let spelling = self.open_tables(&statement, sql, path).await?;
            spelling.apply(&mut statement);
            let plan = self.context.state().statement_to_plan(statement).await.map_err(failed)?;
            let plan = if bound.values.is_empty() {
                plan
            } else {
                let values = bound.values.iter().map(|(name, value)| (name.clone(), value.clone().into()));
                plan.with_param_values(ParamValues::Map(values.collect())).map_err(failed)?
            };
            if let Some(name) = plan.get_parameter_names().map_err(failed)?.into_iter().min() {
                return Err(Error::invalid(format!("`{name}` has no value here"))
                    .with("in", sql.origin)
                    .hint("parameters belong to saved queries: `outlay run FILE -p name=value`"));
            }
            let read_only = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
            read_only.verify_plan(&plan).map_err(|cause| failed(cause).with_kind(ErrorKind::Invalid))?;
            self.mind_currencies(&plan, sql).await?;
            Ok(plan)
        }
        .boxed_local()
    }

    /// Opens and registers every table that `statement` names, and learns how their columns are spelled.
    async fn open_tables(&self, statement: &Statement, sql: Sql<'_>, path: &[String]) -> Result<Spelling> {
        let (relations, _ctes) =
            resolve_table_references(statement, true).map_err(|cause| from_datafusion(cause, Some(sql)))?;
        let mut spelling = Spelling::default();
        for relation in relations {
            let name = relation.table().to_owned();
            if relation.schema().is_some() {
                return Err(self.engine.no_such_table(&relation.to_string()));
            }
            // A table function is no table; the planner knows those.
            if self.context.state().table_functions().contains_key(&name) {
                continue;
            }
            let table = self.table(&name, path).await?;
            spelling.learn(&name, &table.schema())?;
            let table = respelled(&name, table, &spelling)?;
            let reference = TableReference::bare(name.clone());
            let _replaced =
                self.context.deregister_table(reference.clone()).map_err(|cause| from_datafusion(cause, None))?;
            self.context.register_table(reference, table).map_err(|cause| from_datafusion(cause, None))?;
        }
        Ok(spelling)
    }

    /// The table `name`: the ledger, a table of the configuration or a saved query.
    pub(super) async fn table(&self, name: &str, path: &[String]) -> Result<Arc<dyn TableProvider>> {
        let name = if ledger::NAMES.contains(&name) { ledger::NAMES[0] } else { name };
        if let Some(table) = self.opened.lock().await.get(name) {
            return Ok(Arc::clone(table));
        }
        let table: Arc<dyn TableProvider> = if name == ledger::NAMES[0] {
            match self.unopened().await {
                Some(ledger) => ledger,
                None => self.ledger().await?,
            }
        } else if name == ledger::SET_ASIDE {
            self.set_aside().await?
        } else if let Some(date) = as_of::date_of(name) {
            self.ledger_of(None, Some(date)).await?
        } else if let Some(settings) = self.engine.config.tables.get(name) {
            let location = self.engine.location(&settings.path).map_err(|error| error.with("table", name))?;
            let store = self.register(&location)?;
            match facts::contract(name) {
                Some(contract) => {
                    let open = async {
                        let layouts =
                            of_facts::layouts(contract, settings, location, store, &self.context.state()).await?;
                        of_facts::of_files(contract, settings, layouts)
                    };
                    open.await.map_err(|error| error.with("table", name))?
                }
                None => Arc::new(FileTable::open(name, settings, location, store, &self.context.state()).await?),
            }
        } else if let Some(contract) = self.engine.empty_table(name) {
            Arc::new(EmptyTable::new(contract.schema()))
        } else if let Some(query) = self.engine.catalog.summary(name) {
            // Its rows went through views that showed persons as they should be.
            let table = self.summary(name, query).await?;
            self.provide(name, Arc::clone(&table)).await;
            return Ok(table);
        } else if self.is_runs(name) {
            self.runs().await?
        } else {
            // What a view selects from is shown as it should be.
            let view = self.view(name, path).await?;
            self.provide(name, Arc::clone(&view)).await;
            return Ok(view);
        };
        let table = self.engine.privacy.shown(table)?;
        self.opened.lock().await.insert(name.to_owned(), Arc::clone(&table));
        Ok(table)
    }

    /// The saved query `name` with its defaults, as a view.
    async fn view(&self, name: &str, path: &[String]) -> Result<Arc<dyn TableProvider>> {
        if !self.engine.catalog.contains(name) {
            return Err(self.engine.no_such_table(name));
        }
        let query: &SavedQuery = self.engine.catalog.get(name)?;
        let path: Vec<String> = path.iter().cloned().chain([name.to_owned()]).collect();
        if path[..path.len() - 1].contains(&path[path.len() - 1]) {
            return Err(
                Error::invalid(format!("saved query `{name}` is built on itself")).with("path", path.join(" → "))
            );
        }
        if !query.runs_without_values() {
            return Err(Error::invalid(format!("saved query `{name}` is no view: a parameter has no default"))
                .with("file", query.path.clone())
                .hint("give every parameter a default, then other queries can build on it"));
        }
        let of_rules = if query.path == FILE { Some(self.allocated_spend().boxed_local().await?) } else { None };
        let query = of_rules.as_ref().unwrap_or(query);
        let bound = bind(query, &[], &self.engine.calendar)?;
        let view = self.view_of(query, &bound, &path).await?;
        match facts::contract(name) {
            // The contract says who is a person, whatever the table behind the view calls them.
            Some(contract) => of_facts::of_view(contract, view, &query.path)
                .and_then(|facts| self.engine.privacy.shown(facts))
                .map_err(|error| error.with("table", name)),
            None => Ok(view),
        }
    }

    /// The charges with the team that bears them, every amount that the ledger has divided by the rules.
    async fn allocated_spend(&self) -> Result<SavedQuery> {
        let spend = self.table(ledger::NAMES[0], &[]).await?.schema();
        let amounts = spend.fields().iter().filter(|field| field.data_type().is_decimal());
        self.engine.allocated_spend(amounts.map(|field| field.name().as_str()))
    }

    /// How the columns of `contract` are met: by the files, by the saved query of its name, or not yet by anything.
    pub(super) async fn facts(&self, contract: &'static Contract) -> Result<Vec<FactColumnMet>> {
        let name = contract.name.as_str();
        let none = config::Table::default();
        let (settings, schemas) = match self.engine.config.tables.get(name) {
            Some(settings) => {
                let location = self.engine.location(&settings.path).map_err(|error| error.with("table", name))?;
                let store = self.register(&location)?;
                let layouts = of_facts::layouts(contract, settings, location, store, &self.context.state()).await?;
                (settings, layouts.iter().map(|layout| Arc::clone(layout.file_schema())).collect())
            }
            None if self.engine.catalog.contains(name) => {
                let query = self.engine.catalog.get(name)?;
                let bound = bind(query, &[], &self.engine.calendar)?;
                (&none, vec![self.view_of(query, &bound, &[name.to_owned()]).await?.schema()])
            }
            None => (&none, Vec::new()),
        };
        Ok(of_facts::describe(contract, settings, &schemas))
    }

    /// `query` with the values of `bound`, as a view. `path` names the views that lead here, the query among them.
    pub(super) async fn view_of(
        &self,
        query: &SavedQuery,
        bound: &Bound,
        path: &[String],
    ) -> Result<Arc<dyn TableProvider>> {
        let sql = Sql::of(query);
        let plan = self.plan(sql, bound, path).await?;
        let plan = plain(plan).map_err(|cause| from_datafusion(cause, Some(sql)))?;
        Ok(Arc::new(ViewTable::new(plan, Some(query.body.clone()))))
    }

    /// The table `name`, when the statement has opened it.
    pub(super) async fn opened(&self, name: &str) -> Option<Arc<dyn TableProvider>> {
        self.opened.lock().await.get(name).cloned()
    }

    /// The ledger as it can be known without opening its files, where that may be enough.
    async fn unopened(&self) -> Option<Arc<dyn TableProvider>> {
        if self.opens_ledger.load(Ordering::Relaxed) {
            return None;
        }
        // Whatever is wrong with a note, the files tell.
        self.unopened_ledger().await.ok().flatten()
    }

    /// Adds to what the reader of the answer should know.
    pub(super) fn note(&self, note: String) {
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    /// Makes `table` the table `name` of this statement.
    pub(super) async fn provide(&self, name: &str, table: Arc<dyn TableProvider>) {
        self.opened.lock().await.insert(name.to_owned(), table);
    }

    /// The ledger of every source as it stood at the as-of date of the engine.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when nothing had been delivered by then: an empty ledger would read as no spend.
    pub(super) async fn ledger(&self) -> Result<Arc<Ledger>> {
        let ledger = self.ledger_of(None, self.engine.known_at).await?;
        match self.engine.known_at {
            Some(day) if ledger.is_empty() => Err(Error::invalid(format!("nothing had been delivered by {day}"))
                .hint("`outlay describe spend --part set-aside` says when each file came")),
            _ => Ok(ledger),
        }
    }

    /// The ledger of every source, or of `source` alone, of what had been delivered by `known_at`.
    pub(super) async fn ledger_of(&self, source: Option<&str>, known_at: Option<NaiveDate>) -> Result<Arc<Ledger>> {
        let wanted = |name: &str| source.is_none_or(|source| source == name);
        let sources: Vec<_> = self.engine.config.sources.iter().filter(|(name, _)| wanted(name)).collect();
        if sources.is_empty() {
            return Err(self.engine.no_such_table(source.unwrap_or(ledger::NAMES[0])));
        }
        let delivered = futures::stream::iter(sources)
            .map(|(name, settings)| async move {
                let location =
                    self.engine.location(&settings.path).map_err(|error| error.with("source", name.clone()))?;
                let store = self.register(&location)?;
                Delivered::find(name, settings, location, store, known_at).await
            })
            .buffered(CONCURRENT_SOURCES)
            .try_collect()
            .await?;
        let delivered: Vec<Delivered> = delivered;
        let notes = delivered.iter().filter_map(|delivered| delivered.left_out_by_modification(known_at?));
        self.notes.lock().unwrap_or_else(PoisonError::into_inner).extend(notes);
        let overlaps = &self.engine.config.overlaps;
        let opened = self.open(delivered, Twins::Once).await?;
        let book = self.book_for(&opened).await?;
        Ledger::new(opened, overlaps, &book, &self.context.state()).map(Arc::new)
    }

    /// Opens what was delivered, several sources at a time.
    async fn open(&self, delivered: Vec<Delivered>, twins: Twins) -> Result<Vec<Source>> {
        let state = self.context.state();
        futures::stream::iter(delivered)
            .map(|delivered| {
                let state = &state;
                async move {
                    let name = delivered.name.clone();
                    let settings = self.engine.config.sources.get(&name);
                    let settings = settings.ok_or_else(|| Error::internal(format!("no source `{name}`")))?;
                    let decoded = self.engine.footers(delivered.location.store());
                    let footers = Footers { decoded, disk: self.cache.clone() };
                    let opened = Source::open(delivered, settings, twins, footers, state).await;
                    opened.map_err(|error| error.with("source", name))
                }
            })
            .buffered(CONCURRENT_SOURCES)
            .try_collect()
            .await
    }

    /// The charges that were delivered and do not count.
    async fn set_aside(&self) -> Result<Arc<dyn TableProvider>> {
        let ledger = self.ledger().await?;
        let files = ledger.set_aside_files(|location| self.register(location))?;
        if files.is_empty() {
            return ledger.set_aside(None);
        }
        let opened = self.open(files, Twins::Each).await?;
        let book = self.book_for(&opened).await?;
        let files = Ledger::new(opened, &[], &book, &self.context.state())?;
        ledger.set_aside(Some(Arc::new(files)))
    }

    /// Refuses sums of several currencies, and reads the exchange rates when the plan asks for them.
    async fn mind_currencies(&self, plan: &LogicalPlan, sql: Sql<'_>) -> Result<()> {
        if let Some(suspicion) = currency::suspicion(plan) {
            let ledger = self.table(ledger::NAMES[0], &[]).await?;
            self.exchange.judge(suspicion, ledger, &self.context, sql).await?;
        }
        // Without a table, only an amount that needs a rate fails.
        if self.exchange.wants_rates(plan) && self.engine.config.tables.contains_key(currency::RATES_TABLE) {
            let table = self.table(currency::RATES_TABLE, &[]).await?;
            self.exchange.load(table, &self.context, self.engine.config.fx.max_age_days).await?;
        }
        Ok(())
    }

    /// The price book that the usage of `sources` needs: that of the configuration, or one without a line, which says what
    /// is missing when a query asks for the cost of usage that has none.
    async fn book_for(&self, sources: &[Source]) -> Result<Arc<PriceBook>> {
        let needed = sources.iter().any(Source::may_lack_cost);
        if !self.engine.prices_usage {
            return PriceBook::new(&[], Unpriced::Null).map(Arc::new);
        }
        if needed && self.engine.config.price_book.is_some() { self.price_book().await } else { Ok(Arc::default()) }
    }

    /// The price book of the configuration, read once a statement.
    pub(super) async fn price_book(&self) -> Result<Arc<PriceBook>> {
        if let Some(book) = self.shelf.get() {
            return Ok(Arc::clone(book));
        }
        let settings = self.engine.config.price_book.as_ref().ok_or_else(pricing::no_price_book)?;
        let location = self.engine.location(&settings.path)?;
        let store = self.register(&location)?;
        let book = pricing::read(settings, &location, store.as_ref()).await?;
        Ok(Arc::clone(self.shelf.put(book)))
    }

    /// The metered store of `location`, made known to the scans of this statement.
    pub(super) fn register(&self, location: &Location) -> Result<Arc<dyn ObjectStore>> {
        if let Ok(known) = self.context.runtime_env().object_store_registry.get_store(location.store()) {
            return Ok(known);
        }
        let opened = self.engine.stores.open(location)?;
        let metered = Arc::new(MeteredStore::new(opened, location.store(), Arc::clone(&self.meter)));
        let store: Arc<dyn ObjectStore> = match &self.cache {
            Some(cache) if !is_local(location.store()) => {
                let (root, meter) = (location.store().clone(), Arc::clone(&self.meter));
                Arc::new(CachedStore::new(metered, root, Arc::clone(cache), meter))
            }
            _ => metered,
        };
        let store: Arc<dyn ObjectStore> = Arc::new(ListedOnce::new(store));
        self.context.register_object_store(location.store(), Arc::clone(&store));
        Ok(store)
    }
}

async fn optimised(
    state: &SessionState,
    sql: Sql<'_>,
    plan: &LogicalPlan,
) -> Result<(LogicalPlan, Arc<dyn ExecutionPlan>)> {
    let failed = |cause| from_datafusion(cause, Some(sql));
    let plan = state.optimize(plan).map_err(failed)?;
    let physical = state.query_planner().create_physical_plan(&plan, state).await.map_err(failed)?;
    Ok((plan, physical))
}

/// Settings of the engine below that are not its defaults, each for a reason.
fn settings(threads: usize) -> SessionConfig {
    let mut config = SessionConfig::new().with_target_partitions(threads).with_information_schema(false);
    let options = config.options_mut();
    // Errors point at the place in the SQL.
    options.sql_parser.collect_spans = true;
    // `cost * 1.1` is exact: the factor is DECIMAL(2,1), not a floating point number.
    options.sql_parser.parse_float_as_decimal = true;
    // The rule puts the column of the file in the place of one computed from it under the same name (apache/datafusion
    // issue 25414): `SELECT * REPLACE (0 AS EffectiveCost)` gave the cost of the file, a pseudonym the name behind it.
    options.optimizer.enable_leaf_expression_pushdown = false;
    config
}
