//! Values of columns as text and as JSON: what every text format prints is decided here.
//!
//! A column is looked at once per batch; a value is then written straight into the buffer of the caller. A date or timestamp
//! outside the calendar, some 262,000 years away, prints as the number that stands for it.

mod nested;
mod number;
mod text;
mod time;

use arrow::array::{Array, ArrayRef, RecordBatch, StringArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;
use arrow::error::ArrowError;
use arrow::util::display::{ArrayFormatter, FormatOptions};

use crate::error::{Error, Result};

pub(super) use text::push_json_string;

/// The values of an array. Rows that are NULL are not asked for.
trait Cells {
    /// Adds the text of a value.
    fn text(&self, row: usize, out: &mut String);

    /// Adds the value as JSON. Unless told otherwise it is a string whose text needs no escapes.
    fn json(&self, row: usize, out: &mut String) {
        out.push('"');
        self.text(row, out);
        out.push('"');
    }
}

/// A column of a batch, ready to be written.
pub(super) struct Column {
    nulls: Option<NullBuffer>,
    cells: Box<dyn Cells>,
    is_text: bool,
}

impl Column {
    pub(super) fn new(array: &ArrayRef) -> Result<Self> {
        let cells = number::cells(array).or_else(|| time::cells(array)).or_else(|| text::cells(array));
        let cells = match cells {
            Some(cells) => cells,
            None => nested::cells(array)?,
        };
        Ok(Self { nulls: array.logical_nulls(), cells, is_text: holds_text(array.data_type()) })
    }

    /// Whether the value is NULL.
    pub(super) fn is_null(&self, row: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(row))
    }

    /// Whether values are text that someone wrote, and not the text of a number or a date.
    pub(super) fn is_text(&self) -> bool {
        self.is_text
    }

    /// Adds the text of a value; nothing for NULL.
    pub(super) fn text(&self, row: usize, out: &mut String) {
        if !self.is_null(row) {
            self.cells.text(row, out);
        }
    }

    /// Adds the value as JSON.
    pub(super) fn json(&self, row: usize, out: &mut String) {
        if self.is_null(row) { out.push_str("null") } else { self.cells.json(row, out) }
    }
}

/// The columns of a batch.
pub(super) fn columns(batch: &RecordBatch) -> Result<Vec<Column>> {
    batch.columns().iter().map(Column::new).collect()
}

/// The type of the values of a dictionary or of runs, else the type itself.
pub(super) fn value_type(data_type: &DataType) -> &DataType {
    match data_type {
        DataType::Dictionary(_, values) => value_type(values),
        DataType::RunEndEncoded(_, values) => value_type(values.data_type()),
        other => other,
    }
}

/// Whether values are numbers, which are aligned to the right and never cut.
pub(super) fn is_number(data_type: &DataType) -> bool {
    value_type(data_type).is_numeric()
}

fn holds_text(data_type: &DataType) -> bool {
    matches!(value_type(data_type), DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View | DataType::Union(_, _))
}

/// Values in the text that Arrow gives them: intervals, durations and times of the day.
fn in_words_of_arrow(array: &ArrayRef) -> Result<Box<dyn Cells>> {
    let options = FormatOptions::new();
    let formatter = ArrayFormatter::try_new(array, &options).map_err(|cause| unreadable(array, cause))?;
    let texts: StringArray = (0..array.len())
        .map(|row| formatter.value(row).try_to_string().map(Some))
        .collect::<Result<_, _>>()
        .map_err(|cause| unreadable(array, cause))?;
    Ok(Box::new(texts))
}

fn unreadable(array: &ArrayRef, cause: ArrowError) -> Error {
    Error::invalid(format!("cannot print values of type `{}`", array.data_type()))
        .hint("cast the column to text in the query")
        .because(cause)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{
        DictionaryArray, DurationSecondArray, Int32Array, Int64Array, IntervalMonthDayNanoArray, NullArray, RunArray,
        StringArray, UnionArray, make_array,
    };
    use arrow::buffer::ScalarBuffer;
    use arrow::datatypes::{Field, Int32Type, IntervalMonthDayNano, UnionFields};

    use super::*;

    fn texts(array: &dyn Array) -> Vec<String> {
        let column = Column::new(&make_array(array.to_data())).unwrap();
        let text = |row| {
            let mut out = String::new();
            column.text(row, &mut out);
            out
        };
        (0..array.len()).map(text).collect()
    }

    fn json(array: &dyn Array) -> String {
        let column = Column::new(&make_array(array.to_data())).unwrap();
        let mut out = String::new();
        for row in 0..array.len() {
            column.json(row, &mut out);
            out.push(' ');
        }
        out
    }

    #[test]
    fn dictionaries_and_runs_print_their_values() {
        let words: DictionaryArray<Int32Type> = vec![Some("a"), None, Some("b"), Some("a")].into_iter().collect();
        let words: ArrayRef = Arc::new(words);
        assert_eq!(texts(&words), ["a", "", "b", "a"]);
        assert_eq!(json(&words), r#""a" null "b" "a" "#);
        assert!(Column::new(&words).unwrap().is_text());

        let ends = Int32Array::from(vec![2, 3, 4]);
        let runs = RunArray::<Int32Type>::try_new(&ends, &Int64Array::from(vec![Some(7), None, Some(8)])).unwrap();
        assert_eq!(json(&runs), "7 7 null 8 ");
        assert_eq!(json(&runs.slice(1, 3)), "7 null 8 ");
        assert!(is_number(runs.data_type()));
    }

    #[test]
    fn a_dictionary_without_values_is_all_null() {
        let none: DictionaryArray<Int32Type> = vec![None::<&str>, None].into_iter().collect();
        assert_eq!(json(&none), "null null ");
        assert_eq!(json(&NullArray::new(2)), "null null ");
    }

    #[test]
    fn unions_print_the_value_that_they_hold() {
        let fields = UnionFields::try_new(
            [0, 5],
            [Field::new("n", DataType::Int64, true), Field::new("t", DataType::Utf8, true)],
        )
        .unwrap();
        let numbers: ArrayRef = Arc::new(Int64Array::from(vec![Some(1), None, None]));
        let words: ArrayRef = Arc::new(StringArray::from(vec![None, Some("x\"y"), None]));
        let types = ScalarBuffer::from(vec![0i8, 5, 0]);
        let union = UnionArray::try_new(fields, types, None, vec![numbers, words]).unwrap();
        assert_eq!(json(&union), r#"1 "x\"y" null "#);
        assert_eq!(texts(&union), ["1", "x\"y", ""]);
    }

    #[test]
    fn intervals_and_durations_print_as_arrow_does() {
        let interval = IntervalMonthDayNano::new(1, 2, 3_000_000_000);
        assert_eq!(texts(&IntervalMonthDayNanoArray::from(vec![interval])), ["1 mons 2 days 3.000000000 secs"]);
        assert_eq!(texts(&DurationSecondArray::from(vec![Some(90), None])), ["PT90S", ""]);
    }
}
