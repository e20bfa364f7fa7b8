//! Completion in shells: the script that `outlay completions` prints asks this program what may stand where the cursor is, so that
//! the shell knows the saved queries, parameters, tables and sources of the project.

use std::ffi::OsString;
use std::io::Write;

use clap::CommandFactory;
use clap_complete::env::{CompleteEnv, Shells};

use super::args::{Args, Completions};
use crate::error::{Error, Result};

/// The variable by which a script tells that it asks, and for which shell.
const ASKING: &str = "OUTLAY_COMPLETE";

/// Prints the script.
pub(super) fn run(args: &Completions) -> Result<()> {
    let shell = args.shell.to_string();
    let shells = Shells::builtins();
    let completer = shells
        .completer(&shell)
        .ok_or_else(|| Error::internal(format!("completion does not know the shell `{shell}`")))?;
    let mut script = Vec::new();
    completer
        .write_registration(ASKING, "outlay", "outlay", "outlay", &mut script)
        .and_then(|()| std::io::stdout().write_all(&script))
        .map_err(|cause| Error::storage("cannot print").because(cause))
}

/// Answers a script that asks; says whether one did.
///
/// # Errors
/// That of clap when the shell is unknown or nothing can stand there.
pub(super) fn answered(words: &[OsString]) -> clap::error::Result<bool> {
    let folder = std::env::current_dir().ok();
    CompleteEnv::with_factory(Args::command).var(ASKING).try_complete(words, folder.as_deref())
}
