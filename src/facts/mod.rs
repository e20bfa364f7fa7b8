//! The tables of facts that a company owns, as data: what the saved queries expect of outcomes, roster, budgets and the like.
//!
//! `contracts.toml` is the whole truth; the engine holds files and saved queries against it.

mod contract;

pub use contract::{Contract, FactColumn, FactKind, contract, contracts};
