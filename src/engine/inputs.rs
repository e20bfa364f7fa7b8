//! What the result of a saved query comes from: its definition, and the objects that it reads.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::Arc;

use arrow::array::AsArray;
use arrow::datatypes::TimestampMicrosecondType;
use chrono::{DateTime, NaiveDate, Utc};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use futures::{StreamExt, TryStreamExt};
use object_store::ObjectMeta;

use super::guarded::GuardedParquet;
use super::session::Session;
use super::{Engine, Reading, Sql, Work, currency, ledger};
use crate::error::{Error, Result};
use crate::fingerprint::sha256;
use crate::query::{Bound, SavedQuery, bind};
use crate::storage::{Location, Traffic, list};
use crate::summaries::Input;

/// Places listed at the same time.
const CONCURRENT_LISTINGS: usize = 8;

/// The part of a listing that holds the price book.
const PRICE_BOOK: &str = "price book";

/// Everything that lies where a query reads, by what it is part of: a source, a table, the price book.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing(BTreeMap<String, Part>);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Part {
    inputs: Vec<Input>,
    newest: Option<DateTime<Utc>>,
}

impl Part {
    fn of<'o>(location: &Location, objects: impl Iterator<Item = &'o ObjectMeta> + Clone) -> Self {
        Self {
            inputs: objects.clone().map(|object| Input::of(location, object)).collect(),
            newest: objects.map(|object| object.last_modified).max(),
        }
    }
}

impl Listing {
    /// A hash of every object with its size and version.
    pub fn fingerprint(&self) -> String {
        let inputs: Vec<_> = self.0.iter().map(|(name, part)| (name, &part.inputs)).collect();
        sha256(format!("{inputs:?}"))
    }

    /// When the newest object of each part was written; `None` for one without objects.
    pub fn newest(&self) -> impl Iterator<Item = (&str, Option<DateTime<Utc>>)> {
        self.0.iter().map(|(name, part)| (name.as_str(), part.newest))
    }
}

/// A hash of objects with their sizes and versions.
pub fn fingerprint(inputs: &[Input]) -> String {
    sha256(format!("{inputs:?}"))
}

impl Engine {
    /// Lists what `query` reads. Nothing but listings, and the log of summary tables, is read.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when a listing fails, [`crate::ErrorKind::Invalid`] for tables that are not there.
    pub async fn listing(self: &Arc<Self>, query: &SavedQuery) -> Result<Listing> {
        let (engine, query) = (Arc::clone(self), query.clone());
        self.on_large_stack(move || async move { Session::new(engine.as_ref(), engine.limits)?.listing(&query).await })
            .await
    }

    /// The objects that each of `runs` of `query`, a set of parameter values, reads: of what lies in Parquet those that its
    /// scans do not rule out by their statistics, of everything else what `listing` holds; and what it took to find out. Footers
    /// are read, no data.
    ///
    /// # Errors
    /// Those of planning the query.
    pub async fn inputs(
        self: &Arc<Self>,
        query: &SavedQuery,
        runs: Vec<Vec<(String, String)>>,
        listing: &Listing,
    ) -> Result<(Vec<Vec<Input>>, Traffic)> {
        let (engine, query, listing) = (Arc::clone(self), query.clone(), listing.clone());
        self.on_large_stack(move || async move {
            let session = Session::new(engine.as_ref(), engine.limits)?;
            Ok((session.inputs(&query, &runs, &listing).await?, session.meter.traffic()))
        })
        .await
    }

