//! Opens the stores of locations, each once, and lists what lies there.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::TryStreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::local::LocalFileSystem;
use object_store::{ClientOptions, ObjectMeta, ObjectStore, ObjectStoreExt, RetryConfig};
use url::Url;

use super::aws::ProfileCredentials;
use super::{Location, is_data, store_error};
use crate::error::{Error, Result};

/// Credentials, endpoints and regions by their standard names (`AWS_REGION`, `GOOGLE_APPLICATION_CREDENTIALS`,
/// `AZURE_STORAGE_ACCOUNT_NAME`, …); the command line fills them from the environment. Names that no store knows are
/// passed over. Values are secret: `Debug` shows names only.
#[derive(Clone, Default)]
pub struct StoreOptions(BTreeMap<String, String>);

impl StoreOptions {
    /// Adds or replaces one option; letter case of the name is free.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.0.insert(name.to_ascii_lowercase(), value.into());
    }

    fn parsed<'a, K: std::str::FromStr + 'a>(&'a self) -> impl Iterator<Item = (K, &'a str)> {
        self.0.iter().filter_map(|(name, value)| Some((name.parse().ok()?, value.as_str())))
    }
}

impl fmt::Debug for StoreOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

/// The stores opened so far, by their root URL.
#[derive(Debug, Default)]
pub struct Stores {
    options: StoreOptions,
    opened: Mutex<HashMap<Url, Arc<dyn ObjectStore>>>,
}

/// Tries and time for one request: enough to ride out a slow minute, short enough that a wrong endpoint does not look
/// like a hang.
const MAX_RETRIES: usize = 5;
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

impl Stores {
    /// No store is opened yet; those opened later use `options`.
    pub fn new(options: StoreOptions) -> Self {
        Self { options, opened: Mutex::default() }
    }

    /// The store of `location`, opened when it is asked for first.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Storage`] when the options do not make a store (a missing account, a malformed endpoint).
    pub fn open(&self, location: &Location) -> Result<Arc<dyn ObjectStore>> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(store) = opened.get(location.store()) {
            return Ok(Arc::clone(store));
        }
        let store = self.build(location.store()).map_err(|cause| store_error(&location.to_string(), cause))?;
        opened.insert(location.store().clone(), Arc::clone(&store));
        Ok(store)
    }

    fn build(&self, root: &Url) -> object_store::Result<Arc<dyn ObjectStore>> {
        let retry = RetryConfig { max_retries: MAX_RETRIES, retry_timeout: RETRY_TIMEOUT, ..RetryConfig::default() };
        let client = ClientOptions::new()
            .with_connect_timeout(CONNECT_TIMEOUT)
            .with_timeout(REQUEST_TIMEOUT)
            .with_allow_http(self.plain_http_endpoint());
        match root.scheme() {
            "file" => Ok(Arc::new(LocalFileSystem::new())),
            "s3" => {
                let options = self.options.parsed::<AmazonS3ConfigKey>();
                let builder =
                    AmazonS3Builder::new().with_url(root.as_str()).with_client_options(client).with_retry(retry);
                let builder = options.fold(builder, |builder, (key, value)| builder.with_config(key, value));
                let builder = match ProfileCredentials::when_needed(&builder) {
                    Some(credentials) => builder.with_credentials(Arc::new(credentials)),
                    None => builder,
                };
                Ok(Arc::new(builder.build()?))
            }
            "gs" => {
                let options = self.options.parsed::<GoogleConfigKey>();
                let builder = GoogleCloudStorageBuilder::new()
                    .with_url(root.as_str())
                    .with_client_options(client)
                    .with_retry(retry);
                let builder = options.fold(builder, |builder, (key, value)| builder.with_config(key, value));
                Ok(Arc::new(builder.build()?))
            }
            _ => {
                let options = self.options.parsed::<AzureConfigKey>();
                let builder =
                    MicrosoftAzureBuilder::new().with_url(root.as_str()).with_client_options(client).with_retry(retry);
                let builder = options.fold(builder, |builder, (key, value)| builder.with_config(key, value));
                Ok(Arc::new(builder.build()?))
            }
        }
    }

    /// An endpoint that the operator names with `http://` is meant that way.
    fn plain_http_endpoint(&self) -> bool {
        self.options.0.iter().any(|(name, value)| name.contains("endpoint") && value.starts_with("http://"))
    }
}

/// Every data object of `location` in `store`, sorted by key.
///
/// # Errors
/// [`crate::ErrorKind::Storage`] when the listing fails, [`crate::ErrorKind::Invalid`] when nothing is there.
pub async fn list(store: &dyn ObjectStore, location: &Location) -> Result<Vec<ObjectMeta>> {
    let failed = |cause| store_error(&location.to_string(), cause);
    let mut objects: Vec<ObjectMeta> = store
        .list(Some(location.prefix()))
        .try_filter(|object| {
            let wanted = location.matches(&object.location) && below(location, object);
            futures::future::ready(wanted)
        })
        .try_collect()
        .await
        .map_err(failed)?;
    if objects.is_empty() && !location.prefix().as_ref().is_empty() {
        match store.head(location.prefix()).await {
            Ok(object) => objects.push(object),
            Err(object_store::Error::NotFound { .. }) => {}
            // A folder of the local disk answers `head` with an error of its own.
            Err(_) if location.local_path().is_some() => {}
            Err(cause) => return Err(failed(cause)),
        }
    }
    if objects.is_empty() {
        return Err(Error::invalid("nothing lies at this location")
            .with("location", location.to_string())
            .hint("check the path; a folder is read with all that is below it"));
    }
    objects.sort_by(|a, b| a.location.cmp(&b.location));
    Ok(objects)
}

fn below(location: &Location, object: &ObjectMeta) -> bool {
    let rest: object_store::path::Path = match object.location.prefix_match(location.prefix()) {
        Some(parts) => parts.collect(),
        None => object.location.clone(),
    };
    is_data(&rest, object.size)
}
