//! The quarters of the sample company, forecast from what had happened before each of them.

use std::collections::BTreeMap;

use super::project::Project;

const MONTHS: &str = "select cast(date_trunc('month', ChargePeriodStart) as date) as month, team, sum(EffectiveCost) as cost \
                      from team_charges where ChargePeriodStart < '2026-07-01' group by 1, 2";
/// The quarters that have a year of history before them.
const QUARTERS: [&str; 4] = ["2025-07-01", "2025-10-01", "2026-01-01", "2026-04-01"];

fn rows(sql: &str) -> Vec<Vec<String>> {
    let sample = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    let text = Project::new("").run(&["-C", sample.to_str().unwrap(), "--format", "tsv", "-c", sql]).ok();
    text.lines().skip(1).map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

/// 77 % of (team, quarter) pairs at least; far more would be intervals that say nothing.
#[test]
fn quarters_come_true_inside_their_intervals() {
    let truth: BTreeMap<(String, String), f64> = rows(&format!(
        "select cast(date_trunc('quarter', month) as date), team, sum(cost) from ({MONTHS}) as months group by 1, 2"
    ))
    .into_iter()
    .map(|row| ((row[0].clone(), row[1].clone()), row[2].parse().unwrap()))
    .collect();
    let (mut inside, mut all) = (0, 0);
    for start in QUARTERS {
        let forecasts = rows(&format!(
            "select cast(period_start as date), team, p10, p90 from forecast_total((select * from ({MONTHS}) as months where month < '{start}'), \
             timestamp_col => month, data_col => cost, id_cols => [team], by => 'quarter', horizon => 3, gaps => 'zero', \
             grain => 'month', complete_until => '{start}')"
        ));
        for row in forecasts {
            let (low, high): (f64, f64) = (row[2].parse().unwrap(), row[3].parse().unwrap());
            let cost = truth[&(row[0].clone(), row[1].clone())];
            inside += usize::from(low <= cost && cost <= high);
            all += 1;
        }
    }
    assert_eq!(all, QUARTERS.len() * 13, "thirteen teams, unassigned among them");
    assert!((77 * all..=95 * all).contains(&(100 * inside)), "{inside} of {all}");
}
