//! What `--dry-run` says beforehand is what the run costs.

use std::path::Path;

use parquet::arrow::ArrowWriter;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::properties::WriterProperties;
use serde_json::Value;
use tempfile::TempDir;

use arrow::array::{ArrayRef, RecordBatch};

use super::object_storage::copy;
use super::project::{Project, charges, doubles, texts, times, with};
use super::server::S3Server;

/// Statements over the sample company: a month, one column, tables of CSV, joins, pages pruned, what is known without reading.
const STATEMENTS: [&[&str]; 9] = [
    &[
        "-c",
        "select sum(EffectiveCost) from spend where ChargePeriodStart >= '2026-05-01' and ChargePeriodStart < '2026-06-01'",
    ],
    &["-c", "select count(distinct ServiceName) from spend"],
    &["-c", "select team, count(*) from roster group by 1"],
    &["-c", "select count(*) from spend"],
    &["-c", "select * from spend where ServiceName = 'no such service'"],
    &["run", "cost_per_outcome"],
    &["run", "spend_by_team", "-p", "period=2026-Q2"],
    &["run", "token_efficiency"],
    &["run", "overlaps"],
];

/// What a statement costs, as it was said or as it was.
#[derive(Debug, Clone, Copy)]
struct Cost {
    bytes: f64,
    requests: f64,
    cached: f64,
    dollars: f64,
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// What is said of the statement of `args`.
#[track_caller]
fn said(project: &Project, args: &[&str]) -> Cost {
    let said = project.run(&[args, &["--dry-run", "--format", "json"]].concat()).ok();
    let said: Value = serde_json::from_str(&said).unwrap();
    let said = &said[0];
    Cost {
        bytes: number(&said["bytes_read"]),
        requests: number(&said["requests"]),
        cached: number(&said["cached_bytes"]),
        dollars: number(&said["dollars"]),
    }
}

/// What the statement of `args` costs.
#[track_caller]
fn spent(project: &Project, args: &[&str]) -> Cost {
    let given = project.run(&[args, &["--stats=json"]].concat());
    let stats: Value = serde_json::from_str(given.stderr.lines().last().unwrap()).unwrap();
    let _rows = given.ok();
    let requests = &stats["requests"];
    Cost {
        bytes: number(&stats["bytes_read"]),
        requests: ["get", "list", "head", "put"].map(|kind| number(&requests[kind])).iter().sum(),
        cached: number(&stats["cached"]["bytes"]),
        dollars: number(&stats["dollars"]),
    }
}

#[track_caller]
fn assert_near(said: Cost, spent: Cost, what: &str) {
    let near = |said: f64, spent: f64| (said - spent).abs() <= spent / 10.0;
    let is_near = near(said.bytes, spent.bytes)
        && near(said.requests, spent.requests)
        && near(said.cached, spent.cached)
        && near(said.dollars, spent.dollars);
    assert!(is_near, "{what}: {said:?}, and it was {spent:?}");
}

#[test]
fn a_statement_costs_what_was_said_on_the_local_disk() {
    let project = Project::on_the_sample();
    for args in STATEMENTS {
        let said = said(&project, args);
        assert_near(said, spent(&project, args), &args.join(" "));
        assert!(said.dollars.abs() < f64::EPSILON && said.requests > 0.0, "{said:?}");
    }
}

#[test]
fn a_statement_costs_what_was_said_in_a_bucket_whatever_is_kept() {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    let root = TempDir::new().unwrap();
    copy(&sample, &root.path().join("acme"));
    let server = S3Server::start(root.path());
    let config = std::fs::read_to_string(sample.join("outlay.toml")).unwrap();
    for args in STATEMENTS {
        let mut project = Project::new(&config.replace("path = \"", "path = \"s3://acme/"));
        server.known_to(&mut project);
        let what = args.join(" ");
        let without = [args, &["--without", "disk-cache"]].concat();
        let cold = said(&project, &without);
        assert_near(cold, spent(&project, &without), &format!("{what}, nothing is kept"));
        assert!(cold.dollars > 0.0, "{what}: {cold:?}");

        // Looking ahead leaves nothing on the disk that the run would find.
        let first = said(&project, args);
        assert!(!project.path().join(".cache").exists(), "{what}");
        assert_near(first, spent(&project, args), &format!("{what}, the first time"));
        let second = said(&project, args);
        assert_near(second, spent(&project, args), &format!("{what}, the second time"));
        assert!(second.bytes.abs() < f64::EPSILON && second.cached > 0.0, "{what}: {second:?}");
    }
}

/// A file of two row groups of 50,000 charges, May and June 2026, each with costs that grow.
fn two_months() -> Vec<u8> {
    let rows = 50_000;
    let costs: Vec<f64> = (0..rows).map(|row| f64::from(row) / 100.0).collect();
    let month = |month: &str| -> RecordBatch {
        let days: Vec<String> = (0..rows).map(|row| format!("{month}-{:02}", 1 + row / 2_000)).collect();
        let days = times(&days.iter().map(String::as_str).collect::<Vec<_>>());
        let names: Vec<String> = (0..rows).map(|row| format!("service {}", row * 7919 % 10_007)).collect();
        let columns = with(charges(month, &costs), "ChargePeriodStart", days);
        let columns = with(columns, "ListCost", doubles(&costs.iter().map(|cost| cost * 1.37).collect::<Vec<_>>()));
        let names: ArrayRef = texts(&names.iter().map(String::as_str).collect::<Vec<_>>());
        RecordBatch::try_from_iter(with(columns, "ServiceName", names)).unwrap()
    };
    let months = [month("2026-05"), month("2026-06")];
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(50_000))
        .set_data_page_row_count_limit(5_000)
        .set_write_batch_size(1_000)
        // A dictionary would be read whole for one page.
        .set_dictionary_enabled(false)
        .build();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, months[0].schema(), Some(properties)).unwrap();
    months.iter().for_each(|month| writer.write(month).unwrap());
    writer.close().unwrap();
    bytes
}

