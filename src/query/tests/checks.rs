use super::super::{AcceptedValue, CheckKind, Comparison, Severity};
use super::{assert_refused, read};

fn check(text: &str) -> super::super::Check {
    read(&format!("-- check: {text}\nSELECT 1")).unwrap().checks.remove(0)
}

#[test]
fn checks_are_read() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    for (text, kind) in [
        ("unique(period, team)", CheckKind::Unique(names(&["period", "team"]))),
        ("unique( \"My, Col\" )", CheckKind::Unique(names(&["\"My, Col\""]))),
        ("not_null(team)", CheckKind::NotNull(names(&["team"]))),
        (
            "accepted(grain: day, 'it''s', -1.5, '7')",
            CheckKind::Accepted {
                column: "grain".into(),
                values: vec![
                    AcceptedValue::Text("day".into()),
                    AcceptedValue::Text("it's".into()),
                    AcceptedValue::Number("-1.5".into()),
                    AcceptedValue::Text("7".into()),
                ],
            },
        ),
        ("row_count > 0", CheckKind::RowCount { comparison: Comparison::Greater, rows: 0 }),
        ("row_count>=12", CheckKind::RowCount { comparison: Comparison::GreaterOrEqual, rows: 12 }),
        ("row_count != 0", CheckKind::RowCount { comparison: Comparison::NotEqual, rows: 0 }),
        (
            "sum_matches(spend.EffectiveCost, cost, 0.01)",
            CheckKind::SumMatches {
                table: "spend".into(),
                column: "EffectiveCost".into(),
                own_column: "cost".into(),
                tolerance: "0.01".into(),
            },
        ),
        (
            "sum_matches(a.b.c, cost)",
            CheckKind::SumMatches {
                table: "a.b".into(),
                column: "c".into(),
                own_column: "cost".into(),
                tolerance: "0".into(),
            },
        ),
        (
            "sum_matches(\"a.b\".\"c)\", \"my cost\", 1)",
            CheckKind::SumMatches {
                table: "\"a.b\"".into(),
                column: "\"c)\"".into(),
                own_column: "\"my cost\"".into(),
                tolerance: "1".into(),
            },
        ),
        ("sql: SELECT * FROM result WHERE cost < 0;", CheckKind::Sql("SELECT * FROM result WHERE cost < 0".into())),
        ("cost >= 0", CheckKind::Row("cost >= 0".into())),
        ("starts_with(team, 'a') or unique_key > 0", CheckKind::Row("starts_with(team, 'a') or unique_key > 0".into())),
    ] {
        let found = check(text);
        assert_eq!((found.kind, found.severity, found.text.as_str()), (kind, Severity::Error, text));
    }
}

#[test]
fn a_check_knows_its_severity_and_place() {
    let query = read("-- check: not_null(team) warn\n-- check: cost\n--   >= 0   warn\nSELECT 1").unwrap();
    let found: Vec<_> =
        query.checks.iter().map(|check| (check.text.as_str(), check.severity, check.place.line)).collect();
    assert_eq!(found, [("not_null(team)", Severity::Warn, 1), ("cost >= 0", Severity::Warn, 2)]);
    assert_eq!((query.checks[0].place.column, query.checks[0].place.width), (11, 14));
}

#[test]
fn wrong_checks_are_refused_where_they_go_wrong() {
    for (text, message, place, hint) in [
        ("uniqe(a, b)", "`uniqe` is not a check", "1:11+5", "did you mean `unique`?"),
        ("unique()", "expected a column", "1:18+1", "unique(a, b)"),
        ("unique(a b)", "`a b` is not a column", "1:18+3", ""),
        ("unique(a) and b", "unexpected `and b`", "1:21+5", "`warn`"),
        ("not_null(a) wran", "unexpected `wran`", "1:23+4", "`warn`"),
        ("accepted(a)", "expected `:`", "1:21+1", "accepted(column: a, b)"),
        ("accepted(a:)", "expected a value", "1:23+0", "accepted(column: a, b)"),
        ("row_count", "expected a comparison", "1:20+0", "row_count > 0"),
        ("row_count > few", "`few` is not a number of rows", "1:23+3", "row_count > 0"),
        ("row_count > 0 and more", "unexpected `and more`", "1:25+8", "row_count > 0"),
        ("sum_matches(cost, cost)", "`cost` is not a table and its column", "1:23+4", "table.column"),
        ("sum_matches(a.b, c, -1)", "`-1` is not a tolerance", "1:31+2", "0.01"),
        ("sum_matches(a.b)", "expected two columns", "1:27+0", "0.01"),
        ("cost >= 0 wran", "unexpected `wran`", "1:21+4", "ends with `warn`"),
        ("cost >=", "found EOF", "1:18+0", "a check is"),
        ("cost >= $min", "a check takes no parameters", "1:19+4", ""),
        ("sql: DROP TABLE t", "expected a query, found DROP", "1:16+4", "only reads"),
        ("sql: SELECT 1; SELECT 2", "second statement", "1:26+6", ""),
        ("sql: SELECT $a", "a check takes no parameters", "1:23+2", ""),
        ("sql: SELECT ü FRM t u", "expected the end", "1:29+1", ""),
        ("a > 0\n--   and )", "found )", "2:10+1", "a check is"),
    ] {
        assert_refused(&format!("-- check: {text}\nSELECT 1"), message, place, hint);
    }
}

