//! What a cache would keep, for as long as somebody looks ahead: nothing of it reaches the disk.

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;

/// Ranges of objects, by the folder that a cache would keep them in.
#[derive(Debug, Default)]
pub(super) struct Aside(Mutex<HashMap<PathBuf, Vec<Noted>>>);

/// A range, and its bytes unless it was only said that it would be read.
#[derive(Debug)]
struct Noted {
    range: Range<u64>,
    bytes: Option<Bytes>,
}

impl Noted {
    fn holds(&self, range: &Range<u64>) -> bool {
        self.range.start <= range.start && range.end <= self.range.end
    }
}

impl Aside {
    /// Notes `range` of the object of `folder`, with its bytes where they were read.
    pub(super) fn note(&self, folder: &Path, range: Range<u64>, bytes: Option<Bytes>) {
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.entry(folder.to_owned()).or_default().push(Noted { range, bytes });
    }

    /// Whether `range` lies in one that was noted.
    pub(super) fn holds(&self, folder: &Path, range: &Range<u64>) -> bool {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(folder).is_some_and(|noted| noted.iter().any(|noted| noted.holds(range)))
    }

    /// The bytes of `range`, when they were read.
    pub(super) fn find(&self, folder: &Path, range: &Range<u64>) -> Option<Bytes> {
        let noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        noted.get(folder)?.iter().filter(|noted| noted.holds(range)).find_map(|noted| {
            let start = usize::try_from(range.start - noted.range.start).ok()?;
            let len = usize::try_from(range.end - range.start).ok()?;
            Some(noted.bytes.as_ref()?.slice(start..start + len))
        })
    }
}
