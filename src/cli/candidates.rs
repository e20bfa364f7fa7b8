//! What may stand in a place of the command line, for completion in shells. What cannot be read completes to nothing: an error would
//! be printed into the line that is being typed.

use std::ffi::OsStr;
use std::path::PathBuf;

use clap::{ArgMatches, CommandFactory};
use clap_complete::CompletionCandidate;
use clap_complete::engine::{ArgValueCompleter, PathCompleter, ValueCompleter};

use super::args::Args;
use super::context;
use crate::config::Config;
use crate::engine::{Optimisation, ledger};
use crate::query::{Catalog, SavedQuery};

/// The saved queries, and files of SQL.
pub(super) fn queries_or_files() -> ArgValueCompleter {
    ArgValueCompleter::new(|word: &OsStr| {
        let mut found = among(word, &queries(&Project::typed()));
        found.extend(
            PathCompleter::file().filter(|path| path.extension().is_some_and(|end| end == "sql")).complete(word),
        );
        found
    })
}

/// The saved queries.
pub(super) fn saved_queries() -> ArgValueCompleter {
    completer(queries)
}

/// The saved queries, and their tags and owners.
pub(super) fn selectors() -> ArgValueCompleter {
    completer(|project| selected(project.catalog.iter()))
}

/// What `outlay check` takes.
pub(super) fn checks() -> ArgValueCompleter {
    completer(|project| {
        let mut candidates = selected(project.catalog.iter());
        candidates.extend(sources(project));
        candidates.push(("budgets".to_owned(), "whether one will be broken".to_owned()));
        candidates
    })
}

/// The summary tables, and the tags and owners of their queries.
pub(super) fn summary_selectors() -> ArgValueCompleter {
    completer(|project| {
        let mut candidates = summaries(project);
        candidates.extend(selected(project.catalog.summaries().map(|(_, query)| query)));
        candidates
    })
}

/// The summary tables.
pub(super) fn summary_tables() -> ArgValueCompleter {
    completer(summaries)
}

/// What has columns: the ledger, sources, tables, summary tables and the saved queries that SQL reads as views.
pub(super) fn relations() -> ArgValueCompleter {
    completer(|project| {
        let mut candidates = sources(project);
        candidates.extend(project.config.tables.keys().map(|name| (name.clone(), "table".to_owned())));
        candidates.extend(summaries(project));
        candidates.extend(project.catalog.iter().filter(|query| query.runs_without_values()).map(described));
        candidates
    })
}

/// The parameters of the saved query of the command as `NAME=`, or after that the values it may have.
pub(super) fn parameters() -> ArgValueCompleter {
    completer(|project| {
        let Some(query) = project.query.as_deref().and_then(|name| project.catalog.get(name).ok()) else {
            return Vec::new();
        };
        let mut candidates = Vec::new();
        for param in &query.params {
            let help = param.help.clone().unwrap_or_else(|| super::list::described(param));
            candidates.push((format!("{}=", param.name), help));
            let default = param.default.as_ref().map(ToString::to_string);
            let values = param.allowed.iter().cloned().chain(default);
            candidates.extend(values.map(|value| (format!("{}={value}", param.name), String::new())));
        }
        candidates
    })
}

/// What `--without` takes.
pub(super) fn optimisations() -> ArgValueCompleter {
    ArgValueCompleter::new(|word: &OsStr| {
        let names = Optimisation::ALL.map(Optimisation::name).into_iter().chain(["all"]);
        among(word, &names.map(|name| (name.to_owned(), String::new())).collect::<Vec<_>>())
    })
}

/// A word and what is said of it.
type Candidate = (String, String);

/// The project of the line that is being typed.
struct Project {
    config: Config,
    catalog: Catalog,
    /// The saved query that was named already.
    query: Option<String>,
}

impl Project {
    /// What the shell handed over after `--`, as far as it can be read.
    fn typed() -> Self {
        let words = std::env::args_os().skip_while(|word| word != "--").skip(1);
        let matches = Args::command().ignore_errors(true).try_get_matches_from(words).unwrap_or_default();
        let folder = matches.get_one::<PathBuf>("project").cloned().unwrap_or_default();
        let file = matches.get_one::<PathBuf>("config");
        let config = context::found(&folder, file.map(PathBuf::as_path)).unwrap_or_else(|_| Config::empty(&folder));
        let catalog = context::catalog(&config).unwrap_or_else(|_| Catalog::embedded());
        Self { config, catalog, query: named(&matches) }
    }
}

/// The saved query that the command names, where it names one.
fn named(matches: &ArgMatches) -> Option<String> {
    let (_, command) = matches.subcommand()?;
    let name = command.try_get_one::<String>("name").ok().flatten().cloned();
    let first = || command.try_get_many::<String>("selectors").ok().flatten()?.next().cloned();
    name.or_else(first)
}

fn completer(candidates: impl Fn(&Project) -> Vec<Candidate> + Send + Sync + 'static) -> ArgValueCompleter {
    ArgValueCompleter::new(move |word: &OsStr| among(word, &candidates(&Project::typed())))
}

/// The candidates that begin with `word`, each once.
fn among(word: &OsStr, candidates: &[Candidate]) -> Vec<CompletionCandidate> {
    let word = word.to_string_lossy();
    let candidate = |(value, help): &Candidate| {
        let help = (!help.is_empty()).then(|| help.clone().into());
        CompletionCandidate::new(value).help(help).id(Some(value.clone()))
    };
    candidates.iter().filter(|(value, _)| value.starts_with(word.as_ref())).map(candidate).collect()
}

fn described(query: &SavedQuery) -> Candidate {
    (query.name.clone(), query.summary().to_owned())
}

fn queries(project: &Project) -> Vec<Candidate> {
    project.catalog.iter().map(described).collect()
}

fn selected<'a>(queries: impl Iterator<Item = &'a SavedQuery>) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    let mut words = Vec::new();
    for query in queries {
        candidates.push(described(query));
        words.extend(query.tags.iter().map(|tag| (format!("tag:{tag}"), String::new())));
        words.extend(query.owner.iter().map(|owner| (format!("owner:{owner}"), String::new())));
    }
    candidates.extend(words);
    candidates
}

fn summaries(project: &Project) -> Vec<Candidate> {
    project.catalog.summaries().map(|(table, query)| (table.to_owned(), query.summary().to_owned())).collect()
}

fn sources(project: &Project) -> Vec<Candidate> {
    let ledger = (ledger::NAMES[0].to_owned(), "the ledger".to_owned());
    let sources = project.config.sources.keys().map(|name| (name.clone(), "source".to_owned()));
    std::iter::once(ledger).chain(sources).collect()
}
