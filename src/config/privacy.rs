//! `[privacy]`: whether principals are shown by name, and what keeps them from being known.

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::Error;
use crate::privacy::Persons;

/// People that a group has at least before it is shown by itself: what statistics offices and surveys of staff commonly ask.
const MIN_GROUP: u32 = 5;

/// `[privacy]`. Without it principals are pseudonyms: names are a grant that somebody writes down.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Privacy {
    /// How principals stand in results.
    pub principals: Principals,
    /// The environment variable that holds the key of the pseudonyms; the key itself never stands in the file.
    pub key_env: Option<String>,
    /// The file that holds the key, relative to `outlay.toml`; white space around the key does not count.
    pub key_file: Option<PathBuf>,
    /// People that a group has at least before shipped queries show it by itself: 5 when principals are pseudonyms, else 1.
    pub min_group: Option<u32>,
    /// Columns that hold persons besides those known by their names, such as `x_Requester`, and keys of JSON columns, such
    /// as `Tags.owner`.
    pub persons: Vec<String>,
    /// Principals that are no people, as patterns with `*` and `?`, such as `svc-*`: shown as they are.
    pub exempt: Vec<String>,
}

/// How principals stand in results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Principals {
    /// Under pseudonyms, the same everywhere.
    #[default]
    Pseudonyms,
    /// As the sources name them.
    Names,
}

impl Privacy {
    /// People that a group has at least before it is shown by itself.
    pub fn min_group(&self) -> u32 {
        self.min_group.unwrap_or(match self.principals {
            Principals::Pseudonyms => MIN_GROUP,
            Principals::Names => 1,
        })
    }

    /// Refuses what serde cannot; the word is what the error points at.
    pub(super) fn verify(&self) -> Result<(), (Error, Option<String>)> {
        let at = |word: &str| Some(word.to_owned());
        if self.key_env.is_some() && self.key_file.is_some() {
            let error = Error::invalid("the key of the pseudonyms comes from one place")
                .hint("give `key_env` or `key_file`, not both");
            return Err((error, at("key_file")));
        }
        if self.min_group == Some(0) {
            let error = Error::invalid("`min_group` is at least 1").hint("1 shows every group by itself");
            return Err((error, at("min_group")));
        }
        Persons::new(&self.persons, &self.exempt).map(drop).map_err(|pattern| {
            let error = Error::invalid(format!("`{pattern}` is no pattern")).hint("use `*` and `?`, as in `svc-*`");
            (error, Some(pattern))
        })
    }
}
