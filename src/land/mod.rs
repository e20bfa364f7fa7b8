//! Lands dumps of a vendor: a file in any dialect becomes Parquet in a bucket, month by month, as FOCUS charges.
//!
//! What was landed lies like an AWS Data Export that makes a new folder for each delivery: `data/BILLING_PERIOD=YYYY-MM/RUN/` and
//! a manifest under `metadata/` that is written last. So a month is there whole or not at all, every state that a month
//! had stays readable as of its day, and any reader of such exports reads it.
//!
//! A dump replaces what an earlier one said of the same stretch of time, and leaves the rest of the month as it was.

mod history;
mod write;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, AsArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use sha2::{Digest, Sha256};

use crate::clock::Clock;
use crate::config::{Config, Principals, Privacy, Source};
use crate::engine::{Engine, Limits, Sql};
use crate::error::{Error, ErrorKind, Result};
use crate::fingerprint::hex;
use crate::query::SavedQuery;
use crate::storage::{Location, StoreOptions, Stores, list, store_error};
use history::{Dump, History};

/// The sources of the engine that does the work: the dump, and what was landed before.
const DUMP: &str = "dump";
const LANDED: &str = "landed";

/// What to land, and where.
#[derive(Debug, Clone)]
pub struct Landing {
    /// The dump: a file, a folder or a glob.
    pub file: String,
    /// How it speaks.
    pub dialect: String,
    /// The folder that the charges land in: a URL or a path.
    pub to: String,
    /// The folder that relative paths start from.
    pub base: PathBuf,
    /// What becomes of charges that were landed for the same stretch of time.
    pub mode: Mode,
}

/// What becomes of charges that were landed for the same stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The dump replaces them, unless it holds fewer: then it is refused, as a dump that was cut short.
    Replace,
    /// The dump replaces them even when it holds fewer.
    ReplaceWithFewer,
    /// They stay, and the dump is added.
    Append,
}

/// What became of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// `2026-06`.
    pub period: String,
    /// Charges of the dump.
    pub charges: usize,
    /// Charges landed before that they replace.
    pub replaced: usize,
    /// Charges of the month from now on.
    pub total: usize,
    /// Whether this very dump had been landed before, so that nothing was done.
    pub unchanged: bool,
}

