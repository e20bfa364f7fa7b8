//! Which intervals of a summary table say what its query would say of the charges as they lie now.
//!
//! An interval does when its file was made by the definition and of the objects that a build would make it of: it is compared
//! as `outlay build` compares it. When a build found nothing due under the same listings, that comparison stands.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use object_store::ObjectMeta;

use super::times::Window;
use crate::engine::inputs::fingerprint;
use crate::engine::session::Session;
use crate::error::Result;
use crate::fingerprint::short;
use crate::query::SavedQuery;
use crate::summaries::intervals::{self, PARAMETER};
use crate::summaries::{FileState, SETTLED, StoredTable, settled_key};
use crate::units::Period;

/// The stored rows of an interval.
#[derive(Debug)]
pub(super) struct StoredInterval {
    /// Its name, such as `2026-05`.
    pub(super) name: String,
    /// Its times.
    pub(super) window: Window,
    /// The files with its rows.
    pub(super) objects: Vec<ObjectMeta>,
}

/// The intervals of a table that are as they should be.
#[derive(Debug)]
pub(super) struct Coverage {
    /// Oldest first.
    pub(super) intervals: Vec<StoredInterval>,
    /// The columns of the files.
    pub(super) schema: SchemaRef,
}

impl Session<'_> {
    /// The intervals of the summary table of `query` that meet `window` and are as they should be; `None` when there are none.
    ///
    /// # Errors
    /// Those of listing what the query reads and of reading the log of the table.
    pub(super) async fn coverage(&self, query: &SavedQuery, window: Window) -> Result<Option<Coverage>> {
        let (Some(table), Some(grain)) = (query.summary_table(), intervals::interval_of(query).map(|of| of.grain))
        else {
            return Ok(None);
        };
        let summaries = self.summaries()?;
        let Some(stored) = self.stored(&summaries, table).await? else { return Ok(None) };
        let definition = short(self.engine.definition(query, &[], PARAMETER)?);
        let calendar = &self.engine.calendar;
        let mut candidates: Vec<(Period, String)> = Vec::new();
        for (interval, inputs) in built(&stored, &definition) {
            let Ok(period) = calendar.fiscal.parse(grain, &interval) else { continue };
            if !Window::of_days(period.start, period.end).and(window).is_empty() {
                candidates.push((period, inputs));
            }
        }
        if candidates.is_empty() {
            return Ok(None);
        }
        candidates.sort_by_key(|(period, _)| period.start);
        let listing = self.listing(query).await?;
        let last = intervals::last(query, calendar, false)?;
        let key = settled_key(&listing.fingerprint(), &definition, last.as_ref());
        summaries.look_into(SETTLED).await?;
        if let Some(settled) = summaries.settled(table, &key, &stored.version).await? {
            // An interval that a build did not look at, such as one that is not over, may be of other charges.
            candidates.retain(|(period, _)| settled.contains(&period.label));
        } else {
            let runs =
                candidates.iter().map(|(period, _)| intervals::given(query, period)).collect::<Result<Vec<_>>>()?;
            let inputs = self.inputs(query, &runs, &listing).await?;
            let mut now = inputs.iter().map(|inputs| short(fingerprint(inputs)));
            candidates.retain(|(_, built_of)| now.next().as_ref() == Some(built_of));
        }
        let interval = |(period, _): (Period, String)| StoredInterval {
            window: Window::of_days(period.start, period.end),
            objects: stored.of_interval(&period.label).map(|file| file.object.clone()).collect(),
            name: period.label,
        };
        let intervals: Vec<StoredInterval> = candidates.into_iter().map(interval).collect();
        Ok((!intervals.is_empty()).then(|| Coverage { intervals, schema: Arc::clone(&stored.schema) }))
    }
}

/// The intervals of `stored` that are of one build each and of `definition`, with the fingerprint of what they were made of.
fn built(stored: &StoredTable, definition: &str) -> BTreeMap<String, String> {
    let mut states: BTreeMap<&str, Vec<&FileState>> = BTreeMap::new();
    for state in stored.files.iter().filter_map(|file| file.state.as_ref()) {
        states.entry(&state.interval).or_default().push(state);
    }
    let is_whole = |of_interval: &[&FileState]| {
        of_interval.iter().all(|state| state.definition == definition && state.is_beside(of_interval[0]))
    };
    let whole = states.into_iter().filter(|(_, of_interval)| is_whole(of_interval));
    whole.map(|(interval, of_interval)| (interval.to_owned(), of_interval[0].inputs.clone())).collect()
}
