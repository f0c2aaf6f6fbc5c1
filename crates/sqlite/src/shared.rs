//! What a connection and its file in the VFS both hold: the store, and what passes between them
//! while SQLite's own result codes are too narrow.

use std::cell::{Cell, RefCell};

use isolite_core::{Commit, Store};

/// One database, as seen from both sides of SQLite.
pub(crate) struct Shared {
    pub(crate) store: RefCell<Store>,
    /// Time of the request being served, which becomes that of its commit.
    pub(crate) now_ms: Cell<i64>,
    /// What the store said when SQLite was told no more than a code.
    pub(crate) error: RefCell<Option<isolite_core::Error>>,
    /// Commits made since they were last taken out.
    pub(crate) commits: RefCell<Vec<Commit>>,
    pub(crate) transaction_pages_max: usize,
}

impl Shared {
    pub(crate) fn new(store: Store, transaction_pages_max: usize) -> Self {
        Shared {
            store: RefCell::new(store),
            now_ms: Cell::new(0),
            error: RefCell::new(None),
            commits: RefCell::new(Vec::new()),
            transaction_pages_max,
        }
    }
}
