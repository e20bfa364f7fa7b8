//! Completion in shells: what the script asks, as fish asks it, and what it is told.

use super::project::Project;

/// A line per candidate, what is said of it cut away.
fn told(project: &mut Project, typed: &[&str]) -> Vec<String> {
    project.environment("OUTLAY_COMPLETE", "fish");
    let words: Vec<&str> = ["--", "outlay"].into_iter().chain(typed.iter().copied()).collect();
    let told = project.run(&words).ok();
    told.lines().map(|line| line.split('\t').next().unwrap_or_default().to_owned()).collect()
}

fn project() -> Project {
    let project = Project::new("[sources.aws]\npath = \"aws\"\n\n[tables.roster]\npath = \"roster.csv\"\n");
    project.write(
        "queries/fleet_cost.sql",
        "-- Cost of the fleet.\n--\n-- owner: finance\n-- tags: fleet\n-- param: region text = eu in (eu, us) \"where\"\n\
         SELECT $region AS region\n",
    );
    project
}

#[test]
fn the_words_of_the_project_are_known() {
    let mut project = project();
    assert_eq!(told(&mut project, &["run", "fleet"]), ["fleet_cost"]);
    assert_eq!(told(&mut project, &["show", "cost_per_outcome_c"]), ["cost_per_outcome_change"]);
    assert_eq!(told(&mut project, &["list", "tag:fle"]), ["tag:fleet"]);
    assert_eq!(told(&mut project, &["describe", "a"])[0], "aws");
    assert_eq!(told(&mut project, &["describe", "rost"]), ["roster"]);
    assert_eq!(told(&mut project, &["run", "fleet_cost", "-p", "re"])[0], "region=");
    assert_eq!(told(&mut project, &["run", "fleet_cost", "-p", "region=u"]), ["region=us"]);
    assert_eq!(told(&mut project, &["--without", "sum"]), ["summaries"]);
}

#[test]
fn the_project_is_the_one_of_the_line() {
    let project = project();
    let mut elsewhere = Project::new("");
    let folder = project.path().to_str().unwrap();
    assert_eq!(told(&mut elsewhere, &["run", "fleet"]), [""; 0]);
    assert_eq!(told(&mut elsewhere, &["-C", folder, "run", "fleet"]), ["fleet_cost"]);
    assert_eq!(told(&mut elsewhere, &["run", "-C", folder, "fleet"]), ["fleet_cost"]);
}

#[test]
fn a_project_that_cannot_be_read_completes_from_the_library() {
    let mut project = Project::new("[sources\n");
    assert_eq!(told(&mut project, &["run", "cost_per_outcome_c"]), ["cost_per_outcome_change"]);
}

#[test]
fn each_shell_gets_a_script() {
    let project = project();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = project.run(&["completions", shell]).ok();
        assert!(script.contains("OUTLAY_COMPLETE"), "{shell}: {script}");
    }
    assert!(project.run(&["completions", "tcsh"]).refused(2).contains("possible values"));
}
