//! SQL functions that mappings of AI vendors use for names: of vendors, and of whoever else a charge is labelled with.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StringViewBuilder};
use arrow::datatypes::DataType;
use datafusion::common::{Result as DataFusionResult, exec_err, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::dialects::vendor_name;

/// Makes the functions known.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(VendorName::new())))?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(Labels::new())))?;
    Ok(())
}

/// `vendor_name(word)`: the name of the vendor that a gateway calls `word`.
#[derive(Debug, PartialEq, Eq, Hash)]
struct VendorName {
    signature: Signature,
}

impl VendorName {
    fn new() -> Self {
        Self { signature: Signature::string(1, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for VendorName {
    fn name(&self) -> &'static str {
        "vendor_name"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let texts = texts(&args)?;
        let Some(words) = texts.first() else { return exec_err!("vendor_name takes one word") };
        let names: StringViewArray = words.as_string_view().iter().map(|word| word.map(vendor_name)).collect();
        Ok(ColumnarValue::Array(Arc::new(names)))
    }
}

/// `labels(key, value, key, value ...)`: a JSON object as text, for `Tags`. A NULL or empty value leaves its key out; without
/// any value the result is NULL.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Labels {
    signature: Signature,
}

impl Labels {
    fn new() -> Self {
        Self { signature: Signature::variadic(vec![DataType::Utf8View], Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for Labels {
    fn name(&self) -> &'static str {
        "labels"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> DataFusionResult<DataType> {
        if arguments.len() % 2 == 1 {
            return plan_err!("labels takes keys and values in turn");
        }
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let texts = texts(&args)?;
        let text = |column: &ArrayRef, row: usize| {
            let column = column.as_string_view();
            column.is_valid(row).then(|| column.value(row).to_owned())
        };
        let mut objects = StringViewBuilder::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let pairs = texts.chunks_exact(2).filter_map(|pair| {
                let value = text(&pair[1], row).filter(|value| !value.is_empty())?;
                Some((text(&pair[0], row)?, serde_json::Value::String(value)))
            });
            let object: serde_json::Map<String, serde_json::Value> = pairs.collect();
            objects.append_option((!object.is_empty()).then(|| serde_json::Value::Object(object).to_string()));
        }
        Ok(ColumnarValue::Array(Arc::new(objects.finish())))
    }
}

fn texts(args: &ScalarFunctionArgs) -> DataFusionResult<Vec<ArrayRef>> {
    let arrays = args.args.iter().map(|arg| arg.to_array(args.number_rows));
    arrays.map(|array| Ok(arrow::compute::cast(&array?, &DataType::Utf8View)?)).collect()
}
