//! A project in a temporary folder, and the binary run in it with an empty environment.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use chrono::NaiveDateTime;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

/// What a run of the binary gave.
#[derive(Debug)]
#[must_use = "look at what the run gave"]
pub(crate) struct Given {
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    pub(crate) code: i32,
}

impl Given {
    /// Standard output of a run that must have succeeded.
    #[track_caller]
    pub(crate) fn ok(self) -> String {
        assert_eq!(self.code, 0, "{}", self.stderr);
        self.stdout
    }

    /// Standard error of a run that must have failed with `code` and printed no result.
    #[track_caller]
    pub(crate) fn refused(self, code: i32) -> String {
        assert_eq!((self.code, self.stdout.as_str()), (code, ""), "{}", self.stderr);
        self.stderr
    }
}

pub(crate) struct Project {
    folder: TempDir,
    environment: Vec<(String, String)>,
}

impl Project {
    pub(crate) fn new(config: &str) -> Self {
        let project = Self { folder: TempDir::new().unwrap(), environment: Vec::new() };
        project.write("outlay.toml", config);
        project
    }

    /// A project whose ledger is the Parquet files under `charges/`.
    pub(crate) fn with_charges() -> Self {
        Self::new("[sources.charges]\npath = \"charges\"\n")
    }

    /// A project that reads the sample company where it lies, and writes beside itself.
    pub(crate) fn on_the_sample() -> Self {
        let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data");
        let config = std::fs::read_to_string(sample.join("outlay.toml")).unwrap();
        let at = |folder: &str| format!("path = \"{}/{folder}", sample.display());
        Self::new(&config.replace("path = \"exports", &at("exports")).replace("path = \"facts", &at("facts")))
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn environment(&mut self, name: &str, value: &str) {
        self.environment.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn parquet(&self, name: &str, columns: &[(&str, ArrayRef)]) -> PathBuf {
        self.write(name, parquet(columns))
    }

    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_outlay"));
        command.env_clear().env("HOME", self.path()).current_dir(self.path()).args(args);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Given {
        given(&self.command(args).output().unwrap())
    }

    /// The answer to `sql` as CSV.
    #[track_caller]
    pub(crate) fn sql(&self, sql: &str) -> String {
        self.run(&["-c", sql]).ok()
    }

    pub(crate) fn piped(&self, args: &[&str], input: &str) -> Given {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        given(&child.wait_with_output().unwrap())
    }
}

fn given(output: &std::process::Output) -> Given {
    Given {
        stdout: String::from_utf8(output.stdout.clone()).unwrap(),
        stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        code: output.status.code().unwrap_or(-1),
    }
}

/// A Parquet file of these columns.
pub(crate) fn parquet(columns: &[(&str, ArrayRef)]) -> Vec<u8> {
    let batch = RecordBatch::try_from_iter(columns.iter().map(|(name, array)| (*name, Arc::clone(array)))).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    bytes
}

/// The columns that FOCUS makes indispensable, for charges that cost `costs` in `month` (`2026-05`).
pub(crate) fn charges(month: &str, costs: &[f64]) -> Vec<(&'static str, ArrayRef)> {
    let rows = costs.len();
    let start = format!("{month}-01");
    let number: u32 = month[5..].parse().unwrap();
    let end = if number == 12 {
        format!("{}-01-01", month[..4].parse::<u32>().unwrap() + 1)
    } else {
        format!("{}-{:02}-01", &month[..4], number + 1)
    };
    let cost = || doubles(costs);
    let text = |value: &str| texts(&vec![value; rows]);
    let time = |day: &str| times(&vec![day; rows]);
    vec![
        ("BilledCost", cost()),
        ("EffectiveCost", cost()),
        ("ListCost", cost()),
        ("ContractedCost", cost()),
        ("BillingAccountId", text("1234")),
        ("BillingCurrency", text("USD")),
        ("BillingPeriodStart", time(&start)),
        ("BillingPeriodEnd", time(&end)),
        ("ChargePeriodStart", time(&start)),
        ("ChargePeriodEnd", time(&end)),
        ("ChargeCategory", text("Usage")),
        ("InvoiceIssuerName", text("Acme")),
        ("ServiceCategory", text("Compute")),
        ("ServiceName", text("Engine")),
        ("ProviderName", text("Acme")),
    ]
}

/// `columns` with one of them replaced.
pub(crate) fn with(
    columns: Vec<(&'static str, ArrayRef)>,
    name: &'static str,
    array: ArrayRef,
) -> Vec<(&'static str, ArrayRef)> {
    let mut columns: Vec<_> = columns.into_iter().filter(|(other, _)| *other != name).collect();
    columns.push((name, array));
    columns
}

pub(crate) fn doubles(values: &[f64]) -> ArrayRef {
    Arc::new(Float64Array::from(values.to_vec()))
}

pub(crate) fn integers(values: &[i64]) -> ArrayRef {
    Arc::new(Int64Array::from(values.to_vec()))
}

pub(crate) fn texts(values: &[&str]) -> ArrayRef {
    Arc::new(StringArray::from(values.to_vec()))
}

/// Midnights of days, in UTC.
pub(crate) fn times(days: &[&str]) -> ArrayRef {
    let micros = |day: &&str| {
        NaiveDateTime::parse_from_str(&format!("{day}T00:00:00"), "%Y-%m-%dT%H:%M:%S")
            .unwrap()
            .and_utc()
            .timestamp_micros()
    };
    Arc::new(TimestampMicrosecondArray::from(days.iter().map(micros).collect::<Vec<_>>()))
}

/// Unscaled values at a scale.
pub(crate) fn decimals(values: &[i128], scale: i8) -> ArrayRef {
    Arc::new(Decimal128Array::from(values.to_vec()).with_precision_and_scale(38, scale).unwrap())
}
