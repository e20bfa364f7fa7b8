//! The periods of totals.

use super::panel::Panel;
use super::request::Request;
use crate::error::{Error, Result};
use crate::units::Period;

/// The periods of totals: the one that the first step ahead lies in, and those after it.
#[derive(Debug)]
pub(super) struct Periods {
    pub(super) all: Vec<Period>,
    /// The first step of each, and that after the last.
    bounds: Vec<i64>,
}

impl Periods {
    /// The periods of `panel`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Query`] when steps do not add up to periods, as weeks do not to quarters.
    pub(super) fn of(panel: &Panel, request: &Request) -> Result<Self> {
        let horizon = i64::try_from(panel.horizon).unwrap_or(i64::MAX);
        let last = panel.end + horizon;
        let mut all = vec![request.fiscal.containing(request.by, panel.steps.start(panel.end + 1)?)?];
        let mut bounds = Vec::new();
        loop {
            let period = &all[all.len() - 1];
            let edge = |day| {
                panel.steps.index(day).ok_or_else(|| {
                    Error::query(format!("a {} does not consist of whole {}s", request.by, panel.steps.grain))
                        .hint(format!("use `by => '{}'`, or feed it days", panel.steps.grain))
                })
            };
            bounds.push(edge(period.start)?);
            let next = edge(period.end)?;
            if next > last {
                bounds.push(next);
                return Ok(Self { all, bounds });
            }
            let next = request.fiscal.shift(request.by, period, 1)?;
            all.push(next);
        }
    }

    /// The first step of each, and that after the last.
    pub(super) fn starts(&self) -> &[i64] {
        &self.bounds
    }

    /// The period of a step; `None` before the first and after the last.
    pub(super) fn position(&self, step: i64) -> Option<usize> {
        self.bounds.partition_point(|bound| *bound <= step).checked_sub(1).filter(|at| *at < self.all.len())
    }

    /// Closed steps and steps ahead of each period, for a history that ends with the step `end`.
    pub(super) fn steps(&self, end: i64) -> Vec<(i64, i64)> {
        let counted = self.bounds.windows(2).map(|pair| {
            let closed = (end + 1 - pair[0]).clamp(0, pair[1] - pair[0]);
            (closed, pair[1] - pair[0] - closed)
        });
        counted.collect()
    }
}
