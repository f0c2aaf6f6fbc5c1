//! Export: a URL to fetch it by, and the file itself, which is never whole in memory.
//!
//! The primary holds the position, so all pieces are of one state of the database while it goes on.
//! A piece that does not come ends the stream with an error: what a client has fetched whole is whole.

use futures_util::Stream;
use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::query_string;
use isolite_protocol::rest::{Envelope, ExportBody, ExportOptions, FileFormat, Method, RestError};
use serde::{Deserialize, Serialize};
use worker::{Env, Error, Response};

use super::jobs::WAIT_TIME;
use super::pieces::{Piece, pieces};
use super::primary::{ask, path};
use super::response_js::of_length;
use super::signed::Signer;
use super::{Answer, Reply, databases, internal};
use crate::object::call_js::within;

/// A piece of a dump, about.
const DUMP_BYTES: usize = 4 << 20;
/// The same of a file.
const PAGES: u64 = 1_024;
const PAGE_BYTES: u64 = 4_096;

#[derive(Deserialize)]
struct Begun {
    at_bookmark: String,
}

#[derive(Deserialize)]
struct Size {
    size_pages: u64,
}

/// `result` as wrangler reads it. It has a `success` of its own.
#[derive(Serialize)]
struct Exported<'a> {
    success: bool,
    #[serde(rename = "type")]
    kind: &'static str,
    status: &'static str,
    at_bookmark: &'a str,
    messages: Vec<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Download<'a>>,
}

#[derive(Serialize)]
struct Download<'a> {
    filename: &'a str,
    signed_url: &'a str,
}

/// Where a file of an export is.
#[derive(Clone)]
struct Source {
    env: Env,
    record: DatabaseRecord,
    options: ExportOptions,
    at: String,
}

impl<'a> Exported<'a> {
    /// What a client asks for again, with `at` if it knows one.
    fn waiting(at: Option<&'a str>) -> Self {
        Exported {
            success: true,
            kind: "export",
            status: "active",
            at_bookmark: at.unwrap_or_default(),
            messages: vec!["The database is busy, and the export waits for it"],
            result: None,
        }
    }
}

/// `POST …/export`: complete as soon as the primary answers, since the work is done as the file is fetched.
pub(super) async fn begin(env: &Env, signer: &Signer, database: &str, body: &str) -> Answer {
    let ExportBody { options, at } = ExportBody::decode(body)?;
    let record = databases::find(env, database).await?;
    let held = async {
        match at.clone() {
            // It is held on, or refused, by a first look at it.
            Some(at) => page_range(env, &record, &at, 1, 1).await.map(|_| at),
            None => hold(env, &record, &options).await,
        }
    };
    let at = match within(WAIT_TIME, held).await {
        Some(at) => at?,
        None => return answered(&Exported::waiting(at.as_deref())),
    };
    let filename = filename(&record, &options, &at);
    let parameters = format!("{}&at={}", options.to_query(), query_string::encode(&at));
    let signed_url = signer.url(Method::Get, &record, &format!("export/{filename}"), &parameters);
    let exported = Exported {
        success: true,
        kind: "export",
        status: "complete",
        at_bookmark: &at,
        messages: vec![],
        result: Some(Download { filename: &filename, signed_url: &signed_url }),
    };
    answered(&exported)
}

fn answered(exported: &Exported<'_>) -> Answer {
    Ok(Envelope::success(&serde_json::to_string(exported).map_err(internal)?, None))
}

/// `GET …/export`, or by a signed URL: the file. With `at` it is of that position.
pub(super) async fn file(env: &Env, database: &str, query: &str) -> Result<Reply, RestError> {
    let options = ExportOptions::from_query(query)?;
    let record = databases::find(env, database).await?;
    let at = match query_string::value(query, "at").filter(|at| !at.is_empty()) {
        Some(at) => at,
        None => hold(env, &record, &options).await?,
    };
    let filename = filename(&record, &options, &at);
    let source = Source { env: env.clone(), record, options, at };
    let format = source.options.format;
    let response = match format {
        FileFormat::Sql => source.sql().await?,
        FileFormat::Sqlite => source.sqlite().await?,
    };
    headers(response, format, &filename).map(Reply::Whole).map_err(platform)
}

