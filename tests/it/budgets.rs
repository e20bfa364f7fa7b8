//! Budgets as a gate of jobs.

use crate::project::Project;

#[test]
fn a_budget_at_risk_fails_the_check_that_asks() {
    let project = Project::new("");
    let sample = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sample_data");
    let check = ["-C", sample.to_str().unwrap(), "check", "budget_outlook"];
    project.run(&check).ok();
    let failed = project.run(&[check.as_slice(), &["-p", "most_risk=80"]].concat());
    assert_eq!(failed.code, 3, "{}", failed.stderr);
    assert!(failed.stdout.contains("budget_outlook,NOT at_risk,failed,"), "{}", failed.stdout);
}
