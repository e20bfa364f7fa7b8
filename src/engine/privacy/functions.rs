//! SQL functions of privacy: pseudonyms, and whether a group is too small to be shown.

use std::collections::HashMap;
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, StringViewBuilder};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Int64Type};
use datafusion::common::{Result as DataFusionResult, exec_err};
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::mask::Mask;
use crate::privacy::rewrite;

/// `pseudonym(person)`: the pseudonym of a text or number; an exempt one is itself, nobody stays nobody.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Pseudonym {
    mask: Mask,
    signature: Signature,
}

impl Pseudonym {
    pub(super) fn new(mask: Mask) -> Self {
        Self { mask, signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Pseudonym {
    fn name(&self) -> &'static str {
        "pseudonym"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        each_text(&args, |text| Some(self.mask.shown(text)))
    }
}

/// `pseudonyms_in(json)`: JSON with the persons in it under pseudonyms; NULL for what is no JSON.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct PseudonymsIn {
    mask: Mask,
    column: String,
    signature: Signature,
}

impl PseudonymsIn {
    pub(super) fn new(mask: Mask, column: &str) -> Self {
        Self { mask, column: column.to_owned(), signature: Signature::any(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for PseudonymsIn {
    fn name(&self) -> &'static str {
        "pseudonyms_in"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let is_person = |key: &str| self.mask.persons().is_key(&self.column, key);
        each_text(&args, |json| rewrite(json, &is_person, &|text| self.mask.shown(text)))
    }
}

/// What `shown` makes of each text of the first argument. A batch holds few different ones, each of which is made once.
fn each_text(args: &ScalarFunctionArgs, shown: impl Fn(&str) -> Option<String>) -> DataFusionResult<ColumnarValue> {
    let Some(argument) = args.args.first() else { return exec_err!("a pseudonym is of one value") };
    let texts = cast(&argument.to_array(args.number_rows)?, &DataType::Utf8View)?;
    let texts = texts.as_string_view();
    let mut known: HashMap<&str, Option<String>> = HashMap::new();
    let mut column = StringViewBuilder::with_capacity(texts.len());
    for text in texts {
        let text = text.and_then(|text| known.entry(text).or_insert_with(|| shown(text)).as_deref());
        column.append_option(text);
    }
    Ok(ColumnarValue::Array(Arc::new(column.finish())))
}

/// `small_group(people)`: whether a group of so many people is too small to be shown by itself, as `min_group` of the
/// configuration says. A number that nobody knows is too small.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct SmallGroup {
    least: i64,
    signature: Signature,
}

impl SmallGroup {
    pub(super) fn new(least: i64) -> Self {
        Self { least, signature: Signature::exact(vec![DataType::Int64], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for SmallGroup {
    fn name(&self) -> &'static str {
        "small_group"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Boolean)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let counts = ColumnarValue::values_to_arrays(&args.args)?;
        let is_small = |count: Option<i64>| Some(count.is_none_or(|count| count < self.least));
        let small: BooleanArray =
            counts.iter().flat_map(|counts| counts.as_primitive::<Int64Type>().iter().map(is_small)).collect();
        Ok(ColumnarValue::Array(Arc::new(small)))
    }
}
