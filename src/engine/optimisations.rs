//! What the engine does to be faster, each switchable for diagnosis. No answer depends on any of them.

use std::collections::BTreeSet;

use crate::error::{Error, Result, did_you_mean};

/// Something that makes statements faster and changes no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Optimisation {
    /// A function of values that repeat is worked out once a value.
    RepeatedValues,
    /// A comparison of the day or month of a time is one of the time.
    TimeRanges,
    /// Files are left out by the bounds of their times before a scan is made.
    FileBounds,
    /// A thread waits for several files of a remote store at a time.
    ReadAhead,
    /// What was read from a remote store, and what footers told, is kept on the disk.
    DiskCache,
    /// Sums over the charges are read from summary tables that are as they should be.
    Summaries,
}

impl Optimisation {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::RepeatedValues, Self::TimeRanges, Self::FileBounds, Self::ReadAhead, Self::DiskCache, Self::Summaries];

    /// Its name, as the command line takes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RepeatedValues => "repeated-values",
            Self::TimeRanges => "time-ranges",
            Self::FileBounds => "file-bounds",
            Self::ReadAhead => "read-ahead",
            Self::DiskCache => "disk-cache",
            Self::Summaries => "summaries",
        }
    }
}

/// The optimisations in use; all of them when nothing is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Optimisations(BTreeSet<Optimisation>);

impl Default for Optimisations {
    fn default() -> Self {
        Self(Optimisation::ALL.into())
    }
}

impl Optimisations {
    /// None of them.
    pub fn none() -> Self {
        Self(BTreeSet::new())
    }

    /// What [`Self::without_named`] takes, in words: `disk-cache, … or all`.
    pub fn names() -> String {
        format!("{} or all", Optimisation::ALL.map(Optimisation::name).join(", "))
    }

    /// All but `optimisation`.
    #[must_use]
    pub fn without(mut self, optimisation: Optimisation) -> Self {
        self.0.remove(&optimisation);
        self
    }

    /// All but those of the given names; `all` leaves out every one.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`] for a name that none has.
    pub fn without_named<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self> {
        names.into_iter().try_fold(Self::default(), |kept, name| {
            if name == "all" {
                return Ok(Self::none());
            }
            let named = Optimisation::ALL.into_iter().find(|optimisation| optimisation.name() == name);
            let unknown = || {
                let error = Error::invalid(format!("no optimisation is called `{name}`"));
                let names = Optimisation::ALL.map(Optimisation::name);
                did_you_mean(name, names).into_iter().fold(error, Error::hint).hint(Self::names())
            };
            named.map(|optimisation| kept.without(optimisation)).ok_or_else(unknown)
        })
    }

    /// Whether `optimisation` is in use.
    pub fn has(&self, optimisation: Optimisation) -> bool {
        self.0.contains(&optimisation)
    }
}
