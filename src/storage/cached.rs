//! A remote store of which each range is fetched once, as long as the object stays the same.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetRange, GetResult, GetResultPayload, ListResult, MultipartUpload, ObjectMeta,
    ObjectStore, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use url::Url;

use super::Meter;
use super::cache::{DiskCache, Kept};

/// Bytes that one request may ask for and that are kept; what is larger is streamed past the cache.
pub(super) const MOST_AT_ONCE: u64 = 64 << 20;

/// The objects that listings told of, with their ETags.
type Listed = Arc<Mutex<HashMap<Path, ObjectMeta>>>;

/// A store in front of which a [`DiskCache`] stands, for one statement: what its listings say of an object holds until it ends. Only
/// objects that were listed are kept; every read of one asks the store for the version that was listed.
#[derive(Debug)]
pub struct CachedStore {
    inner: Arc<dyn ObjectStore>,
    root: Url,
    cache: Arc<DiskCache>,
    meter: Arc<Meter>,
    listed: Listed,
}

/// An object of which ranges are kept.
#[derive(Clone)]
struct Object {
    meta: ObjectMeta,
    kept: Kept,
}

impl CachedStore {
    /// Puts `cache` before `inner`, the store at `root`; `meter` counts what is found.
    pub fn new(inner: Arc<dyn ObjectStore>, root: Url, cache: Arc<DiskCache>, meter: Arc<Meter>) -> Self {
        Self { inner, root, cache, meter, listed: Listed::default() }
    }

    fn object(&self, location: &Path) -> Option<Object> {
        let meta = self.listed.lock().unwrap_or_else(PoisonError::into_inner).get(location).cloned()?;
        let kept = self.cache.of(&self.root, &meta)?;
        Some(Object { meta, kept })
    }

    /// The bytes of `ranges` of `object`: from the disk where they are kept, else from the store.
    async fn ranges(&self, object: &Object, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let mut found = self.find(object, ranges).await?;
        let missing: Vec<Range<u64>> =
            ranges.iter().zip(&found).filter(|(_, found)| found.is_none()).map(|(range, _)| range.clone()).collect();
        let fetched = super::ranges::read(&missing, |range| self.fetch(object, range)).await?;
        self.keep(object, missing.into_iter().zip(fetched.iter().cloned()).collect()).await?;
        let holes = found.iter_mut().filter(|found| found.is_none());
        holes.zip(fetched).for_each(|(hole, bytes)| *hole = Some(bytes));
        Ok(found.into_iter().flatten().collect())
    }

    async fn find(&self, object: &Object, ranges: &[Range<u64>]) -> Result<Vec<Option<Bytes>>> {
        let (cache, kept, ranges) = (Arc::clone(&self.cache), object.kept.clone(), ranges.to_vec());
        let found: Vec<Option<Bytes>> = blocking(move || cache.find(&kept, &ranges)).await?;
        let hits = || found.iter().flatten();
        self.meter.found(hits().count() as u64, hits().map(|bytes| bytes.len() as u64).sum());
        Ok(found)
    }

    async fn keep(&self, object: &Object, fetched: Vec<(Range<u64>, Bytes)>) -> Result<()> {
        let (cache, kept) = (Arc::clone(&self.cache), object.kept.clone());
        blocking(move || fetched.iter().for_each(|(range, bytes)| cache.keep(&kept, range, bytes))).await
    }

    async fn fetch(&self, object: &Object, range: Range<u64>) -> Result<Bytes> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            if_match: object.meta.e_tag.clone(),
            ..GetOptions::default()
        };
        self.inner.get_opts(&object.meta.location, options).await?.bytes().await
    }
}

fn note(listed: &Listed, object: &ObjectMeta) {
    listed.lock().unwrap_or_else(PoisonError::into_inner).insert(object.location.clone(), object.clone());
}

/// Runs `work` where it may wait for the disk.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|source| object_store::Error::JoinError { source })
}

/// The bounds of what is asked of an object; `None` for a request that is more than a read, and for one that is better streamed.
fn bounds(options: &GetOptions, size: u64) -> Option<Range<u64>> {
    let GetOptions { range, head: false, version: None, if_match, if_none_match: None, .. } = options else {
        return None;
    };
    if if_match.is_some() || options.if_modified_since.is_some() || options.if_unmodified_since.is_some() {
        return None;
    }
    let range = match range {
        None => 0..size,
        Some(GetRange::Bounded(range)) => range.start..range.end.min(size),
        Some(GetRange::Offset(start)) => *start..size,
        Some(GetRange::Suffix(len)) => size.saturating_sub(*len)..size,
    };
    (range.start < range.end && range.end - range.start <= MOST_AT_ONCE).then_some(range)
}

impl fmt::Display for CachedStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for CachedStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let object = self.object(location);
        let asked = object.and_then(|object| Some((bounds(&options, object.meta.size)?, object)));
        let Some((range, object)) = asked else {
            let is_head = options.head;
            let result = self.inner.get_opts(location, options).await?;
            if is_head {
                note(&self.listed, &result.meta);
            }
            return Ok(result);
        };
        let bytes = self.ranges(&object, std::slice::from_ref(&range)).await?;
        Ok(GetResult {
            payload: GetResultPayload::Stream(futures::stream::iter(bytes.into_iter().map(Ok)).boxed()),
            meta: object.meta,
            range,
            attributes: object_store::Attributes::default(),
        })
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        match self.object(location) {
            Some(object) => self.ranges(&object, ranges).await,
            None => self.inner.get_ranges(location, ranges).await,
        }
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let listed = Arc::clone(&self.listed);
        self.inner.list(prefix).inspect_ok(move |object| note(&listed, object)).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
