//! Records of builds: one object a run and table, and all of them as the table `runs`.

use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use chrono::{DateTime, NaiveDate, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;
use object_store::path::Path;
use serde::{Deserialize, Serialize};

use super::Summaries;
use super::lock::Owner;
use crate::error::{Error, Result};
use crate::storage::Location;

/// Records read at the same time.
const CONCURRENT_READS: usize = 16;

/// An object that a result comes from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Input {
    /// Its URL.
    pub object: String,
    /// Its bytes.
    pub size: u64,
    /// Its ETag, or when it was written where the store has none.
    pub version: String,
}

impl Input {
    /// What `object`, which lies at `location`, is.
    pub fn of(location: &Location, object: &ObjectMeta) -> Self {
        let modified = || object.last_modified.timestamp_micros().to_string();
        Self {
            object: location.object_url(&object.location),
            size: object.size,
            version: object.e_tag.clone().unwrap_or_else(modified),
        }
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It has not ended; when its process is gone it was killed.
    Running,
    /// What was due is published.
    Built,
    /// Nothing was due.
    NothingDue,
    /// It failed; intervals of the record are published all the same, where the build was asked to go on.
    Failed,
    /// It was stopped by a signal.
    Cancelled,
}

impl Outcome {
    /// The word of the record.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Built => "built",
            Self::NothingDue => "nothing_due",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a run did for one interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BuiltInterval {
    /// The interval, such as `2026-05`; `all` in a table that is built whole.
    pub interval: String,
    /// Why it was due.
    pub reason: String,
    /// Rows it has now.
    pub rows: u64,
    /// The objects that its rows come from.
    pub inputs: Vec<Input>,
    /// Bytes read to build it.
    pub bytes_read: u64,
    /// Seconds it took.
    pub seconds: f64,
}

/// The record of one run over one table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Its name: the time, and something that tells it from others of that time.
    pub run: String,
    /// The table.
    pub table: String,
    /// The saved query.
    pub query: String,
    /// SHA-256 of its SQL.
    pub sql_sha256: String,
    /// Fingerprint of SQL, views below it, parameters and settings.
    pub definition: String,
    /// Parameters with their values.
    pub parameters: Vec<(String, String)>,
    /// The as-of date, when one was given.
    pub as_of: Option<NaiveDate>,
    /// When it began.
    pub started: DateTime<Utc>,
    /// When it ended.
    pub ended: Option<DateTime<Utc>>,
    /// How it ended.
    pub outcome: Outcome,
    /// What went wrong.
    pub error: Option<String>,
    /// The intervals that it built.
    pub intervals: Vec<BuiltInterval>,
    /// The version of the table that it published or found.
    pub version: Option<String>,
    /// Checks that only warn and did not hold.
    pub warnings: Vec<String>,
    /// Bytes read.
    pub bytes_read: u64,
    /// Requests of every kind.
    pub requests: u64,
    /// Most memory that operators reserved, in bytes.
    pub peak_memory_bytes: u64,
    /// Price of requests and transfer in United States dollars.
    pub dollars: f64,
    /// Who built.
    pub owner: Owner,
    /// The version of Outlay.
    pub outlay: String,
}

impl Run {
    /// Whether it did what was due.
    pub fn is_good(&self) -> bool {
        matches!(self.outcome, Outcome::Built | Outcome::NothingDue)
    }

    /// Its outcome as people read it: one that says it runs and whose process is gone was killed.
    pub fn outcome_now(&self) -> &'static str {
        match self.outcome {
            Outcome::Running if self.owner.is_dead() => "killed",
            outcome => outcome.name(),
        }
    }
}

impl Summaries {
    /// Writes the record of `run`, over the one that it wrote before.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`].
    pub async fn record(&self, run: &Run) -> Result<()> {
        self.write_json(&self.run_path(&run.run, &run.table), run).await
    }

    pub(super) fn run_path(&self, run: &str, table: &str) -> Path {
        self.path(&["_runs", &format!("{run}_{table}.json")])
    }

    /// The record of the run `run` over the table `table`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`], [`crate::ErrorKind::Data`] for a record that cannot be read.
    pub async fn run(&self, run: &str, table: &str) -> Result<Option<Run>> {
        self.read_json(&self.run_path(run, table), "record of a run").await
    }

