//! The command line as typed. The comments are the help.

use std::path::PathBuf;

use clap::{ArgAction, Parser, Subcommand, ValueEnum};

use super::candidates;
use crate::engine::Optimisations;

const EXAMPLES: &str = "\
Examples:
  outlay demo acme                                  write a sample company to ./acme
  outlay -C acme run cost_per_outcome               run a saved query
  outlay -c 'select sum(EffectiveCost) from spend'  run SQL
  outlay run spend_by_team -p period=2026-Q2 -o q2.csv

Exit codes: 0 ok, 1 query failed, 2 usage, configuration or saved query wrong, 3 a check failed,
4 a source or a summary table is stale, 5 another build is at it, 6 a limit stopped it, 7 storage or network (safe to retry), 70 a bug, 130 interrupted, 143 terminated";

/// Analytics for spend: cost per outcome, adoption and budget over billing exports in object storage.
///
/// Without a command: runs SQL given by -c, -f or on standard input, or opens the SQL prompt on a terminal.
#[derive(Debug, Parser)]
#[command(name = "outlay", version, after_help = EXAMPLES, max_term_width = 100, args_conflicts_with_subcommands = false)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) global: Global,
    /// Run this SQL; may be given several times
    #[arg(short = 'c', value_name = "SQL", allow_hyphen_values = true)]
    pub(super) sql: Vec<String>,
    /// Run the SQL of this file; may be given several times
    #[arg(short = 'f', value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Say what the SQL would read and cost; nothing runs
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What every command understands.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Global {
    /// Folder of the project: outlay.toml is looked for there and above
    #[arg(
        short = 'C',
        long = "project",
        value_name = "DIR",
        global = true,
        default_value = ".",
        hide_default_value = true
    )]
    pub(super) project: PathBuf,
    /// Configuration file, instead of looking for one
    #[arg(long, value_name = "FILE", global = true)]
    pub(super) config: Option<PathBuf>,
    /// Date that relative periods such as last_full_quarter count from
    #[arg(long, value_name = "DATE", global = true)]
    pub(super) as_of: Option<chrono::NaiveDate>,
    /// Write the result to this file or URL; the suffix tells the format
    #[arg(short = 'o', long, value_name = "FILE", global = true)]
    pub(super) output: Option<String>,
    /// table, csv, tsv, json, ndjson, markdown, vertical, html, parquet, arrow, xlsx, chart, svg or png [default: table on a
    /// terminal, else csv]
    #[arg(long, value_name = "FORMAT", global = true)]
    pub(super) format: Option<String>,
    /// Draw the result, as its saved query says or as DESCRIPTION does, such as 'bar x=team y=cost'; in characters unless
    /// --format or -o say svg or png
    #[arg(long, value_name = "DESCRIPTION", global = true, num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(super) chart: Option<String>,
    /// Leave the header line out
    #[arg(long, global = true)]
    pub(super) no_header: bool,
    /// Text for NULL
    #[arg(long, value_name = "TEXT", global = true)]
    pub(super) null: Option<String>,
    /// Most rows of a table on the terminal; other formats are never cut [default: 200]
    #[arg(long, value_name = "N", global = true)]
    pub(super) max_rows: Option<usize>,
    /// Begin CSV with a byte order mark, for Excel
    #[arg(long, global = true)]
    pub(super) bom: bool,
    /// Disarm CSV cells that a spreadsheet would run as formulas
    #[arg(long, global = true)]
    pub(super) csv_safe: bool,
    /// Draw tables and charts with ASCII characters
    #[arg(long, global = true)]
    pub(super) ascii: bool,
    /// Say nothing but results and errors
    #[arg(short = 'q', long, global = true)]
    pub(super) quiet: bool,
    /// When to use colours
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto", hide_possible_values = false)]
    pub(super) color: When,
    /// When to page tables longer than the screen; PAGER names the pager
    #[arg(long, value_name = "WHEN", global = true, default_value = "auto")]
    pub(super) pager: When,
    /// Say what the answer cost: rows, time, files, bytes, requests, memory, dollars
    #[arg(long, global = true, value_name = "FORM", num_args = 0..=1, require_equals = true, default_missing_value = "text")]
    pub(super) stats: Option<StatsForm>,
    /// Longest time of a query, such as 10m
    #[arg(long, value_name = "TIME", global = true)]
    pub(super) timeout: Option<String>,
    /// Most memory of a query, such as 512MiB; more is spilled to disk
    #[arg(long, value_name = "SIZE", global = true)]
    pub(super) memory_limit: Option<String>,
    /// Most disk that spilling may take
    #[arg(long, value_name = "SIZE", global = true)]
    pub(super) temp_limit: Option<String>,
    /// Most bytes that a query may read, such as 50GiB
    #[arg(long, value_name = "SIZE", global = true)]
    pub(super) max_scan: Option<String>,
    /// Threads that run queries [default: one a core]
    #[arg(long, value_name = "N", global = true)]
    pub(super) threads: Option<usize>,
    #[arg(long, value_name = "NAME", value_delimiter = ',', global = true, hide_short_help = true)]
    #[arg(add = candidates::optimisations())]
    #[arg(help = format!("Leave out an optimisation, for diagnosis: {}", Optimisations::names()))]
    pub(super) without: Vec<String>,
}

