//! A chart for a result that names none: what stands over what is told by types and order of columns.

use arrow::datatypes::Schema;

use super::super::cell::is_number;
use super::super::measure::is_currency;
use super::columns::{is_day, is_text};
use crate::error::{Error, Result};
use crate::query::{Chart, ChartKind};

/// Columns that tell series apart; what has more keys is a table.
const MOST_KEYS: usize = 3;

/// The chart of a result of `schema`: the first number over the first day, else over the first text; the other texts tell
/// series apart.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] when there is no number, or nothing to draw it over.
pub(super) fn infer(schema: &Schema) -> Result<Chart> {
    let name = |index: usize| format!("\"{}\"", schema.field(index).name().replace('"', "\"\""));
    let find = |wanted: &dyn Fn(usize) -> bool| (0..schema.fields().len()).find(|index| wanted(*index));
    let type_of = |index: usize| schema.field(index).data_type();
    let is_key = |index: usize| is_text(type_of(index)) && !is_currency(schema.field(index).name());
    let day = find(&|index| is_day(type_of(index)));
    let x = day.or_else(|| find(&is_key)).or_else(|| find(&|index| is_text(type_of(index))));
    let y = find(&|index| is_number(type_of(index)) && Some(index) != x);
    let (Some(x), Some(y)) = (x, y) else {
        return Err(Error::invalid("the result has nothing to draw: a chart needs a number over a day or a name")
            .hint("say what to draw: `--chart 'bar x=team y=cost'`"));
    };
    let series = (0..schema.fields().len()).filter(|index| *index != x && is_key(*index)).take(MOST_KEYS).map(name);
    Ok(Chart {
        kind: if day.is_some() { ChartKind::Line } else { ChartKind::Bar },
        x: name(x),
        y: vec![name(y)],
        series: series.collect(),
        low: None,
        high: None,
        actual: None,
        budget: None,
        as_of: None,
        total: None,
        title: None,
        unit: None,
    })
}
