//! D1's HTTP protocol: what its client class posts to `/query` and `/execute`, and what it reads.
//!
//! Isolite's own clients post to the same paths, and read and write batches in a shorter form.

mod answer;
mod client_path;
mod compact_answer;
mod compact_batch;
mod failure;
mod query;
mod request;
mod request_error;
mod results_format;
pub(crate) mod surrogates;
mod value;

pub use answer::{Answer, Meta, RowText, Rows, Timings};
pub use client_path::{check_client_path, is_of_transaction};
pub use compact_answer::CompactAnswer;
pub use compact_batch::CompactBatch;
pub use failure::{Failure, FailureCode};
pub use query::Query;
pub use request::Request;
pub use request_error::RequestError;
pub use results_format::ResultsFormat;
pub use value::Value;
