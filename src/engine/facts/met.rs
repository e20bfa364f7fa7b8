//! What meets a column of a contract: a column of the files, a constant of the configuration, or nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{ArrayRef, StringArray};
use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::ScalarValue;
use datafusion::logical_expr::{Expr, ident};

use super::value::FactValue;
use crate::config;
use crate::engine::errors::from_datafusion;
use crate::error::{Error, Result, did_you_mean};
use crate::facts::{Contract, FactColumn};

/// What meets one column of a contract in one layout.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Met {
    /// The column of this name.
    Column(String),
    /// A constant of the configuration.
    Constant(ScalarValue),
    /// Nothing: it is NULL.
    Nothing,
}

/// One layout of files, held against a contract.
#[derive(Debug)]
pub(super) struct Layout {
    contract: &'static Contract,
    schema: SchemaRef,
    /// What meets each column of the contract.
    pub(super) met: Vec<Met>,
    words: BTreeMap<String, BTreeMap<String, String>>,
}

impl Layout {
    /// Holds `schema`, which `object` is the first to have, against `contract`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for a required column that is not there and a type that cannot be read as the one of the
    /// contract; [`crate::ErrorKind::Invalid`] for a constant that cannot.
    pub(super) fn new(
        contract: &'static Contract,
        settings: &config::Table,
        schema: SchemaRef,
        object: &str,
    ) -> Result<Self> {
        let met = contract.columns.iter().map(|column| {
            if let Some(text) = settings.constants.get(&column.name) {
                return constant(contract, column, text).map(Met::Constant);
            }
            match held(column, settings, &schema) {
                Some(name) => {
                    refuse_meaning(contract, column, &name, &schema, object)?;
                    Ok(Met::Column(name))
                }
                None if column.required => Err(missing(contract, column, settings, &schema, object)),
                None => Ok(Met::Nothing),
            }
        });
        let met = met.collect::<Result<Vec<_>>>()?;
        Ok(Self { contract, schema, met, words: settings.values.clone() })
    }

    /// The error for the first column that `settings` declare and no one of `layouts` has; `object` has the first of them.
    pub(super) fn undeclared(layouts: &[&Self], settings: &config::Table, object: &str) -> Option<Error> {
        let first = layouts.first()?;
        let columns = first.contract.columns.iter().enumerate();
        let is_nowhere = |index: usize| layouts.iter().all(|layout| layout.met.get(index) == Some(&Met::Nothing));
        let mut declared = columns.filter(|(_, column)| settings.columns.contains_key(&column.name));
        let (_, column) = declared.find(|(index, _)| is_nowhere(*index))?;
        Some(missing(first.contract, column, settings, &first.schema, object))
    }

    /// The columns that meet no column of the contract and do not have the name of one.
    pub(super) fn extras(&self) -> Schema {
        let used = |name: &str| {
            self.met.contains(&Met::Column(name.to_owned()))
                || self.contract.names().any(|column| column.eq_ignore_ascii_case(name))
        };
        let fields = self.schema.fields().iter().filter(|field| !used(field.name())).cloned();
        Schema::new(fields.collect::<Vec<_>>())
    }

    /// The expression that reads `column` from the column `name` of the files.
    pub(super) fn read(&self, column: &'static FactColumn, name: &str, object: Expr) -> Result<Expr> {
        let words = self.words.get(&column.name).cloned().unwrap_or_default();
        let physical = self.schema.field_with_name(name).map_err(|cause| from_datafusion(cause.into(), None))?;
        let as_it_is = physical.data_type() == &column.kind.data_type()
            && words.is_empty()
            && column.allowed.is_empty()
            && !column.is_never_null();
        if as_it_is {
            return Ok(ident(name));
        }
        Ok(FactValue::new(self.contract, column, words).of(ident(name), object))
    }
}

/// The name in the files of what meets `column`: the one declared, else its own, in any letter case.
fn held(column: &FactColumn, settings: &config::Table, schema: &Schema) -> Option<String> {
    let wanted = settings.columns.get(&column.name).unwrap_or(&column.name);
    let names = || schema.fields().iter().map(|field| field.name());
    // What is given to another column does not answer for its own name as well.
    let is_given_away = |name: &&String| {
        !settings.columns.contains_key(&column.name) && settings.columns.values().any(|other| other == *name)
    };
    names()
        .find(|name| *name == wanted)
        .or_else(|| names().find(|name| name.eq_ignore_ascii_case(wanted)))
        .filter(|name| !is_given_away(name))
        .cloned()
}

