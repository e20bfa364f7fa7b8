//! The command line: the only module that prints and reads the environment.
//!
//! What was typed ([`args`]) becomes what is meant ([`context::Context`]); one file a command does the work; [`exit`] turns errors
//! into exit codes and [`report`] into text.

mod args;
mod build;
mod candidates;
mod check;
mod completions;
mod config;
mod context;
mod demo;
mod describe;
mod dialects;
mod dry_run;
mod exit;
mod freeze;
mod held;
mod history;
mod html_report;
mod land;
mod list;
mod prompt;
mod provenance;
mod query;
mod records;
mod report;
mod run;
mod score;
mod scorecard;
mod show;
mod sink;
mod status;
mod tables;
mod vacuum;

use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::mem::ManuallyDrop;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use crate::error::{Error, ErrorKind, Result};
use crate::output::is_broken_pipe;
use args::{Args, Command};
use context::Context;

/// Runs the command line `args`, the name of the program among them, and gives the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let words: Vec<OsString> = args.into_iter().collect();
    let parsed = match completions::answered(&words) {
        Ok(true) => return ExitCode::SUCCESS,
        Ok(false) => Args::try_parse_from(words),
        Err(unanswered) => Err(unanswered),
    };
    let args = match parsed {
        Ok(args) => args,
        Err(usage) => {
            // Nothing is left to do when help cannot be printed.
            let _printed = usage.print();
            return ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(exit::INVALID));
        }
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(cause) => return report::failed(&Error::internal("cannot start").because(cause), args.global.color),
    };
    let color = args.global.color;
    let result = runtime.block_on(async {
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let mut work = std::pin::pin!(dispatch(args, Stopped(stopped)));
        tokio::select! {
            result = &mut work => result,
            signal = interrupted() => {
                // Nobody listens when the command has nothing to leave in order.
                if stop.send(true).is_ok() {
                    let _ended = tokio::time::timeout(TIDY, work).await;
                }
                Err(signal)
            }
        }
    });
    // A statement that was given up may still hold a thread; it ends with the process.
    runtime.shutdown_background();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => report::failed(&error, color),
    }
}

/// How long a command that was interrupted may take to leave things in order.
const TIDY: Duration = Duration::from_millis(1_500);

/// Tells a command that has something to leave in order that it was interrupted.
struct Stopped(tokio::sync::watch::Receiver<bool>);

impl Stopped {
    async fn wait(mut self) {
        if self.0.wait_for(|stopped| *stopped).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

async fn dispatch(args: Args, stopped: Stopped) -> Result<()> {
    let Args { global, sql, files, dry_run, command } = args;
    if dry_run && command.is_some() {
        return Err(Error::invalid("`--dry-run` stands before the command").hint("write `outlay run NAME --dry-run`"));
    }
    let stopped = matches!(command, Some(Command::Build(_))).then_some(stopped);
    match command {
        Some(Command::Demo(demo)) => return demo::run(&global, &demo).await,
        Some(Command::Land(args)) => return land::run(&global, &args).await,
        Some(Command::Completions(shell)) => return completions::run(&shell),
        _ => {}
    }
    // What the engine holds ends with the process: to free it takes a tenth of a short statement.
    let context = ManuallyDrop::new(Context::new(global)?);
    if let (Some(Command::Build(args)), Some(stopped)) = (&command, stopped) {
        return build::run(&context, args, stopped).await;
    }
    match command {
        Some(Command::Run(run)) => run::run(&context, &run).await,
        Some(Command::List(list)) => list::run(&context, &list),
        Some(Command::Show(show)) => show::run(&context, &show).await,
        Some(Command::Check(check)) => check::run(&context, &check).await,
        Some(Command::Dialects) => dialects::run(&context).await,
        Some(Command::Report(report)) => html_report::run(&context, &report).await,
        Some(Command::Score(args)) => score::run(&context, &args).await,
        Some(Command::Status(args)) => status::run(&context, &args).await,
        Some(Command::History(args)) => history::run(&context, &args).await,
        Some(Command::Freeze(args)) => freeze::run(&context, &args).await,
        Some(Command::Vacuum(args)) => vacuum::run(&context, &args).await,
        Some(Command::Tables) => tables::run(&context).await,
        Some(Command::Describe(describe)) => describe::run(&context, &describe).await,
        Some(Command::Config(config)) => config::run(&context, &config),
        Some(Command::Build(_) | Command::Demo(_) | Command::Land(_) | Command::Completions(_)) => Ok(()),
        None => {
            let is_given = !sql.is_empty() || !files.is_empty();
            let texts = match (is_given, std::io::stdin().is_terminal()) {
                (true, _) => query::texts(&sql, &files)?,
                (false, true) if dry_run => {
                    return Err(Error::invalid("there is no SQL to look at").hint("give it with `-c`"));
                }
                (false, true) => return prompt::run(ManuallyDrop::into_inner(context)).await,
                (false, false) => vec![typed()?],
            };
            if dry_run { query::estimate(&context, &texts).await } else { query::run(&context, &texts).await }
        }
    }
}

/// The SQL of standard input.
fn typed() -> Result<query::Text> {
    let mut sql = String::new();
    std::io::stdin()
        .read_to_string(&mut sql)
        .map_err(|cause| Error::invalid("cannot read SQL from standard input").because(cause))?;
    Ok(query::Text { sql, origin: "standard input".to_owned() })
}

/// Waits for Ctrl-C or SIGTERM.
async fn interrupted() -> Error {
    let interrupt = || Error::new(ErrorKind::Interrupted, "interrupted");
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            return tokio::select! {
                _ = tokio::signal::ctrl_c() => interrupt(),
                _ = terminate.recv() => Error::new(ErrorKind::Interrupted, exit::TERMINATED),
            };
        }
    }
    match tokio::signal::ctrl_c().await {
        Ok(()) => interrupt(),
        // Without signals nothing interrupts.
        Err(_) => std::future::pending().await,
    }
}
