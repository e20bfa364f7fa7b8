//! What makes statements faster changes no answer.

use std::path::Path;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::util::pretty::pretty_format_batches;
use outlay::config::Config;
use outlay::engine::{Engine, Optimisation, Optimisations, Sql};
use outlay::query::{Catalog, SavedQuery};
use proptest::prelude::*;

use super::project::{Project, charges, texts, with};

fn engine(optimisations: Optimisations) -> Arc<Engine> {
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data/outlay.toml");
    let builder = Engine::builder(Config::load(&sample).unwrap()).catalog(Catalog::embedded());
    Arc::new(builder.optimisations(optimisations).build().unwrap())
}

fn rows(engine: &Arc<Engine>, query: &SavedQuery) -> Result<String, String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut answer = engine.run(query, &[]).await.map_err(|error| error.to_string())?;
        let batches = answer.collect().await.map_err(|error| error.to_string())?;
        Ok(shown(query, &batches))
    })
}

/// The rows of an answer to `query` as text.
pub(crate) fn shown(query: &SavedQuery, batches: &[RecordBatch]) -> String {
    let mut lines: Vec<String> =
        pretty_format_batches(batches).unwrap().to_string().lines().map(str::to_owned).collect();
    // A building block gives its rows in no order.
    if query.tags.iter().any(|tag| tag == "building-block") {
        lines.sort();
    }
    lines.join("\n")
}

#[test]
fn every_saved_query_gives_the_same_with_and_without() {
    let (with, none) = (engine(Optimisations::default()), engine(Optimisations::none()));
    let without_one = Optimisation::ALL.map(|one| (one.name(), engine(Optimisations::default().without(one))));
    let mut compared = 0;
    // Each query without any, and without one of them, in turn.
    let queries = with.catalog().iter().filter(|query| query.runs_without_values());
    for (query, without_one) in queries.zip(without_one.iter().cycle()) {
        let fast = rows(&with, query);
        for (left_out, engine) in [&("all", Arc::clone(&none)), without_one] {
            let plain = rows(engine, query);
            assert!(fast == plain, "{} without {left_out}:\n{fast:?}\n{plain:?}", query.name);
        }
        compared += usize::from(fast.is_ok());
    }
    assert!(compared >= 60, "{compared} queries");
}

#[test]
fn each_can_be_left_out_and_a_wrong_name_is_told() {
    let project = Project::with_charges();
    project.parquet("charges/a.parquet", &charges("2026-05", &[1.0, 2.0]));
    let help = project.run(&["--help"]).ok();
    for name in Optimisation::ALL.map(Optimisation::name).into_iter().chain(["all"]) {
        let sum = project.run(&["--without", name, "-c", "select sum(BilledCost) as billed from spend"]);
        assert_eq!(sum.ok(), "billed\n3.00\n", "{name}");
        assert!(help.contains(name), "{name}");
    }
    let refused = project.run(&["--without", "disk-cahe", "-c", "select 1"]).refused(2);
    assert!(refused.contains("did you mean `disk-cache`"), "{refused}");
}

/// A project with a file for each of three months.
fn three_months() -> Project {
    let project = Project::with_charges();
    for month in ["2026-04", "2026-05", "2026-06"] {
        project.parquet(&format!("charges/{month}.parquet"), &charges(month, &[1.0, 2.0]));
    }
    project
}

/// A project with a file a day, its times as text.
fn days_as_text() -> Project {
    let project = Project::with_charges();
    for day in 1..=28 {
        let starts: ArrayRef = texts(&[
            &format!("2026-06-{day:02}T00:00:00Z"),
            // Late on the day before in UTC, and early on the day after.
            &format!("2026-06-{day:02}T01:00:00+03:00"),
            &format!("2026-06-{day:02} 23:30:00-02:00"),
        ]);
        let columns = with(charges("2026-06", &[1.0, 10.0, 100.0]), "ChargePeriodStart", starts);
        project.parquet(&format!("charges/{day:02}.parquet"), &columns);
    }
    project
}

