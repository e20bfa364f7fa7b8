use super::{assert_refused, read};

#[test]
fn wrong_directives_are_refused_where_they_stand() {
    for (header, message, place, hint) in [
        ("-- ownr: me", "`ownr` is not a directive", "1:4+4", "did you mean `owner`?"),
        ("-- zzz: me", "`zzz` is not a directive", "1:4+3", "directives: name"),
        ("--ownr: me", "`ownr` is not a directive", "1:3+4", "did you mean `owner`?"),
        ("-- Owner: me", "reads like the directive `owner`", "1:4+6", "in lower case"),
        ("-- owner : me", "reads like the directive `owner`", "1:4+7", "`-- owner: ...`"),
        ("-- description: a\n--   check: b", "reads like the directive `check`", "2:6+6", "one space"),
        ("-- owner: me\n-- owner: you", "`owner` is given twice", "2:4+5", "keep one"),
        ("-- owner:", "`owner` has no value", "1:4+5", "`-- owner: ...`"),
        ("-- tags: a b, c", "separated by commas", "1:10+6", "finance, quarterly"),
        ("-- tags: a,", "separated by commas", "1:10+2", "finance, quarterly"),
        ("-- format: a b", "expected one word", "1:12+3", "-- format: csv"),
        ("-- timeout: soon", "`soon` is not a duration", "1:13+4", "10m"),
        ("-- max_scan: lots", "`lots` is not a size", "1:14+4", "512MiB"),
        ("-- freshness: billing", "needs an age", "1:15+7", "warn=30h"),
        ("-- freshness: warn=48h error=30h", "fail before it warns", "1:15+18", "warn=30h"),
        ("-- freshness: warm=48h", "unknown key `warm`", "1:15+4", "did you mean `warn`?"),
        ("-- freshness: warn=soon", "`soon` is not a duration", "1:20+4", ""),
        ("-- chart: pie x=a y=b", "`pie` is not a kind of chart", "1:11+3", "charts: line"),
        ("-- chart: lien x=a y=b", "`lien` is not a kind of chart", "1:11+4", "did you mean `line`?"),
        ("-- chart: bar x=a", "the chart has no `y`", "1:11+7", "x=team y=cost"),
        ("-- chart: bar y=a", "the chart has no `x`", "1:11+7", "x=team y=cost"),
        ("-- chart: fan x=a y=b low=c", "the chart has no `high`", "1:11+17", ""),
        ("-- chart: bar x=a y=b x=c", "`x` is given twice", "1:23+1", "keep one"),
        ("-- chart: bar x=a y=b serie=c", "unknown key `serie`", "1:23+5", "did you mean `series`?"),
        ("-- chart: bar x=a y=b, c", "expected `c=value`", "1:24+1", ""),
        ("-- chart: bar x=a-b y=b", "`a-b` is not a column", "1:17+3", ""),
        ("-- chart: bar x=a y=b\n--   title='no end", "does not end", "2:12+7", ""),
        ("-- materialize: interval=month", "`month` is not an interval", "1:26+5", "month(column)"),
        ("-- materialize: interval=moth(a)", "`moth` is not a grain", "1:26+7", "did you mean `month`?"),
        ("-- materialize: lookback=2", "need an `interval`", "1:17+10", "interval=month(column)"),
        ("-- materialize: interval=day(a) lookback=-1", "`-1` is not a number", "1:42+2", "lookback=2"),
        ("-- materialize: interval=day(a) from=2024-Q1", "`2024-Q1` is not a month or a day", "1:38+7", "2024-01"),
        ("-- materialize: table=My_T", "`My_T` cannot name a table", "1:23+4", "lower-case"),
        ("-- materialize: format=csv", "`csv` is not a table format", "1:24+3", "`delta`"),
        ("-- materialize: partition_by=a,", "is not a column", "1:30+2", "partition_by=a,b"),
        ("-- materialize: month", "expected `month=value`", "1:17+5", "interval=month(period)"),
    ] {
        assert_refused(&format!("{header}\nSELECT 1"), message, place, hint);
    }
}

#[test]
fn prose_is_what_is_no_directive() {
    for (header, description) in [
        ("-- Note: capital letters are prose", "Note: capital letters are prose"),
        ("-- see https://example.com", "see https://example.com"),
        ("-- https://example.com", "https://example.com"),
        ("-- a line\n-- and the next\n--\n-- another", "a line and the next\n\nanother"),
        ("-- description: What.\n--\n--   indented prose after a gap", "What.\n\n  indented prose after a gap"),
        (
            "-- description: What.\n--\n-- Two\n-- steps\n--   one  first\n--     of all\n-- and done.\n--\n-- End.",
            "What.\n\nTwo steps\n  one  first\n    of all\nand done.\n\nEnd.",
        ),
        ("-- description:\n--   on the next line", "on the next line"),
        ("--\tdescription: tab", "reads like"),
    ] {
        match read(&format!("{header}\nSELECT 1")) {
            Ok(query) => assert_eq!(query.description, description),
            Err(error) => assert!(error.message().contains(description), "{header}: {error}"),
        }
    }
}

#[test]
fn a_summary_table_needs_no_interval() {
    let table = read("-- materialize:\nSELECT 1").unwrap().materialize.unwrap();
    assert_eq!((table.interval, table.lookback, table.from), (None, 0, None));
}

#[test]
fn a_directive_below_the_sql_is_refused() {
    assert_refused(
        "/* license */\n-- check: row_count > 0\nSELECT 1",
        "below the first line of SQL",
        "2:1+23",
        "move it above",
    );
}
