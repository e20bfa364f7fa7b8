//! Random numbers that depend on the seed, the purpose and the month, and on nothing else.

use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// The generator of one part of the sample: parts can be written in any order.
pub(super) fn generator(seed: u64, purpose: u32, month: usize) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream((u64::from(purpose) << 32) | u64::try_from(month).unwrap_or_default());
    rng
}

/// Draws indexes with given weights in constant time.
#[derive(Debug)]
pub(super) struct Draw {
    slots: Vec<usize>,
}

impl Draw {
    /// One slot per unit of weight.
    pub(super) fn new(weights: impl IntoIterator<Item = usize>) -> Self {
        let slots = weights.into_iter().enumerate().flat_map(|(index, weight)| std::iter::repeat_n(index, weight));
        Self { slots: slots.collect() }
    }

    /// An index, as often as its weight says.
    pub(super) fn pick(&self, rng: &mut ChaCha8Rng) -> usize {
        self.slots[rng.random_range(0..self.slots.len())]
    }
}

/// A random UUID (version 4) as text.
pub(super) fn uuid(rng: &mut ChaCha8Rng) -> String {
    let bits: u128 = rng.random();
    let hex = format!("{bits:032x}");
    format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
}
