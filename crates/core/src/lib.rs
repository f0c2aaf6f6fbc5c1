//! Positions, LTX, the log, pages and checkpoints of Isolite, as plain synchronous Rust.
//!
//! No SQLite, no JavaScript, no clock, no randomness and no I/O of its own: time comes in as an
//! argument and storage through the [`Storage`] trait, so that every path runs in a test.

pub mod backup;
mod bookmark;
mod bootstrap;
mod cache;
mod checkpoint;
mod checksum;
mod commit;
mod commit_times;
mod crc64;
mod draft;
mod early;
mod embedded_replica;
mod error;
mod followers;
mod generation;
mod history;
pub mod ltx;
#[cfg(feature = "testing")]
pub mod memory_storage;
mod page;
mod page_row;
mod page_set;
mod past;
mod position;
pub mod promotion;
#[cfg(test)]
mod random;
mod rate;
mod received;
mod recent;
mod replica;
mod scratch;
mod session;
mod storage;
mod store;
mod varint;
mod wal_frame;
mod write_lock;

pub use bookmark::{Bookmark, BookmarkError, Tag};
pub use bootstrap::{Ask, Bootstrap};
pub use checkpoint::{CheckpointPolicy, CheckpointProgress};
pub use checksum::Checksum;
pub use commit::{Changes, Commit};
pub use draft::Draft;
pub use embedded_replica::EmbeddedReplica;
pub use error::Error;
pub use followers::{Followed, Followers, Push};
pub use generation::{
    Asked, BasePart, Generation, Generations, NotFollowed, Pulled, WAL_FRAMES_MAX,
};
pub use history::{Interval, IntervalNo, NotKept, Retention};
pub use page::{LOCK_PAGE, PAGE_SIZE, PageImage, PageNo, blank_page};
pub use page_set::PageSet;
pub use past::Past;
pub use position::{Position, Txid};
pub use rate::Rate;
pub use received::Received;
pub use replica::{Answer, Progress, Pushed, Replica, ReplicaPages};
pub use scratch::Scratch;
pub use session::{Constraint, SESSION_AGE_MS_MAX, Standing};
pub use storage::{LogRow, Mark, Storage, StorageError, Turn};
pub use store::{LogSinceMark, Store};
pub use wal_frame::WAL_FRAME_SIZE;
pub use write_lock::{Ticket, WriteLock};
