//! Summary tables answer for the charges that they hold, and change no answer.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use arrow::array::{ArrayRef, StringArray, TimestampMicrosecondArray};
use arrow::util::pretty::pretty_format_batches;
use chrono::{NaiveDate, TimeDelta};
use outlay::config::Config;
use outlay::engine::{Engine, Optimisation, Optimisations, Sql};
use outlay::query::{Catalog, SavedQuery};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use super::optimisations::shown;
use super::project::{Project, charges, doubles, texts, with};

const CONFIG: &str = "[project]\nas_of = \"2026-07-04\"\n\n[sources.charges]\npath = \"charges\"\n";

/// Days, with everything that statements below group by.
const DAYS: &str = "\
-- description: The charges of each day.
-- param: interval  period = last(12mo)  \"time of use\"
-- materialize: table=days interval=month(day)
SELECT
  CAST(ChargePeriodStart AS DATE) AS day,
  coalesce(nullif(Tags ->> 'team', ''), 'unassigned') AS team,
  ServiceName AS service,
  BillingCurrency AS currency,
  count(*) AS charges,
  count(SkuId) AS skus,
  sum(BilledCost) AS billed,
  sum(EffectiveCost) AS effective,
  max(ListCost) AS dearest
FROM spend
WHERE ChargePeriodStart >= $interval_start
  AND ChargePeriodStart < $interval_end
GROUP BY 1, 2, 3, 4
ORDER BY day, team, service, currency
";

/// Months of one kind of charge.
const CREDITS: &str = "\
-- description: The credits of each month.
-- param: interval  month = last_full_month  \"time of use\"
-- materialize: table=credits interval=month(month)
SELECT
  CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
  ServiceName AS service,
  count(*) AS charges,
  sum(BilledCost) AS billed
FROM spend
WHERE ChargePeriodStart >= $interval_start
  AND ChargePeriodStart < $interval_end
  AND ChargeCategory = 'Credit'
GROUP BY date_trunc('month', ChargePeriodStart), ServiceName
ORDER BY month, service
";

