use datafusion::common::ScalarValue;
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};

use super::super::{ParamKind, bind};
use super::{calendar, read};

/// Text that gets far into the parsers: pieces of real headers and SQL between arbitrary characters.
fn likely_text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "-- param: p ",
            "text",
            "date",
            "[]",
            "?",
            " = ",
            "last(12mo)",
            "shift(this_month, ",
            "-1",
            ")",
            " in (a, b)",
            "\"",
            "'",
            "\n",
            "\n--   ",
            "-- check: ",
            "unique(",
            "accepted(a: ",
            "sql: ",
            "row_count ",
            "sum_matches(",
            " warn",
            "-- chart: bar x=",
            "-- materialize: interval=month(",
            "-- freshness: a warn=",
            "SELECT ",
            "$p",
            "$",
            "FROM t",
            ";",
            "WITH a AS (",
            "/*",
            "*/",
            "$$",
            ":x",
            "IN ($p)",
            "\r\n",
            "\t",
            "ü",
            "\u{feff}",
            "\\",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
        Just(String::new()),
    ];
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_text_is_read_or_refused_with_a_place_inside_of_it(text in likely_text()) {
        if let Err(error) = read(&text) {
            let place = error.place().expect("every error of a file has a place");
            prop_assert!(place.line >= 1 && place.column >= 1, "{error} {place:?}");
            prop_assert!(place.line <= text.lines().count().max(1), "{error} {place:?}");
            let length = place.text.chars().count();
            prop_assert!(place.column + place.width <= length + 2, "{error} {place:?}");
        }
    }

    #[test]
    fn text_is_bound_unchanged(text in any::<String>()) {
        let query = read("-- param: p text\nSELECT $p").unwrap();
        let bound = bind(&query, &[("p".to_owned(), text.clone())], &calendar()).unwrap();
        prop_assert_eq!(&bound.values["p"], &ScalarValue::Utf8(Some(text)));
    }

    #[test]
    fn escaped_lists_are_bound_unchanged(texts in prop::collection::vec(any::<String>(), 1..6)) {
        let query = read("-- param: p text[]\nSELECT $p").unwrap();
        let escaped: Vec<String> = texts.iter().map(|text| text.replace('\\', "\\\\").replace(',', "\\,")).collect();
        let joined = escaped.join(",");
        let bound = bind(&query, &[("p".to_owned(), joined.clone())], &calendar()).unwrap();
        let scalars: Vec<ScalarValue> = texts.into_iter().map(|text| ScalarValue::Utf8(Some(text))).collect();
        let scalars = if joined.is_empty() { &[][..] } else { &scalars };
        let list = ScalarValue::new_list_nullable(scalars, &arrow::datatypes::DataType::Utf8);
        prop_assert_eq!(&bound.values["p"], &ScalarValue::List(list));
    }

    #[test]
    fn decimals_are_bound_exactly(unscaled in -(10i128.pow(38) - 1)..10i128.pow(38)) {
        let magnitude = unscaled.unsigned_abs();
        let unit = 10u128.pow(18);
        let sign = if unscaled < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:018}", magnitude / unit, magnitude % unit);
        let query = read("-- param: p decimal\nSELECT $p").unwrap();
        let bound = bind(&query, &[("p".to_owned(), text)], &calendar()).unwrap();
        prop_assert_eq!(&bound.values["p"], &ScalarValue::Decimal128(Some(unscaled), 38, 18));
    }

    #[test]
    fn arbitrary_values_never_panic(text in any::<String>(), kind in prop::sample::select(ParamKind::ALL.to_vec())) {
        let query = read(&format!("-- param: p {kind}?\nSELECT $p")).unwrap();
        let _ = bind(&query, &[("p".to_owned(), text)], &calendar());
    }
}