/// When to do something that depends on a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// On a terminal, unless NO_COLOR or TERM=dumb say otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl When {
    /// The choice for a stream, to be settled by its being a terminal and by the environment.
    pub(super) const fn choice(self) -> anstream::ColorChoice {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::Always,
            Self::Never => anstream::ColorChoice::Never,
        }
    }
}

/// How `--stats` speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum StatsForm {
    /// One line for people
    Text,
    /// One JSON object
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run a saved query
    Run(Run),
    /// List the saved queries
    List(List),
    /// Show a saved query: what it answers, its parameters, columns, checks and SQL
    Show(Show),
    /// Run the checks of saved queries, or print the scorecard of a source; exit 3 when one fails, 4 for missing data
    Check(Check),
    /// List the tables: the ledger, its sources, configured tables and views
    Tables,
    /// Describe a table, the ledger or a source: columns, files, what was set aside, drift, gaps
    Describe(Describe),
    /// List the dialects: the exports that sources can hold
    Dialects,
    /// Turn a vendor's dump (JSON, CSV) into Parquet in a bucket, month by month; doing it twice changes nothing
    Land(Land),
    /// Write a page of answers with charts, for mail and for paper: one HTML file that needs nothing else
    Report(Report),
    /// Build the summary tables that are due: what is missing, and what comes from other files or other SQL than now
    Build(Build),
    /// Say which summary tables are up to date; exit 4 when one is not
    Status(Status),
    /// List the runs of builds, newest first; SQL finds them as the table `runs`
    History(History),
    /// Freeze intervals of a summary table: a build that would change one fails and shows how
    Freeze(Freeze),
    /// Delete what builds left behind, and states of summary tables older than the history that is kept
    Vacuum(Vacuum),
    /// Score the forecasts on a folder of series whose end is known
    Score(Score),
    /// Write a sample company with known truth
    Demo(Demo),
    /// Show the configuration that is in force
    Config(Config),
    /// Print a completion script for a shell
    Completions(Completions),
}

/// `outlay run`
#[derive(Debug, clap::Args)]
pub(super) struct Run {
    /// Name of the saved query, or a .sql file
    #[arg(add = candidates::queries_or_files())]
    pub(super) name: String,
    /// Value of a parameter; may be given several times
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", action = ArgAction::Append)]
    #[arg(add = candidates::parameters())]
    pub(super) params: Vec<String>,
    /// Say what the query would read and cost; it does not run
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
}

/// `outlay list`
#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// Names, globs, tag:NAME or owner:NAME; all when left out
    #[arg(add = candidates::selectors())]
    pub(super) selectors: Vec<String>,
}

