//! Small results, and what becomes of them in a format.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::csv::ReaderBuilder;
use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use outlay::output::{Format, Style, renderer};

/// A result: columns as `name:type`, then its rows as CSV.
pub(crate) fn result(columns: &str, rows: &str) -> RecordBatch {
    let field = |column: &str| {
        let (name, kind) = column.split_once(':').unwrap();
        let data_type = match kind {
            "money" => DataType::Decimal128(38, 18),
            "int" => DataType::Int64,
            "float" => DataType::Float64,
            "day" => DataType::Date32,
            "time" => DataType::Timestamp(TimeUnit::Microsecond, None),
            "bool" => DataType::Boolean,
            _ => DataType::Utf8,
        };
        Field::new(name, data_type, true)
    };
    let schema = Arc::new(Schema::new(columns.split(' ').map(field).collect::<Vec<_>>()));
    let mut reader = ReaderBuilder::new(Arc::clone(&schema)).with_batch_size(10_000).build(rows.as_bytes()).unwrap();
    reader.next().transpose().unwrap().unwrap_or_else(|| RecordBatch::new_empty(schema))
}

/// What becomes of a result in a format.
pub(crate) fn rendered(format: Format, style: &Style, rows: &RecordBatch) -> outlay::Result<Vec<u8>> {
    let mut out = Vec::new();
    let mut renderer = renderer(format, style, rows.schema(), Box::new(&mut out))?;
    renderer.batch(rows)?;
    renderer.finish()?;
    Ok(out)
}