fn constant(contract: &'static Contract, column: &'static FactColumn, text: &str) -> Result<ScalarValue> {
    let array: ArrayRef = Arc::new(StringArray::from(vec![text]));
    FactValue::new(contract, column, BTreeMap::new())
        .read(&array, |_| "outlay.toml, `constants`".to_owned())
        .and_then(|array| ScalarValue::try_from_array(&array, 0).map_err(|cause| from_datafusion(cause, None)))
        .map_err(|error| error.with_kind(crate::ErrorKind::Invalid))
}

fn refuse_meaning(contract: &Contract, column: &FactColumn, name: &str, schema: &Schema, object: &str) -> Result<()> {
    let physical = schema.field_with_name(name).map(|field| field.data_type().clone());
    match physical {
        Ok(physical) if !column.kind.kind().accepts(&physical) && !physical.is_string() => Err(Error::data(format!(
            "column `{name}` of table `{}` is {physical}, where its contract has {}",
            contract.name,
            column.kind.name()
        ))
        .with("object", object)
        .with("column", column.name.as_str())
        .hint(format!("name another column, or write a saved query `{}` that converts it", contract.name))),
        _ => Ok(()),
    }
}

fn missing(contract: &Contract, column: &FactColumn, settings: &config::Table, schema: &Schema, object: &str) -> Error {
    let table = &contract.name;
    let declared = settings.columns.get(&column.name);
    let wanted = declared.unwrap_or(&column.name);
    let error = Error::data(format!("table `{table}` has no column `{wanted}`: {}", column.what))
        .with("object", object)
        .with("column", column.name.as_str());
    let names = || schema.fields().iter().map(|field| field.name().as_str());
    let error = did_you_mean(wanted, names()).into_iter().fold(error, Error::hint);
    let error = error.hint(format!("its columns: {}", names().collect::<Vec<_>>().join(", ")));
    match declared {
        Some(_) => error.hint(format!("mend `{}` in `[tables.{table}.columns]`", column.name)),
        None => error.hint(format!(
            "say what it is called: `[tables.{table}.columns]` `{0} = \"its name\"`; or that it is always the same: \
             `[tables.{table}.constants]` `{0} = \"value\"`",
            column.name
        )),
    }
}

/// One column of a contract, and how it is met.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FactColumnMet {
    /// The name by which saved queries read it.
    pub name: String,
    /// The name of its type.
    pub type_name: String,
    /// Whether the files must have it.
    pub required: bool,
    /// What meets it.
    pub met: String,
    /// What it means, and the words that it takes.
    pub what: String,
}

/// How each column of `contract` is met by the layouts `schemas`; without any, nobody has said where the table lies.
pub(super) fn describe(
    contract: &'static Contract,
    settings: &config::Table,
    schemas: &[SchemaRef],
) -> Vec<FactColumnMet> {
    let of_layout = |column: &FactColumn, schema: &SchemaRef| match held(column, settings, schema) {
        Some(name) if name == column.name => "its own name".to_owned(),
        Some(name) => format!("`{name}`"),
        None if column.required => "missing".to_owned(),
        None => "NULL".to_owned(),
    };
    let columns = contract.columns.iter().map(|column| {
        let met = match settings.constants.get(&column.name) {
            Some(value) => format!("always `{value}`"),
            None => {
                let mut each: Vec<String> = schemas.iter().map(|schema| of_layout(column, schema)).collect();
                each.sort();
                each.dedup();
                each.join(" or ")
            }
        };
        let words = match column.allowed.as_slice() {
            [] => String::new(),
            words => format!(": {}", words.join(", ")),
        };
        FactColumnMet {
            name: column.name.clone(),
            type_name: column.kind.name().to_owned(),
            required: column.required,
            met,
            what: format!("{}{words}", column.what),
        }
    });
    columns.collect()
}
