use std::time::Duration;

use super::super::{ChartKind, Freshness, Interval, TableFormat};
use super::{assert_refused, read};
use crate::units::{ByteSize, Grain};

const FULL: &str = "\
-- name: q
-- description: Cost of one successful outcome by team,
--   shared cost included.
-- owner: finops
-- Prose that explains. It may hold
-- a URL: https://example.com
--
-- Second paragraph.
-- tags: finance, quarterly
-- param: quarter quarter = last_full_quarter \"fiscal quarter to report\"
-- check: unique(period, team)
-- check: cost >= 0 warn
-- chart: bar x=team y=cost,billed series=vendor title=\"Cost by team\"
-- materialize: interval=month(period) lookback=2 from=2024-01 table=t partition_by=a,b format=delta
-- format: csv
-- freshness: billing warn=30h error=48h
-- timeout: 10m
-- max_scan: 50GiB
-- depends: outcomes
-- schedule: 0 6 2 * *

SELECT 1 AS cost
WHERE $quarter_start < $quarter_end; -- done
";

#[test]
fn every_directive_is_read() {
    let query = read(FULL).unwrap();
    assert_eq!(query.name, "q");
    assert_eq!(query.summary(), "Cost of one successful outcome by team, shared cost included.");
    assert_eq!(
        query.description.split("\n\n").collect::<Vec<_>>()[1..],
        ["Prose that explains. It may hold a URL: https://example.com", "Second paragraph."]
    );
    assert_eq!((query.owner.as_deref(), query.format.as_deref()), (Some("finops"), Some("csv")));
    assert_eq!((query.tags.join(" "), query.depends.join(" ")), ("finance quarterly".into(), "outcomes".into()));
    assert_eq!(query.schedule.as_deref(), Some("0 6 2 * *"));
    assert_eq!((query.timeout, query.max_scan), (Some(Duration::from_secs(600)), Some(ByteSize(50 << 30))));
    assert_eq!((query.params.len(), query.checks.len()), (1, 2));
    assert!(query.runs_without_values());
}

#[test]
fn directives_of_pairs_become_types() {
    let query = read(FULL).unwrap();
    let hours = |hours: u64| Some(Duration::from_secs(hours * 3_600));
    let billing = Freshness { source: Some("billing".into()), warn: hours(30), error: hours(48) };
    assert_eq!(query.freshness, Some(billing));
    let chart = &query.charts[0];
    assert_eq!((chart.kind, chart.x.as_str(), chart.y.join(" ")), (ChartKind::Bar, "team", "cost billed".into()));
    assert_eq!((chart.series.join(" ").as_str(), chart.title.as_deref()), ("vendor", Some("Cost by team")));
    let table = query.materialize.unwrap();
    assert_eq!(table.interval, Some(Interval { grain: Grain::Month, column: "period".into() }));
    assert_eq!((table.lookback, table.from), (2, "2024-01-01".parse().ok()));
    assert_eq!((table.table.as_deref(), table.partition_by.join(" ")), (Some("t"), "a b".into()));
    assert_eq!(table.format, Some(TableFormat::Delta));
}

#[test]
fn the_body_is_the_query_alone() {
    let query = read(FULL).unwrap();
    assert_eq!(query.body, "SELECT 1 AS cost\nWHERE $quarter_start < $quarter_end");
    assert_eq!((query.body_line, query.text.as_str()), (22, FULL));
    let place = query.place_in_body(2, 7, 14);
    assert_eq!((place.line, place.column), (23, 7));
    assert_eq!(query.place_of("no such column at Line: 2, Column: 7"), Some(query.place_in_body(2, 7, 1)));
    assert_eq!(query.place_of("no such column"), None);
}

#[test]
fn the_hash_is_that_of_the_query_alone() {
    let hash = |text: &str| read(text).unwrap().sql_sha256;
    assert_eq!(hash("SELECT 1"), hash("\u{feff}-- owner: me\r\nSELECT 1;\r\n-- end\r\n"));
    assert_ne!(hash("SELECT 1"), hash("SELECT 2"));
    assert_eq!(hash("SELECT 1"), "e004ebd5b5532a4b85984a62f8ad48a81aa3460c1ca07701f386135d72cdecf5");
}

