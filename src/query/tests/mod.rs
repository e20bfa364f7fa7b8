//! Tests of the module through what it shows to others.

mod binding;
mod checks;
mod directives;
mod files;
mod headers;
mod params;
mod properties;

use crate::error::Error;
use crate::units::FiscalCalendar;

use super::{Calendar, SavedQuery};

/// Reads `text` as the file `q.sql`.
fn read(text: &str) -> Result<SavedQuery, Error> {
    SavedQuery::from_text("q.sql", text)
}

/// 3 July 2026, bills closed at once.
fn calendar() -> Calendar {
    Calendar { fiscal: FiscalCalendar::default(), as_of: "2026-07-03".parse().unwrap(), close_lag_days: 0 }
}

/// Asserts that reading `text` fails: ` message @ line:column+width | hint`, each part contained in what is found.
#[track_caller]
fn assert_refused(text: &str, message: &str, place: &str, hint: &str) {
    let error = read(text).expect_err(text);
    let at = error.place().map(|place| format!("{}:{}+{}", place.line, place.column, place.width)).unwrap_or_default();
    assert!(error.message().contains(message), "{text}\nmessage {:?}, expected {message:?}", error.message());
    assert_eq!(at, place, "{text}\n{:?}", error.message());
    let hints = error.hints().join(" / ");
    assert!(hints.contains(hint), "{text}\nhints {hints:?}, expected {hint:?}");
    let place = error.place().unwrap();
    assert_eq!((place.file.as_str(), place.text.as_str()), ("q.sql", text.lines().nth(place.line - 1).unwrap_or("")));
}
