//! Builds a summary table: compute, check, stage, publish, record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use arrow::util::display::{ArrayFormatter, FormatOptions};
use futures::StreamExt;

use super::event::{Event, Watch, What};
use super::plan::{Asked, DueInterval, Plan, plan};
use crate::engine::{Engine, Late, RowsFinding, too_late};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{SavedQuery, Severity};
use crate::summaries::intervals::{PARAMETER, interval_of};
use crate::summaries::{
    Added, BuiltInterval, Change, FileState, Lock, Outcome, Owner, Run, Staged, Summaries, Taken, stored_schema,
};

/// Time between two looks at a lock that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// One run of `outlay build`.
pub struct Build {
    engine: Arc<Engine>,
    summaries: Summaries,
    /// The name of the run.
    pub run: String,
    /// What is asked for.
    pub asked: Asked,
    /// Intervals that are computed at the same time; at least one.
    pub jobs: usize,
    /// Goes on with other intervals when one fails.
    pub keep_going: bool,
    /// Publishes intervals as they are done, not all at once.
    pub each: bool,
    /// Takes locks over whoever holds them.
    pub take_lock: bool,
    /// How long a lock is waited for.
    pub wait: Duration,
    watch: Watch,
    current: Mutex<Option<Current>>,
}

/// The table that is built just now.
#[derive(Clone)]
struct Current {
    record: Run,
    locked: Vec<String>,
}

impl fmt::Debug for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Build").field("run", &self.run).field("asked", &self.asked).finish_non_exhaustive()
    }
}

/// An interval that is staged.
struct Done {
    added: Vec<Added>,
    schema: SchemaRef,
    built: BuiltInterval,
    requests: u64,
    peak_memory_bytes: u64,
    dollars: f64,
    warnings: Vec<String>,
}

impl Build {
    /// A build that does what is due, one interval at a time, and waits for nobody.
    ///
    /// # Errors
    /// As [`Engine::summaries`].
    pub fn new(engine: &Arc<Engine>, watch: Watch) -> Result<Self> {
        let now = engine.clock().now();
        Ok(Self {
            engine: Arc::clone(engine),
            summaries: engine.summaries()?,
            run: format!("{}-{:08x}", now.format("%Y%m%dT%H%M%S%3fZ"), rand::random::<u32>()),
            asked: Asked::default(),
            jobs: 1,
            keep_going: false,
            each: false,
            take_lock: false,
            wait: Duration::ZERO,
            watch,
            current: Mutex::default(),
        })
    }

    /// Builds what is due of the summary table of `query`, and records it.
    ///
    /// # Errors
    /// [`ErrorKind::Check`] when a check does not hold or a frozen interval would change, [`ErrorKind::Locked`] when another
    /// build is at it, [`ErrorKind::Stale`] when what it reads is older than its `freshness` allows, and those of the query and of the store. Unless [`Self::each`] or [`Self::keep_going`] say
    /// otherwise, an error means that nothing was published.
    pub async fn table(&self, query: &SavedQuery) -> Result<Run> {
        let plan = plan(&self.engine, query, &self.asked).await?;
        if let Some(read) = plan.waits_for.first() {
            return Err(Error::invalid(format!(
                "`{}` reads the summary table `{read}`, which is not built yet",
                query.name
            ))
            .hint(format!("`outlay build +{}` builds it first", plan.table)));
        }
        self.tell(&plan.table, None, What::Planned { due: plan.due.len() });
        for late in &plan.late {
            self.tell(&plan.table, None, What::Warned { warning: late.line() });
        }
        self.begin(&plan)?;
        let result = match too_late(query, &plan.late) {
            Some(error) => Err(error),
            None => self.locked(plan).await,
        };
        let outcome = match &result {
            Ok(()) if self.with_current(|current| current.record.intervals.is_empty()) => Outcome::NothingDue,
            Ok(()) => Outcome::Built,
            Err(_) => Outcome::Failed,
        };
        let ended = self.end(outcome, result.as_ref().err()).await;
        result?;
        ended
    }

    /// Ends a build that was interrupted: records it, and gives its locks back. Nothing happens when none runs.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`].
    pub async fn abandon(&self) -> Result<()> {
        if self.current().is_some() {
            self.end(Outcome::Cancelled, None).await?;
        }
        Ok(())
    }

