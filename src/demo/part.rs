//! What is known after a month of one source was written.

use std::collections::{BTreeMap, BTreeSet};

use super::calendar::Day;
use super::ledger::Ledger;
use super::money::Amount;
use super::truth::SetAside;

/// Sums and planted things of a month of one source, or of all months.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) ledger: Ledger,
    pub(super) set_aside: Vec<SetAside>,
    /// BilledCost of a second delivery less that of the first.
    pub(super) restated_delta: Amount,
    pub(super) correction: Amount,
    pub(super) one_off: Amount,
    pub(super) runaway: Amount,
    /// Tokens by class: input, output, cache read, cache write.
    pub(super) tokens: [u64; 4],
    /// Day of the first token charge by principal.
    pub(super) first_use: BTreeMap<usize, Day>,
    /// Monday of a week and a principal with token charges in it.
    pub(super) active: BTreeSet<(Day, usize)>,
}

impl Part {
    /// Nothing yet, in a history of `months` months.
    pub(super) fn new(months: usize) -> Self {
        Self {
            ledger: Ledger::new(months),
            set_aside: Vec::new(),
            restated_delta: Amount::default(),
            correction: Amount::default(),
            one_off: Amount::default(),
            runaway: Amount::default(),
            tokens: [0; 4],
            first_use: BTreeMap::new(),
            active: BTreeSet::new(),
        }
    }

    /// Adds the next part.
    pub(super) fn merge(&mut self, other: Self) {
        self.ledger.merge(&other.ledger);
        self.set_aside.extend(other.set_aside);
        self.restated_delta += other.restated_delta;
        self.correction += other.correction;
        self.one_off += other.one_off;
        self.runaway += other.runaway;
        self.tokens.iter_mut().zip(other.tokens).for_each(|(to, from)| *to += from);
        for (principal, day) in other.first_use {
            self.first_use.entry(principal).and_modify(|first| *first = day.min(*first)).or_insert(day);
        }
        self.active.extend(other.active);
    }
}
