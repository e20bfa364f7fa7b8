//! Reads that are counted and not made.

use std::ops::Range;
use std::sync::Arc;

use object_store::ObjectMeta;
use url::Url;

use super::cached::MOST_AT_ONCE;
use super::ranges::length;
use super::{DiskCache, Meter, is_local};

/// Counts what reads would ask of the stores, as [`super::MeteredStore`] and [`super::CachedStore`] would make them.
#[derive(Debug)]
pub struct Rehearsal {
    meter: Arc<Meter>,
    cache: Option<Arc<DiskCache>>,
}

impl Rehearsal {
    /// Counts on `meter`; what `cache` holds would not be asked for. A cache that [`DiskCache::looked_ahead`] gave
    /// is told of the reads, and has them the next time.
    pub fn new(meter: Arc<Meter>, cache: Option<Arc<DiskCache>>) -> Self {
        Self { meter, cache }
    }

    /// Counts one read of `ranges` (bytes) of `object`, which lies in the store at `root`.
    pub fn read(&self, root: &Url, object: &ObjectMeta, ranges: &[Range<u64>]) {
        // What is larger is streamed past the cache.
        let cache =
            self.cache.as_ref().filter(|_| !is_local(root) && (ranges.len() > 1 || length(ranges) <= MOST_AT_ONCE));
        let kept = cache.and_then(|cache| Some((cache, cache.of(root, object)?)));
        let is_held = |range: &Range<u64>| kept.as_ref().is_some_and(|(cache, kept)| cache.holds(kept, range));
        let (held, missing): (Vec<_>, Vec<_>) = ranges.iter().cloned().partition(is_held);
        self.meter.found(held.len() as u64, length(&held));
        self.meter.expect(&missing, is_local(root));
        if let Some((cache, kept)) = &kept {
            missing.into_iter().for_each(|range| cache.expect(kept, range));
        }
    }
}
