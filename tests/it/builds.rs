//! Summary tables: never torn, never doubled, never stale unseen.

mod crashes;
mod freshness;
mod layouts;
mod stores;

use std::collections::BTreeSet;
use std::path::Path;

use super::project::{Given, Project, charges};

const CONFIG: &str = "[project]\nas_of = \"2026-04-05\"\n\n[sources.charges]\npath = \"charges\"\n";

/// Cost by month, from the files of the month.
const BY_MONTH: &str = "\
-- description: What did each month cost?
-- param: interval  period = last(3mo)  \"time of use\"
-- materialize: table=by_month interval=month(month)
-- check: unique(month)
-- check: cost >= 0
SELECT
  CAST(date_trunc('month', ChargePeriodStart) AS DATE) AS month,
  count(*) AS charges,
  sum(BilledCost) AS cost
FROM spend
WHERE ChargePeriodStart >= $interval_start
  AND ChargePeriodStart < $interval_end
GROUP BY date_trunc('month', ChargePeriodStart)
ORDER BY month
";

/// A year until now, from the table of the months.
const BY_YEAR: &str = "\
-- description: What did each year cost?
-- materialize: table=by_year
SELECT CAST(date_trunc('year', month) AS DATE) AS year, sum(cost) AS cost FROM by_month GROUP BY 1 ORDER BY year
";

/// January to March 2026 with 1.00, 2.00 and 3.00, and the two queries.
fn project() -> Project {
    with_config(CONFIG)
}

fn with_config(config: &str) -> Project {
    let project = Project::new(config);
    for (month, cost) in [("2026-01", 1.0), ("2026-02", 2.0), ("2026-03", 3.0)] {
        project.parquet(&format!("charges/{month}.parquet"), &charges(month, &[cost]));
    }
    project.write("queries/months.sql", BY_MONTH);
    project.write("queries/years.sql", BY_YEAR);
    project
}

const SUM: &str = "select sum(cost) as cost from by_month";

#[track_caller]
fn sum(project: &Project) -> String {
    project.sql(SUM).lines().nth(1).unwrap().to_owned()
}

/// Names of the data files of a table.
fn files(project: &Project, table: &str) -> BTreeSet<String> {
    let folder = project.path().join("summaries").join(table);
    let mut found = BTreeSet::new();
    for interval in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        if interval.file_name() != "_delta_log" {
            found.extend(std::fs::read_dir(interval.path()).unwrap().map(|file| {
                format!("{}/{}", interval.file_name().to_string_lossy(), file.unwrap().file_name().to_string_lossy())
            }));
        }
    }
    found
}

/// The intervals that a build printed.
fn intervals(given: Given) -> Vec<String> {
    let cell = |line: &str| line.split(',').nth(1).unwrap().to_owned();
    given.ok().lines().skip(1).map(cell).filter(|interval| interval != "\"\"").collect()
}

#[test]
fn what_is_built_is_a_table_and_building_again_changes_nothing() {
    let project = project();
    let refused = project.run(&["-c", SUM]).refused(2);
    assert!(refused.contains("has not been built yet") && refused.contains("outlay build months"), "{refused}");
    assert_eq!(intervals(project.run(&["build", "by_month", "by_year"])), ["2026-01", "2026-02", "2026-03", "all"]);
    assert_eq!(sum(&project), "6.00");
    assert_eq!(project.sql("select * from by_year"), "year,cost\n2026-01-01,6.00\n");

    let before = files(&project, "by_month");
    let again = project.run(&["build", "by_month", "by_year"]);
    assert!(again.stderr.contains("by_month: nothing is due"), "{}", again.stderr);
    assert_eq!(intervals(again), Vec::<String>::new());
    assert_eq!(files(&project, "by_month"), before);
    // The night on which nothing changed read listings and the log, no data and no footers.
    let read = "select bytes_read, outcome from runs where table_name = 'by_month' order by started desc limit 1";
    assert_eq!(project.sql(read), "bytes_read,outcome\n0,nothing_due\n");
}

