//! Summary tables in a bucket, on a server that is as bad as a network.

use tempfile::TempDir;

use super::super::project::{Project, charges, parquet};
use super::super::server::{S3Server, Temper};
use super::{BY_MONTH, SUM};

const CONFIG: &str = "[project]\nas_of = \"2026-04-05\"\n\n[sources.charges]\npath = \"s3://acme/charges/\"\n\n\
                      [summaries]\npath = \"s3://acme/summaries/\"\n";

fn bucket() -> TempDir {
    let root = TempDir::new().unwrap();
    std::fs::create_dir_all(root.path().join("acme/charges")).unwrap();
    root
}

fn deliver(root: &TempDir, month: &str, cost: f64) {
    let path = root.path().join(format!("acme/charges/{month}.parquet"));
    std::fs::write(path, parquet(&charges(month, &[cost]))).unwrap();
}

fn project(server: &S3Server) -> Project {
    let mut project = Project::new(CONFIG);
    project.write("queries/months.sql", BY_MONTH);
    server.known_to(&mut project);
    project
}

#[test]
fn a_table_in_a_bucket_is_the_same() {
    let root = bucket();
    deliver(&root, "2026-01", 1.0);
    deliver(&root, "2026-03", 3.0);
    let server = S3Server::start(root.path());
    let project = project(&server);
    let _built = project.run(&["build", "by_month"]).ok();
    assert_eq!(project.sql(SUM), "cost\n4.00\n");
    deliver(&root, "2026-03", 30.0);
    let again = project.run(&["build", "by_month"]).ok();
    assert!(
        again.contains("by_month,2026-03,\"inputs: 1 changed, such as s3://acme/charges/2026-03.parquet"),
        "{again}"
    );
    assert_eq!(project.sql(SUM), "cost\n31.00\n");
}

#[test]
fn a_store_that_ignores_conditions_is_refused() {
    let root = bucket();
    deliver(&root, "2026-03", 3.0);
    let server = S3Server::with_temper(root.path(), Temper { ignores_conditions: true, ..Temper::default() });
    let refused = project(&server).run(&["build", "by_month"]);
    assert_eq!(refused.code, 2, "{}", refused.stderr);
    assert!(refused.stderr.contains("overwrites what it was told only to create"), "{}", refused.stderr);
    assert!(!root.path().join("acme/summaries/by_month/_delta_log").exists());
}

/// One request in ten goes wrong, some of them after they were done: the result is right, or the exit code says 7.
#[test]
fn with_a_tenth_of_requests_failing_a_build_is_right_or_says_so() {
    let root = bucket();
    let mut cost = 0.0;
    for seed in 0..6 {
        cost += 1.0;
        deliver(&root, "2026-02", 10.0 * cost);
        deliver(&root, "2026-03", cost);
        let bad = S3Server::with_temper(root.path(), Temper { faults: 10, seed, ..Temper::default() });
        let given = project(&bad).run(&["build", "by_month"]);
        assert!([0, 7].contains(&given.code), "seed {seed}: {} {}", given.code, given.stderr);
        let good = S3Server::start(root.path());
        let project = project(&good);
        let built = if given.code == 0 { given } else { project.run(&["build", "by_month", "--take-lock"]) };
        let _built = built.ok();
        assert_eq!(project.sql(SUM), format!("cost\n{:.2}\n", 11.0 * cost), "seed {seed}");
    }
}
