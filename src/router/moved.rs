//! What a primary answers that has made way: this isolate goes along.

use std::borrow::Cow;
use std::rc::Rc;

use isolite_protocol::directory::{DatabaseRecord, MOVED, MovedTo};
use worker::Result;

use super::{RECORDS, forget_place};
use crate::object::call_js::Answer;

/// Asks where the primary is, and again where it has moved meanwhile: each time of a higher epoch, so it comes to
/// an end.
pub(super) async fn following(
    record: &DatabaseRecord,
    ask: impl AsyncFn(&DatabaseRecord) -> Result<Answer>,
) -> Result<Answer> {
    let mut record = Cow::Borrowed(record);
    loop {
        let asked = ask(&record).await;
        // It may be somewhere else, where this one cannot be reached.
        let answer = asked.inspect_err(|_| forget_place(&record.name, &record.uuid))?;
        match follow(&record, answer.status, || String::from(answer.text.clone())) {
            Some(moved) => record = Cow::Owned(DatabaseRecord::clone(&moved)),
            None => return Ok(answer),
        }
    }
}

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
