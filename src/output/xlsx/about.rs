//! The sheet that says what the workbook was made from, and what in it is exact.

use arrow::array::RecordBatch;
use rust_xlsxwriter::{Format, Worksheet};

use super::super::About;
use super::cells::{head, set_width, title, wrapped, write_text};
use super::data::Rounded;
use super::totals::Totals;
use super::{ASSUMPTIONS, DATA, failed};
use crate::error::Result;

/// Writes the sheet.
pub(super) fn write(sheet: &mut Worksheet, about: Option<&About>, rows: &RecordBatch, rounded: &Rounded) -> Result<()> {
    sheet.set_name(ASSUMPTIONS).map_err(failed)?;
    set_width(sheet, 0, 24)?;
    sheet.set_column_width(1, 90).map_err(failed)?;
    let mut page = Page { sheet, next: 0 };
    page.write(0, ASSUMPTIONS, &title())?;
    page.next += 2;
    if let Some(about) = about {
        page.about(about)?;
    }
    page.exactness(rows, rounded)?;
    if let Some(about) = about {
        page.section("SQL")?;
        for line in about.sql.lines() {
            page.write(1, line, &Format::new())?;
            page.next += 1;
        }
    }
    Ok(())
}

struct Page<'p> {
    sheet: &'p mut Worksheet,
    next: u32,
}

impl Page<'_> {
    fn write(&mut self, column: u16, text: &str, format: &Format) -> Result<()> {
        write_text(self.sheet, self.next, column, text, format)
    }

    fn section(&mut self, name: &str) -> Result<()> {
        self.write(0, name, &head())?;
        self.write(1, "", &head())?;
        self.next += 1;
        Ok(())
    }

    fn pair(&mut self, name: &str, value: &str) -> Result<()> {
        self.write(0, name, &wrapped())?;
        self.write(1, value, &wrapped())?;
        self.next += 1;
        Ok(())
    }

    fn about(&mut self, about: &About) -> Result<()> {
        self.section("Query")?;
        self.pair("name", &about.name)?;
        for (index, paragraph) in about.description.split("\n\n").enumerate() {
            self.pair(if index == 0 { "question" } else { "" }, paragraph)?;
        }
        for (name, value) in about.facts() {
            self.pair(&name, &value)?;
        }
        for note in &about.notes {
            self.pair("note", note)?;
        }
        self.next += 1;
        Ok(())
    }

    /// Exact totals as text, and which numbers of the data are not.
    fn exactness(&mut self, rows: &RecordBatch, rounded: &Rounded) -> Result<()> {
        self.section("Digits")?;
        let totals = Totals::new(rows)?;
        for measure in totals.measures.iter().filter(|measure| measure.is_money) {
            for currency in totals.currencies() {
                let sum = measure.sum(|row| totals.is_of(row, currency.as_ref()))?;
                let unit = currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
                self.pair(&format!("exact sum of {}", measure.name), &format!("{sum}{unit}"))?;
            }
        }
        for (name, count) in rounded {
            let noun = if *count == 1 { "number has" } else { "numbers have" };
            let text = format!(
                "{count} {noun} more than 15 digits; Excel keeps 15, and the sheet {DATA} holds the nearest. CSV and Parquet hold all."
            );
            self.pair(name, &text)?;
        }
        if rounded.is_empty() {
            self.pair(
                "",
                &format!(
                    "Every number in the sheet {DATA} has at most 15 digits, all that Excel keeps: they are exact."
                ),
            )?;
        }
        self.pair("", "Times are UTC. NULL is an empty cell.")?;
        self.next += 1;
        Ok(())
    }
}