/// `outlay show`
#[derive(Debug, clap::Args)]
pub(super) struct Show {
    /// Name of the saved query
    #[arg(add = candidates::saved_queries())]
    pub(super) name: String,
    /// Print the SQL alone
    #[arg(long, conflicts_with = "plan")]
    pub(super) sql: bool,
    /// Print the plan, with the values given by -p
    #[arg(long)]
    pub(super) plan: bool,
    /// Value of a parameter, for --plan
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", action = ArgAction::Append)]
    #[arg(add = candidates::parameters())]
    pub(super) params: Vec<String>,
}

/// `outlay check`
#[derive(Debug, clap::Args)]
pub(super) struct Check {
    /// Saved queries by name, glob, tag:NAME or owner:NAME, all when left out; or a source, or `spend` for all of them; or
    /// `budgets`: whether one will more likely be broken than not, or above `-p most_risk=PERCENT`
    #[arg(add = candidates::checks())]
    pub(super) selectors: Vec<String>,
    /// Value of a parameter of the one query that is checked; may be given several times
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", action = ArgAction::Append)]
    #[arg(add = candidates::parameters())]
    pub(super) params: Vec<String>,
}

/// `outlay describe`
#[derive(Debug, clap::Args)]
pub(super) struct Describe {
    /// A table, `spend`, or the name of a source
    #[arg(add = candidates::relations())]
    pub(super) name: String,
    /// Print this part alone
    #[arg(long, value_name = "PART")]
    pub(super) part: Option<Part>,
}

/// A part of what `describe` says of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Part {
    /// Columns with type and level
    Columns,
    /// Sources with files, charges and periods
    Sources,
    /// Delivered files that do not count, and why
    SetAside,
    /// Months without a file between the first and the last
    Gaps,
    /// Columns that differ from the contract, and in how many files
    Drift,
}

/// `outlay land`
#[derive(Debug, clap::Args)]
pub(super) struct Land {
    /// Files, folders or globs of the dump, as paths or URLs
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<String>,
    /// How the dump speaks, such as anthropic-usage; `outlay dialects` lists them
    #[arg(long, value_name = "DIALECT")]
    pub(super) dialect: String,
    /// Folder or URL that the charges land in
    #[arg(long, value_name = "URL")]
    pub(super) to: String,
    /// Keep what was landed for the same stretch of time, and add the dump
    #[arg(long, conflicts_with = "replace")]
    pub(super) append: bool,
    /// Replace what was landed for the same stretch of time even by fewer charges
    #[arg(long)]
    pub(super) replace: bool,
}

/// `outlay build`
#[derive(Debug, clap::Args)]
pub(super) struct Build {
    /// Summary tables or their queries by name, glob, tag:NAME, owner:NAME or state:changed; `+NAME` with what it reads, `NAME+`
    /// with what reads it; all when left out
    #[arg(add = candidates::summary_selectors())]
    pub(super) selectors: Vec<String>,
    /// First period, such as 2026-01, 2026-Q1 or a day
    #[arg(long, value_name = "PERIOD")]
    pub(super) from: Option<String>,
    /// Last period, itself included
    #[arg(long, value_name = "PERIOD")]
    pub(super) to: Option<String>,
    /// Say what would be built, why, and what it would read and cost; nothing is written
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// Build intervals that are not due, too
    #[arg(long)]
    pub(super) force: bool,
    /// Build every interval of the table anew
    #[arg(long, conflicts_with_all = ["from", "to"])]
    pub(super) full: bool,
    /// Build the interval of today before it is over
    #[arg(long)]
    pub(super) allow_partial: bool,
    /// Publish intervals as they are done; all of a table together when left out
    #[arg(long)]
    pub(super) each: bool,
    /// Go on with other intervals and tables when one fails; the exit code tells
    #[arg(long)]
    pub(super) keep_going: bool,
    /// Build what a run did not, with the as-of date of that run
    #[arg(long, value_name = "RUN", conflicts_with_all = ["selectors", "from", "to", "force", "full"])]
    pub(super) retry_failed: Option<String>,
    /// Intervals that are computed at the same time
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) jobs: usize,
    /// Wait this long for another build of the same interval, such as 10m; exit 5 at once when left out
    #[arg(long, value_name = "TIME")]
    pub(super) wait: Option<String>,
    /// Take locks over from builds that are known to be gone; those of dead processes of this machine are taken over anyway
    #[arg(long)]
    pub(super) take_lock: bool,
    /// How to tell what happens
    #[arg(long, value_name = "FORM", default_value = "text", hide_possible_values = false)]
    pub(super) log: Log,
}

