//! Counts what a query asks of its object stores, and stops it at a byte limit.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use crate::error::Error;
use crate::units::ByteSize;

/// What was asked of the stores so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// GET requests; a request for several ranges counts once a merged range.
    pub gets: u64,
    /// LIST requests as asked by Outlay; a store that pages answers in parts of 1,000 keys.
    pub lists: u64,
    /// HEAD requests.
    pub heads: u64,
    /// PUT requests, parts of an upload among them.
    pub puts: u64,
    /// Bytes read.
    pub bytes_read: u64,
    /// Ranges of remote objects that the cache on the disk had: no request was made.
    pub cached: u64,
    /// Their bytes, which are not among those read.
    pub cached_bytes: u64,
}

impl Traffic {
    /// Requests of every kind.
    pub fn requests(&self) -> u64 {
        self.gets + self.lists + self.heads + self.puts
    }
}

/// Counts requests and bytes of one statement.
#[derive(Debug, Default)]
pub struct Meter {
    gets: AtomicU64,
    lists: AtomicU64,
    heads: AtomicU64,
    puts: AtomicU64,
    bytes_read: AtomicU64,
    cached: AtomicU64,
    cached_bytes: AtomicU64,
    max_bytes: Option<u64>,
}

impl Meter {
    /// A meter that refuses reads past `max_bytes`.
    pub fn limited(max_bytes: Option<ByteSize>) -> Self {
        Self { max_bytes: max_bytes.map(|size| size.0), ..Self::default() }
    }

    /// What was counted so far.
    pub fn traffic(&self) -> Traffic {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Traffic {
            gets: read(&self.gets),
            lists: read(&self.lists),
            heads: read(&self.heads),
            puts: read(&self.puts),
            bytes_read: read(&self.bytes_read),
            cached: read(&self.cached),
            cached_bytes: read(&self.cached_bytes),
        }
    }

    /// Notes `ranges` with together `bytes` that were found on the disk.
    pub(super) fn found(&self, ranges: u64, bytes: u64) {
        self.cached.fetch_add(ranges, Ordering::Relaxed);
        self.cached_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes `bytes` from the allowance before they are read.
    fn spend(&self, bytes: u64) -> Result<()> {
        let total = self.bytes_read.fetch_add(bytes, Ordering::Relaxed) + bytes;
        match self.max_bytes {
            Some(max) if total > max => Err(object_store::Error::Generic {
                store: "meter",
                source: Box::new(
                    Error::limit(format!("the query would read more than {}", ByteSize(max)))
                        .hint("narrow the time range, select fewer columns, or raise `--max-scan`"),
                ),
            }),
            _ => Ok(()),
        }
    }
}

/// A store whose requests are counted by a [`Meter`].
#[derive(Debug)]
pub struct MeteredStore {
    inner: Arc<dyn ObjectStore>,
    meter: Arc<Meter>,
}

impl MeteredStore {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn ObjectStore>, meter: Arc<Meter>) -> Self {
        Self { inner, meter }
    }
}

impl fmt::Display for MeteredStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

#[async_trait]
impl ObjectStore for MeteredStore {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        count(&self.meter.puts);
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        count(&self.meter.puts);
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            count(&self.meter.heads);
            return self.inner.get_opts(location, options).await;
        }
        count(&self.meter.gets);
        let result = self.inner.get_opts(location, options).await?;
        self.meter.spend(result.range.end - result.range.start)?;
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.meter.spend(ranges.iter().map(|range| range.end - range.start).sum())?;
        self.meter.gets.fetch_add(merged(ranges), Ordering::Relaxed);
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        count(&self.meter.lists);
        self.inner.list(prefix).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        count(&self.meter.lists);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// How many requests the stores make of `ranges`: those less than 1 MiB apart are read as one.
fn merged(ranges: &[Range<u64>]) -> u64 {
    let mut sorted: Vec<&Range<u64>> = ranges.iter().collect();
    sorted.sort_by_key(|range| range.start);
    let mut requests = 0;
    let mut end = None;
    for range in sorted {
        if end.is_none_or(|end| range.start > end + object_store::OBJECT_STORE_COALESCE_DEFAULT) {
            requests += 1;
        }
        end = end.max(Some(range.end));
    }
    requests
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test]
    async fn requests_and_bytes_are_counted_and_limited() {
        let meter = Arc::new(Meter::limited(Some(ByteSize(6))));
        let store = MeteredStore::new(Arc::new(InMemory::new()), Arc::clone(&meter));
        let key = Path::from("a");
        store.put(&key, "hello".into()).await.unwrap();
        store.head(&key).await.unwrap();
        store.get_range(&key, 0..5).await.unwrap();
        let traffic = meter.traffic();
        assert_eq!((traffic.puts, traffic.heads, traffic.gets, traffic.bytes_read), (1, 1, 1, 5));
        let error = store.get_range(&key, 0..5).await.unwrap_err();
        assert!(error.to_string().contains("6 B"), "{error}");
    }

    #[test]
    fn near_ranges_are_one_request() {
        assert_eq!(merged(&[0..10, 20..30]), 1);
        assert_eq!(merged(&[50_000_000..50_000_010, 0..10]), 2);
        assert_eq!(merged(&[]), 0);
    }
}
