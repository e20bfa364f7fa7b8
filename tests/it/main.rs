//! Outlay as its users meet it: the real binary on real files and a real S3 server.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod adoption;
mod allocation;
mod architecture;
mod bad_input;
mod budgets;
mod builds;
mod cache;
mod charts;
mod command_line;
mod company;
mod completions;
mod conservation;
mod currency;
mod delivery;
mod estimates;
mod facts;
mod forecast;
mod hostile_sql;
mod landing;
mod ledger;
mod object_storage;
mod optimisations;
mod outcomes;
mod price_book;
mod privacy;
mod project;
mod quality;
mod readme;
mod remembered;
mod replay;
mod reports;
mod results;
mod server;
mod summaries;
mod waste;
mod workbook;
