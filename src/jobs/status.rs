//! How a summary table stands: what is due, when it was last built, who is at it.

use std::sync::Arc;

use super::due::Reason;
use super::plan::{Asked, plan};
use crate::engine::{Engine, Late};
use crate::error::Result;
use crate::query::{SavedQuery, Severity};
use crate::summaries::{Lock, Run};

/// How a summary table stands.
#[derive(Debug)]
pub struct TableStatus {
    /// The table.
    pub table: String,
    /// The query that it stores.
    pub query: String,
    /// Intervals that are stored.
    pub stored: usize,
    /// The newest of them.
    pub newest: Option<String>,
    /// Intervals that were never built.
    pub missing: Vec<String>,
    /// Intervals that were built of something else than they would be now.
    pub stale: Vec<String>,
    /// What it reads that came later than its `freshness` allows.
    pub late: Vec<Late>,
    /// Summary tables that it reads and that are not built yet.
    pub waits_for: Vec<String>,
    /// The last run that ended well.
    pub last_good: Option<Run>,
    /// The last run that ended at all, or was killed.
    pub last: Option<Run>,
    /// Who builds which interval just now.
    pub locks: Vec<(String, Lock)>,
}

impl TableStatus {
    /// Whether the table says what a build would make it say, and that of data that are not too old.
    pub fn is_fresh(&self) -> bool {
        !self.is_late() && self.waits_for.is_empty() && self.missing.is_empty() && self.stale.is_empty()
    }

    /// Whether what it reads is so old that a build fails.
    pub fn is_late(&self) -> bool {
        self.late.iter().any(|late| late.severity == Severity::Error)
    }
}

/// How the summary table of `query` stands.
///
/// # Errors
/// As [`plan`].
pub async fn status(engine: &Arc<Engine>, query: &SavedQuery) -> Result<TableStatus> {
    let plan = plan(engine, query, &Asked::default()).await?;
    let of_reason = |is_wanted: fn(&Reason) -> bool| {
        plan.due.iter().filter(|due| is_wanted(&due.reason)).map(|due| due.interval.clone()).collect()
    };
    let stored = plan.stored.iter().flat_map(|stored| &stored.files);
    let summaries = engine.summaries()?;
    let mut runs = summaries.runs(|table| table == plan.table).await?;
    let last = runs.last().cloned();
    runs.retain(Run::is_good);
    Ok(TableStatus {
        table: plan.table.clone(),
        query: query.name.clone(),
        stored: plan.stored_intervals(),
        newest: stored.filter_map(|file| Some(file.state.as_ref()?.interval.clone())).max(),
        missing: of_reason(|reason| *reason == Reason::Missing),
        // What lies within the lookback is built again each time; that makes nobody's answer wrong.
        stale: of_reason(|reason| matches!(reason, Reason::Definition | Reason::Inputs(_))),
        late: plan.late.clone(),
        waits_for: plan.waits_for.clone(),
        last_good: runs.pop(),
        last,
        locks: summaries.locks(&plan.table).await?,
    })
}
