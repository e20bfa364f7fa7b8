//! The tables that the sample company owns: goals, seats, pilots, accelerators, values and what was learned of late.

use std::collections::{BTreeMap, BTreeSet};

use super::{amount, company, count};

/// Digits before the point of a DECIMAL that holds a whole number.
fn whole(cell: &str) -> u64 {
    let (digits, zeros) = cell.split_once('.').unwrap_or((cell, ""));
    assert!(zeros.chars().all(|digit| digit == '0'), "{cell}");
    count(digits)
}

#[test]
fn goals_are_attained_as_planted() {
    let company = company();
    let years: BTreeSet<&str> = company.truth.by_month.iter().map(|month| &month.month[..4]).collect();
    let mut found = BTreeMap::new();
    for year in years {
        let year = format!("year={year}");
        for row in
            company.columns(&["run", "goal_attainment", "-p", &year], &["goal_id", "phase", "target", "attained"])
        {
            if row[1] == "past" {
                found.insert(row[0].clone(), (whole(&row[2]), whole(&row[3])));
            }
        }
    }
    let truth = company.truth.goals.iter().map(|goal| (goal.goal_id.clone(), (goal.target, goal.attained)));
    assert_eq!(found, truth.collect());
    assert!(found.values().any(|(target, attained)| attained < target), "goals are missed, too");
}

#[test]
fn seats_are_counted_by_month() {
    let company = company();
    let months = company.history("seat_utilisation", &["seats", "cost", "used_seats", "idle_seats"]);
    let truth = &company.truth.seats;
    assert_eq!(months.iter().map(|row| whole(&row[0])).sum::<u64>(), truth.months);
    assert_eq!(months.iter().map(|row| amount(&row[1])).sum::<outlay::demo::Amount>(), truth.cost);
    assert!(months.iter().all(|row| whole(&row[2]) + whole(&row[3]) == whole(&row[0])));
    // The charges of seats say the same as the table of seats.
    let sql = "select sum(EffectiveCost), count(distinct PrincipalId) from spend where PricingUnit = 'Seats'";
    let charged = company.rows(&["-c", sql]);
    assert_eq!((amount(&charged[0][0]), count(&charged[0][1])), (truth.cost, truth.people));
}

#[test]
fn pilots_end_and_cost_as_planted() {
    let company = company();
    let columns = ["subject", "pilots", "deployed", "effective_cost"];
    let found: BTreeMap<String, _> = company
        .columns(&["run", "pilot_costs"], &columns)
        .into_iter()
        .map(|row| (row[0].clone(), (whole(&row[1]), whole(&row[2]), amount(&row[3]))))
        .collect();
    let truth = &company.truth.pilots;
    for (name, truth) in [("guided", &truth.guided), ("unguided", &truth.unguided)] {
        assert_eq!(found[name], (truth.pilots, truth.deployed, truth.effective_cost), "{name}");
    }
    let funnel = company.columns(&["run", "pilot_funnel"], &["guidance", "stage", "pilots", "deployed_percent"]);
    let share = |name: &str| funnel.iter().find(|row| row[0] == name && row[1] == "idea").unwrap()[3].clone();
    assert_eq!((share("guided").as_str(), share("unguided").as_str()), ("48.00", "15.00"));
}

#[test]
fn own_accelerators_cost_what_their_hours_cost() {
    let company = company();
    let columns = ["cluster", "model", "gpu_hours", "cost", "tokens_served", "cost_per_million_at_full_use"];
    let found = company.history("self_hosted_unit_cost", &columns);
    assert_eq!(found.len(), company.truth.gpu_use.len());
    for (row, truth) in found.iter().zip(&company.truth.gpu_use) {
        assert_eq!((&row[0], &row[1]), (&truth.cluster, &truth.model));
        assert_eq!((whole(&row[2]), whole(&row[4])), (truth.gpu_hours, truth.tokens_served));
        assert_eq!(amount(&row[3]), truth.cost);
        // The query rounds to four digits, the truth to six.
        let four_digits = truth.full_use_cost_per_million.to_string().parse::<f64>().unwrap();
        assert_eq!(row[5], format!("{four_digits:.4}"));
    }
}

#[test]
fn sizes_values_and_late_news_of_outcomes_are_exact() {
    let company = company();
    let truth = &company.truth.outcomes;
    let sql = "select sum(quantity) filter (where status = 'succeeded'), count(value), sum(value), \
               count(*) filter (where recorded_at > occurred_at) from outcome_facts";
    let found = company.rows(&["-c", sql]);
    let found: Vec<u64> = found[0].iter().map(|cell| whole(cell)).collect();
    assert_eq!(found, [truth.succeeded_size, truth.valued, truth.value, truth.recorded_late]);
    let late = company.columns(&["run", "late_outcomes", "-p", "quarter=2026-Q2"], &["status", "days_late"]);
    assert!(late.iter().any(|row| row[0] == "reverted") && late.iter().all(|row| count(&row[1]) > 0), "{late:?}");
}
