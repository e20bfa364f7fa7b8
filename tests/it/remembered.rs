//! What the footers of files told is remembered, and believed only of the very file.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::project::{Project, charges, parquet};

const MAY: &str = "select sum(BilledCost) as billed, count(*) as charges from spend \
                   where ChargePeriodStart >= '2026-05-01' and ChargePeriodStart < '2026-06-01'";

/// A project of twelve monthly files, written a while ago.
fn project() -> Project {
    let project = Project::with_charges();
    for month in 1..=12 {
        deliver(&project, &format!("{month:02}"), &format!("2026-{month:02}"), &[f64::from(month), 10.0]);
    }
    project
}

fn deliver(project: &Project, name: &str, month: &str, costs: &[f64]) -> PathBuf {
    let path = project.parquet(&format!("charges/{name}.parquet"), &charges(month, costs));
    written_at(&path, PAST);
    path
}

/// Long ago, and not soon: 2020 and 2200, in seconds since 1970.
const PAST: u64 = 1_577_836_800;
const FUTURE: u64 = 7_258_118_400;

/// Makes the file one that was written so many seconds after 1970.
fn written_at(path: &Path, seconds: u64) {
    let file = std::fs::File::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
}

/// The answer to `sql`, and the requests that it took.
fn asked(project: &Project, args: &[&str], sql: &str) -> (String, u64) {
    let given = project.run(&[args, &["--stats=json", "-c", sql]].concat());
    let stats: serde_json::Value = serde_json::from_str(given.stderr.lines().last().unwrap()).unwrap();
    let gets = stats["requests"]["get"].as_u64().unwrap();
    (given.ok().lines().nth(1).unwrap().to_owned(), gets)
}

/// The notes in the cache folder.
fn notes(project: &Project) -> Vec<PathBuf> {
    let pattern = project.path().join(".cache/outlay/objects/*/*/note");
    glob::glob(pattern.to_str().unwrap()).unwrap().map(Result::unwrap).collect()
}

#[test]
fn only_what_a_statement_reads_is_opened_again() {
    let project = project();
    let (first, opening) = asked(&project, &[], MAY);
    let (again, remembering) = asked(&project, &[], MAY);
    assert_eq!((first.as_str(), again.as_str()), ("15.00,2", "15.00,2"));
    assert!(opening >= 12 && remembering <= 3, "{opening} {remembering}");
    let (without, reopening) = asked(&project, &["--without=disk-cache"], MAY);
    assert_eq!((without.as_str(), reopening), ("15.00,2", opening));
    let all = "select sum(BilledCost) as billed, count(*) as charges from spend";
    assert_eq!(asked(&project, &[], all).0, "198.00,24");
}

#[test]
fn files_that_came_changed_and_went_are_seen() {
    let project = project();
    let _remembered = asked(&project, &[], MAY);
    // As large as before, with a charge of another month in it.
    let path = deliver(&project, "03", "2026-05", &[100.0, 200.0]);
    written_at(&path, PAST + 1);
    assert_eq!(asked(&project, &[], MAY).0, "315.00,4");
    deliver(&project, "05b", "2026-05", &[1000.0]);
    assert_eq!(asked(&project, &[], MAY).0, "1315.00,5");
    std::fs::remove_file(project.path().join("charges/05.parquet")).unwrap();
    assert_eq!(asked(&project, &[], MAY).0, "1300.00,3");
    // The bytes of a file that is remembered, under another name.
    deliver(&project, "05c", "2026-05", &[1000.0]);
    assert_eq!(asked(&project, &[], MAY).0, "1300.00,3");
    assert_eq!(asked(&project, &[], "select count(*) as rows, 0 from set_aside").0, "1,0");
    assert_eq!(asked(&project, &[], MAY).0, "1300.00,3");
}

#[test]
fn a_file_that_may_change_under_its_etag_is_opened_each_time() {
    let project = project();
    let path = project.path().join("charges/05.parquet");
    // One that is written at this very moment, by a clock that is ahead.
    let write = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        written_at(&path, FUTURE);
        std::fs::metadata(&path).unwrap().len()
    };
    let (before, after) = (charges("2026-06", &[5.0, 10.0]), charges("2026-05", &[5.0, 10.0]));
    let size = write(&parquet(&before));
    assert_eq!(asked(&project, &[], MAY).0, ",0");
    // Its charges are of May now: one that remembers June leaves it out.
    assert_eq!(write(&parquet(&after)), size);
    assert_eq!(asked(&project, &[], MAY).0, "15.00,2");
}

#[test]
fn a_note_that_is_damaged_is_not_believed() {
    let project = project();
    let _remembered = asked(&project, &[], MAY);
    let [note] = <[PathBuf; 1]>::try_from(notes(&project)).unwrap();
    let whole = std::fs::read(&note).unwrap();
    for at in [0, whole.len() / 2, whole.len() - 1] {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        std::fs::write(&note, &changed).unwrap();
        assert_eq!(asked(&project, &[], MAY).0, "15.00,2", "{at}");
    }
    std::fs::write(&note, &whole[..20]).unwrap();
    assert_eq!(asked(&project, &[], MAY).0, "15.00,2");
    // What reads well and would leave May out: its bounds begin in 2033.
    let (may, later) = ("\"first\":1777593600000000", "\"first\":1999999999999999");
    let mut changed = whole;
    let at = changed.windows(may.len()).position(|window| window == may.as_bytes()).unwrap();
    changed[at..at + may.len()].copy_from_slice(later.as_bytes());
    std::fs::write(&note, &changed).unwrap();
    assert_eq!(asked(&project, &[], MAY).0, "15.00,2");
}

#[test]
fn columns_that_are_declared_otherwise_are_told_otherwise() {
    let project = project();
    let _remembered = asked(&project, &[], MAY);
    project.write(
        "outlay.toml",
        "[sources.charges]\npath = \"charges\"\n\n[sources.charges.columns]\nSkuMeter = \"meter\"\n",
    );
    assert_eq!(asked(&project, &[], MAY).0, "15.00,2");
    assert_eq!(notes(&project).len(), 2);
}

#[test]
fn a_look_ahead_leaves_no_note() {
    let project = project();
    let _estimate = project.run(&["--dry-run", "-c", MAY]).ok();
    assert_eq!(notes(&project), Vec::<PathBuf>::new());
}
