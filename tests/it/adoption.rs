//! Adoption on the sample company: the curve that was planted lies inside the intervals that are stated.

use std::path::Path;

use outlay::demo::Truth;

use super::project::Project;

fn sample() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample_data")
}

/// The rows of an answer, without the header.
fn rows(args: &[&str]) -> Vec<Vec<String>> {
    let sample = sample();
    let place = ["-C", sample.to_str().unwrap(), "--format", "tsv"];
    let text = Project::new("").run(&[&place, args].concat()).ok();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn truth() -> Truth {
    serde_json::from_slice(&std::fs::read(sample().join("truth.json")).unwrap()).unwrap()
}

fn number(cell: &str) -> f64 {
    cell.parse().unwrap()
}

#[test]
fn the_curve_of_the_company_holds_its_adopters() {
    let weeks = truth().adopters_by_week;
    let all = weeks.last().unwrap().cumulative;
    // The half was passed within this week.
    let half = &weeks.iter().find(|week| 2 * week.cumulative >= all).unwrap().week_start;
    let sql = "select distinct saturation_low, saturation_high, half_time_low, half_time_high from adoption_forecast";
    let found = rows(&["-c", sql]);
    let [row] = found.as_slice() else { panic!("{found:?}") };
    let all = f64::from(u32::try_from(all).unwrap());
    assert!(number(&row[0]) <= all && all <= number(&row[1]), "{row:?} {all}");
    // A bound that says nothing holds anything.
    assert!(number(&row[1]) < 1.05 * all, "{row:?}");
    assert!(row[2] <= *half && *half <= row[3], "{row:?} {half}");
    assert!(row[2].as_str() > "2025-06-01" && row[3].as_str() < "2025-08-01", "{row:?}");
}

#[test]
fn the_planted_curve_lies_inside_the_intervals() {
    // Of those who were there from the start each starts at a time of a logistic curve, with its half at 46 % of the 730
    // days and 9 % of them for each unit of the logit. Who joins later starts later.
    let sql = "with firsts as (
                 select min(ChargePeriodStart) as first_use
                 from spend
                 where ConsumedUnit = 'Tokens'
                   and PrincipalId in (
                     select principal_id from roster group by principal_id having min(start_date) < date '2024-07-01')
                 group by PrincipalId
               ),
               weeks as (
                 select unnest(generate_series(date '2024-07-08', date '2026-06-29', interval '7 days')) as week
               ),
               curve as (
                 select week, count(first_use) as adopters
                 from weeks left join firsts on first_use < week
                 group by week
               ),
               fits as (select logistic_fit(week, adopters) as fit, max(adopters) as adopters from curve)
               select cast(fit['half_time_low'] as date), cast(fit['half_time_high'] as date),
                      fit['rate_low'], fit['rate_high'], fit['saturation_low'], fit['saturation_high'], adopters
               from fits";
    let found = rows(&["-c", sql]);
    let row = &found[0];
    let (half, rate) = ("2025-06-01", 1.0 / (0.09 * 730.0));
    assert!(row[0].as_str() <= half && half <= row[1].as_str(), "{row:?}");
    assert!(number(&row[2]) <= rate && rate <= number(&row[3]), "{row:?} {rate}");
    assert!(number(&row[4]) <= number(&row[6]) && number(&row[6]) <= number(&row[5]), "{row:?}");
}

#[test]
fn cohorts_and_segments_add_up_to_people() {
    let cohorts = rows(&["run", "adoption_cohorts", "-p", "cohorts=2024-07-01..2026-07-01"]);
    let started: u64 = cohorts.iter().filter(|row| row[1] == "0").map(|row| row[3].parse::<u64>().unwrap()).sum();
    assert_eq!(started, truth().adopters_by_week.last().unwrap().cumulative);
    let both = rows(&[
        "-c",
        "select month, sum(people) as people from adoption_segments group by month \
         except select month, people from monthly_active_principals",
    ]);
    assert!(both.is_empty(), "{both:?}");
}
