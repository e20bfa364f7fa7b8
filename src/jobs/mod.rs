//! Scheduled jobs: saved queries become summary tables, interval by interval.
//!
//! [`select`] picks the queries, [`plan`] says what is due and why, [`Build`] builds it: rows are computed, held against the
//! checks of the query, staged, and published in one commit. Running it again changes nothing.

mod build;
mod due;
mod event;
mod plan;
mod selection;
mod status;

pub use build::Build;
pub use due::{Difference, Reason};
pub use event::{Event, Watch, What};
pub use plan::{Asked, DueInterval, Plan, plan};
pub use selection::select;
pub use status::{TableStatus, status};
