//! Settings: what `outlay.toml` says. Data only; nothing here opens, lists or runs.

mod facts;
mod parse;
mod privacy;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::NaiveDate;
use serde::Deserialize;

use crate::allocation::Allocation;
use crate::error::Result;
use crate::prices::Unpriced;
use crate::query::TableFormat;
use crate::units::FiscalCalendar;

pub use privacy::{Principals, Privacy};

/// The name of the configuration file.
pub const FILE_NAME: &str = "outlay.toml";

/// Everything `outlay.toml` says. Unknown keys are errors.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// The folder that relative paths start from; not part of the file.
    #[serde(skip)]
    pub base: PathBuf,
    /// The file itself, when there is one.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// `[project]`
    #[serde(default)]
    pub project: Project,
    /// `[sources.NAME]`: exports whose charges make up `spend`.
    #[serde(default)]
    pub sources: BTreeMap<String, Source>,
    /// `[[overlaps]]`: sources that report the same use.
    #[serde(default)]
    pub overlaps: Vec<Overlap>,
    /// `[tables.NAME]`: any other table.
    #[serde(default)]
    pub tables: BTreeMap<String, Table>,
    /// `[allocation]`: who bears which charges.
    #[serde(default)]
    pub allocation: Allocation,
    /// `[fx]`
    #[serde(default)]
    pub fx: Fx,
    /// `[privacy]`
    #[serde(default)]
    pub privacy: Privacy,
    /// `[limits]`
    #[serde(default)]
    pub limits: Limits,
    /// `[storage]`: regions and endpoints by their standard names; never secrets.
    #[serde(default)]
    pub storage: BTreeMap<String, String>,
    /// `[price_book]`: what a unit costs, for usage without cost and to price history anew.
    #[serde(default)]
    pub price_book: Option<PriceBook>,
    /// `[prices]`: what requests and transfer cost, for `--stats`.
    #[serde(default)]
    pub prices: Prices,
    /// `[report]`: what `outlay report` shows.
    #[serde(default)]
    pub report: Report,
    /// `[summaries]`: where summary tables are stored.
    #[serde(default)]
    pub summaries: Summaries,
    /// `[cache]`: what is kept on the disk of remote stores.
    #[serde(default)]
    pub cache: Cache,
}

/// `[project]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Project {
    /// Folder of saved queries, relative to the file. `queries` when it exists.
    pub queries: Option<String>,
    /// The date that defaults such as `last_full_quarter` count from; today when left out. Deliveries count whenever they
    /// came: `--as-of` looks back.
    pub as_of: Option<NaiveDate>,
    /// Month in which the fiscal year starts, 1 to 12.
    pub fiscal_year_start: u32,
    /// Days after the end of a period until its bill is complete; the period is "full" only then.
    pub close_lag_days: u32,
}

impl Default for Project {
    fn default() -> Self {
        Self { queries: None, as_of: None, fiscal_year_start: 1, close_lag_days: 0 }
    }
}

/// `[sources.NAME]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Object, folder or glob: `s3://…`, `gs://…`, `az://…`, or a path relative to the file.
    pub path: String,
    /// The dialect; detected when left out.
    pub dialect: Option<String>,
    /// Columns that the files call otherwise: FOCUS column = name in the file.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// How old the newest charge may be, such as `3d`, before `outlay check` calls the source stale.
    pub freshness: Option<String>,
    /// Rules that the source is known to break, by name; `outlay check` shows them as accepted.
    #[serde(default)]
    pub accept: Vec<String>,
}

/// `[[overlaps]]`: of sources that report the same use, the first that has it keeps it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overlap {
    /// The sources, in the order of their precedence: at least two.
    pub sources: Vec<String>,
    /// Columns, or keys of JSON columns such as `SkuPriceDetails.ModelId`, that are equal for the same use. A charge with
    /// NULL in one of them is never set aside.
    #[serde(rename = "match")]
    pub keys: Vec<String>,
    /// The stretch of time within which charges are the same use: hour, day or month of `ChargePeriodStart`.
    #[serde(default)]
    pub grain: OverlapGrain,
    /// A condition in SQL: only these charges of the later sources are set aside, and only by such charges.
    #[serde(rename = "where")]
    pub condition: Option<String>,
}

/// A stretch of time that begins at a full hour, day or month (UTC).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OverlapGrain {
    /// The hour.
    Hour,
    /// The day.
    #[default]
    Day,
    /// The calendar month.
    Month,
}

impl OverlapGrain {
    /// The word of `date_trunc`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// `[tables.NAME]`
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// Object, folder or glob.
    pub path: String,
    /// `parquet`, `csv` or `ndjson`; told by the suffix of the files when left out.
    pub format: Option<String>,
    /// Of a table with a contract (see [`crate::facts`]): column of the contract = name in the files. Of any other column:
    /// its type, where the detected one is not right: column = SQL type such as `decimal(38,2)`, `date`, `text`.
    #[serde(default)]
    pub columns: BTreeMap<String, String>,
    /// Columns of the contract that the files leave out because they are the same in every row: column = value.
    #[serde(default)]
    pub constants: BTreeMap<String, String>,
    /// Words that the files use for those of the contract: column = { word in the files = word of the contract }.
    #[serde(default)]
    pub values: BTreeMap<String, BTreeMap<String, String>>,
}