/// Has the primary hold where it stands now.
async fn hold(
    env: &Env,
    record: &DatabaseRecord,
    options: &ExportOptions,
) -> Result<String, RestError> {
    let told = ask(env, record, "/export/begin", Some(&options.to_body())).await?;
    let begun: Begun = serde_json::from_str(&told.text).map_err(internal)?;
    Ok(begun.at_bookmark)
}

impl Source {
    async fn sql(self) -> Result<Response, RestError> {
        // What is refused is so with the first piece, before there is a status.
        let first = self.dump(None).await?;
        let pieces = pieces(first, move |cursor| {
            let source = self.clone();
            async move { source.dump(Some(cursor)).await }
        });
        Response::from_stream(pieces).map_err(platform)
    }

    async fn sqlite(self) -> Result<Response, RestError> {
        let (size_pages, bytes) = page_range(&self.env, &self.record, &self.at, 1, PAGES).await?;
        let first = file_piece(1, size_pages, bytes)?;
        let length = size_pages * PAGE_BYTES;
        let pieces = pieces(first, move |page| {
            let source = self.clone();
            async move {
                let Source { env, record, at, .. } = &source;
                let count = PAGES.min(size_pages.saturating_sub(page - 1));
                let (_, bytes) = page_range(env, record, at, page, count).await?;
                file_piece(page, size_pages, bytes)
            }
        });
        let stream = stream_of(pieces).map_err(platform)?;
        of_length(&stream, length).map_err(platform)
    }

    async fn dump(&self, cursor: Option<String>) -> Result<Piece<String>, RestError> {
        let path = path("/export/dump", &[("at", &self.at)]);
        let body = self.options.to_piece_body(cursor.as_deref(), DUMP_BYTES);
        let told = ask(&self.env, &self.record, &path, Some(&body)).await?;
        let next: Option<String> = serde_json::from_str(&told.text).map_err(internal)?;
        Ok(Piece { bytes: told.bytes, next })
    }
}

/// How many pages the database has, and those that were asked for.
async fn page_range(
    env: &Env,
    record: &DatabaseRecord,
    at: &str,
    first: u64,
    count: u64,
) -> Result<(u64, Vec<u8>), RestError> {
    let (first, count) = (first.to_string(), count.to_string());
    let path = path("/export/pages", &[("at", at), ("first", &first), ("count", &count)]);
    let told = ask(env, record, &path, None).await?;
    let Size { size_pages } = serde_json::from_str(&told.text).map_err(internal)?;
    Ok((size_pages, told.bytes))
}

/// The pages from `first` on, of which there must be as many as there can be.
fn file_piece(first: u64, size_pages: u64, bytes: Vec<u8>) -> Result<Piece<u64>, RestError> {
    let end = (first + PAGES).min(size_pages + 1);
    let bytes_wanted = end.saturating_sub(first) * PAGE_BYTES;
    if bytes.len() as u64 != bytes_wanted {
        let text = format!("Of pages {first} to {end} came {} bytes", bytes.len());
        return Err(RestError::Internal(text));
    }
    Ok(Piece { bytes, next: (end <= size_pages).then_some(end) })
}

/// Says of which database it is and from when; every part of it is plain.
fn filename(record: &DatabaseRecord, options: &ExportOptions, at: &str) -> String {
    let position = at.get(..17).unwrap_or("now");
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let position: String = position.chars().filter(|c| plain(*c)).collect();
    format!("{}-{position}.{}", record.name, options.format.as_str())
}

fn stream_of(
    pieces: impl Stream<Item = Result<Vec<u8>, Error>> + 'static,
) -> worker::Result<Response> {
    Response::from_stream(pieces)
}

fn headers(response: Response, format: FileFormat, filename: &str) -> worker::Result<Response> {
    let headers = response.headers();
    headers.set("content-type", format.content_type())?;
    headers.set("content-disposition", &format!("attachment; filename=\"{filename}\""))?;
    headers.set("cache-control", "no-store")?;
    Ok(response)
}

fn platform(error: Error) -> RestError {
    RestError::Internal(error.to_string())
}
