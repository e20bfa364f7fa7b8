//! A batch of charges as columns of plain numbers; texts are indexes into tables made once.

/// Charges in a batch.
pub(super) const BLOCK_ROWS: usize = 8_192;

/// The four costs of a charge, counted in the smallest unit of its source.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Costs {
    pub(super) billed: i128,
    pub(super) effective: i128,
    pub(super) list: i128,
    pub(super) contracted: i128,
}

/// One charge.
#[derive(Debug, Clone, Copy)]
pub(super) struct Charge {
    /// What was bought: index into the lines of the source.
    pub(super) line: usize,
    /// Who pays: index into the owners of the source.
    pub(super) owner: usize,
    /// Start of use in seconds since 1970-01-01.
    pub(super) start: i64,
    /// Length of use in seconds.
    pub(super) seconds: i64,
    /// Consumed quantity in millionths.
    pub(super) consumed: i64,
    /// Priced quantity in millionths.
    pub(super) priced: i64,
    pub(super) costs: Costs,
}

/// Charges column by column.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) line: Vec<u16>,
    pub(super) owner: Vec<u16>,
    pub(super) start: Vec<i64>,
    pub(super) end: Vec<i64>,
    pub(super) consumed: Vec<i64>,
    pub(super) priced: Vec<i64>,
    pub(super) billed: Vec<i128>,
    pub(super) effective: Vec<i128>,
    pub(super) list: Vec<i128>,
    pub(super) contracted: Vec<i128>,
}

impl Block {
    /// Adds a charge.
    pub(super) fn push(&mut self, charge: &Charge) {
        self.line.push(index(charge.line));
        self.owner.push(index(charge.owner));
        self.start.push(charge.start);
        self.end.push(charge.start + charge.seconds);
        self.consumed.push(charge.consumed);
        self.priced.push(charge.priced);
        self.billed.push(charge.costs.billed);
        self.effective.push(charge.costs.effective);
        self.list.push(charge.costs.list);
        self.contracted.push(charge.costs.contracted);
    }

    /// Number of charges.
    pub(super) fn len(&self) -> usize {
        self.line.len()
    }

    /// Forgets the charges and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.line.clear();
        self.owner.clear();
        self.start.clear();
        self.end.clear();
        self.consumed.clear();
        self.priced.clear();
        self.billed.clear();
        self.effective.clear();
        self.list.clear();
        self.contracted.clear();
    }
}

/// Tables of texts have far fewer than 65,536 entries.
fn index(number: usize) -> u16 {
    u16::try_from(number).unwrap_or(u16::MAX)
}
