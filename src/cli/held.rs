//! Standard output that holds the first bytes back, so that a query that fails early prints nothing; on a terminal, what is
//! longer than the screen goes through a pager.

use std::io::{self, Write};
use std::process::{Child, Command, Stdio};

use super::context::variable;

/// Bytes held back before the first is printed: a result up to this size is printed whole or not at all.
const HELD_BYTES: usize = 8 << 20;

/// Lines of a screen whose height is unknown.
const USUAL_LINES: usize = 24;

pub(super) struct Held {
    held: Vec<u8>,
    paged: bool,
    target: Option<Target>,
}

enum Target {
    Stdout,
    Pager(Child),
}

impl Held {
    /// Holds back; `paged` lets a pager show what is longer than the screen.
    pub(super) fn new(paged: bool) -> Self {
        Self { held: Vec::new(), paged, target: None }
    }

    fn release(&mut self) -> io::Result<()> {
        if self.target.is_none() {
            let lines = self.held.iter().filter(|byte| **byte == b'\n').count();
            let pager = if self.paged && lines > screen_lines() { pager() } else { None };
            self.target = Some(pager.map_or(Target::Stdout, Target::Pager));
        }
        let held = std::mem::take(&mut self.held);
        self.pass(&held)
    }

    fn pass(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.target {
            Some(Target::Pager(child)) => child.stdin.as_mut().map_or(Ok(()), |stdin| stdin.write_all(bytes)),
            _ => io::stdout().write_all(bytes),
        }
    }
}

impl Write for Held {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.target.is_some() {
            self.pass(bytes)?;
            return Ok(bytes.len());
        }
        self.held.extend_from_slice(bytes);
        if self.held.len() > HELD_BYTES {
            self.release()?;
        }
        Ok(bytes.len())
    }

    /// Renderers flush when the result is whole, and only then.
    fn flush(&mut self) -> io::Result<()> {
        self.release()?;
        match self.target.take() {
            Some(Target::Pager(mut child)) => {
                drop(child.stdin.take());
                child.wait().map(drop)
            }
            _ => io::stdout().flush(),
        }
    }
}

fn screen_lines() -> usize {
    let lines = variable("LINES").and_then(|lines| lines.parse().ok());
    lines.unwrap_or(USUAL_LINES)
}

/// The pager of the user, else `less`, which leaves at once what fits on the screen; `None` when there is none.
fn pager() -> Option<Child> {
    let command = variable("PAGER").unwrap_or_else(|| "less".to_owned());
    let mut words = command.split_whitespace();
    let mut command = Command::new(words.next()?);
    command.args(words).stdin(Stdio::piped());
    if variable("LESS").is_none() {
        command.env("LESS", "FRSX");
    }
    command.spawn().ok()
}