/// Charges of `month`, all hours of its first 28 days, with gaps; `salt` makes others of them.
fn month(month: &str, salt: i64) -> Vec<(&'static str, ArrayRef)> {
    let rows: Vec<i64> = (0..240).collect();
    let pick = |row: i64, of: i64| (row * 7919 + salt * 104_729) % of;
    let first = format!("{month}-01").parse::<NaiveDate>().unwrap().and_hms_opt(0, 0, 0).unwrap();
    let cents = |row: &i64| {
        if pick(*row, 11) == 0 { -0.07 } else { f64::from(i32::try_from(pick(*row, 997) + 1).unwrap()) / 100.0 }
    };
    let costs: Vec<f64> = rows.iter().map(cents).collect();
    let start = |row: &i64| (first + TimeDelta::hours(pick(*row, 28 * 24))).and_utc().timestamp_micros();
    let one_of = |of: &[&'static str], step: i64| -> ArrayRef {
        let chosen = |row: &i64| of[usize::try_from(pick(row * step + 3, of.len() as i64)).unwrap()];
        texts(&rows.iter().map(chosen).collect::<Vec<_>>())
    };
    let tags = [r#"{"team":"data"}"#, r#"{"team":"web"}"#, r#"{"team":""}"#, "{}", r#"{"team":"ml","tier":"1"}"#];
    let skus: StringArray = rows.iter().map(|row| (row % 3 > 0).then_some("sku")).collect();
    let mut columns = charges(month, &costs);
    columns.push(("Tags", one_of(&tags, 1)));
    columns.push(("SkuId", Arc::new(skus)));
    let times = TimestampMicrosecondArray::from(rows.iter().map(start).collect::<Vec<_>>());
    let columns = with(columns, "ChargePeriodStart", Arc::new(times));
    let columns = with(columns, "ServiceName", one_of(&["Engine", "Store", "Lake"], 5));
    let columns = with(columns, "ChargeCategory", one_of(&["Usage", "Credit", "Tax"], 2));
    with(columns, "ListCost", doubles(&costs.iter().map(|cost| cost * 2.0).collect::<Vec<_>>()))
}

/// Half a year of charges with both tables: March was delivered anew since they were built, May was lost, July is not over.
fn half_a_year() -> Project {
    let project = Project::new(CONFIG);
    project.write("queries/by_day.sql", DAYS);
    project.write("queries/credited.sql", CREDITS);
    for number in 1..=7 {
        let name = format!("2026-{number:02}");
        project.parquet(&format!("charges/{name}.parquet"), &month(&name, number));
    }
    let _built = project.run(&["build", "days", "credits"]).ok();
    project.parquet("charges/2026-03.parquet", &month("2026-03", 33));
    std::fs::remove_file(project.path().join("charges/2026-05.parquet")).unwrap();
    project
}

fn engine(folder: &Path, optimisations: Optimisations) -> Arc<Engine> {
    let config = Config::load(&folder.join("outlay.toml")).unwrap();
    let own = folder.join("queries");
    let own = if own.is_dir() { Catalog::from_folder(&own).unwrap() } else { Catalog::default() };
    let catalog = Catalog::embedded().merge(own);
    Arc::new(Engine::builder(config).catalog(catalog).optimisations(optimisations).build().unwrap())
}

/// The rows of an answer as text, and what summary tables had of it.
fn answered(engine: &Arc<Engine>, sql: &str) -> (String, Vec<String>) {
    Runtime::new().unwrap().block_on(async {
        let mut answer = engine.query(Sql::new(sql, "test")).await.map_err(|error| format!("{error}: {sql}")).unwrap();
        let summaries = answer.summaries().to_vec();
        (pretty_format_batches(&answer.collect().await.unwrap()).unwrap().to_string(), summaries)
    })
}

/// Both ways of the half year.
static HALF_A_YEAR: LazyLock<(Project, Arc<Engine>, Arc<Engine>)> = LazyLock::new(|| {
    let project = half_a_year();
    let of = |optimisations| engine(project.path(), optimisations);
    let both = (of(Optimisations::default()), of(Optimisations::default().without(Optimisation::Summaries)));
    (project, both.0, both.1)
});

/// Asserts that `sql` gives the same both ways, and gives what summary tables had of it.
#[track_caller]
fn same(sql: &str) -> Vec<String> {
    let (_, with, without) = &*HALF_A_YEAR;
    let ((fast, summaries), (plain, none)) = (answered(with, sql), answered(without, sql));
    assert_eq!(fast, plain, "{sql}\n{summaries:?}");
    assert_eq!(none, Vec::<String>::new());
    summaries
}

const TEAM: &str = "coalesce(nullif(Tags ->> 'team', ''), 'unassigned')";

#[test]
fn intervals_that_are_as_they_should_be_answer_and_the_charges_do_for_the_rest() {
    let half = "ChargePeriodStart >= '2026-01-01' and ChargePeriodStart < '2026-07-01'";
    let by_team = |filter: &str| {
        format!(
            "select {TEAM} as team, sum(EffectiveCost) as cost, count(*) as n from spend where {filter} group by 1 order by 1"
        )
    };
    assert_eq!(same(&by_team(half)), ["days has 4 intervals of 2026-01 to 2026-06, the rest from the charges"]);
    let quarter = "ChargePeriodStart between '2026-01-01' and '2026-02-28 23:59:59.999999'";
    assert_eq!(same(&by_team(quarter)), Vec::<String>::new(), "the last microsecond of a day is no day");
    let two = "ChargePeriodStart >= '2026-01-15' and ChargePeriodStart < DATE '2026-02-10'";
    assert_eq!(same(&by_team(two)), ["days has 2 intervals of 2026-01 to 2026-02"]);
    assert_eq!(same(&by_team("true")), ["days has 4 intervals of 2026-01 to 2026-06, the rest from the charges"]);
    let stale = "ChargePeriodStart >= '2026-03-01' and ChargePeriodStart < '2026-04-01'";
    assert_eq!(same(&by_team(stale)), Vec::<String>::new());
    let hour = "ChargePeriodStart >= '2026-01-15 01:00:00' and ChargePeriodStart < '2026-02-10'";
    assert_eq!(same(&by_team(hour)), Vec::<String>::new(), "a day tells no hour");
}

#[test]
fn what_a_summary_can_tell_is_told() {
    for (sql, table) in [
        ("select sum(BilledCost) as billed from spend", "days"),
        ("select count(SkuId) as skus, count(1) as n, max(ListCost) as dearest from spend", "days"),
        ("select count(distinct ServiceName) as services from spend where Tags ->> 'team' is null", ""),
        ("select count(distinct ServiceName) as services, min(ServiceName) as first from spend", "days"),
        (
            "select date_trunc('quarter', ChargePeriodStart) as quarter, sum(BilledCost) as b from spend group by 1 order by 1",
            "days",
        ),
        (
            "select date_part('month', ChargePeriodStart) as month, sum(BilledCost) as b from spend group by 1 order by 1",
            "days",
        ),
        (
            "select date_trunc('hour', ChargePeriodStart) as hour, sum(BilledCost) as b from spend group by 1 order by 1",
            "",
        ),
        ("select sum(case when ServiceName = 'Lake' then EffectiveCost else 0 end) as lake from spend", "days"),
        ("select sum(EffectiveCost) filter (where ServiceName = 'Lake') as lake from spend", "days"),
        ("select count(*) filter (where ServiceName = 'None') as none from spend", "days"),
        ("select sum(BilledCost) as b from spend where ChargeCategory = 'Credit'", "credits"),
        (
            "select ServiceName, sum(BilledCost) as b from spend where ChargeCategory = 'Credit' and ServiceName <> 'Lake' group by 1 order by 1",
            "credits",
        ),
        ("select sum(EffectiveCost) as e from spend where ChargeCategory = 'Credit'", ""),
        ("select sum(ListCost) as l from spend", ""),
        ("select avg(BilledCost) as mean from spend", ""),
        ("select sum(distinct BilledCost) as b from spend", ""),
        ("select sum(BilledCost) as b from spend where 1 = 0", "days"),
        ("select min(ChargePeriodStart) as first from spend", ""),
        ("select ServiceName, sum(BilledCost) as b from spend where ServiceName = 'None' group by 1", "days"),
        ("select sum(b) as b from (select sum(BilledCost) as b from spend group by ServiceName) as services", "days"),
        (
            "select ServiceName from spend where BillingCurrency = 'USD' group by 1 having sum(BilledCost) > 5 order by 1",
            "days",
        ),
        (
            "with s as (select ServiceName as s, BilledCost as c from spend) select s, sum(c) as c from s where s like 'L%' group by s",
            "days",
        ),
        (
            "select (select sum(BilledCost) from spend) - (select sum(BilledCost) from focus_data_table) as nothing",
            "days",
        ),
    ] {
        let summaries = same(sql);
        assert!(summaries.first().is_none_or(|first| first.starts_with(table)), "{sql}: {summaries:?}");
        assert_eq!(summaries.is_empty(), table.is_empty(), "{sql}: {summaries:?}");
    }
}

#[test]
fn what_a_summary_answered_is_shown_and_can_be_switched_off() {
    let project = half_a_year();
    let sql = "select sum(BilledCost) as billed from spend where ChargePeriodStart < '2026-02-01'";
    let given = project.run(&["--stats", "-c", sql]);
    assert!(
        given.stderr.contains("\ndays has 1 interval of 2026-01 to 2026-01, the rest from the charges"),
        "{}",
        given.stderr
    );
    let json = project.run(&["--stats=json", "-c", sql]);
    assert!(json.stderr.contains(r#""summaries":["days has 1 interval"#), "{}", json.stderr);
    let off = project.run(&["--stats", "--without", "summaries", "-c", sql]);
    assert!(!off.stderr.contains("interval"), "{}", off.stderr);
    assert_eq!(given.ok(), off.ok());

    let query =
        "-- description: d\nSELECT sum(BilledCost) AS billed FROM spend WHERE ChargePeriodStart < DATE '2026-02-01'\n";
    project.write("queries/billed.sql", query);
    let plan = project.run(&["show", "billed", "--plan"]).ok();
    assert!(plan.contains("TableScan: days") && plan.contains("TableScan: spend"), "{plan}");
    // What is held against the checks is what the charges say.
    let checked = project.run(&["check", "billed", "--stats"]);
    assert!(!checked.stderr.contains("days has"), "{}", checked.stderr);
}

#[test]
fn an_interval_that_no_build_looked_at_does_not_answer() {
    let project = Project::new(CONFIG);
    project.write("queries/by_day.sql", DAYS);
    for name in ["2026-06", "2026-07"] {
        project.parquet(&format!("charges/{name}.parquet"), &month(name, 1));
    }
    let _july_too = project.run(&["build", "days", "--allow-partial"]).ok();
    project.parquet("charges/2026-07-more.parquet", &month("2026-07", 2));
    let _until_june = project.run(&["build", "days"]).ok();
    let sql = "select sum(BilledCost) as billed, count(*) as n from spend where ChargePeriodStart >= '2026-06-01'";
    let given = project.run(&["--stats", "-c", sql]);
    assert!(given.stderr.contains("days has 1 interval of 2026-06 to 2026-06, the rest"), "{}", given.stderr);
    assert_eq!(given.ok(), project.run(&["--without", "summaries", "-c", sql]).ok());

    // The first month goes, and with it what was stored of it.
    std::fs::remove_file(project.path().join("charges/2026-06.parquet")).unwrap();
    let _built = project.run(&["build", "days"]).ok();
    assert_eq!(project.sql("select count(*) as n from days where day < '2026-07-01'"), "n\n0\n");
    assert_eq!(project.sql(sql), project.run(&["--without", "summaries", "-c", sql]).ok());
}

#[test]
fn a_table_without_charges_is_built_whatever_becomes_of_the_sources() {
    let project = Project::new(&format!("{CONFIG}\n[tables.goals_met]\npath = \"goals.csv\"\n"));
    project.write("goals.csv", "goal,met\na,1\nb,2\n");
    let query = "-- description: d\n-- materialize: table=met\nSELECT sum(met) AS met FROM goals_met\n";
    project.write("queries/goals_summed.sql", query);
    let _built = project.run(&["build", "met"]).ok();
    assert_eq!(project.sql("select met from met"), "met\n3\n");
}

#[test]
fn a_broken_summary_is_told_of_and_stops_no_statement() {
    let project = half_a_year();
    let sql = "select sum(BilledCost) as billed from spend where ChargePeriodStart >= '2026-01-01' and ChargePeriodStart < '2026-02-01'";
    let right = project.run(&["--without", "summaries", "-c", sql]).ok();
    let log = project.path().join("summaries/days/_delta_log");
    for commit in std::fs::read_dir(log).unwrap() {
        std::fs::write(commit.unwrap().path(), "no log").unwrap();
    }
    let given = project.run(&["-c", sql]);
    assert!(given.stderr.contains("the summary table `days` was not used"), "{}", given.stderr);
    assert_eq!(given.ok(), right);
}

#[test]
fn the_library_over_the_sample_company_gives_the_same_from_summaries() {
    let project = Project::on_the_sample();
    let _built = project.run(&["build", "daily_spend", "daily_tokens"]).ok();
    let of = |optimisations| engine(project.path(), optimisations);
    let (with, without) = (of(Optimisations::default()), of(Optimisations::default().without(Optimisation::Summaries)));
    let mut told = 0;
    // Forecasts are made of the sums that the others test.
    let is_sum = |query: &&SavedQuery| !query.tags.iter().any(|tag| tag == "forecast");
    for query in with.catalog().iter().filter(|query| query.runs_without_values()).filter(is_sum) {
        let rows = |engine: &Arc<Engine>| {
            Runtime::new().unwrap().block_on(async {
                let mut answer = engine.run(query, &[]).await.ok()?;
                let summaries = answer.summaries().len();
                if Arc::ptr_eq(engine, &with) && summaries == 0 {
                    return None;
                }
                Some((shown(query, &answer.collect().await.unwrap()), summaries))
            })
        };
        let Some((fast, summaries)) = rows(&with) else { continue };
        let (plain, _) = rows(&without).unwrap();
        assert!(fast == plain, "{} differs from summaries", query.name);
        told += summaries;
    }
    assert!(told >= 8, "{told} sums came from summaries");
}

/// One of the texts.
fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    proptest::sample::select(texts)
}

fn statement() -> impl Strategy<Value = String> {
    let keys = proptest::sample::subsequence(
        vec![
            "coalesce(nullif(Tags ->> 'team', ''), 'unassigned')",
            "ServiceName",
            "upper(ServiceName)",
            "CAST(ChargePeriodStart AS DATE)",
            "date_trunc('week', ChargePeriodStart)",
            "CAST(date_trunc('month', ChargePeriodStart) AS DATE)",
            "extract(year from ChargePeriodStart)",
            "BillingCurrency",
            "ChargeCategory",
        ],
        0..4,
    );
    let measures = proptest::sample::subsequence(
        vec![
            "sum(BilledCost)",
            "sum(EffectiveCost)",
            "count(*)",
            "count(SkuId)",
            "max(ListCost)",
            "count(DISTINCT ServiceName)",
            "count(DISTINCT CAST(ChargePeriodStart AS DATE))",
            "min(ServiceName)",
            "sum(BilledCost) FILTER (WHERE ServiceName = 'Store')",
            "sum(CASE WHEN ServiceName <> 'Lake' THEN EffectiveCost END)",
            "avg(BilledCost)",
        ],
        1..4,
    );
    let filters = proptest::collection::vec(
        one_of(&[
            "ServiceName = 'Lake'",
            "ServiceName IN ('Lake', 'Store')",
            "ChargeCategory = 'Credit'",
            "coalesce(nullif(Tags ->> 'team', ''), 'unassigned') <> 'web'",
            "BillingCurrency = 'USD'",
            "extract(month from ChargePeriodStart) <> 2",
        ]),
        0..3,
    );
    (keys, measures, filters, 0i64..220, 1i64..220, any::<[bool; 3]>()).prop_map(
        |(keys, measures, filters, from, days, [has_from, has_until, is_inclusive])| {
            let day = |days: i64| NaiveDate::from_ymd_opt(2025, 12, 20).unwrap() + TimeDelta::days(days);
            let at_least = has_from.then(|| format!("ChargePeriodStart >= '{}'", day(from)));
            let below = if is_inclusive { "<=" } else { "<" };
            let before =
                has_until.then(|| format!("CAST(ChargePeriodStart AS DATE) {below} DATE '{}'", day(from + days)));
            let filters: Vec<String> = filters.into_iter().map(str::to_owned).chain(at_least).chain(before).collect();
            let filter = if filters.is_empty() { String::new() } else { format!(" WHERE {}", filters.join(" AND ")) };
            let columns: Vec<String> =
                keys.iter().chain(&measures).enumerate().map(|(at, column)| format!("{column} AS c{at}")).collect();
            let places: Vec<String> = (1..=keys.len()).map(|place| place.to_string()).collect();
            let group =
                if keys.is_empty() { String::new() } else { format!(" GROUP BY {0} ORDER BY {0}", places.join(", ")) };
            format!("SELECT {} FROM spend{filter}{group}", columns.join(", "))
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn any_sum_is_the_same_from_summaries(sql in statement()) {
        let _summaries = same(&sql);
    }
}
