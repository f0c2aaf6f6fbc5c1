//! SQLite over Isolite's pages, behind a safe face, for wasm and for the host.
//!
//! All of the project's `unsafe` lives in this crate: in the VFS, where SQLite calls back, and in
//! the few calls that rusqlite has no safe form for.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answer;
mod cells;
mod database;
mod error;
mod host;
mod json;
mod limits;
mod page_file;
mod policy;
mod registered;
mod shared;
mod source;
mod sql_text;
mod statement;
mod statement_cache;
mod vfs;

pub use cells::Cells;
pub use database::{Database, Done, Numbers, Run, may_only_read, only_reads};
pub use error::Error;
pub use limits::Limits;