#[test]
fn only_what_changed_is_built_and_the_reason_names_the_object() {
    let project = project();
    let _built = project.run(&["build", "by_month", "by_year"]).ok();
    project.parquet("charges/2026-02.parquet", &charges("2026-02", &[2.0, 20.0]));
    let dry = project.run(&["build", "--dry-run", "by_month", "-q"]).ok();
    assert!(
        dry.contains("by_month,2026-02,\"inputs: 1 changed, such as file://") && dry.contains("2026-02.parquet"),
        "{dry}"
    );
    assert_eq!(dry.lines().count(), 2, "{dry}");
    let stale = project.run(&["status", "by_month"]);
    assert_eq!(stale.code, 4, "{}", stale.stderr);
    assert_eq!(sum(&project), "6.00", "a dry run changes nothing");

    assert_eq!(intervals(project.run(&["build", "by_month+"])), ["2026-02", "all"]);
    assert_eq!(project.sql("select cost from by_year"), "cost\n26.00\n");
    assert!(project.run(&["status", "by_month", "by_year"]).ok().contains("by_year,years,fresh"));

    // A month that becomes empty is empty afterwards; one that comes is built.
    std::fs::remove_file(project.path().join("charges/2026-01.parquet")).unwrap();
    project.parquet("charges/2025-12.parquet", &charges("2025-12", &[12.0]));
    assert_eq!(intervals(project.run(&["build", "by_month"])), ["2025-12", "2026-01"]);
    assert_eq!(
        project.sql("select month, cost from by_month order by 1").lines().collect::<Vec<_>>(),
        ["month,cost", "2025-12-01,12.00", "2026-02-01,22.00", "2026-03-01,3.00"]
    );
}

#[test]
fn one_of_36_months_costs_a_twentieth_of_all() {
    let project = Project::new(CONFIG);
    project.write("queries/months.sql", BY_MONTH);
    let months: Vec<String> =
        (2023..2026).flat_map(|year| (1..13).map(move |month| format!("{year}-{month:02}"))).collect();
    let costs: Vec<f64> = (0..20_000).map(|index| f64::from(index * 7919 % 100_003) / 100.0).collect();
    for month in &months {
        project.parquet(&format!("charges/{month}.parquet"), &charges(month, &costs));
    }
    assert_eq!(intervals(project.run(&["build", "by_month", "--jobs", "2"])).len(), 39, "36 and those of this year");
    project.parquet("charges/2024-05.parquet", &charges("2024-05", &costs[1..]));
    assert_eq!(intervals(project.run(&["build", "by_month"])), ["2024-05"]);
    let read = project.sql("select bytes_read from runs where outcome = 'built' order by started");
    let read: Vec<u64> = read.lines().skip(1).map(|cell| cell.parse().unwrap()).collect();
    assert!(20 * read[1] <= read[0], "{read:?}");
}

#[test]
fn a_check_that_fails_publishes_nothing_and_says_which_rows() {
    let project = project();
    let _built = project.run(&["build", "by_month"]).ok();
    project.parquet("charges/2026-03.parquet", &charges("2026-03", &[-5.0]));
    let failed = project.run(&["build", "by_month"]);
    assert_eq!(failed.code, 3, "{}", failed.stderr);
    for part in ["the check `cost >= 0` does not hold", "month=2026-03-01, charges=1, cost=-5.00", "interval: 2026-03"]
    {
        assert!(failed.stderr.contains(part), "{}", failed.stderr);
    }
    assert_eq!(sum(&project), "6.00");
    let history = project.run(&["history", "by_month", "--last", "1"]).ok();
    assert!(history.contains(",failed,0,") && history.contains("cost >= 0"), "{history}");

    // Rows of another month would be lost with the next build of it.
    project.write("queries/months.sql", BY_MONTH.replace("$interval_end", "DATE '2026-04-01'"));
    let outside = project.run(&["build", "by_month"]);
    assert_eq!(outside.code, 3, "{}", outside.stderr);
    assert!(outside.stderr.contains("rows lie outside of the interval by `month`"), "{}", outside.stderr);
    assert_eq!(sum(&project), "6.00");
}

