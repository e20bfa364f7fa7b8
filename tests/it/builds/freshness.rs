//! Data that come too late.

use std::time::{Duration, UNIX_EPOCH};

use super::{BY_MONTH, project};

#[test]
fn old_data_warn_and_then_fail() {
    let project = project();
    let asking =
        |freshness: &str| project.write("queries/months.sql", format!("-- freshness: {freshness}\n{BY_MONTH}"));
    asking("warn=1d");
    let _fresh = project.run(&["build", "by_month"]).ok();
    for month in ["2026-01", "2026-02", "2026-03"] {
        let file = project.path().join(format!("charges/{month}.parquet"));
        let written = UNIX_EPOCH + Duration::from_secs(1_775_000_000);
        std::fs::File::options().write(true).open(file).unwrap().set_modified(written).unwrap();
    }
    let warned = project.run(&["build", "by_month"]);
    assert!(warned.stderr.contains("warning: source charges: the newest object is "), "{}", warned.stderr);
    let _built = warned.ok();
    let _run = project.run(&["run", "months", "-p", "interval=2026-01"]).ok();
    assert!(project.run(&["status", "by_month"]).ok().contains("by_month,months,fresh"));

    asking("charges warn=1d error=2d");
    for args in [vec!["build", "by_month"], vec!["run", "months", "-p", "interval=2026-01"], vec!["status", "by_month"]]
    {
        let refused = project.run(&args);
        assert_eq!(refused.code, 4, "{args:?}: {}", refused.stderr);
        assert!(refused.stderr.contains("and 48 hours are allowed"), "{}", refused.stderr);
    }
    assert_eq!(project.sql("select outcome from runs order by started desc limit 1"), "outcome\nfailed\n");
    asking("billing warn=1d");
    let refused = project.run(&["build", "by_month"]).refused(2);
    assert!(refused.contains("reads no `billing`") && refused.contains("it reads source charges"), "{refused}");
}
