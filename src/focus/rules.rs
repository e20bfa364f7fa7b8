//! The rules of FOCUS as data: what `columns.csv` says of each column, and the rules across columns of `rules.toml`.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use serde::Deserialize;

use super::{Column, Kind, Level, columns};
use crate::error::{Error, Result, did_you_mean};

/// What breaking a rule means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Obligation {
    /// The data are wrong.
    Must,
    /// The data could be better: a warning.
    Should,
}

impl fmt::Display for Obligation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Must => "must",
            Self::Should => "should",
        })
    }
}

/// A version of FOCUS: major and minor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u32, u32);

impl Version {
    /// The first version with charges as they are known today.
    pub const FIRST: Self = Self(1, 0);

    /// The version that `text` such as `1.2` names.
    pub fn parse(text: &str) -> Option<Self> {
        let (major, minor) = text.split_once('.')?;
        Some(Self(major.parse().ok()?, minor.parse().ok()?))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// What a rule asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asks {
    /// That the file has the column.
    Presence,
    /// That a condition is not false for any charge that the rule speaks of.
    Condition {
        /// SQL: the charges that the rule speaks of; all of them when left out.
        when: Option<String>,
        /// SQL: what must not be false.
        holds: String,
    },
}

/// One rule of FOCUS.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its name: `FOCUS-`, the column, and what about it.
    pub id: String,
    /// The column it is about. A condition speaks of the charges of files that carry the column.
    pub column: String,
    /// What breaking it means.
    pub obligation: Obligation,
    /// The FOCUS version that introduced it.
    pub since: Version,
    /// The FOCUS version that dropped it.
    pub removed: Option<Version>,
    /// What it asks.
    pub asks: Asks,
    /// The same for people.
    pub what: String,
}

impl Rule {
    /// Whether it is a rule of `version`.
    pub fn is_of(&self, version: Version) -> bool {
        self.since <= version && self.removed.is_none_or(|removed| version < removed)
    }
}

/// What a broken measure decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Gate {
    /// The data break their contract.
    Conformance,
    /// The data are not all there, or not yet.
    Completeness,
}

/// Something measured of a source as a whole, over its days, months, columns or files.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// Its name.
    pub id: String,
    /// What a finding means.
    #[serde(rename = "level")]
    pub obligation: Obligation,
    /// What a finding decides.
    pub gate: Gate,
    /// What should be.
    pub what: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    when: BTreeMap<String, String>,
    rule: Vec<Line>,
    measure: Vec<Measure>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    id: String,
    column: String,
    level: Obligation,
    since: String,
    removed: Option<String>,
    when: Option<String>,
    holds: String,
    what: String,
}

static FILE: LazyLock<File> = LazyLock::new(|| toml::from_str(include_str!("rules.toml")).unwrap_or_default());

static RULES: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    let mut rules: Vec<Rule> = columns().iter().flat_map(of_column).collect();
    rules.push(no_empty_text());
    rules.extend(FILE.rule.iter().filter_map(of_line));
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    rules
});

/// Every rule of FOCUS, of all versions, by name.
pub fn rules() -> &'static [Rule] {
    &RULES
}

/// Everything that is measured of a source.
pub fn measures() -> &'static [Measure] {
    &FILE.measure
}

/// Fails when `id` names neither a rule nor a measure.
///
/// # Errors
/// [`crate::ErrorKind::Invalid`] with the names that are near.
pub(crate) fn known_rule(id: &str) -> Result<()> {
    let names = || rules().iter().map(|rule| rule.id.as_str()).chain(measures().iter().map(|it| it.id.as_str()));
    if names().any(|name| name == id) {
        return Ok(());
    }
    let error = Error::invalid(format!("there is no rule `{id}`")).hint("`outlay check SOURCE` lists the rules");
    Err(did_you_mean(id, names()).into_iter().fold(error, Error::hint))
}

