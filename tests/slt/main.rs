//! The saved queries on companies small enough to work out every number by hand.
//!
//! Each `.slt` file is one test. Its first line names its company, a folder below `companies/`. A query is plain SQL or
//! `run NAME param=value ...`, which runs a saved query and gives the names of its columns before its rows.

mod company;
mod database;
mod rules;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use libtest_mimic::{Arguments, Failed, Trial};
use outlay::query::Catalog;
use sqllogictest::{Runner, strict_column_validator};

use company::Company;
use database::Database;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let cases = cases(&folder());
    let mut trials: Vec<Trial> = cases.iter().cloned().map(trial).collect();
    trials.push(Trial::test("every_saved_query_has_a_case", move || rules::has_a_case(&library()?, &cases)));
    trials.push(Trial::test("every_saved_query_documents_itself", || rules::documents_itself(&library()?)));
    trials.push(Trial::test("no_saved_query_mixes_costs", || rules::mixes_no_costs(&library()?)));
    trials
        .push(Trial::test("no_saved_query_adds_currencies", || rules::adds_no_currencies(&library()?, &mut abroad()?)));
    trials.push(Trial::test("the_team_of_a_charge_is_said_once", || rules::says_the_team_once(&library()?)));
    libtest_mimic::run(&arguments, trials).exit_code()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/slt")
}

/// The library as it lies in the repository: a changed query needs no build.
fn library() -> Result<Catalog, Failed> {
    Ok(Catalog::from_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("queries"))?)
}

/// The company that is billed in two currencies.
fn abroad() -> Result<Database, Failed> {
    Database::new(Company::open(&folder().join("companies/abroad"))?, library()?)
}

/// Every `.slt` file below `folder`, sorted.
fn cases(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) = entries.partition(|path| path.is_dir());
    let is_case = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "slt");
    let mut found: Vec<PathBuf> = files.into_iter().filter(is_case).collect();
    found.extend(folders.iter().flat_map(|folder| cases(folder)));
    found.sort();
    found
}

fn trial(case: PathBuf) -> Trial {
    let below = case.strip_prefix(folder()).unwrap_or(&case).with_extension("");
    Trial::test(below.to_string_lossy(), move || run(&case))
}

fn run(case: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(case)?;
    let name = text.lines().next().and_then(|line| line.strip_prefix("# company: "));
    let company = Company::open(&folder().join("companies").join(name.ok_or("the first line names no company")?))?;
    let database = Database::new(company, library()?)?;
    let mut database = Some(database);
    let mut runner = Runner::new(move || {
        let database = database.take();
        async move { database.ok_or_else(|| outlay::Error::internal("a case has one connection")) }
    });
    runner.with_column_validator(strict_column_validator);
    runner.run_file(case).map_err(|error| Failed::from(error.display(false).to_string()))
}
