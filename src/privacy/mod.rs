//! Who a charge belongs to is not shown by default: persons stand under pseudonyms.
//!
//! ```text
//! value → not exempt → HMAC-SHA256 under the key of the company → p-7f3a91c2d04b5e68
//! ```
//!
//! [`Pseudonyms`] makes them, [`Persons`] says which columns and which keys of JSON hold persons, [`rewrite`] changes them
//! within JSON. Pure functions; the engine applies them where a table is scanned, so that one value has one pseudonym
//! wherever it stands and what was equal stays equal: joins, groups and counts give the same rows as with names.

mod json;
mod persons;
mod pseudonyms;

pub use json::rewrite;
pub use persons::Persons;
pub use pseudonyms::{MIN_KEY_BYTES, Pseudonyms};
