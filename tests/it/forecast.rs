//! Forecasts in SQL: the same digits however they are worked out, calendars, parameters, limits.

use arrow::array::ArrayRef;

use super::project::{Project, decimals, texts, times};

const MONTHS: &str = "[project]\nas_of = \"2026-07-08\"\n[tables.months]\npath = \"months\"\n";

/// Month `number` after June 2024.
fn month(number: usize) -> String {
    format!("{}-{:02}-01", 2024 + (5 + number) / 12, (5 + number) % 12 + 1)
}

/// Costs in cents of 12 teams over 24 months, which grow, wave and jump.
fn rows() -> Vec<(String, String, i128)> {
    let cost =
        |team: usize, at: usize| 10_000 * (team + 1) + 37 * team * at + (at * at * 7919 + team * 104_729) % 2_503;
    (0..12)
        .flat_map(|team| {
            (1..=24).map(move |at| (format!("team-{team:02}"), month(at), i128::try_from(cost(team, at)).unwrap()))
        })
        .collect()
}

fn table(rows: &[(String, String, i128)]) -> Vec<(&'static str, ArrayRef)> {
    let column = |of: fn(&(String, String, i128)) -> &str| rows.iter().map(of).collect::<Vec<&str>>();
    vec![
        ("team", texts(&column(|row| &row.0))),
        ("month", times(&column(|row| &row.1))),
        ("cost", decimals(&rows.iter().map(|row| row.2).collect::<Vec<_>>(), 2)),
    ]
}

fn in_order() -> Project {
    let project = Project::new(MONTHS);
    project.parquet("months/all.parquet", &table(&rows()));
    project
}

const ARGUMENTS: &str = "timestamp_col => month, data_col => cost, id_cols => [team], horizon => 4";

#[test]
fn digits_depend_on_data_and_seed_alone() {
    let sorted = in_order();
    // The same rows backwards and dealt out to three files.
    let dealt = Project::new(MONTHS);
    let backwards: Vec<_> = rows().into_iter().rev().collect();
    for hand in 0..3 {
        let part: Vec<_> = backwards.iter().skip(hand).step_by(3).cloned().collect();
        dealt.parquet(&format!("months/{hand}.parquet"), &table(&part));
    }
    for call in [
        format!("select * from forecast(months, {ARGUMENTS}, seed => 7)"),
        format!("select * from forecast_total(months, {ARGUMENTS}, total_over => [team], seed => 7)"),
        format!("select * from forecast_total(months, {ARGUMENTS}, seed => 7)"),
        format!("select * from forecast_paths(months, {ARGUMENTS}, paths => 20, seed => 7)"),
        format!("select * from backtest(months, {ARGUMENTS})"),
        // Floating point, where the order of additions would tell.
        format!(
            "select * from forecast_total((select team, month, cast(cost as double) as cost from months), {ARGUMENTS}, total_over => [team])"
        ),
    ] {
        let one = sorted.run(&["--threads", "1", "-c", &call]).ok();
        let two = dealt.run(&["--threads", "2", "-c", &call]).ok();
        assert_eq!(one, two, "{call}");
        assert!(one.lines().count() > 2, "{call}: {one}");
    }
}

#[test]
fn a_seed_moves_totals_a_little_and_steps_not_at_all() {
    let project = in_order();
    let of = |function: &str, seed: u32| {
        project.sql(&format!("select * from {function}(months, {ARGUMENTS}, seed => {seed})"))
    };
    assert_eq!(of("forecast", 1), of("forecast", 2));
    assert_ne!(of("forecast_total", 1), of("forecast_total", 2));
    assert_eq!(of("forecast_total", 1), of("forecast_total", 1));
}

/// A series draws by its own name: the paths of one team are the same beside others, when nothing is in common.
#[test]
fn paths_of_different_series_differ() {
    let project = Project::new(MONTHS);
    let twins: Vec<_> = rows()
        .into_iter()
        .filter(|row| row.0 == "team-03")
        .flat_map(|row| [("a".to_owned(), row.1.clone(), row.2), ("b".to_owned(), row.1, row.2)])
        .collect();
    project.parquet("months/all.parquet", &table(&twins));
    let of = |team: &str| {
        project.sql(&format!(
            "select path, ts, value from forecast_paths((select * from months where team = '{team}'), {ARGUMENTS}, paths => 10)"
        ))
    };
    assert_ne!(of("a"), of("b"));
}

/// Ten dollars a month from July 2025 to March 2026.
fn fiscal(close_lag: u32) -> Project {
    let project = Project::new(&format!(
        "[project]\nas_of = \"2026-04-10\"\nfiscal_year_start = 2\nclose_lag_days = {close_lag}\n[tables.months]\npath = \"months\"\n"
    ));
    let rows: Vec<_> = (13..=21).map(|at| ("all".to_owned(), month(at), 1_000)).collect();
    project.parquet("months/all.parquet", &table(&rows));
    project
}

