//! `outlay describe`: columns of a table; for the ledger also its files, what was set aside, gaps and drift.

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::RecordBatch;
use arrow::datatypes::DataType;
use chrono::{DateTime, Months, NaiveDate};

use super::args::{self, Part};
use super::context::Context;
use super::records::{counts, counts_known, table, texts};
use super::{report, sink};
use crate::engine::{Ledger, ledger};
use crate::error::Result;
use crate::facts::{self, Contract};
use crate::focus::{self, DriftKind, Level};

pub(super) async fn run(context: &Context, args: &args::Describe) -> Result<()> {
    if let Some(contract) = facts::contract(&args.name) {
        return describe_facts(context, contract).await;
    }
    let is_source = context.engine.config().sources.contains_key(&args.name);
    if !is_source && !ledger::NAMES.contains(&args.name.as_str()) {
        let schema = context.engine.schema_of(&args.name).await?;
        let batch = table([
            ("column", texts(schema.fields().iter().map(|field| field.name().as_str()))),
            ("type", texts(schema.fields().iter().map(|field| type_name(field.data_type())))),
        ])?;
        return sink::print_batch(&context.global, &context.engine, &batch).await;
    }
    let opened = context.engine.ledger().await?;
    let source = is_source.then_some(args.name.as_str());
    let everything = sink::is_table(&context.global)?;
    let parts: &[Part] = match &args.part {
        Some(part) => std::slice::from_ref(part),
        None if everything => &[Part::Columns, Part::Sources, Part::SetAside, Part::Gaps, Part::Drift],
        None => &[Part::Columns],
    };
    for part in parts {
        let (title, batch) = match part {
            Part::Columns => ("columns", columns(&opened)?),
            Part::Sources => ("sources", sources(&opened, source)?),
            Part::SetAside => ("set aside", set_aside(&opened, source)?),
            Part::Gaps => ("gaps", gaps(&opened, source)?),
            Part::Drift => ("drift", drift(&opened, source)?),
        };
        if parts.len() > 1 {
            report::note(context.global.color, context.global.quiet, title);
        }
        sink::print_batch(&context.global, &context.engine, &batch).await?;
    }
    Ok(())
}

/// The contract of a table of facts, how it is met, and the columns beside it.
async fn describe_facts(context: &Context, contract: &'static Contract) -> Result<()> {
    let columns = context.engine.facts(contract).await?;
    let is_there = columns.iter().any(|column| !column.met.is_empty());
    let say = |text: &str| report::note(context.global.color, context.global.quiet, text);
    say(&contract.what);
    if !is_there {
        say(&format!("there is none yet: give `[tables.{}]` a `path` in outlay.toml", contract.name));
    }
    // A table that breaks its contract has no extra columns to show; what is missing stands in the rows.
    let whole = columns.iter().all(|column| column.met != "missing");
    let schema = if is_there && whole { Some(context.engine.schema_of(&contract.name).await?) } else { None };
    let extras: Vec<(String, String)> = schema
        .iter()
        .flat_map(|schema| schema.fields().iter().skip(columns.len()))
        .map(|field| (field.name().clone(), type_name(field.data_type())))
        .collect();
    let beside = |text: &'static str| extras.iter().map(move |_| text);
    let required = columns.iter().map(|column| if column.required { "required" } else { "" });
    let batch = table([
        ("column", texts(columns.iter().map(|column| &column.name).chain(extras.iter().map(|extra| &extra.0)))),
        ("type", texts(columns.iter().map(|column| &column.type_name).chain(extras.iter().map(|extra| &extra.1)))),
        ("required", texts(required.chain(beside("")))),
        ("met_by", texts(columns.iter().map(|column| column.met.as_str()).chain(beside("its own name")))),
        ("what", texts(columns.iter().map(|column| column.what.as_str()).chain(beside("beside the contract")))),
    ])?;
    sink::print_batch(&context.global, &context.engine, &batch).await
}

