//! Delivered twice is counted once.

use super::project::{Project, charges};

const AWS: &str = "[sources.aws]\npath = \"e\"\n";

fn run_of(project: &Project, period: &str, run: &str, costs: &[f64], manifest: bool) {
    project.parquet(&format!("e/data/BILLING_PERIOD={period}/{run}/e-00001.parquet"), &charges(period, costs));
    if manifest {
        project.write(
            &format!("e/metadata/BILLING_PERIOD={period}/{run}/e-Manifest.json"),
            format!("{{\"dataFiles\": [\"s3://b/e/data/BILLING_PERIOD={period}/{run}/e-00001.parquet\"]}}"),
        );
    }
}

#[test]
fn the_newest_complete_run_of_a_month_counts() {
    let project = Project::new(AWS);
    run_of(&project, "2026-04", "2026-05-01T00-a", &[10.0], true);
    run_of(&project, "2026-05", "2026-06-01T00-a", &[1.0], true);
    run_of(&project, "2026-05", "2026-06-02T00-b", &[2.0], true);
    run_of(&project, "2026-05", "2026-06-03T00-c", &[4.0], false);
    assert_eq!(project.sql("select sum(BilledCost) as billed from spend"), "billed\n12.00\n");
    let aside = project.run(&["describe", "aws", "--part", "set-aside"]).ok();
    assert!(
        aside.contains("2026-06-01T00-a") && aside.contains("superseded by the newer run `2026-06-02T00-b`"),
        "{aside}"
    );
    assert!(aside.contains("2026-06-03T00-c") && aside.contains("unfinished"), "{aside}");
}

#[test]
fn a_manifest_that_names_a_missing_file_stops_the_query() {
    let project = Project::new(AWS);
    run_of(&project, "2026-05", "2026-06-01T00-a", &[1.0], true);
    project.write(
        "e/metadata/BILLING_PERIOD=2026-05/2026-06-01T00-a/e-Manifest.json",
        "{\"dataFiles\": [\"e-00001.parquet\", \"e-00002.parquet\"]}",
    );
    let error = project.run(&["-c", "select sum(BilledCost) from spend"]).refused(1);
    for part in ["e-00002.parquet", "e-Manifest.json", "source: aws", "hint:"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_copy_delivered_by_hand_counts_once() {
    let project = Project::with_charges();
    project.parquet("charges/may.parquet", &charges("2026-05", &[1.0, 2.0]));
    project.parquet("charges/may (1).parquet", &charges("2026-05", &[1.0, 2.0]));
    project.parquet("charges/june.parquet", &charges("2026-06", &[1.0, 2.0]));
    assert_eq!(project.sql("select sum(BilledCost) as billed from spend"), "billed\n6.00\n");
    let aside = project.run(&["describe", "charges", "--part", "set-aside"]).ok();
    assert!(aside.contains("may.parquet") && aside.contains("the same bytes as"), "{aside}");
}

#[test]
fn azure_runs_replace_each_other() {
    let project = Project::new("[sources.azure]\npath = \"z\"\n");
    for (run, cost) in [("202605151200/g1", 1.0), ("202606011200/g2", 2.0)] {
        let folder = format!("z/20260501-20260531/{run}");
        project.parquet(&format!("{folder}/part_0.parquet"), &charges("2026-05", &[cost]));
        project.write(
            &format!("{folder}/manifest.json"),
            format!("{{\"blobs\": [{{\"blobName\": \"{folder}/part_0.parquet\"}}]}}"),
        );
    }
    assert_eq!(project.sql("select sum(BilledCost) as billed from spend"), "billed\n2.00\n");
    let tables = project.run(&["tables"]).ok();
    assert!(tables.contains("azure-focus: 1 charges in 1 files, 1 files set aside"), "{tables}");
}

#[test]
fn a_date_before_any_delivery_is_an_error_and_files_without_a_time_are_told() {
    let project = Project::new("[sources.plain]\npath = \"plain\"\n[sources.aws]\npath = \"e\"\n");
    project.parquet("plain/a.parquet", &charges("2026-05", &[5.0]));
    run_of(&project, "2026-05", "2026-06-01T00-00-00.000Z-a", &[1.0], true);
    let sql = "select sum(BilledCost) as billed from spend";
    assert_eq!(project.sql(sql), "billed\n6.00\n");
    let early = project.run(&["--as-of", "2026-05-31", "-c", sql]).refused(2);
    assert!(early.contains("nothing had been delivered by 2026-05-31"), "{early}");
    let later = project.run(&["--as-of", "2026-06-02", "-c", sql]);
    assert_eq!((later.code, later.stdout.as_str()), (0, "billed\n1.00\n"));
    assert!(later.stderr.contains("source `plain` leaves out 1 files"), "{}", later.stderr);
}
