//! Positions at which somebody reads in several requests. From the oldest of them on nothing is dropped,
//! whatever the retention: pages that were would be read as later ones.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use isolite_core::{Position, Txid};

/// How many read at each.
#[derive(Clone, Default)]
pub(super) struct Reads(Rc<RefCell<BTreeMap<Txid, usize>>>);

/// One of them, as long as it lasts.
pub(super) struct Read {
    reads: Reads,
    txid: Txid,
}

impl Reads {
    pub(super) fn at(&self, position: Position) -> Read {
        *self.0.borrow_mut().entry(position.txid).or_default() += 1;
        Read { reads: self.clone(), txid: position.txid }
    }

    pub(super) fn oldest(&self) -> Option<Txid> {
        self.0.borrow().keys().next().copied()
    }
}

impl Drop for Read {
    fn drop(&mut self) {
        let mut reads = self.reads.0.borrow_mut();
        if let Some(count) = reads.get_mut(&self.txid) {
            *count -= 1;
            if *count == 0 {
                reads.remove(&self.txid);
            }
        }
    }
}