/// What `columns.csv` asks of one column.
fn of_column(column: &'static Column) -> Vec<Rule> {
    let name = column.name;
    let rule = |about: &str, obligation, asks, what: String| {
        Some(Rule {
            id: format!("FOCUS-{name}-{about}"),
            column: name.to_owned(),
            obligation,
            since: Version::parse(column.since)?,
            removed: column.removed.and_then(Version::parse),
            asks,
            what,
        })
    };
    let condition = |holds| Asks::Condition { when: None, holds };
    let present = |obligation| rule("present", obligation, Asks::Presence, format!("files have the column {name}"));
    let presence = match column.level {
        Level::Mandatory => present(Obligation::Must),
        // One that may be NULL is asked for only where the provider has the feature, which nobody can tell from the data.
        Level::Recommended if !column.nullable => present(Obligation::Should),
        Level::Recommended | Level::Conditional => None,
    };
    let not_null = (!column.nullable)
        .then(|| {
            let holds = condition(format!("{name} IS NOT NULL"));
            rule("not-null", Obligation::Must, holds, format!("{name} is never NULL"))
        })
        .flatten();
    let allowed = (!column.allowed.is_empty())
        .then(|| {
            let values: Vec<String> = column.allowed.iter().map(|value| format!("'{value}'")).collect();
            let holds = condition(format!("{name} IN ({})", values.join(", ")));
            rule("allowed", Obligation::Must, holds, format!("{name} is one of {}", column.allowed.join(", ")))
        })
        .flatten();
    let json = (column.kind == Kind::Json)
        .then(|| {
            let holds = condition(format!("{name} IS NULL OR json_object_keys({name}) IS NOT NULL"));
            rule("json", Obligation::Must, holds, format!("{name} is a JSON object"))
        })
        .flatten();
    [presence, not_null, allowed, json].into_iter().flatten().collect()
}

/// NULL says that there is nothing; an empty text does not.
fn no_empty_text() -> Rule {
    let texts: Vec<&str> = columns().iter().filter(|column| column.kind == Kind::Text).map(|it| it.name).collect();
    Rule {
        id: "FOCUS-Text-not-empty".to_owned(),
        // Every file has it.
        column: "BillingCurrency".to_owned(),
        obligation: Obligation::Must,
        since: Version::FIRST,
        removed: None,
        asks: Asks::Condition { when: None, holds: format!("'' NOT IN ({})", texts.join(", ")) },
        what: "no text is empty: NULL says that there is nothing".to_owned(),
    }
}

fn of_line(line: &Line) -> Option<Rule> {
    let when = match &line.when {
        Some(name) => Some(FILE.when.get(name)?.clone()),
        None => None,
    };
    let removed = match &line.removed {
        Some(version) => Some(Version::parse(version)?),
        None => None,
    };
    Some(Rule {
        id: line.id.clone(),
        column: line.column.clone(),
        obligation: line.level,
        // What was asked before the first version is asked of it.
        since: Version::parse(&line.since)?.max(Version::FIRST),
        removed,
        asks: Asks::Condition { when, holds: line.holds.clone() },
        what: line.what.clone(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::focus::column;

    #[test]
    fn the_file_is_read_whole() {
        let file: File = toml::from_str(include_str!("rules.toml")).unwrap();
        assert!(file.rule.iter().all(|line| rules().iter().any(|rule| rule.id == line.id)));
        let used: BTreeSet<&String> = file.rule.iter().filter_map(|line| line.when.as_ref()).collect();
        assert_eq!(used, file.when.keys().collect());
    }

    #[test]
    fn names_are_taken_once_and_tell_the_column() {
        let names: BTreeSet<&str> =
            rules().iter().map(|rule| rule.id.as_str()).chain(measures().iter().map(|it| it.id.as_str())).collect();
        assert_eq!(names.len(), rules().len() + measures().len());
        for rule in rules() {
            assert!(column(&rule.column).is_some_and(|column| column.name == rule.column), "{}", rule.id);
        }
    }

    #[test]
    fn columns_make_rules_of_their_own() {
        let rule = |id: &str| rules().iter().find(|rule| rule.id == id).unwrap();
        assert_eq!(rule("FOCUS-BilledCost-present").asks, Asks::Presence);
        assert_eq!(rule("FOCUS-ServiceSubcategory-present").obligation, Obligation::Should);
        assert!(rule("FOCUS-ServiceCategory-allowed").what.contains("AI and Machine Learning"));
        let provider = rule("FOCUS-ProviderName-not-null");
        assert!(provider.is_of(Version(1, 3)) && !provider.is_of(Version(1, 4)));
        assert!(!rule("FOCUS-ServiceProviderName-present").is_of(Version(1, 2)));
    }

    #[test]
    fn versions_count_as_numbers() {
        assert!(Version::parse("1.10").unwrap() > Version::parse("1.4").unwrap());
        assert_eq!(Version::parse("1"), None);
    }

    #[test]
    fn an_unknown_rule_is_named_with_its_neighbours() {
        assert!(known_rule("freshness").is_ok());
        let error = known_rule("FOCUS-BilledCost-notnull").unwrap_err();
        assert!(error.hints().iter().any(|hint| hint.contains("FOCUS-BilledCost-not-null")), "{error:?}");
    }
}