#[test]
fn files_with_times_as_text_are_left_out_by_their_days() {
    let project = days_as_text();
    let sql = "select sum(BilledCost) as billed from spend where ChargePeriodStart >= '2026-06-10' and ChargePeriodStart < '2026-06-11'";
    let given = project.run(&["--stats=json", "-c", sql]);
    // Those of the 8th to the 12th stay: bounds are a few days wide.
    assert!(given.stderr.contains(r#""files":{"pruned":23,"total":28}"#), "{}", given.stderr);
    assert_eq!(given.ok(), "billed\n111.00\n");
    let plain = project.run(&["--stats=json", "--without=file-bounds", "-c", sql]);
    assert!(plain.stderr.contains(r#""files":{"pruned":0,"total":28}"#), "{}", plain.stderr);
    assert_eq!(plain.ok(), "billed\n111.00\n");
    // Bounds that leave files out are no answer.
    assert_eq!(project.sql("select min(ChargePeriodStart) as first from spend"), "first\n2026-05-31T22:00:00\n");
}

#[test]
fn what_a_table_comes_from_is_the_same_without_them() {
    let project = three_months();
    project.write(
        "queries/months.sql",
        "-- description: What did each month cost?\n\
         -- param: interval  period = last(3mo)  \"time of use\"\n\
         -- materialize: table=by_month interval=month(month) from=2026-04\n\
         SELECT CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month, sum(BilledCost) AS cost\n\
         FROM spend WHERE ChargePeriodStart >= $interval_start AND ChargePeriodStart < $interval_end\n\
         GROUP BY date_trunc('month', ChargePeriodStart) ORDER BY month\n",
    );
    let range = ["by_month", "--from", "2026-04", "--to", "2026-06"];
    let _built = project.run(&[&["build"], &range[..]].concat()).ok();
    project.parquet("charges/2026-06.parquet", &charges("2026-06", &[1.0, 2.0, 4.0]));
    let due = |args: &[&str]| project.run(&[&["build", "--dry-run"], &range[..], args].concat()).ok();
    let (with, without) = (due(&[]), due(&["--without=all"]));
    for due in [&with, &without] {
        let intervals: Vec<&str> = due.lines().filter(|line| line.starts_with("by_month,")).collect();
        assert!(matches!(intervals[..], [june] if june.starts_with("by_month,2026-06,")), "{due}");
    }
}

/// What `sql` gives with all optimisations and without the one called `name`.
fn with_and_without(project: &Project, name: &str, sql: &str) -> [String; 2] {
    [&[][..], &["--without", name]].map(|args| project.run(&[args, &["-c", sql]].concat()).ok())
}

#[test]
fn a_date_is_worked_out_once_a_day() {
    let project = days_as_text();
    let projected = "select day, sum(billed) as billed \
                     from (select cast(ChargePeriodStart as date) as day, BilledCost as billed from spend) group by day order by day";
    let grouped = "select cast(ChargePeriodStart as date) as day, BillingCurrency, sum(BilledCost) as billed \
                   from spend group by rollup(cast(ChargePeriodStart as date), BillingCurrency) order by day, 2, 3";
    for sql in [projected, grouped] {
        let [with, without] = with_and_without(&project, "repeated-values", sql);
        assert_eq!(with, without);
        assert!(with.contains("\n2026-06-01,"), "{with}");
        let [with, without] = with_and_without(&project, "repeated-values", &format!("explain {sql}"))
            .map(|plans| plans.split_once("physical_plan").unwrap().1.to_owned());
        assert!(with.contains("date(ChargePeriodStart@") && !with.contains("AS Date32)"), "{with}");
        assert!(without.contains("AS Date32)") && !without.contains("date(ChargePeriodStart@"), "{without}");
    }
}

#[test]
fn dates_of_sorted_times_stay_sorted() {
    let project = days_as_text();
    let newest = "select ChargePeriodStart as at, BilledCost as billed from spend order by at desc limit 50";
    for sql in [
        format!("select cast(at as date) as day, sum(billed) as billed from ({newest}) group by day order by day desc"),
        format!(
            "select day, sum(billed) as billed from (select cast(at as date) as day, billed from ({newest})) group by day order by day desc"
        ),
    ] {
        let [with, without] = with_and_without(&project, "repeated-values", &sql);
        assert_eq!(with, without);
        assert!(with.starts_with("day,billed\n2026-06-29,"), "{with}");
        let [with, _] = with_and_without(&project, "repeated-values", &format!("explain {sql}"));
        assert!(!with.contains("SortExec: expr=[day"), "the order is that of the times\n{with}");
    }
}

#[test]
fn files_are_left_out_by_the_month_that_is_asked_for() {
    let project = three_months();
    project.write(
        "queries/months.sql",
        "-- description: What did each month cost?\n\
         SELECT CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month, sum(BilledCost) AS cost\n\
         FROM spend GROUP BY month ORDER BY month\n",
    );
    for (condition, pruned) in [
        ("month = '2026-05-01'", 2),
        ("month = '2026-05-02'", 3),
        ("month in ('2026-04-01', '2026-06-01')", 1),
        ("month between '2026-05-01' and '2026-06-15'", 1),
        ("month <> '2026-05-01'", 1),
        ("date_trunc('quarter', month) = '2026-04-01'", 0),
        ("'2026-07-01' <= month", 3),
    ] {
        let sql = format!("select month, cost from months where {condition} order by month");
        let [with, without] = with_and_without(&project, "time-ranges", &sql);
        assert_eq!(with, without, "{condition}");
        let told = project.run(&["--stats=json", "-c", &sql]).stderr;
        assert!(told.contains(&format!(r#""files":{{"pruned":{pruned},"total":3}}"#)), "{condition}: {told}");
        let told = project.run(&["--stats=json", "--without=time-ranges", "-c", &sql]).stderr;
        assert!(told.contains(r#""files":{"pruned":0,"total":3}"#), "{condition}: {told}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_range_of_times_as_text_gives_the_same(from in 0i64..900, hours in 1i64..200, inclusive in any::<bool>()) {
        thread_local! {
            static PROJECT: Project = days_as_text();
        }
        let first = chrono::NaiveDate::from_ymd_opt(2026, 5, 30).unwrap().and_hms_opt(0, 0, 0).unwrap();
        let (start, end) = (first + chrono::TimeDelta::hours(from), first + chrono::TimeDelta::hours(from + hours));
        let below = if inclusive { "<=" } else { "<" };
        let text = format!(
            "select count(*) as n, sum(BilledCost) as billed, min(ChargePeriodStart) as first, max(ChargePeriodStart) as last \
             from spend where ChargePeriodStart >= '{start}' and ChargePeriodStart {below} '{end}'"
        );
        let answers = PROJECT.with(|project| {
            [Optimisations::default(), Optimisations::none()].map(|optimisations| {
                let config = Config::load(&project.path().join("outlay.toml")).unwrap();
                let engine = Arc::new(Engine::builder(config).optimisations(optimisations).build().unwrap());
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(async {
                    let mut answer = engine.query(Sql { text: &text, origin: "test", first_line: 1 }).await.unwrap();
                    pretty_format_batches(&answer.collect().await.unwrap()).unwrap().to_string()
                })
            })
        });
        prop_assert_eq!(&answers[0], &answers[1]);
    }
}
