//! A sample company: bills of four sources with everything that real ones do, the facts beside them, and the truth.
//!
//! The same [`Plan`] gives the same rows and the same [`Truth`] on any machine, whatever the number of threads.

mod anthropic;
mod aws;
mod azure;
mod block;
mod calendar;
mod cloud;
mod company;
mod delivery;
mod facts;
mod gateway;
mod gpus;
mod layout;
mod ledger;
mod line;
mod money;
mod outcomes;
mod part;
mod pilots;
mod plans;
mod project;
mod quota;
mod random;
mod target;
mod teams;
#[cfg(test)]
mod tests;
mod truth;
mod workplace;

use std::pin::pin;
use std::sync::Arc;
use std::thread::available_parallelism;

use chrono::{Datelike, NaiveDate};
use object_store::ObjectStore;
use object_store::path::Path;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use crate::error::{Error, Result};
use calendar::{Calendar, Milestones};
use company::Company;
use delivery::Setting;
use facts::Ledgers;
use part::Part;
use pilots::Pilots;
use quota::{Source, Workload};
use target::Target;

pub use money::Amount;
pub use truth::{
    ActiveWeek, AdopterWeek, Cap, CapStatus, Correction, Gamer, Goal, GpuUse, InvoiceResidual, MonthTotals,
    OneOffPurchase, Outcomes, PilotGroup, Pilots as PilotsTruth, PriceChange, RunawayLoop, Seats, SetAside,
    SourceTotals, TeamOutcomes, TokenCount, Truth,
};

/// Months that are written at the same time, at most: each holds a row group per open file.
const MOST_AT_ONCE: usize = 8;

/// What to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Plan {
    /// Charges over all sources, about; deliveries that do not count are not among them.
    pub rows: u64,
    /// Months of history.
    pub months: u32,
    /// Seed of everything random.
    pub seed: u64,
    /// First day of the last month, which is complete.
    pub last_month: NaiveDate,
}

impl Plan {
    /// A history of `months` months that ends with June 2026.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] when `rows` is not in 5,000 to 2,000,000,000 or `months` not in 6 to 60.
    pub fn new(rows: u64, months: u32, seed: u64) -> Result<Self> {
        if !(5_000..=2_000_000_000).contains(&rows) {
            return Err(Error::invalid(format!("the sample cannot have `{rows}` rows"))
                .hint("give a number from 5000 to 2000000000"));
        }
        if !(6..=60).contains(&months) {
            return Err(
                Error::invalid(format!("the sample cannot have `{months}` months")).hint("give a number from 6 to 60")
            );
        }
        let last_month =
            NaiveDate::from_ymd_opt(2026, 6, 1).ok_or_else(|| Error::internal("June 2026 does not exist"))?;
        Ok(Self { rows, months, seed, last_month })
    }
}

/// Hears how far the writing is.
pub trait Progress: Send + Sync {
    /// `written` more charges were written; all calls together add up to the charges of the sample.
    fn rows(&self, written: u64);
}

/// Writes the sample under `prefix` and returns what it holds, which is also written there as `truth.json`.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when the fields of the plan are out of range, [`crate::ErrorKind::Storage`] when the
/// store fails; what was written until then stays there.
pub async fn generate(
    plan: &Plan,
    store: Arc<dyn ObjectStore>,
    prefix: &Path,
    progress: &dyn Progress,
) -> Result<Truth> {
    let (written, heard) = unbounded_channel();
    let calendar = checked_calendar(plan)?;
    let milestones = Milestones::of(calendar.months);
    let company = Company::new(plan.seed, &calendar, &milestones);
    let pilots = Pilots::new(plan.seed, &calendar);
    let workload = Workload::new(plan.rows, &calendar, &company);
    let target = Target::new(store, prefix.clone());
    let setting = Arc::new(Setting {
        seed: plan.seed,
        rows: plan.rows,
        calendar,
        milestones,
        company,
        pilots,
        workload,
        target,
        written,
    });
    let parts = reporting(write_charges(&setting), heard, progress).await?;
    let (ledgers, found) = add_up(&setting, parts);
    let counts = outcomes::write(&setting).await?;
    facts::write(&setting, &ledgers, &counts).await?;
    setting.target.put("outlay.toml", project::configuration(&setting)).await?;
    let truth = project::truth(&setting, &ledgers, found, &counts);
    let text = serde_json::to_string_pretty(&truth)
        .map_err(|cause| Error::internal("cannot write the truth as JSON").because(cause))?;
    setting.target.put("truth.json", text + "\n").await?;
    Ok(truth)
}

fn checked_calendar(plan: &Plan) -> Result<Calendar> {
    Plan::new(plan.rows, plan.months, plan.seed)?;
    if plan.last_month.day() != 1 {
        return Err(Error::invalid(format!("`{}` is not the first day of a month", plan.last_month)));
    }
    Calendar::new(plan.months, plan.last_month)
}

/// Does the work and passes on what it reports meanwhile.
async fn reporting<T>(
    work: impl Future<Output = Result<T>>,
    mut heard: UnboundedReceiver<u64>,
    progress: &dyn Progress,
) -> Result<T> {
    let mut work = pin!(work);
    let done = loop {
        tokio::select! {
            Some(rows) = heard.recv() => progress.rows(rows),
            done = &mut work => break done?,
        }
    };
    while let Ok(rows) = heard.try_recv() {
        progress.rows(rows);
    }
    Ok(done)
}

/// Writes every month of every source, some at a time; the parts come in the order of source and month.
async fn write_charges(setting: &Arc<Setting>) -> Result<Vec<(Source, Part)>> {
    let months = setting.calendar.months;
    let jobs: Vec<(Source, usize)> =
        Source::ALL.into_iter().flat_map(|source| (0..months).map(move |month| (source, month))).collect();
    let at_once = available_parallelism().map_or(1, usize::from).min(MOST_AT_ONCE);
    let mut parts: Vec<Option<Part>> = jobs.iter().map(|_| None).collect();
    let mut running = JoinSet::new();
    let mut waiting = jobs.iter().copied().enumerate();
    loop {
        while running.len() < at_once
            && let Some((number, (source, month))) = waiting.next()
        {
            let setting = Arc::clone(setting);
            running.spawn(async move { (number, write_month(source, &setting, month).await) });
        }
        let Some(finished) = running.join_next().await else { break };
        let (number, part) =
            finished.map_err(|cause| Error::internal("a part of the sample stopped").because(cause))?;
        parts[number] = Some(part?);
    }
    Ok(jobs.into_iter().zip(parts).filter_map(|((source, _), part)| Some((source, part?))).collect())
}

async fn write_month(source: Source, setting: &Setting, month: usize) -> Result<Part> {
    match source {
        Source::Aws => aws::write_month(setting, month).await,
        Source::Azure => azure::write_month(setting, month).await,
        Source::Anthropic => anthropic::write_month(setting, month).await,
        Source::Gateway => gateway::write_month(setting, month).await,
    }
}

/// The ledger of each source, and everything found, all months together.
fn add_up(setting: &Setting, parts: Vec<(Source, Part)>) -> (Ledgers, Part) {
    let months = setting.calendar.months;
    let mut sources = Source::ALL.map(|_| ledger::Ledger::new(months));
    let mut found = Part::new(months);
    for (source, part) in parts {
        sources[source as usize].merge(&part.ledger);
        found.merge(part);
    }
    (Ledgers { sources, all: found.ledger.clone() }, found)
}
