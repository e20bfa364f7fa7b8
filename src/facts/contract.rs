//! The contracts, read from `contracts.toml`.

use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use serde::Deserialize;

use crate::focus::Kind;

/// What a column of facts holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FactKind {
    /// Text.
    Text,
    /// A number: DECIMAL(38,18).
    Decimal,
    /// A point in time, UTC.
    Timestamp,
    /// A day.
    Date,
    /// True or false.
    Boolean,
}

impl FactKind {
    /// The Arrow type.
    pub fn data_type(self) -> DataType {
        match self {
            Self::Date => DataType::Date32,
            _ => self.kind().data_type(),
        }
    }

    /// The kind of the ledger by whose rules values are read; a day is read as the time at which it begins.
    pub const fn kind(self) -> Kind {
        match self {
            Self::Text => Kind::Text,
            Self::Decimal => Kind::Decimal,
            Self::Timestamp | Self::Date => Kind::Time,
            Self::Boolean => Kind::Boolean,
        }
    }

    /// The name of the type as `describe` shows it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Timestamp => "TIMESTAMP",
            Self::Date => "DATE",
            _ => self.kind().name(),
        }
    }
}

/// One column of a contract.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FactColumn {
    /// The name by which saved queries read it.
    pub name: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FactKind,
    /// Whether the files must have it.
    #[serde(default)]
    pub required: bool,
    /// Whether a required column may hold NULL.
    #[serde(default)]
    pub nullable: bool,
    /// The words that it takes; empty when any.
    #[serde(default)]
    pub allowed: Vec<String>,
    /// What it means.
    pub what: String,
}

impl FactColumn {
    /// Whether a NULL in it is an error.
    pub fn is_never_null(&self) -> bool {
        self.required && !self.nullable
    }
}

/// What saved queries expect of one table of facts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// The name of the table.
    pub name: String,
    /// What it holds.
    pub what: String,
    /// Whether a company without the table has an empty one: no assumption is an answer, no outcome is a question.
    #[serde(default)]
    pub empty_when_absent: bool,
    /// Its columns.
    pub columns: Vec<FactColumn>,
}

impl Contract {
    /// The table without a row.
    pub fn schema(&self) -> SchemaRef {
        let field = |column: &FactColumn| Field::new(&column.name, column.kind.data_type(), !column.is_never_null());
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The column of this name.
    pub fn column(&self, name: &str) -> Option<&FactColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The names of the columns.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|column| column.name.as_str())
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    table: Vec<Contract>,
}

// A file that cannot be read is empty here; a test reads it.
static CONTRACTS: LazyLock<File> = LazyLock::new(|| toml::from_str(TEXT).unwrap_or_default());

const TEXT: &str = include_str!("contracts.toml");

/// Every contract, in the order of the file.
pub fn contracts() -> &'static [Contract] {
    &CONTRACTS.table
}

/// The contract of the table `name`; `None` when saved queries expect nothing of such a table.
pub fn contract(name: &str) -> Option<&'static Contract> {
    contracts().iter().find(|contract| contract.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_file_can_be_read_and_names_nothing_twice() {
        let file: File = toml::from_str(TEXT).unwrap();
        assert_eq!(file.table.len(), 10);
        for contract in &file.table {
            let names: BTreeSet<&str> = contract.names().collect();
            assert_eq!(names.len(), contract.columns.len(), "{}", contract.name);
            assert!(contract.columns.iter().all(|column| column.required || !column.nullable), "{}", contract.name);
        }
    }

    #[test]
    fn columns_are_found_by_name() {
        let outcomes = contract("outcomes").unwrap();
        let status = outcomes.column("status").unwrap();
        assert_eq!(status.allowed, ["succeeded", "failed", "reverted", "abandoned"]);
        assert!(status.is_never_null() && !outcomes.column("outcome_type").unwrap().is_never_null());
        assert_eq!(outcomes.column("quantity").unwrap().kind.data_type(), crate::focus::money_type());
        assert!(contract("prices").is_none());
    }
}
