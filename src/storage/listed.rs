//! A store that lists each place once: everything that a statement learns of a place, it learns from one look at it.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

/// What lies below a place.
type Listing = Arc<Vec<ObjectMeta>>;

/// A store for one statement that reads: a place that was listed is not listed again, so that all parts of the statement see the
/// same objects. It must not outlive the statement.
#[derive(Debug)]
pub struct ListedOnce {
    inner: Arc<dyn ObjectStore>,
    known: Arc<Mutex<HashMap<Option<Path>, Listing>>>,
}

impl ListedOnce {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, known: Arc::default() }
    }
}

impl fmt::Display for ListedOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

fn each(objects: Listing) -> impl Stream<Item = Result<ObjectMeta>> + Send {
    futures::stream::iter((0..objects.len()).map(move |at| Ok(objects[at].clone())))
}

#[async_trait]
impl ObjectStore for ListedOnce {
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (known, prefix) = (Arc::clone(&self.known), prefix.cloned());
        if let Some(objects) = known.lock().unwrap_or_else(PoisonError::into_inner).get(&prefix) {
            return each(Arc::clone(objects)).boxed();
        }
        let listing = self.inner.list(prefix.as_ref());
        let listed = async move {
            let objects: Listing = Arc::new(listing.try_collect().await?);
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(prefix, Arc::clone(&objects));
            Ok::<_, object_store::Error>(each(objects))
        };
        futures::stream::once(listed).try_flatten().boxed()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.inner.get_ranges(location, ranges).await
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

#[cfg(test)]
mod tests {
    use object_store::ObjectStoreExt;
    use object_store::memory::InMemory;

    use super::*;

    #[tokio::test]
    async fn a_place_is_looked_at_once() {
        let inner = Arc::new(InMemory::new());
        let store = ListedOnce::new(Arc::clone(&inner) as Arc<dyn ObjectStore>);
        let names = async || -> Vec<String> {
            store.list(Some(&Path::from("a"))).map_ok(|object| object.location.to_string()).try_collect().await.unwrap()
        };
        inner.put(&Path::from("a/1"), "x".into()).await.unwrap();
        assert_eq!(names().await, ["a/1"]);
        inner.put(&Path::from("a/2"), "x".into()).await.unwrap();
        assert_eq!(names().await, ["a/1"], "the statement goes on with what it saw");
        let elsewhere: Vec<_> = store.list(None).try_collect().await.unwrap();
        assert_eq!(elsewhere.len(), 2);
    }
}
