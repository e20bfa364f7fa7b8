//! What happens in a build, as it happens.

use std::sync::Arc;

use chrono::SecondsFormat;
use serde::Serialize;

use crate::summaries::Lock;

/// Who is told what happens.
pub type Watch = Arc<dyn Fn(&Event) + Send + Sync>;

/// Something that happened to a summary table.
#[derive(Debug, Clone, Serialize)]
pub struct Event {
    /// The table.
    pub table: String,
    /// The interval of it, when it happened to one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What can happen.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum What {
    /// The table was looked at.
    Planned {
        /// Intervals that are due.
        due: usize,
    },
    /// A lock was taken over.
    TakenOver {
        /// As its owner had left it.
        from: Lock,
    },
    /// The rows of an interval are computed, hold what they should, and lie in the store; no commit names them yet.
    Staged {
        /// Why the interval was due.
        reason: String,
        /// Its rows.
        rows: u64,
        /// Seconds it took.
        seconds: f64,
    },
    /// A check that only warns does not hold, or data are late.
    Warned {
        /// What is wrong, and how often.
        warning: String,
    },
    /// Intervals count from now on.
    Published {
        /// How many.
        intervals: usize,
        /// The version of the table in which they do.
        version: String,
    },
    /// An interval failed, and the build goes on with others.
    Failed {
        /// Why.
        error: String,
    },
}

impl Event {
    /// What happened, as one JSON object.
    pub fn json(&self) -> serde_json::Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// What happened, in a sentence.
    pub fn line(&self) -> String {
        let of = self.interval.iter().fold(self.table.clone(), |table, interval| format!("{table} {interval}"));
        match &self.what {
            What::Planned { due: 0 } => format!("{of}: nothing is due"),
            What::Planned { due } => format!("{of}: {due} due"),
            What::TakenOver { from } => {
                let (owner, since) = (&from.owner, from.since.to_rfc3339_opts(SecondsFormat::Secs, true));
                format!(
                    "{of}: lock of run {} taken over, held by {}, process {}, since {since}",
                    from.run, owner.host, owner.pid
                )
            }
            What::Staged { reason, rows, seconds } => format!("{of}: {rows} rows in {seconds:.1} s ({reason})"),
            What::Warned { warning } => format!("{of}: warning: {warning}"),
            What::Published { intervals, version } => format!("{of}: {intervals} published, version {version}"),
            What::Failed { error } => format!("{of}: failed: {error}"),
        }
    }
}
