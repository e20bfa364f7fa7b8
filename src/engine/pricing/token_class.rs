//! The SQL function that tells the class of a token.

use std::cell::RefCell;
use std::sync::Arc;

use arrow::array::{Array, AsArray, StringViewArray};
use arrow::datatypes::DataType;
use datafusion::common::Result as DataFusionResult;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDFImpl, Signature, Volatility};

use super::{by_row, once_each};
use crate::prices::TokenDetails;

/// `token_class(SkuPriceDetails)`.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct TokenClass {
    signature: Signature,
}

impl TokenClass {
    pub(super) fn new() -> Self {
        Self { signature: Signature::uniform(1, vec![DataType::Utf8View], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for TokenClass {
    fn name(&self) -> &'static str {
        "token_class"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        by_row(&args, |arrays, rows| {
            let details = arrays[0].as_string_view();
            // Answers are copied from row to row, so they are the numbers of the classes found.
            let classes = RefCell::new(Vec::<String>::new());
            let found = once_each(
                rows,
                |row| details.is_valid(row).then(|| details.value(row)),
                |details| {
                    let class = TokenDetails::parse(details)?.class;
                    Ok(class.map(|class| {
                        let mut classes = classes.borrow_mut();
                        classes.push(class);
                        classes.len() - 1
                    }))
                },
            )?;
            let classes = classes.into_inner();
            let texts = found.iter().map(|class| class.map(|class| classes[class].as_str()));
            Ok(Arc::new(texts.collect::<StringViewArray>()))
        })
    }
}