/// A month of the dump as it was read.
#[derive(Debug)]
struct Stretch {
    period: DateTime<Utc>,
    charges: usize,
    /// The first start and the last end of charges, of the whole dump.
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

/// Lands a dump.
///
/// # Errors
/// [`crate::ErrorKind::Data`] for a dump that cannot be read or is of another dialect, [`crate::ErrorKind::Invalid`] when the
/// folder holds charges of another dialect or the dump holds fewer charges than it replaces,
/// [`crate::ErrorKind::Storage`] when the bucket fails. Months before the failing one stay landed; doing it again goes on.
pub async fn land(
    landing: &Landing,
    options: StoreOptions,
    limits: Limits,
    clock: Arc<dyn Clock>,
) -> Result<Vec<Month>> {
    let stores = Stores::new(options.clone());
    let from = Location::parse(&landing.file, &landing.base)?;
    let to = Location::parse(&landing.to, &landing.base)?;
    let digest = digest(&stores, &from).await?;
    let history = History::read(&stores, &to).await?;
    history.refuse_other_dialect(&landing.dialect, &to)?;
    let engine = Engine::builder(config(landing, &history))
        .store_options(options)
        .limits(limits)
        .clock(Arc::clone(&clock))
        .without_prices()
        .build()
        .map(Arc::new)?;
    let mut months = Vec::new();
    for stretch in stretches(&engine).await? {
        let period = stretch.period.format("%Y-%m").to_string();
        if let Some(total) = history.holds(&period, &digest) {
            months.push(Month { period, charges: stretch.charges, replaced: 0, total, unchanged: true });
            continue;
        }
        let counts = counts(&engine, landing, &history, &stretch, &period).await?;
        let dump = Dump {
            sha256: digest.clone(),
            file: from.to_string(),
            dialect: landing.dialect.clone(),
            first: stretch.first,
            last: stretch.last,
            charges: stretch.charges,
        };
        let total = write::month(&engine, landing, &to, &stretch, dump, &history, clock.now()).await?;
        months.push(Month { period, charges: stretch.charges, replaced: counts, total, unchanged: false });
    }
    Ok(months)
}

/// A configuration of the dump and of what was landed before.
fn config(landing: &Landing, history: &History) -> Config {
    let source = |path: &str, dialect: &str| Source {
        path: path.to_owned(),
        dialect: Some(dialect.to_owned()),
        ..Source::default()
    };
    let mut sources = BTreeMap::from([(DUMP.to_owned(), source(&landing.file, &landing.dialect))]);
    if !history.is_empty() {
        sources.insert(LANDED.to_owned(), source(&landing.to, "aws-focus"));
    }
    // The ledger keeps what the vendor wrote; who gets to see it is decided when it is read.
    let privacy = Privacy { principals: Principals::Names, ..Privacy::default() };
    Config { sources, privacy, ..Config::empty(&landing.base) }
}

/// SHA-256 of the bytes of the dump, in hexadecimal.
async fn digest(stores: &Stores, from: &Location) -> Result<String> {
    let store = stores.open(from)?;
    let mut hasher = Sha256::new();
    for object in list(store.as_ref(), from).await? {
        let failed = |cause| store_error(&from.object_url(&object.location), cause);
        let mut pieces = store.get(&object.location).await.map_err(failed)?.into_stream();
        while let Some(piece) = pieces.try_next().await.map_err(failed)? {
            hasher.update(&piece);
        }
    }
    Ok(hex(&hasher.finalize()))
}

/// The months of the dump.
async fn stretches(engine: &Arc<Engine>) -> Result<Vec<Stretch>> {
    let sql = "SELECT BillingPeriodStart, count(*), min(min(ChargePeriodStart)) OVER (), max(max(ChargePeriodEnd)) OVER () \
               FROM spend WHERE x_SourceName = 'dump' GROUP BY BillingPeriodStart ORDER BY BillingPeriodStart";
    let mut answer = engine.query(Sql::new(sql, "landing")).await?;
    let batches = answer.collect().await?;
    let months = concat_batches(&answer.schema(), &batches)
        .map_err(|cause| Error::internal("the months do not fit").because(cause))?;
    let time = |column: usize, row: usize| {
        let times = months.column(column).as_primitive::<TimestampMicrosecondType>();
        let known = times.is_valid(row).then(|| DateTime::from_timestamp_micros(times.value(row))).flatten();
        known.ok_or_else(|| {
            Error::data("the dump holds charges without a time")
                .hint("every charge needs the start and the end of its period")
        })
    };
    let counts = months.column(1).as_primitive::<Int64Type>();
    let stretch = |row: usize| {
        Ok(Stretch {
            period: time(0, row)?,
            charges: usize::try_from(counts.value(row)).unwrap_or_default(),
            first: time(2, row)?,
            last: time(3, row)?,
        })
    };
    (0..months.num_rows()).map(stretch).collect()
}

/// The charges of the month that the dump replaces.
async fn counts(
    engine: &Arc<Engine>,
    landing: &Landing,
    history: &History,
    stretch: &Stretch,
    period: &str,
) -> Result<usize> {
    if landing.mode == Mode::Append || !history.has(period) {
        return Ok(0);
    }
    let query = SavedQuery::from_text(
        "landing.sql",
        "-- param: period timestamp\n-- param: first timestamp\n-- param: last timestamp\n\
         SELECT count(*) FROM spend WHERE x_SourceName = 'landed' AND BillingPeriodStart = $period \
         AND ChargePeriodStart >= $first AND ChargePeriodStart < $last",
    )?;
    let mut answer = engine.run(&query, &stretch.values(landing.mode)).await?;
    let batches = answer.collect().await?;
    let count = batches.first().map_or(0, |batch| batch.column(0).as_primitive::<Int64Type>().value(0));
    let replaced = usize::try_from(count).unwrap_or_default();
    if replaced > stretch.charges && landing.mode == Mode::Replace {
        return Err(Error::new(
            ErrorKind::Invalid,
            format!("the dump holds {} charges of {period} where {replaced} were landed before", stretch.charges),
        )
        .hint("was it cut short, or is it of another account? `--replace` takes it all the same, `--append` adds it"));
    }
    Ok(replaced)
}

impl Stretch {
    /// The values of the queries over the month. To append is to replace the empty stretch.
    fn values(&self, mode: Mode) -> Vec<(String, String)> {
        let text = |time: &DateTime<Utc>| time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string();
        let last = if mode == Mode::Append { &self.first } else { &self.last };
        [("period", &self.period), ("first", &self.first), ("last", last)]
            .map(|(name, time)| (name.to_owned(), text(time)))
            .to_vec()
    }
}
