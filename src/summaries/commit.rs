//! One commit: the files of some intervals give way to new ones, all or nothing.

use std::collections::{BTreeMap, HashMap};

use arrow::datatypes::{DataType, Schema, SchemaRef};
use deltalake_core::kernel::engine::arrow_conversion::TryIntoKernel;
use deltalake_core::kernel::transaction::{CommitBuilder, CommitProperties};
use deltalake_core::kernel::{Action, Add, Metadata, MetadataExt, StructType, Transaction, new_metadata};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::table::state::DeltaTableState;
use object_store::path::Path;

use super::file::{FileState, read_type};
use super::{Staged, StoredFile, StoredTable, Summaries};
use crate::error::{Error, ErrorKind, Result};
use crate::query::TableFormat;

/// Tries at a commit that others outrun, and at one whose answer was lost.
const ATTEMPTS: usize = 40;

/// Tries that the store may fail before the build does.
const FAILURES: usize = 4;

/// What a commit changes.
#[derive(Debug)]
pub struct Change {
    /// How the table is stored.
    pub format: TableFormat,
    /// The columns in the types of the files (see [`super::stored_schema`]).
    pub schema: SchemaRef,
    /// The columns that partition the table.
    pub partition_by: Vec<String>,
    /// Interval → path of the file that stood there when the build began. Each of them gives way.
    pub replaced: BTreeMap<String, Vec<String>>,
    /// The new files: state, rows and bytes; already uploaded.
    pub added: Vec<Added>,
    /// The run, kept in the commit.
    pub run: String,
    /// What tells this commit from every other one, of this run or another.
    pub transaction: String,
    /// Milliseconds since 1970 UTC, kept as the time of the files.
    pub at_millis: i64,
}

/// A file that was uploaded and that no commit names yet.
#[derive(Debug, Clone)]
pub struct Added {
    /// Its state, and so its name.
    pub state: FileState,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub size: u64,
    /// The columns that partition the table, and what they are in its rows; `None` for NULL.
    pub partition: Vec<(String, Option<String>)>,
}

/// What a commit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// The version in which it counts (see [`StoredTable::version`]).
    pub version: String,
}

impl Summaries {
    /// Uploads a staged file of the table `name`. It counts only once it is published.
    ///
    /// # Errors
    /// [`ErrorKind::Storage`].
    pub async fn upload(&self, name: &str, format: TableFormat, staged: Staged) -> Result<Added> {
        let Staged { state, rows, partition, bytes } = staged;
        let size = bytes.len() as u64;
        let path: Path = match format {
            TableFormat::Delta => self.path(&[name]).parts().chain(Path::from(state.path()).parts()).collect(),
            TableFormat::Parquet => self.staged_path(name, &state),
        };
        self.write(&path, bytes).await?;
        Ok(Added { state, rows, size, partition })
    }

    /// Publishes `change` of the table `name` in one commit, or interval by interval where it is stored as plain files; makes the
    /// table when there is none.
    ///
    /// An answer that was lost is no failure: the run stands in the commit as application transaction, and whether it counts is
    /// read from the table. A commit that others outran is made again on top of theirs, unless they changed one of its
    /// intervals.
    ///
    /// # Errors
    /// [`ErrorKind::Locked`] when another build changed one of the intervals, [`ErrorKind::Storage`] when the store fails,
    /// [`ErrorKind::Invalid`] when the columns change and intervals stay that have the old ones.
    pub async fn publish(&self, name: &str, change: &Change) -> Result<Published> {
        let mut failures = 0;
        for _attempt in 0..ATTEMPTS {
            let tried = match change.format {
                TableFormat::Delta => self.try_publish(name, change).await,
                TableFormat::Parquet => self.publish_plain(name, change).await.map(Some),
            };
            let failed = match tried {
                Ok(Some(published)) => return Ok(published),
                Ok(None) => continue,
                Err(error) if error.kind() != ErrorKind::Storage => return Err(error),
                Err(error) => error,
            };
            failures += 1;
            if failures >= FAILURES {
                return Err(failed);
            }
        }
        Err(Error::new(ErrorKind::Locked, "other builds of the table were faster each time")
            .with("table", name)
            .hint("it is safe to try again"))
    }

    /// One try; `None` when it is to be tried again.
    async fn try_publish(&self, name: &str, change: &Change) -> Result<Option<Published>> {
        let Some(table) = self.table(name, None).await? else {
            return self.create_table(name, change).await;
        };
        let Some(delta) = &table.delta else { return Err(Error::internal("plain files where a log should be")) };
        // Read before every try: an answer may be lost though the commit counts.
        let state = delta.snapshot().map_err(|cause| self.delta_error(name, cause))?;
        let counts = state.transaction_version(delta.log_store().as_ref(), &change.transaction).await;
        if counts.map_err(|cause| self.delta_error(name, cause))?.is_some() {
            return Ok(Some(Published { version: table.version }));
        }
        refuse_outrun(name, &table, change)?;
        let actions = actions(name, state, &table.schema, change)?;
        let operation = DeltaOperation::Write { mode: SaveMode::Overwrite, partition_by: None, predicate: None };
        let commit = CommitBuilder::from(properties(change)).with_actions(actions).build(
            Some(state.snapshot()),
            delta.log_store(),
            operation,
        );
        // Outrun, or an answer that was lost: the next look at the table tells which.
        Ok(commit.await.ok().map(|done| Published { version: done.version().to_string() }))
    }

