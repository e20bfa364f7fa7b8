//! Saved SQL as data: a `.sql` file with directives in its leading comment lines and one SELECT with `$name` parameters.
//!
//! [`SavedQuery::from_text`] reads a file, [`Catalog`] a folder of them, [`bind()`] turns the values of a run into typed
//! scalars. Nothing here knows of sessions or stores, and no value ever becomes part of SQL text.

mod bind;
mod body;
mod calendar;
mod catalog;
mod chart;
mod check;
mod default;
mod directive;
mod freshness;
mod header;
mod materialize;
mod options;
mod param;
mod passage;
mod scanner;
mod syntax;
mod value;

#[cfg(test)]
mod tests;

pub use bind::{Bound, bind};
pub(crate) use body::Body;
pub use calendar::Calendar;
pub use catalog::Catalog;
pub use chart::{Chart, ChartKind};
pub use check::{AcceptedValue, Check, CheckKind, Comparison, Severity};
pub use default::{DefaultValue, Relative};
pub(crate) use directive::{Directive, Parts};
pub use freshness::Freshness;
pub use header::SavedQuery;
pub use materialize::{Interval, Materialize, TableFormat};
pub use param::{Param, ParamKind};
pub(crate) use passage::SourceText;
