//! The messages of Isolite as data: what D1's clients send and read, what the directory records,
//! what REST answers, and what libSQL's clients send and read.
//!
//! Everything here is decoded from what a stranger sent, so each decoder checks every field and
//! answers with a typed error; none panics. No I/O, no JavaScript, no SQLite.
#![cfg_attr(test, allow(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod access_token;
pub mod console;
pub mod d1;
pub mod directory;
pub mod graphql;
#[cfg(feature = "hrana")]
pub mod hrana;
pub mod insights;
pub mod metrics;
pub mod query_string;
pub mod request_log;
pub mod rest;
pub mod session_header;

pub use d1::{
    Answer, Failure, FailureCode, Meta, Query, Request, RequestError, ResultsFormat, Timings, Value,
};
pub use directory::{DatabaseInfo, DatabaseName, DatabaseRecord};
pub use session_header::SESSION_HEADER;
