//! What was read from remote stores, kept on the local disk.
//!
//! ```text
//! FOLDER / 2 digits of a hash / the other digits / START-END     bytes, then their CRC-32
//!          └─ of store, key, size and ETag of the object ─┘
//!
//! FOLDER / … of a name / note                                    what was worked out, then its CRC-32
//! ```
//!
//! An object that was replaced has another ETag and so another folder: what is found is never out of date. The disk is no place
//! to trust: what does not match its checksum is deleted and read anew, and a disk that is full or read-only makes queries slow,
//! not wrong.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;
use std::{fs, io};

use bytes::Bytes;
use chrono::TimeDelta;
use object_store::ObjectMeta;
use url::Url;

use super::aside::Aside;
use crate::clock::Clock;
use crate::fingerprint::sha256;
use crate::units::ByteSize;

/// Bytes of the checksum behind the data.
const CHECKSUM_BYTES: usize = 4;

/// The file of a note.
const NOTE: &str = "note";

/// How long after it was written a local file may be written again without another ETag, with room for coarse clocks.
const SETTLES_AFTER: TimeDelta = TimeDelta::seconds(2);

/// A folder of ranges of remote objects, bounded in size. Processes may share it.
#[derive(Debug)]
pub struct DiskCache {
    folder: PathBuf,
    max_bytes: u64,
    clock: Arc<dyn Clock>,
    /// What the folder holds; counted when something is added first.
    held: Mutex<Option<u64>>,
    /// Where what is added goes instead of the folder.
    aside: Option<Aside>,
}

/// The ranges that are kept of one object.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    folder: PathBuf,
}

impl DiskCache {
    /// A cache in `folder`, which is made when it is missing and readable by its owner alone. What was not used for the longest
    /// time goes first when it would hold more than `max_bytes`.
    pub fn new(folder: PathBuf, max_bytes: ByteSize, clock: Arc<dyn Clock>) -> Self {
        Self { folder, max_bytes: max_bytes.0, clock, held: Mutex::default(), aside: None }
    }

    /// The same cache for one that looks ahead: it finds what is there, and what it adds itself, which never reaches the disk.
    #[must_use]
    pub fn looked_ahead(&self) -> Self {
        Self {
            folder: self.folder.clone(),
            max_bytes: self.max_bytes,
            clock: Arc::clone(&self.clock),
            held: Mutex::default(),
            aside: Some(Aside::default()),
        }
    }

    /// Where the ranges of an object lie; `None` for one without ETag, of which nothing can be kept, and for a weak one: no read can be
    /// held to it.
    pub(super) fn of(&self, store: &Url, object: &ObjectMeta) -> Option<Kept> {
        let etag = strong_etag(object)?;
        self.under(&format!("{store}\n{}\n{}\n{etag}", object.location, object.size))
    }

    fn under(&self, name: &str) -> Option<Kept> {
        let hash = sha256(name);
        let (first, rest) = hash.split_at_checked(2)?;
        Some(Kept { folder: self.folder.join(first).join(rest) })
    }

    /// Whether what was read of an object can be told from what may be written under its key from now on: by a strong ETag; that of a
    /// local file is made of its time of modification, so it must not be written at this moment.
    pub(crate) fn has_settled(&self, object: &ObjectMeta) -> bool {
        strong_etag(object).is_some() && self.clock.now() - object.last_modified > SETTLES_AFTER
    }

    /// What was noted last under `name`; `None` when nothing was, and when it is not what was written.
    pub(crate) fn note(&self, name: &str) -> Option<Bytes> {
        let path = self.under(name)?.folder.join(NOTE);
        let bytes = read(&path)?;
        self.mark_used(&path);
        Some(bytes)
    }

    /// Notes `bytes` under `name`, unless the disk refuses.
    pub(crate) fn keep_note(&self, name: &str, bytes: &Bytes) {
        if let Some(kept) = self.under(name).filter(|_| self.aside.is_none() && bytes.len() as u64 <= self.max_bytes) {
            // As for ranges: without a note, files are opened.
            let _kept = self.try_keep(&kept.folder.join(NOTE), bytes);
        }
    }

    /// The bytes of each of `ranges` that lies in one that is kept.
    pub(super) fn find(&self, kept: &Kept, ranges: &[Range<u64>]) -> Vec<Option<Bytes>> {
        let there: Vec<Range<u64>> = kept.ranges().collect();
        ranges.iter().map(|range| self.find_one(kept, &there, range)).collect()
    }

    /// Whether `range` lies in one that is kept, or that is expected to be.
    pub(super) fn holds(&self, kept: &Kept, range: &Range<u64>) -> bool {
        let is_aside = self.aside.as_ref().is_some_and(|aside| aside.holds(&kept.folder, range));
        is_aside || kept.ranges().any(|found| found.start <= range.start && range.end <= found.end)
    }

    /// Notes that `range` will be read, and kept then. Only a cache that looks ahead minds it.
    pub(super) fn expect(&self, kept: &Kept, range: Range<u64>) {
        if let Some(aside) = &self.aside {
            aside.note(&kept.folder, range, None);
        }
    }

