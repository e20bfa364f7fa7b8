//! Summary tables as tables of SQL, and as the answer to what is asked of the charges ([`rewrite`]).

mod coverage;
mod derive;
mod grouped;
mod rewrite;
mod times;
mod unfold;
mod unopened;

pub(super) use unopened::reads_unopened;

use std::collections::BTreeSet;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::catalog::{MemTable, TableProvider};
use datafusion::datasource::empty::EmptyTable;

use super::errors::from_datafusion;
use super::session::Session;
use super::tables::FileTable;
use super::{Engine, Given, RUNS, Sql, Work};
use crate::error::{Error, Result};
use crate::query::{Bound, SavedQuery};
use crate::summaries::{StoredTable, Summaries, run_schema, runs_batch};

/// Rows that tell how a frozen interval would change.
const DIFFERENCES: usize = 6;

/// `rows` as a table.
pub(super) fn memory(schema: &SchemaRef, rows: &[RecordBatch]) -> Result<Arc<dyn TableProvider>> {
    let table = MemTable::try_new(Arc::clone(schema), vec![rows.to_vec()]);
    Ok(Arc::new(table.map_err(|cause| from_datafusion(cause, None))?))
}

/// `name` as SQL spells a column of exactly that name.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) fn has_rows(batch: &RecordBatch) -> bool {
    batch.num_rows() > 0
}

impl Engine {
    /// The folder of the summary tables.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a path that is none, [`crate::ErrorKind::Storage`] when the store cannot be opened.
    pub fn summaries(&self) -> Result<Summaries> {
        let location = self.location(&self.config.summaries.path)?;
        Ok(Summaries::new(self.stores.open(&location)?, location))
    }

    /// How the stored rows of `interval` and `rows`, each row as often as it is there, differ: the rows that only one of the two
    /// has, and in the column `only_in` which. `None` when they are the same.
    ///
    /// # Errors
    /// Those of reading the stored rows.
    pub async fn difference(
        self: &Arc<Self>,
        stored: &StoredTable,
        interval: &str,
        schema: &SchemaRef,
        rows: &[RecordBatch],
    ) -> Result<Option<RecordBatch>> {
        let names: Vec<String> = schema.fields().iter().map(|field| quoted(field.name())).collect();
        let names = names.join(", ");
        let text = format!(
            "SELECT CASE WHEN sum(copies) > 0 THEN 'built' ELSE 'stored' END AS only_in, {names} \
             FROM (SELECT {names}, 1 AS copies FROM built UNION ALL SELECT {names}, -1 AS copies FROM stored) AS both_of_them \
             GROUP BY {names} HAVING sum(copies) <> 0 ORDER BY {names}, only_in"
        );
        let location = self.location(&self.config.summaries.path)?;
        let objects = stored.of_interval(interval).map(|file| file.object.clone()).collect();
        let before = FileTable::of_objects(location, objects, Schema::clone(&stored.schema));
        let given = Given::Rows(vec![
            ("stored".to_owned(), Arc::new(before) as Arc<dyn TableProvider>),
            ("built".to_owned(), memory(schema, rows)?),
        ]);
        let sql = Sql { text: &text, origin: "a frozen interval", first_line: 1 };
        let mut answer = self.start(sql, Bound::default(), self.limits, Work::over(given)).await?;
        let mut first = None;
        while let Some(batch) = answer.next().await? {
            first = first.filter(has_rows).or_else(|| Some(batch.slice(0, batch.num_rows().min(DIFFERENCES))));
        }
        Ok(first.filter(has_rows))
    }

    /// The summary tables that `query` reads, straight or through the queries that it builds on.
    ///
    /// # Errors
    /// Those of SQL that cannot be read.
    pub fn summaries_read(&self, query: &SavedQuery) -> Result<BTreeSet<String>> {
        Ok(self.reads(query)?.summaries)
    }

    /// The summary tables that `query` reads and that are not built yet.
    ///
    /// # Errors
    /// Those of SQL that cannot be read and of the store.
    pub async fn unbuilt(&self, query: &SavedQuery) -> Result<Vec<String>> {
        let summaries = self.summaries()?;
        let mut unbuilt = Vec::new();
        for read in self.summaries_read(query)? {
            if summaries.table(&read, None).await?.is_none() {
                unbuilt.push(read);
            }
        }
        Ok(unbuilt)
    }
}

impl Session<'_> {
    /// The folder of the summary tables, its requests counted with those of the statement.
    pub(super) fn summaries(&self) -> Result<Summaries> {
        let location = self.engine.location(&self.engine.config.summaries.path)?;
        let store = self.register(&location)?;
        Ok(Summaries::new(store, location))
    }

    /// The table `name` as it is stored, all of its folder listed.
    async fn stored(&self, summaries: &Summaries, name: &str) -> Result<Option<StoredTable>> {
        summaries.look_into(name).await?;
        summaries.table(name, self.engine.known_at).await
    }

    /// The stored rows of `query` as the summary table `name`.
    pub(super) async fn summary(&self, name: &str, query: &SavedQuery) -> Result<Arc<dyn TableProvider>> {
        let summaries = self.summaries()?;
        let Some(stored) = self.stored(&summaries, name).await? else {
            let error = Error::invalid(format!("the summary table `{name}` has not been built yet"));
            return Err(match self.engine.known_at {
                Some(day) => Error::invalid(format!("the summary table `{name}` had not been built by {day}")),
                None => error.hint(format!("`outlay build {}` builds it", query.name)),
            });
        };
        if stored.files.is_empty() {
            return Ok(Arc::new(EmptyTable::new(stored.schema)));
        }
        let objects = stored.files.into_iter().map(|file| file.object).collect();
        let schema = Schema::clone(&stored.schema);
        Ok(Arc::new(FileTable::of_objects(summaries.location().clone(), objects, schema)))
    }

    /// The records of the builds.
    pub(super) async fn runs(&self) -> Result<Arc<dyn TableProvider>> {
        let runs = self.summaries()?.runs(|_| true).await?;
        memory(&run_schema(), &[runs_batch(&runs)?])
    }

    /// Whether `name` is the table of the records of builds.
    pub(super) fn is_runs(&self, name: &str) -> bool {
        name == RUNS && !self.engine.config.tables.contains_key(RUNS) && !self.engine.catalog.contains(RUNS)
    }
}
