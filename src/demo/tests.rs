use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{DataType, Decimal128Type, Float64Type};
use bytes::Bytes;
use futures::TryStreamExt;
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::*;

#[derive(Default)]
struct Heard(Mutex<u64>);

impl Progress for Heard {
    fn rows(&self, written: u64) {
        *self.0.lock().unwrap() += written;
    }
}

type Objects = BTreeMap<String, Bytes>;

/// The sample in memory: its truth, its objects by key below the prefix, and the progress heard.
async fn sample(rows: u64, months: u32, seed: u64) -> (Truth, Objects, u64) {
    let store = Arc::new(InMemory::new());
    let heard = Heard::default();
    let plan = Plan::new(rows, months, seed).unwrap();
    let truth = generate(&plan, Arc::clone(&store) as Arc<dyn ObjectStore>, &Path::from("some/place"), &heard).await;
    let listed: Vec<_> = store.list(None).try_collect().await.unwrap();
    let mut objects = Objects::new();
    for object in listed {
        let content = store.get(&object.location).await.unwrap().bytes().await.unwrap();
        objects.insert(object.location.as_ref().strip_prefix("some/place/").unwrap().to_owned(), content);
    }
    let heard = *heard.0.lock().unwrap();
    (truth.unwrap(), objects, heard)
}

fn batches(content: &Bytes) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content.clone()).unwrap().build().unwrap();
    reader.collect::<Result<_, _>>().unwrap()
}

/// Sums a cost column exactly; a double stands for the shortest decimal that reads back as it.
fn sum(batches: &[RecordBatch], column: &str) -> Amount {
    let of_batch = |batch: &RecordBatch| -> Amount {
        let costs = batch.column_by_name(column).unwrap();
        match costs.data_type() {
            DataType::Float64 => {
                let doubles = costs.as_primitive::<Float64Type>();
                doubles.iter().map(|cost| cost.unwrap().to_string().parse::<Amount>().unwrap()).sum()
            }
            DataType::Decimal128(_, scale) => {
                let scale = u32::try_from(*scale).unwrap();
                let decimals = costs.as_primitive::<Decimal128Type>();
                decimals.iter().map(|cost| Amount::new(cost.unwrap(), scale)).sum()
            }
            other => panic!("{column} is {other}"),
        }
    };
    batches.iter().map(of_batch).sum()
}

fn texts(batch: &RecordBatch, column: &str) -> Vec<Option<String>> {
    let texts = batch.column_by_name(column).unwrap().as_string::<i32>();
    texts.iter().map(|text| text.map(str::to_owned)).collect()
}

#[tokio::test]
async fn the_same_plan_gives_the_same_objects() {
    let (one, first, _) = sample(5_000, 7, 3).await;
    let (two, second, _) = sample(5_000, 7, 3).await;
    assert_eq!(one, two);
    assert!(first == second, "objects differ");
    let (other, _, _) = sample(5_000, 7, 4).await;
    assert_ne!(one.billed_cost, other.billed_cost);
}

#[tokio::test]
async fn what_is_written_is_what_the_truth_says() {
    check_written(8_000, 12).await;
}

#[tokio::test]
async fn the_longest_and_the_shortest_history_hold() {
    check_written(5_000, 60).await;
    check_written(5_000, 6).await;
}

async fn check_written(rows: u64, months: u32) {
    let (truth, objects, heard) = sample(rows, months, 42).await;
    assert!(truth.charges.abs_diff(rows) * 50 <= rows, "{}", truth.charges);
    assert_eq!(heard, truth.charges);
    let aside: BTreeSet<&str> = truth.set_aside.iter().map(|file| file.object.as_str()).collect();
    for (name, totals) in &truth.by_source {
        let folder = format!("exports/{name}/");
        let counted = objects.iter().filter(|(key, _)| key.starts_with(&folder) && key.ends_with(".parquet"));
        let read: Vec<RecordBatch> = counted
            .filter(|(key, _)| !aside.contains(key.as_str()))
            .flat_map(|(_, content)| batches(content))
            .collect();
        let rows: usize = read.iter().map(RecordBatch::num_rows).sum();
        assert_eq!(u64::try_from(rows).unwrap(), totals.charges, "{name}");
        assert_eq!(sum(&read, "BilledCost"), totals.billed_cost, "{name}");
        assert_eq!(sum(&read, "EffectiveCost"), totals.effective_cost, "{name}");
        assert_eq!(sum(&read, "ListCost"), totals.list_cost, "{name}");
    }
    for file in &truth.set_aside {
        let read = batches(&objects[&file.object]);
        assert_eq!(sum(&read, "BilledCost"), file.billed_cost, "{}", file.object);
    }
    let stored: Truth = serde_json::from_slice(&objects["truth.json"]).unwrap();
    assert_eq!(stored, truth);
}

#[tokio::test]
async fn the_sums_of_the_truth_agree() {
    let (truth, _, _) = sample(6_000, 9, 1).await;
    assert_eq!(truth.by_source.values().map(|source| source.billed_cost).sum::<Amount>(), truth.billed_cost);
    assert_eq!(truth.by_month.iter().map(|month| month.effective_cost).sum::<Amount>(), truth.effective_cost);
    assert_eq!(truth.by_billing_month.iter().map(|month| month.billed_cost).sum::<Amount>(), truth.billed_cost);
    let teams: Amount = truth.by_team.values().copied().sum();
    assert_eq!(teams + truth.no_team_effective_cost, truth.effective_cost);
    assert!(truth.no_team_effective_cost > truth.aws_untagged_effective_cost);
    assert_ne!(truth.billed_cost, truth.effective_cost);
    let mut before = 0;
    for week in &truth.adopters_by_week {
        assert_eq!(week.cumulative, before + week.new_adopters);
        before = week.cumulative;
    }
    assert!(before > 100);
    assert_eq!(truth.outcomes.total, truth.outcomes.by_type.values().sum::<u64>());
    assert_eq!(truth.gamer.outcomes, 2);
    assert!(truth.restated_delta < Amount::default());
    assert!(truth.runaway_loop.effective_cost > Amount::dollars(5_000));
}

