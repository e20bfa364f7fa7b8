//! Values of facts read as their contract has them: exactly, in its words, or not at all.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};

use crate::engine::errors::to_datafusion;
use crate::error::{Error, Result, did_you_mean};
use crate::facts::{Contract, FactColumn, FactKind};
use crate::focus::normalise;

/// `fact_value(value, object)`: the value of one column of a contract.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct FactValue {
    table: String,
    column: String,
    kind: FactKind,
    never_null: bool,
    allowed: Vec<String>,
    /// Words of the files for those of the contract.
    words: BTreeMap<String, String>,
    signature: Signature,
}

impl FactValue {
    pub(super) fn new(contract: &Contract, column: &FactColumn, words: BTreeMap<String, String>) -> Self {
        Self {
            table: contract.name.clone(),
            column: column.name.clone(),
            kind: column.kind,
            never_null: column.is_never_null(),
            allowed: column.allowed.clone(),
            words,
            signature: Signature::any(2, Volatility::Immutable),
        }
    }

    /// The call for a value and the name of its object.
    pub(super) fn of(self, value: Expr, object: Expr) -> Expr {
        ScalarUDF::new_from_impl(self).call(vec![value, object])
    }

    /// Reads `values`; `object` names the object of a row.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] with the object, the column and the value that is wrong.
    pub(super) fn read(&self, values: &ArrayRef, object: impl Fn(usize) -> String) -> Result<ArrayRef> {
        let worded = if self.words.is_empty() && self.allowed.is_empty() {
            Arc::clone(values)
        } else {
            self.worded(values, &object)?
        };
        let read = normalise(self.kind.kind(), &self.column, &worded)
            .and_then(|values| match self.kind {
                FactKind::Date => cast(&values, &DataType::Date32)
                    .map_err(|cause| Error::data(format!("column `{}` holds no days", self.column)).because(cause)),
                _ => Ok(values),
            })
            .map_err(|error| error.with("table", self.table.as_str()).with("object", object(0)))?;
        match (0..read.len()).find(|row| self.never_null && read.is_null(*row)) {
            None => Ok(read),
            Some(row) => Err(Error::data(format!("column `{}` of table `{}` is empty", self.column, self.table))
                .with("object", object(row))
                .with("column", self.column.as_str())
                .hint(format!(
                    "fill it in, or leave such rows out: a saved query `{}` over the files under another name",
                    self.table
                ))),
        }
    }

    /// `values` in the words of the contract.
    fn worded(&self, values: &ArrayRef, object: impl Fn(usize) -> String) -> Result<ArrayRef> {
        let texts = normalise(FactKind::Text.kind(), &self.column, values)?;
        let texts = texts.as_string_view();
        let worded: StringViewArray = (0..texts.len())
            .map(|row| {
                let text = texts.is_valid(row).then(|| texts.value(row).trim()).filter(|text| !text.is_empty());
                text.map(|text| self.word(text).ok_or_else(|| self.unknown(text, object(row)))).transpose()
            })
            .collect::<Result<_>>()?;
        Ok(Arc::new(worded))
    }

    /// The word of the contract for `text`: as mapped, else the one allowed of the same letters, else `text` where any is.
    fn word<'a>(&'a self, text: &'a str) -> Option<&'a str> {
        let same = |word: &str| word.eq_ignore_ascii_case(text);
        let mapped = self.words.get(text).or_else(|| self.words.iter().find(|(word, _)| same(word)).map(|(_, to)| to));
        let allowed = || self.allowed.iter().find(|word| same(word));
        match mapped.or_else(allowed) {
            Some(word) => Some(word),
            None => self.allowed.is_empty().then_some(text),
        }
    }

    fn unknown(&self, text: &str, object: String) -> Error {
        let Self { table, column, allowed, .. } = self;
        let error = Error::data(format!("`{text}` is no {column} of table `{table}`: {}", allowed.join(", ")))
            .with("object", object)
            .with("column", column.as_str());
        let near = did_you_mean(text, allowed.iter().map(String::as_str));
        near.into_iter().fold(error, Error::hint).hint(format!(
            "say what it means: `[tables.{table}.values.{column}]` `\"{text}\" = \"{}\"`",
            allowed.first().map_or("", String::as_str)
        ))
    }
}

impl ScalarUDFImpl for FactValue {
    fn name(&self) -> &'static str {
        "fact_value"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(self.kind.data_type())
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let arrays =
            args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let (Some(values), Some(objects)) = (arrays.first(), arrays.get(1)) else {
            return datafusion::common::exec_err!("fact_value takes a value and an object");
        };
        let object = |row: usize| {
            let name = cast(&objects.slice(row.min(objects.len()), usize::from(row < objects.len())), &DataType::Utf8);
            name.ok()
                .filter(|name| !name.is_empty())
                .map(|name| name.as_string::<i32>().value(0).to_owned())
                .unwrap_or_default()
        };
        self.read(values, object).map(ColumnarValue::Array).map_err(to_datafusion)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::StringArray;
    use arrow::datatypes::{Date32Type, Decimal128Type};

    use super::*;
    use crate::facts::contract;

    fn read(table: &str, column: &str, words: &[(&str, &str)], texts: &[Option<&str>]) -> Result<ArrayRef> {
        let contract = contract(table).unwrap();
        let words = words.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let values: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
        FactValue::new(contract, contract.column(column).unwrap(), words).read(&values, |row| format!("row {row}"))
    }

    #[test]
    fn words_are_those_of_the_contract() {
        let merged = [("merged", "succeeded")];
        let words = read("outcomes", "status", &merged, &[Some("Merged"), Some("FAILED"), Some(" reverted ")]).unwrap();
        assert_eq!(words.as_string_view().iter().flatten().collect::<Vec<_>>(), ["succeeded", "failed", "reverted"]);
        let error = read("outcomes", "status", &merged, &[Some("failed"), Some("open")]).unwrap_err();
        assert_eq!(error.facts()[0], ("object", "row 1".to_owned()));
        assert!(error.hints().iter().any(|hint| hint.contains("[tables.outcomes.values.status]")), "{error:?}");
    }

    #[test]
    fn amounts_and_days_are_exact() {
        let amounts = read("budgets", "amount", &[], &[Some("0.100000000000000001"), Some("20")]).unwrap();
        assert_eq!(
            amounts.as_primitive::<Decimal128Type>().values()[..],
            [100_000_000_000_000_001, 20_000_000_000_000_000_000]
        );
        assert!(read("budgets", "amount", &[], &[Some("twenty")]).is_err());
        let days = read("roster", "end_date", &[], &[Some("1970-01-03"), None, Some("1970-01-02T00:00:00Z")]).unwrap();
        assert_eq!(days.as_primitive::<Date32Type>().iter().collect::<Vec<_>>(), [Some(2), None, Some(1)]);
    }

    #[test]
    fn what_is_required_is_never_empty() {
        let error = read("roster", "team", &[], &[Some("a"), None]).unwrap_err();
        assert!(error.to_string().contains("row 1"), "{error}");
        assert!(read("outcomes", "outcome_type", &[], &[None]).is_ok());
    }
}
