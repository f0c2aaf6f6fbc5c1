//! What libSQL's embedded replicas get: the newest generation, its file, and frames of its log.
//!
//! Their client reads a generation out of each answer with status 400 or 500, as the end of the one that
//! it asked for, tries again what failed with another 5xx, and gives up on the rest. So a failure here
//! has neither 400 nor 500.

use isolite_protocol::Failure;
use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::rest::RestError;
use serde::Deserialize;
use serde_json::json;
use worker::{Env, Error, Response};

use crate::error;
use crate::object::call_js::{Answer, Message};
use crate::rest::pieces::{Piece, pieces};
use crate::rest::primary::path;
use crate::rest::response_js::of_length;
use crate::router::ask_primary;

/// Of one piece of a file.
const PAGES: u32 = 1_024;
const PAGE_BYTES: usize = 4_096;

#[derive(Deserialize)]
struct Size {
    size_pages: u32,
}

/// `GET /info`: `{"current_generation": N}`.
pub(crate) async fn info(env: &Env, record: &DatabaseRecord) -> Result<Response, RestError> {
    match ask(env, record, "/sync/info").await? {
        Told::Done { text, .. } => json_of(&text, 200),
        Told::Refused(response) => Ok(response),
    }
}

/// `GET /export/{generation}`: the SQLite file that frame 1 of the generation goes on from.
pub(crate) async fn export(
    env: &Env,
    record: &DatabaseRecord,
    generation: u32,
) -> Result<Response, RestError> {
    let (first, size_pages) = match file_part(env, record, generation, 1).await? {
        Ok((bytes, size_pages)) => (file_piece(1, size_pages, bytes)?, size_pages),
        Err(response) => return Ok(response),
    };
    let length = u64::from(size_pages) * PAGE_BYTES as u64;
    let (env, record) = (env.clone(), record.clone());
    let pieces = pieces(first, move |page| {
        let (env, record) = (env.clone(), record.clone());
        async move {
            match file_part(&env, &record, generation, page).await? {
                Ok((bytes, _)) => file_piece(page, size_pages, bytes),
                Err(_) => Err(RestError::Internal("What is exported is gone".to_owned())),
            }
        }
    });
    let stream = Response::from_stream(pieces).map_err(platform)?;
    binary(of_length(&stream, length).map_err(platform)?)
}

/// `GET /sync/{generation}/{start}/{end}`: frames, or at the end 400 with `{"generation": M}`.
pub(crate) async fn frames(
    env: &Env,
    record: &DatabaseRecord,
    generation: u32,
    start: u32,
    end: u32,
) -> Result<Response, RestError> {
    let path =
        path_of("/sync/frames", [("generation", generation), ("start", start), ("end", end)]);
    match ask(env, record, &path).await? {
        Told::Done { text, bytes } if bytes.is_empty() => json_of(&text, 400),
        Told::Done { bytes, .. } => binary(Response::from_bytes(bytes).map_err(platform)?),
        Told::Refused(response) => Ok(response),
    }
}

enum Told {
    Done { text: String, bytes: Vec<u8> },
    Refused(Response),
}

async fn ask(env: &Env, record: &DatabaseRecord, path: &str) -> Result<Told, RestError> {
    let message = Message { path, ..Message::default() };
    let Answer { status, text, commits, .. } = match ask_primary(env, record, message).await {
        Ok(answer) => answer,
        Err(error) => {
            return refused(&error::of_platform(&error).to_string(), 503).map(Told::Refused);
        }
    };
    let text = String::from(text);
    let why = || match serde_json::from_str(&text) {
        Ok(Failure { error, .. }) => error,
        Err(_) => text.clone(),
    };
    match status {
        200 => Ok(Told::Done { text, bytes: commits.unwrap_or_default() }),
        404 => Err(RestError::NotFound(why())),
        // What the caller asks is malformed.
        400 => refused(&why(), 422).map(Told::Refused),
        410 => refused(&why(), 410).map(Told::Refused),
        _ => refused(&why(), 503).map(Told::Refused),
    }
}

/// Pages of the file from `first` on, and how many the whole has.
async fn file_part(
    env: &Env,
    record: &DatabaseRecord,
    generation: u32,
    first: u32,
) -> Result<Result<(Vec<u8>, u32), Response>, RestError> {
    let path =
        path_of("/sync/export", [("generation", generation), ("first", first), ("count", PAGES)]);
    match ask(env, record, &path).await? {
        Told::Done { text, bytes } => {
            let size: Result<Size, _> = serde_json::from_str(&text);
            let Size { size_pages } =
                size.map_err(|error| RestError::Internal(error.to_string()))?;
            Ok(Ok((bytes, size_pages)))
        }
        Told::Refused(response) => Ok(Err(response)),
    }
}

/// The pages from `first` on, of which there must be as many as there can be.
fn file_piece(first: u32, size_pages: u32, bytes: Vec<u8>) -> Result<Piece<u32>, RestError> {
    let end = first.saturating_add(PAGES).min(size_pages + 1);
    if bytes.len() != end.saturating_sub(first) as usize * PAGE_BYTES {
        let text = format!("Of pages {first} to {end} came {} bytes", bytes.len());
        return Err(RestError::Internal(text));
    }
    Ok(Piece { bytes, next: (end <= size_pages).then_some(end) })
}

fn path_of(resource: &str, numbers: [(&str, u32); 3]) -> String {
    let texts = numbers.map(|(name, number)| (name, number.to_string()));
    path(resource, &texts.each_ref().map(|(name, text)| (*name, text.as_str())))
}

fn refused(text: &str, status: u16) -> Result<Response, RestError> {
    json_of(&json!({ "error": text }).to_string(), status)
}

fn json_of(text: &str, status: u16) -> Result<Response, RestError> {
    headed(Response::ok(text).map_err(platform)?.with_status(status), "application/json")
}

fn binary(response: Response) -> Result<Response, RestError> {
    headed(response, "application/octet-stream")
}

fn headed(response: Response, content_type: &str) -> Result<Response, RestError> {
    let headers = response.headers();
    headers.set("content-type", content_type).map_err(platform)?;
    headers.set("cache-control", "no-store").map_err(platform)?;
    Ok(response)
}

fn platform(error: Error) -> RestError {
    RestError::Internal(error.to_string())
}
