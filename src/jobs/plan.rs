//! What a build of one summary table would do, and why. Making a plan changes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::NaiveDate;

use super::due::{Difference, Reason, Wanted, due, obsolete};
use crate::engine::{Engine, Estimate, Late, Listing, fingerprint};
use crate::error::{Error, Result};
use crate::fingerprint::short;
use crate::query::{Calendar, SavedQuery, TableFormat};
use crate::storage::Traffic;
use crate::summaries::intervals::{self, PARAMETER, Slot, interval_of};
use crate::summaries::{FileState, Input, StoredTable, Summaries, settled_key};

/// What is asked of a build.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Only intervals that end after this day.
    pub from: Option<NaiveDate>,
    /// Only intervals that begin before this day.
    pub to: Option<NaiveDate>,
    /// Intervals are built whether they are due or not.
    pub force: bool,
    /// The interval of today is built before it is over.
    pub allow_partial: bool,
}

impl Asked {
    /// Whether nothing special is asked for.
    fn is_plain(&self) -> bool {
        self.is_whole() && !self.force && !self.allow_partial
    }

    /// Whether it is asked for every interval.
    fn is_whole(&self) -> bool {
        self.from.is_none() && self.to.is_none()
    }

    fn covers(&self, slot: &Slot) -> bool {
        slot.period.as_ref().is_none_or(|period| {
            self.from.is_none_or(|from| period.end > from) && self.to.is_none_or(|to| period.start < to)
        })
    }
}

/// An interval that is due.
#[derive(Debug, Clone)]
pub struct DueInterval {
    /// Its name, such as `2026-05`; `all` for a table that is built whole.
    pub interval: String,
    /// Why.
    pub reason: Reason,
    /// The objects that its rows come from.
    pub inputs: Vec<Input>,
    pub(super) slot: Slot,
    pub(super) fingerprint: String,
}

/// What a build of one table would do.
#[derive(Debug)]
pub struct Plan<'q> {
    /// The query.
    pub query: &'q SavedQuery,
    /// The name of the table.
    pub table: String,
    /// What is due, oldest first.
    pub due: Vec<DueInterval>,
    /// Stored intervals that are none of the table any more.
    pub obsolete: Vec<String>,
    /// The intervals that the table should have, oldest first; `None` when nothing was due and nobody had to count.
    pub intervals: Option<Vec<String>>,
    /// Summary tables that the query reads and that are not built yet: what is due is known only then.
    pub waits_for: Vec<String>,
    /// What it reads that came later than its `freshness` allows.
    pub late: Vec<Late>,
    /// Requests that it took to find out.
    pub traffic: Traffic,
    pub(super) stored: Option<StoredTable>,
    /// How the table is stored.
    pub(super) format: TableFormat,
    pub(super) definition: String,
    /// The fingerprint under which the table is settled once everything due is built; `None` when it would not be.
    pub(super) settles: Option<String>,
}

