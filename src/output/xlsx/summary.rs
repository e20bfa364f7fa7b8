//! The sheet that adds the result up: live formulas over the data, so that a change there shows here.

use arrow::array::RecordBatch;
use rust_xlsxwriter::utility::row_col_to_cell_absolute;
use rust_xlsxwriter::{Format, Formula, Worksheet};

use super::super::About;
use super::cells::{AMOUNT, WHOLE, column_number, head, number, row_number, set_width, title, total, write_text};
use super::totals::{Key, Measure, Totals, distinct};
use super::{DATA, SUMMARY, failed};
use crate::error::Result;

/// Keys by which the result is added up, and values of one that are listed.
const MOST_KEYS: usize = 3;
const MOST_VALUES: usize = 200;
/// What stands for NULL among names.
const NO_NAME: &str = "(none)";

/// Writes the sheet.
pub(super) fn write(sheet: &mut Worksheet, about: &About, rows: &RecordBatch) -> Result<()> {
    sheet.set_name(SUMMARY).map_err(failed)?;
    let totals = Totals::new(rows)?;
    let mut page = Page { sheet, totals: &totals, rows: rows.num_rows(), next: 0 };
    page.text(0, &about.name, &title())?;
    page.next += 1;
    page.text(0, about.question(), &Format::new())?;
    page.next += 1;
    page.text(0, &format!("{} rows in the sheet {DATA}", rows.num_rows()), &Format::new())?;
    page.next += 1;
    page.sheet.set_freeze_panes(page.next, 0).map_err(failed)?;
    page.next += 1;
    page.overall()?;
    for key in totals.keys.iter().take(MOST_KEYS) {
        page.by_key(key)?;
    }
    set_width(page.sheet, 0, 32)?;
    for column in 1..=totals.measures.len() + 1 {
        set_width(page.sheet, column_number(column)?, 20)?;
    }
    Ok(())
}

struct Page<'p> {
    sheet: &'p mut Worksheet,
    totals: &'p Totals,
    rows: usize,
    next: u32,
}

impl Page<'_> {
    fn text(&mut self, column: u16, text: &str, format: &Format) -> Result<()> {
        write_text(self.sheet, self.next, column, text, format)
    }

    /// Totals of all rows by currency. The total of one currency follows the filter of the data.
    fn overall(&mut self) -> Result<()> {
        if self.totals.measures.is_empty() {
            return Ok(());
        }
        self.heads("total")?;
        let currencies = self.totals.currencies();
        let several = currencies.len() > 1;
        for currency in currencies {
            self.text(
                0,
                if several { "all rows" } else { "all rows (shown, when the data is filtered)" },
                &Format::new(),
            )?;
            self.currency(currency.as_deref())?;
            for (index, measure) in self.totals.measures.iter().enumerate() {
                let range = self.range(measure.index)?;
                let formula = if several {
                    format!("SUMPRODUCT({},{range})", self.is_currency()?)
                } else {
                    format!("SUBTOTAL(109,{range})")
                };
                let sum = measure.sum(|row| self.totals.is_of(row, currency.as_ref()))?;
                self.formula(index, formula, sum, &number(format_of(measure)))?;
            }
            self.next += 1;
        }
        self.next += 1;
        Ok(())
    }

    /// Totals by the values of one key, and by currency.
    fn by_key(&mut self, key: &Key) -> Result<()> {
        let values = distinct(&key.texts);
        if self.totals.measures.is_empty() || values.len() < 2 {
            return Ok(());
        }
        if values.len() > MOST_VALUES {
            let note = format!("{} has {} values: see the sheet {DATA}", key.name, values.len());
            self.text(0, &note, &Format::new())?;
            self.next += 2;
            return Ok(());
        }
        self.heads(&key.name)?;
        let first = self.next;
        let currencies = self.totals.currencies();
        for (value, currency) in
            values.iter().flat_map(|value| currencies.iter().map(move |currency| (value, currency)))
        {
            let counts = |row: usize| key.texts[row] == *value && self.totals.is_of(row, currency.as_ref());
            if !(0..self.rows).any(counts) {
                continue;
            }
            let sums: Vec<String> =
                self.totals.measures.iter().map(|measure| measure.sum(counts)).collect::<Result<_>>()?;
            self.text(0, value.as_deref().unwrap_or(NO_NAME), &Format::new())?;
            self.currency(currency.as_deref())?;
            let is_value = self.is_value(key, value.as_deref())?;
            for (index, (measure, sum)) in self.totals.measures.iter().zip(sums).enumerate() {
                let also = if currencies.len() > 1 { format!(",{}", self.is_currency()?) } else { String::new() };
                let formula = format!("SUMPRODUCT({is_value}{also},{})", self.range(measure.index)?);
                self.formula(index, formula, sum, &number(format_of(measure)))?;
            }
            self.next += 1;
        }
        // Amounts of several currencies have no total.
        if currencies.len() == 1 {
            self.column_totals(first)?;
        }
        self.next += 2;
        Ok(())
    }

    fn column_totals(&mut self, first: u32) -> Result<()> {
        self.text(0, "total", &total(WHOLE))?;
        self.sheet.write_blank(self.next, 1, &total(WHOLE)).map_err(failed)?;
        for (index, measure) in self.totals.measures.iter().enumerate() {
            let column = column_number(index + 2)?;
            let from = row_col_to_cell_absolute(first, column);
            let to = row_col_to_cell_absolute(self.next - 1, column);
            let sum = measure.sum(|_| true)?;
            self.formula(index, format!("SUM({from}:{to})"), sum, &total(format_of(measure)))?;
        }
        Ok(())
    }

    fn heads(&mut self, first: &str) -> Result<()> {
        self.text(0, first, &head())?;
        self.text(1, "currency", &head())?;
        for (index, measure) in self.totals.measures.iter().enumerate() {
            self.text(column_number(index + 2)?, &measure.name, &head())?;
        }
        self.next += 1;
        Ok(())
    }

    fn currency(&mut self, currency: Option<&str>) -> Result<()> {
        self.text(1, currency.unwrap_or_default(), &Format::new())
    }

    fn formula(&mut self, index: usize, formula: String, result: String, format: &Format) -> Result<()> {
        let formula = Formula::new(formula).set_result(result);
        let column = column_number(index + 2)?;
        self.sheet.write_formula_with_format(self.next, column, formula, format).map(drop).map_err(failed)
    }

    /// The cells of a column of the data. Without rows, the empty one below the header.
    fn range(&self, column: usize) -> Result<String> {
        let (column, last) = (column_number(column)?, row_number(self.rows.max(1))?);
        let (from, to) = (row_col_to_cell_absolute(1, column), row_col_to_cell_absolute(last, column));
        Ok(format!("{DATA}!{from}:{to}"))
    }

    /// 1 for the rows of the data whose key is the one in the first cell of this line. `EXACT` knows no wildcards.
    fn is_value(&self, key: &Key, value: Option<&str>) -> Result<String> {
        let wanted = value.map_or_else(|| "\"\"".to_owned(), |_| row_col_to_cell_absolute(self.next, 0));
        Ok(format!("--EXACT({},{wanted})", self.range(key.index)?))
    }

    /// The same for the currency in the second cell.
    fn is_currency(&self) -> Result<String> {
        let index = self.totals.currency.as_ref().map_or(0, |(index, _)| *index);
        Ok(format!("--EXACT({},{})", self.range(index)?, row_col_to_cell_absolute(self.next, 1)))
    }
}

fn format_of(measure: &Measure) -> &'static str {
    if measure.is_money { AMOUNT } else { WHOLE }
}
