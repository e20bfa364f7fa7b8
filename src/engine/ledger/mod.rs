//! `spend`: the charges of all sources as one table of FOCUS columns.
//!
//! ```text
//! listing → delivery chosen → footers read, each file held against the contract → one scan a source → union
//! ```
//!
//! Nothing is normalised above the scan: each file gets expressions from its own columns to those of the ledger
//! ([`adapter`]), so projection, predicates and statistics reach Parquet as if the files had always looked alike.

mod adapter;
mod contracts;
mod currencies;
mod delivered;
mod file_bounds;
mod focus_text;
mod open;
mod overlap;
mod provider;
mod records;
mod remembered;
mod set_aside;
mod source;
mod unopened;
mod vendor;

pub(crate) use currencies::COLUMNS as CURRENCY_COLUMNS;
pub(crate) use delivered::{Delivered, Speech};
pub(crate) use open::Footers;
pub use open::{LedgerFile, OpenSource, TimeRange};
pub(crate) use source::{Source, Twins};
pub(crate) use unopened::UnopenedLedger;
pub use vendor::VendorSource;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;

use super::pricing::priced;
use crate::config;
use crate::error::Result;
use crate::focus::{self, Kind};
use crate::prices::PriceBook;
use overlap::Overlaps;
use provider::SourceTable;

/// The names under which SQL finds the ledger.
pub const NAMES: [&str; 2] = ["spend", "focus_data_table"];

/// The name under which SQL finds the charges that were delivered and do not count.
pub const SET_ASIDE: &str = "set_aside";

/// The column that says where the cost of a charge comes from: `billed`, `vendor estimate` or `price book`.
pub(super) const COST_BASIS: &str = "x_CostBasis";

/// Columns that say where a charge came from: the source of the configuration, and the object.
pub const PROVENANCE: [&str; 2] = ["x_SourceName", "x_ObjectName"];

/// The opened ledger.
#[derive(Debug)]
pub struct Ledger {
    parts: Vec<Part>,
    overlaps: Overlaps,
    schema: SchemaRef,
}

/// Whether `table` is a ledger, opened or not.
pub(crate) fn is_ledger(table: &dyn TableProvider) -> bool {
    table.downcast_ref::<Ledger>().is_some() || table.downcast_ref::<UnopenedLedger>().is_some()
}

/// The currencies in `column` of the ledger `table`, as [`Ledger::currencies`] gives them.
pub(crate) fn currencies_of(table: &dyn TableProvider, column: &str) -> Option<BTreeSet<String>> {
    let opened = table.downcast_ref::<Ledger>().and_then(|ledger| ledger.currencies(column));
    opened.or_else(|| table.downcast_ref::<UnopenedLedger>()?.currencies.get(column).cloned())
}

/// The charges of one source.
#[derive(Debug)]
enum Part {
    /// FOCUS Parquet, scanned as it is; where files hold usage without cost, priced from the price book.
    Files { table: Arc<SourceTable>, priced: Option<Arc<LogicalPlan>> },
    /// Records of a vendor, mapped to charges with exactly the columns of the ledger.
    Records { source: Box<VendorSource>, charges: Arc<LogicalPlan> },
}

impl Part {
    fn name(&self) -> &str {
        match self {
            Self::Files { table, .. } => &table.source.name,
            Self::Records { source, .. } => &source.name,
        }
    }

    /// Every charge of the source.
    fn charges(&self) -> Result<LogicalPlan> {
        match self {
            Self::Records { charges, .. } => Ok(charges.as_ref().clone()),
            Self::Files { priced: Some(charges), .. } => Ok(charges.as_ref().clone()),
            Self::Files { table, priced: None } => table.charges(),
        }
    }
}

impl Ledger {
    /// The ledger of `sources`: every FOCUS column, then the extra columns of the files by name, then the provenance.
    /// Of uses that several sources report, as `overlaps` says, one holds.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for an overlap over columns that the ledger does not have,
    /// [`crate::ErrorKind::Internal`] when the charges of a vendor cannot be given the columns of the ledger.
    pub(crate) fn new(
        opened: Vec<Source>,
        overlaps: &[config::Overlap],
        book: &Arc<PriceBook>,
        state: &SessionState,
    ) -> Result<Self> {
        let mut extras: BTreeMap<String, Kind> = BTreeMap::new();
        if opened.iter().any(Source::may_lack_cost) {
            extras.insert(COST_BASIS.to_owned(), Kind::Text);
        }
        for (name, kind) in opened.iter().flat_map(Source::extras) {
            extras.entry(name.to_owned()).and_modify(|known| *known = known.widen(kind)).or_insert(kind);
        }
        let focus = focus::columns().iter().map(|column| field(column.name, column.kind));
        let fields: Vec<FieldRef> = focus.chain(extras.iter().map(|(name, kind)| field(name, *kind))).collect();
        let file_schema = Arc::new(Schema::new(fields.clone()));
        let schema = Arc::new(Schema::new(fields.into_iter().chain(provenance()).collect::<Vec<_>>()));
        let parts = opened.into_iter().map(|source| {
            Ok(match source {
                Source::Focus(source) => {
                    let lacks_cost = source.lacks_cost();
                    let table = Arc::new(SourceTable {
                        source: Arc::from(source),
                        file_schema: Arc::clone(&file_schema),
                        schema: Arc::clone(&schema),
                    });
                    let priced = if lacks_cost { Some(Arc::new(priced(table.charges()?, book)?)) } else { None };
                    Part::Files { table, priced }
                }
                Source::Vendor(source) => {
                    let charges = Arc::new(priced(source.charges(state, &schema)?, book)?);
                    Part::Records { source, charges }
                }
            })
        });
        let parts = parts.collect::<Result<Vec<_>>>()?;
        let overlaps = Overlaps::new(overlaps, &parts, &schema, state)?;
        Ok(Self { parts, overlaps, schema })
    }

    /// The sources of FOCUS Parquet, by name.
    pub fn sources(&self) -> impl Iterator<Item = &OpenSource> {
        self.parts.iter().filter_map(|part| match part {
            Part::Files { table, .. } => Some(table.source.as_ref()),
            Part::Records { .. } => None,
        })
    }

    /// Whether no file counts.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.iter().all(|part| match part {
            Part::Files { table, .. } => table.source.files.is_empty(),
            Part::Records { source, .. } => source.objects.is_empty(),
        })
    }

    /// Every source as files of FOCUS: those of records answer for the columns that their mapping gives.
    pub(crate) fn as_files(&self) -> Vec<Arc<OpenSource>> {
        let of_part = |part: &Part| match part {
            Part::Files { table, .. } => Arc::clone(&table.source),
            Part::Records { source, .. } => Arc::new(source.as_files()),
        };
        self.parts.iter().map(of_part).collect()
    }

    /// The sources of records, by name.
    pub fn vendors(&self) -> impl Iterator<Item = &VendorSource> {
        self.parts.iter().filter_map(|part| match part {
            Part::Records { source, .. } => Some(source.as_ref()),
            Part::Files { .. } => None,
        })
    }
}

fn field(name: &str, kind: Kind) -> FieldRef {
    Arc::new(Field::new(name, kind.data_type(), true))
}

fn provenance() -> Vec<FieldRef> {
    PROVENANCE.iter().map(|name| Arc::new(Field::new(*name, DataType::Utf8, false))).collect()
}
