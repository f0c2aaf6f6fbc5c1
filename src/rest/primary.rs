//! What REST asks of a primary besides queries, with its refusals as REST tells of them.

use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::rest::RestError;
use isolite_protocol::{Failure, query_string};
use worker::Env;

use crate::error;
use crate::object::call_js::{Answer, Message, Text};
use crate::router::ask_primary;

/// What it answered, if it did as asked.
pub(super) struct Told {
    pub text: String,
    /// Empty if the path has none.
    pub bytes: Vec<u8>,
}

pub(super) async fn ask(
    env: &Env,
    record: &DatabaseRecord,
    path: &str,
    body: Option<&str>,
) -> Result<Told, RestError> {
    let body = body.map(Text::from);
    let message = Message { path, body: body.as_ref(), ..Message::default() };
    told(ask_primary(env, record, message).await)
}

/// An object's answer, or its refusal.
pub(super) fn told(answer: worker::Result<Answer>) -> Result<Told, RestError> {
    let Answer { status, text, commits, .. } =
        answer.map_err(|error| error::of_platform(&error))?;
    let text = String::from(text);
    // Of what succeeded the text is not looked at: it may be no JSON.
    let error = || match serde_json::from_str(&text) {
        Ok(Failure { error, .. }) => error,
        Err(_) => text.clone(),
    };
    match status {
        200 => Ok(Told { text, bytes: commits.unwrap_or_default() }),
        400 | 409 => Err(RestError::Refused(error())),
        404 => Err(RestError::NotFound(error())),
        _ => Err(RestError::Internal(error())),
    }
}

/// The path with its query part, the values encoded.
pub(crate) fn path(resource: &str, parameters: &[(&str, &str)]) -> String {
    let parts = parameters.iter().map(|(name, value)| {
        let value = query_string::encode(value);
        format!("{name}={value}")
    });
    let query: Vec<String> = parts.collect();
    format!("{resource}?{}", query.join("&"))
}
