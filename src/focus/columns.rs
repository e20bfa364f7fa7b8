//! The columns of the ledger, read from `columns.csv`.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::{Kind, Version};

/// How binding FOCUS makes a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// Always present.
    Mandatory,
    /// Present where the provider has the feature.
    Conditional,
    /// Better present.
    Recommended,
}

/// One column of the FOCUS dataset Cost and Usage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The spelling of the specification.
    pub name: &'static str,
    /// What it holds.
    pub kind: Kind,
    /// How binding it is.
    pub level: Level,
    /// Whether FOCUS allows NULL.
    pub nullable: bool,
    /// The FOCUS version that introduced it.
    pub since: &'static str,
    /// The FOCUS version that removed it.
    pub removed: Option<&'static str>,
    /// The values that FOCUS allows, where it lists them in full; empty otherwise.
    pub allowed: Vec<&'static str>,
}

impl Column {
    /// Whether a file without it cannot be counted on: FOCUS demands it and allows no NULL.
    pub fn is_indispensable(&self) -> bool {
        self.level == Level::Mandatory && !self.nullable
    }

    /// Whether it is a column of `version`.
    pub fn is_of(&self, version: Version) -> bool {
        let removed = self.removed.and_then(Version::parse);
        Version::parse(self.since).is_some_and(|since| since <= version)
            && removed.is_none_or(|removed| version < removed)
    }
}

static COLUMNS: LazyLock<Vec<Column>> =
    LazyLock::new(|| include_str!("columns.csv").lines().skip(1).filter_map(parse).collect());

static BY_NAME: LazyLock<HashMap<String, usize>> = LazyLock::new(|| {
    COLUMNS.iter().enumerate().map(|(index, column)| (column.name.to_ascii_lowercase(), index)).collect()
});

/// Every column of the ledger that FOCUS defines, by name.
pub fn columns() -> &'static [Column] {
    &COLUMNS
}

/// The column of this name in any letter case.
pub fn column(name: &str) -> Option<&'static Column> {
    BY_NAME.get(&name.to_ascii_lowercase()).map(|index| &COLUMNS[*index])
}

fn parse(line: &'static str) -> Option<Column> {
    let mut fields = line.split(',');
    Some(Column {
        name: fields.next()?,
        kind: match fields.next()? {
            "decimal" => Kind::Decimal,
            "time" => Kind::Time,
            "json" => Kind::Json,
            _ => Kind::Text,
        },
        level: match fields.next()? {
            "mandatory" => Level::Mandatory,
            "conditional" => Level::Conditional,
            _ => Level::Recommended,
        },
        nullable: fields.next()? == "yes",
        since: fields.next()?,
        removed: fields.next().filter(|version| !version.is_empty()),
        allowed: fields.next()?.split('|').filter(|value| !value.is_empty()).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_a_column() {
        let lines = include_str!("columns.csv").lines().count();
        assert_eq!(columns().len(), lines - 1);
        assert_eq!(columns().len(), 70, "65 of FOCUS 1.4, 2 removed by it, 3 of the draft of 1.5");
    }

    #[test]
    fn names_resolve_in_any_letter_case() {
        let cost = column("EFFECTIVECOST").unwrap();
        assert_eq!((cost.name, cost.kind), ("EffectiveCost", Kind::Decimal));
        assert!(cost.is_indispensable());
        assert!(!column("chargeclass").unwrap().is_indispensable());
        assert_eq!(column("ChargeClass").unwrap().allowed, ["Correction"]);
        assert!(column("x_Team").is_none());
    }
}
