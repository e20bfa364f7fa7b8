use datafusion::common::ScalarValue;

use super::super::{Bound, Calendar, bind};
use super::{calendar, read};
use crate::error::Error;
use crate::units::FiscalCalendar;

/// Binds `given` to the parameters declared by `declarations`, one a line, under a SELECT that uses all of them.
fn bind_to(declarations: &str, given: &[(&str, &str)]) -> Result<Bound, Error> {
    let params: String = declarations.lines().map(|line| format!("-- param: {line}\n")).collect();
    let used: Vec<String> =
        declarations.lines().filter_map(|line| line.split(' ').next()).map(|name| format!("${name}")).collect();
    let query = read(&format!("{params}SELECT {}", used.join(", "))).unwrap();
    let given: Vec<(String, String)> =
        given.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
    bind(&query, &given, &calendar())
}

/// The one value bound to `p`, declared as `declaration`.
fn value(declaration: &str, text: &str) -> ScalarValue {
    bind_to(&format!("p {declaration}"), &[("p", text)]).unwrap().values["p"].clone()
}

fn decimal(unscaled: i128) -> ScalarValue {
    ScalarValue::Decimal128(Some(unscaled), 38, 18)
}

fn micros(text: &str) -> ScalarValue {
    let instant: chrono::DateTime<chrono::Utc> = text.parse().unwrap();
    ScalarValue::TimestampMicrosecond(Some(instant.timestamp_micros()), None)
}

fn utf8(text: &str) -> ScalarValue {
    ScalarValue::Utf8(Some(text.to_owned()))
}

#[test]
fn every_type_binds() {
    let unit = 10i128.pow(18);
    for (declaration, text, expected) in [
        ("text", " it's; DROP TABLE t -- ", utf8(" it's; DROP TABLE t -- ")),
        ("text", "", utf8("")),
        ("text", "null", utf8("null")),
        ("int", "-9223372036854775808", ScalarValue::Int64(Some(i64::MIN))),
        ("int", " 42 ", ScalarValue::Int64(Some(42))),
        ("decimal", "100.00", decimal(100 * unit)),
        ("decimal", "-0.000000000000000001", decimal(-1)),
        ("decimal", "+.5", decimal(unit / 2)),
        ("decimal", "99999999999999999999.999999999999999999", decimal(10i128.pow(38) - 1)),
        ("decimal", "0", decimal(0)),
        ("float", "1e-6", ScalarValue::Float64(Some(1e-6))),
        ("bool", "false", ScalarValue::Boolean(Some(false))),
        ("date", "1970-01-02", ScalarValue::Date32(Some(1))),
        ("date", "yesterday", ScalarValue::Date32(Some(20_636))),
        ("timestamp", "2026-07-01", micros("2026-07-01T00:00:00Z")),
        ("timestamp", "2026-07-01 09:30", micros("2026-07-01T09:30:00Z")),
        ("timestamp", "2026-07-01T09:30:00.123456Z", micros("2026-07-01T09:30:00.123456Z")),
        ("timestamp", "2026-07-01T09:30:00+02:00", micros("2026-07-01T07:30:00Z")),
        ("timestamp", "today", micros("2026-07-03T00:00:00Z")),
        ("quarter", "2026-Q3", utf8("2026-Q3")),
        ("week", "2026-W27", utf8("2026-W27")),
        ("year", "2026", utf8("2026")),
        ("month", "last_full_month", utf8("2026-06")),
        ("period", "2026-01-01..2026-04-01", utf8("2026-01-01..2026-04-01")),
        ("period", "2026-Q1", utf8("2026-Q1")),
        ("period", "2026", utf8("2026")),
        ("period", "2026-07-01", utf8("2026-07-01")),
        ("period", "last(2q)", utf8("2026-01-01..2026-07-01")),
    ] {
        assert_eq!(value(declaration, text), expected, "{declaration} {text}");
    }
}