fn columns(opened: &Ledger) -> Result<RecordBatch> {
    use datafusion::catalog::TableProvider;
    let schema = opened.schema();
    let focus = |name: &str| focus::column(name);
    table([
        ("column", texts(schema.fields().iter().map(|field| field.name().as_str()))),
        (
            "type",
            texts(schema.fields().iter().map(|field| match focus(field.name()) {
                Some(column) => column.kind.name().to_owned(),
                None => type_name(field.data_type()),
            })),
        ),
        (
            "level",
            texts(schema.fields().iter().map(|field| match focus(field.name()).map(|column| column.level) {
                Some(Level::Mandatory) => "mandatory",
                Some(Level::Conditional) => "conditional",
                Some(Level::Recommended) => "recommended",
                None => "extra",
            })),
        ),
        ("since", texts(schema.fields().iter().map(|field| focus(field.name()).map_or("", |column| column.since)))),
    ])
}

fn of<'l>(opened: &'l Ledger, source: Option<&'l str>) -> impl Iterator<Item = &'l ledger::OpenSource> {
    opened.sources().filter(move |candidate| source.is_none_or(|name| name == candidate.name))
}

fn vendors<'l>(opened: &'l Ledger, source: Option<&'l str>) -> impl Iterator<Item = &'l ledger::VendorSource> {
    opened.vendors().filter(move |candidate| source.is_none_or(|name| name == candidate.name))
}

/// A source as `describe` shows it; charges and months of records are known only once they are read.
struct SourceRow<'l> {
    name: &'l str,
    dialect: &'l str,
    charges: Option<usize>,
    files: usize,
    set_aside: usize,
    months: BTreeSet<NaiveDate>,
    location: String,
}

fn sources(opened: &Ledger, source: Option<&str>) -> Result<RecordBatch> {
    let of_files = of(opened, source).map(|source| SourceRow {
        name: &source.name,
        dialect: source.dialect.name,
        charges: Some(source.files.iter().map(|file| file.rows).sum()),
        files: source.files.len(),
        set_aside: source.set_aside.len(),
        months: months(source),
        location: source.location.to_string(),
    });
    let of_records = vendors(opened, source).map(|source| SourceRow {
        name: &source.name,
        dialect: &source.dialect.name,
        charges: None,
        files: source.objects.len(),
        set_aside: source.set_aside.len(),
        months: BTreeSet::new(),
        location: source.location.to_string(),
    });
    let mut rows: Vec<SourceRow<'_>> = of_files.chain(of_records).collect();
    rows.sort_by_key(|row| row.name);
    let month = |month: Option<&NaiveDate>| month.map_or_else(String::new, |month| month.format("%Y-%m").to_string());
    table([
        ("source", texts(rows.iter().map(|row| row.name))),
        ("dialect", texts(rows.iter().map(|row| row.dialect))),
        ("charges", counts_known(rows.iter().map(|row| row.charges))),
        ("files", counts(rows.iter().map(|row| row.files))),
        ("set_aside", counts(rows.iter().map(|row| row.set_aside))),
        ("first_month", texts(rows.iter().map(|row| month(row.months.first())))),
        ("last_month", texts(rows.iter().map(|row| month(row.months.last())))),
        ("location", texts(rows.iter().map(|row| row.location.as_str()))),
    ])
}

fn set_aside(opened: &Ledger, source: Option<&str>) -> Result<RecordBatch> {
    let of_files = of(opened, source).map(|source| (&source.name, &source.location, &source.set_aside));
    let of_records = vendors(opened, source).map(|source| (&source.name, &source.location, &source.set_aside));
    let rows: Vec<_> = of_files
        .chain(of_records)
        .flat_map(|(name, location, asides)| asides.iter().map(move |aside| (name, location, aside)))
        .collect();
    table([
        ("source", texts(rows.iter().map(|row| row.0.as_str()))),
        ("object", texts(rows.iter().map(|row| row.1.object_url(&row.2.object.location)))),
        ("bytes", counts(rows.iter().map(|row| usize::try_from(row.2.object.size).unwrap_or(usize::MAX)))),
        ("reason", texts(rows.iter().map(|row| row.2.reason.to_string()))),
    ])
}

