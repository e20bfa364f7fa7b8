//! The FOCUS contract: the columns of the ledger, how files of every version and vendor map to them, which delivered
//! files count, and what a charge must satisfy. Pure: it works on schemas, arrays and listings that others fetched.
//!
//! Source: FOCUS specification 1.4 (dataset Cost and Usage), the draft of 1.5 for principals and credentials, and 1.2 for
//! the two provider columns that 1.4 removed.

mod columns;
mod contract;
mod delivery;
mod dialect;
mod kind;
mod normalise;
mod rules;

pub use columns::{Column, Level, column, columns};
pub(crate) use contract::declared_column;
pub use contract::{Drift, DriftKind, FileContract, Mapping, map_file};
pub use delivery::{Candidate, Manifest, Reason, Selection, SetAside, candidates, delivered_at, known_by, select};
pub use dialect::{Dialect, Layout, detect, dialect, dialects};
pub use kind::{Kind, MONEY_SCALE, money_type};
pub use normalise::normalise;
pub(crate) use rules::known_rule;
pub use rules::{Asks, Gate, Measure, Obligation, Rule, Version, measures, rules};
