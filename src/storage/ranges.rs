//! Which ranges of an object are read together: a request costs time and money, and so do bytes that nobody asked for.
//!
//! Ranges are joined over the narrowest gaps first, as long as all gaps together hold no more than a twentieth of the bytes that
//! are wanted. Object stores join ranges less than 1 MiB apart: a scan of three columns of fifty then reads the other
//! forty-seven, too, when a row group is small. At 30 ms a request and 100 MB/s such a gap takes as long as a third of a
//! request; but the requests for a row group are made side by side, so that what is split waits no longer, while bytes share one
//! line. Fewer requests than these would read more than 1.05 of what is wanted.

use std::ops::Range;

use bytes::Bytes;
use object_store::{OBJECT_STORE_COALESCE_DEFAULT, Result, coalesce_ranges};

/// Part of the bytes wanted that may be read beside them: one in so many.
const ONE_BESIDE: u64 = 20;

/// Bytes that are read beside those wanted in any case: a request of its own takes about as many for its headers and checks.
const ALWAYS_BESIDE: u64 = 4 << 10;

/// The requests that reading `ranges` of one object takes, and the bytes that they read. A local disk is not asked for what lies
/// between ranges; its requests are counted as those of a remote store.
pub(super) fn cost(ranges: &[Range<u64>], is_local: bool) -> (u64, u64) {
    let requests = together(ranges);
    (requests.len() as u64, length(if is_local { ranges } else { &requests }))
}

/// The bytes of `ranges`.
pub(super) fn length(ranges: &[Range<u64>]) -> u64 {
    ranges.iter().map(|range| range.end - range.start).sum()
}

/// The requests that are made of `ranges` (bytes of one object), in the order of the object.
fn together(ranges: &[Range<u64>]) -> Vec<Range<u64>> {
    let apart = joined(ranges, 0);
    let gap = widest_gap(&apart);
    joined(&apart, gap)
}

/// Reads `ranges` of one object, each request of [`together`] by `fetch`; gives the bytes of each range.
pub(super) async fn read<F, Fut>(ranges: &[Range<u64>], fetch: F) -> Result<Vec<Bytes>>
where
    F: Send + FnMut(Range<u64>) -> Fut,
    Fut: Future<Output = Result<Bytes>> + Send,
{
    let gap = widest_gap(&joined(ranges, 0));
    coalesce_ranges(ranges, fetch, gap).await
}

/// `ranges` in order, those no more than `gap` bytes apart as one.
fn joined(ranges: &[Range<u64>], gap: u64) -> Vec<Range<u64>> {
    let mut sorted = ranges.to_vec();
    sorted.sort_unstable_by_key(|range| range.start);
    let mut joined: Vec<Range<u64>> = Vec::with_capacity(sorted.len());
    for range in sorted {
        match joined.last_mut() {
            Some(last) if range.start <= last.end + gap => last.end = last.end.max(range.end),
            _ => joined.push(range),
        }
    }
    joined
}

/// The widest gap, in bytes, that is read over between the ranges of `apart`, which are in order and do not touch.
fn widest_gap(apart: &[Range<u64>]) -> u64 {
    let mut left = (length(apart) / ONE_BESIDE).max(ALWAYS_BESIDE);
    let mut gaps: Vec<u64> = apart.windows(2).map(|pair| pair[1].start - pair[0].end).collect();
    gaps.sort_unstable();
    let mut widest = 0;
    for equal in gaps.chunk_by(|one, other| one == other) {
        let bytes: u64 = equal.iter().sum();
        if bytes > left || equal[0] > OBJECT_STORE_COALESCE_DEFAULT {
            break;
        }
        left -= bytes;
        widest = equal[0];
    }
    widest
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn narrow_gaps_are_read_over_and_wide_ones_are_not() {
        assert_eq!(together(&[]), []);
        assert_eq!(together(&[20..30, 0..10, 6_000..6_010]), [0..30, 6_000..6_010]);
        assert_eq!(together(&[0..10, 5..20, 20..30, 6_000..6_010]), [0..30, 6_000..6_010]);
        // 40 MiB are wanted: of gaps of 0.5, 1 and 1.5 MiB, the first two hold no more than a twentieth.
        let half = MIB / 2;
        let ranges = [0..10 * MIB, 10 * MIB + half..20 * MIB + half, 22 * MIB..32 * MIB, 33 * MIB..43 * MIB];
        assert_eq!(together(&ranges), [0..20 * MIB + half, 22 * MIB..43 * MIB]);
    }

    #[test]
    fn a_gap_of_more_than_a_mebibyte_is_never_read() {
        assert_eq!(together(&[0..100 * MIB, 102 * MIB..200 * MIB]).len(), 2);
    }

    proptest::proptest! {
        #[test]
        fn no_more_than_a_twentieth_is_read_beside(ranges in proptest::collection::vec((0u64..1 << 24, 1u64..1 << 20), 0..30)) {
            let ranges: Vec<Range<u64>> = ranges.into_iter().map(|(start, len)| start..start + len).collect();
            let wanted = length(&joined(&ranges, 0));
            let requests = together(&ranges);
            proptest::prop_assert!(length(&requests) <= wanted + (wanted / ONE_BESIDE).max(ALWAYS_BESIDE));
            let is_covered = |range: &Range<u64>| requests.iter().any(|one| one.start <= range.start && range.end <= one.end);
            proptest::prop_assert!(ranges.iter().all(is_covered));
        }
    }
}
