//! Batches that the tests of the formats print, and ways to print them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryViewArray, BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
    RecordBatch, StringArray, StringViewArray, Time32SecondArray, TimestampMicrosecondArray, UInt64Array,
};
use arrow::datatypes::{DataType, Field, Fields, Int32Type, Schema};
use arrow::json::ReaderBuilder;

use super::{Format, Style, renderer};

/// A batch of columns that may hold NULL.
pub(super) fn batch<'n>(columns: impl IntoIterator<Item = (&'n str, ArrayRef)>) -> RecordBatch {
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true))).unwrap()
}

/// No rows of `vendor` and `cost`.
pub(super) fn empty() -> RecordBatch {
    let vendors: ArrayRef = Arc::new(StringViewArray::from(Vec::<&str>::new()));
    batch([("vendor", vendors), ("cost", decimals(&[], 18))])
}

/// Three rows of every type that results have: common values, edges, NULLs.
pub(super) fn every_type() -> RecordBatch {
    let long = 12_345_678_901_234_567_890_123_456_789_012_345_678;
    let most = 99_999_999_999_999_999_999_999_999_999_999_999_999;
    let tags: DictionaryArray<Int32Type> = [Some("prod"), Some("東京"), None].into_iter().collect();
    let at = |instants: [i64; 2]| TimestampMicrosecondArray::from(vec![Some(instants[0]), Some(instants[1]), None]);
    let mut columns: Vec<(&str, ArrayRef)> = vec![
        ("cost", decimals(&[Some(12_500_000_000_000_000_000), Some(long), None], 18)),
        ("units", decimals(&[Some(3), Some(-most), None], 0)),
        ("delta", decimals(&[Some(-800_000_000_000), Some(-1_000_000_000_000_000_000), None], 18)),
        ("count", Arc::new(Int64Array::from(vec![Some(-5), Some(i64::MAX), None]))),
        ("big", Arc::new(UInt64Array::from(vec![Some(u64::MAX), Some(0), None]))),
        ("rate", Arc::new(Float64Array::from(vec![Some(0.1), Some(1e21), None]))),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), Some(false), None]))),
        ("vendor", Arc::new(StringArray::from(vec![Some("a,b"), Some(""), None]))),
        ("view", Arc::new(StringViewArray::from(vec![Some("say \"hi\""), Some("Grüße 🎉"), None]))),
        ("tag", Arc::new(tags)),
        ("day", Arc::new(Date32Array::from(vec![Some(20_605), Some(-1), None]))),
        ("at", Arc::new(at([1_780_272_000_000_000, -1]))),
        ("at_utc", Arc::new(at([1_780_272_000_250_000, 1_780_317_000_000_000]).with_timezone("UTC"))),
    ];
    columns.extend(nested());
    let bytes = BinaryViewArray::from(vec![Some([0u8, 255].as_slice()), Some(b""), None]);
    columns.push(("bytes", Arc::new(bytes)));
    columns.push(("time", Arc::new(Time32SecondArray::from(vec![Some(3_723), Some(0), None]))));
    batch(columns)
}

/// A list, a map and a struct.
fn nested() -> Vec<(&'static str, ArrayRef)> {
    let pair = Fields::from(vec![Field::new("x", DataType::Int64, true), Field::new("y", DataType::Utf8View, true)]);
    let entry =
        Fields::from(vec![Field::new("keys", DataType::Utf8, false), Field::new("values", DataType::Int64, true)]);
    let entries = Field::new("entries", DataType::Struct(entry), false);
    let schema = Schema::new(vec![
        Field::new("list", DataType::new_list(DataType::Decimal128(38, 18), true), true),
        Field::new("map", DataType::Map(Arc::new(entries), false), true),
        Field::new("struct", DataType::Struct(pair), true),
    ]);
    let rows = r#"
        {"list": [1.5, null], "map": {"k": 1}, "struct": {"x": 1, "y": "ü"}}
        {"list": [], "map": {}, "struct": {}}
        {}
    "#;
    let batch = ReaderBuilder::new(Arc::new(schema)).build(rows.as_bytes()).unwrap().next().unwrap().unwrap();
    ["list", "map", "struct"].into_iter().zip(batch.columns().to_vec()).collect()
}

fn decimals(unscaled: &[Option<i128>], scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(unscaled.to_vec()).with_precision_and_scale(38, scale).unwrap())
}

/// What `format` makes of `batches`; of no batches, an [`empty`] result.
pub(super) fn write(format: Format, style: &Style, batches: &[RecordBatch]) -> Vec<u8> {
    let mut out = Vec::new();
    let schema = batches.first().map_or_else(|| empty().schema(), RecordBatch::schema);
    let mut renderer = renderer(format, style, schema, Box::new(&mut out)).unwrap();
    batches.iter().for_each(|batch| renderer.batch(batch).unwrap());
    renderer.finish().unwrap();
    out
}

/// As [`write`], for formats that are text, and with the bytes of others made readable.
pub(super) fn render(format: Format, style: &Style, batches: &[RecordBatch]) -> String {
    String::from_utf8_lossy(&write(format, style, batches)).into_owned()
}

/// A batch as text, to be compared.
pub(super) fn text_of(batch: &RecordBatch) -> String {
    render(Format::Csv, &Style::default(), std::slice::from_ref(batch))
}
