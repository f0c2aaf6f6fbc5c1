//! What the store asks of the place that keeps it: a log, pages, and one mark.
//!
//! The trait is small and synchronous, so that a Durable Object's SQLite serves it in production
//! and an in-memory fake that fails or crashes at any call serves it in tests.
//!
//! Invariants that an implementation holds:
//! - every method is all or nothing, also when it writes several rows;
//! - methods take effect in the order of their calls, and a crash keeps a prefix of them.

use std::fmt;

use crate::commit::Commit;
use crate::history::{Interval, IntervalNo};
use crate::page::PageNo;
use crate::page_set::PageSet;
use crate::position::{Position, Txid};

/// Storage did not do what it was asked; the message is the platform's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StorageError(pub String);

impl fmt::Display for StorageError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StorageError {}

/// Up to where the pages are folded: the position and size of the last finished checkpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub position: Position,
    /// Size of the database at that position, in pages.
    pub size_pages: PageNo,
}

/// One commit as the log returns it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogRow {
    /// The position after the commit.
    pub position: Position,
    /// The commit's LTX file, whole.
    pub ltx: Vec<u8>,
}

/// Keeps one database for one object.
pub trait Storage {
    /// The mark of the last finished checkpoint, or none before the first.
    fn mark(&self) -> Result<Option<Mark>, StorageError>;

    /// Calls `visit` with each commit after `after` up to `upto`, in order; one that several were
    /// compacted into counts as its last.
    fn read_log(
        &self,
        after: Txid,
        upto: Txid,
        visit: &mut dyn FnMut(LogRow) -> Result<(), crate::Error>,
    ) -> Result<(), crate::Error>;

    /// Part of one commit's LTX file.
    fn read_frame(&self, txid: Txid, offset: u32, len: u32) -> Result<Vec<u8>, StorageError>;

    /// Adds one commit to the end of the log. Bytes that are kept since the mark count towards
    /// the next checkpoint.
    fn append(&self, commit: &Commit) -> Result<(), StorageError>;

    /// Calls `visit` with those pages of `first..first + count` that are kept, in order.
    fn read_pages(
        &self,
        first: PageNo,
        count: u32,
        visit: &mut dyn FnMut(PageNo, &[u8]),
    ) -> Result<(), StorageError>;

    /// Keeps these pages, each as a row of bytes (`page_row`), in place of older ones of theirs. Those
    /// become past pages of the interval, unless it has them already.
    fn write_pages(
        &self,
        pages: &[(PageNo, Vec<u8>)],
        interval: Option<IntervalNo>,
    ) -> Result<(), StorageError>;

    /// Ends a checkpoint: sets the mark and drops pages beyond its size, which become past pages of
    /// the interval that ends. With `turn` that interval ends and the next begins.
    fn set_mark(&self, mark: &Mark, turn: Option<&Turn<'_>>) -> Result<(), StorageError>;

    /// Drops everything: the log, the pages, the mark, the past and what is staged.
    fn clear(&self) -> Result<(), StorageError>;

    /// Drops the oldest commits at or before `upto`. Of the last `keep_bytes` before there nothing
    /// is dropped, nor the commit in which they begin.
    fn trim_log(&self, upto: Txid, keep_bytes: u64) -> Result<(), StorageError>;

    /// Calls `visit` with each interval that is kept, oldest first.
    fn intervals(&self, visit: &mut dyn FnMut(Interval)) -> Result<(), StorageError>;

    /// Begins the first interval, or takes down that one is being dropped.
    fn put_interval(&self, interval: &Interval) -> Result<(), StorageError>;

    /// The pages that were written over at the end of an interval; None if only each of them tells.
    fn interval_pages(&self, interval: IntervalNo) -> Result<Option<PageSet>, StorageError>;

    /// The row of a page as it was when an interval began.
    fn read_base(
        &self,
        interval: IntervalNo,
        number: PageNo,
    ) -> Result<Option<Vec<u8>>, StorageError>;

    /// Drops past pages of an interval, all that there are without `pages`.
    fn drop_past(&self, interval: IntervalNo, pages: Option<&[PageNo]>)
    -> Result<(), StorageError>;

    /// Drops an interval, whose past pages are gone.
    fn drop_interval(&self, interval: IntervalNo) -> Result<(), StorageError>;

    /// Keeps rows of pages aside, in place of older ones of theirs.
    fn stage(&self, pages: &[(PageNo, Vec<u8>)]) -> Result<(), StorageError>;

    /// The row of a page that was kept aside.
    fn read_staged(&self, number: PageNo) -> Result<Option<Vec<u8>>, StorageError>;

    /// Lets go of up to so many rows that were kept aside and not published, and of scratch files. False
    /// once there are none left.
    fn discard_staged(&self, count: usize) -> Result<bool, StorageError>;

    /// Keeps a chunk of a scratch file in place of an older one.
    fn write_scratch(&self, file: u32, chunk: u32, bytes: &[u8]) -> Result<(), StorageError>;

    /// Part of a chunk, as much as there is of it.
    fn read_scratch(
        &self,
        file: u32,
        chunk: u32,
        offset: u32,
        len: u32,
    ) -> Result<Vec<u8>, StorageError>;

    /// Drops a scratch file, or all.
    fn drop_scratch(&self, file: Option<u32>) -> Result<(), StorageError>;

    /// Makes what was kept aside the pages of a new interval, where `mark` is.
    fn publish(&self, mark: &Mark, turn: &Turn<'_>) -> Result<(), StorageError>;

    /// Whether pages that were published are still to be settled.
    fn is_unsettled(&self) -> Result<bool, StorageError>;

    /// Puts up to so many published pages into their places, without anybody seeing a difference.
    /// False once there are none left.
    fn settle(&self, count: usize) -> Result<bool, StorageError>;
}

/// From one interval to the next.
#[derive(Debug)]
pub struct Turn<'a> {
    /// The one that ends, with what it takes.
    pub ended: &'a Interval,
    /// Pages that were written over, or dropped, at its end.
    pub pages: &'a PageSet,
    pub next: &'a Interval,
}