const OF_A_MONTH: &str = "select sum(BilledCost), max(ServiceName) from spend where ChargePeriodStart >= '2026-06-01'";

#[test]
fn row_groups_and_pages_that_are_ruled_out_are_not_counted() {
    let bucket = TempDir::new().unwrap();
    let path = bucket.path().join("acme/billing/charges.parquet");
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, two_months()).unwrap();
    let server = S3Server::start(bucket.path());
    let mut project = Project::new("[sources.charges]\npath = \"s3://acme/billing/\"\n");
    server.known_to(&mut project);
    let few_days = "select sum(BilledCost), max(ServiceName) from spend \
                    where ChargePeriodStart >= '2026-05-03' and ChargePeriodStart < '2026-05-05'";
    let costs = ["select sum(BilledCost), max(ServiceName) from spend", OF_A_MONTH, few_days].map(|sql| {
        let args = ["-c", sql, "--without", "disk-cache"];
        let said = said(&project, &args);
        assert_near(said, spent(&project, &args), sql);
        said.bytes
    });
    assert!(costs[1] < costs[0] * 0.8 && costs[2] < costs[1] * 0.5, "{costs:?}");
    let groups = project.run(&["-c", OF_A_MONTH, "--dry-run"]).ok();
    let cells: Vec<&str> = groups.lines().nth(1).unwrap().rsplit(',').collect();
    assert_eq!((cells[5], cells[4]), ("1", "1"), "{groups}");
}

