//! SQL functions that mappings of AI vendors use: the classes of tokens of a record, and the SKU details of a class.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, Decimal128Builder, ListArray, StringViewBuilder, StructArray};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Decimal128Type, Field, Fields};
use datafusion::common::{DataFusionError, Result as DataFusionResult, plan_err};
use datafusion::execution::FunctionRegistry;
use datafusion::logical_expr::{ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility};

use crate::dialects::TokenClass;
use crate::focus::{MONEY_SCALE, money_type};

/// Makes the functions known.
pub(super) fn register(registry: &mut dyn FunctionRegistry) -> DataFusionResult<()> {
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(TokenRows::new())))?;
    registry.register_udf(Arc::new(ScalarUDF::new_from_impl(TokenDetails::new())))?;
    Ok(())
}

/// `token_rows(input, cache_read, cache_write_5m, cache_write_1h, output, reasoning [, units])`: a list with one entry
/// (class, meter, tokens) for each class that has tokens.
///
/// Classes are disjoint: the mapping subtracts what a vendor counts twice. A negative count is an error. With `units` the
/// first entry has no class and no meter and counts those, whatever they are: it is the place of a cost that the vendor
/// tells for all classes of a record together.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TokenRows {
    signature: Signature,
}

impl TokenRows {
    fn new() -> Self {
        Self { signature: Signature::user_defined(Volatility::Immutable) }
    }

    fn fields() -> Fields {
        Fields::from(vec![
            Field::new("class", DataType::Utf8View, true),
            Field::new("meter", DataType::Utf8View, true),
            Field::new("tokens", money_type(), true),
        ])
    }

    fn item() -> Arc<Field> {
        Arc::new(Field::new_list_field(DataType::Struct(Self::fields()), true))
    }
}

impl ScalarUDFImpl for TokenRows {
    fn name(&self) -> &'static str {
        "token_rows"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn coerce_types(&self, arguments: &[DataType]) -> DataFusionResult<Vec<DataType>> {
        let classes = TokenClass::ALL.len();
        if arguments.len() != classes && arguments.len() != classes + 1 {
            return plan_err!("token_rows takes {classes} counts of tokens, and the units of a record after them");
        }
        Ok(vec![money_type(); arguments.len()])
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::List(Self::item()))
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let counts =
            args.args.iter().map(|arg| arg.to_array(args.number_rows)).collect::<DataFusionResult<Vec<_>>>()?;
        let mut classes = StringViewBuilder::new();
        let mut meters = StringViewBuilder::new();
        let mut tokens = Decimal128Builder::new().with_data_type(money_type());
        let mut lengths = Vec::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let mut length = 0;
            if let Some(units) = counts.get(TokenClass::ALL.len()) {
                let units = units.as_primitive::<Decimal128Type>();
                classes.append_null();
                meters.append_null();
                tokens.append_option(units.is_valid(row).then(|| units.value(row)));
                length += 1;
            }
            for (class, counts) in TokenClass::ALL.into_iter().zip(&counts) {
                let counts = counts.as_primitive::<Decimal128Type>();
                let count = if counts.is_null(row) { 0 } else { counts.value(row) };
                if count < 0 {
                    let count = count / 10i128.pow(u32::from(MONEY_SCALE.unsigned_abs()));
                    return Err(DataFusionError::Execution(format!(
                        "a record counts {count} tokens of class `{}`: are its counts inclusive where the dialect takes them as exclusive?",
                        class.name()
                    )));
                }
                if count > 0 {
                    classes.append_value(class.name());
                    meters.append_value(class.meter());
                    tokens.append_value(count);
                    length += 1;
                }
            }
            lengths.push(length);
        }
        let columns: Vec<ArrayRef> =
            vec![Arc::new(classes.finish()), Arc::new(meters.finish()), Arc::new(tokens.finish())];
        let rows = StructArray::try_new(Self::fields(), columns, None)?;
        let list = ListArray::try_new(Self::item(), OffsetBuffer::from_lengths(lengths), Arc::new(rows), None)?;
        Ok(ColumnarValue::Array(Arc::new(list)))
    }
}

/// `token_details(developer, model, class, service_tier, context_window)`: `SkuPriceDetails` as JSON text, keys of the
/// FOCUS 1.5 draft; a NULL leaves its key out.
#[derive(Debug, PartialEq, Eq, Hash)]
struct TokenDetails {
    signature: Signature,
}

impl TokenDetails {
    fn new() -> Self {
        Self { signature: Signature::string(5, Volatility::Immutable) }
    }
}

impl ScalarUDFImpl for TokenDetails {
    fn name(&self) -> &'static str {
        "token_details"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _arguments: &[DataType]) -> DataFusionResult<DataType> {
        Ok(DataType::Utf8View)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> DataFusionResult<ColumnarValue> {
        let texts = args
            .args
            .iter()
            .map(|arg| arrow::compute::cast(&arg.to_array(args.number_rows)?, &DataType::Utf8View).map_err(Into::into))
            .collect::<DataFusionResult<Vec<ArrayRef>>>()?;
        let text = |index: usize, row: usize| {
            let column = texts.get(index)?.as_string_view();
            column.is_valid(row).then(|| column.value(row))
        };
        let mut details = StringViewBuilder::with_capacity(args.number_rows);
        for row in 0..args.number_rows {
            let class = text(2, row).and_then(TokenClass::of);
            let given = [("ModelDeveloper", text(0, row)), ("ModelId", text(1, row))];
            let last = [("x_ServiceTier", text(3, row)), ("x_ContextWindow", text(4, row))];
            let of_class = class.map_or(&[][..], TokenClass::details).iter().map(|(key, value)| (*key, Some(*value)));
            let entries = given.into_iter().chain(of_class).chain(last);
            let object: serde_json::Map<String, serde_json::Value> =
                entries.filter_map(|(key, value)| Some((key.to_owned(), value?.into()))).collect();
            details.append_value(serde_json::Value::Object(object).to_string());
        }
        Ok(ColumnarValue::Array(Arc::new(details.finish())))
    }
}
