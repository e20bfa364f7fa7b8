//! A source that was opened: FOCUS Parquet, or records that a mapping makes charges of.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::SessionState;
use datafusion::execution::cache::cache_manager::FileMetadataCache;

use super::{Delivered, OpenSource, Speech, VendorSource, focus_text};
use crate::config;
use crate::error::{Error, Result};
use crate::focus;

/// An opened source.
#[derive(Debug)]
pub(crate) enum Source {
    Focus(Box<OpenSource>),
    Vendor(Box<VendorSource>),
}

impl Source {
    /// Opens what was delivered in its dialect.
    ///
    /// # Errors
    /// As for [`OpenSource::open`] and [`VendorSource::plan`]; [`crate::ErrorKind::Invalid`] for a declared column that FOCUS
    /// does not know.
    pub(crate) async fn open(
        delivered: Delivered,
        settings: &config::Source,
        footers: Arc<FileMetadataCache>,
        state: &SessionState,
    ) -> Result<Self> {
        let declared = settings
            .columns
            .iter()
            .map(|(column, name)| Ok((focus::declared_column(column)?.name.to_owned(), name.clone())))
            .collect::<Result<BTreeMap<_, _>>>()?;
        let vendor = match &delivered.speech {
            Speech::Focus(dialect) if !focus_text::is_text(&delivered.objects) => {
                let dialect = *dialect;
                return OpenSource::open(delivered, dialect, declared, footers)
                    .await
                    .map(|source| Self::Focus(Box::new(source)));
            }
            Speech::Focus(dialect) => Arc::new(focus_text::dialect(&delivered, dialect, &declared).await?),
            Speech::Vendor(_) if !declared.is_empty() => {
                return Err(Error::invalid("a dialect of a vendor knows its own columns")
                    .hint("`[sources.NAME.columns]` is for files of FOCUS; leave it out"));
            }
            Speech::Vendor(dialect) => Arc::clone(dialect),
        };
        let source = VendorSource::plan(state, vendor, delivered.without_twins().await?).await?;
        Ok(Self::Vendor(Box::new(source)))
    }
}