    /// The day on which the first charge was incurred: from the footers of the files where they tell, else from the charges.
    /// `None` without charges.
    ///
    /// # Errors
    /// As for a query over `spend`.
    pub async fn first_day(self: &Arc<Self>) -> Result<Option<NaiveDate>> {
        const STARTS: &str = "ChargePeriodStart";
        let ledger = self.ledger().await?;
        let files = ledger.sources().flat_map(|source| &source.files);
        let told: Option<Vec<i64>> =
            files.map(|file| file.times.get(STARTS).filter(|time| time.exact).map(|time| time.first)).collect();
        let has_records = ledger.vendors().any(|source| !source.objects.is_empty());
        let first = match told {
            Some(times) if !has_records => times.into_iter().min(),
            _ => {
                let text = format!("SELECT CAST(min({STARTS}) AS TIMESTAMP(6)) FROM spend");
                let sql = Sql::new(&text, "outlay build");
                let mut answer = self.start(sql, Bound::default(), self.limits, Work::new(Reading::Charges)).await?;
                let rows = answer.collect().await?;
                let times =
                    rows.iter().filter_map(|batch| batch.column(0).as_primitive_opt::<TimestampMicrosecondType>());
                times.flat_map(|column| column.iter().flatten()).min()
            }
        };
        Ok(first.and_then(DateTime::from_timestamp_micros).map(|time| time.date_naive()))
    }

    /// A hash of everything but the data that decides about the result of `query` with `given` values: its SQL, that of the
    /// queries it builds on, their parameters but for the one named `varying`, the settings of sources, tables, allocation,
    /// prices and privacy, and the as-of date.
    ///
    /// # Errors
    /// Those of SQL that cannot be read and of values that do not fit; [`crate::ErrorKind::Invalid`] for SQL that asks a clock or
    /// chance, of which no hash can tell when its rows are out of date.
    pub fn definition(&self, query: &SavedQuery, given: &[(String, String)], varying: &str) -> Result<String> {
        let reads = self.reads(query)?;
        if let Some(name) = reads.volatile.first() {
            return Err(Error::invalid(format!(
                "`{name}` asks for the time or for chance: what it gave cannot be stored"
            ))
            .with("file", self.catalog.get(name).map_or_else(|_| query.path.clone(), |below| below.path.clone()))
            .hint("use the interval, or a parameter: `-- param: day date = today`"));
        }
        let mut text = String::new();
        for (name, below) in &reads.queries {
            let given = if *name == query.name { given } else { &[] };
            let fixed = bind(below, given, &self.calendar)?.shown;
            let fixed: Vec<_> =
                fixed.into_iter().filter(|(param, _)| *name != query.name || param != varying).collect();
            // Writing to a string cannot fail.
            let _written = writeln!(text, "{name} {} {fixed:?}", below.sql_sha256);
        }
        let config = &self.config;
        let _written = writeln!(
            text,
            "{:?} {:?} {:?} {:?} {:?} {:?} {} {:?} {} {}",
            config.sources,
            config.overlaps,
            config.tables,
            config.allocation,
            config.fx,
            config.privacy,
            self.privacy.mark(),
            config.price_book,
            config.project.fiscal_year_start,
            config.project.close_lag_days,
        );
        let _written = writeln!(text, "{:?} {:?}", query.materialize, self.known_at);
        Ok(sha256(text))
    }
}

