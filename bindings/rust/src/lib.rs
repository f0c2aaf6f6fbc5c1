//! A D1-compatible SQLite database inside a Rust Worker.
//!
//! The types have the names and the methods of `worker::d1`, so code written for D1 changes the line
//! that takes the database, and where it names the types, their import; [`d1`] has what `worker::d1`
//! has. Nothing of D1's JavaScript is used: queries go to the database's Durable Object as JSON, and
//! answers are decoded by serde, so 64-bit integers keep every digit.
//!
//! What D1 can bind is bound as D1 binds it, so every number as REAL; an INTEGER is bound by
//! [`D1Type::BigInt`], by a BigInt of JavaScript, by `query!` beyond 2^53, and by
//! [`bind_values`](D1PreparedStatement::bind_values).
//!
//! The Worker's configuration binds the three Durable Objects; the example `rust-embedded` shows it
//! whole.
//!
//! ```no_run
//! use serde::Deserialize;
//! use worker::{Env, Result};
//!
//! // Has worker-build export the Durable Objects' classes from this Worker.
//! pub use isolite::{IsoliteDirectory, IsolitePrimary, IsoliteReplica};
//!
//! #[derive(Deserialize)]
//! struct City {
//!     name: String,
//!     population: i64,
//! }
//!
//! async fn cities(env: &Env) -> Result<Vec<City>> {
//!     let db = isolite::database(env, "demo");
//!     let query = "SELECT name, population FROM cities WHERE country = ?1";
//!     isolite::query!(&db, query, "DE")?.all().await?.results()
//! }
//! ```

mod argument;
mod channel;
mod database;
mod databases;
mod error;
mod js_value;
mod location;
mod macros;
mod result;
mod rows;
mod session;
mod statement;
mod transaction;
mod visitor;

pub use argument::{D1Argument, D1PreparedArgument, D1Type, parameter};
pub use database::{D1Database, database, existing_database};
pub use databases::{D1Databases, databases};
pub use error::D1Failure;
pub use isolite_protocol::Value;
pub use isolite_worker::{IsoliteDirectory, IsolitePrimary, IsoliteReplica};
pub use location::near;
pub use result::{D1ExecResult, D1Result, D1ResultMeta};
pub use session::{D1DatabaseSession, D1SessionBookmark, D1SessionConstraint};
pub use statement::D1PreparedStatement;
pub use transaction::{D1Transaction, D1TransactionMode, D1TransactionOptions};
pub use visitor::VisitorSession;
pub use worker::d1::{D1Error, serde_wasm_bindgen};
pub use worker::{Error, Result};

/// What `worker::d1` has, for code that names its types by the module.
pub mod d1 {
    pub use crate::{
        D1Argument, D1Database, D1DatabaseSession, D1Error, D1PreparedArgument,
        D1PreparedStatement, D1Result, D1ResultMeta, D1SessionBookmark, D1SessionConstraint,
        D1Type, serde_wasm_bindgen,
    };
}
