//! The README is true: its commands run, its output is what they print, its tables are the code's.

use std::path::{Path, PathBuf};

use super::project::{Given, Project};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn readme() -> String {
    std::fs::read_to_string(root().join("README.md")).unwrap()
}

/// The blocks of the README in this language.
fn blocks(language: &str) -> Vec<String> {
    let text = readme();
    let start = format!("```{language}\n");
    text.split(&start).skip(1).map(|rest| rest.split("\n```").next().unwrap().to_owned()).collect()
}

fn on_the_sample(args: &[&str]) -> Given {
    let project = Project::new("");
    let sample = root().join("sample_data");
    let all: Vec<&str> = ["-C", sample.to_str().unwrap()].into_iter().chain(args.iter().copied()).collect();
    project.run(&all)
}

#[test]
fn the_first_command_prints_what_the_readme_shows() {
    let commands = &blocks("console")[0];
    assert_eq!(
        commands.lines().collect::<Vec<_>>(),
        ["$ cargo run -- -C sample_data run cost_per_outcome", "$ cargo test"]
    );
    let shown = on_the_sample(&["run", "cost_per_outcome", "--format", "table"]).ok();
    assert_eq!(shown.trim_end(), blocks("text")[0]);
}

#[test]
fn every_other_command_of_the_readme_runs() {
    let project = Project::on_the_sample();
    for line in blocks("sh").iter().flat_map(|block| block.lines()) {
        let command = line.split(" #").next().unwrap().trim().strip_prefix("outlay ").unwrap();
        let words: Vec<&str> = match command.split_once('\'') {
            Some((flag, sql)) => vec![flag.trim(), sql.trim_end_matches('\'')],
            None => command.split_whitespace().collect(),
        };
        let _printed = project.run(&words).ok();
    }
    assert!(project.path().join("services.csv").is_file());
}

/// What cron, Airflow and Kubernetes are told to run, in a project of its own.
#[test]
fn the_examples_of_schedulers_run() {
    let of_shell = |block: &str| -> Vec<String> {
        let command = block.split("outlay ").nth(1).unwrap().split(['"', '\n']).next().unwrap();
        command.split(" 2>>").next().unwrap().split_whitespace().map(str::to_owned).collect()
    };
    let args = blocks("yaml")[0].split("args: ").nth(1).unwrap().lines().next().unwrap().to_owned();
    let examples = [
        of_shell(&blocks("cron")[0]),
        of_shell(blocks("python")[0].split("bash_command").nth(1).unwrap()),
        serde_json::from_str::<Vec<String>>(&args).unwrap(),
    ];
    let project = Project::on_the_sample();
    for example in &examples {
        let (folder, command) = example.split_at(2);
        assert_eq!(folder, ["-C", "/srv/acme"]);
        let given = project.run(&command.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(given.stderr.lines().all(|line| line.starts_with('{')), "{}", given.stderr);
        let _built = given.ok();
    }
}

#[test]
fn the_query_and_the_configuration_of_the_readme_are_accepted() {
    let sample = root().join("sample_data");
    let project = Project::new("");
    let file = project.write("by_team.sql", &blocks("sql")[0]);
    let args = ["-C", sample.to_str().unwrap(), "run", file.to_str().unwrap(), "-p", "period=2026-Q2"];
    assert!(project.run(&args).ok().starts_with("team,billing_currency,effective_cost\n"));
    for text in blocks("toml") {
        outlay::config::Config::parse(&text, Path::new("outlay.toml")).unwrap();
    }
}

#[test]
fn the_sample_company_is_what_the_readme_says_writes_it() {
    let project = Project::new("");
    let _note = project.run(&["demo", "again", "--rows", "40000", "--months", "24", "-q"]).ok();
    let facts = ["roster", "budgets", "invoices", "goals", "seats", "caps", "pilots", "gpu_hours", "drivers", "prices"]
        .map(|name| format!("facts/{name}.csv"));
    for name in ["truth.json", "outlay.toml"].into_iter().chain(facts.iter().map(String::as_str)) {
        let read = |folder: &Path| std::fs::read_to_string(folder.join(name)).unwrap();
        assert!(read(&project.path().join("again")) == read(&root().join("sample_data")), "{name} differs");
    }
}
