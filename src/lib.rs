//! The Isolite Worker: its Durable Objects, its routes, and the border with JavaScript.
//!
//! The only Rust that knows Workers, async and time. `docs/architecture.md` walks a read and a
//! write through these files.

#[cfg(feature = "entry")]
mod access_token_js;
mod backup_bucket;
#[cfg(feature = "entry")]
mod console;
mod directory;
mod embedded_replicas;
#[cfg(feature = "entry")]
mod entry;
#[cfg(feature = "entry")]
mod error;
#[cfg(feature = "entry")]
mod hrana;
mod object;
mod platform_js;
mod primary;
mod region;
mod replica;
#[cfg(feature = "entry")]
mod request_log;
#[cfg(feature = "entry")]
mod rest;
pub mod router;
mod settings_js;
mod target;
#[cfg(feature = "entry")]
mod upload;

pub use directory::IsoliteDirectory;
pub use primary::IsolitePrimary;
pub use replica::IsoliteReplica;
#[cfg(feature = "entry")]
pub use upload::IsoliteUpload;
