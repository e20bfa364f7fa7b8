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
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use url::Url;

use super::{is_local, ranges};
use crate::error::Error;
use crate::units::ByteSize;

/// What was asked of the stores so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Traffic {
    /// GET requests; ranges of an object that are read together are one.
    pub gets: u64,
    /// LIST requests as asked by Outlay; a store that pages answers in parts of 1,000 keys.
    pub lists: u64,
    /// HEAD requests.
    pub heads: u64,
    /// PUT requests, parts of an upload among them.
    pub puts: u64,
    /// Bytes read, those between ranges that are read together among them.
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
    remote: Counters,
    local: Counters,
    cached: AtomicU64,
    cached_bytes: AtomicU64,
    max_bytes: Option<u64>,
}

#[derive(Debug, Default)]
struct Counters {
    gets: AtomicU64,
    lists: AtomicU64,
    heads: AtomicU64,
    puts: AtomicU64,
    bytes_read: AtomicU64,
}

impl Counters {
    fn count(&self, traffic: &mut Traffic) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        traffic.gets += read(&self.gets);
        traffic.lists += read(&self.lists);
        traffic.heads += read(&self.heads);
        traffic.puts += read(&self.puts);
        traffic.bytes_read += read(&self.bytes_read);
    }
}

impl Meter {
    /// A meter that refuses reads past `max_bytes`.
    pub fn limited(max_bytes: Option<ByteSize>) -> Self {
        Self { max_bytes: max_bytes.map(|size| size.0), ..Self::default() }
    }

    /// What was counted so far.
    pub fn traffic(&self) -> Traffic {
        let mut traffic = self.remote();
        self.local.count(&mut traffic);
        traffic.cached = self.cached.load(Ordering::Relaxed);
        traffic.cached_bytes = self.cached_bytes.load(Ordering::Relaxed);
        traffic
    }

    /// The requests to remote stores, and their bytes: what has a price.
    pub fn remote(&self) -> Traffic {
        let mut traffic = Traffic::default();
        self.remote.count(&mut traffic);
        traffic
    }

    fn counters(&self, is_local: bool) -> &Counters {
        if is_local { &self.local } else { &self.remote }
    }

    /// Notes `ranges` with together `bytes` that were found on the disk.
    pub(super) fn found(&self, ranges: u64, bytes: u64) {
        self.cached.fetch_add(ranges, Ordering::Relaxed);
        self.cached_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes a read of `ranges` of one object that is not made: no limit holds.
    pub(super) fn expect(&self, ranges: &[Range<u64>], is_local: bool) {
        let (requests, bytes) = ranges::cost(ranges, is_local);
        let counters = self.counters(is_local);
        counters.gets.fetch_add(requests, Ordering::Relaxed);
        counters.bytes_read.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Takes `bytes` from the allowance before they are read.
    fn spend(&self, bytes: u64, is_local: bool) -> Result<()> {
        self.counters(is_local).bytes_read.fetch_add(bytes, Ordering::Relaxed);
        match self.max_bytes {
            Some(max) if self.traffic().bytes_read > max => Err(object_store::Error::Generic {
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
    is_local: bool,
    meter: Arc<Meter>,
}

impl MeteredStore {
    /// Wraps `inner`, the store at `root`.
    pub fn new(inner: Arc<dyn ObjectStore>, root: &Url, meter: Arc<Meter>) -> Self {
        Self { inner, is_local: is_local(root), meter }
    }

    fn counters(&self) -> &Counters {
        self.meter.counters(self.is_local)
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
        count(&self.counters().puts);
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(&self, location: &Path, opts: PutMultipartOptions) -> Result<Box<dyn MultipartUpload>> {
        count(&self.counters().puts);
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.head {
            count(&self.counters().heads);
            return self.inner.get_opts(location, options).await;
        }
        count(&self.counters().gets);
        let result = self.inner.get_opts(location, options).await?;
        self.meter.spend(result.range.end - result.range.start, self.is_local)?;
        Ok(result)
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        let (requests, bytes) = ranges::cost(ranges, self.is_local);
        self.meter.spend(bytes, self.is_local)?;
        self.counters().gets.fetch_add(requests, Ordering::Relaxed);
        if self.is_local {
            return self.inner.get_ranges(location, ranges).await;
        }
        ranges::read(ranges, |range| self.inner.get_range(location, range)).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        count(&self.counters().lists);
        self.inner.list(prefix).boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        count(&self.counters().lists);
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test]
    async fn requests_and_bytes_are_counted_and_limited() {
        let meter = Arc::new(Meter::limited(Some(ByteSize(6))));
        let root = Url::parse("s3://acme/").unwrap();
        let store = MeteredStore::new(Arc::new(InMemory::new()), &root, Arc::clone(&meter));
        let key = Path::from("a");
        store.put(&key, "hello".into()).await.unwrap();
        store.head(&key).await.unwrap();
        store.get_range(&key, 0..5).await.unwrap();
        let traffic = meter.traffic();
        assert_eq!((traffic.puts, traffic.heads, traffic.gets, traffic.bytes_read), (1, 1, 1, 5));
        let error = store.get_range(&key, 0..5).await.unwrap_err();
        assert!(error.to_string().contains("6 B"), "{error}");
    }

    #[tokio::test]
    async fn bytes_between_ranges_are_read_from_a_bucket_and_not_from_the_disk() {
        let inner: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let key = Path::from("a");
        inner.put(&key, vec![7; 20_000].into()).await.unwrap();
        for (root, bytes) in [("s3://acme/", 30), ("file:///", 20)] {
            let meter = Arc::new(Meter::default());
            let store = MeteredStore::new(Arc::clone(&inner), &Url::parse(root).unwrap(), Arc::clone(&meter));
            let read = store.get_ranges(&key, &[20..30, 0..10]).await.unwrap();
            assert_eq!(read.iter().map(Bytes::len).collect::<Vec<_>>(), [10, 10]);
            assert_eq!((meter.traffic().gets, meter.traffic().bytes_read), (1, bytes), "{root}");
            store.get_ranges(&key, &[0..10, 19_000..19_010]).await.unwrap();
            assert_eq!((meter.traffic().gets, meter.traffic().bytes_read), (3, bytes + 20), "{root}");
            assert_eq!(meter.remote().gets, if root.starts_with("s3") { 3 } else { 0 });
        }
    }
}
