//! The price book: what a unit cost, from which day on, by provider, model and class of token. Pure: it works on the
//! content of files that others fetched.
//!
//! Usage that a vendor reports without cost is priced from it, and history can be priced anew. Nothing is guessed: what
//! has no line in the book has no price.

mod book;
mod details;
mod line;
mod search;
mod table;

pub use book::{PriceBook, Unpriced};
pub use details::{TokenDetails, context_tokens};
pub use line::{PriceKind, PriceLine};
pub use search::Wanted;
pub use table::PriceTable;
