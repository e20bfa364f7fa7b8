use super::super::{DefaultValue, ParamKind, Relative};
use super::{assert_refused, read};
use crate::units::Grain;

/// Reads one declaration of a parameter named `p`, which the SQL uses as `$p`.
fn param(declaration: &str) -> super::super::Param {
    read(&format!("-- param: p {declaration}\nSELECT $p")).unwrap().params.remove(0)
}

#[test]
fn declarations_are_read() {
    let grain = param("text = month in (day, month)  \"row granularity\"");
    assert_eq!(grain.default, Some(DefaultValue::Literal("month".into())));
    assert_eq!((grain.allowed.join(" "), grain.help.as_deref()), ("day month".into(), Some("row granularity")));
    for (declaration, type_name) in [
        ("text", "text"),
        ("int?", "int?"),
        ("text[]", "text[]"),
        ("decimal[]? = null", "decimal[]?"),
        ("timestamp = today", "timestamp"),
        ("period", "period"),
        ("week", "week"),
        ("text \"help\"", "text"),
        ("text in (in, out)", "text"),
    ] {
        assert_eq!(param(declaration).type_name(), type_name, "{declaration}");
    }
}

#[test]
fn defaults_are_read() {
    let literal = |text: &str| DefaultValue::Literal(text.into());
    let list = |texts: &[&str]| DefaultValue::List(texts.iter().map(|text| (*text).to_owned()).collect());
    for (declaration, default) in [
        ("text = all teams in (all teams)", literal("all teams")),
        ("text = all in one \"help\"", literal("all in one")),
        ("text = 'it''s (quoted)'", literal("it's (quoted)")),
        ("text = today", literal("today")),
        ("text? = 'null'", literal("null")),
        ("text? = null", DefaultValue::Null),
        ("text = ''", literal("")),
        ("int = -5", literal("-5")),
        ("decimal = 100.00", literal("100.00")),
        ("bool = true", literal("true")),
        ("date = 2026-01-01", literal("2026-01-01")),
        ("quarter = 2026-Q1", literal("2026-Q1")),
        ("period = 2026-01-01..2026-02-01", literal("2026-01-01..2026-02-01")),
        ("text[] = [a, 'b, c']", list(&["a", "b, c"])),
        ("int[] = [ 1 ,2 ]", list(&["1", "2"])),
        ("date[] = []", list(&[])),
        ("text[]? = null", DefaultValue::Null),
        ("date = yesterday", DefaultValue::Relative(Relative::This { grain: Grain::Day, shift: -1 })),
        ("period = last(12mo)", DefaultValue::Relative(Relative::Last { count: 12, grain: Grain::Month })),
        (
            "quarter = shift(this_quarter, -1) \"help\"",
            DefaultValue::Relative(Relative::This { grain: Grain::Quarter, shift: -1 }),
        ),
    ] {
        assert_eq!(param(declaration).default, Some(default), "{declaration}");
    }
}

#[test]
fn a_period_binds_three_placeholders() {
    let query = read("-- param: quarter quarter\nSELECT $quarter, $quarter_start, $quarter_end").unwrap();
    assert_eq!(query.params[0].placeholders(), ["quarter", "quarter_start", "quarter_end"]);
    assert_eq!(query.params[0].kind, ParamKind::Period(Some(Grain::Quarter)));
    assert_eq!((query.params[0].place.line, query.params[0].place.column, query.params[0].place.width), (1, 11, 7));
    assert!(read("-- param: q quarter\nSELECT $q_end").is_ok());
}

