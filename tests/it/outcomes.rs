//! Cost of outcomes: cost that a rule brought stands apart, and a company without facts is told what it lacks.

use super::project::{Project, charges, texts, with};

const OUTCOMES: &str = "outcome_id,outcome_type,occurred_at,status,team\n\
                        o-1,merged_change,2026-05-02T09:00:00Z,succeeded,search\n\
                        o-2,merged_change,2026-05-03T09:00:00Z,reverted,search\n";

/// Says that the shared team's charges are half search's and half nobody's.
const SHARED_BY_HALVES: &str = "\
-- description: Every charge with the team that carries it, the shared ones by halves.
-- owner: finops
-- tags: building-block
SELECT
  team_charges.* EXCEPT (team, EffectiveCost),
  CASE WHEN team_charges.team = 'shared' THEN halves.team ELSE team_charges.team END AS team,
  CASE WHEN team_charges.team = 'shared' THEN team_charges.EffectiveCost / 2 ELSE team_charges.EffectiveCost END
    AS EffectiveCost,
  team_charges.team = 'shared' AND halves.team = 'search' AS is_allocated
FROM team_charges
JOIN (VALUES ('search'), ('unassigned')) AS halves (team)
  ON team_charges.team = 'shared' OR halves.team = 'search'
";

/// A project with 30 of search, 10 of the shared team and one success.
fn project() -> Project {
    let project = Project::new(
        "[project]\nas_of = \"2026-07-08\"\n[sources.charges]\npath = \"charges\"\n[tables.outcomes]\npath = \"outcomes.csv\"\n",
    );
    let tags = texts(&[r#"{"team":"search"}"#, r#"{"team":"shared"}"#]);
    let _charges = project.parquet("charges/may.parquet", &with(charges("2026-05", &[30.0, 10.0]), "Tags", tags));
    let _outcomes = project.write("outcomes.csv", OUTCOMES);
    project
}

#[test]
fn allocated_cost_stands_apart_and_counts_for_a_success() {
    let project = project();
    let _view = project.write("queries/work_charges.sql", SHARED_BY_HALVES);
    let rows = project.sql(
        "select team, direct_cost, allocated_cost, succeeded, reverted, cost_per_success, coverage_percent \
         from cost_per_outcome order by team",
    );
    let expected = "team,direct_cost,allocated_cost,succeeded,reverted,cost_per_success,coverage_percent\n\
                    search,30.00,5.00,1,1,35.00,87.50\n\
                    unassigned,5.00,0.00,0,0,,87.50\n";
    assert_eq!(rows, expected);
}

#[test]
fn columns_that_a_company_does_not_have_are_no_fault() {
    let project = project();
    for name in
        ["cost_per_outcome", "late_outcomes", "outcome_value", "normalised_deployments", "cost_per_outcome_change"]
    {
        let _rows = project.run(&["run", name]).ok();
    }
    let value = project.sql("select value, return_percent from outcome_value where team = 'search'");
    assert_eq!(value, "value,return_percent\n0.00,\n");
}

#[test]
fn a_company_without_goals_or_pilots_is_told_so() {
    let project = project();
    let _roster = project.write("roster.csv", "principal_id,team,start_date\nu-1,search,2026-01-01\n");
    let _config = project.write(
        "outlay.toml",
        "[sources.charges]\npath = \"charges\"\n[tables.outcomes]\npath = \"outcomes.csv\"\n[tables.roster]\npath = \"roster.csv\"\n",
    );
    for (name, table) in [("goal_attainment", "goals"), ("pilot_funnel", "pilots"), ("pilot_costs", "pilots")] {
        let error = project.run(&["run", name]).refused(2);
        assert!(error.contains(&format!("no table `{table}`")) && error.contains("hint:"), "{error}");
    }
    let checked = project.run(&["check"]);
    assert_eq!(checked.code, 0, "{}", checked.stderr);
    assert!(checked.stderr.contains("outlay.toml has no goals"), "{}", checked.stderr);
}
