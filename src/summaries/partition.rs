//! The rows of an interval, apart by the values of the columns that partition the table.

use std::collections::BTreeMap;

use arrow::array::{ArrayRef, RecordBatch, UInt32Array};
use arrow::compute::{concat_batches, take_record_batch};
use arrow::datatypes::{DataType, SchemaRef};
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::{Error, Result, did_you_mean};

/// A column and the value of it that all rows of a file have; `None` for NULL.
pub(super) type Value = (String, Option<String>);

/// `rows`, which have the columns of `schema`, apart by the values of `columns`; all of them together without columns, and one
/// part without rows when there are none.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] for a column that is not there or whose type names no folder, [`crate::ErrorKind::Data`] for an
/// empty text, which Delta Lake cannot tell from NULL.
pub(super) fn apart(
    rows: &[RecordBatch],
    schema: &SchemaRef,
    columns: &[String],
) -> Result<Vec<(Vec<Value>, RecordBatch)>> {
    let failed = |cause| Error::internal("cannot take the rows of the summary apart").because(cause);
    let rows = concat_batches(schema, rows).map_err(failed)?;
    let keys = columns.iter().map(|column| values(&rows, column)).collect::<Result<Vec<_>>>()?;
    let mut parts: BTreeMap<Vec<Option<&str>>, Vec<u32>> = BTreeMap::new();
    for row in 0..u32::try_from(rows.num_rows()).map_err(|cause| Error::invalid("too many rows").because(cause))? {
        parts.entry(keys.iter().map(|key| key[row as usize].as_deref()).collect()).or_default().push(row);
    }
    if parts.len() <= 1 {
        let only = parts.into_keys().next().unwrap_or_else(|| vec![None; columns.len()]);
        return Ok(vec![(named(columns, &only), rows)]);
    }
    let part = |(values, indices): (Vec<Option<&str>>, Vec<u32>)| {
        Ok((named(columns, &values), take_record_batch(&rows, &UInt32Array::from(indices)).map_err(failed)?))
    };
    parts.into_iter().map(part).collect()
}

fn named(columns: &[String], values: &[Option<&str>]) -> Vec<Value> {
    columns.iter().cloned().zip(values.iter().map(|value| value.map(str::to_owned))).collect()
}

/// The values of `column` as the log of a Delta Lake table writes them.
fn values(rows: &RecordBatch, column: &str) -> Result<Vec<Option<String>>> {
    let schema = rows.schema();
    let Some(found) = rows.column_by_name(column) else {
        let error = Error::invalid(format!("`partition_by` names `{column}`, which is no column of the result"));
        let names = schema.fields().iter().map(|field| field.name().as_str());
        return Err(did_you_mean(column, names).into_iter().fold(error, Error::hint));
    };
    if !can_partition(found) {
        return Err(Error::invalid(format!("`{column}` is {}, which cannot partition a table", found.data_type()))
            .hint("partition by texts, days, whole numbers or truth values"));
    }
    let options = FormatOptions::default();
    let cells = ArrayFormatter::try_new(found.as_ref(), &options)
        .map_err(|cause| Error::internal("cannot read the values of a column").because(cause))?;
    let value = |row| found.is_valid(row).then(|| cells.value(row).to_string());
    let values: Vec<Option<String>> = (0..found.len()).map(value).collect();
    if values.iter().flatten().any(String::is_empty) {
        return Err(Error::data(format!("`{column}` holds an empty text, which Delta Lake would read as NULL"))
            .hint(format!("select `nullif({column}, '')`, or do not partition by it")));
    }
    Ok(values)
}

fn can_partition(column: &ArrayRef) -> bool {
    let data_type = column.data_type();
    data_type.is_integer() || matches!(data_type, DataType::Utf8 | DataType::Date32 | DataType::Boolean)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{Date32Array, Float64Array, Int64Array, StringArray};

    use super::*;

    fn rows() -> RecordBatch {
        RecordBatch::try_from_iter([
            ("team", Arc::new(StringArray::from(vec![Some("b"), None, Some("a"), Some("b")])) as ArrayRef),
            ("day", Arc::new(Date32Array::from(vec![0, 0, 0, 1])) as ArrayRef),
            ("n", Arc::new(Int64Array::from(vec![1, 2, 3, 4])) as ArrayRef),
            ("x", Arc::new(Float64Array::from(vec![1.0; 4])) as ArrayRef),
        ])
        .unwrap()
    }

    fn by(columns: &[&str]) -> Result<Vec<(Vec<Value>, RecordBatch)>> {
        let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
        apart(&[rows()], &rows().schema(), &columns)
    }

    #[test]
    fn every_row_is_in_the_part_of_its_values() {
        let parts = by(&["team", "day"]).unwrap();
        let shown: Vec<_> = parts
            .iter()
            .map(|(values, rows)| {
                (values.iter().map(|(_, value)| value.as_deref()).collect::<Vec<_>>(), rows.num_rows())
            })
            .collect();
        let (a, b) = (Some("a"), Some("b"));
        let (first, second) = (Some("1970-01-01"), Some("1970-01-02"));
        assert_eq!(shown, [(vec![None, first], 1), (vec![a, first], 1), (vec![b, first], 1), (vec![b, second], 1)]);
        assert_eq!(by(&[]).unwrap().len(), 1);
        let none = apart(&[], &rows().schema(), &["team".to_owned()]).unwrap();
        assert_eq!((none.len(), &none[0].0, none[0].1.num_rows()), (1, &vec![("team".to_owned(), None)], 0));
    }

    #[test]
    fn what_cannot_partition_is_named() {
        assert!(by(&["teams"]).unwrap_err().hints()[0].contains("team"));
        assert!(by(&["x"]).unwrap_err().message().contains("cannot partition"));
        let empty: ArrayRef = Arc::new(StringArray::from(vec![""]));
        let rows = RecordBatch::try_from_iter([("team", empty)]).unwrap();
        assert!(apart(std::slice::from_ref(&rows), &rows.schema(), &["team".to_owned()]).is_err());
    }
}
