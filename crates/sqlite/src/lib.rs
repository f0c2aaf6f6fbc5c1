//! SQLite over Isolite's pages, behind a safe face, for wasm and for the host.
//!
//! All of the project's `unsafe` lives in this crate: in the VFS, where SQLite calls back, and in
//! the few calls that rusqlite has no safe form for.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answer;
mod cells;
mod database;
mod dump;
mod error;
mod file;
mod host;
mod json;
mod limits;
mod page_file;
mod policy;
#[cfg(test)]
mod random;
mod registered;
mod shared;
mod source;
mod splitter;
mod sql_text;
mod statement;
mod statement_cache;
#[cfg(feature = "hrana")]
mod stream_error;
mod structure;
mod tokens;
mod transaction_statement;
mod vfs;

pub use cells::Cells;
pub use database::{Database, Done, Numbers, Observer, Run};
#[cfg(feature = "hrana")]
pub use database::{Executed, RowCursor, StreamRun, StreamStatement};
pub use database::{FileCheck, FileError, FileHeader, Imported, check_sqlite_file};
pub use database::{may_only_read, only_reads, reads_beside};
pub use dump::{DumpCursor, DumpOptions, NotACursor};
pub use error::{Error, SqliteError};
pub use limits::Limits;
pub use registered::{memory_bytes, release_caches};
#[cfg(feature = "hrana")]
pub use splitter::split;
pub use splitter::{SplitError, SplitStatement, Splitter};
pub use transaction_statement::{Begin, TransactionStatement};