#[test]
fn every_check_is_sql_that_returns_failing_rows() {
    for (text, sql) in [
        ("unique(a, b)", "SELECT a, b, count(*) AS row_count FROM r GROUP BY a, b HAVING count(*) > 1"),
        ("not_null(a, \"B\")", "SELECT * FROM r WHERE a IS NULL OR \"B\" IS NULL"),
        ("accepted(a: x, 'it''s', 1)", "SELECT * FROM r WHERE a NOT IN ('x', 'it''s', 1)"),
        ("row_count > 0", "SELECT count(*) AS row_count FROM r HAVING NOT (count(*) > 0)"),
        ("cost >= 0 warn", "SELECT * FROM r WHERE (\ncost >= 0\n) IS NOT TRUE"),
        (
            "sql: SELECT a FROM result",
            "WITH result AS (SELECT * FROM r) SELECT * FROM (\nSELECT a FROM result\n) AS failing",
        ),
    ] {
        assert_eq!(check(text).failing_rows_sql("r"), sql);
    }
}

/// Which of the checks fail for rows (team, cost) under DataFusion.
#[tokio::test]
async fn failing_rows_are_found() {
    #[expect(clippy::disallowed_methods, reason = "a plain session is what the SQL is tried in")]
    let session = datafusion::prelude::SessionContext::new();
    let rows = "CREATE VIEW \"R s\" AS SELECT column1 AS team, CAST(column2 AS DECIMAL(20, 4)) AS cost \
                FROM (VALUES ('a', 1.5), ('a', 2.5), ('it''s', NULL), (NULL, 0), (NULL, 0))";
    session.sql(rows).await.unwrap();
    for (text, failing) in [
        ("unique(team)", 2),
        ("unique(team, cost)", 1),
        ("not_null(team)", 2),
        ("not_null(team, cost)", 3),
        ("accepted(team: a, 'it''s')", 0),
        ("accepted(team: a)", 1),
        ("accepted(cost: 0, 1.5, 2.5)", 0),
        ("row_count > 4", 0),
        ("row_count > 5", 1),
        ("cost >= 0", 1),
        ("cost >= 0 or cost is null -- why", 0),
        ("cost >= 1", 3),
        ("sum_matches(\"R s\".cost, cost, 0)", 0),
        ("sum_matches(smaller.cost, cost, 1.5)", 0),
        ("sum_matches(smaller.cost, cost, 1.4999)", 1),
        ("sum_matches(none.cost, cost, 3.99)", 1),
        ("sum_matches(none.cost, cost, 4)", 0),
        ("sql: SELECT * FROM result WHERE cost > 2 -- why", 1),
        ("sql: WITH big AS (SELECT * FROM result WHERE cost > 1) SELECT * FROM big;", 2),
    ] {
        let sql = check(text).failing_rows_sql("\"R s\"");
        let views = "CREATE OR REPLACE VIEW smaller AS SELECT * FROM \"R s\" WHERE cost > 2";
        session.sql(views).await.unwrap();
        session.sql("CREATE OR REPLACE VIEW none AS SELECT * FROM \"R s\" WHERE cost > 9").await.unwrap();
        let found = session.sql(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error}")).count().await.unwrap();
        assert_eq!(found, failing, "{sql}");
    }
}
