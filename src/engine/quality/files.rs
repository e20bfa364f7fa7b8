//! What the files of a source tell without a scan: columns present, refused, unknown, renamed, changing; files waiting.

use std::collections::{BTreeMap, BTreeSet};

use super::Counted;
use crate::engine::ledger::{LedgerFile, OpenSource};
use crate::focus::{DriftKind, Mapping, Reason, Rule, column};

/// How many finds are named.
const NAMED: usize = 3;

/// Charges of the files that lack the column of `rule`, among those of a version that asks for it.
pub(super) fn presence(source: &OpenSource, rule: &Rule) -> Option<Counted> {
    let asked = || source.files.iter().filter(|file| rule.is_of(file.contract.version()));
    let lacks = |file: &&LedgerFile| !matches!(file.contract.mappings.get(&rule.column), Some(Mapping::Physical(_)));
    let charges = |files: &mut dyn Iterator<Item = &LedgerFile>| files.map(|file| count(file.rows)).sum();
    let first = asked().find(lacks).map(|file| source.location.object_url(&file.object.location));
    asked().next()?;
    Some(Counted {
        failing: charges(&mut asked().filter(lacks)),
        concerned: charges(&mut asked()),
        found: first.unwrap_or_default(),
    })
}

/// Columns that some file cannot answer for.
pub(super) fn refused_columns(source: &OpenSource) -> Counted {
    columns_with(source, |_, _, kind| matches!(kind, DriftKind::Refused(_)))
}

/// Columns unknown to FOCUS without the prefix of such columns.
pub(super) fn custom_columns(source: &OpenSource) -> Counted {
    columns_with(source, |_, _, kind| *kind == DriftKind::Unknown)
}

/// Columns under another name. The provider by the name of an older version is no other name to a file of that version.
pub(super) fn renamed_columns(source: &OpenSource) -> Counted {
    columns_with(source, |file, name, kind| {
        let is_due = || column(name).is_some_and(|column| column.is_of(file.contract.version()));
        matches!(kind, DriftKind::Renamed(_)) && is_due()
    })
}

/// Columns that some files have and others do not.
pub(super) fn changing_columns(source: &OpenSource) -> Counted {
    let mut files_with: BTreeMap<&str, usize> = BTreeMap::new();
    for file in &source.files {
        for name in columns_of(file) {
            *files_with.entry(name).or_default() += 1;
        }
    }
    let changing = files_with.iter().filter(|(_, files)| **files < source.files.len()).map(|(name, _)| *name);
    Counted { concerned: count(files_with.len()), ..named(&changing.collect()) }
}

/// Files of runs whose manifest has not come: the vendor writes it last.
pub(super) fn set_aside(source: &OpenSource) -> Counted {
    let waiting = source.set_aside.iter().filter(|aside| aside.reason == Reason::Unfinished).count();
    let aside = source.set_aside.len();
    let found = if aside == 0 { String::new() } else { format!("{aside} files set aside, {waiting} of them waiting") };
    Counted { failing: count(waiting), concerned: count(source.files.len() + aside), found }
}

fn columns_with(source: &OpenSource, counts: impl Fn(&LedgerFile, &str, &DriftKind) -> bool) -> Counted {
    let mut found = BTreeSet::new();
    for file in &source.files {
        let drift = file.contract.drift.iter().filter(|drift| counts(file, &drift.column, &drift.kind));
        found.extend(drift.map(|drift| drift.column.as_str()));
    }
    let all: BTreeSet<&str> = source.files.iter().flat_map(columns_of).collect();
    Counted { concerned: count(all.union(&found).count()), ..named(&found) }
}

fn columns_of(file: &LedgerFile) -> impl Iterator<Item = &str> {
    let there = |mapping: &Mapping| matches!(mapping, Mapping::Physical(_));
    file.contract.mappings.iter().filter(move |(_, mapping)| there(mapping)).map(|(name, _)| name.as_str())
}

fn named(columns: &BTreeSet<&str>) -> Counted {
    let mut found = columns.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if columns.len() > NAMED {
        found.push_str(", …");
    }
    Counted { failing: count(columns.len()), concerned: 0, found }
}

fn count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}
