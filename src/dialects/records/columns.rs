//! Gathers the texts of records and converts them to the kinds of their fields.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions, StringBuilder, TimestampMicrosecondArray, new_null_array,
};
use arrow::datatypes::{DataType, Decimal128Type, SchemaRef};

use crate::dialects::{Field, FieldKind, VendorDialect};
use crate::error::{Error, Result};
use crate::focus::{Kind, MONEY_SCALE, normalise};

/// The texts of the records read so far.
#[derive(Debug)]
pub(super) struct Columns<'d> {
    dialect: &'d VendorDialect,
    schema: SchemaRef,
    texts: Vec<StringBuilder>,
    rows: usize,
    records: usize,
    seen: Vec<bool>,
    keys: Vec<String>,
}

impl<'d> Columns<'d> {
    pub(super) fn new(dialect: &'d VendorDialect) -> Self {
        Self {
            dialect,
            schema: dialect.schema(),
            texts: dialect.fields.iter().map(|_| StringBuilder::new()).collect(),
            rows: 0,
            records: 0,
            seen: vec![false; dialect.fields.len()],
            keys: Vec::new(),
        }
    }

    /// Adds one record: `text` gives the text of a field, `Some(None)` for NULL and `None` when the record has no such
    /// field; `keys` the names of its fields.
    ///
    /// # Errors
    /// What `text` gives.
    pub(super) fn push(
        &mut self,
        mut text: impl FnMut(&Field) -> Result<Option<Option<String>>>,
        keys: impl FnOnce() -> Vec<String>,
    ) -> Result<()> {
        for (index, field) in self.dialect.fields.iter().enumerate() {
            let found = text(field)?;
            self.seen[index] |= found.is_some();
            self.texts[index].append_option(found.flatten());
        }
        if self.records == 0 {
            self.keys = keys();
        }
        self.rows += 1;
        self.records += 1;
        Ok(())
    }

    /// Records that wait to become a batch.
    pub(super) fn len(&self) -> usize {
        self.rows
    }

    /// The first required field that no record had, when there was a record.
    pub(super) fn missing_field(&self) -> Option<&'d Field> {
        let fields = self.dialect.fields.iter().zip(&self.seen);
        let mut missing = fields.filter(|(field, seen)| field.required && !**seen);
        missing.next().filter(|_| self.records > 0).map(|(field, _)| field)
    }

    /// The names of the fields of the first record.
    pub(super) fn keys_seen(&self) -> &[String] {
        &self.keys
    }

    /// The records gathered, as a batch of the declared fields.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Data`] for a value that is not of its kind.
    pub(super) fn finish(&mut self) -> Result<RecordBatch> {
        let texts = self.texts.iter_mut().zip(&self.dialect.fields);
        let arrays = texts.map(|(texts, field)| {
            let texts: ArrayRef = Arc::new(texts.finish());
            converted(field, &texts)
        });
        let arrays = arrays.collect::<Result<Vec<_>>>()?;
        let rows = RecordBatchOptions::new().with_row_count(Some(std::mem::take(&mut self.rows)));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), arrays, &rows)
            .map_err(|cause| Error::internal("the fields do not fit").because(cause))
    }
}

/// The values of a field as a file holds them, converted to its kind; exactly or not at all.
///
/// # Errors
/// [`crate::ErrorKind::Data`] with the field and the first value that is not of its kind.
pub fn converted(field: &Field, values: &ArrayRef) -> Result<ArrayRef> {
    if values.data_type() == &DataType::Null {
        return Ok(new_null_array(&field.kind.kind().data_type(), values.len()));
    }
    match field.kind {
        FieldKind::Plain(Kind::Time) => normalise(Kind::Time, &field.in_file(), &blanks_as_null(values)),
        FieldKind::Plain(kind) => normalise(kind, &field.in_file(), values),
        FieldKind::EpochSeconds => epoch(field, values, 1),
        FieldKind::EpochMilliseconds => epoch(field, values, 1_000),
    }
}

/// One, as an amount of the ledger.
const ONE: i128 = 10i128.pow(MONEY_SCALE.unsigned_abs() as u32);

/// Numbers since 1970, of which `per_second` make a second, as microseconds; what is finer is cut off.
fn epoch(field: &Field, values: &ArrayRef, per_second: i128) -> Result<ArrayRef> {
    let micros = ONE * per_second / 1_000_000;
    let numbers = normalise(Kind::Decimal, &field.in_file(), values)?;
    let times = numbers.as_primitive::<Decimal128Type>().iter().map(|number| {
        let time = number.map(|number| i64::try_from(number.div_euclid(micros)));
        time.transpose().map_err(|cause| {
            Error::data(format!("field `{}` holds a time that no calendar has", field.in_file())).because(cause)
        })
    });
    Ok(Arc::new(times.collect::<Result<TimestampMicrosecondArray>>()?))
}

/// Empty text is no time.
fn blanks_as_null(values: &ArrayRef) -> ArrayRef {
    match values.as_string_opt::<i32>() {
        Some(texts) => Arc::new(
            texts.iter().map(|text| text.filter(|text| !text.trim().is_empty())).collect::<arrow::array::StringArray>(),
        ),
        None => Arc::clone(values),
    }
}