/// Billing months that the files of a source cover, as far as their statistics tell; months of use where the export calls
/// a day a billing period.
fn months(source: &ledger::OpenSource) -> BTreeSet<NaiveDate> {
    let mut months = BTreeSet::new();
    for file in &source.files {
        let range = file.times.get("BillingPeriodStart").or_else(|| file.times.get("ChargePeriodStart"));
        let Some(range) = range else { continue };
        let mut month = first_of_month(range.first);
        let end = first_of_month(range.last);
        while let (Some(current), Some(end)) = (month, end)
            && current <= end
        {
            months.insert(current);
            month = current.checked_add_months(Months::new(1));
        }
    }
    months
}

fn first_of_month(micros: i64) -> Option<NaiveDate> {
    use chrono::Datelike;
    DateTime::from_timestamp_micros(micros)?.date_naive().with_day(1)
}

fn gaps(opened: &Ledger, source: Option<&str>) -> Result<RecordBatch> {
    let mut rows = Vec::new();
    for source in of(opened, source) {
        let months = months(source);
        let mut month = months.first().copied();
        while let (Some(current), Some(last)) = (month, months.last())
            && current < *last
        {
            if !months.contains(&current) {
                rows.push((source.name.as_str(), current.format("%Y-%m").to_string()));
            }
            month = current.checked_add_months(Months::new(1));
        }
    }
    table([
        ("source", texts(rows.iter().map(|row| row.0))),
        ("missing_month", texts(rows.iter().map(|row| row.1.as_str()))),
    ])
}

fn drift(opened: &Ledger, source: Option<&str>) -> Result<RecordBatch> {
    let mut found: BTreeMap<(&str, &str, String), (usize, String)> = BTreeMap::new();
    for source in of(opened, source) {
        for file in &source.files {
            for drift in &file.contract.drift {
                let key = (source.name.as_str(), drift.column.as_str(), note(&drift.kind));
                let object = || source.location.object_url(&file.object.location);
                found.entry(key).or_insert_with(|| (0, object())).0 += 1;
            }
        }
        // A column that no file of a source has is a choice of the vendor, not drift.
        let files = source.files.len();
        let missing = note(&DriftKind::Missing);
        found.retain(|key, (count, _)| key.0 != source.name || key.2 != missing || *count < files);
    }
    table([
        ("source", texts(found.keys().map(|key| key.0))),
        ("column", texts(found.keys().map(|key| key.1))),
        ("what", texts(found.keys().map(|key| key.2.as_str()))),
        ("files", counts(found.values().map(|value| value.0))),
        ("first_object", texts(found.values().map(|value| value.1.as_str()))),
    ])
}

fn note(kind: &DriftKind) -> String {
    match kind {
        DriftKind::Missing => "not in these files: NULL".to_owned(),
        DriftKind::Renamed(from) => format!("called `{from}` in these files"),
        DriftKind::Unknown => "no FOCUS column and no x_ prefix: kept under its name".to_owned(),
        DriftKind::Converted(physical) => format!("{physical} in these files: converted exactly"),
        DriftKind::Hidden(own) => format!("`{own}` of these files is not read: another column is declared to be it"),
        DriftKind::Refused(why) => format!("refused: {why}"),
    }
}

/// The SQL name of a type.
pub(super) fn type_name(data_type: &DataType) -> String {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => "TEXT".to_owned(),
        DataType::Int64 => "BIGINT".to_owned(),
        DataType::Float64 => "DOUBLE".to_owned(),
        DataType::Boolean => "BOOLEAN".to_owned(),
        DataType::Date32 => "DATE".to_owned(),
        DataType::Timestamp(_, None) => "TIMESTAMP".to_owned(),
        DataType::Timestamp(_, Some(zone)) => format!("TIMESTAMP ({zone})"),
        DataType::Decimal128(precision, scale) => format!("DECIMAL({precision},{scale})"),
        other => other.to_string(),
    }
}
