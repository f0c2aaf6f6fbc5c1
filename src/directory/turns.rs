//! Turns: what takes several steps with one database, or with one name, goes one after the other.
//!
//! Between two steps the directory waits for another object, and answers others meanwhile. They are
//! kept in memory alone: whatever a crash cuts short is told by the table.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use futures_util::lock::{Mutex, OwnedMutexGuard};

/// Turns that are over are dropped as soon as there are so many.
const KEPT_MAX: usize = 256;

#[derive(Default)]
pub(super) struct Turns {
    by_key: RefCell<HashMap<String, Arc<Mutex<()>>>>,
}

impl Turns {
    /// Waits for the turn, which ends as what this gives is dropped.
    pub async fn take(&self, key: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut by_key = self.by_key.borrow_mut();
            if by_key.len() >= KEPT_MAX {
                by_key.retain(|_, turn| Arc::strong_count(turn) > 1);
            }
            Arc::clone(by_key.entry(key.to_owned()).or_default())
        };
        turn.lock_owned().await
    }
}
