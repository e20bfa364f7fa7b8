//! What lies at a source: listed, what came after the as-of date left out, and the deliveries that count chosen.

use std::sync::Arc;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt};
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};

use crate::config;
use crate::dialects::{VendorDialect, vendor_dialect};
use crate::error::{Error, Result};
use crate::focus::{self, Candidate, Dialect, Layout, Manifest, Reason, Selection, SetAside, candidates};
use crate::storage::{Location, list, store_error};

/// Footers and manifests read at the same time.
pub(super) const CONCURRENT_READS: usize = 16;

/// How the files of a source speak: FOCUS, or the records of a vendor.
#[derive(Debug, Clone)]
pub(crate) enum Speech {
    Focus(&'static Dialect),
    Vendor(Arc<VendorDialect>),
}

impl Speech {
    fn layout(&self) -> Layout {
        match self {
            Self::Focus(dialect) => dialect.layout,
            Self::Vendor(_) => Layout::Plain,
        }
    }
}

/// The files of a source that count, and those that do not.
#[derive(Debug, Clone)]
pub(crate) struct Delivered {
    pub(crate) name: String,
    pub(crate) location: Location,
    pub(crate) store: Arc<dyn ObjectStore>,
    pub(crate) speech: Speech,
    pub(crate) objects: Vec<ObjectMeta>,
    pub(crate) set_aside: Vec<SetAside>,
}

impl Delivered {
    /// Lists the source `name` and chooses what counts of what was there on `known_at`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when it cannot be listed or a manifest not be read, [`crate::ErrorKind::Invalid`] when
    /// nothing is there, [`crate::ErrorKind::Data`] for a broken manifest, each naming the source and the object.
    pub(crate) async fn find(
        name: &str,
        settings: &config::Source,
        location: Location,
        store: Arc<dyn ObjectStore>,
        known_at: Option<NaiveDate>,
    ) -> Result<Self> {
        let find = async {
            let objects = list(store.as_ref(), &location).await?;
            let speech = speech(settings, &objects)?;
            let (objects, later) = match known_at {
                Some(day) => focus::known_by(speech.layout(), objects, day),
                None => (objects, Vec::new()),
            };
            let selection = choose(speech.layout(), &objects, store.as_ref(), &location).await?;
            if selection.counted.is_empty() && later.is_empty() {
                return Err(Error::invalid("the source has no complete delivery of charges")
                    .with("location", location.to_string())
                    .hint("`path` must name the root of the export; a run without its manifest does not count"));
            }
            Ok((speech, selection, later))
        };
        let (speech, selection, later) = find.await.map_err(|error: Error| error.with("source", name))?;
        let set_aside = selection.set_aside.into_iter().chain(later).collect();
        Ok(Self { name: name.to_owned(), location, store, speech, objects: selection.counted, set_aside })
    }

    /// What to tell of files that the date leaves out for nothing but their time of modification, which a copy changes.
    pub(crate) fn left_out_by_modification(&self, known_at: NaiveDate) -> Option<String> {
        let later = self.set_aside.iter().filter(|aside| matches!(aside.reason, Reason::Later(_))).count();
        (self.speech.layout() == Layout::Plain && later > 0).then(|| {
            format!(
                "as of {known_at}, source `{}` leaves out {later} files that were modified later; their names tell no time of delivery",
                self.name
            )
        })
    }

    /// Sets aside text files that hold the very bytes of another file.
    ///
    /// # Errors
    /// When two files of one size cannot be read.
    pub(super) async fn without_twins(mut self) -> Result<Self> {
        let mut kept: Vec<ObjectMeta> = Vec::with_capacity(self.objects.len());
        for object in std::mem::take(&mut self.objects) {
            let mut twin = None;
            for other in kept.iter().filter(|other| other.size == object.size) {
                let same = same_bytes(self.store.as_ref(), other, &object).await;
                if same.map_err(|cause| store_error(&self.location.object_url(&object.location), cause))? {
                    twin = Some(other.location.to_string());
                    break;
                }
            }
            match twin {
                Some(other) => self.set_aside.push(SetAside { object, reason: Reason::SameBytes(other) }),
                None => kept.push(object),
            }
        }
        self.objects = kept;
        Ok(self)
    }
}

fn speech(settings: &config::Source, objects: &[ObjectMeta]) -> Result<Speech> {
    let Some(name) = &settings.dialect else {
        return Ok(Speech::Focus(focus::detect(objects.iter().map(|object| &object.location))));
    };
    if let Some(dialect) = vendor_dialect(name) {
        return Ok(Speech::Vendor(Arc::clone(dialect)));
    }
    focus::dialect(name).map(Speech::Focus).ok_or_else(|| Error::internal(format!("no dialect `{name}`")))
}

async fn choose(
    layout: Layout,
    objects: &[ObjectMeta],
    store: &dyn ObjectStore,
    location: &Location,
) -> Result<Selection> {
    let decided = futures::stream::iter(candidates(layout, objects))
        .map(|candidate| async move {
            let manifest = match &candidate.manifest {
                None => Manifest::default(),
                Some(path) => {
                    let failed = |cause| store_error(&location.object_url(path), cause);
                    let bytes = store.get(path).await.map_err(failed)?.bytes().await.map_err(failed)?;
                    Manifest::parse(layout, path, &bytes)?
                }
            };
            Ok::<(Candidate, Manifest), Error>((candidate, manifest))
        })
        .buffered(CONCURRENT_READS)
        .try_collect::<Vec<_>>()
        .await?;
    focus::select(layout, objects, &decided)
}

/// Whether two objects hold the same bytes.
pub(super) async fn same_bytes(
    store: &dyn ObjectStore,
    one: &ObjectMeta,
    other: &ObjectMeta,
) -> object_store::Result<bool> {
    Ok(store.get(&one.location).await?.bytes().await? == store.get(&other.location).await?.bytes().await?)
}