#[test]
fn other_sql_and_other_columns_make_every_interval_due() {
    let project = project();
    let _built = project.run(&["build"]).ok();
    assert_eq!(intervals(project.run(&["build", "state:changed+"])), Vec::<String>::new());
    project.write(
        "queries/months.sql",
        BY_MONTH.replace("sum(BilledCost) AS cost", "2 * sum(BilledCost) AS cost, 'x' AS more"),
    );
    let part = project.run(&["build", "state:changed", "--from", "2026-03"]);
    assert_eq!(part.code, 2, "{}", part.stderr);
    assert!(part.stderr.contains("the columns of the query are others"), "{}", part.stderr);
    assert_eq!(intervals(project.run(&["build", "state:changed"])), ["2026-01", "2026-02", "2026-03"]);
    assert_eq!(project.sql("select sum(cost) as cost, min(more) as more from by_month"), "cost,more\n12.00,x\n");
    assert_eq!(
        intervals(project.run(&["build", "by_month", "--force", "--from", "2026-02", "--to", "2026-02"])),
        ["2026-02"]
    );
    assert_eq!(intervals(project.run(&["build", "by_month", "--allow-partial"])), ["2026-04"]);
    assert_eq!(intervals(project.run(&["build", "by_month", "--full"])), ["2026-01", "2026-02", "2026-03"]);
}

#[test]
fn what_the_clock_decides_is_not_stored() {
    let project = project();
    project.write("queries/aged.sql", "SELECT current_date AS day, 1 AS x");
    project.write("queries/ages.sql", "-- materialize: table=stored_ages\nSELECT day, x FROM aged");
    let refused = project.run(&["build", "ages"]).refused(2);
    assert!(refused.contains("`aged` asks for the time") && refused.contains("queries/aged.sql"), "{refused}");
}

#[test]
fn a_frozen_interval_stays_as_it_was_reported() {
    let project = project();
    let _built = project.run(&["build", "by_month"]).ok();
    assert_eq!(project.run(&["freeze", "by_month", "2026-01"]).ok(), "table,frozen\nby_month,2026-01\n");
    // Another file with the same charges changes nothing of what was reported.
    project.parquet("charges/2026-01.parquet", &charges("2026-01", &[0.25, 0.75]));
    project.write("queries/months.sql", BY_MONTH.replace("count(*) AS charges", "CAST(1 AS BIGINT) AS charges"));
    assert_eq!(intervals(project.run(&["build", "by_month"])), ["2026-02", "2026-03"]);
    project.parquet("charges/2026-01.parquet", &charges("2026-01", &[7.0]));
    let failed = project.run(&["build", "by_month"]);
    assert_eq!(failed.code, 3, "{}", failed.stderr);
    for part in [
        "the interval is frozen",
        "only_in=stored, month=2026-01-01, charges=1, cost=1.00",
        "only_in=built, month=2026-01-01, charges=1, cost=7.00",
    ] {
        assert!(failed.stderr.contains(part), "{}", failed.stderr);
    }
    assert_eq!(sum(&project), "6.00");
    assert_eq!(project.run(&["freeze", "by_month", "2026-01", "--thaw"]).ok(), "table,frozen\n");
    let _built = project.run(&["build", "by_month"]).ok();
    assert_eq!(sum(&project), "12.00");
    assert!(project.run(&["freeze", "by_month", "2024-01"]).refused(2).contains("stores no interval `2024-01`"));
}