impl Plan<'_> {
    /// The states of the files that the table has.
    fn states(&self) -> Vec<FileState> {
        self.stored.iter().flat_map(|stored| &stored.files).filter_map(|file| file.state.clone()).collect()
    }

    /// Which of `slots`, which read `inputs`, is due.
    fn find_due(&mut self, asked: &Asked, slots: &[Slot], inputs: Vec<Vec<Input>>) {
        let wanted: Vec<Wanted> = slots
            .iter()
            .zip(&inputs)
            .map(|(slot, inputs)| Wanted {
                interval: slot.name.clone(),
                definition: self.definition.clone(),
                inputs: short(fingerprint(inputs)),
            })
            .collect();
        let lookback = self.query.materialize.as_ref().map_or(0, |materialize| materialize.lookback) as usize;
        let mut found: BTreeMap<usize, Reason> =
            due(&wanted, &self.states(), lookback, asked.force).into_iter().collect();
        for (index, ((slot, inputs), wanted)) in slots.iter().zip(inputs).zip(wanted).enumerate() {
            if let (true, Some(reason)) = (asked.covers(slot), found.remove(&index)) {
                let (interval, slot) = (slot.name.clone(), slot.clone());
                self.due.push(DueInterval { interval, reason, inputs, slot, fingerprint: wanted.inputs });
            }
        }
    }

    /// What building each interval that is due would read, in their order. Nothing but listings and footers is read.
    ///
    /// # Errors
    /// As [`Engine::estimate_computing`].
    pub async fn estimates(&self, engine: &Arc<Engine>) -> Result<Vec<Estimate>> {
        let runs: Vec<_> = self.due.iter().map(|due| due.slot.given.clone()).collect();
        engine.estimate_computing(self.query, &runs).await
    }

    /// The first day of the intervals that are stored, unless the query says with which day its table begins.
    fn first_stored(&self, calendar: &Calendar) -> Option<NaiveDate> {
        let grain = interval_of(self.query)?.grain;
        let is_declared = self.query.materialize.as_ref().is_some_and(|materialize| materialize.from.is_some());
        let states = self.states();
        let periods = states.iter().filter_map(|state| calendar.fiscal.parse(grain, &state.interval).ok());
        periods.map(|period| period.start).min().filter(|_| !is_declared)
    }

    /// The paths of the files that `interval` has now.
    pub(super) fn stored_paths(&self, interval: &str) -> Vec<String> {
        self.stored.iter().flat_map(|stored| stored.of_interval(interval)).map(|file| file.path.clone()).collect()
    }

    /// The version of the table; `None` before its first build.
    pub fn version(&self) -> Option<&str> {
        self.stored.as_ref().map(|stored| stored.version.as_str())
    }

    /// How many intervals are stored.
    pub fn stored_intervals(&self) -> usize {
        self.states().into_iter().map(|state| state.interval).collect::<BTreeSet<_>>().len()
    }
}

/// What a build of the summary table of `query` would do.
///
/// When listings, definition and intervals are those under which nothing was due, nothing but listings and the log of the table is
/// read.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for a query that cannot be stored as it says, and those of reading what it reads.
pub async fn plan<'q>(engine: &Arc<Engine>, query: &'q SavedQuery, asked: &Asked) -> Result<Plan<'q>> {
    let summaries = engine.summaries()?;
    let listing = engine.listing(query).await?;
    let last = intervals::last(query, engine.calendar(), asked.allow_partial)?;
    let mut plan = look(engine, query, &listing).await?;
    if !plan.waits_for.is_empty() {
        return Ok(plan);
    }
    let settled = settled_key(&listing.fingerprint(), &plan.definition, last.as_ref());
    let has_lookback = query.materialize.as_ref().is_some_and(|materialize| materialize.lookback > 0);
    if let (true, Some(version)) = (asked.is_plain() && !has_lookback, plan.version())
        && summaries.settled(&plan.table, &settled, version).await?.is_some()
    {
        return Ok(plan);
    }
    plan.settles = (asked.is_whole() && !asked.allow_partial && !has_lookback).then_some(settled);
    let Some(first) = first_day(engine, query).await? else { return Ok(plan) };
    // What was stored of a time without charges is built again, and is empty then.
    let first = plan.first_stored(engine.calendar()).map_or(first, |stored| stored.min(first));
    let slots = intervals::slots(query, first, engine.calendar(), last.as_ref())?;
    let runs = slots.iter().map(|slot| slot.given.clone()).collect();
    let (inputs, traffic) = engine.inputs(query, runs, &listing).await?;
    plan.traffic = traffic;
    plan.find_due(asked, &slots, inputs);
    if asked.is_whole() {
        let is_slot = |name: &str| intervals::is_slot(name, interval_of(query), engine.calendar());
        plan.obsolete = obsolete(&plan.states(), is_slot).into_iter().collect();
    }
    plan.intervals = Some(slots.into_iter().map(|slot| slot.name).collect());
    explain(&summaries, &mut plan).await?;
    Ok(plan)
}

