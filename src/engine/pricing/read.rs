//! Fetches the files of the price book.

use std::sync::Arc;

use object_store::{ObjectStore, ObjectStoreExt};

use crate::config;
use crate::error::{Error, Result};
use crate::prices::{PriceBook, PriceTable};
use crate::storage::{Location, list, store_error};

/// Reads the price book that lies at `location`.
///
/// # Errors
/// [`crate::ErrorKind::Storage`] when it cannot be read, [`crate::ErrorKind::Invalid`] when nothing lies there, and those
/// of [`PriceBook::new`].
pub(crate) async fn read(
    settings: &config::PriceBook,
    location: &Location,
    store: &dyn ObjectStore,
) -> Result<Arc<PriceBook>> {
    let mut tables = Vec::new();
    for object in list(store, location).await? {
        let file = location.object_url(&object.location);
        let content = async { store.get(&object.location).await?.bytes().await };
        let content = content.await.map_err(|cause| store_error(&file, cause))?;
        tables.push(if file.ends_with(".parquet") {
            PriceTable::from_parquet(&file, content)?
        } else {
            let text = std::str::from_utf8(&content)
                .map_err(|cause| Error::data("the file is no UTF-8 text").with("file", file.clone()).because(cause))?;
            PriceTable::from_csv(&file, text)?
        });
    }
    PriceBook::new(&tables, settings.unpriced).map(Arc::new)
}