#[test]
fn the_past_can_be_read_until_it_is_vacuumed() {
    let project = project();
    let _built = project.run(&["build", "by_month"]).ok();
    aged(&project, 0, "2026-03-30");
    project.parquet("charges/2026-03.parquet", &charges("2026-03", &[30.0]));
    let _built = project.run(&["build", "by_month"]).ok();
    let on = |day: &str| project.run(&["--as-of", day, "-c", SUM]);
    assert_eq!(sum(&project), "33.00");
    assert_eq!(on("2026-03-31").ok(), "cost\n6.00\n");
    assert!(on("2026-03-29").refused(2).contains("had not been built by 2026-03-29"));

    let count = files(&project, "by_month").len();
    assert_eq!(project.run(&["vacuum", "by_month"]).ok().lines().count(), 1, "all of it is history that is kept");
    let dry = project.run(&["vacuum", "by_month", "--dry-run", "--retention", "0s"]).ok();
    assert!(dry.contains("replaced before the history that is kept,would go"), "{dry}");
    assert_eq!(files(&project, "by_month").len(), count);
    let _swept = project.run(&["vacuum", "by_month", "--retention", "0s"]).ok();
    assert_eq!(files(&project, "by_month").len(), 3);
    assert_eq!(sum(&project), "33.00");
    assert!(on("2026-03-31").refused(2).contains("was vacuumed"));
}

/// Lets the commit `version` of the table by_month be of `day`.
fn aged(project: &Project, version: u32, day: &str) {
    let commit = project.path().join(format!("summaries/by_month/_delta_log/{version:020}.json"));
    let text = std::fs::read_to_string(&commit).unwrap();
    let millis = format!("{day}T12:00:00Z").parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis();
    let lines: Vec<String> = text
        .lines()
        .map(|line| {
            let mut line: serde_json::Value = serde_json::from_str(line).unwrap();
            if let Some(info) = line.get_mut("commitInfo") {
                info["timestamp"] = millis.into();
            }
            line.to_string()
        })
        .collect();
    std::fs::write(&commit, lines.join("\n")).unwrap();
    let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(millis.unsigned_abs());
    std::fs::File::options().write(true).open(&commit).unwrap().set_modified(time).unwrap();
}

#[test]
fn selectors_pick_tables_by_what_they_read() {
    let project = project();
    let due = |selector: &str| {
        let given = project.run(&["build", "--dry-run", selector]);
        let waiting: Vec<String> =
            given.stderr.lines().map(|line| line.split(':').next().unwrap().to_owned()).collect();
        let stdout = given.ok();
        let due = stdout.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned());
        due.chain(waiting).collect::<BTreeSet<_>>()
    };
    assert_eq!(due("by_month+"), BTreeSet::from(["by_month".to_owned(), "by_year".to_owned()]));
    assert_eq!(due("+by_year"), BTreeSet::from(["by_month".to_owned(), "by_year".to_owned()]));
    assert_eq!(due("mon*"), BTreeSet::from(["by_month".to_owned()]));
    assert_eq!(due("years"), BTreeSet::from(["by_year".to_owned()]));
    assert!(project.run(&["build", "by_year"]).refused(2).contains("`outlay build +by_year`"));
    assert!(project.run(&["build", "by_mont"]).refused(2).contains("did you mean `by_month`"));
    assert!(project.run(&["build", "spend_by_team"]).refused(2).contains("is stored in no summary table"));
    project.write("queries/circle.sql", "-- materialize: table=circle_table\nSELECT * FROM circular");
    project.write("queries/circle2.sql", "-- materialize: table=circular\nSELECT * FROM circle_table");
    assert!(project.run(&["build", "by_month"]).refused(2).contains("in a circle"));
}

