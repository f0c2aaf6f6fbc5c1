//! What a connection and its file in the VFS both hold: the pages, and what passes between them
//! while SQLite's own result codes are too narrow.

use std::cell::{Cell, RefCell};

use isolite_core::{Changes, Commit};

use crate::source::Source;

/// One database, as seen from both sides of SQLite.
pub(crate) struct Shared {
    pub(crate) source: RefCell<Source>,
    /// What the running transaction has written, until it commits.
    pub(crate) changes: RefCell<Option<Changes>>,
    /// Time of the request being served, which becomes that of its commit.
    pub(crate) now_ms: Cell<i64>,
    /// What the store said when SQLite was told no more than a code.
    pub(crate) error: RefCell<Option<isolite_core::Error>>,
    /// Commits made since they were last taken out.
    pub(crate) commits: RefCell<Vec<Commit>>,
    pub(crate) transaction_pages_max: usize,
}

impl Shared {
    pub(crate) fn new(source: Source, transaction_pages_max: usize) -> Self {
        Shared {
            source: RefCell::new(source),
            changes: RefCell::new(None),
            now_ms: Cell::new(0),
            error: RefCell::new(None),
            commits: RefCell::new(Vec::new()),
            transaction_pages_max,
        }
    }

    /// Throws away what a transaction has written that did not commit.
    pub(crate) fn discard(&self) {
        drop(self.changes.take());
    }
}
