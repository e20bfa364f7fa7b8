//! Records of a vendor's file as record batches of the fields that its mapping declares.
//!
//! Values pass as the text that the file holds until they become amounts and times, so that no number goes through
//! floating point.

mod columns;
mod csv;
mod json;
mod split;

pub use columns::converted;

use std::io::Read;

use arrow::array::RecordBatch;

use super::{Field, VendorDialect};
use crate::error::{Error, Result, did_you_mean};
use columns::Columns;

/// Records of a batch.
const BATCH_RECORDS: usize = 8192;

/// The text formats that records come in; Parquet is read by the engine and handed to [`converted`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextFormat {
    /// One JSON document, an array of them, or one a line.
    Json,
    /// CSV with a header line.
    Csv,
}

/// Reads every record of `reader` and hands batches to `emit`, until that says that nobody wants more.
///
/// # Errors
/// [`crate::ErrorKind::Data`] with the line for what is no JSON or CSV, with the column for a value that is not of its
/// kind, and when a required field is in no record: then the file is of another dialect.
pub fn read(
    dialect: &VendorDialect,
    format: TextFormat,
    reader: impl Read,
    mut emit: impl FnMut(RecordBatch) -> bool,
) -> Result<()> {
    let mut columns = Columns::new(dialect);
    let mut flush = |columns: &mut Columns<'_>, least: usize| {
        if columns.len() < least { Ok(true) } else { columns.finish().map(&mut emit) }
    };
    let whole = match format {
        TextFormat::Json => json::read(dialect, reader, &mut columns, |columns| flush(columns, BATCH_RECORDS))?,
        TextFormat::Csv => csv::read(dialect, reader, &mut columns, |columns| flush(columns, BATCH_RECORDS))?,
    };
    if whole {
        if let Some(missing) = columns.missing_field() {
            return Err(wrong_dialect(dialect, missing, columns.keys_seen()));
        }
        flush(&mut columns, 1)?;
    }
    Ok(())
}

/// The names of the columns of a file: the header of CSV, the fields of the first JSON object.
///
/// # Errors
/// [`crate::ErrorKind::Data`] for what is no CSV or JSON.
pub fn field_names(format: TextFormat, reader: impl Read) -> Result<Vec<String>> {
    match format {
        TextFormat::Json => json::names(reader),
        TextFormat::Csv => csv::names(reader),
    }
}

/// The error for a file without a required field, naming a dialect that it may be.
pub(crate) fn wrong_dialect(dialect: &VendorDialect, missing: &Field, keys: &[String]) -> Error {
    let missing = missing.in_file();
    let error = Error::data(format!("no record has the field `{missing}` that dialect `{}` requires", dialect.name));
    let fits = |other: &&std::sync::Arc<VendorDialect>| {
        let required = other.fields.iter().filter(|field| field.required);
        other.name != dialect.name
            && required.clone().count() > 0
            && required.into_iter().all(|field| {
                field.paths.iter().any(|path| path.first().is_some_and(|key| keys.iter().any(|seen| seen == key)))
            })
    };
    let error = match super::vendor_dialects().find(fits) {
        Some(other) => error.hint(format!("its fields are those of dialect `{}`", other.name)),
        None => error,
    };
    let near = did_you_mean(&missing, keys.iter().map(String::as_str));
    let shown = keys.iter().take(12).cloned().collect::<Vec<_>>().join(", ");
    near.into_iter().fold(error, Error::hint).hint(format!("fields found: {shown}"))
}

#[cfg(test)]
mod tests {
    use arrow::array::AsArray;
    use arrow::datatypes::{Decimal128Type, TimestampMicrosecondType};

    use super::*;

    fn dialect() -> VendorDialect {
        let text = "-- description: x\n-- records: data[].results[]\n-- field: at epoch_s = start_time required\n\
                    -- field: model text\n-- field: tokens decimal = usage.input | tokens required\n\
                    -- field: extra json\nSELECT at FROM records\n";
        VendorDialect::parse("test", text).unwrap()
    }

    fn rows(format: TextFormat, text: &str) -> Result<Vec<(i64, String, i128)>> {
        let mut rows = Vec::new();
        read(&dialect(), format, text.as_bytes(), |batch| {
            for row in 0..batch.num_rows() {
                rows.push((
                    batch.column(0).as_primitive::<TimestampMicrosecondType>().value(row),
                    batch.column(1).as_string_view().value(row).to_owned(),
                    batch.column(2).as_primitive::<Decimal128Type>().value(row),
                ));
            }
            true
        })?;
        Ok(rows)
    }

    const ONE: i128 = 1_000_000_000_000_000_000;

    #[test]
    fn a_document_lines_arrays_and_bare_records_give_the_same() {
        let record = |tokens: &str| format!(r#"{{"model":"m","usage":{{"input":{tokens}}}}}"#);
        let bucket = format!(r#"{{"start_time": 60, "results": [{}, {}]}}"#, record("1"), record("\"2.5\""));
        let expected = vec![(60_000_000, "m".to_owned(), ONE), (60_000_000, "m".to_owned(), ONE * 5 / 2)];
        let bare = r#"{"start_time":"60","model":"m","tokens":"#;
        for text in [
            format!("{{\n \"data\": [\n{bucket}\n], \"has_more\": false}}"),
            format!("{bucket}\n"),
            format!("[{bucket}]"),
            format!("{bare}1}}\n{bare}2.5}}\n"),
            format!("[{bare}1}},\n{bare}2.5}}]"),
        ] {
            assert_eq!(rows(TextFormat::Json, &text).unwrap(), expected, "{text}");
        }
        assert_eq!(rows(TextFormat::Csv, "model,tokens,start_time,other\nm,1,60,\nm,2.5,60,x\n").unwrap(), expected);
    }

    #[test]
    fn numbers_keep_their_digits() {
        let text = r#"{"start_time":1,"model":"m","tokens":0.123456789012345678}"#;
        assert_eq!(rows(TextFormat::Json, text).unwrap()[0].2, 123_456_789_012_345_678);
    }

    #[test]
    fn what_is_broken_is_named() {
        let broken = rows(TextFormat::Json, "{\"start_time\":1,\"tokens\":1,\"model\":\"m\"}\n{\"start_time\": oops}");
        assert!(broken.unwrap_err().to_string().contains("line 2"));
        let cut = rows(TextFormat::Json, "{\"start_time\":1,\"tokens\":").unwrap_err();
        assert!(cut.to_string().contains("ends within"), "{cut}");
        let wrong = rows(TextFormat::Json, r#"{"start_time":1,"modle":"m"}"#).unwrap_err();
        assert!(wrong.message().contains("`tokens`") && wrong.hints()[0].contains("start_time"), "{wrong:?}");
        let ragged = rows(TextFormat::Csv, "model,tokens,start_time\nm,1\n").unwrap_err();
        assert!(ragged.to_string().contains("line 2") || ragged.to_string().contains("line: 2"), "{ragged}");
        let value = rows(TextFormat::Csv, "model,tokens,start_time\nm,many,1\n").unwrap_err();
        assert!(value.message().contains("`tokens`") && value.message().contains("many"), "{value}");
    }

    #[test]
    fn nothing_at_all_is_no_record() {
        assert_eq!(rows(TextFormat::Json, r#"{"data":[]}"#).unwrap(), []);
        assert_eq!(rows(TextFormat::Csv, "model,tokens,start_time\n").unwrap(), []);
    }
}
