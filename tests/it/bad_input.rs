//! Bad input gets an error that names the object, the column, the file and the line, and never a wrong total.

use std::sync::Arc;

use arrow::array::BooleanArray;
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use super::project::{Project, charges, doubles, integers, parquet, texts, with};

#[test]
fn a_truncated_object_is_named() {
    let project = Project::with_charges();
    let bytes = parquet(&charges("2026-05", &[1.0, 2.0]));
    project.write("charges/a.parquet", &bytes);
    project.write("charges/b.parquet", &bytes[..bytes.len() / 2]);
    let error = project.run(&["-c", "select sum(BilledCost) from spend"]).refused(1);
    assert!(error.contains("no whole Parquet file") && error.contains("charges/b.parquet"), "{error}");
}

#[test]
fn an_object_that_is_no_parquet_is_named() {
    let project = Project::with_charges();
    project.write("charges/a.parquet", "hello, this is a text and no Parquet file at all");
    let error = project.run(&["-c", "select 1 from spend"]).refused(1);
    assert!(error.contains("charges/a.parquet"), "{error}");
}

/// Every byte of the data pages is damaged in turn: the answer is right, or the object is named, never anything else.
#[test]
fn flipped_bits_never_abort_and_errors_name_the_object() {
    let project = Project::with_charges();
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let columns = charges("2026-05", &[1.25; 400]);
    let batch = arrow::array::RecordBatch::try_from_iter(columns).unwrap();
    let mut bytes = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let data = bytes.len() / 2;
    for at in (4..data).step_by(data / 24) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        project.write("charges/damaged.parquet", &damaged);
        let given =
            project.run(&["-c", "select sum(EffectiveCost), min(ServiceName), max(ChargePeriodEnd) from spend"]);
        let named = given.code == 1 && given.stdout.is_empty() && given.stderr.contains("charges/damaged.parquet");
        assert!(given.code == 0 || named, "byte {at}: {given:?}");
    }
}

#[test]
fn a_column_whose_type_changed_its_meaning_is_refused_only_when_used() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let flags = Arc::new(BooleanArray::from(vec![true]));
    project.parquet("charges/b.parquet", &with(charges("2026-06", &[2.0]), "EffectiveCost", flags));
    let error = project.run(&["-c", "select sum(EffectiveCost) from spend"]).refused(1);
    for part in ["EffectiveCost", "Boolean", "charges/b.parquet", "hint:"] {
        assert!(error.contains(part), "{part}: {error}");
    }
    assert_eq!(project.sql("select sum(BilledCost) as billed from spend"), "billed\n3.00\n");
}

#[test]
fn an_amount_that_is_no_number_names_column_and_object() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &with(charges("2026-05", &[1.0, 1.0]), "BilledCost", texts(&["1.50", "n/a"])));
    let error = project.run(&["-c", "select sum(BilledCost) from spend"]).refused(1);
    for part in ["BilledCost", "`n/a`", "charges/a.parquet"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn a_renamed_column_never_reads_as_null_in_silence() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let mut renamed = charges("2026-06", &[2.0]);
    renamed.iter_mut().filter(|(name, _)| *name == "EffectiveCost").for_each(|(name, _)| *name = "EffectiveCosts");
    project.parquet("charges/b.parquet", &renamed);
    let error = project.run(&["-c", "select sum(EffectiveCost) from spend"]).refused(1);
    assert!(error.contains("EffectiveCosts") && error.contains("charges/b.parquet"), "{error}");
    project.write(
        "outlay.toml",
        "[sources.charges]\npath = \"charges\"\n[sources.charges.columns]\nEffectiveCost = \"EffectiveCosts\"\n",
    );
    assert_eq!(project.sql("select sum(EffectiveCost) as cost from spend"), "cost\n3.00\n");
}

#[test]
fn a_number_where_a_time_should_be_is_refused() {
    let project = Project::with_charges();
    project.parquet(
        "charges/a.parquet",
        &with(charges("2026-05", &[1.0]), "ChargePeriodStart", integers(&[1_780_272_000])),
    );
    let error = project.run(&["-c", "select max(ChargePeriodStart) from spend"]).refused(1);
    assert!(error.contains("ChargePeriodStart") && error.contains("Int64"), "{error}");
}

#[test]
fn not_a_number_is_no_amount() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0, f64::NAN]));
    let error = project.run(&["-c", "select sum(BilledCost) from spend"]).refused(1);
    assert!(error.contains("NaN") && error.contains("BilledCost"), "{error}");
}

#[test]
fn a_source_without_files_is_refused_instead_of_shrinking_the_total() {
    let project = Project::new("[sources.here]\npath = \"charges\"\n[sources.gone]\npath = \"nowhere\"\n");
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    let error = project.run(&["-c", "select sum(BilledCost) from spend"]).refused(2);
    assert!(error.contains("source: gone") && error.contains("nowhere"), "{error}");
}

#[test]
fn a_configuration_key_that_does_not_exist_has_its_line() {
    let project = Project::new("[sources.charges]\npath = \"charges\"\ncolums = {}\n");
    let error = project.run(&["-c", "select 1"]).refused(2);
    for part in ["outlay.toml:3:1", "`colums`", "did you mean `columns`"] {
        assert!(error.contains(part), "{part}: {error}");
    }
}

#[test]
fn two_saved_queries_of_one_name_are_both_named() {
    let project = Project::with_charges();
    project.write("queries/a/total.sql", "-- description: Total.\nSELECT 1 AS one\n");
    project.write("queries/b/total.sql", "-- description: Total.\nSELECT 2 AS two\n");
    let error = project.run(&["run", "total"]).refused(2);
    assert!(error.contains("a/total.sql") && error.contains("b/total.sql"), "{error}");
}

#[test]
fn wrong_saved_queries_are_refused_with_their_place() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0]));
    for (body, parts) in [
        ("SELECT 1; SELECT 2", ["two.sql:2:", "one"]),
        ("SELECT $nosuch", ["two.sql:2:", "nosuch"]),
        ("DELETE FROM spend", ["two.sql:2:", "SELECT"]),
        ("SELECT BiledCost FROM spend", ["two.sql:2:8", "BilledCost"]),
    ] {
        project.write("queries/two.sql", format!("-- description: Two.\n{body}\n"));
        let error = project.run(&["run", "two"]).refused(2);
        for part in parts {
            assert!(error.contains(part), "{body}: {part}: {error}");
        }
    }
}

#[test]
fn a_list_in_in_gets_the_form_that_works() {
    let project = Project::with_charges();
    project.write(
        "queries/listed.sql",
        "-- description: Listed.\n-- param: names text[] = [a]\nSELECT 1 AS one WHERE 'a' IN ($names)\n",
    );
    let error = project.run(&["run", "listed"]).refused(2);
    assert!(error.contains("= ANY($names)") && error.contains("listed.sql:3:"), "{error}");
}

#[test]
fn a_table_whose_files_disagree_is_refused() {
    let project = Project::new("[tables.facts]\npath = \"facts\"\n");
    project.parquet("facts/a.parquet", &[("v", doubles(&[1.0]))]);
    project.parquet("facts/b.parquet", &[("v", texts(&["x"]))]);
    let error = project.run(&["-c", "select v from facts"]).refused(1);
    assert!(error.contains("facts/b.parquet") && error.contains("`v`"), "{error}");
}
