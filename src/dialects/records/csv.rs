//! Records of a CSV file with a header line.

use std::io::Read;

use super::columns::Columns;
use crate::dialects::{Field, VendorDialect};
use crate::error::{Error, Result};

/// Reads every record into `columns`; `step` empties them now and then. Gives whether it came to the end.
pub(super) fn read<'d>(
    dialect: &'d VendorDialect,
    reader: impl Read,
    columns: &mut Columns<'d>,
    mut step: impl FnMut(&mut Columns<'d>) -> Result<bool>,
) -> Result<bool> {
    let mut reader = csv::Reader::from_reader(reader);
    let keys = header(&mut reader)?;
    let missing = dialect.fields.iter().find(|field| field.required && position(field, &keys).is_none());
    if let Some(field) = missing {
        return Err(super::wrong_dialect(dialect, field, &keys));
    }
    let positions: Vec<Option<usize>> = dialect.fields.iter().map(|field| position(field, &keys)).collect();
    let mut record = csv::StringRecord::new();
    while reader.read_record(&mut record).map_err(|cause| broken(&cause))? {
        let mut positions = positions.iter();
        let text = |_: &Field| {
            let position = positions.next().copied().flatten();
            let cell = position.map(|position| record.get(position).unwrap_or_default());
            Ok(cell.map(|cell| (!cell.is_empty() && Some(cell) != dialect.null_word).then(|| cell.to_owned())))
        };
        columns.push(text, || keys.clone())?;
        if !step(columns)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The names of the header line.
pub(super) fn names(reader: impl Read) -> Result<Vec<String>> {
    header(&mut csv::Reader::from_reader(reader))
}

fn header(reader: &mut csv::Reader<impl Read>) -> Result<Vec<String>> {
    let header = reader.headers().map_err(|cause| broken(&cause))?;
    // A file of Excel begins with a byte order mark.
    Ok(header.iter().map(|name| name.trim_start_matches('\u{feff}').trim().to_owned()).collect())
}

/// The column of the first path of `field` that the header has; letter case is free, as spreadsheets change it.
fn position(field: &Field, keys: &[String]) -> Option<usize> {
    field.paths.iter().find_map(|path| {
        let name = path.join(".");
        keys.iter().position(|key| *key == name).or_else(|| keys.iter().position(|key| key.eq_ignore_ascii_case(&name)))
    })
}

fn broken(cause: &csv::Error) -> Error {
    let line = cause.position().map_or_else(String::new, |position| format!(", on line {}", position.line()));
    Error::data(format!("this is no CSV with a header line{line}")).hint(cause.to_string())
}