#[test]
fn nullable_parameters_take_null() {
    for (declaration, text, expected) in [
        ("text?", "null", ScalarValue::Utf8(None)),
        ("text?", "", utf8("")),
        ("int?", "null", ScalarValue::Int64(None)),
        ("int?", "", ScalarValue::Int64(None)),
        ("decimal?", "null", ScalarValue::Decimal128(None, 38, 18)),
        ("float?", "", ScalarValue::Float64(None)),
        ("bool?", "null", ScalarValue::Boolean(None)),
        ("date?", "null", ScalarValue::Date32(None)),
        ("timestamp?", "null", ScalarValue::TimestampMicrosecond(None, None)),
        ("quarter?", "null", ScalarValue::Utf8(None)),
        ("text[]?", "null", ScalarValue::new_null_list(arrow::datatypes::DataType::Utf8, true, 1)),
    ] {
        assert_eq!(value(declaration, text), expected, "{declaration} {text}");
    }
    let bound = bind_to("q quarter? = null\nt text[]? = null", &[]).unwrap();
    assert_eq!(
        (&bound.values["q_start"], &bound.values["q_end"]),
        (&ScalarValue::Date32(None), &ScalarValue::Date32(None))
    );
    assert_eq!(bound.shown, [("q".into(), "null".into()), ("t".into(), "null".into())]);
}

#[test]
fn periods_bind_their_edges_and_echo_them() {
    let bound = bind_to("quarter quarter = last_full_quarter\nn int = 3\nday date = today", &[]).unwrap();
    assert_eq!(bound.values["quarter"], utf8("2026-Q2"));
    let date =
        |text: &str| ScalarValue::Date32(Some(arrow::datatypes::Date32Type::from_naive_date(text.parse().unwrap())));
    assert_eq!(
        (&bound.values["quarter_start"], &bound.values["quarter_end"]),
        (&date("2026-04-01"), &date("2026-07-01"))
    );
    let shown: Vec<String> = bound.shown.iter().map(|(name, value)| format!("{name}={value}")).collect();
    assert_eq!(shown, ["quarter=2026-Q2 [2026-04-01,2026-07-01)", "n=3", "day=2026-07-03"]);
    assert_eq!(bound.values.len(), 5);
}

#[test]
fn quarters_follow_the_fiscal_calendar() {
    let query = read("-- param: q quarter\nSELECT $q_start").unwrap();
    let fiscal = Calendar { fiscal: FiscalCalendar::starting_in(2).unwrap(), ..calendar() };
    let bound = bind(&query, &[("q".into(), "2027-Q1".into())], &fiscal).unwrap();
    assert_eq!(bound.shown[0].1, "2027-Q1 [2026-02-01,2026-05-01)");
}

#[test]
fn arrays_bind_as_lists() {
    let list = |values: &[ScalarValue]| {
        let element = values.first().map_or(arrow::datatypes::DataType::Utf8, ScalarValue::data_type);
        ScalarValue::List(ScalarValue::new_list_nullable(values, &element))
    };
    assert_eq!(value("text[]", r"a,b\,c,\\d,\e"), list(&[utf8("a"), utf8("b,c"), utf8(r"\d"), utf8(r"\e")]));
    assert_eq!(value("text[]", "a, b"), list(&[utf8("a"), utf8(" b")]));
    assert_eq!(value("text[]", ""), list(&[]));
    assert_eq!(value("int[]", "1, 2"), list(&[ScalarValue::Int64(Some(1)), ScalarValue::Int64(Some(2))]));
    assert_eq!(value("decimal[]", "0.5"), list(&[decimal(5 * 10i128.pow(17))]));
    assert_eq!(value("date[]", "1970-01-01"), list(&[ScalarValue::Date32(Some(0))]));
    let bound = bind_to("p text[] = [x]", &[("p", "a,b"), ("p", "c")]).unwrap();
    assert_eq!(bound.values["p"], list(&[utf8("a"), utf8("b"), utf8("c")]));
    assert_eq!(bound.shown[0].1, "[a, b, c]");
    assert_eq!(bind_to("p text[] = [x, y]", &[]).unwrap().values["p"], list(&[utf8("x"), utf8("y")]));
}

#[test]
fn allowed_values_compare_by_meaning() {
    assert_eq!(value("decimal in (1, 2.50)", "2.5"), decimal(25 * 10i128.pow(17)));
    assert_eq!(value("text in (day, month)", "day"), utf8("day"));
    assert!(bind_to("p text[] in (a, b)", &[("p", "a,c")]).is_err());
}

