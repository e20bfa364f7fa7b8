//! A store that lists each place once: everything that a statement learns of a place, it learns from one look at it.

use std::collections::{BTreeMap, HashMap};
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
type Listing = Arc<BTreeMap<Path, ObjectMeta>>;

/// A store for one statement that reads: what lies below a place that was listed is known, so that all parts of the statement see
/// the same objects, and an object that is not there is not asked for. It must not outlive the statement.
#[derive(Debug)]
pub struct ListedOnce {
    inner: Arc<dyn ObjectStore>,
    known: Arc<Mutex<HashMap<Path, Listing>>>,
}

impl ListedOnce {
    /// Wraps `inner`.
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, known: Arc::default() }
    }

    /// What was listed of `place`, or of a place that it lies in.
    fn known(&self, place: &Path) -> Option<Listing> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.iter().find(|(listed, _)| place.prefix_matches(listed)).map(|(_, objects)| Arc::clone(objects))
    }
}

impl fmt::Display for ListedOnce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

/// The objects below `place`.
fn below(objects: &Listing, place: &Path) -> impl Stream<Item = Result<ObjectMeta>> + Send + use<> {
    let is_below =
        |object: &&ObjectMeta| object.location.prefix_match(place).is_some_and(|mut rest| rest.next().is_some());
    let found: Vec<_> = objects.values().filter(is_below).cloned().map(Ok).collect();
    futures::stream::iter(found)
}

#[async_trait]
impl ObjectStore for ListedOnce {
    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let place = prefix.cloned().unwrap_or_default();
        if let Some(objects) = self.known(&place) {
            return below(&objects, &place).boxed();
        }
        let (known, listing) = (Arc::clone(&self.known), self.inner.list(prefix));
        let listed = async move {
            let objects = listing.map_ok(|object| (object.location.clone(), object)).try_collect().await?;
            let (objects, found): (Listing, _) = (Arc::new(objects), place.clone());
            known.lock().unwrap_or_else(PoisonError::into_inner).insert(found, Arc::clone(&objects));
            Ok::<_, object_store::Error>(below(&objects, &place))
        };
        futures::stream::once(listed).try_flatten().boxed()
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        let is_known = |objects: Listing| objects.contains_key(location);
        // The place of an object itself is listed when it may be a folder.
        let folder: Path = location.parts().take(location.parts_count().saturating_sub(1)).collect();
        match self.known(&folder).map(is_known) {
            Some(false) => Err(object_store::Error::NotFound {
                path: location.to_string(),
                source: "the listing of its folder does not name it".into(),
            }),
            _ => self.inner.get_opts(location, options).await,
        }
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

    async fn names(store: &ListedOnce, place: &str) -> Vec<String> {
        let listing = store.list(Some(&Path::from(place)));
        listing.map_ok(|object| object.location.to_string()).try_collect().await.unwrap()
    }

    #[tokio::test]
    async fn a_place_is_looked_at_once() {
        let inner = Arc::new(InMemory::new());
        let store = ListedOnce::new(Arc::clone(&inner) as Arc<dyn ObjectStore>);
        inner.put(&Path::from("a/b/1"), "x".into()).await.unwrap();
        assert_eq!(names(&store, "a").await, ["a/b/1"]);
        inner.put(&Path::from("a/b/2"), "x".into()).await.unwrap();
        assert_eq!(names(&store, "a").await, ["a/b/1"], "the statement goes on with what it saw");
        assert_eq!(names(&store, "a/b").await, ["a/b/1"]);
        assert_eq!(names(&store, "a/c").await, Vec::<String>::new());
        let missing = store.get(&Path::from("a/b/2")).await.unwrap_err();
        assert!(matches!(missing, object_store::Error::NotFound { .. }), "{missing}");
        assert!(store.get(&Path::from("a/b/1")).await.is_ok());
        let everything: Vec<_> = store.list(None).try_collect().await.unwrap();
        assert_eq!(everything.len(), 2);
    }

    #[tokio::test]
    async fn an_object_that_was_listed_as_a_place_is_there() {
        let inner = Arc::new(InMemory::new());
        inner.put(&Path::from("a/file.csv"), "x".into()).await.unwrap();
        let store = ListedOnce::new(inner);
        assert_eq!(names(&store, "a/file.csv").await, Vec::<String>::new());
        assert!(store.head(&Path::from("a/file.csv")).await.is_ok());
    }
}
