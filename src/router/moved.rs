//! What a primary answers that has made way: this isolate goes along.

use std::rc::Rc;

use isolite_protocol::directory::{DatabaseRecord, MOVED, MovedTo};

use super::{RECORDS, forget_place};

/// Where the primary has moved, if that is what it answered and was not known. From then on this isolate
/// knows it.
pub(crate) fn follow(
    record: &DatabaseRecord,
    status: u16,
    text: impl FnOnce() -> String,
) -> Option<Rc<DatabaseRecord>> {
    if status != MOVED {
        return None;
    }
    let moved = MovedTo::decode(&text()).and_then(|to| record.moved(&to)).map(Rc::new);
    match &moved {
        Some(moved) => RECORDS.with_borrow_mut(|records| records.insert(Rc::clone(moved))),
        None => forget_place(&record.name, &record.uuid),
    }
    moved
}
