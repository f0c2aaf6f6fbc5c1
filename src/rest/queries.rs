//! SQL over REST. The primary's answer is wrapped into the envelope as it is. With `as_of`, a bookmark,
//! it is of how the database was there.

use isolite_protocol::Answer as D1Answer;
use isolite_protocol::rest::{Envelope, QueryBody, RestError};
use isolite_protocol::{ResultsFormat, query_string};
use worker::Env;

use super::{Answer, databases};
use crate::error;
use crate::object::call_js::{Message, Object, Text, send};

/// `/query`: rows as objects.
pub(super) async fn objects(env: &Env, database: &str, query: &str, body: &str) -> Answer {
    execute(env, database, query, body, ResultsFormat::ArrayOfObjects).await
}

/// `/raw`: rows as arrays.
pub(super) async fn rows(env: &Env, database: &str, query: &str, body: &str) -> Answer {
    execute(env, database, query, body, ResultsFormat::RowsAndColumns).await
}

async fn execute(
    env: &Env,
    database: &str,
    query: &str,
    body: &str,
    format: ResultsFormat,
) -> Answer {
    let (resource, body) = match QueryBody::decode(body)? {
        QueryBody::Script(body) => ("/script", body),
        QueryBody::Batch(queries) => ("/query", queries),
    };
    let record = databases::find(env, database).await?;
    let as_of = query_string::value(query, "as_of").filter(|as_of| !as_of.is_empty());
    let as_of = as_of.map(|bookmark| format!("&as_of={}", query_string::encode(&bookmark)));
    let as_of = as_of.unwrap_or_default();
    let path = format!("{resource}?resultsFormat={}{as_of}", format.as_str());
    let body = Text::from(body);
    let message = Message { path: &path, body: Some(&body), ..Message::default() };
    let answer = send(env, Object::primary_of(&record), message).await;
    let answer = answer.map_err(|error| error::of_platform(&error))?;
    if answer.status == 404 {
        return Err(RestError::NoSuchDatabase(database.to_owned()));
    }
    let text = String::from(answer.text);
    if answer.status >= 500 {
        let failure = D1Answer::decode(&text).ok().and_then(Result::err);
        return Err(RestError::Internal(failure.map_or(text, |failure| failure.error)));
    }
    results(&text)
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