    fn find_one(&self, kept: &Kept, there: &[Range<u64>], range: &Range<u64>) -> Option<Bytes> {
        if let Some(bytes) = self.aside.as_ref().and_then(|aside| aside.find(&kept.folder, range)) {
            return Some(bytes);
        }
        let around = there.iter().find(|found| found.start <= range.start && range.end <= found.end)?;
        let path = kept.path(around);
        let bytes = read(&path).filter(|bytes| bytes.len() as u64 == around.end - around.start);
        let Some(bytes) = bytes else {
            // Torn or changed: as if it were not there. That it cannot be deleted does not matter.
            let _deleted = fs::remove_file(&path);
            return None;
        };
        self.mark_used(&path);
        let start = usize::try_from(range.start - around.start).ok()?;
        let len = usize::try_from(range.end - range.start).ok()?;
        Some(bytes.slice(start..start + len))
    }

    /// Keeps the bytes of `range`, unless the disk refuses.
    pub(super) fn keep(&self, kept: &Kept, range: &Range<u64>, bytes: &Bytes) {
        if let Some(aside) = &self.aside {
            aside.note(&kept.folder, range.clone(), Some(bytes.clone()));
        } else if bytes.len() as u64 <= self.max_bytes {
            // A disk that is full or read-only: the query has its bytes.
            let _kept = self.try_keep(&kept.path(range), bytes);
        }
    }

    fn mark_used(&self, path: &Path) {
        let used = fs::File::options().append(true).open(path);
        let _noted = used.and_then(|file| file.set_modified(self.now()));
    }

    fn try_keep(&self, path: &Path, bytes: &Bytes) -> io::Result<()> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        private_folder(&self.folder)?;
        let before = match *held {
            Some(before) => before,
            None => entries(&self.folder).iter().map(|entry| entry.size).sum(),
        };
        let size = (bytes.len() + CHECKSUM_BYTES) as u64;
        let after = if before + size > self.max_bytes { self.make_room(size) } else { before } + size;
        let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
        fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, bytes)?;
        io::Write::write_all(&mut file, &crc32fast::hash(bytes).to_le_bytes())?;
        file.as_file().set_modified(self.now())?;
        file.persist(path)?;
        *held = Some(after);
        Ok(())
    }

    /// Deletes what was not used for the longest time until a tenth and `more` are free; gives the bytes that are left.
    fn make_room(&self, more: u64) -> u64 {
        let mut entries = entries(&self.folder);
        entries.sort_by_key(|entry| entry.used);
        let mut held: u64 = entries.iter().map(|entry| entry.size).sum();
        let most = (self.max_bytes - self.max_bytes / 10).saturating_sub(more);
        for entry in entries {
            if held <= most {
                break;
            }
            if fs::remove_file(&entry.path).is_ok() {
                held -= entry.size;
                // Fails while other ranges of the object are there.
                let _emptied = entry.path.parent().map(fs::remove_dir);
            }
        }
        held
    }

    fn now(&self) -> SystemTime {
        self.clock.now().into()
    }
}

impl Kept {
    fn path(&self, range: &Range<u64>) -> PathBuf {
        self.folder.join(format!("{}-{}", range.start, range.end))
    }

    fn ranges(&self) -> impl Iterator<Item = Range<u64>> {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
        names.filter_map(|name| {
            let (start, end) = name.to_str()?.split_once('-')?;
            Some(start.parse().ok()?..end.parse().ok()?)
        })
    }
}

/// The bytes of an entry; `None` when they are not what was written.
fn read(path: &Path) -> Option<Bytes> {
    let mut bytes = fs::read(path).ok()?;
    let checksum = bytes.split_off(bytes.len().checked_sub(CHECKSUM_BYTES)?);
    (crc32fast::hash(&bytes).to_le_bytes() == *checksum).then(|| bytes.into())
}

/// The ETag of an object, unless it is weak: `W/…` may outlive a change of bytes (RFC 9110 section 8.8.1).
fn strong_etag(object: &ObjectMeta) -> Option<&str> {
    object.e_tag.as_deref().filter(|etag| !etag.starts_with("W/"))
}

struct Entry {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

/// Every file of the cache, unfinished ones of processes that ended among them.
fn entries(folder: &Path) -> Vec<Entry> {
    let below = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    let objects = below(folder).flat_map(|prefix| below(&prefix).collect::<Vec<_>>());
    let files = objects.flat_map(|object| below(&object).collect::<Vec<_>>());
    files
        .filter_map(|path| {
            let found = fs::metadata(&path).ok()?;
            Some(Entry { size: found.len(), used: found.modified().ok()?, path })
        })
        .collect()
}

/// Makes a folder that others cannot look into: billing data lies in it.
fn private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use proptest::prelude::*;
    use tempfile::TempDir;

    use super::*;

    /// A clock that goes on a second at each look.
    #[derive(Debug, Default)]
    struct Ticking(Mutex<i64>);

