//! `spend`: the charges of all sources as one table of FOCUS columns.
//!
//! ```text
//! listing → delivery chosen → footers read, each file held against the contract → one scan a source → union
//! ```
//!
//! Nothing is normalised above the scan: each file gets expressions from its own columns to those of the ledger
//! ([`adapter`]), so projection, predicates and statistics reach Parquet as if the files had always looked alike.

mod adapter;
mod open;
mod provider;

pub use open::{LedgerFile, OpenSource, TimeRange};

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, FieldRef, Schema, SchemaRef};

use crate::focus::{self, Kind};

/// The names under which SQL finds the ledger.
pub const NAMES: [&str; 2] = ["spend", "focus_data_table"];

/// Columns that say where a charge came from: the source of the configuration, and the object.
pub const PROVENANCE: [&str; 2] = ["x_SourceName", "x_ObjectName"];

/// The opened ledger.
#[derive(Debug)]
pub struct Ledger {
    sources: Vec<OpenSource>,
    file_schema: SchemaRef,
    schema: SchemaRef,
}

impl Ledger {
    /// The ledger of `sources`: every FOCUS column, then the extra columns of the files by name, then the provenance.
    pub fn new(sources: Vec<OpenSource>) -> Self {
        let mut extras: BTreeMap<&str, Kind> = BTreeMap::new();
        for (name, kind) in sources.iter().flat_map(OpenSource::extras) {
            extras.entry(name).and_modify(|known| *known = known.widen(kind)).or_insert(kind);
        }
        let focus = focus::columns().iter().map(|column| field(column.name, column.kind));
        let fields: Vec<FieldRef> = focus.chain(extras.into_iter().map(|(name, kind)| field(name, kind))).collect();
        let file_schema = Arc::new(Schema::new(fields.clone()));
        let schema = Arc::new(Schema::new(fields.into_iter().chain(provenance()).collect::<Vec<_>>()));
        Self { sources, file_schema, schema }
    }

    /// The sources, by name.
    pub fn sources(&self) -> &[OpenSource] {
        &self.sources
    }
}

fn field(name: &str, kind: Kind) -> FieldRef {
    Arc::new(Field::new(name, kind.data_type(), true))
}

fn provenance() -> Vec<FieldRef> {
    PROVENANCE.iter().map(|name| Arc::new(Field::new(*name, DataType::Utf8, false))).collect()
}
