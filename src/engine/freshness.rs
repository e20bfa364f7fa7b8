//! Whether what a query reads came as lately as its `freshness` asks.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::{Engine, Listing};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{Freshness, SavedQuery, Severity};

/// A source or table whose newest object is older than a query allows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Late {
    /// What it is: `source billing`.
    pub what: String,
    /// Whether the query then warns or fails.
    pub severity: Severity,
    /// How old it is and how old it may be.
    pub found: String,
}

impl Late {
    /// It in a line.
    pub fn line(&self) -> String {
        format!("{}: {}", self.what, self.found)
    }
}

impl Engine {
    /// What `query` reads that came later than its `freshness` allows: nothing where it does not say any. Lists sources and tables.
    ///
    /// # Errors
    /// As [`Engine::listing`], and [`ErrorKind::Invalid`] for a freshness of something that the query does not read.
    pub async fn late(self: &Arc<Self>, query: &SavedQuery) -> Result<Vec<Late>> {
        match &query.freshness {
            None => Ok(Vec::new()),
            Some(_) => self.late_in(query, &self.listing(query).await?),
        }
    }

    /// As [`Engine::late`], by what was listed for `query`.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] for a freshness of something that the query does not read.
    pub fn late_in(&self, query: &SavedQuery, listing: &Listing) -> Result<Vec<Late>> {
        let Some(freshness) = &query.freshness else { return Ok(Vec::new()) };
        let is_meant = |part: &str| {
            let name = part.split_once(' ').map_or(part, |(_, name)| name);
            freshness.source.as_ref().is_none_or(|wanted| wanted == name)
        };
        let mut parts = listing.newest().filter(|(part, _)| is_meant(part)).peekable();
        if let (None, Some(wanted)) = (parts.peek(), &freshness.source) {
            let parts: Vec<&str> = listing.newest().map(|(part, _)| part).collect();
            return Err(Error::invalid(format!("`{}` reads no `{wanted}`, whose freshness it asks for", query.name))
                .with("file", query.path.clone())
                .hint(format!("it reads {}", parts.join(", "))));
        }
        let now = self.clock.now();
        Ok(parts.filter_map(|(part, newest)| late(part, newest, freshness, now)).collect())
    }
}

/// The error for what is so late that a query fails; `None` when it only warns or nothing is.
pub fn too_late(query: &SavedQuery, late: &[Late]) -> Option<Error> {
    let worst = late.iter().find(|late| late.severity == Severity::Error)?;
    Some(
        Error::new(ErrorKind::Stale, format!("`{}` would tell of old data", query.name))
            .with("late", worst.line())
            .hint("see why nothing was delivered; the `freshness` of the query says how old it may be"),
    )
}

fn late(part: &str, newest: Option<DateTime<Utc>>, freshness: &Freshness, now: DateTime<Utc>) -> Option<Late> {
    let age = newest.map(|newest| (now - newest).to_std().unwrap_or_default());
    let is_beyond = |allowed: &Duration| age.is_none_or(|age| age > *allowed);
    let error = freshness.error.filter(is_beyond).map(|allowed| (Severity::Error, allowed));
    let (severity, allowed) = error.or(freshness.warn.filter(is_beyond).map(|allowed| (Severity::Warn, allowed)))?;
    let hours = |duration: Duration| format!("{} hours", duration.as_secs() / 3600);
    let is = age.map_or("there are no objects".to_owned(), |age| format!("the newest object is {} old", hours(age)));
    Some(Late { what: part.to_owned(), severity, found: format!("{is}, and {} are allowed", hours(allowed)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_older_than_allowed_warns_and_then_fails() {
        let now: DateTime<Utc> = "2026-07-03T12:00:00Z".parse().unwrap();
        let hours = |hours: u64| Some(Duration::from_secs(hours * 3600));
        let freshness = Freshness { source: None, warn: hours(30), error: hours(48) };
        let at = |hours: i64| late("source a", Some(now - chrono::TimeDelta::hours(hours)), &freshness, now);
        assert_eq!(at(30), None);
        assert_eq!(at(31).map(|late| late.severity), Some(Severity::Warn));
        let error = at(49).unwrap();
        assert_eq!(error.severity, Severity::Error);
        assert_eq!(error.line(), "source a: the newest object is 49 hours old, and 48 hours are allowed");
        assert_eq!(late("source a", None, &freshness, now).map(|late| late.severity), Some(Severity::Error));
    }
}
