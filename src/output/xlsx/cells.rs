//! How values and headings look in cells.

use rust_xlsxwriter::{Format, FormatAlign, FormatBorder, Worksheet};

use super::failed;
use crate::error::{Error, Result};

/// Amounts: cents always, up to ten digits more where they say something.
pub(super) const AMOUNT: &str = "#,##0.00##########";
/// Whole numbers.
pub(super) const WHOLE: &str = "#,##0";

const HEAD_FILL: u32 = 0x00E9_EEF4;
/// Characters of one cell (specification of Excel).
const MOST_CHARACTERS: usize = 32_767;
/// Widths of columns, in characters.
const NARROWEST: usize = 9;
const WIDEST: usize = 60;

pub(super) fn title() -> Format {
    Format::new().set_bold().set_font_size(14)
}

pub(super) fn head() -> Format {
    Format::new().set_bold().set_background_color(HEAD_FILL).set_border_bottom(FormatBorder::Thin)
}

pub(super) fn number(format: &str) -> Format {
    Format::new().set_num_format(format)
}

pub(super) fn total(format: &str) -> Format {
    number(format).set_bold().set_border_top(FormatBorder::Thin)
}

pub(super) fn wrapped() -> Format {
    Format::new().set_text_wrap().set_align(FormatAlign::Top)
}

/// Writes text as text. What looks like a formula keeps a quote, which Excel does not show, so that it stays text when the
/// cell is edited.
pub(super) fn write_text(sheet: &mut Worksheet, row: u32, column: u16, text: &str, format: &Format) -> Result<()> {
    let length = text.encode_utf16().count();
    if length > MOST_CHARACTERS {
        return Err(Error::invalid(format!("a cell holds {MOST_CHARACTERS} characters, and a text has {length}"))
            .with("row", row.to_string())
            .hint("shorten the column with `left(x, 1000)`, or write `-o FILE.parquet` or `-o FILE.csv`"));
    }
    let is_like_a_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let quoted = is_like_a_formula.then(|| format.clone().set_quote_prefix());
    sheet.write_string_with_format(row, column, text, quoted.as_ref().unwrap_or(format)).map(drop).map_err(failed)
}

/// Gives a column room for `characters`.
pub(super) fn set_width(sheet: &mut Worksheet, column: u16, characters: usize) -> Result<()> {
    let characters = u8::try_from(characters.clamp(NARROWEST, WIDEST)).unwrap_or(u8::MAX);
    sheet.set_column_width(column, f64::from(characters) + 2.0).map(drop).map_err(failed)
}

/// The number of a row of a sheet; results that do not fit are refused before.
pub(super) fn row_number(row: usize) -> Result<u32> {
    u32::try_from(row).map_err(|cause| Error::internal("a sheet has too many rows").because(cause))
}

/// The number of a column of a sheet; results that do not fit are refused before.
pub(super) fn column_number(column: usize) -> Result<u16> {
    u16::try_from(column).map_err(|cause| Error::internal("a sheet has too many columns").because(cause))
}
