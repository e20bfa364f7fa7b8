//! Exports of AI vendors: each dialect is one file of mapping SQL, from the records of the vendor to FOCUS charges.
//!
//! A file says in its header where the records lie and which fields they have; its body is one SELECT over `records`.
//! Adding a vendor is adding a file. Nothing here opens or plans anything: [`VendorDialect`] is the file as data, and
//! [`records`] turns bytes into record batches of the declared fields.

mod field;
mod mapping;
pub mod records;
mod token;
mod vendor_name;

pub use field::{Field, FieldKind};
pub use mapping::{VendorDialect, vendor_dialect, vendor_dialects};
pub use token::TokenClass;
pub use vendor_name::vendor_name;
