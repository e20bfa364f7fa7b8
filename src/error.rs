//! The one error of the library: a kind that says what the caller must do, a message, facts and hints.
//!
//! Messages are lower case, without a full stop, with values in backticks. `Display` prints this level only; the cause is
//! returned by [`std::error::Error::source`], so a printer that walks the chain shows nothing twice.

use std::fmt;

/// Result with the [`Error`] of this library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What the caller must do about an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The query failed while it was planned or run: mend the SQL.
    Query,
    /// The request, the configuration or a saved query is wrong: mend it.
    Invalid,
    /// A file breaks its contract (truncated, wrong type, missing column): mend or replace the data.
    Data,
    /// A check of a saved query found rows that break it.
    Check,
    /// A source is stale or an interval incomplete.
    Stale,
    /// Another run holds the table.
    Locked,
    /// A limit stopped the query: time, memory, bytes scanned, size of the statement.
    Limit,
    /// Storage, credentials or network: try again or mend the access.
    Storage,
    /// The user stopped it.
    Interrupted,
    /// A bug in Outlay: report it.
    Internal,
}

/// A place in a text that an error points at: a saved query, the configuration, a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Name of the file, or what stands for it (`-c`).
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// How many characters are marked; 0 marks nothing.
    pub width: usize,
    /// The line itself, to be shown above the mark.
    pub text: String,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// The error of this library.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    details: Box<Details>,
}

#[derive(Debug, Default)]
struct Details {
    facts: Vec<(&'static str, String)>,
    hints: Vec<String>,
    place: Option<Place>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), details: Box::default() }
    }

    /// [`ErrorKind::Query`].
    pub fn query(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Query, message)
    }

    /// [`ErrorKind::Invalid`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Invalid, message)
    }

    /// [`ErrorKind::Data`].
    pub fn data(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Data, message)
    }

    /// [`ErrorKind::Limit`].
    pub fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    /// [`ErrorKind::Storage`].
    pub fn storage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Storage, message)
    }

    /// [`ErrorKind::Internal`].
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// The same error with another kind, for a caller who knows better what to do about it.
    #[must_use]
    pub fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }

    /// Adds a fact such as (`object`, `s3://…`) or (`column`, `BilledCost`).
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.facts.push((name, value.into()));
        self
    }

    /// Adds a way out, printed on a line of its own.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.details.hints.push(hint.into());
        self
    }

    /// Points at a place in a text.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.details.place = Some(place);
        self
    }

    /// Keeps the cause.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.details.source = Some(source.into());
        self
    }

    /// What the caller must do.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened, without facts, place, hints or cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Facts in the order in which they were added.
    pub fn facts(&self) -> &[(&'static str, String)] {
        &self.details.facts
    }

    /// Ways out, in the order in which they were added.
    pub fn hints(&self) -> &[String] {
        &self.details.hints
    }

    /// The place in a text that the error points at.
    pub fn place(&self) -> Option<&Place> {
        self.details.place.as_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        for (name, value) in &self.details.facts {
            write!(f, "; {name}: {value}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.details.source.as_deref().map(|source| source as _)
    }
}

/// The candidates nearest to `typed`, best first, at most three: the "did you mean" of every message.
///
/// Near means a Jaro-Winkler similarity of at least 0.8 with letter case and underscores set aside.
pub fn nearest<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let fold = |name: &str| name.replace('_', "").to_lowercase();
    let typed = fold(typed);
    let mut scored: Vec<(f64, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&typed, &fold(candidate)), candidate))
        .filter(|(score, _)| *score >= 0.8)
        .collect();
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// The hint made from [`nearest`]: ``did you mean `a` or `b`?``; `None` when nothing is near.
pub fn did_you_mean<'a>(typed: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let near = nearest(typed, candidates);
    (!near.is_empty()).then(|| format!("did you mean `{}`?", near.join("` or `")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_prints_this_level_only() {
        let error = Error::data("cannot read").with("object", "s3://b/k").because(Error::storage("timed out"));
        assert_eq!(error.to_string(), "cannot read; object: s3://b/k");
        assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("timed out"));
    }

    #[test]
    fn nearest_sets_letter_case_and_underscores_aside() {
        assert_eq!(nearest("effective_cost", ["BilledCost", "EffectiveCost"])[0], "EffectiveCost");
        assert!(nearest("zzz", ["BilledCost"]).is_empty());
        assert_eq!(did_you_mean("vendrs", ["vendors"]).as_deref(), Some("did you mean `vendors`?"));
    }
}