/// `[report]`: what `outlay report` shows when it is not told otherwise.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// Heading of the page.
    pub title: Option<String>,
    /// Saved queries in this order: names, globs, `tag:NAME` or `owner:NAME`.
    pub queries: Vec<String>,
    /// The most rows of a table; the others are counted.
    pub max_rows: Option<usize>,
}

/// `[summaries]`: the summary tables that `outlay build` writes.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Summaries {
    /// Folder: `s3://…`, `gs://…`, `az://…`, or a path relative to the file. `summaries` beside it when left out.
    pub path: String,
    /// How tables are stored whose query does not say it: `delta`, or `parquet` for plain files.
    pub format: TableFormat,
    /// How long past states stay readable; `outlay vacuum` ends them. 400 days when left out: last year's report has an answer.
    pub retention: String,
}

impl Default for Summaries {
    fn default() -> Self {
        Self { path: "summaries".to_owned(), format: TableFormat::default(), retention: "400d".to_owned() }
    }
}

/// `[cache]`: what was read from remote stores and is kept on the disk.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cache {
    /// Folder, relative to the file; the one of the user for caches when left out.
    pub path: Option<String>,
    /// The most that it may hold, such as `20GiB`; with `0B` nothing is kept.
    pub size: String,
}

impl Default for Cache {
    fn default() -> Self {
        Self { path: None, size: "4GiB".to_owned() }
    }
}

/// `[price_book]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceBook {
    /// Object, folder or glob: CSV with a header, or Parquet.
    pub path: String,
    /// What becomes of a price that is not in it: `error` or `null`.
    #[serde(default)]
    pub unpriced: Unpriced,
}

/// `[fx]`: how exchange rates of the table `fx_rates` are used.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Fx {
    /// Days for which a rate holds when no newer one was entered: with the default of 45, a rate of the first of a month
    /// outlives it by two weeks, and a month that was forgotten fails.
    pub max_age_days: u32,
}

impl Default for Fx {
    fn default() -> Self {
        Self { max_age_days: 45 }
    }
}

/// `[limits]`: what no query may exceed; flags override them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Longest time of a query, such as `10m`.
    pub timeout: Option<String>,
    /// Most memory of a query, such as `8GiB`; more is spilled to disk.
    pub memory: Option<String>,
    /// Most disk that spilling may take.
    pub temp: Option<String>,
    /// Most bytes that a query may read.
    pub max_scan: Option<String>,
}

/// `[prices]`: United States dollars, by default those of Amazon S3 Standard in us-east-1 read from the same region.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Prices {
    /// A thousand GET or HEAD requests.
    pub get_per_1000: f64,
    /// A thousand LIST or PUT requests.
    pub list_per_1000: f64,
    /// A GiB sent out of the store.
    pub egress_per_gib: f64,
}

impl Default for Prices {
    fn default() -> Self {
        Self { get_per_1000: 0.0004, list_per_1000: 0.005, egress_per_gib: 0.0 }
    }
}

impl Config {
    /// Reads the configuration from `text`, which stands in `file`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] with file, line and column for what is not TOML, an unknown key or a wrong value.
    pub fn parse(text: &str, file: &Path) -> Result<Self> {
        parse::parse(text, file)
    }

    /// A configuration without sources, for `base`.
    pub fn empty(base: &Path) -> Self {
        Self { base: base.to_owned(), ..Self::default() }
    }

    /// Finds `outlay.toml` in `from` or the nearest folder above it, and reads it.
    ///
    /// # Errors
    /// As [`Self::parse`]; [`crate::ErrorKind::Storage`] when a file that is there cannot be read.
    pub fn find(from: &Path) -> Result<Option<Self>> {
        from.ancestors()
            .map(|folder| folder.join(FILE_NAME))
            .find(|file| file.is_file())
            .map(|file| Self::load(&file))
            .transpose()
    }

    /// Reads `file`.
    ///
    /// # Errors
    /// As [`Self::find`].
    pub fn load(file: &Path) -> Result<Self> {
        Self::parse(&parse::read(file)?, file)
    }

    /// The fiscal calendar of the project.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a month that does not exist.
    pub fn fiscal_calendar(&self) -> Result<FiscalCalendar> {
        FiscalCalendar::starting_in(self.project.fiscal_year_start)
    }

    /// The folder of saved queries: the one named, else `queries` beside the file when it exists.
    pub fn queries(&self) -> Option<PathBuf> {
        match &self.project.queries {
            Some(folder) => Some(self.base.join(folder)),
            None => Some(self.base.join("queries")).filter(|folder| folder.is_dir()),
        }
    }
}
