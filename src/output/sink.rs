//! The way out for text, and what is said when it is closed.

use std::error::Error as StdError;
use std::io::{self, Write};

use crate::error::{Error, Result};

/// Text that is gathered is written once it is this long.
const PIECE: usize = 64 * 1024;

/// Gathers text and writes it in large pieces.
pub(super) struct Sink<'w> {
    out: Box<dyn Write + Send + 'w>,
    gathered: String,
}

impl<'w> Sink<'w> {
    pub(super) fn new(out: Box<dyn Write + Send + 'w>) -> Self {
        Self { out, gathered: String::new() }
    }

    /// Where text is added.
    pub(super) fn text(&mut self) -> &mut String {
        &mut self.gathered
    }

    /// Writes what was gathered if that is worth a write.
    pub(super) fn end_row(&mut self) -> Result<()> {
        if self.gathered.len() < PIECE { Ok(()) } else { self.write() }
    }

    /// Hands over what was gathered; the writer may still hold it back.
    pub(super) fn pass(&mut self) -> Result<()> {
        self.write()
    }

    /// Hands over what was gathered and says that the result is whole.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.write()?;
        self.out.flush().map_err(write_failed)
    }

    fn write(&mut self) -> Result<()> {
        self.out.write_all(self.gathered.as_bytes()).map_err(write_failed)?;
        self.gathered.clear();
        Ok(())
    }
}

/// The error of a writer.
pub(super) fn write_failed(cause: io::Error) -> Error {
    Error::storage("cannot write the result").because(cause)
}

/// An error of a library that writes files: of the storage when an [`io::Error`] is behind it, else of the data.
pub(super) fn file_failed(what: &str, cause: impl StdError + Send + Sync + 'static) -> Error {
    if io_cause(&cause).is_some() {
        return Error::storage("cannot write the result").because(cause);
    }
    Error::invalid(format!("cannot write the result as {what}"))
        .hint("cast the column to a simpler type, such as `arrow_cast(x, 'Utf8')`, or take another format")
        .because(cause)
}

/// Whether `error` came about because the reader of the output hung up, as `head` does.
pub fn is_broken_pipe(error: &(dyn StdError + 'static)) -> bool {
    io_cause(error).is_some_and(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

fn io_cause<'e>(error: &'e (dyn StdError + 'static)) -> Option<&'e io::Error> {
    std::iter::successors(Some(error), |&error| error.source()).find_map(|error| error.downcast_ref())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_broken_pipe_is_one() {
        let failed = |kind: io::ErrorKind| write_failed(kind.into());
        assert!(is_broken_pipe(&failed(io::ErrorKind::BrokenPipe)));
        assert!(!is_broken_pipe(&failed(io::ErrorKind::StorageFull)));
        assert!(!is_broken_pipe(&Error::storage("timed out")));
    }
}
