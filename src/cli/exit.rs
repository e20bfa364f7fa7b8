//! Exit codes: an interface that scripts rely on.

use std::error::Error as StdError;

use crate::error::{Error, ErrorKind};

/// Usage, configuration or a saved file is wrong.
pub(super) const INVALID: u8 = 2;

/// The message of the error for SIGTERM, which has an exit code of its own.
pub(super) const TERMINATED: &str = "terminated";

/// The exit code of `error`.
pub(super) fn code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Query | ErrorKind::Data => 1,
        ErrorKind::Invalid => INVALID,
        ErrorKind::Check => 3,
        ErrorKind::Stale => 4,
        ErrorKind::Locked => 5,
        ErrorKind::Limit => 6,
        ErrorKind::Storage => 7,
        ErrorKind::Interrupted if error.message() == TERMINATED => 143,
        ErrorKind::Interrupted => 130,
        ErrorKind::Internal => 70,
    }
}

/// Whether the reader of our output went away (`| head`): no failure of ours.
pub(super) fn is_closed_pipe(error: &Error) -> bool {
    let mut next: Option<&(dyn StdError + 'static)> = Some(error);
    while let Some(link) = next {
        if link.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe) {
            return true;
        }
        next = link.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_seen_through_the_chain() {
        let io = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert!(is_closed_pipe(&Error::storage("cannot write").because(io)));
        assert!(!is_closed_pipe(&Error::storage("cannot write")));
    }
}
