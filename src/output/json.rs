//! One JSON array.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;

use super::objects::Objects;
use super::sink::Sink;
use super::{Renderer, Summary, cell};
use crate::error::Result;

pub(super) struct Json<'w> {
    sink: Sink<'w>,
    objects: Objects,
    rows: u64,
}

impl<'w> Json<'w> {
    pub(super) fn new(schema: &Schema, mut sink: Sink<'w>) -> Self {
        sink.text().push('[');
        Self { sink, objects: Objects::new(schema), rows: 0 }
    }
}

impl Renderer for Json<'_> {
    fn batch(&mut self, batch: &RecordBatch) -> Result<()> {
        let columns = cell::columns(batch)?;
        for row in 0..batch.num_rows() {
            let out = self.sink.text();
            out.push_str(if self.rows == 0 { "\n" } else { ",\n" });
            self.objects.push(&columns, row, out);
            self.rows += 1;
            self.sink.end_row()?;
        }
        self.sink.pass()
    }

    fn finish(mut self: Box<Self>) -> Result<Summary> {
        self.sink.text().push_str(if self.rows == 0 { "]\n" } else { "\n]\n" });
        self.sink.flush()?;
        Ok(Summary::all(self.rows))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow::array::{ArrayRef, Float64Array, Int64Array, StringArray};
    use arrow::datatypes::{DataType, Field};

    use super::*;
    use crate::output::fixtures::{batch, empty, every_type, render};
    use crate::output::{Format, Style};

    fn json(batches: &[RecordBatch]) -> String {
        render(Format::Json, &Style::default(), batches)
    }

    #[test]
    fn every_type_prints_as_documented() {
        let expected = r#"[
{"cost":12.50,"units":3,"delta":-0.0000008,"count":-5,"big":18446744073709551615,"rate":0.1,"ok":true,"vendor":"a,b","view":"say \"hi\"","tag":"prod","day":"2026-06-01","at":"2026-06-01T00:00:00","at_utc":"2026-06-01T00:00:00.250Z","list":[1.50,null],"map":{"k":1},"struct":{"x":1,"y":"ü"},"bytes":"00ff","time":"01:02:03"},
{"cost":12345678901234567890.123456789012345678,"units":-99999999999999999999999999999999999999,"delta":-1.00,"count":9223372036854775807,"big":0,"rate":1e21,"ok":false,"vendor":"","view":"Grüße 🎉","tag":"東京","day":"1969-12-31","at":"1969-12-31T23:59:59.999999","at_utc":"2026-06-01T12:30:00Z","list":[],"map":{},"struct":{"x":null,"y":null},"bytes":"","time":"00:00:00"},
{"cost":null,"units":null,"delta":null,"count":null,"big":null,"rate":null,"ok":null,"vendor":null,"view":null,"tag":null,"day":null,"at":null,"at_utc":null,"list":null,"map":null,"struct":null,"bytes":null,"time":null}
]
"#;
        let text = json(&[every_type()]);
        assert_eq!(text, expected);
        assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap().len(), 3);
    }

    #[test]
    fn batches_form_one_array_and_none_an_empty_one() {
        let numbers = |numbers: Vec<i64>| batch([("n", Arc::new(Int64Array::from(numbers)) as ArrayRef)]);
        assert_eq!(
            json(&[numbers(vec![1, 2]), numbers(vec![]), numbers(vec![3])]),
            "[\n{\"n\":1},\n{\"n\":2},\n{\"n\":3}\n]\n"
        );
        assert_eq!(json(&[empty()]), "[]\n");
        assert_eq!(json(&[]), "[]\n");
    }

    #[test]
    fn what_json_cannot_say_is_null_and_json_text_stays_text() {
        let schema = Schema::new(vec![Field::new("x", DataType::Float64, true), Field::new("x", DataType::Utf8, true)]);
        let rate: ArrayRef = Arc::new(Float64Array::from(vec![f64::NAN]));
        let tags: ArrayRef = Arc::new(StringArray::from(vec![r#"{"a":1}"#]));
        let batch = RecordBatch::try_new(Arc::new(schema), vec![rate, tags]).unwrap();
        assert_eq!(json(&[batch]), "[\n{\"x\":null,\"x_2\":\"{\\\"a\\\":1}\"}\n]\n");
    }
}
