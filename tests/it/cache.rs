//! What was read from a bucket is kept on the disk, and believed only as long as it is right.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::project::{Given, Project, charges, parquet};
use super::server::S3Server;

const SUM: [&str; 3] = ["--stats=json", "-c", "select sum(BilledCost) as billed, count(*) as charges from spend"];

struct Company {
    bucket: TempDir,
    project: Project,
    _server: S3Server,
}

impl Company {
    fn new(settings: &str) -> Self {
        let bucket = TempDir::new().unwrap();
        for (month, costs) in [("2026-05", [1.0, 2.0]), ("2026-06", [4.0, 8.0])] {
            put(&bucket, &format!("billing/{month}.parquet"), &parquet(&charges(month, &costs)));
        }
        let server = S3Server::start(bucket.path());
        let mut project = Project::new(&format!("[sources.charges]\npath = \"s3://acme/billing/\"\n{settings}"));
        server.known_to(&mut project);
        Self { bucket, project, _server: server }
    }

    /// The answer to [`SUM`], its GET requests and the bytes that the cache had.
    fn sum(&self, args: &[&str]) -> (String, u64, u64) {
        read(self.project.run(&[args, &SUM].concat()))
    }

    fn kept(&self) -> Vec<PathBuf> {
        files(&self.project.path().join(".cache/outlay/objects"))
    }
}

fn put(bucket: &TempDir, key: &str, bytes: &[u8]) {
    let path = bucket.path().join("acme").join(key);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, bytes).unwrap();
}

fn read(given: Given) -> (String, u64, u64) {
    let stats: serde_json::Value = serde_json::from_str(given.stderr.lines().last().unwrap()).unwrap();
    let (gets, cached) = (stats["requests"]["get"].as_u64().unwrap(), stats["cached"]["bytes"].as_u64().unwrap());
    (given.ok().lines().nth(1).unwrap().to_owned(), gets, cached)
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.unwrap().path());
    paths.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[test]
fn what_was_read_is_read_from_the_disk_the_second_time() {
    let company = Company::new("");
    let (first, gets, cached) = company.sum(&[]);
    assert_eq!(first, "15.00,4");
    assert!(gets >= 2, "{gets}");
    let (again, no_gets, from_disk) = company.sum(&[]);
    assert_eq!((again.as_str(), no_gets), ("15.00,4", 0));
    assert!(from_disk > cached, "{from_disk} {cached}");
    let (without, gets_again, nothing) = company.sum(&["--without", "disk-cache"]);
    assert_eq!((without.as_str(), gets_again > 0, nothing), ("15.00,4", true, 0));
}

#[test]
fn an_object_that_was_replaced_is_read_anew() {
    let company = Company::new("");
    let _first = company.sum(&[]);
    put(&company.bucket, "billing/2026-06.parquet", &parquet(&charges("2026-06", &[16.0, 32.0])));
    let (new, gets, cached) = company.sum(&[]);
    assert_eq!(new, "51.00,4");
    assert!(gets > 0 && cached > 0, "{gets} {cached}");
    std::fs::remove_file(company.bucket.path().join("acme/billing/2026-05.parquet")).unwrap();
    assert_eq!(company.sum(&[]).0, "48.00,2");
}

#[test]
fn what_the_disk_spoilt_is_read_anew() {
    let company = Company::new("");
    let _first = company.sum(&[]);
    for path in company.kept() {
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&path, bytes).unwrap();
    }
    let (healed, gets, _) = company.sum(&[]);
    assert_eq!(healed, "15.00,4");
    assert!(gets > 0);
    assert_eq!(company.sum(&[]).1, 0);
}

#[test]
fn the_size_is_bounded_and_nothing_is_kept_where_nothing_is_wanted() {
    let small = Company::new("[cache]\nsize = \"5KiB\"\n");
    assert_eq!(small.sum(&[]).0, "15.00,4");
    let held: u64 = small.kept().iter().map(|path| path.metadata().unwrap().len()).sum();
    assert!(held <= 5 << 10, "{held}");
    let none = Company::new("[cache]\nsize = \"0B\"\n");
    let _first = none.sum(&[]);
    assert_eq!((none.sum(&[]).2, none.kept()), (0, Vec::new()));
    let elsewhere = Company::new("[cache]\npath = \"kept\"\n");
    let _first = elsewhere.sum(&[]);
    assert!(elsewhere.kept().is_empty() && !files(&elsewhere.project.path().join("kept")).is_empty());
}