#[test]
fn totals_follow_the_fiscal_year_and_wait_for_late_bills() {
    let sql = "select period, period_start, actual, forecast, mean, p90, steps_actual, note \
               from forecast_total(months, timestamp_col => month, data_col => cost, horizon => 1, by => 'quarter')";
    // The first quarter of a year that starts in February is February to April: two months closed, one ahead.
    let answer = fiscal(0).sql(sql);
    assert_eq!(
        answer.lines().nth(1).unwrap(),
        "2027-Q1,2026-02-01,20.00,10.00,30.00,30.00,2,too few observations to see the season: 9"
    );
    // Bills of March are complete on 15 April: it counts as ahead.
    let answer = fiscal(14).sql(sql);
    assert!(answer.lines().nth(1).unwrap().starts_with("2027-Q1,2026-02-01,10.00,20.00,30.00,30.00,1,"), "{answer}");
    assert!(answer.contains("unfinished month left out"), "{answer}");
}

#[test]
fn parameters_stand_among_the_arguments_of_saved_queries() {
    let project = in_order();
    project.write(
        "queries/ahead.sql",
        "-- description: Months ahead.\n-- owner: finance\n-- tags: forecast\n-- param: steps int = 2 \"months\"\n\
         -- param: method text = naive \"method\"\n-- param: shares decimal[] = [0.5] \"quantiles\"\n-- param: team text? = null \"team\"\n\
         -- param: until quarter? = null \"last quarter\"\n-- check: unique(team, ts)\n\
         SELECT f.team, f.ts, f.p50 FROM forecast((SELECT * FROM months WHERE $team IS NULL OR team = $team), timestamp_col => month,\n\
         data_col => cost, id_cols => [team], horizon => $steps, method => $method, quantiles => $shares) f\n\
         WHERE $until_end IS NULL OR f.ts < $until_end ORDER BY team, ts\n",
    );
    let answer = project.run(&["run", "ahead", "-p", "steps=1", "-p", "team=team-00", "-p", "until=2026-Q3"]).ok();
    let last = rows().into_iter().find(|row| row.0 == "team-00" && row.1 == month(24)).unwrap().2;
    assert_eq!(answer, format!("team,ts,p50\nteam-00,2026-07-01T00:00:00,{}.{:02}\n", last / 100, last % 100));
    // As a view, with its defaults; checked, listed and shown like any other.
    assert_eq!(project.sql("select count(*) as n from ahead"), "n\n24\n");
    let _held = project.run(&["check", "ahead"]).ok();
    assert!(project.run(&["list"]).ok().contains("ahead"));
    let error = project.run(&["run", "ahead", "-p", "method=nave"]).refused(2);
    assert!(error.contains("did you mean `naive`") && error.contains("ahead.sql:"), "{error}");
}

#[test]
fn a_wrong_argument_is_pointed_at_in_its_file() {
    let project = in_order();
    project.write(
        "queries/ahead.sql",
        "-- description: Months ahead.\nSELECT *\nFROM forecast(months, timestamp_col => month,\n  data_col => cots)\n",
    );
    let error = project.run(&["run", "ahead"]).refused(2);
    assert!(error.contains("ahead.sql:4:15") && error.contains("did you mean `cost`"), "{error}");
}

/// `number` teams with the months that `months` names.
fn many(number: usize, months: std::ops::RangeInclusive<usize>) -> Project {
    let project = Project::new(MONTHS);
    let rows: Vec<_> = (0..number)
        .flat_map(|team| {
            let cost = move |at: usize| i128::try_from(1_000 + (team * 31 + at * at * 17) % 700).unwrap();
            months.clone().map(move |at| (format!("team-{team}"), month(at), cost(at)))
        })
        .collect();
    project.parquet("months/all.parquet", &table(&rows));
    project
}

#[test]
fn twenty_thousand_short_series_get_an_answer_each() {
    let project = many(20_000, 23..=24);
    let sql =
        format!("select count(*), count(distinct team), count(p10), min(n_obs) from forecast(months, {ARGUMENTS})");
    assert_eq!(project.sql(&sql).lines().nth(1).unwrap(), "80000,20000,80000,2");
}

#[test]
fn limits_of_memory_and_time_hold() {
    let project = many(1_500, 1..=24);
    let total = format!("select * from forecast_total(months, {ARGUMENTS}, total_over => [team])");
    let error = project.run(&["--memory-limit", "1MiB", "-c", &total]).refused(6);
    assert!(error.contains("--memory-limit"), "{error}");
    let error = project.run(&["--timeout", "200ms", "-c", &total]).refused(6);
    assert!(error.contains("--timeout"), "{error}");
}
