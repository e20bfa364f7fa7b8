//! Nothing is lost and nothing counts twice: what counts and what was set aside are together what was delivered.

use std::collections::BTreeMap;
use std::sync::Arc;

use outlay::config::Config;
use outlay::engine::{Engine, Sql};
use outlay::output::{Format, Style, renderer};
use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_assert_eq, proptest};

use super::project::{Project, charges, integers, texts, times, with};

/// A charge: its day of the month, who spent and how many cents.
type Charge = (u32, u8, i64);

/// The runs of one month of the API, in order: charges, and whether the manifest is there.
type Runs = Vec<(Vec<Charge>, bool)>;

const CONFIG: &str = r#"
[sources.api]
path = "api"
[sources.gateway]
path = "gateway"
[[overlaps]]
sources = ["api", "gateway"]
match = ["PrincipalId"]
grain = "day"
"#;

fn charge() -> impl Strategy<Value = Charge> {
    (1..=4u32, 0..4u8, -500..500i64)
}

fn write(project: &Project, file: &str, month: &str, charges_of: &[Charge]) {
    let costs: Vec<f64> = charges_of.iter().map(|_| 0.0).collect();
    let cents = integers(&charges_of.iter().map(|(_, _, cents)| *cents).collect::<Vec<_>>());
    let days: Vec<String> = charges_of.iter().map(|(day, ..)| format!("{month}-{day:02}")).collect();
    let who: Vec<String> = charges_of.iter().map(|(_, who, _)| format!("p{who}")).collect();
    let columns = with(charges(month, &costs), "BilledCost", cents);
    let columns = with(columns, "ChargePeriodStart", times(&days.iter().map(String::as_str).collect::<Vec<_>>()));
    let columns = with(columns, "PrincipalId", texts(&who.iter().map(String::as_str).collect::<Vec<_>>()));
    project.parquet(file, &columns);
}

/// Rows and sum of a table.
fn count(engine: &Arc<Engine>, table: &str) -> (i64, i64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sql = format!("select count(*), cast(coalesce(sum(BilledCost), 0) as bigint) from {table}");
    let text = runtime.block_on(async {
        let mut answer = engine.query(Sql::new(&sql, "test")).await.unwrap();
        let schema = answer.schema();
        let batches = answer.collect().await.unwrap();
        let mut bytes = Vec::new();
        let style = Style { header: false, ..Style::default() };
        let mut rows = renderer(Format::Csv, &style, schema, Box::new(&mut bytes)).unwrap();
        batches.iter().for_each(|batch| rows.batch(batch).unwrap());
        rows.finish().unwrap();
        String::from_utf8(bytes).unwrap()
    });
    let (rows, sum) = text.trim().split_once(',').unwrap();
    (rows.parse().unwrap(), sum.parse().unwrap())
}

fn sums<'c>(charges: impl IntoIterator<Item = &'c Charge>) -> (i64, i64) {
    charges.into_iter().fold((0, 0), |(rows, sum), (_, _, cents)| (rows + 1, sum + cents))
}

fn check(months: &BTreeMap<u32, Runs>, gateway: &[Charge]) -> Result<(), proptest::test_runner::TestCaseError> {
    let project = Project::new(CONFIG);
    let mut counted: Vec<(u32, Charge)> = Vec::new();
    let mut delivered: Vec<Charge> = Vec::new();
    for (month, runs) in months {
        let label = format!("2026-{month:02}");
        for (run, (charges_of, manifest)) in runs.iter().enumerate() {
            let folder = format!("BILLING_PERIOD={label}/2026-07-0{}T00-00-00.000Z-r", run + 1);
            write(&project, &format!("api/data/{folder}/x.parquet"), &label, charges_of);
            if *manifest {
                project.write(&format!("api/metadata/{folder}/M-Manifest.json"), r#"{"dataFiles":["x.parquet"]}"#);
            }
            delivered.extend(charges_of);
        }
        let newest = runs.iter().rev().find(|(_, manifest)| *manifest);
        counted.extend(newest.into_iter().flat_map(|(charges_of, _)| charges_of).map(|charge| (*month, *charge)));
    }
    write(&project, "gateway/x.parquet", "2026-05", gateway);
    delivered.extend(gateway);
    let engine = Engine::builder(Config::load(&project.path().join("outlay.toml")).unwrap()).threads(1).build();
    let engine = Arc::new(engine.unwrap());
    // Of the gateway counts what the API does not have: the same principal on the same day.
    let has =
        |charge: &&Charge| counted.iter().any(|(month, api)| *month == 5 && (api.0, api.1) == (charge.0, charge.1));
    let kept: Vec<Charge> = gateway.iter().filter(|charge| !has(charge)).copied().collect();
    let expected = sums(counted.iter().map(|(_, charge)| charge).chain(&kept));
    let (rows, sum) = sums(&delivered);
    prop_assert_eq!(count(&engine, "spend"), expected);
    prop_assert_eq!(count(&engine, "set_aside"), (rows - expected.0, sum - expected.1));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_counts_and_what_is_set_aside_are_what_was_delivered(
        may in vec((vec(charge(), 1..5), any::<bool>()), 0..3),
        june in vec((vec(charge(), 1..5), any::<bool>()), 0..3),
        gateway in vec(charge(), 1..6),
    ) {
        // One run is always whole: a source without any complete delivery is an error of its own.
        let whole = vec![(vec![(1, 0, 100)], true)];
        check(&BTreeMap::from([(4, whole), (5, may), (6, june)]), &gateway)?;
    }
}
