//! One line of the price book.

use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, StringArray};
use arrow::datatypes::Decimal128Type;
use chrono::NaiveDate;

use super::details::context_tokens;
use super::table::{Cell, PriceTable, Row};
use crate::error::{Error, Result, did_you_mean};
use crate::focus::{Kind, normalise};

/// The columns of the file, and whether each has to be there.
pub(super) const COLUMNS: [(&str, bool); 12] = [
    ("provider", true),
    ("model", true),
    ("token_class", true),
    ("kind", true),
    ("service_tier", false),
    ("context", false),
    ("valid_from", true),
    ("valid_to", false),
    ("currency", true),
    ("price", true),
    ("per", true),
    ("source", false),
];

/// Whose price it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PriceKind {
    /// The published price.
    List,
    /// The price that was agreed upon.
    Contract,
}

impl PriceKind {
    /// The kind with this name.
    pub fn named(name: &str) -> Option<Self> {
        [Self::List, Self::Contract].into_iter().find(|kind| kind.name() == name)
    }

    /// `list` or `contract`.
    pub fn name(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Contract => "contract",
        }
    }
}

/// A price with all that it depends on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceLine {
    /// ServiceProviderName of FOCUS.
    pub provider: String,
    /// ModelId of FOCUS, or the start of one and `*`.
    pub model: String,
    /// `input`, `cache_read`, `cache_write_5m`, `cache_write_1h`, `output`, `reasoning`, or another meter by its name.
    pub class: String,
    /// List or contract.
    pub kind: PriceKind,
    /// The tier that it is for; every tier when none.
    pub tier: Option<String>,
    /// The fewest input tokens of the request, or of the window that it is reported in.
    pub context: u64,
    /// First day, UTC.
    pub valid_from: NaiveDate,
    /// First day on which it is no longer valid.
    pub valid_to: Option<NaiveDate>,
    /// ISO 4217.
    pub currency: String,
    /// The price of [`Self::per`] units, counted in 10⁻¹⁸.
    pub price: i128,
    /// How many units the price is for.
    pub per: u64,
    /// The price of one unit, counted in 10⁻¹⁸: exact.
    pub unit_price: i128,
    /// Where the price was read.
    pub source: Option<String>,
    /// The file of the line.
    pub file: Arc<str>,
    /// Its number in the file, from 1.
    pub line: usize,
}

impl PriceLine {
    /// Whether it is valid on `day`.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_to.is_none_or(|end| day < end)
    }

    /// How well it names `model`: the length of what it knows of the name, more than any for the whole; `None` when it
    /// is about other models.
    pub(super) fn closeness(&self, model: &str) -> Option<usize> {
        match self.model.strip_suffix('*') {
            Some(start) => model.starts_with(start).then_some(start.len()),
            None => (self.model == model).then_some(usize::MAX),
        }
    }
}

/// Reads the rows of a table.
pub(super) struct LineReader<'a> {
    table: &'a PriceTable,
    file: Arc<str>,
    /// For each of [`COLUMNS`], where it is in the file.
    at: [Option<usize>; COLUMNS.len()],
}

impl<'a> LineReader<'a> {
    /// # Errors
    /// [`crate::ErrorKind::Data`] for columns that are unknown, missing or there twice.
    pub(super) fn new(table: &'a PriceTable) -> Result<Self> {
        let mut at = [None; COLUMNS.len()];
        for (index, cell) in table.header.cells.iter().enumerate() {
            let place = || table.place(&table.header, cell);
            let known = COLUMNS.iter().position(|(name, _)| *name == cell.text).ok_or_else(|| {
                let names = COLUMNS.map(|(name, _)| name);
                let error = Error::data(format!("a price book has no column `{}`", cell.text)).at(place());
                match did_you_mean(&cell.text, names) {
                    Some(hint) => error.hint(hint),
                    None => error.hint(format!("its columns: {}", names.join(", "))),
                }
            })?;
            if at[known].replace(index).is_some() {
                return Err(Error::data(format!("column `{}` is there twice", cell.text)).at(place()));
            }
        }
        let missing = COLUMNS.iter().zip(&at).find(|((_, needed), at)| *needed && at.is_none());
        if let Some(((name, _), _)) = missing {
            return Err(Error::data(format!("the price book lacks the column `{name}`"))
                .with("file", table.file.clone())
                .with("column", *name));
        }
        Ok(Self { table, file: table.file.as_str().into(), at })
    }