    fn tell(&self, table: &str, interval: Option<&str>, what: What) {
        (self.watch)(&Event { table: table.to_owned(), interval: interval.map(str::to_owned), what });
    }

    fn begin(&self, plan: &Plan<'_>) -> Result<()> {
        let given = crate::query::bind(plan.query, &[], self.engine.calendar())?.shown;
        let record = Run {
            run: self.run.clone(),
            table: plan.table.clone(),
            query: plan.query.name.clone(),
            sql_sha256: plan.query.sql_sha256.clone(),
            definition: plan.definition.clone(),
            parameters: given.into_iter().filter(|(name, _)| name != PARAMETER).collect(),
            as_of: self.engine.known_at(),
            started: self.engine.clock().now(),
            ended: None,
            outcome: Outcome::Running,
            error: None,
            intervals: Vec::new(),
            version: plan.version().map(str::to_owned),
            warnings: plan.late.iter().map(Late::line).collect(),
            bytes_read: plan.traffic.bytes_read,
            requests: plan.traffic.requests(),
            peak_memory_bytes: 0,
            dollars: 0.0,
            owner: Owner::this(),
            outlay: env!("CARGO_PKG_VERSION").to_owned(),
        };
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(Current { record, locked: Vec::new() });
        Ok(())
    }

    async fn end(&self, outcome: Outcome, error: Option<&Error>) -> Result<Run> {
        let Some(mut current) = self.current() else { return Err(Error::internal("no build runs")) };
        current.record.outcome = outcome;
        current.record.ended = Some(self.engine.clock().now());
        current.record.error = error.map(told);
        let recorded = self.summaries.record(&current.record).await;
        for interval in &current.locked {
            self.summaries.unlock(&current.record.table, interval, &self.run).await?;
        }
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
        recorded.map(|()| current.record)
    }

