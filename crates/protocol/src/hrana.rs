//! Hrana, the protocol of libSQL's clients: requests and answers as data, in JSON and in protobuf.
//!
//! The messages are those of the crate `libsql-hrana`, which serves both encodings. What it is strict
//! about in JSON and clients are not is made plain before it reads ([`json`]). The specification is
//! `docs/HRANA_3_SPEC.md` of libSQL.

mod baton;
mod condition;
mod cursor;
mod error;
mod json;
mod members;
mod request;
mod response;
mod route;
mod socket;
mod stored_sql;

pub use baton::{Baton, BatonError, BatonKey};
pub use condition::{Steps, check_conditions};
pub use cursor::{CursorStart, Entries, cursor_entries};
pub use error::HranaError;
pub use libsql_hrana::proto;
pub use request::{AloneBody, CursorBody, Encoding, PipelineBody};
pub use response::{alone_response, pipeline_response};
pub use route::{Endpoint, Named, Route, host_label};
pub use socket::{
    ClientMessage, OtherResponse, SUBPROTOCOLS, ServerMessage, SocketRequest, SocketResponse,
};
pub use stored_sql::StoredSql;