#[test]
fn the_name_comes_from_the_file_or_from_the_directive() {
    let name = |path: &str, text: &str| super::SavedQuery::from_text(path, text).map(|query| query.name);
    assert_eq!(name("queries/finance/cost.sql", "SELECT 1").unwrap(), "cost");
    assert_eq!(name("-c", "SELECT 1").unwrap(), "-c");
    assert_eq!(name("-c", "-- name: cost\nSELECT 1").unwrap(), "cost");
    assert_refused("-- name: other\nSELECT 1", "`other` is not that of the file, `q`", "1:10+5", "rename the file");
}

#[test]
fn what_is_a_query_is_accepted() {
    for body in [
        "SELECT 1",
        "with a as (select 1 as n) select n from a",
        "(SELECT 1) UNION ALL SELECT 2",
        "SELECT 'a;b', $$x$$, \"--q\" FROM t",
        ";SELECT 1;;",
        "/* license */ SELECT a['k'], b -> 'c' FROM t -- tail",
        "SELECT 1\n  -- check: indented comments are comments\nFROM t",
        "VALUES (1), (2)",
    ] {
        assert!(read(body).is_ok(), "{body}: {:?}", read(body).err());
    }
}

#[test]
fn what_is_no_query_is_refused_where_it_goes_wrong() {
    for (text, message, place, hint) in [
        ("", "there is no statement", "1:1+0", "write one SELECT"),
        ("-- owner: me\n", "there is no statement", "1:1+0", "write one SELECT"),
        ("-- owner: me\n;;", "there is no statement", "2:3+0", "write one SELECT"),
        ("-- owner: me\nSELECT 1;\n SELECT 2", "second statement", "3:2+6", "one SELECT"),
        ("SELECT 1 FROM t u v", "found v", "1:19+1", ""),
        ("SELECT 1\nFROM", "expected identifier, found EOF", "2:5+0", ""),
        ("-- owner: me\n\nSELECT ü FROM\n  ü WHERE ü + )", "found )", "4:15+1", ""),
        ("SELECT 1 /*\n", "multi-line comment", "1:12+0", ""),
        ("SELECT 'abc", "nterminated string literal", "1:8+1", ""),
        ("DROP TABLE t", "expected a query, found DROP", "1:1+4", "only reads"),
        ("COPY t TO 'x'", "expected a query, found COPY", "1:1+4", "only reads"),
        ("EXPLAIN SELECT 1", "expected a query, found EXPLAIN", "1:1+7", "only reads"),
        ("INSERT INTO t SELECT 1", "expected a query, found INSERT", "1:1+6", "only reads"),
        ("CREATE EXTERNAL TABLE t STORED AS CSV LOCATION 'x'", "expected a query", "1:1+6", "only reads"),
        ("SELECT 1 INTO t", "the query writes", "1:10+4", "only reads"),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT 1", "the query writes", "1:22+6", "only reads"),
    ] {
        assert_refused(text, message, place, hint);
    }
}

#[test]
fn deep_nesting_is_refused() {
    let text = format!("SELECT {}1{}", "(".repeat(5_000), ")".repeat(5_000));
    assert_refused(&text, "recursion limit", "1:1+6", "nest less");
}

#[test]
fn long_chains_are_read_and_longer_ones_refused() {
    for (start, link) in [("1", " + 1"), ("SELECT 1", " UNION ALL SELECT 1"), ("1", "::int"), ("a", "['b']")] {
        let chain = |tokens: usize| format!("SELECT * FROM (SELECT {start}{})", link.repeat(tokens / 3));
        if let Err(error) = read(&chain(19_000)) {
            assert!(error.place().is_some(), "{error}");
        }
        assert_refused(&chain(600_000), "too long", "1:1+6", "table");
    }
    let check = format!("-- check: 1{} > 0\nSELECT 1", " + 1".repeat(100_000));
    assert_refused(&check, "too long", "1:11+1", "table");
}