#[test]
fn wrong_declarations_are_refused_where_they_go_wrong() {
    for (declaration, message, place, hint) in [
        ("P text", "`P` cannot name a parameter", "1:11+1", "lower-case"),
        ("$p text", "expected the name of the parameter", "1:11+2", ""),
        ("p", "expected the type", "1:12+0", "types: text"),
        ("p txt", "`txt` is not a type", "1:13+3", "did you mean `text`?"),
        ("p bool[]", "there are no arrays of bool", "1:13+4", "text, int, decimal or date"),
        ("p text?[]", "unexpected `[]`", "1:18+2", "the form is"),
        ("p text =", "expected a default", "1:19+0", ""),
        ("p text = null", "does not take null", "1:20+4", "`text?`"),
        ("p int = five", "`five` is not an int", "1:19+4", "42"),
        ("p decimal = 1,000", "`1,000` is not a decimal", "1:23+5", "thousands"),
        ("p date = 2026-02-30", "`2026-02-30` is not a date", "1:20+10", "2026-07-01"),
        ("p date = this_month", "`this_month` is not a date", "1:20+10", "`month` or `period`"),
        ("p month = this_quarter", "`this_quarter` is not a month", "1:21+12", "`quarter` or `period`"),
        ("p month = last(3mo)", "`last(3mo)` is not a month", "1:21+9", "`period`"),
        ("p month = last_ful_month", "`last_ful_month` is not", "1:21+14", "did you mean `last_full_month`"),
        ("p quarter = 2026-Q5", "`2026-Q5` is not a quarter", "1:23+7", "2026-Q3"),
        ("p text[] = a, b", "a list", "1:22+4", "`[a, b]`"),
        ("p int[] = [1, x]", "`x` is not an int", "1:25+1", ""),
        ("p text[] = [a", "expected `,` or `]`", "1:24+0", ""),
        ("p text in ()", "expected a value", "1:23+0", ""),
        ("p text in a, b", "expected `(`", "1:21+2", ""),
        ("p int in (1, b)", "`b` is not an int", "1:24+1", ""),
        ("p text = c in (a, b)", "`c` is not allowed", "1:11+1", "allowed: a, b"),
        ("p text \"help", "does not end", "1:18+5", ""),
        ("p text \"help\" more", "unexpected `more`", "1:25+4", "the form is"),
    ] {
        assert_refused(&format!("-- param: {declaration}\nSELECT $p"), message, place, hint);
    }
}

#[test]
fn placeholders_and_declarations_must_agree() {
    for (text, message, place, hint) in [
        ("SELECT $team", "`$team` is not declared", "1:8+5", "`-- param: team text`"),
        ("-- param: team text\nSELECT\n  $taem, $team", "`$taem` is not declared", "3:3+5", "did you mean `$team`?"),
        ("-- param: q quarter\nSELECT $q_stat", "`$q_stat`", "2:8+7", "did you mean `$q_start`"),
        ("-- param: team text\nSELECT 1", "`team` is not used", "1:11+4", "use `$team`"),
        ("-- param: team text\nSELECT '$team' -- $team", "`team` is not used", "1:11+4", ""),
        ("-- param: p text\n-- param: p int\nSELECT $p", "`$p` is declared twice", "2:11+1", "line 1"),
        (
            "-- param: q_end date\n-- param: q month\nSELECT $q_end",
            "`$q_end` is declared twice",
            "2:11+1",
            "`q_end` on line 1",
        ),
        ("SELECT $1", "`$1` is not a named parameter", "1:8+2", "`$name`"),
        ("SELECT * FROM t WHERE a = :name", "`:name` is not a named parameter", "1:27+5", "`$name`"),
        ("SELECT * FROM t WHERE a = ?", "", "1:27+1", "`$name`"),
        (
            "-- param: teams text[]\nSELECT * FROM t\nWHERE a NOT IN ('x', $teams)",
            "`$teams` is a list",
            "3:22+6",
            "write `= ANY($teams)`",
        ),
    ] {
        assert_refused(text, message, place, hint);
    }
    assert!(read("-- param: teams text[]\nSELECT * FROM t WHERE a = ANY($teams)").is_ok());
    assert!(read("-- param: team text\nSELECT * FROM t WHERE a IN ($team, 'x')").is_ok());
}
