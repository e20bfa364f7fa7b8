//! Comma-separated values.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::cell::{self, Column};
use super::sink::Sink;
use super::{Renderer, Style, Summary, count, spreadsheet};
use crate::error::Result;

pub(super) struct Csv<'w> {
    sink: Sink<'w>,
    safe: bool,
    null: String,
    rows: u64,
}

impl<'w> Csv<'w> {
    pub(super) fn new(style: &Style, schema: &Schema, mut sink: Sink<'w>) -> Self {
        spreadsheet::start(style, schema, ',', quote_name, sink.text());
        let mut null = style.null().to_owned();
        if needs_quotes(&null) {
            quote(&mut null, 0);
        }
        Self { sink, safe: style.csv_safe, null, rows: 0 }
    }

    fn push_cell(&mut self, column: &Column, row: usize) {
        let out = self.sink.text();
        if column.is_null(row) {
            return out.push_str(&self.null);
        }
        let start = out.len();
        spreadsheet::push_value(column, row, self.safe, out);
        let text = &out[start..];
        // Quotes tell an empty text, and a text that reads like the word for NULL, from NULL.
        if text.is_empty() || text == self.null || needs_quotes(text) {
            quote(out, start);
        }
    }
}

impl Renderer for Csv<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = cell::columns(batch)?;
        for row in 0..batch.num_rows() {
            for (index, column) in columns.iter().enumerate() {
                if index > 0 {
                    self.sink.text().push(',');
                }
                self.push_cell(column, row);
            }
            self.sink.text().push('\n');
            self.sink.end_row()?;
        }
        self.rows += count(batch.num_rows());
        self.sink.pass()
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.sink.flush()?;
        Ok(Summary::all(self.rows))
    }
}

/// Quotes the name of a column that needs it.
fn quote_name(out: &mut String, start: usize) {
    if out.len() == start || needs_quotes(&out[start..]) {
        quote(out, start);
    }
}

fn needs_quotes(text: &str) -> bool {
    text.bytes().any(|byte| matches!(byte, b',' | b'"' | b'\n' | b'\r'))
}

/// Puts the text of `out` from `start` on into quotes.
fn quote(out: &mut String, start: usize) {
    if out[start..].contains('"') {
        let doubled = out[start..].replace('"', "\"\"");
        out.replace_range(start.., &doubled);
    }
    out.insert(start, '"');
    out.push('"');
}

#[cfg(test)]
mod tests {
    use std::slice;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, Int64Array, StringArray, StringViewArray};
    use arrow::csv::ReaderBuilder;
    use arrow::datatypes::{DataType, Field};
    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::{any, proptest};

    use super::*;
    use crate::output::fixtures::{self, batch, empty, render};
    use crate::output::{Format, renderer};

    fn csv(style: &Style, batches: &[RecordBatch]) -> String {
        render(Format::Csv, style, batches)
    }

    #[test]
    fn every_type_prints_as_documented() {
        let expected = "\
cost,units,delta,count,big,rate,ok,vendor,view,tag,day,at,at_utc,list,map,struct,bytes,time
12.50,3,-0.0000008,-5,18446744073709551615,0.1,true,\"a,b\",\"say \"\"hi\"\"\",prod,2026-06-01,2026-06-01T00:00:00,\
2026-06-01T00:00:00.250Z,\"[1.50,null]\",\"{\"\"k\"\":1}\",\"{\"\"x\"\":1,\"\"y\"\":\"\"ü\"\"}\",00ff,01:02:03
12345678901234567890.123456789012345678,-99999999999999999999999999999999999999,-1.00,9223372036854775807,0,1e21,false,\
\"\",Grüße 🎉,東京,1969-12-31,1969-12-31T23:59:59.999999,2026-06-01T12:30:00Z,[],{},\"{\"\"x\"\":null,\"\"y\"\":null}\",\"\",00:00:00
,,,,,,,,,,,,,,,,,
";
        assert_eq!(csv(&Style::default(), &[fixtures::every_type()]), expected);
    }

    #[test]
    fn null_and_empty_differ_whatever_stands_for_null() {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![Some(""), None, Some("NULL"), Some("a\nb")]));
        let batch = batch([("t", texts)]);
        let expect = |null: Option<&str>, expected: &str| {
            let style = Style { null: null.map(str::to_owned), ..Style::default() };
            assert_eq!(csv(&style, slice::from_ref(&batch)), expected);
        };
        expect(None, "t\n\"\"\n\nNULL\n\"a\nb\"\n");
        expect(Some("NULL"), "t\n\"\"\nNULL\n\"NULL\"\n\"a\nb\"\n");
    }

    #[test]
    fn formulas_are_defused_in_text_only() {
        let texts: ArrayRef = Arc::new(StringViewArray::from(vec!["=1+1", "@x", "-a", "+b", "\tc", "\rd", "a=b"]));
        let numbers: ArrayRef = Arc::new(Int64Array::from_iter_values([-1, -2, -3, 4, 5, 6, 7]));
        let style = Style { csv_safe: true, bom: true, ..Style::default() };
        assert_eq!(
            csv(&style, &[batch([("=t", texts), ("n", numbers)])]),
            "\u{feff}'=t,n\n'=1+1,-1\n'@x,-2\n'-a,-3\n'+b,4\n'\tc,5\n\"'\rd\",6\na=b,7\n"
        );
    }

    #[test]
    fn an_empty_result_has_its_header() {
        assert_eq!(csv(&Style::default(), &[empty()]), "vendor,cost\n");
        assert_eq!(csv(&Style { header: false, ..Style::default() }, &[empty()]), "");
    }

    proptest! {
        #[test]
        fn text_reads_back(rows in vec((option::of(any::<String>()), "[a\",\n\r\t ]{0,6}"), 0..20)) {
            let (left, right): (Vec<_>, Vec<_>) = rows.iter().cloned().unzip();
            let schema = Arc::new(Schema::new(vec![
                Field::new("left", DataType::Utf8, true),
                Field::new("right", DataType::Utf8, true),
            ]));
            let left: ArrayRef = Arc::new(StringArray::from(left));
            let right: ArrayRef = Arc::new(StringArray::from(right));
            let batch = RecordBatch::try_new(Arc::clone(&schema), vec![left, right]).unwrap();
            let mut out = Vec::new();
            let mut csv = renderer(Format::Csv, &Style::default(), Arc::clone(&schema), Box::new(&mut out)).unwrap();
            csv.batch(&batch).unwrap();
            csv.finish().unwrap();

            let mut read = Vec::new();
            for batch in ReaderBuilder::new(schema).with_header(true).build(out.as_slice()).unwrap() {
                let batch = batch.unwrap();
                let text = |index: usize| batch.column(index).as_string::<i32>().clone();
                let texts = |index: usize| text(index).iter().map(|t| t.unwrap_or_default().to_owned()).collect::<Vec<_>>();
                read.extend(texts(0).into_iter().zip(texts(1)));
            }
            // That reader takes empty fields for NULL, quoted or not; the unit test above tells them apart.
            let written: Vec<_> = rows.into_iter().map(|(left, right)| (left.unwrap_or_default(), right)).collect();
            assert_eq!(read, written);
        }
    }
}