    /// # Errors
    /// [`crate::ErrorKind::Data`] with file, line and column for a cell that is wrong.
    pub(super) fn read(&self, row: &Row) -> Result<PriceLine> {
        let kind = self.needed(row, "kind")?;
        let (price, per) = (self.price(row)?, self.per(row)?);
        if price % i128::from(per) != 0 {
            return Err(self.wrong(row, "price", "the price of one unit has more than 18 fractional digits"));
        }
        let valid_from = self.day(row, "valid_from")?;
        let valid_from = valid_from.ok_or_else(|| self.wrong(row, "valid_from", "there is no first day"))?;
        let valid_to = self.day(row, "valid_to")?;
        if valid_to.is_some_and(|end| end <= valid_from) {
            return Err(self
                .wrong(row, "valid_to", "the price ends before it starts")
                .hint("`valid_to` is the first day on which the price is no longer valid"));
        }
        Ok(PriceLine {
            provider: self.needed(row, "provider")?.to_owned(),
            model: self.model(row)?,
            class: self.needed(row, "token_class")?.to_ascii_lowercase(),
            kind: PriceKind::named(kind).ok_or_else(|| self.wrong(row, "kind", "use `list` or `contract`"))?,
            tier: Some(self.text(row, "service_tier").to_ascii_lowercase()).filter(|tier| !tier.is_empty()),
            context: context_tokens(self.text(row, "context"))
                .ok_or_else(|| self.wrong(row, "context", "it is no number of tokens"))?,
            valid_from,
            valid_to,
            currency: self.currency(row)?,
            price,
            per,
            unit_price: price / i128::from(per),
            source: Some(self.text(row, "source").to_owned()).filter(|source| !source.is_empty()),
            file: Arc::clone(&self.file),
            line: row.line,
        })
    }

    fn model(&self, row: &Row) -> Result<String> {
        let model = self.needed(row, "model")?;
        if model.trim_end_matches('*').contains('*') || model.ends_with("**") {
            return Err(self.wrong(row, "model", "`*` stands at the end of a model and once"));
        }
        Ok(model.to_owned())
    }

    fn currency(&self, row: &Row) -> Result<String> {
        let currency = self.needed(row, "currency")?;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(self.wrong(row, "currency", "use three capital letters of ISO 4217, such as `USD`"));
        }
        Ok(currency.to_owned())
    }

    fn price(&self, row: &Row) -> Result<i128> {
        let text: ArrayRef = Arc::new(StringArray::from(vec![self.needed(row, "price")?]));
        let amount = normalise(Kind::Decimal, "price", &text)
            .map_err(|cause| self.wrong(row, "price", "it is no amount that can be kept exactly").because(cause))?;
        let amount = amount.as_primitive::<Decimal128Type>();
        if amount.is_null(0) || amount.value(0) < 0 {
            return Err(self.wrong(row, "price", "a price is zero or more"));
        }
        Ok(amount.value(0))
    }

    fn per(&self, row: &Row) -> Result<u64> {
        let per = self.needed(row, "per")?.parse().ok().filter(|per| *per > 0);
        per.ok_or_else(|| self.wrong(row, "per", "use a whole number of units, such as 1000000"))
    }

    fn day(&self, row: &Row, column: &str) -> Result<Option<NaiveDate>> {
        match self.text(row, column) {
            "" => Ok(None),
            text => text.parse().map(Some).map_err(|_| self.wrong(row, column, "use a day such as 2026-07-01")),
        }
    }

    fn needed(&self, row: &'a Row, column: &str) -> Result<&'a str> {
        match self.text(row, column) {
            "" => Err(self.wrong(row, column, "it is empty")),
            text => Ok(text),
        }
    }

    fn text(&self, row: &'a Row, column: &str) -> &'a str {
        self.cell(row, column).map_or("", |cell| cell.text.as_str())
    }

    fn cell(&self, row: &'a Row, column: &str) -> Option<&'a Cell> {
        let known = COLUMNS.iter().position(|(name, _)| *name == column)?;
        row.cells.get(self.at[known]?)
    }

    fn wrong(&self, row: &Row, column: &str, why: &str) -> Error {
        let at_start = Cell { text: String::new(), column: 1 };
        let cell = self.cell(row, column).unwrap_or(&at_start);
        let error = Error::data(format!("`{}` is no {column} of a price: {why}", cell.text));
        error.at(self.table.place(row, cell))
    }
}
