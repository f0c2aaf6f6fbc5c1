//! SQL over REST. The primary's answer is wrapped into the envelope as it is.

use isolite_protocol::Answer as D1Answer;
use isolite_protocol::ResultsFormat;
use isolite_protocol::directory::Right;
use isolite_protocol::rest::{Envelope, QueryBody, RestError};

use super::{Answer, Caller, databases};
use crate::error;
use crate::object::call_js::{Message, Object, Text, send};

/// `/query`: rows as objects.
pub(super) async fn objects(caller: &Caller<'_>, database: &str, body: &str) -> Answer {
    execute(caller, database, body, ResultsFormat::ArrayOfObjects).await
}

/// `/raw`: rows as arrays.
pub(super) async fn rows(caller: &Caller<'_>, database: &str, body: &str) -> Answer {
    execute(caller, database, body, ResultsFormat::RowsAndColumns).await
}

async fn execute(caller: &Caller<'_>, database: &str, body: &str, format: ResultsFormat) -> Answer {
    let (resource, body) = match QueryBody::decode(body)? {
        QueryBody::Script(body) => ("/script", body),
        QueryBody::Batch(queries) => ("/query", queries),
    };
    let record = databases::find(caller, database).await?;
    // What only reads is decided where it runs, statement by statement.
    let access = if caller.grant.right() == Right::Read { "&access=read" } else { "" };
    let path = format!("{resource}?resultsFormat={}{access}", format.as_str());
    let body = Text::from(body);
    let message = Message { path: &path, body: Some(&body), ..Message::default() };
    let answer = send(caller.env, Object::primary_of(&record), message).await;
    let answer = answer.map_err(|error| error::of_platform(&error))?;
    if answer.status == 404 {
        return Err(RestError::NoSuchDatabase(database.to_owned()));
    }
    let text = String::from(answer.text);
    let failure = || D1Answer::decode(&text).ok().and_then(Result::err);
    let told = || failure().map_or_else(|| text.clone(), |failure| failure.error);
    match answer.status {
        403 => Err(RestError::Forbidden(told())),
        500.. => Err(RestError::Internal(told())),
        _ => results(&text),
    }
}

/// An array is the results, passed on unread; any object is read, as it may be a failure.
fn results(text: &str) -> Answer {
    if text.starts_with('[') {
        return Ok(Envelope::success(text, None));
    }
    match D1Answer::decode(text) {
        Ok(Ok(_)) => Ok(Envelope::success(&format!("[{text}]"), None)),
        Ok(Err(failure)) => Err(RestError::Sql(failure.error)),
        Err(error) => Err(RestError::Internal(error.to_string())),
    }
}
