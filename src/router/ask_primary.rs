//! Calls of a database's primary, wherever that has moved meanwhile.

use isolite_protocol::directory::DatabaseRecord;
use worker::{Env, Result};

use super::moved::following;
use crate::object::call_js::{Answer, Message, Object, send};

/// Asks the primary, and the one that it has made way for.
pub(crate) async fn ask_primary(
    env: &Env,
    record: &DatabaseRecord,
    message: Message<'_>,
) -> Result<Answer> {
    following(record, async |record| send(env, Object::primary_of(record), message).await).await
}
