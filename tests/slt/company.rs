//! A small company: CSV files written by hand, made into a project in a temporary folder.
//!
//! `sources/NAME.csv` becomes a source of Parquet files in which every column is text, `tables/NAME.csv` a table,
//! `deliveries/NAME/2026-05_2026-06-02.csv` the delivery of May on 2 June of a source, `exports/DIALECT.json` (or csv,
//! ndjson) a source of that dialect as it is, `prices.csv` the price book; `outlay.toml` is added to the configuration.
//! An empty cell is NULL. A row of charges says only what its test is about: columns of FOCUS that a file leaves out are
//! filled in (see [`Charges::complete`]), and columns such as `Tags.team` become one column `Tags` of JSON.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::csv::ReaderBuilder;
use arrow::csv::reader::Format;
use arrow::datatypes::{DataType, Field, Schema};
use chrono::{Datelike, Months, NaiveDateTime, TimeDelta};
use libtest_mimic::Failed;
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

/// The date on which every company is looked at.
const AS_OF: &str = "2026-07-08";

/// A project in a temporary folder, removed with it.
#[derive(Debug)]
pub(crate) struct Company {
    folder: TempDir,
}

impl Company {
    /// The company whose CSV files lie in `folder`.
    pub(crate) fn open(folder: &Path) -> Result<Self, Failed> {
        let company = Self { folder: TempDir::new()? };
        let mut config = format!("[project]\nas_of = \"{AS_OF}\"\n");
        for (name, file) in files(&folder.join("sources"))? {
            Charges::read(&file)?.complete()?.write(&company.folder.path().join(&name))?;
            config.push_str(&format!("[sources.{name}]\npath = \"{name}\"\n"));
        }
        for (name, file) in files(&folder.join("tables"))? {
            fs::copy(&file, company.folder.path().join(format!("{name}.csv")))?;
            config.push_str(&format!("[tables.{name}]\npath = \"{name}.csv\"\n"));
        }
        for (name, file) in files(&folder.join("exports"))? {
            let folder = company.folder.path().join(&name);
            fs::create_dir(&folder)?;
            fs::copy(&file, folder.join(file.file_name().unwrap_or_default()))?;
            let source = name.replace('-', "_");
            config.push_str(&format!("[sources.{source}]\npath = \"{name}\"\ndialect = \"{name}\"\n"));
        }
        for (name, deliveries) in files(&folder.join("deliveries"))? {
            for (delivery, file) in files(&deliveries)? {
                deliver(&company.folder.path().join(&name), &delivery, &file)?;
            }
            config.push_str(&format!("[sources.{name}]\npath = \"{name}\"\n"));
        }
        let more = folder.join("outlay.toml");
        let more = if more.is_file() { fs::read_to_string(more)? } else { String::new() };
        config.push_str(&more);
        // The people of these companies are letters and numbers; a company that is about privacy says so itself.
        if !more.contains("[privacy]") {
            config.push_str("\n[privacy]\nprincipals = \"names\"\n");
        }
        let prices = folder.join("prices.csv");
        if prices.is_file() {
            fs::copy(&prices, company.folder.path().join("prices.csv"))?;
            config.push_str("[price_book]\npath = \"prices.csv\"\n");
        }
        fs::write(company.config_file(), config)?;
        Ok(company)
    }

    /// Its `outlay.toml`.
    pub(crate) fn config_file(&self) -> PathBuf {
        self.folder.path().join("outlay.toml")
    }
}

/// Writes `PERIOD_DAY.csv` as the delivery of a billing period that came on a day, laid out like an AWS export.
fn deliver(source: &Path, delivery: &str, file: &Path) -> Result<(), Failed> {
    let (period, day) = delivery.split_once('_').ok_or("a delivery is PERIOD_DAY.csv")?;
    let run = format!("BILLING_PERIOD={period}/{day}T06-00-00.000Z-run");
    Charges::read(file)?.complete()?.write(&source.join("data").join(&run))?;
    let manifest = source.join("metadata").join(&run);
    fs::create_dir_all(&manifest)?;
    fs::write(manifest.join("Manifest.json"), r#"{"dataFiles": ["charges.parquet"]}"#)?;
    Ok(())
}

/// The files of a folder by name, none when there is no such folder.
fn files(folder: &Path) -> Result<BTreeMap<String, PathBuf>, Failed> {
    let mut found = BTreeMap::new();
    if folder.is_dir() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            found.insert(name, path);
        }
    }
    Ok(found)
}

/// Charges as text, column by column.
struct Charges {
    rows: usize,
    columns: BTreeMap<String, Vec<Option<String>>>,
}

