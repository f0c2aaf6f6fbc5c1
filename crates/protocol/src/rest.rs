//! D1's REST interface: its routes, its envelope, its codes, its bodies.

mod bearer_token;
mod database;
mod envelope;
mod query_body;
mod rest_error;
mod route;

pub use bearer_token::{Authorization, check_bearer_token};
pub use database::{Database, select_fields};
pub use envelope::{Envelope, ResultInfo};
pub use query_body::QueryBody;
pub use rest_error::RestError;
pub use route::{Method, Route};
