//! Sums of what was written, taken from the very rows.

use std::collections::BTreeMap;

use super::block::Block;
use super::calendar::{Calendar, DAY_SECONDS};
use super::money::Amount;
use super::teams::TEAMS;

/// Slot of the charges without a team.
pub(super) const NO_TEAM: usize = TEAMS.len();

/// Sums over some charges.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    pub(super) charges: u64,
    pub(super) billed: Amount,
    pub(super) effective: Amount,
    pub(super) list: Amount,
}

impl Totals {
    /// Adds other sums.
    pub(super) fn add(&mut self, other: &Self) {
        self.charges += other.charges;
        self.billed += other.billed;
        self.effective += other.effective;
        self.list += other.list;
    }
}

/// Sums by month and team.
#[derive(Debug, Clone)]
pub(super) struct Ledger {
    /// By month of ChargePeriodStart.
    pub(super) by_month: Vec<Totals>,
    /// By month of BillingPeriodStart.
    pub(super) by_billing_month: Vec<Totals>,
    /// EffectiveCost by month of ChargePeriodStart and team, [`NO_TEAM`] last.
    pub(super) team_effective: Vec<[Amount; NO_TEAM + 1]>,
    /// EffectiveCost of the owners that are watched, by month of ChargePeriodStart.
    pub(super) watched_effective: Vec<Amount>,
    /// EffectiveCost by pilot.
    pub(super) pilot_effective: BTreeMap<usize, Amount>,
}

impl Ledger {
    /// No charges in `months` months.
    pub(super) fn new(months: usize) -> Self {
        Self {
            by_month: vec![Totals::default(); months],
            by_billing_month: vec![Totals::default(); months],
            team_effective: vec![[Amount::default(); NO_TEAM + 1]; months],
            watched_effective: vec![Amount::default(); months],
            pilot_effective: BTreeMap::new(),
        }
    }

    /// Sums over all months.
    pub(super) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        self.by_month.iter().for_each(|month| totals.add(month));
        totals
    }

    /// EffectiveCost of a team, over all months.
    pub(super) fn team(&self, team: usize) -> Amount {
        self.team_effective.iter().map(|month| month[team]).sum()
    }

    /// Adds another ledger over the same months.
    pub(super) fn merge(&mut self, other: &Self) {
        self.by_month.iter_mut().zip(&other.by_month).for_each(|(to, from)| to.add(from));
        self.by_billing_month.iter_mut().zip(&other.by_billing_month).for_each(|(to, from)| to.add(from));
        for (to, from) in self.team_effective.iter_mut().zip(&other.team_effective) {
            to.iter_mut().zip(from).for_each(|(to, from)| *to += *from);
        }
        self.watched_effective.iter_mut().zip(&other.watched_effective).for_each(|(to, from)| *to += *from);
        for (pilot, cost) in &other.pilot_effective {
            *self.pilot_effective.entry(*pilot).or_default() += *cost;
        }
    }
}

/// What the ledger needs to know about an owner.
#[derive(Debug, Clone, Copy)]
pub(super) struct Owner {
    /// Index of the team, or [`NO_TEAM`].
    pub(super) team: usize,
    pub(super) watched: bool,
    /// The pilot that its charges of the month are tagged with.
    pub(super) pilot: Option<usize>,
}

#[derive(Debug, Clone, Default)]
struct Units {
    charges: u64,
    billed: i128,
    effective: i128,
    list: i128,
    teams: [i128; NO_TEAM + 1],
    watched: i128,
}

/// Adds up the charges of one delivery in the smallest unit of its source, which is fast.
#[derive(Debug)]
pub(super) struct Counter {
    scale: u32,
    billing_month: usize,
    /// Start of the billing month in seconds.
    since: i64,
    months: Vec<Units>,
    pilots: BTreeMap<usize, i128>,
}

impl Counter {
    /// A counter for a bill of `billing_month`, with `scale` fractional digits.
    pub(super) fn new(calendar: &Calendar, billing_month: usize, scale: u32) -> Self {
        let since = calendar.start(billing_month) * DAY_SECONDS;
        let months = vec![Units::default(); billing_month + 1];
        Self { scale, billing_month, since, months, pilots: BTreeMap::new() }
    }

    /// Adds the charges of a block and returns their BilledCost; only corrections lie before the billing month.
    pub(super) fn add(&mut self, block: &Block, owners: &[Owner], calendar: &Calendar) -> i128 {
        let mut billed = 0;
        for row in 0..block.len() {
            let start = block.start[row];
            let corrected = start < self.since;
            let month = if corrected { calendar.month_of(start / DAY_SECONDS) } else { self.billing_month };
            let owner = owners[usize::from(block.owner[row])];
            let effective = block.effective[row];
            let units = &mut self.months[month];
            units.charges += 1;
            units.billed += block.billed[row];
            units.effective += effective;
            units.list += block.list[row];
            units.teams[owner.team] += effective;
            billed += block.billed[row];
            if owner.watched {
                units.watched += effective;
            }
            if let Some(pilot) = owner.pilot {
                *self.pilots.entry(pilot).or_default() += effective;
            }
        }
        billed
    }

    /// The sums as exact amounts.
    pub(super) fn ledger(&self, months: usize) -> Ledger {
        let mut ledger = Ledger::new(months);
        let amount = |units: i128| Amount::new(units, self.scale);
        for (month, units) in self.months.iter().enumerate() {
            let totals = Totals {
                charges: units.charges,
                billed: amount(units.billed),
                effective: amount(units.effective),
                list: amount(units.list),
            };
            ledger.by_month[month].add(&totals);
            ledger.by_billing_month[self.billing_month].add(&totals);
            ledger.team_effective[month] = units.teams.map(amount);
            ledger.watched_effective[month] = amount(units.watched);
        }
        ledger.pilot_effective = self.pilots.iter().map(|(pilot, units)| (*pilot, amount(*units))).collect();
        ledger
    }
}
