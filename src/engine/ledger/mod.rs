//! `spend`: the charges of all sources as one table of FOCUS columns.
//!
//! ```text
//! listing → delivery chosen → footers read, each file held against the contract → one scan a source → union
//! ```
//!
//! Nothing is normalised above the scan: each file gets expressions from its own columns to those of the ledger
//! ([`adapter`]), so projection, predicates and statistics reach Parquet as if the files had always looked alike.

mod adapter;
mod delivered;
mod focus_text;
mod open;
mod provider;
mod records;
mod source;
mod vendor;

pub(crate) use delivered::{Delivered, Speech};
pub use open::{LedgerFile, OpenSource, TimeRange};
pub(crate) use source::Source;
pub use vendor::VendorSource;

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};
use datafusion::execution::SessionState;
use datafusion::logical_expr::LogicalPlan;

use crate::error::Result;
use crate::focus::{self, Kind};

/// The names under which SQL finds the ledger.
pub const NAMES: [&str; 2] = ["spend", "focus_data_table"];

/// Columns that say where a charge came from: the source of the configuration, and the object.
pub const PROVENANCE: [&str; 2] = ["x_SourceName", "x_ObjectName"];

/// The opened ledger.
#[derive(Debug)]
pub struct Ledger {
    sources: Vec<OpenSource>,
    vendors: Vec<VendorSource>,
    vendor_charges: Vec<LogicalPlan>,
    file_schema: SchemaRef,
    schema: SchemaRef,
}

impl Ledger {
    /// The ledger of `sources`: every FOCUS column, then the extra columns of the files by name, then the provenance.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Internal`] when the charges of a vendor cannot be given the columns of the ledger.
    pub(crate) fn new(opened: Vec<Source>, state: &SessionState) -> Result<Self> {
        let (mut sources, mut vendors) = (Vec::new(), Vec::new());
        for source in opened {
            match source {
                Source::Focus(source) => sources.push(*source),
                Source::Vendor(source) => vendors.push(*source),
            }
        }
        let mut extras: BTreeMap<&str, Kind> = BTreeMap::new();
        let of_sources = sources.iter().flat_map(OpenSource::extras);
        for (name, kind) in of_sources.chain(vendors.iter().flat_map(VendorSource::extras)) {
            extras.entry(name).and_modify(|known| *known = known.widen(kind)).or_insert(kind);
        }
        let focus = focus::columns().iter().map(|column| field(column.name, column.kind));
        let fields: Vec<FieldRef> = focus.chain(extras.into_iter().map(|(name, kind)| field(name, kind))).collect();
        let file_schema = Arc::new(Schema::new(fields.clone()));
        let schema = Arc::new(Schema::new(fields.into_iter().chain(provenance()).collect::<Vec<_>>()));
        let charges = vendors.iter().map(|source| source.charges(state, &schema)).collect::<Result<_>>()?;
        Ok(Self { sources, vendors, vendor_charges: charges, file_schema, schema })
    }

    /// The sources of FOCUS Parquet, by name.
    pub fn sources(&self) -> &[OpenSource] {
        &self.sources
    }

    /// The sources of records, by name.
    pub fn vendors(&self) -> &[VendorSource] {
        &self.vendors
    }
}

fn field(name: &str, kind: Kind) -> FieldRef {
    Arc::new(Field::new(name, kind.data_type(), true))
}

fn provenance() -> Vec<FieldRef> {
    PROVENANCE.iter().map(|name| Arc::new(Field::new(*name, DataType::Utf8, false))).collect()
}
