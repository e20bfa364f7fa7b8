//! Exact sums of the numbers of a result, by currency and by key.

use arrow::array::{Array, ArrayRef, AsArray, Decimal256Array, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Decimal256Type, Field, i256};

use super::super::cell::{Column, value_type};
use super::super::measure::{is_additive, is_currency, is_decimal, is_money};
use crate::error::{Error, Result};

/// Most digits of a decimal of 256 bits.
const PRECISION: u8 = 76;

/// The columns of a result by what they are for a sum.
pub(super) struct Totals {
    /// Columns whose values may be added.
    pub(super) measures: Vec<Measure>,
    /// The column that says in which currency amounts are: its place and its texts.
    pub(super) currency: Option<(usize, Vec<Option<String>>)>,
    /// Columns of text that name what the numbers are of.
    pub(super) keys: Vec<Key>,
}

/// A column whose values may be added.
pub(super) struct Measure {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) is_money: bool,
    scale: i8,
    values: Decimal256Array,
}

/// A column of names.
pub(super) struct Key {
    pub(super) index: usize,
    pub(super) name: String,
    pub(super) texts: Vec<Option<String>>,
}

impl Totals {
    pub(super) fn new(rows: &RecordBatch) -> Result<Self> {
        let mut totals = Self { measures: Vec::new(), currency: None, keys: Vec::new() };
        for (index, (field, array)) in rows.schema_ref().fields().iter().zip(rows.columns()).enumerate() {
            if is_text(field.data_type()) && is_currency(field.name()) && totals.currency.is_none() {
                totals.currency = Some((index, texts(array)?));
            } else if is_text(field.data_type()) && !is_currency(field.name()) {
                totals.keys.push(Key { index, name: field.name().clone(), texts: texts(array)? });
            } else if is_number(field) && is_additive(field.name()) {
                totals.measures.push(Measure::new(index, field, array)?);
            }
        }
        Ok(totals)
    }

    /// The currencies in the order of their first row; one that is NULL among them, when there is a column of them.
    pub(super) fn currencies(&self) -> Vec<Option<String>> {
        match &self.currency {
            Some((_, texts)) => distinct(texts),
            None => vec![None],
        }
    }

    /// Whether a row is of this currency, which it always is when no column says.
    pub(super) fn is_of(&self, row: usize, currency: Option<&String>) -> bool {
        self.currency.as_ref().is_none_or(|(_, texts)| texts[row].as_ref() == currency)
    }
}

impl Measure {
    fn new(index: usize, field: &Field, array: &ArrayRef) -> Result<Self> {
        let scale = match value_type(field.data_type()) {
            DataType::Decimal32(_, scale)
            | DataType::Decimal64(_, scale)
            | DataType::Decimal128(_, scale)
            | DataType::Decimal256(_, scale) => *scale,
            _ => 0,
        };
        let wide = cast(array, &DataType::Decimal256(PRECISION, scale)).map_err(|cause| {
            Error::invalid(format!("the column `{}` cannot be added up for the summary", field.name())).because(cause)
        })?;
        let values = wide.as_primitive::<Decimal256Type>().clone();
        Ok(Self { index, name: field.name().clone(), is_money: is_money(field), scale, values })
    }

    /// The exact sum of the rows for which `counts` holds, in plain digits.
    pub(super) fn sum(&self, counts: impl Fn(usize) -> bool) -> Result<String> {
        let mut sum = i256::ZERO;
        for row in (0..self.values.len()).filter(|row| self.values.is_valid(*row) && counts(*row)) {
            sum = sum.checked_add(self.values.value(row)).ok_or_else(|| {
                Error::invalid(format!("the sum of `{}` has more digits than a number can have", self.name))
            })?;
        }
        let sum = Decimal256Array::from(vec![sum])
            .with_precision_and_scale(PRECISION, self.scale)
            .map_err(|cause| Error::internal("a sum that is no decimal").because(cause))?;
        let mut text = String::new();
        Column::new(&(std::sync::Arc::new(sum) as ArrayRef))?.text(0, &mut text);
        Ok(text)
    }
}

/// The values in the order of their first row.
pub(super) fn distinct(texts: &[Option<String>]) -> Vec<Option<String>> {
    let mut seen = std::collections::HashSet::new();
    texts.iter().filter(|text| seen.insert((*text).clone())).cloned().collect()
}

fn is_number(field: &Field) -> bool {
    is_decimal(field.data_type()) || value_type(field.data_type()).is_integer()
}

fn is_text(data_type: &DataType) -> bool {
    matches!(value_type(data_type), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View)
}

/// The texts of a column. A sheet cannot tell an empty text from NULL.
fn texts(array: &ArrayRef) -> Result<Vec<Option<String>>> {
    let column = Column::new(array)?;
    let text = |row: usize| {
        let mut text = String::new();
        column.text(row, &mut text);
        Some(text).filter(|text| !text.is_empty())
    };
    Ok((0..array.len()).map(text).collect())
}
