//! Errors, warnings and notes as text on standard error.

use std::error::Error as StdError;
use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use super::args::When;
use super::exit;
use crate::error::Error;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const MARK: Style = AnsiColor::Red.on_default();
const FRAME: Style = AnsiColor::Blue.on_default();
const HINT: Style = AnsiColor::Green.on_default();

/// Standard error, with colours only where they are wanted.
pub(super) fn stderr(color: When) -> impl Write {
    anstream::AutoStream::new(std::io::stderr(), color.choice())
}

/// Prints `error` and gives its exit code.
pub(super) fn failed(error: &Error, color: When) -> ExitCode {
    // Nothing is left to do when standard error is gone.
    let _printed = stderr(color).write_all(render(error).as_bytes());
    ExitCode::from(exit::code(error))
}

/// Prints a line for people, unless they asked for quiet.
pub(super) fn note(color: When, quiet: bool, line: &str) {
    if !quiet {
        let _printed = writeln!(stderr(color), "{line}");
    }
}

/// The error with its place, facts, causes and hints; colours as escape sequences.
pub(super) fn render(error: &Error) -> String {
    let mut text = format!("{ERROR}error:{ERROR:#} {}\n", error.message());
    if let Some(place) = error.place() {
        let number = place.line.to_string();
        let gutter = " ".repeat(number.len());
        text += &format!("{FRAME}{gutter}-->{FRAME:#} {place}\n");
        if place.width > 0 {
            let indent = " ".repeat(place.column.saturating_sub(1));
            let left = place.text.chars().count().saturating_sub(place.column.saturating_sub(1)).max(1);
            let mark = "^".repeat(place.width.min(left));
            text += &format!("{FRAME}{gutter} |{FRAME:#}\n");
            text += &format!("{FRAME}{number} |{FRAME:#} {}\n", place.text.replace('\t', " "));
            text += &format!("{FRAME}{gutter} |{FRAME:#} {indent}{MARK}{mark}{MARK:#}\n");
        }
    }
    for (name, value) in error.facts() {
        text += &format!("  {name}: {value}\n");
    }
    let mut cause = error.source();
    let mut said = error.message().to_owned();
    while let Some(link) = cause {
        let line = link.to_string();
        let line = line.lines().next().unwrap_or_default();
        if !said.contains(line) {
            text += &format!("  cause: {line}\n");
            said += line;
        }
        cause = link.source();
    }
    for hint in error.hints() {
        text += &format!("  {HINT}hint:{HINT:#} {hint}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Place;

    #[test]
    fn an_error_shows_its_place_and_the_way_out() {
        let place = Place { file: "q.sql".into(), line: 21, column: 5, width: 6, text: "SELECT servce".into() };
        let error = Error::query("no column `servce`").at(place).with("table", "spend").hint("did you mean `service`?");
        let plain = anstream::adapter::strip_str(&render(&error)).to_string();
        assert_eq!(
            plain,
            "error: no column `servce`\n  --> q.sql:21:5\n   |\n21 | SELECT servce\n   |     ^^^^^^\n  table: spend\n  hint: did you mean `service`?\n"
        );
    }
}
