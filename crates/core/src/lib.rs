//! Positions, LTX, the log, pages and checkpoints of Isolite, as plain synchronous Rust.
//!
//! No SQLite, no JavaScript, no clock, no randomness and no I/O of its own: time comes in as an
//! argument and storage through the [`Storage`] trait, so that every path runs in a test.

mod bookmark;
mod cache;
mod checkpoint;
mod checksum;
mod commit;
mod crc64;
mod embedded_replica;
mod error;
pub mod ltx;
#[cfg(feature = "testing")]
pub mod memory_storage;
mod page;
mod position;
#[cfg(test)]
mod random;
mod recent;
mod session;
mod storage;
mod store;

pub use bookmark::BookmarkError;
pub use checkpoint::{CheckpointPolicy, CheckpointProgress};
pub use checksum::Checksum;
pub use commit::{Changes, Commit};
pub use embedded_replica::{EmbeddedReplica, Received};
pub use error::Error;
pub use page::{LOCK_PAGE, PAGE_SIZE, PageImage, PageNo, blank_page};
pub use position::{Position, Txid};
pub use session::{Constraint, Standing};
pub use storage::{LogRow, Mark, Storage, StorageError};
pub use store::Store;