#[tokio::test]
async fn manifests_name_objects_that_exist() {
    let (truth, objects, _) = sample(5_000, 8, 5).await;
    let mut named = BTreeSet::new();
    for (key, content) in objects.iter().filter(|(key, _)| key.to_lowercase().ends_with("manifest.json")) {
        let manifest: serde_json::Value = serde_json::from_slice(content).unwrap();
        // AWS names files from the root of the export, a landed dump from that of the store.
        let root = if key.starts_with(aws::FOLDER) { format!("{}/", aws::FOLDER) } else { String::new() };
        let aws = manifest["dataFiles"].as_array().into_iter().flatten();
        let aws = aws.map(|file| format!("{root}{}", file.as_str().unwrap()));
        let azure = manifest["blobs"].as_array().into_iter().flatten();
        let azure = azure.map(|blob| {
            let name = blob["blobName"].as_str().unwrap().to_owned();
            assert_eq!(blob["byteCount"], objects[&name].len(), "{key}");
            name
        });
        for file in aws.chain(azure) {
            assert!(objects.contains_key(&file), "{key} names {file}");
            named.insert(file);
        }
    }
    let unnamed =
        |key: &&String| key.ends_with(".parquet") && !key.contains("/gateway/") && key.starts_with("exports/");
    let unnamed: Vec<&String> = objects.keys().filter(unnamed).filter(|key| !named.contains(*key)).collect();
    let unfinished = truth.set_aside.iter().filter(|file| file.reason == "unfinished");
    assert_eq!(unnamed, unfinished.map(|file| &file.object).collect::<Vec<_>>());
}

#[tokio::test]
async fn every_file_has_the_mandatory_columns() {
    let (truth, objects, _) = sample(5_000, 6, 9).await;
    let always = [
        "BilledCost",
        "EffectiveCost",
        "ListCost",
        "ContractedCost",
        "BillingAccountId",
        "BillingAccountName",
        "BillingCurrency",
        "BillingPeriodStart",
        "BillingPeriodEnd",
        "ChargePeriodStart",
        "ChargePeriodEnd",
        "ChargeCategory",
        "ChargeClass",
        "ChargeDescription",
        "InvoiceIssuerName",
        "PricingQuantity",
        "PricingUnit",
        "ServiceCategory",
        "ServiceName",
    ];
    for (key, content) in objects.iter().filter(|(key, _)| key.starts_with("exports/") && key.ends_with(".parquet")) {
        let builder = ParquetRecordBatchReaderBuilder::try_new(content.clone()).unwrap();
        let schema = builder.schema();
        for column in always {
            assert!(schema.field_with_name(column).is_ok(), "{key} lacks {column}");
        }
        let old = schema.field_with_name("ProviderName").is_ok() && schema.field_with_name("PublisherName").is_ok();
        assert_ne!(old, schema.field_with_name("ServiceProviderName").is_ok(), "{key}");
    }
    assert_eq!(truth.months, 6);
}

#[tokio::test]
async fn ai_charges_carry_the_team_of_the_roster() {
    let (truth, objects, _) = sample(6_000, 10, 11).await;
    let roster = String::from_utf8(objects["facts/roster.csv"].to_vec()).unwrap();
    let stints: Vec<Vec<&str>> = roster.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let mut gamer = Amount::default();
    let of_ai = |key: &str| key.starts_with("exports/anthropic/data/") || key.contains("/gateway/");
    let files = objects.iter().filter(|(key, _)| of_ai(key));
    for batch in files.flat_map(|(_, content)| batches(content)) {
        let starts = arrow::compute::cast(batch.column_by_name("ChargePeriodStart").unwrap(), &DataType::Utf8).unwrap();
        let principals = texts(&batch, "PrincipalId");
        for (row, team) in texts(&batch, "SubAccountName").iter().enumerate() {
            let principal = principals[row].as_deref().unwrap();
            let day = &starts.as_string::<i32>().value(row)[..10];
            let there = |stint: &&Vec<&str>| {
                stint[0] == principal && stint[5] <= day && (stint[6].is_empty() || day < stint[6])
            };
            let service = principal.starts_with("svc-");
            let named = stints.iter().find(there).map(|stint| stint[3]);
            assert!(service || named == team.as_deref(), "{principal} on {day}: {named:?}, {team:?}");
            if principal == truth.gamer.principal_id {
                gamer += sum(&[batch.slice(row, 1)], "EffectiveCost");
            }
        }
    }
    assert_eq!(gamer, truth.gamer.effective_cost);
}

#[tokio::test]
async fn the_copy_that_ships_is_small() {
    let (truth, objects, _) = sample(40_000, 24, 42).await;
    let bytes: usize = objects.values().map(Bytes::len).sum();
    assert!(bytes < 4_100_000, "{bytes}");
    assert!(truth.charges.abs_diff(40_000) <= 800, "{}", truth.charges);
    assert!(objects.contains_key("outlay.toml"));
}

#[test]
fn plans_out_of_range_are_refused() {
    assert!(Plan::new(4_999, 24, 0).is_err() && Plan::new(2_000_000_001, 24, 0).is_err());
    assert!(Plan::new(5_000, 5, 0).is_err() && Plan::new(5_000, 61, 0).is_err());
    assert_eq!(Plan::new(5_000, 24, 0).unwrap().last_month.to_string(), "2026-06-01");
}
