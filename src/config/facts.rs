//! What `[tables.NAME]` says of columns, held against the contract of the table.

use super::Table;
use crate::error::{Error, Result, did_you_mean};
use crate::facts::{self, Contract};

/// Fails for columns and words that the contract of the table does not have. The word is what the error points at.
pub(super) fn verify(name: &str, table: &Table) -> Result<(), (Error, Option<String>)> {
    let mapped = || table.constants.keys().chain(table.values.keys());
    let Some(contract) = facts::contract(name) else {
        return match mapped().next() {
            None => Ok(()),
            Some(column) => Err((
                Error::invalid(format!("table `{name}` has no contract that `{column}` could be mapped to")).hint(
                    "`constants` and `values` are for tables that saved queries know; `outlay describe outcomes`",
                ),
                Some(column.clone()),
            )),
        };
    };
    if let Some(column) = mapped().find(|column| contract.column(column).is_none()) {
        return Err((unknown(contract, column), Some(column.clone())));
    }
    if let Some(column) = table.constants.keys().find(|column| table.columns.contains_key(*column)) {
        let error =
            Error::invalid(format!("`{column}` of table `{name}` is both a constant and a column of the files"));
        return Err((error.hint("leave one of them out"), Some(column.clone())));
    }
    for (column, words) in &table.values {
        let allowed = contract.column(column).map(|column| column.allowed.as_slice()).unwrap_or_default();
        if let Some(word) = words.values().find(|word| !allowed.is_empty() && !allowed.contains(word)) {
            let error = Error::invalid(format!("`{word}` is no {column} of table `{name}`"))
                .hint(format!("it is one of: {}", allowed.join(", ")));
            let near = did_you_mean(word, allowed.iter().map(String::as_str));
            return Err((near.into_iter().fold(error, Error::hint), Some(word.clone())));
        }
    }
    Ok(())
}

fn unknown(contract: &Contract, column: &str) -> Error {
    let error = Error::invalid(format!("the contract of table `{}` has no column `{column}`", contract.name))
        .hint(format!("`outlay describe {}` shows it", contract.name));
    did_you_mean(column, contract.names()).into_iter().fold(error, Error::hint)
}
