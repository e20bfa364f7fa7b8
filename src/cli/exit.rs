//! Exit codes: an interface that scripts rely on.

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
