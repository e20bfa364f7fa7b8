//! Who bears a charge: rules of allocation as data, and the SQL that they mean.
//!
//! ```text
//! charges → team by tag → team by roster → rule → rule → … → rows that add up to the charges, to the last digit
//! ```
//!
//! Nothing is computed here. The rules become the saved query [`VIEW`], which analysts read with `outlay show`; the engine
//! runs it like any other and adds the one function that it needs, `share_of`.

mod compile;
mod rule;
mod weights;

pub use compile::{FILE, VIEW};
pub use rule::{Allocation, Driver, Rule};
