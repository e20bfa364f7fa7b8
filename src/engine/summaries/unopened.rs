//! Statements that summary tables answer whole are planned without a look into the files of the ledger.
//!
//! Opening the ledger reads the footer of every file. A build notes which columns and currencies it found; under the same listings
//! and settings they are the same.

use std::sync::Arc;

use datafusion::catalog::TableProvider;
use datafusion::common::Result as DataFusionResult;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::datasource::source_as_provider;
use datafusion::logical_expr::LogicalPlan;

use crate::engine::Engine;
use crate::engine::ledger::{self, CURRENCY_COLUMNS, UnopenedLedger};
use crate::engine::privacy::unmasked;
use crate::engine::session::Session;
use crate::error::Result;
use crate::fingerprint::short;
use crate::query::SavedQuery;
use crate::summaries::{LEDGER, LedgerNote};

/// Whether `plan` reads a ledger that nobody opened.
pub(in crate::engine) fn reads_unopened(plan: &LogicalPlan) -> DataFusionResult<bool> {
    let mut found = false;
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let table = source_as_provider(&scan.source)?;
            found |= unmasked(table.as_ref()).downcast_ref::<UnopenedLedger>().is_some();
        }
        Ok(if found { TreeNodeRecursion::Stop } else { TreeNodeRecursion::Continue })
    })?;
    Ok(found)
}

impl Session<'_> {
    /// The ledger by the note of the last build; `None` when there is none for the sources as they lie now.
    pub(in crate::engine) async fn unopened_ledger(&self) -> Result<Option<Arc<dyn TableProvider>>> {
        let summaries = self.summaries()?;
        summaries.look_into(LEDGER).await?;
        let note = summaries.ledger_note(&self.ledger_fingerprint().await?).await?;
        let unopened = |note: LedgerNote| UnopenedLedger { schema: note.columns, currencies: note.currencies };
        Ok(note.map(|note| Arc::new(unopened(note)) as _))
    }

    /// A hash of everything that decides about what the ledger looks like.
    async fn ledger_fingerprint(&self) -> Result<String> {
        let listing = self.listing_of_sources().await?.fingerprint();
        let config = &self.engine.config;
        let version = env!("CARGO_PKG_VERSION");
        Ok(short(format!("{version} {listing} {:?} {:?} {:?}", config.sources, config.overlaps, config.price_book)))
    }
}

impl Engine {
    /// Notes what the ledger looks like, for statements that the summary table of `query` will answer. Nothing is done for a query
    /// that reads no charges, and nothing written when it is noted already.
    ///
    /// # Errors
    /// As for a query over `spend`, and [`crate::ErrorKind::Storage`] when the note cannot be written.
    pub async fn note_ledger(self: &Arc<Self>, query: &SavedQuery) -> Result<()> {
        let reads_ledger = self.reads(query)?.tables.contains(ledger::NAMES[0]);
        if !reads_ledger || self.config.sources.is_empty() || self.known_at.is_some() {
            return Ok(());
        }
        let engine = Arc::clone(self);
        self.on_large_stack(move || async move {
            let session = Session::new(engine.as_ref(), engine.limits)?;
            let fingerprint = session.ledger_fingerprint().await?;
            let summaries = engine.summaries()?;
            if summaries.ledger_note(&fingerprint).await?.is_some() {
                return Ok(());
            }
            let ledger = session.ledger().await?;
            let of_column = |column: &str| Some((column.to_owned(), ledger.currencies(column)?));
            let currencies = CURRENCY_COLUMNS.into_iter().filter_map(of_column).collect();
            summaries.note_ledger(&fingerprint, LedgerNote { columns: ledger.schema(), currencies }).await
        })
        .await
    }
}
