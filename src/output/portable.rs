//! The types that files carry: those that every reader knows.
//!
//! Views, dictionaries and runs are ways to hold values in memory; files get the values. That also lets batches of one result
//! come with dictionaries of their own, which the file format of Arrow cannot hold.

use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, FieldRef, Fields, Schema, SchemaRef};

use super::cell::value_type;
use super::objects::distinct_names;
use crate::error::{Error, Result};

/// The schema of a file for results of `schema`, whose columns have names of their own.
pub(super) fn schema(schema: &Schema) -> SchemaRef {
    let named = schema.fields().iter().zip(distinct_names(schema));
    let fields: Fields = named.map(|(field, name)| portable(field).with_name(name)).collect();
    Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()))
}

/// `batch` with the columns of a schema that came from [`schema`].
pub(super) fn batch(batch: &RecordBatch, schema: &SchemaRef) -> Result<RecordBatch> {
    let columns = batch.columns().iter().zip(schema.fields()).map(|(values, field)| to_type(values, field));
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    RecordBatch::try_new_with_options(Arc::clone(schema), columns.collect::<Result<_>>()?, &options)
        .map_err(|cause| Error::internal("a batch does not have the columns of its result").because(cause))
}

fn to_type(values: &ArrayRef, field: &Field) -> Result<ArrayRef> {
    if values.data_type() == field.data_type() {
        return Ok(Arc::clone(values));
    }
    cast(values, field.data_type()).map_err(|cause| {
        Error::invalid(format!("column `{}` cannot be written as `{}`", field.name(), field.data_type()))
            .hint("cast the column to text in the query")
            .because(cause)
    })
}

fn portable(field: &Field) -> Field {
    field.clone().with_data_type(portable_type(field.data_type()))
}

fn portable_type(data_type: &DataType) -> DataType {
    let inner = |field: &FieldRef| Arc::new(portable(field));
    match value_type(data_type) {
        DataType::Utf8View => DataType::Utf8,
        DataType::BinaryView => DataType::Binary,
        DataType::List(item) | DataType::ListView(item) => DataType::List(inner(item)),
        DataType::LargeList(item) | DataType::LargeListView(item) => DataType::LargeList(inner(item)),
        DataType::FixedSizeList(item, size) => DataType::FixedSizeList(inner(item), *size),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(inner).collect()),
        DataType::Map(entries, sorted) => DataType::Map(inner(entries), *sorted),
        other => other.clone(),
    }
}
