//! The answer of a cursor, as a stream: the next piece is under way while a client takes the one before.

use std::rc::Rc;

use isolite_protocol::DatabaseRecord;
use isolite_protocol::hrana::Encoding;
use isolite_protocol::rest::RestError;
use worker::{Env, Response, Result};

use crate::object::call_js::{Answer, Message};
use crate::request_log::RequestLog;
use crate::rest::pieces::{Piece, pieces};
use crate::router::ask_primary;

/// The first piece and all after it. What was refused has no pieces.
pub(super) fn response(
    env: &Env,
    record: Rc<DatabaseRecord>,
    answer: Answer,
    encoding: Encoding,
    log: &RequestLog,
) -> Result<Response> {
    if answer.commits.is_none() {
        return super::response(answer, encoding, log);
    }
    let env = env.clone();
    let pieces = pieces(piece(answer), move |name| {
        let (env, record) = (env.clone(), Rc::clone(&record));
        async move {
            let path = format!("/hrana/cursor/next?cursor={name}");
            let message = Message { path: &path, ..Message::default() };
            let answer = ask_primary(&env, &record, message).await;
            let answer = answer.map_err(|error| RestError::Internal(error.to_string()))?;
            match answer.status {
                200 => Ok(piece(answer)),
                _ => Err(RestError::Internal(answer.text.into())),
            }
        }
    });
    let response = Response::from_stream(pieces)?;
    let content_type = match encoding {
        Encoding::Json => "application/x-ndjson",
        Encoding::Protobuf => "application/x-protobuf",
    };
    response.headers().set("content-type", content_type)?;
    Ok(response)
}

fn piece(answer: Answer) -> Piece<String> {
    Piece { bytes: answer.commits.unwrap_or_default(), next: answer.bookmark }
}
