//! What was landed before: the newest manifest of every month.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStoreExt};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::storage::{Location, Stores, store_error};

/// Manifests read at the same time.
const CONCURRENT_READS: usize = 16;

/// A dump that a month was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Dump {
    pub(super) sha256: String,
    pub(super) file: String,
    pub(super) dialect: String,
    pub(super) first: DateTime<Utc>,
    pub(super) last: DateTime<Utc>,
    pub(super) charges: usize,
}

/// The manifest of a landed month: the files that count, as AWS names them, and where they came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct MonthManifest {
    #[serde(rename = "dataFiles")]
    pub(super) files: Vec<String>,
    /// Charges in the files.
    #[serde(default)]
    pub(super) charges: usize,
    /// Every dump that the month was made of, oldest first.
    #[serde(default)]
    pub(super) dumps: Vec<Dump>,
}

/// Month → its newest manifest.
#[derive(Debug, Default)]
pub(super) struct History(BTreeMap<String, MonthManifest>);

impl History {
    /// Reads the newest manifest of every month below `to`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when the folder cannot be read, [`crate::ErrorKind::Data`] for a manifest that is none.
    pub(super) async fn read(stores: &Stores, to: &Location) -> Result<Self> {
        let store = stores.open(to)?;
        let failed = |cause| store_error(&to.to_string(), cause);
        let folder = to.prefix().clone().join("metadata");
        let objects: Vec<ObjectMeta> = store.list(Some(&folder)).try_collect().await.map_err(failed)?;
        let mut newest: BTreeMap<String, Path> = BTreeMap::new();
        for object in objects {
            let Some(period) = period_of(&object.location) else { continue };
            // The name of a run begins with its time.
            let known = newest.entry(period).or_insert_with(|| object.location.clone());
            *known = object.location.clone().max(known.clone());
        }
        let read = futures::stream::iter(newest).map(|(period, path)| {
            let store = &store;
            async move {
                let url = to.object_url(&path);
                let failed = |cause| store_error(&url, cause);
                let bytes = store.get(&path).await.map_err(failed)?.bytes().await.map_err(failed)?;
                let manifest = serde_json::from_slice(&bytes).map_err(|cause| {
                    Error::data("cannot read the manifest").with("object", url.clone()).because(cause)
                })?;
                Ok::<_, Error>((period, manifest))
            }
        });
        read.buffered(CONCURRENT_READS).try_collect().await.map(Self)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the month was landed before.
    pub(super) fn has(&self, period: &str) -> bool {
        self.0.contains_key(period)
    }

    /// The charges of the month, when it was made of the dump with this digest already.
    pub(super) fn holds(&self, period: &str, sha256: &str) -> Option<usize> {
        let manifest = self.0.get(period)?;
        manifest.dumps.iter().any(|dump| dump.sha256 == sha256).then_some(manifest.charges)
    }

    /// The dumps that the month was made of.
    pub(super) fn dumps(&self, period: &str) -> Vec<Dump> {
        self.0.get(period).map(|manifest| manifest.dumps.clone()).unwrap_or_default()
    }

    /// Fails when the folder holds charges that no dump of `dialect` brought: replacing would lose them.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Invalid`], naming the other dialect.
    pub(super) fn refuse_other_dialect(&self, dialect: &str, to: &Location) -> Result<()> {
        for (period, manifest) in &self.0 {
            let other = match manifest.dumps.iter().find(|dump| dump.dialect != dialect) {
                Some(dump) => format!("charges of dialect `{}`", dump.dialect),
                None if manifest.dumps.is_empty() => "an export that was not landed".to_owned(),
                None => continue,
            };
            return Err(Error::invalid(format!("the folder holds {other}"))
                .with("location", to.to_string())
                .with("period", period.clone())
                .hint("land every dialect in a folder of its own"));
        }
        Ok(())
    }
}

fn period_of(path: &Path) -> Option<String> {
    path.parts().find_map(|part| part.as_ref().strip_prefix("BILLING_PERIOD=").map(str::to_owned))
}
