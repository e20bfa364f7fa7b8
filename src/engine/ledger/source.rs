//! A source that was opened: FOCUS Parquet, or records that a mapping makes charges of.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::SessionState;

use super::{Delivered, Footers, OpenSource, Speech, VendorSource, focus_text};
use crate::config;
use crate::error::{Error, Result};
use crate::focus::{self, Kind};

/// What becomes of files with the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Twins {
    /// One of them counts.
    Once,
    /// Each is read: to look at what was set aside.
    Each,
}

/// An opened source.
#[derive(Debug)]
pub(crate) enum Source {
    Focus(Box<OpenSource>),
    Vendor(Box<VendorSource>),
}

impl Source {
    /// Whether some of its usage may be without cost, to be priced.
    pub(crate) fn may_lack_cost(&self) -> bool {
        match self {
            Self::Focus(source) => source.lacks_cost(),
            Self::Vendor(_) => true,
        }
    }

    /// The extra columns of its charges, as often as files have them.
    pub(super) fn extras(&self) -> Box<dyn Iterator<Item = (&str, Kind)> + '_> {
        match self {
            Self::Focus(source) => Box::new(source.extras()),
            Self::Vendor(source) => Box::new(source.extras()),
        }
    }

    /// Opens what was delivered in its dialect.
    ///
    /// # Errors
    /// As for [`OpenSource::open`] and [`VendorSource::plan`]; [`crate::ErrorKind::Invalid`] for a declared column that FOCUS
    /// does not know.
    pub(crate) async fn open(
        delivered: Delivered,
        settings: &config::Source,
        twins: Twins,
        footers: Footers,
        state: &SessionState,
    ) -> Result<Self> {
        let declared = settings
            .columns
            .iter()
            .map(|(column, name)| Ok((focus::declared_column(column)?.name.to_owned(), name.clone())))
            .collect::<Result<BTreeMap<_, _>>>()?;
        let vendor = match &delivered.speech {
            Speech::Focus(dialect) if !focus_text::is_text(&delivered.objects) => {
                let (dialect, store) = (*dialect, Arc::clone(&delivered.store));
                let source = OpenSource::open(delivered, dialect, declared, footers).await?;
                let source = if twins == Twins::Once { source.without_twins(store.as_ref()).await? } else { source };
                return Ok(Self::Focus(Box::new(source)));
            }
            Speech::Focus(dialect) => Arc::new(focus_text::dialect(&delivered, dialect, &declared).await?),
            Speech::Vendor(_) if !declared.is_empty() => {
                return Err(Error::invalid("a dialect of a vendor knows its own columns")
                    .hint("`[sources.NAME.columns]` is for files of FOCUS; leave it out"));
            }
            Speech::Vendor(dialect) => Arc::clone(dialect),
        };
        let delivered = if twins == Twins::Once { delivered.without_twins().await? } else { delivered };
        let source = VendorSource::plan(state, vendor, delivered).await?;
        Ok(Self::Vendor(Box::new(source)))
    }
}
