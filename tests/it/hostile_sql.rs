//! Statements that would hang, abort or eat the machine end in an error within the limits.

use super::project::{Project, charges};

fn project() -> Project {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0; 3000]));
    project
}

#[test]
fn amplifying_functions_are_stopped_before_they_build() {
    let project = project();
    for sql in [
        "select repeat('x', 2000000000)",
        "select lpad('x', 2000000000)",
        "select generate_series(1, 100000000)",
        "select repeat(repeat('x', 60000000), 1000)",
        "select count(repeat(ServiceName, 1000000)) from spend",
    ] {
        let error = project.run(&["--memory-limit", "512MiB", "-c", sql]).refused(6);
        assert!(error.contains("would build"), "{sql}: {error}");
    }
}

#[test]
fn statements_too_large_to_plan_are_refused() {
    let project = project();
    let additions = format!("select 1{}", "+1".repeat(20_000));
    let joins = format!("select 1 from spend a{}", " cross join spend b".repeat(400));
    for sql in [additions, joins] {
        let _error = project.run(&["-c", &sql]).refused(6);
    }
}

#[test]
fn a_timeout_holds_for_work_that_does_not_yield() {
    let project = project();
    let sql = "select count(*) from spend a join spend b on a.EffectiveCost <> b.EffectiveCost + 1 \
               join spend c on a.BilledCost <> c.BilledCost + 2 where a.ListCost + b.ListCost + c.ListCost > 99";
    let error = project.run(&["--timeout", "1s", "-c", sql]).refused(6);
    assert!(error.contains("longer than it may"), "{error}");
}

#[test]
fn memory_and_scan_limits_hold() {
    let project = project();
    let hungry = "select array_agg(a.ServiceName || b.BillingAccountId) from spend a cross join spend b";
    let error = project.run(&["--memory-limit", "32MiB", "-c", hungry]).refused(6);
    assert!(error.contains("memory"), "{error}");
    let error = project.run(&["--max-scan", "1KiB", "-c", "select sum(BilledCost) from spend"]).refused(6);
    assert!(error.contains("--max-scan"), "{error}");
}

#[test]
fn sql_only_reads_and_only_configured_sources() {
    let project = project();
    let target = project.path().join("stolen.csv");
    for sql in [
        &format!("copy (select 1) to '{}'", target.display()),
        "create external table x stored as csv location '/etc/passwd'",
        "select * from '/etc/passwd'",
        "select * from 'charges/a.parquet'",
        "insert into spend select * from spend",
        "set datafusion.execution.batch_size = 1",
    ] {
        let error = project.run(&["-c", sql]).refused(2);
        assert!(error.contains("refused") && error.contains("hint:"), "{sql}: {error}");
    }
    assert!(!target.exists());
}