/// How a build tells what happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Log {
    /// Sentences, with a bar on a terminal
    Text,
    /// One JSON object a line
    Json,
}

/// `outlay status`
#[derive(Debug, clap::Args)]
pub(super) struct Status {
    /// As for build; all when left out
    #[arg(add = candidates::summary_selectors())]
    pub(super) selectors: Vec<String>,
}

/// `outlay history`
#[derive(Debug, clap::Args)]
pub(super) struct History {
    /// Summary tables; all when left out
    #[arg(add = candidates::summary_tables())]
    pub(super) tables: Vec<String>,
    /// The newest so many
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(super) last: usize,
}

/// `outlay freeze`
#[derive(Debug, clap::Args)]
pub(super) struct Freeze {
    /// A summary table, or its query
    #[arg(add = candidates::summary_tables())]
    pub(super) table: String,
    /// Intervals, such as 2026-05; what is frozen already is listed when left out
    pub(super) intervals: Vec<String>,
    /// Let them change again
    #[arg(long)]
    pub(super) thaw: bool,
}

/// `outlay vacuum`
#[derive(Debug, clap::Args)]
pub(super) struct Vacuum {
    /// As for build; all when left out
    #[arg(add = candidates::summary_selectors())]
    pub(super) selectors: Vec<String>,
    /// Say what would go; nothing is deleted
    #[arg(short = 'n', long)]
    pub(super) dry_run: bool,
    /// For how long past states stay readable, such as 90d [default: that of [summaries], 400d]
    #[arg(long, value_name = "TIME")]
    pub(super) retention: Option<String>,
}

/// `outlay report`
#[derive(Debug, clap::Args)]
pub(super) struct Report {
    /// Saved queries in this order: names, globs, tag:NAME or owner:NAME; those of [report] in outlay.toml when left out, else
    /// what finance asks first
    #[arg(add = candidates::selectors())]
    pub(super) selectors: Vec<String>,
    /// Value of a parameter of the queries that have it; may be given several times
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE", action = ArgAction::Append)]
    #[arg(add = candidates::parameters())]
    pub(super) params: Vec<String>,
}

/// `outlay score`
#[derive(Debug, clap::Args)]
pub(super) struct Score {
    /// Folder of CSV files with the columns unique_id, t, y and split (train or test), one file a set; meta.csv may say the
    /// lag (group, m) by which errors are scaled
    pub(super) folder: PathBuf,
}

/// `outlay demo`
#[derive(Debug, clap::Args)]
pub(super) struct Demo {
    /// Folder or URL to write to
    #[arg(default_value = "acme")]
    pub(super) target: String,
    /// Charges in all
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub(super) rows: u64,
    /// Months of history
    #[arg(long, value_name = "M", default_value_t = 36)]
    pub(super) months: u32,
    /// Seed: the same seed gives the same company
    #[arg(long, value_name = "S", default_value_t = 42)]
    pub(super) seed: u64,
}

/// `outlay config`
#[derive(Debug, clap::Args)]
pub(super) struct Config {
    /// Print the path of the file alone
    #[arg(long)]
    pub(super) path: bool,
}

/// `outlay completions`
#[derive(Debug, clap::Args)]
pub(super) struct Completions {
    /// bash, zsh, fish, elvish or powershell
    pub(super) shell: clap_complete::Shell,
}
