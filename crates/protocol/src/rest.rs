//! D1's REST interface: its routes, its envelope, its codes, its bodies.

mod access;
mod bearer_token;
mod database;
mod envelope;
mod group_migrations;
mod query_body;
mod rest_error;
mod route;

pub use access::{Access, Grant};
pub use bearer_token::{Authorization, bearer_token, check_bearer_token};
pub use database::{Database, select_fields};
pub use envelope::{Envelope, ResultInfo};
pub use group_migrations::{
    FailedDatabase, FailedMigration, MigrateGroup, Migrated, MigratedDatabase, MigratedPage,
    Migration,
};
pub use query_body::QueryBody;
pub use rest_error::RestError;
pub use route::{Method, Route};