    impl Clock for Ticking {
        fn now(&self) -> DateTime<Utc> {
            let mut seconds = self.0.lock().unwrap();
            *seconds += 1;
            DateTime::UNIX_EPOCH + TimeDelta::seconds(*seconds)
        }

        fn elapsed(&self) -> std::time::Duration {
            std::time::Duration::ZERO
        }
    }

    fn cache(folder: &TempDir, max_bytes: u64) -> DiskCache {
        DiskCache::new(folder.path().join("cache"), ByteSize(max_bytes), Arc::new(Ticking::default()))
    }

    fn object(key: &str, etag: &str) -> ObjectMeta {
        ObjectMeta {
            location: key.into(),
            last_modified: DateTime::UNIX_EPOCH,
            size: 1000,
            e_tag: Some(etag.to_owned()),
            version: None,
        }
    }

    fn kept(cache: &DiskCache, key: &str, etag: &str) -> Kept {
        cache.of(&Url::parse("s3://acme/").unwrap(), &object(key, etag)).unwrap()
    }

    fn found(cache: &DiskCache, kept: &Kept, range: &Range<u64>) -> Option<Bytes> {
        cache.find(kept, std::slice::from_ref(range)).pop().unwrap()
    }

    #[test]
    fn what_is_kept_is_found_by_range_and_by_version() {
        let folder = TempDir::new().unwrap();
        let cache = cache(&folder, 1000);
        let first = kept(&cache, "a", "1");
        cache.keep(&first, &(10..20), &Bytes::from_static(b"0123456789"));
        assert_eq!(found(&cache, &first, &(10..20)).unwrap(), "0123456789");
        assert_eq!(found(&cache, &first, &(12..15)).unwrap(), "234");
        assert_eq!(found(&cache, &first, &(15..25)), None);
        assert_eq!(found(&cache, &kept(&cache, "a", "2"), &(10..20)), None);
        assert_eq!(found(&cache, &kept(&cache, "b", "1"), &(10..20)), None);
        let weak = ObjectMeta { e_tag: Some("W/\"1\"".to_owned()), ..object("a", "1") };
        assert!(cache.of(&Url::parse("s3://acme/").unwrap(), &weak).is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&cache.folder).unwrap().permissions().mode() & 0o777, 0o700);
        }
    }

    #[test]
    fn who_looks_ahead_finds_what_is_kept_and_leaves_nothing() {
        let folder = TempDir::new().unwrap();
        let cache = cache(&folder, 1000);
        let (there, new) = (kept(&cache, "a", "1"), kept(&cache, "b", "1"));
        cache.keep(&there, &(10..20), &Bytes::from_static(b"0123456789"));
        let ahead = cache.looked_ahead();
        assert_eq!(found(&ahead, &there, &(12..15)).unwrap(), "234");
        ahead.keep(&new, &(10..20), &Bytes::from_static(b"0123456789"));
        assert_eq!(found(&ahead, &new, &(12..15)).unwrap(), "234");
        ahead.expect(&new, 30..40);
        assert!(ahead.holds(&there, &(10..20)) && ahead.holds(&new, &(12..15)) && ahead.holds(&new, &(31..40)));
        assert!(!ahead.holds(&new, &(31..41)));
        assert_eq!((found(&ahead, &new, &(30..40)), found(&cache, &new, &(12..15))), (None, None));
        assert_eq!(entries(&cache.folder).len(), 1);
    }

    #[test]
    fn what_was_not_used_for_the_longest_time_goes_first() {
        let folder = TempDir::new().unwrap();
        let cache = cache(&folder, 100);
        let objects = ["a", "b", "c"].map(|key| kept(&cache, key, "1"));
        let bytes = Bytes::from_static(&[7; 26]);
        for object in &objects {
            cache.keep(object, &(0..26), &bytes);
        }
        assert!(found(&cache, &objects[0], &(0..26)).is_some());
        let more = kept(&cache, "d", "1");
        cache.keep(&more, &(0..26), &bytes);
        let found = objects.iter().chain([&more]).map(|object| found(&cache, object, &(0..26)).is_some());
        assert_eq!(found.collect::<Vec<_>>(), [true, false, true, true]);
        // Another process finds what is there, and keeps to the limit, too.
        let other = self::cache(&folder, 60);
        other.keep(&kept(&other, "e", "1"), &(0..26), &bytes);
        assert!(entries(&other.folder).iter().map(|entry| entry.size).sum::<u64>() <= 60);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_changed_file_is_not_believed(at in 0usize..34, flip in 1u8.., cut in any::<bool>()) {
            let folder = TempDir::new().unwrap();
            let cache = cache(&folder, 1000);
            let object = kept(&cache, "a", "1");
            cache.keep(&object, &(0..30), &Bytes::from_static(&[7; 30]));
            let path = object.path(&(0..30));
            let mut bytes = fs::read(&path).unwrap();
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] ^= flip;
            }
            fs::write(&path, bytes).unwrap();
            prop_assert_eq!(found(&cache, &object, &(0..30)), None);
            prop_assert!(!path.exists());
        }
    }
}
