//! Calls of a database's primary, wherever that has moved meanwhile.

use std::borrow::Cow;

use isolite_protocol::directory::DatabaseRecord;
use worker::{Env, Error, Result};

use super::{follow, forget_place};
use crate::object::call_js::{Answer, Message, Object, send};

/// How often one call follows a primary that moves.
const MOVES_MAX: u32 = 4;

/// Asks the primary, and the one that it has made way for.
pub(crate) async fn ask_primary(
    env: &Env,
    record: &DatabaseRecord,
    message: Message<'_>,
) -> Result<Answer> {
    let mut record = Cow::Borrowed(record);
    for _ in 0..MOVES_MAX {
        let sent = send(env, Object::primary_of(&record), message).await;
        let answer = sent.inspect_err(|_| forget_place(&record.name, &record.uuid))?;
        match follow(&record, answer.status, || String::from(answer.text.clone())) {
            Some(moved) => record = Cow::Owned((*moved).clone()),
            None => return Ok(answer),
        }
    }
    Err(Error::RustError("The primary of this database moves too often: try again".to_owned()))
}
