//! Budgets as a gate of jobs.

use crate::project::{Given, Project};

/// `outlay check` on the sample company.
fn check(args: &[&str]) -> Given {
    let sample = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    Project::new("").run(&[&["-C", sample.to_str().unwrap(), "check"], args].concat())
}

#[test]
fn budgets_at_risk_fail_the_check_of_budgets() {
    for most in [None, Some("most_risk=80")] {
        let mut args = vec!["budgets"];
        args.extend(most.into_iter().flat_map(|most| ["-p", most]));
        let failed = check(&args);
        assert_eq!(failed.code, 3, "{}", failed.stderr);
        assert!(failed.stdout.contains("budget_outlook,NOT at_risk,failed,"), "{}", failed.stdout);
    }
}

#[test]
fn a_limit_that_no_budget_reaches_passes_and_without_one_nothing_is_at_risk() {
    assert_eq!(check(&["budgets", "-p", "most_risk=100"]).code, 0);
    assert_eq!(check(&["budget_outlook"]).code, 0);
}
