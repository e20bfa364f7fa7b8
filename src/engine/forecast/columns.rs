//! The columns that a call names, in what it reads.

use arrow::datatypes::DataType;
use datafusion::common::{DFSchema, Result as DataFusionResult};

use super::arguments::at;
use super::literals::Name;
use crate::error::{Error, did_you_mean};

/// The position of a column in what the call reads.
pub(super) fn find(schema: &DFSchema, name: &Name<'_>) -> DataFusionResult<usize> {
    let fields = || schema.fields().iter().enumerate();
    let exact: Vec<usize> = fields().filter(|(_, field)| field.name() == name.text).map(|(at, _)| at).collect();
    let folded = || fields().filter(|(_, field)| field.name().eq_ignore_ascii_case(name.text)).map(|(at, _)| at);
    let found: Vec<usize> = if exact.is_empty() && !name.exact { folded().collect() } else { exact };
    match found.as_slice() {
        [one] => Ok(*one),
        [] => {
            let names: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
            let error = Error::query(format!("no column `{}`", name.text));
            let error = match did_you_mean(name.text, names.iter().copied()) {
                Some(hint) => error.hint(hint),
                None => error.hint(format!("columns here: {}", names.join(", "))),
            };
            Err(at(error, name.place))
        }
        _ => Err(at(Error::query(format!("several columns are called `{}`", name.text)), name.place)),
    }
}

/// Refuses a column whose type does not fit.
pub(super) fn expect_type(
    schema: &DFSchema,
    index: usize,
    name: &Name<'_>,
    wanted: &str,
    fits: fn(&DataType) -> bool,
) -> DataFusionResult<()> {
    let data_type = schema.field(index).data_type();
    if fits(data_type) {
        return Ok(());
    }
    let error = Error::query(format!("`{}` is no column of {wanted}: its type is {data_type}", name.text));
    Err(at(error.hint("cast it in a subquery"), name.place))
}

/// Whether values are days or moments.
pub(super) fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(_, _))
}

/// Whether values are numbers.
pub(super) fn is_number(data_type: &DataType) -> bool {
    data_type.is_numeric()
}
