//! The `freshness` directive: how old the data may be.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::units::parse_duration;

use super::options::Options;
use super::passage::Passage;
use super::scanner::{Item, Scanner};

/// How long ago the newest object of a source may have been written before a run warns or fails: `billing warn=30h error=48h`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Freshness {
    /// The source or table it holds for; each that the query reads when left out.
    pub source: Option<String>,
    /// Age from which a run warns.
    pub warn: Option<Duration>,
    /// Age from which a run fails.
    pub error: Option<Duration>,
}

const FORM: &str = "write it as `billing warn=30h error=48h`; the source and one of the two may be left out";

impl Freshness {
    pub(super) fn parse(passage: &Passage<'_>) -> Result<Self> {
        let mut scanner = Scanner::new(passage);
        let source = take_source(&mut scanner);
        let mut options = Options::read(&mut scanner, &["warn", "error"]).map_err(|error| error.hint(FORM))?;
        let warn = age(passage, options.take("warn"))?;
        let error = age(passage, options.take("error"))?;
        let wrong = |message: &str| Error::invalid(message).at(passage.whole()).hint(FORM);
        match (warn, error) {
            (None, None) => Err(wrong("a freshness needs an age to warn or to fail at")),
            (Some(warn), Some(error)) if warn > error => Err(wrong("it would fail before it warns")),
            _ => Ok(Self { source, warn, error }),
        }
    }
}

/// The first word, unless it is the key of a pair.
fn take_source(scanner: &mut Scanner<'_, '_>) -> Option<String> {
    let first = scanner.rest().split_whitespace().next()?;
    if first.contains('=') {
        return None;
    }
    scanner.advance(first.len()).map(|item| item.text)
}

fn age(passage: &Passage<'_>, item: Option<Item>) -> Result<Option<Duration>> {
    item.map(|item| parse_duration(&item.text).map_err(|error| error.at(passage.place(item.at)))).transpose()
}
