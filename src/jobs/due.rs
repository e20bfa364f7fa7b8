//! What is due: a pure comparison of what a table should be made of with what it is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::summaries::{FileState, Input};

/// What an interval should be made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The interval.
    pub(super) interval: String,
    /// Fingerprint of the definition.
    pub(super) definition: String,
    /// Fingerprint of the inputs.
    pub(super) inputs: String,
}

/// Why an interval is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It was never built.
    Missing,
    /// It was built by other SQL, parameters or settings.
    Definition,
    /// The objects that it comes from are others.
    Inputs(Difference),
    /// It lies within the lookback.
    Lookback,
    /// It was asked for.
    Forced,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("not built yet"),
            Self::Definition => f.write_str("SQL, parameters or settings changed"),
            Self::Inputs(difference) => difference.fmt(f),
            Self::Lookback => f.write_str("within the lookback"),
            Self::Forced => f.write_str("asked for"),
        }
    }
}

/// How the objects behind an interval differ from those it was built from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    /// Objects that came.
    pub added: Vec<String>,
    /// Objects that were written anew.
    pub changed: Vec<String>,
    /// Objects that went.
    pub removed: Vec<String>,
}

impl Difference {
    /// How `now` differs from `before`.
    pub(super) fn between(before: &[Input], now: &[Input]) -> Self {
        let by_object = |inputs: &[Input]| -> BTreeMap<String, Input> {
            inputs.iter().map(|input| (input.object.clone(), input.clone())).collect()
        };
        let (before, now) = (by_object(before), by_object(now));
        let names = |keep: &dyn Fn(&String) -> bool, of: &BTreeMap<String, Input>| {
            of.keys().filter(|name| keep(name)).cloned().collect()
        };
        Self {
            added: names(&|name| !before.contains_key(name), &now),
            changed: names(&|name| before.get(name).is_some_and(|known| Some(known) != now.get(name)), &now),
            removed: names(&|name| !now.contains_key(name), &before),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [("added", &self.added), ("changed", &self.changed), ("removed", &self.removed)];
        let said: Vec<String> = parts
            .iter()
            .filter(|(_, names)| !names.is_empty())
            .map(|(what, names)| format!("{} {what}, such as {}", names.len(), names[0]))
            .collect();
        if said.is_empty() { f.write_str("inputs changed") } else { write!(f, "inputs: {}", said.join("; ")) }
    }
}

/// Which of `wanted`, oldest first, is due in a table with the files `stored`, and why: the index of each and the reason.
/// `lookback` is how many of the newest are always due; `force` makes all of them so.
pub(super) fn due(wanted: &[Wanted], stored: &[FileState], lookback: usize, force: bool) -> Vec<(usize, Reason)> {
    let newest = wanted.len().saturating_sub(lookback);
    let reason = |(index, wanted): (usize, &Wanted)| {
        let mut there = stored.iter().filter(|state| state.interval == wanted.interval);
        let reason = match there.next() {
            None => Reason::Missing,
            _ if force => Reason::Forced,
            // Files of two builds are no state that a build leaves; building the interval anew makes it one.
            Some(state) if !there.all(|other| other.is_beside(state)) => Reason::Definition,
            Some(state) if state.definition != wanted.definition => Reason::Definition,
            Some(state) if state.inputs != wanted.inputs => Reason::Inputs(Difference::default()),
            _ if index >= newest => Reason::Lookback,
            _ => return None,
        };
        Some((index, reason))
    };
    wanted.iter().enumerate().filter_map(reason).collect()
}

/// The intervals of `stored` that are none of the table any more, as `is_interval` says.
pub(super) fn obsolete(stored: &[FileState], is_interval: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let names = stored.iter().map(|state| &state.interval);
    names.filter(|interval| !is_interval(interval)).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(interval: &str, definition: &str, inputs: &str) -> Wanted {
        Wanted { interval: interval.to_owned(), definition: definition.to_owned(), inputs: inputs.to_owned() }
    }

    fn stored(interval: &str, definition: &str, inputs: &str) -> FileState {
        FileState {
            interval: interval.to_owned(),
            definition: definition.to_owned(),
            inputs: inputs.to_owned(),
            run: "run".to_owned(),
            part: 0,
        }
    }

    #[test]
    fn only_what_is_made_of_something_else_is_due() {
        let months = [wanted("2026-01", "d", "a"), wanted("2026-02", "d", "b"), wanted("2026-03", "d", "c")];
        let all = [stored("2026-01", "d", "a"), stored("2026-02", "d", "b"), stored("2026-03", "d", "c")];
        assert_eq!(due(&months, &all, 0, false), []);
        assert_eq!(due(&months, &all, 1, false), [(2, Reason::Lookback)]);
        assert_eq!(due(&months, &all[..2], 0, false), [(2, Reason::Missing)]);
        assert_eq!(due(&months, &all, 0, true).len(), 3);
        let other = FileState { part: 1, run: "another".to_owned(), ..stored("2026-03", "d", "c") };
        let two = |other: FileState| all.iter().cloned().chain([other]).collect::<Vec<_>>();
        assert_eq!(due(&months, &two(other.clone()), 0, false), [(2, Reason::Definition)]);
        assert_eq!(due(&months, &two(FileState { run: "run".to_owned(), ..other }), 0, false), [], "another part");
        let changed = [stored("2026-01", "d", "a"), stored("2026-02", "d", "x"), stored("2026-03", "e", "c")];
        assert_eq!(
            due(&months, &changed, 0, false),
            [(1, Reason::Inputs(Difference::default())), (2, Reason::Definition)]
        );
    }

    #[test]
    fn intervals_of_another_grain_are_obsolete() {
        let files = [stored("2026-01", "d", "a"), stored("2026-W02", "d", "a")];
        assert_eq!(obsolete(&files, |name| !name.contains('W')).into_iter().collect::<Vec<_>>(), ["2026-W02"]);
    }

    #[test]
    fn a_difference_names_the_objects() {
        let input = |object: &str, version: &str| Input { object: object.into(), size: 1, version: version.into() };
        let before = [input("a", "1"), input("b", "1"), input("c", "1")];
        let now = [input("a", "1"), input("b", "2"), input("d", "1")];
        let difference = Difference::between(&before, &now);
        assert_eq!(difference.to_string(), "inputs: 1 added, such as d; 1 changed, such as b; 1 removed, such as c");
        assert_eq!(Difference::between(&now, &now), Difference::default());
    }
}