    /// Makes the table with the files of `change`, in its first commit.
    async fn create_table(&self, name: &str, change: &Change) -> Result<Option<Published>> {
        self.probe().await?;
        let columns = delta_schema(&change.schema)?;
        let created = CreateBuilder::new()
            .with_log_store(self.log(name)?)
            .with_table_name(name)
            .with_columns(columns.fields().cloned())
            .with_partition_columns(&change.partition_by)
            .with_configuration(HISTORY.map(|(key, value)| (key.to_owned(), Some(value.to_owned()))))
            .with_actions(added(change))
            .with_commit_properties(properties(change))
            .await;
        match created {
            Ok(made) => Ok(made.version().map(|version| Published { version: version.to_string() })),
            // Another build made it, or the answer was lost: the next look tells which.
            Err(_) if self.table(name, None).await?.is_some() => Ok(None),
            Err(cause) => Err(self.delta_error(name, cause)),
        }
    }
}

/// What stands in the commit beside the files: the run, in words and as application transaction. Others are not waited for, and
/// no log is cleaned up on the way.
fn properties(change: &Change) -> CommitProperties {
    CommitProperties::default()
        .with_metadata(HashMap::from([("outlayRun".to_owned(), change.run.clone().into())]))
        .with_application_transaction(Transaction::new(&change.transaction, 1))
        .with_max_retries(0)
        .with_cleanup_expired_logs(Some(false))
}

/// The log stays: what was reported on a day must have an answer for as long as auditors ask. `outlay vacuum` ends it.
const HISTORY: [(&str, &str); 2] =
    [("delta.enableExpiredLogCleanup", "false"), ("delta.logRetentionDuration", "interval 4000 days")];

pub(super) fn delta_schema(schema: &Schema) -> Result<StructType> {
    schema
        .try_into_kernel()
        .map_err(|cause| Error::invalid("these columns cannot be stored as Delta Lake").because(cause))
}

/// Refuses to replace what another build put there in the meantime.
pub(super) fn refuse_outrun(name: &str, table: &StoredTable, change: &Change) -> Result<()> {
    for (interval, expected) in &change.replaced {
        let mut there: Vec<&str> = table.of_interval(interval).map(|file| file.path.as_str()).collect();
        let mut expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        there.sort_unstable();
        expected.sort_unstable();
        let is_ours = |file: &StoredFile| file.state.as_ref().is_some_and(|state| state.run == change.run);
        if there != expected && !table.of_interval(interval).all(is_ours) {
            return Err(Error::new(ErrorKind::Locked, "another build published this interval in the meantime")
                .with("table", name)
                .with("interval", interval.clone())
                .hint("nothing was published here; build again when it is done"));
        }
    }
    Ok(())
}

/// Refuses columns that differ from those of the intervals that stay.
pub(super) fn refuse_columns(name: &str, stored: &Schema, wanted: &Schema) -> Result<()> {
    if types(wanted) == types(stored) {
        return Ok(());
    }
    Err(Error::invalid("the columns of the query are others than those of the table")
        .with("table", name)
        .hint("build every interval of it: leave out `--from` and `--to`"))
}

/// Names and types of the columns as SQL sees them.
fn types(schema: &Schema) -> Vec<(&str, DataType)> {
    schema.fields().iter().map(|field| (field.name().as_str(), read_type(field.data_type()))).collect()
}

fn actions(name: &str, state: &DeltaTableState, stored: &Schema, change: &Change) -> Result<Vec<Action>> {
    let gives_way = |interval: &str| change.replaced.contains_key(interval);
    let mut actions = Vec::new();
    let mut kept = 0;
    for view in state.log_data().iter() {
        match FileState::of_path(&view.path()) {
            Some(state) if gives_way(&state.interval) => actions.push(Action::Remove(view.remove_action(true))),
            _ => kept += 1,
        }
    }
    actions.extend(added(change));
    if kept > 0 {
        refuse_columns(name, stored, &change.schema)?;
        if *state.metadata().partition_columns() != change.partition_by {
            return Err(Error::invalid("the columns that partition the table changed")
                .with("table", name)
                .hint("build every interval of it: leave out `--from` and `--to`"));
        }
    } else {
        actions.push(Action::Metadata(metadata(state.metadata(), change)?));
    }
    Ok(actions)
}

/// The metadata of a table of which every file is replaced.
fn metadata(known: &Metadata, change: &Change) -> Result<Metadata> {
    let failed = |cause| Error::internal("cannot write the columns").because(cause);
    let columns = delta_schema(&change.schema)?;
    let made = new_metadata(&columns, &change.partition_by, known.configuration()).map_err(failed)?;
    let made = made.with_table_id(known.id().to_owned()).map_err(failed)?;
    known.name().map_or(Ok(made.clone()), |name| made.clone().with_name(name.to_owned())).map_err(failed)
}

fn added(change: &Change) -> Vec<Action> {
    let action = |added: &Added| {
        Action::Add(Add {
            path: added.state.path(),
            size: i64::try_from(added.size).unwrap_or(i64::MAX),
            modification_time: change.at_millis,
            data_change: true,
            stats: Some(format!("{{\"numRecords\":{}}}", added.rows)),
            partition_values: added.partition.iter().cloned().collect(),
            ..Add::default()
        })
    };
    change.added.iter().map(action).collect()
}