#[test]
fn what_fails_is_left_out_and_can_be_built_later() {
    let project = project();
    project.parquet("charges/2026-02.parquet", &charges("2026-02", &[-2.0]));
    let failed = project.run(&["build", "by_month", "by_year", "--keep-going"]);
    assert_eq!(failed.code, 3, "{}", failed.stderr);
    assert!(failed.stderr.contains("by_year: not built, by_month failed"), "{}", failed.stderr);
    assert_eq!(project.sql("select count(*) as n from by_month"), "n\n2\n");
    let run = failed.stderr.split("--retry-failed ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    project.parquet("charges/2026-02.parquet", &charges("2026-02", &[2.0]));
    assert_eq!(intervals(project.run(&["build", "--retry-failed", &run])), ["2026-02"]);
    assert_eq!(sum(&project), "6.00");
    assert!(project.run(&["build", "--retry-failed", "nobody"]).refused(2).contains("there is no run `nobody`"));
}

#[test]
fn a_held_lock_exits_5_and_one_of_a_dead_process_is_taken_over() {
    let project = project();
    let lock = |host: &str, pid: u32, started: &str| {
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        let owner = serde_json::json!({"host": host, "boot": boot.trim(), "pid": pid, "started": started});
        let lock = serde_json::json!({"run": "other", "since": "2026-04-05T01:00:00Z", "owner": owner});
        project.write("summaries/_locks/by_month/2026-02.json", lock.to_string());
    };
    lock("elsewhere", 7, "1");
    let held = project.run(&["build", "by_month"]);
    assert_eq!(held.code, 5, "{}", held.stderr);
    assert!(
        held.stderr.contains("host: elsewhere, process 7") && held.stderr.contains("--take-lock"),
        "{}",
        held.stderr
    );
    // Its other locks were given back: the rest can be built.
    assert_eq!(intervals(project.run(&["build", "by_month", "--from", "2026-03"])), ["2026-03"]);
    let taken = project.run(&["build", "by_month", "--take-lock"]);
    assert!(taken.stderr.contains("lock of run other taken over"), "{}", taken.stderr);
    assert_eq!(intervals(taken), ["2026-01", "2026-02"]);

    if Path::new("/proc/self/stat").exists() {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        lock(host.trim(), 1, "1");
        assert_eq!(intervals(project.run(&["build", "by_month", "--force"])).len(), 3);
    }
}

#[test]
fn logs_are_json_where_asked() {
    let project = project();
    let given = project.run(&["build", "by_month", "--log", "json"]);
    let events: Vec<serde_json::Value> = given.stderr.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let names: Vec<&str> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
    assert_eq!(names, ["planned", "staged", "staged", "staged", "published"]);
    assert_eq!((events[1]["interval"].as_str(), events[1]["rows"].as_u64()), (Some("2026-01"), Some(1)));
    let page = project.run(&["show", "months"]).ok();
    assert!(page.contains("charges   source, charges") && page.contains("by_month   written by run"), "{page}");
}

/// Every summary that is shipped adds up to the charges, to the last digit.
#[test]
fn shipped_summaries_add_up_to_the_charges() {
    let project = Project::on_the_sample();
    let _built = project.run(&["build", "-q", "--jobs", "2"]).ok();
    let last = |sql: &str| project.sql(sql).lines().nth(1).unwrap().to_owned();
    let until = "ChargePeriodStart < '2026-07-01'";
    let charges = last(&format!("select count(*), sum(BilledCost), sum(EffectiveCost) from spend where {until}"));
    assert_eq!(last("select sum(charges), sum(billed_cost), sum(effective_cost) from daily_spend"), charges);
    assert_eq!(last("select sum(charges), sum(billed_cost), sum(effective_cost) from monthly_spend"), charges);
    let tokens = "select sum(ConsumedQuantity), sum(EffectiveCost) from spend where ConsumedUnit = 'Tokens'";
    assert_eq!(
        last("select sum(tokens), sum(effective_cost) from daily_tokens"),
        last(&format!("{tokens} and {until}"))
    );
    assert_eq!(project.run(&["status"]).code, 0);
}