/// Every byte of data is gone: what is said stays, and the run fails.
#[test]
fn looking_ahead_reads_no_data() {
    let project = Project::with_charges();
    let whole = two_months();
    project.write("charges/a.parquet", &whole);
    let args = ["-c", OF_A_MONTH];
    let before = said(&project, &args);
    let reader =
        parquet::file::serialized_reader::SerializedFileReader::new(bytes::Bytes::from(whole.clone())).unwrap();
    let metadata = parquet::file::reader::FileReader::metadata(&reader);
    let ends = metadata.row_groups().iter().flat_map(RowGroupMetaData::columns).map(|column| {
        let (start, length) = column.byte_range();
        usize::try_from(start + length).unwrap()
    });
    let mut spoilt = whole;
    let end = ends.max().unwrap();
    spoilt[4..end].fill(0xff);
    project.write("charges/a.parquet", &spoilt);
    let after = said(&project, &args);
    assert_eq!(format!("{before:?}"), format!("{after:?}"));
    let _error = project.run(&args).refused(1);
}

#[test]
fn text_files_are_counted_whole_however_they_are_shared_out() {
    let project = Project::new("[tables.notes]\npath = \"notes\"\n[tables.events]\npath = \"events.ndjson\"\n");
    let lines: String = (0..200_000).map(|row| format!("{row},some text of row {row}\n")).collect();
    project.write("notes/a.csv", format!("id,note\n{lines}"));
    project.write("notes/b.csv", "id,note\n1,one\n");
    project.write("events.ndjson", "{\"id\": 1}\n{\"id\": 2}\n");
    for sql in ["select max(note) from notes", "select sum(id) from events"] {
        let args = ["-c", sql];
        assert_near(said(&project, &args), spent(&project, &args), sql);
    }
}

#[test]
fn an_interval_costs_what_was_said() {
    let project = Project::on_the_sample();
    project.write(
        "queries/months.sql",
        "-- description: What did each month cost?\n\
         -- param: interval  period = last(3mo)  \"time of use\"\n\
         -- materialize: table=by_month interval=month(month) from=2026-03\n\
         SELECT CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month, sum(BilledCost) AS cost\n\
         FROM spend WHERE ChargePeriodStart >= $interval_start AND ChargePeriodStart < $interval_end\n\
         GROUP BY date_trunc('month', ChargePeriodStart) ORDER BY month\n",
    );
    let rows = |args: &[&str]| -> Vec<Value> {
        let text = project.run(&[args, &["--format", "json", "-q"]].concat()).ok();
        serde_json::from_str(&text).unwrap()
    };
    let said = rows(&["build", "by_month", "--dry-run"]);
    let built = rows(&["build", "by_month"]);
    assert!(said.len() == built.len() && said.len() >= 4, "{said:?} {built:?}");
    for (said, built) in said.iter().zip(&built) {
        let (expected, read) = (number(&said["bytes_read"]), number(&built["bytes_read"]));
        assert!((expected - read).abs() <= read / 10.0, "{said} {built}");
        assert_eq!(said["interval"], built["interval"]);
    }
}

#[test]
fn several_statements_are_told_one_by_one_and_a_misplaced_flag_is_refused() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let given = project.run(&["-n", "-c", "select 1; select sum(BilledCost)\n from spend"]).ok();
    let lines: Vec<&str> = given.lines().collect();
    assert_eq!(lines[0], "statement,files,row_groups,bytes_read,requests,cached_bytes,dollars");
    assert_eq!(lines[1], "select 1,0,0,0,0,0,0.0");
    assert!(lines[2].starts_with("select sum(BilledCost) from spend,1,1,"), "{given}");
    let error = project.run(&["--dry-run", "list"]).refused(2);
    assert!(error.contains("outlay run NAME --dry-run"), "{error}");
    let error = project.run(&["--dry-run", "-c", "select nothing from spend"]).refused(1);
    assert!(error.contains("nothing"), "{error}");
    // The limit of a run is none of looking ahead: it is why one looks.
    let _said = project.run(&["--dry-run", "--max-scan", "1B", "-c", "select sum(BilledCost) from spend"]).ok();
}