#[test]
fn what_does_not_fit_is_refused() {
    for (declaration, text, message, hint) in [
        ("int", "5.0", "parameter `p`: `5.0` is not an int", "42"),
        ("int", "9223372036854775808", "is not an int", ""),
        ("int", "", "`` is not an int", ""),
        ("int", "null", "`null` is not an int", ""),
        ("decimal", "0.0000000000000000001", "is not a decimal", "18 digits after"),
        ("decimal", "100000000000000000000", "is not a decimal", "20 digits before"),
        ("decimal", "1e3", "is not a decimal", "no exponent"),
        ("decimal", "1,000.00", "is not a decimal", "thousands"),
        ("decimal", ".", "is not a decimal", ""),
        ("decimal", "--1", "is not a decimal", ""),
        ("float", "NaN", "`NaN` is not a float", "finite"),
        ("float", "1e999", "is not a float", "finite"),
        ("bool", "yes", "`yes` is not a bool", "true"),
        ("date", "2026-7-1", "is not a date", "2026-07-01"),
        ("date", "this_month", "`this_month` is not a date", "period"),
        ("date", "tody", "`tody` is not a date or period", "did you mean `today`"),
        ("timestamp", "2026-07-01T25:00", "is not a timestamp", "UTC"),
        ("timestamp", "2026-07-01T10:00:00.1234567", "is not a timestamp", "six digits"),
        ("timestamp", "2026-07-01T10:00:60", "is not a timestamp", ""),
        ("timestamp", "2026-07-01T10:00:00+99:00", "is not a timestamp", ""),
        ("quarter", "2026-13", "`2026-13` is not a quarter", "2026-Q3"),
        ("quarter", "5", "`5` is not a quarter", "2026-Q3"),
        ("quarter", "2026-07", "`2026-07` is not a quarter", "2026-Q3"),
        ("month", "2026-13", "`2026-13` is not a month", "2026-07"),
        ("year", "26", "`26` is not a year", "2026"),
        ("week", "2026-W60", "is not a week", "2026-W27"),
        ("period", "2026-13", "`2026-13` is not a period", "exclusive"),
        ("period", "2026-04-01..2026-04-01", "is empty", "exclusive"),
        ("period", "2026-04..2026-05", "is not a date", ""),
        ("int[]", "1,x", "`x` is not an int", ""),
        ("text in (day, month)", "dya", "`dya` is not allowed for `p`", "allowed: day, month"),
    ] {
        let error = bind_to(&format!("p {declaration}"), &[("p", text)]).expect_err(declaration);
        assert!(error.message().contains(message), "{declaration} {text}: {}", error.message());
        assert!(error.hints().join(" / ").contains(hint), "{declaration} {text}: {:?}", error.hints());
        assert_eq!(error.place().map(ToString::to_string).as_deref(), Some("q.sql:1:11"));
    }
}

#[test]
fn names_are_checked_before_values() {
    type Given = &'static [(&'static str, &'static str)];
    let cases: [(&str, Given, &str, &str); 8] = [
        ("team text", &[("taem", "x")], "`q` has no parameter `taem`", "did you mean `team`?"),
        ("team text", &[("zzz", "x")], "`q` has no parameter `zzz`", "parameters: team"),
        ("q quarter", &[("q_start", "2026-01-01")], "no parameter `q_start`", "give `q`: it sets `q_start`"),
        ("p int", &[("p", "1"), ("p", "2")], "`p` is given twice", "an int and takes one value"),
        ("p int\nr text \"the team\"", &[], "`q` needs a value for `p`, `r`", "give `r` (text): the team"),
        ("p int?", &[], "`q` needs a value for `p`", "give `p` (int?)"),
        ("p text[]?", &[("p", "a"), ("p", "null")], "`null` cannot be given next to values", "alone"),
        ("p int = 1", &[("p", "x")], "`x` is not an int", ""),
    ];
    for (declarations, given, message, hint) in cases {
        let error = bind_to(declarations, given).expect_err(declarations);
        assert!(error.message().contains(message), "{declarations}: {}", error.message());
        assert!(error.hints().join(" / ").contains(hint), "{declarations}: {:?}", error.hints());
    }
}
