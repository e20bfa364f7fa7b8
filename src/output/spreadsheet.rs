//! What spreadsheets need of the files they open.

use arrow::datatypes::Schema;

use super::Style;
use super::cell::Column;

/// The byte order mark that makes Excel read UTF-8.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Starts a file: mark and names of the columns, each put into its final form by `protect` from its start on.
pub(super) fn start(
    style: &Style,
    schema: &Schema,
    separator: char,
    protect: impl Fn(&mut String, usize),
    out: &mut String,
) {
    if style.bom {
        out.push(BYTE_ORDER_MARK);
    }
    if !style.header || schema.fields().is_empty() {
        return;
    }
    for (index, field) in schema.fields().iter().enumerate() {
        if index > 0 {
            out.push(separator);
        }
        let start = out.len();
        out.push_str(field.name());
        if style.csv_safe {
            defuse(out, start);
        }
        protect(out, start);
    }
    out.push('\n');
}

/// Keeps the text of `out` from `start` on from being run as a formula.
fn defuse(out: &mut String, start: usize) {
    if out[start..].starts_with(['=', '+', '-', '@', '\t', '\r']) {
        out.insert(start, '\'');
    }
}

/// Adds the text of a value that is not NULL, defused when `safe` and of a text column: numbers keep their sign.
pub(super) fn push_value(column: &Column, row: usize, safe: bool, out: &mut String) {
    let start = out.len();
    column.text(row, out);
    if safe && column.is_text() {
        defuse(out, start);
    }
}
