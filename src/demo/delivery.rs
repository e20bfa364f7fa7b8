//! Writing one delivery: charges into blocks, blocks into Parquet files, sums beside them.

use tokio::sync::mpsc::UnboundedSender;

use super::block::{BLOCK_ROWS, Block, Charge};
use super::calendar::{Calendar, Milestones};
use super::company::Company;
use super::layout::Layout;
use super::ledger::{Counter, Ledger, Owner};
use super::money::Amount;
use super::pilots::Pilots;
use super::quota::Workload;
use super::target::{Codec, Naming, PartFile, PartsWriter, Target};
use super::truth::SetAside;
use crate::error::Result;

/// What every part of the sample is made from.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) seed: u64,
    pub(super) rows: u64,
    pub(super) calendar: Calendar,
    pub(super) milestones: Milestones,
    pub(super) company: Company,
    pub(super) pilots: Pilots,
    pub(super) workload: Workload,
    pub(super) target: Target,
    /// Gets the number of charges of each batch of a delivery that counts.
    pub(super) written: UnboundedSender<u64>,
}

/// A delivery that was written.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) ledger: Ledger,
    pub(super) files: Vec<PartFile>,
    cost_scale: u32,
}

impl Delivered {
    /// Its files as things to set aside.
    pub(super) fn set_aside(&self, reason: &str) -> impl Iterator<Item = SetAside> {
        self.files.iter().map(move |file| SetAside {
            object: file.key.clone(),
            reason: reason.to_owned(),
            rows: file.rows,
            billed_cost: Amount::new(file.billed, self.cost_scale),
        })
    }
}

/// Writes the charges of one delivery.
pub(super) struct DeliveryWriter<'a> {
    setting: &'a Setting,
    owners: &'a [Owner],
    layout: &'a Layout,
    block: Block,
    parts: PartsWriter,
    counter: Counter,
    counts: bool,
}

impl<'a> DeliveryWriter<'a> {
    /// A delivery of the bill of `month`.
    pub(super) fn new(
        setting: &'a Setting,
        month: usize,
        layout: &'a Layout,
        owners: &'a [Owner],
        naming: Naming,
        codec: Codec,
    ) -> Result<Self> {
        let parts = PartsWriter::new(setting.target.clone(), naming, codec, layout.schema()?);
        let counter = Counter::new(&setting.calendar, month, layout.dialect.cost_scale);
        Ok(Self { setting, owners, layout, block: Block::default(), parts, counter, counts: true })
    }

    /// A delivery that must not count: it is no progress.
    pub(super) fn that_counts(mut self, counts: bool) -> Self {
        self.counts = counts;
        self
    }

    /// Adds a charge; [`Self::settle`] must be called now and then.
    pub(super) fn push(&mut self, charge: &Charge) {
        self.block.push(charge);
    }

    /// Writes what was added once it fills a batch.
    pub(super) async fn settle(&mut self) -> Result<()> {
        if self.block.len() < BLOCK_ROWS { Ok(()) } else { self.flush().await }
    }

    /// Writes the rest and closes the files.
    pub(super) async fn close(mut self) -> Result<Delivered> {
        self.flush().await?;
        let ledger = self.counter.ledger(self.setting.calendar.months);
        Ok(Delivered { ledger, files: self.parts.close().await?, cost_scale: self.layout.dialect.cost_scale })
    }

    async fn flush(&mut self) -> Result<()> {
        if self.block.len() == 0 {
            return Ok(());
        }
        let billed = self.counter.add(&self.block, self.owners, &self.setting.calendar);
        let batch = self.layout.render(&self.block)?;
        self.parts.write(&batch, billed).await?;
        if self.counts {
            // Nobody listens any more when another part has failed.
            self.setting.written.send(u64::try_from(self.block.len()).unwrap_or_default()).ok();
        }
        self.block.clear();
        Ok(())
    }
}