    fn current(&self) -> Option<Current> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn with_current<T: Default>(&self, change: impl FnOnce(&mut Current) -> T) -> T {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).as_mut().map(change).unwrap_or_default()
    }

    /// Takes the locks of what is due, looks again when another build was there first, and builds.
    async fn locked(&self, mut plan: Plan<'_>) -> Result<()> {
        if !plan.due.is_empty() || !plan.obsolete.is_empty() {
            let record = self.with_current(|current| Some(current.record.clone()));
            if let Some(record) = record {
                self.summaries.record(&record).await?;
            }
            let intervals: Vec<String> =
                plan.due.iter().map(|due| due.interval.clone()).chain(plan.obsolete.iter().cloned()).collect();
            for interval in &intervals {
                self.lock(&plan.table, interval).await?;
            }
            let now = self.summaries.table(&plan.table, None).await?.map(|stored| stored.version);
            if now.as_deref() != plan.version() {
                plan = self::plan(&self.engine, plan.query, &self.asked).await?;
                plan.due.retain(|due| intervals.contains(&due.interval));
                plan.obsolete.retain(|interval| intervals.contains(interval));
            }
        }
        self.build(&plan).await
    }

    async fn lock(&self, table: &str, interval: &str) -> Result<()> {
        let clock = self.engine.clock();
        let lock = Lock { run: self.run.clone(), since: clock.now(), owner: Owner::this() };
        let deadline = clock.elapsed() + self.wait;
        // Noted before it is there: a lock whose answer never came is given back, too.
        self.with_current(|current| current.locked.push(interval.to_owned()));
        loop {
            match self.summaries.lock(table, interval, &lock, self.take_lock).await {
                Ok(Taken::Free) => return Ok(()),
                Ok(Taken::Over(from)) => {
                    self.tell(table, Some(interval), What::TakenOver { from });
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Locked && clock.elapsed() < deadline => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Builds what is due of `plan` and publishes it.
    async fn build(&self, plan: &Plan<'_>) -> Result<()> {
        let frozen = self.summaries.frozen(&plan.table).await?;
        let at_once = if self.each { self.jobs.max(1) } else { plan.due.len().max(1) };
        let mut failed = None;
        let mut obsolete: BTreeSet<&String> = plan.obsolete.iter().collect();
        if let Some(interval) = obsolete.iter().find(|interval| frozen.contains(**interval)) {
            return Err(frozen_error(plan, interval));
        }
        let mut parts: Vec<&[DueInterval]> = plan.due.chunks(at_once).collect();
        if parts.is_empty() && !obsolete.is_empty() {
            parts.push(&[]);
        }
        let mut version = plan.version().map(str::to_owned);
        for part in parts {
            let staged = futures::stream::iter(part).map(|due| self.stage(plan, due, frozen.contains(&due.interval)));
            let mut staged = staged.buffered(self.jobs.max(1));
            let mut done = Vec::new();
            while let Some(one) = staged.next().await {
                match one {
                    Ok(Some(one)) => done.push(one),
                    // A frozen interval that would not change.
                    Ok(None) => {}
                    Err(error) if self.keep_going => {
                        self.tell(&plan.table, None, What::Failed { error: told(&error) });
                        failed = failed.or(Some(error));
                    }
                    Err(error) => return Err(error),
                }
            }
            version = self.publish(plan, done, std::mem::take(&mut obsolete)).await?.or(version);
        }
        if let Some(error) = failed {
            return Err(error);
        }
        if let (Some(fingerprint), Some(version)) = (&plan.settles, version) {
            let intervals = plan.intervals.as_deref().unwrap_or_default();
            self.summaries.settle(&plan.table, fingerprint, &version, intervals).await?;
            self.engine.note_ledger(plan.query).await?;
        }
        Ok(())
    }

    /// Publishes what is done in one commit; gives its version.
    async fn publish(&self, plan: &Plan<'_>, done: Vec<Done>, obsolete: BTreeSet<&String>) -> Result<Option<String>> {
        let schema = match (done.first(), &plan.stored) {
            (Some(first), _) => Arc::clone(&first.schema),
            (None, Some(stored)) if !obsolete.is_empty() => Arc::clone(&stored.schema),
            _ => return Ok(None),
        };
        let intervals = done.iter().map(|one| &one.built.interval).chain(obsolete);
        let replaced: BTreeMap<String, Vec<String>> =
            intervals.map(|interval| (interval.clone(), plan.stored_paths(interval))).collect();
        let transaction = format!("{}/{}", self.run, replaced.keys().next().map_or("", String::as_str));
        let change = Change {
            format: plan.format,
            schema,
            partition_by: partition_by(plan.query).to_vec(),
            added: done.iter().flat_map(|one| one.added.clone()).collect(),
            replaced,
            run: self.run.clone(),
            transaction,
            at_millis: self.engine.clock().now().timestamp_millis(),
        };
        let published = self.summaries.publish(&plan.table, &change).await?;
        let count = done.len();
        self.with_current(|current| {
            let record = &mut current.record;
            record.version = Some(published.version.clone());
            for one in done {
                record.bytes_read += one.built.bytes_read;
                record.requests += one.requests;
                record.peak_memory_bytes = record.peak_memory_bytes.max(one.peak_memory_bytes);
                record.dollars += one.dollars;
                record.warnings.extend(one.warnings);
                record.intervals.push(one.built);
            }
        });
        self.tell(&plan.table, None, What::Published { intervals: count, version: published.version.clone() });
        Ok(Some(published.version))
    }

    /// Computes the rows of an interval, checks them and uploads them; `None` for a frozen one that stays as it is.
    async fn stage(&self, plan: &Plan<'_>, due: &DueInterval, is_frozen: bool) -> Result<Option<Done>> {
        let named = |error: Error| error.with("table", plan.table.clone()).with("interval", due.interval.clone());
        self.try_stage(plan, due, is_frozen).await.map_err(named)
    }

    async fn try_stage(&self, plan: &Plan<'_>, due: &DueInterval, is_frozen: bool) -> Result<Option<Done>> {
        let began = self.engine.clock().elapsed();
        let mut answer = self.engine.compute(plan.query, &due.slot.given).await?;
        let rows = answer.collect().await?;
        let (schema, statistics) = (answer.schema(), answer.statistics());
        let warnings = self.check(plan, due, &schema, &rows).await?;
        if let (true, Some(stored)) = (is_frozen, &plan.stored)
            && stored.of_interval(&due.interval).next().is_some()
        {
            return match self.engine.difference(stored, &due.interval, &schema, &rows).await? {
                None => Ok(None),
                Some(rows) => Err(frozen_error(plan, &due.interval).with("differences", shown(&rows))),
            };
        }
        let state = FileState {
            interval: due.interval.clone(),
            definition: plan.definition.clone(),
            inputs: due.fingerprint.clone(),
            run: self.run.clone(),
            part: 0,
        };
        let schema = stored_schema(&schema)?;
        let mut added = Vec::new();
        for file in Staged::files(&state, &schema, &rows, partition_by(plan.query))? {
            added.push(self.summaries.upload(&plan.table, plan.format, file).await?);
        }
        let seconds = self.engine.clock().elapsed().saturating_sub(began).as_secs_f64();
        let staged = What::Staged { reason: due.reason.to_string(), rows: statistics.rows, seconds };
        self.tell(&plan.table, Some(&due.interval), staged);
        let built = BuiltInterval {
            interval: due.interval.clone(),
            reason: due.reason.to_string(),
            rows: statistics.rows,
            inputs: due.inputs.clone(),
            bytes_read: statistics.traffic.bytes_read,
            seconds,
        };
        let (requests, dollars) = (statistics.traffic.requests(), statistics.dollars);
        let peak_memory_bytes = statistics.peak_memory_bytes;
        Ok(Some(Done { added, schema, built, requests, peak_memory_bytes, dollars, warnings }))
    }

    /// Holds the rows of an interval against its bounds and the checks of the query; gives what only warns.
    async fn check(
        &self,
        plan: &Plan<'_>,
        due: &DueInterval,
        schema: &SchemaRef,
        rows: &[RecordBatch],
    ) -> Result<Vec<String>> {
        let broken = |what: String, found: &RowsFinding| {
            let error = Error::new(ErrorKind::Check, what).with("rows", found.finding.failing_rows.to_string());
            found.examples.iter().fold(error, |error, examples| error.with("such as", shown(examples)))
        };
        if let (Some(interval), Some(period)) = (interval_of(plan.query), &due.slot.period) {
            let outside = self.engine.rows_outside(plan.query, &interval.column, period, schema, rows).await?;
            if outside.finding.failing_rows > 0 {
                return Err(broken(format!("rows lie outside of the interval by `{}`", interval.column), &outside)
                    .hint("select the rows from `$interval_start` to `$interval_end`"));
            }
        }
        let mut warnings = Vec::new();
        for found in self.engine.check_rows(plan.query, schema, rows).await? {
            match (found.finding.failing_rows, found.finding.severity) {
                (0, _) => {}
                (_, Severity::Error) => {
                    return Err(broken(format!("the check `{}` does not hold", found.finding.check), &found)
                        .hint("nothing was published; the table is as it was"));
                }
                (count, Severity::Warn) => {
                    let warning = format!("{count} rows break `{}`", found.finding.check);
                    self.tell(&plan.table, Some(&due.interval), What::Warned { warning: warning.clone() });
                    warnings.push(format!("{}: {warning}", due.interval));
                }
            }
        }
        Ok(warnings)
    }
}

/// The columns that partition the summary table of `query`.
fn partition_by(query: &SavedQuery) -> &[String] {
    query.materialize.as_ref().map_or(&[], |materialize| &materialize.partition_by)
}

/// The error with its facts, in one line.
fn told(error: &Error) -> String {
    let facts = error.facts().iter().map(|(name, value)| format!("; {name}: {value}"));
    error.message().to_owned() + &facts.collect::<String>()
}

fn frozen_error(plan: &Plan<'_>, interval: &str) -> Error {
    Error::new(ErrorKind::Check, "the interval is frozen and the build would change it")
        .hint(format!("`outlay freeze {} {interval} --thaw` lets it change", plan.table))
}

/// The rows as text, one a line: `team=platform, cost=12.00`.
fn shown(rows: &RecordBatch) -> String {
    let options = FormatOptions::default().with_null("NULL");
    let schema = rows.schema();
    let columns: Vec<_> = (schema.fields().iter().zip(rows.columns()))
        .filter_map(|(field, column)| Some((field.name(), ArrayFormatter::try_new(column.as_ref(), &options).ok()?)))
        .collect();
    let line = |row: usize| {
        columns.iter().map(|(name, cells)| format!("{name}={}", cells.value(row))).collect::<Vec<_>>().join(", ")
    };
    (0..rows.num_rows()).map(line).collect::<Vec<_>>().join("\n    ")
}
