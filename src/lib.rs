//! Outlay: an embedded analytics engine for spend.
//!
//! Billing exports of clouds and AI vendors land as Parquet in object storage. This library reads them as one exact ledger,
//! runs saved SQL queries over it and answers what an outcome costs, how use spreads and where the budget stands.

pub mod adoption;
pub mod allocation;
pub mod cli;
pub mod clock;
pub mod config;
pub mod demo;
pub mod dialects;
pub mod engine;
pub mod error;
pub mod facts;
pub mod fingerprint;
pub mod focus;
pub mod forecast;
pub mod jobs;
pub mod land;
pub mod output;
pub mod prices;
pub mod privacy;
pub mod query;
pub mod storage;
pub mod summaries;
pub mod units;

pub use error::{Error, ErrorKind, Result};