    /// The records of all runs over the tables that `wanted` picks, oldest first.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn runs(&self, wanted: impl Fn(&str) -> bool) -> Result<Vec<Run>> {
        let objects = self.objects(&self.path(&["_runs"])).await?;
        let mut names: Vec<(String, String)> = objects
            .iter()
            .filter_map(|object| object.location.filename()?.strip_suffix(".json")?.split_once('_'))
            .filter(|(_, table)| wanted(table))
            .map(|(run, table)| (run.to_owned(), table.to_owned()))
            .collect();
        names.sort();
        let read = |(run, table): (String, String)| async move { self.run(&run, &table).await };
        let found = futures::stream::iter(names).map(read).buffered(CONCURRENT_READS);
        let found: Vec<Option<Run>> = found.try_collect().await?;
        Ok(found.into_iter().flatten().collect())
    }
}

/// The columns of the table `runs`.
pub fn run_schema() -> SchemaRef {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let count = |name: &str| Field::new(name, DataType::Int64, true);
    let time = |name: &str| Field::new(name, DataType::Timestamp(TimeUnit::Microsecond, None), true);
    Arc::new(Schema::new(vec![
        text("run"),
        text("table_name"),
        text("query"),
        time("started"),
        time("ended"),
        text("outcome"),
        count("intervals"),
        count("rows"),
        text("first_interval"),
        text("last_interval"),
        count("bytes_read"),
        count("requests"),
        count("peak_memory_bytes"),
        Field::new("dollars", DataType::Float64, true),
        text("as_of"),
        text("parameters"),
        text("sql_sha256"),
        text("definition"),
        text("table_version"),
        text("warnings"),
        text("host"),
        text("outlay"),
        text("error"),
    ]))
}

/// `runs` as rows of the table `runs`.
///
/// # Errors
/// [`crate::ErrorKind::Internal`] when the columns do not fit.
pub fn runs_batch(runs: &[Run]) -> Result<RecordBatch> {
    let text = |value: &dyn Fn(&Run) -> Option<String>| -> ArrayRef {
        Arc::new(runs.iter().map(value).collect::<StringArray>())
    };
    let count = |value: &dyn Fn(&Run) -> Option<u64>| -> ArrayRef {
        let known = |run| value(run).and_then(|count| i64::try_from(count).ok());
        Arc::new(runs.iter().map(known).collect::<Int64Array>())
    };
    let time = |value: &dyn Fn(&Run) -> Option<DateTime<Utc>>| -> ArrayRef {
        Arc::new(
            runs.iter()
                .map(|run| value(run).map(|time| time.timestamp_micros()))
                .collect::<TimestampMicrosecondArray>(),
        )
    };
    let columns = vec![
        text(&|run| Some(run.run.clone())),
        text(&|run| Some(run.table.clone())),
        text(&|run| Some(run.query.clone())),
        time(&|run| Some(run.started)),
        time(&|run| run.ended),
        text(&|run| Some(run.outcome_now().to_owned())),
        count(&|run| Some(run.intervals.len() as u64)),
        count(&|run| Some(run.intervals.iter().map(|built| built.rows).sum())),
        text(&|run| run.intervals.iter().map(|built| built.interval.clone()).min()),
        text(&|run| run.intervals.iter().map(|built| built.interval.clone()).max()),
        count(&|run| Some(run.bytes_read)),
        count(&|run| Some(run.requests)),
        count(&|run| Some(run.peak_memory_bytes)),
        Arc::new(runs.iter().map(|run| Some(run.dollars)).collect::<Float64Array>()),
        text(&|run| run.as_of.map(|day| day.to_string())),
        text(&|run| {
            Some(run.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", "))
        }),
        text(&|run| Some(run.sql_sha256.clone())),
        text(&|run| Some(run.definition.clone())),
        text(&|run| run.version.clone()),
        text(&|run| Some(run.warnings.join("; "))),
        text(&|run| Some(run.owner.host.clone())),
        text(&|run| Some(run.outlay.clone())),
        text(&|run| run.error.clone()),
    ];
    RecordBatch::try_new(run_schema(), columns)
        .map_err(|cause| Error::internal("the records do not fit").because(cause))
}
