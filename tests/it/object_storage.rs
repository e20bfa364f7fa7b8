//! The same project on the local disk and on a real S3 server: same answers, and errors that say what to do.

use outlay::query::SavedQuery;
use tempfile::TempDir;

use super::project::{Project, charges, parquet};
use super::server::{S3Server, Temper};

const CONFIG: &str = "[sources.charges]\npath = \"s3://acme/billing/\"\n";

struct Bucket {
    root: TempDir,
}

impl Bucket {
    fn new() -> Self {
        let root = TempDir::new().unwrap();
        std::fs::create_dir_all(root.path().join("acme/billing")).unwrap();
        Self { root }
    }

    fn put(&self, key: &str, bytes: impl AsRef<[u8]>) {
        let path = self.root.path().join("acme").join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
}

#[test]
fn listings_of_more_than_a_thousand_keys_are_read_whole() {
    let bucket = Bucket::new();
    let server = S3Server::start(bucket.root.path());
    for index in 0..1_050 {
        bucket.put(&format!("billing/notes/{index:04}.txt"), "no charges");
    }
    bucket.put("billing/a.parquet", parquet(&charges("2026-05", &[1.0])));
    bucket.put("billing/z.parquet", parquet(&charges("2026-06", &[2.0])));
    let mut project = Project::new(CONFIG);
    server.known_to(&mut project);
    assert_eq!(project.sql("select count(*) as n, sum(BilledCost) as billed from spend"), "n,billed\n2,3.00\n");
}

#[test]
fn reads_are_by_range() {
    let bucket = Bucket::new();
    let server = S3Server::start(bucket.root.path());
    let costs: Vec<f64> = (0..200_000).map(|index| f64::from(index) / 100.0).collect();
    let file = parquet(&charges("2026-05", &costs));
    bucket.put("billing/a.parquet", &file);
    let mut project = Project::new(CONFIG);
    server.known_to(&mut project);
    let given = project.run(&["--stats=json", "-c", "select min(BillingCurrency) as currency from spend"]);
    let stats: serde_json::Value = serde_json::from_str(given.stderr.lines().last().unwrap()).unwrap();
    let read = stats["bytes_read"].as_u64().unwrap();
    assert!(read < file.len() as u64 / 4, "{read} of {} bytes", file.len());
    assert_eq!(given.ok(), "currency\nUSD\n");
}

#[test]
fn one_thread_waits_for_several_files_at_a_time() {
    const FILES: usize = 8;
    let bucket = Bucket::new();
    for month in 1..=FILES {
        bucket.put(&format!("billing/{month}.parquet"), parquet(&charges(&format!("2026-0{month}"), &[1.0, 2.0])));
    }
    // Footers, then columns: who asks for one file at a time waits until the statement has run out of time.
    let temper = Temper { answers_together: Some(FILES), ..Temper::default() };
    let server = S3Server::with_temper(bucket.root.path(), temper);
    let mut project = Project::new(CONFIG);
    server.known_to(&mut project);
    let run = |args: &[&str], sql: &str| {
        let limits = ["--threads=1", "--timeout=60s", "--without=disk-cache", "--stats=json"];
        project.run(&[&limits[..], args, &["-c", sql]].concat())
    };
    let sum = "select count(*) as n, sum(BilledCost) as billed from spend";
    let given = run(&[], sum);
    assert!(given.stderr.contains(r#""requests":{"get":16,"#), "{}", given.stderr);
    assert_eq!(given.ok(), "n,billed\n16,24.00\n");
    let ahead = "ReadAheadExec: files_at_a_time=8";
    let explained = |args: &[&str], sql: &str| run(args, &format!("explain {sql}")).ok();
    assert!(explained(&[], sum).contains(ahead));
    assert!(!explained(&["--without=read-ahead"], sum).contains(ahead));
    // What stops after a few rows reads no other files for nothing.
    assert!(!explained(&[], "select BilledCost from spend limit 3").contains(ahead));
}

#[test]
fn a_missing_bucket_and_wrong_credentials_are_told_apart_from_wrong_data() {
    let bucket = Bucket::new();
    bucket.put("billing/a.parquet", parquet(&charges("2026-05", &[1.0])));
    let server = S3Server::start(bucket.root.path());
    let sql = ["-c", "select sum(BilledCost) from spend"];

    let mut missing = Project::new("[sources.charges]\npath = \"s3://nosuch/billing/\"\n");
    server.known_to(&mut missing);
    let error = missing.run(&sql).refused(7);
    assert!(error.contains("nosuch") && error.contains("hint:"), "{error}");

    let mut wrong = Project::new(CONFIG);
    server.endpoint_known_to(&mut wrong);
    wrong.environment("AWS_ACCESS_KEY_ID", super::server::KEY);
    wrong.environment("AWS_SECRET_ACCESS_KEY", "not-the-secret");
    let error = wrong.run(&sql).refused(7);
    assert!(error.contains("access denied") && error.contains("credentials"), "{error}");
    assert!(!error.contains("not-the-secret"), "{error}");
}

#[test]
fn results_are_written_to_the_store_whole() {
    let bucket = Bucket::new();
    bucket.put("billing/a.parquet", parquet(&charges("2026-05", &[1.5])));
    let server = S3Server::start(bucket.root.path());
    let mut project = Project::new(CONFIG);
    server.known_to(&mut project);
    let given = project.run(&["-o", "s3://acme/out/total.csv", "-c", "select sum(BilledCost) as billed from spend"]);
    assert_eq!(given.ok(), "");
    let written = std::fs::read_to_string(bucket.root.path().join("acme/out/total.csv")).unwrap();
    assert_eq!(written, "billed\n1.50\n");
    let _error = project.run(&["-o", "s3://acme/out/none.csv", "-c", "select 1 / 0 from spend"]).refused(1);
    assert!(!bucket.root.path().join("acme/out/none.csv").exists());
}

/// Every saved query over the sample company gives the same bytes from the local disk and from S3, but for the view of
/// charges: their rows name the object that they come from.
#[test]
fn the_sample_company_is_the_same_on_disk_and_in_a_bucket() {
    let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    let root = TempDir::new().unwrap();
    copy(&sample, &root.path().join("acme"));
    let server = S3Server::start(root.path());
    let config = std::fs::read_to_string(sample.join("outlay.toml")).unwrap();
    let mut bucket = Project::new(&config.replace("path = \"", "path = \"s3://acme/"));
    server.known_to(&mut bucket);
    let disk = Project::new(&config.replace("path = \"", &format!("path = \"{}/", sample.display())));
    let root_of_disk = format!("file://{}/", sample.display());
    let mut compared = 0;
    let config = outlay::config::Config::load(&sample.join("outlay.toml")).unwrap();
    let engine = outlay::engine::Engine::builder(config).catalog(outlay::query::Catalog::embedded()).build().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let can_run = |query: &SavedQuery| {
        engine.missing(query).unwrap().is_empty() && runtime.block_on(engine.unbuilt(query)).unwrap().is_empty()
    };
    for query in engine.catalog().iter().filter(|query| can_run(query)) {
        let on_disk = disk.run(&["run", &query.name]).ok().replace(&root_of_disk, "s3://acme/");
        let in_bucket = bucket.run(&["run", &query.name]).ok();
        // A building block gives its rows in no order, and names the objects they came from.
        let in_order = |rows: &str| {
            let mut rows: Vec<String> = rows.lines().map(str::to_owned).collect();
            if query.tags.iter().any(|tag| tag == "building-block") {
                rows.sort();
            }
            rows
        };
        assert!(in_order(&in_bucket) == in_order(&on_disk), "{} differs", query.name);
        compared += 1;
    }
    assert!(compared >= 12, "{compared} queries");
}

pub(crate) fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
