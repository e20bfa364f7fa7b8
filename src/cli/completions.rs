//! `outlay completions`: a script for the shell.

use std::io::Write;

use clap::CommandFactory;

use super::args::{Args, Completions};
use crate::error::{Error, Result};

pub(super) fn run(args: &Completions) -> Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "outlay", &mut script);
    std::io::stdout().write_all(&script).map_err(|cause| Error::storage("cannot print").because(cause))
}