impl Charges {
    fn read(file: &Path) -> Result<Self, Failed> {
        let (schema, _) = Format::default().with_header(true).infer_schema(File::open(file)?, Some(0))?;
        let names: Vec<String> = schema.fields().iter().map(|field| field.name().clone()).collect();
        let fields: Vec<Field> = names.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        let reader = ReaderBuilder::new(Arc::new(Schema::new(fields))).with_header(true).build(File::open(file)?)?;
        let mut charges = Self { rows: 0, columns: names.iter().map(|name| (name.clone(), Vec::new())).collect() };
        for batch in reader {
            let batch = batch?;
            charges.rows += batch.num_rows();
            for (name, array) in names.iter().zip(batch.columns()) {
                let cells = array.as_string::<i32>().iter().map(|cell| cell.map(str::to_owned));
                charges.columns.entry(name.clone()).or_default().extend(cells);
            }
        }
        Ok(charges)
    }

    /// Folds `Tags.team` and the like into JSON and fills in what every export has: a charge takes an hour, is billed
    /// in its month in US dollars by its provider, costs the same by any measure, and is usage of computers.
    fn complete(mut self) -> Result<Self, Failed> {
        self.fold("Tags");
        self.fold("SkuPriceDetails");
        self.fill("BillingCurrency", "USD");
        self.fill("BillingAccountId", "acme");
        self.fill("ChargeCategory", "Usage");
        self.fill("ServiceCategory", "Compute");
        self.fill("ServiceName", "Engine");
        self.fill("ProviderName", "AWS");
        self.copy("InvoiceIssuerName", "ProviderName");
        self.copy("EffectiveCost", "BilledCost");
        for cost in ["BilledCost", "ListCost", "ContractedCost"] {
            self.copy(cost, "EffectiveCost");
        }
        self.derive("ChargePeriodEnd", "ChargePeriodStart", |start| Some(start + TimeDelta::hours(1)))?;
        self.derive("BillingPeriodStart", "ChargePeriodStart", first_of_month)?;
        self.derive("BillingPeriodEnd", "BillingPeriodStart", |start| start.checked_add_months(Months::new(1)))?;
        Ok(self)
    }

    fn fold(&mut self, name: &str) {
        let prefix = format!("{name}.");
        let keys: Vec<String> = self.columns.keys().filter(|column| column.starts_with(&prefix)).cloned().collect();
        if keys.is_empty() {
            return;
        }
        let mut objects = vec![serde_json::Map::new(); self.rows];
        for key in keys {
            let cells = self.columns.remove(&key).unwrap_or_default();
            for (object, cell) in objects.iter_mut().zip(cells) {
                if let Some(cell) = cell {
                    object.insert(key[prefix.len()..].to_owned(), cell.into());
                }
            }
        }
        let texts = objects.into_iter().map(|object| Some(serde_json::Value::Object(object).to_string()));
        self.columns.insert(name.to_owned(), texts.collect());
    }

    fn fill(&mut self, name: &str, value: &str) {
        self.columns.entry(name.to_owned()).or_insert_with(|| vec![Some(value.to_owned()); self.rows]);
    }

    fn copy(&mut self, name: &str, from: &str) {
        if let (false, Some(cells)) = (self.columns.contains_key(name), self.columns.get(from)) {
            self.columns.insert(name.to_owned(), cells.clone());
        }
    }

    fn derive(
        &mut self,
        name: &str,
        from: &str,
        time: impl Fn(NaiveDateTime) -> Option<NaiveDateTime>,
    ) -> Result<(), Failed> {
        if self.columns.contains_key(name) {
            return Ok(());
        }
        let cells = self.columns.get(from).cloned().unwrap_or_default();
        let derived = cells.into_iter().map(|cell| {
            let text = cell.ok_or_else(|| format!("a charge without {from}"))?;
            let start = NaiveDateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%SZ")?;
            Ok(time(start).map(|time| time.format("%Y-%m-%dT%H:%M:%SZ").to_string()))
        });
        let derived = derived.collect::<Result<Vec<_>, Failed>>()?;
        self.columns.insert(name.to_owned(), derived);
        Ok(())
    }

    fn write(&self, folder: &Path) -> Result<(), Failed> {
        fs::create_dir_all(folder)?;
        let columns = self.columns.iter().map(|(name, cells)| {
            let array: ArrayRef = Arc::new(StringArray::from(cells.clone()));
            (name, array)
        });
        let batch = RecordBatch::try_from_iter(columns)?;
        let mut writer = ArrowWriter::try_new(File::create(folder.join("charges.parquet"))?, batch.schema(), None)?;
        writer.write(&batch)?;
        writer.close()?;
        Ok(())
    }
}

fn first_of_month(time: NaiveDateTime) -> Option<NaiveDateTime> {
    time.date().with_day(1)?.and_hms_opt(0, 0, 0)
}