/// The plan of a build before anything is known to be due: what the listings and the log of the table tell.
async fn look<'q>(engine: &Arc<Engine>, query: &'q SavedQuery, listing: &Listing) -> Result<Plan<'q>> {
    let table = table_of(engine, query)?.to_owned();
    let summaries = engine.summaries()?;
    let stored = summaries.table(&table, None).await?;
    let format = format_of(engine, query)?;
    if let Some(stored) = stored.as_ref().filter(|stored| stored.format() != format) {
        return Err(Error::invalid(format!("`{table}` is stored as {}, and should be {format}", stored.format()))
            .with("file", query.path.clone())
            .hint("give the table another name, or remove its folder and build it anew"));
    }
    Ok(Plan {
        query,
        table,
        due: Vec::new(),
        obsolete: Vec::new(),
        intervals: None,
        waits_for: engine.unbuilt(query).await?,
        late: engine.late_in(query, listing)?,
        traffic: Traffic::default(),
        stored,
        format,
        definition: definition(engine, query, PARAMETER)?,
        settles: None,
    })
}

/// How the summary table of `query` is stored.
fn format_of(engine: &Engine, query: &SavedQuery) -> Result<TableFormat> {
    let materialize = query.materialize.as_ref();
    let format = materialize.and_then(|materialize| materialize.format).unwrap_or(engine.config().summaries.format);
    if format == TableFormat::Parquet && materialize.is_some_and(|materialize| !materialize.partition_by.is_empty()) {
        return Err(Error::invalid("`partition_by` needs `format=delta`: plain Parquet has one file an interval")
            .with("file", query.path.clone()));
    }
    Ok(format)
}

/// The name of the summary table of `query`, which no other table may have.
fn table_of<'q>(engine: &Engine, query: &'q SavedQuery) -> Result<&'q str> {
    let wrong = |what: String| Err(Error::invalid(what).with("file", query.path.clone()));
    let Some(table) = query.summary_table() else {
        return wrong(format!("`{}` is stored in no summary table", query.name));
    };
    if engine.catalog().summary(table).is_none_or(|found| found.name != query.name) {
        return wrong(format!("SQL would not find the summary table `{table}`: a saved query of that name is a view"))
            .map_err(|error: Error| {
                error.hint("give the table another name: `-- materialize: table=spend_by_month …`")
            });
    }
    if engine.config().tables.contains_key(table) {
        return wrong(format!("SQL would not find the summary table `{table}`: outlay.toml has a table of that name"));
    }
    Ok(table)
}

/// The fingerprint of what decides, beside the data, about the rows of `query`.
pub(super) fn definition(engine: &Engine, query: &SavedQuery, varying: &str) -> Result<String> {
    Ok(short(&engine.definition(query, &[], varying)?))
}

/// The first day that the table covers; `None` while there are no charges.
async fn first_day(engine: &Arc<Engine>, query: &SavedQuery) -> Result<Option<NaiveDate>> {
    let declared = query.materialize.as_ref().and_then(|materialize| materialize.from);
    if declared.is_some() || interval_of(query).is_none() {
        return Ok(Some(declared.unwrap_or(engine.calendar().as_of)));
    }
    if engine.config().sources.is_empty() {
        return Err(Error::invalid(format!("nothing says with which day the table of `{}` begins", query.name))
            .with("file", query.path.clone())
            .hint("add it: `-- materialize: interval=month(month) from=2024-01`"));
    }
    engine.first_day().await
}

/// Says which objects came, changed and went, where the record of the run that built an interval is still there.
async fn explain(summaries: &Summaries, plan: &mut Plan<'_>) -> Result<()> {
    let states = plan.states();
    let mut records = BTreeMap::new();
    for due in plan.due.iter_mut().filter(|due| matches!(due.reason, Reason::Inputs(_))) {
        let Some(state) = states.iter().find(|state| state.interval == due.interval) else { continue };
        if !records.contains_key(&state.run) {
            records.insert(state.run.clone(), summaries.run(&state.run, &plan.table).await?);
        }
        let built = records[&state.run].iter().flat_map(|run| &run.intervals);
        if let Some(built) = built.into_iter().find(|built| built.interval == due.interval) {
            due.reason = Reason::Inputs(Difference::between(&built.inputs, &due.inputs));
        }
    }
    Ok(())
}
