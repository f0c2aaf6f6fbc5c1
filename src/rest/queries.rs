//! SQL over REST. The primary's answer is wrapped into the envelope as it is. With `as_of`, a bookmark,
//! it is of how the database was there.

use isolite_protocol::Answer as D1Answer;
use isolite_protocol::directory::Right;
use isolite_protocol::request_log::Outcome;
use isolite_protocol::rest::{Envelope, QueryBody, RestError};
use isolite_protocol::{ResultsFormat, query_string};
use worker::Env;

use super::{Answer, databases};
use crate::error;
use crate::object::call_js::{Message, Text};
use crate::request_log::RequestLog;
use crate::router::ask_primary;

/// Of which database, with what in the query part of the path, and what the caller may.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub database: &'a str,
    pub query: &'a str,
    pub right: Right,
    pub log: &'a RequestLog,
}

/// `/query`: rows as objects.
pub(super) async fn objects(env: &Env, asked: Asked<'_>, body: &str) -> Answer {
    execute(env, asked, body, ResultsFormat::ArrayOfObjects).await
}

/// `/raw`: rows as arrays.
pub(super) async fn rows(env: &Env, asked: Asked<'_>, body: &str) -> Answer {
    execute(env, asked, body, ResultsFormat::RowsAndColumns).await
}

async fn execute(env: &Env, asked: Asked<'_>, body: &str, format: ResultsFormat) -> Answer {
    let Asked { database, query, right, log } = asked;
    log.asked(|| body.into());
    let (resource, body) = match QueryBody::decode(body)? {
        QueryBody::Script(body) => ("/script", body),
        QueryBody::Batch(queries) => ("/query", queries),
    };
    let record = databases::find(env, database).await?;
    log.found(&record);
    let as_of = query_string::value(query, "as_of").filter(|as_of| !as_of.is_empty());
    let as_of = as_of.map(|bookmark| format!("&as_of={}", query_string::encode(&bookmark)));
    let as_of = as_of.unwrap_or_default();
    // What only reads is decided where it runs, statement by statement.
    let access = if right == Right::Read { "&access=read" } else { "" };
    let path = format!("{resource}?resultsFormat={}{as_of}{access}", format.as_str());
    let body = Text::from(body);
    // With it the answer has a bookmark.
    let have = log.wants_all().then_some("");
    let message = Message { path: &path, body: Some(&body), have, ..Message::default() };
    let answer = ask_primary(env, &record, message).await;
    let answer = answer.map_err(|error| error::of_platform(&error))?;
    if answer.status == 404 {
        return Err(RestError::NoSuchDatabase(database.to_owned()));
    }
    let text = String::from(answer.text);
    if log.wants_all() {
        log.answered(answer.bookmark.as_deref(), Outcome::of_d1(&text));
    }
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