impl Session<'_> {
    /// As [`Engine::listing`]. What else the statement lists is listed once.
    pub(super) async fn listing(&self, query: &SavedQuery) -> Result<Listing> {
        let reads = self.engine.reads(query)?;
        let config = &self.engine.config;
        let reads_ledger = reads.tables.contains(ledger::NAMES[0]);
        let mut listing = if reads_ledger { self.listing_of_sources().await?.0 } else { BTreeMap::new() };
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        places.extend(config.price_book.iter().map(|book| (PRICE_BOOK.to_owned(), book.path.clone())));
        let rates = Some(currency::RATES_TABLE.to_owned());
        let tables = reads.tables.into_iter().chain(rates);
        places
            .extend(tables.filter_map(|name| Some((format!("table {name}"), config.tables.get(&name)?.path.clone()))));
        listing.extend(self.listing_of(places).await?);
        for table in reads.summaries {
            let summaries = self.summaries()?;
            let stored = summaries.table(&table, self.engine.known_at).await?;
            let files = stored.map(|stored| stored.files).unwrap_or_default();
            let part = Part::of(summaries.location(), files.iter().map(|file| &file.object));
            listing.insert(format!("summary {table}"), part);
        }
        Ok(Listing(listing))
    }

    /// Lists the sources of the ledger.
    pub(super) async fn listing_of_sources(&self) -> Result<Listing> {
        let sources = self.engine.config.sources.iter();
        let places = sources.map(|(name, source)| (format!("source {name}"), source.path.clone()));
        self.listing_of(places.collect()).await.map(Listing)
    }

    /// Lists what lies at the path of each part.
    async fn listing_of(&self, places: BTreeMap<String, String>) -> Result<BTreeMap<String, Part>> {
        let listed = futures::stream::iter(places).map(|(part, path)| async move {
            let location = self.engine.location(&path)?;
            let store = self.register(&location)?;
            let objects = list(store.as_ref(), &location).await.map_err(|error| error.with("reads", part.clone()))?;
            Ok::<_, Error>((part, Part::of(&location, objects.iter())))
        });
        listed.buffered(CONCURRENT_LISTINGS).try_collect().await
    }

    /// The objects that each of `runs` of `query` reads, as [`Engine::inputs`] says.
    pub(super) async fn inputs(
        &self,
        query: &SavedQuery,
        runs: &[Vec<(String, String)>],
        listing: &Listing,
    ) -> Result<Vec<Vec<Input>>> {
        // What an interval comes from is the same whatever is left out for diagnosis.
        let state = self.with_all_optimisations();
        let mut found = Vec::with_capacity(runs.len());
        for given in runs {
            let bound = bind(query, given, &self.engine.calendar)?;
            let sql = Sql::of(query);
            let (plan, physical) = self.physical(&state, sql, &bound).await?;
            self.engine.privacy.refuse_passing(&plan)?;
            let mut scanned = Scanned::default();
            scanned.gather(physical.as_ref());
            found.push(scanned.inputs(listing));
        }
        Ok(found)
    }
}

/// The files of the scans of a plan.
#[derive(Debug, Default)]
struct Scanned {
    selected: BTreeSet<String>,
    /// Those of the same tables that hold nothing that is asked for.
    left_out: BTreeSet<String>,
}

impl Scanned {
    fn gather(&mut self, plan: &dyn ExecutionPlan) {
        if let Some(scan) = plan.downcast_ref::<DataSourceExec>()
            && let Some(config) = scan.data_source().downcast_ref::<FileScanConfig>()
        {
            let url =
                |file: &PartitionedFile| format!("{}{}", config.object_store_url.as_str(), file.object_meta.location);
            self.selected.extend(config.file_groups.iter().flat_map(FileGroup::files).map(url));
            if let Some(source) = config.file_source().downcast_ref::<GuardedParquet>() {
                self.left_out.extend(source.left_out().iter().cloned());
            }
        }
        for child in plan.children() {
            self.gather(child.as_ref());
        }
    }

    /// Of each part of `listing` that is scanned the selected files; all of a part that is read in another way, such as
    /// records of a vendor, prices and rates.
    fn inputs(&self, listing: &Listing) -> Vec<Input> {
        let rates = format!("table {}", currency::RATES_TABLE);
        let mut inputs = BTreeSet::new();
        for (name, part) in &listing.0 {
            let is_selected = |input: &&Input| self.selected.contains(&input.object);
            let is_scanned = |input: &Input| is_selected(&input) || self.left_out.contains(&input.object);
            let reads_all = !part.inputs.iter().any(is_scanned) || name == PRICE_BOOK || *name == rates;
            inputs.extend(part.inputs.iter().filter(|input| reads_all || is_selected(input)).cloned());
        }
        inputs.into_iter().collect()
    }
}
