//! The connections that are open on a thread, which is to say in an isolate.
//!
//! An object that the platform has evicted keeps its memory until JavaScript collects it, and the
//! bound on SQLite's memory is one for the whole isolate. So a database that opens has the others
//! give back the pages that they keep only for speed.

use std::cell::RefCell;

use rusqlite::{Connection, ffi};

thread_local! {
    static OPEN: RefCell<Vec<*mut ffi::sqlite3>> = const { RefCell::new(Vec::new()) };
}

/// Has all databases of the isolate let go of the pages that they keep only for speed. None of them may
/// be running a request.
pub fn release_caches() {
    OPEN.with_borrow(|open| {
        for db in open {
            // SAFETY: a registered connection is open, on this thread, and between requests: whoever
            // calls this runs none.
            unsafe { ffi::sqlite3_db_release_memory(*db) };
        }
    });
}

/// Bytes that SQLite holds for all databases of the isolate.
pub fn memory_bytes() -> i64 {
    // SAFETY: it takes nothing, and only reads a counter.
    unsafe { ffi::sqlite3_memory_used() }
}

/// A connection's place among the open ones, to be dropped before the connection.
pub(crate) struct Registered(*mut ffi::sqlite3);

impl Registered {
    /// Registers a connection, after the others have let go of their caches.
    pub(crate) fn new(connection: &Connection) -> Self {
        release_caches();
        OPEN.with_borrow_mut(|open| {
            // SAFETY: the handle is open, and leaves the list before it closes (see the type).
            let db = unsafe { connection.handle() };
            open.push(db);
            Registered(db)
        })
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        OPEN.with_borrow_mut(|open| open.retain(|db| *db != self.0));
    }
}
