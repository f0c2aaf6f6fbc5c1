//! Hrana over HTTP, for libSQL's clients: which database a request is for, whether it may, and what its
//! primary answers.
//!
//! What is read and written is passed on as it is; the primary has the streams and runs their requests.

pub(crate) mod access;
mod cursor;
mod database;
mod sync;

use std::rc::Rc;

use futures_util::future::join;
use isolite_protocol::DatabaseRecord;
use isolite_protocol::directory::{MOVED, Right};
use isolite_protocol::hrana::{Encoding, Endpoint, HranaError, Route};
use isolite_protocol::query_string;
use isolite_protocol::request_log::Outcome;
use isolite_protocol::rest::RestError;
use js_sys::JsString;
use wasm_bindgen::JsCast;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Error, Request, Response, Result, console_error};

use crate::object::call_js::{Answer, Message, Object, Text};
use crate::object::socket_js::hand_over;
use crate::primary::SETTINGS_CHANGED;
use crate::request_log::RequestLog;
use crate::rest;
use crate::router::{ask_primary, follow, forget_place};
use crate::target::Target;

/// As REST's: what one request may make an isolate hold.
const BODY_BYTES_MAX: usize = 16 << 20;

/// The primary's status for a database that was deleted.
const GONE: u16 = 404;

/// A request that is Hrana's.
pub(crate) struct Asked {
    route: Route,
    path: String,
}

/// What a request asks for, if its path is one of Hrana's.
pub(crate) fn asked(request: &Request) -> Option<Asked> {
    let target = Target::of(request);
    let path = target.path().to_owned();
    let route = match Route::parse(&path) {
        Some(route) => route,
        None if Route::names_database(&path) => {
            Route { database: None, endpoint: Endpoint::Unknown }
        }
        None => return None,
    };
    let upgrades = request.headers().get("upgrade").ok().flatten().is_some();
    match (&route, upgrades) {
        (Route { endpoint: Endpoint::Socket, database: None }, false) => None,
        (Route { endpoint: Endpoint::Socket, .. }, false) => {
            Some(Asked { route: Route { endpoint: Endpoint::Unknown, ..route }, path })
        }
        _ => Some(Asked { route, path }),
    }
}

pub(crate) async fn answer(
    request: Request,
    env: &Env,
    asked: &Asked,
    log: &RequestLog,
) -> Result<Response> {
    log.is("hrana", asked.route.endpoint.kind());
    let response = match route(request, env, asked, log).await {
        Ok(response) if asked.route.endpoint == Endpoint::Socket => return Ok(response),
        Ok(response) => response,
        Err(error) => {
            log.failed(&error.to_string());
            json(&error.body(), error.status())?
        }
    };
    // A page anywhere may be a client: what lets it in is its token.
    let headers = response.headers();
    headers.set("access-control-allow-origin", "*")?;
    headers.set("access-control-allow-methods", "GET, POST, OPTIONS")?;
    headers.set("access-control-allow-headers", "*, authorization")?;
    Ok(response)
}

async fn route(
    mut request: Request,
    env: &Env,
    asked: &Asked,
    log: &RequestLog,
) -> std::result::Result<Response, HranaError> {
    let Asked { route, path } = asked;
    let method = request.method().to_string();
    let needed = match route.endpoint {
        Endpoint::Pipeline(_) | Endpoint::Alone | Endpoint::Cursor(_) => "POST",
        _ => "GET",
    };
    match (method.as_str(), &route.endpoint) {
        ("OPTIONS", _) => return Response::empty().map_err(of_platform),
        (_, Endpoint::Unknown) => return Err(HranaError::NoSuchPath(path.clone())),
        ("GET", Endpoint::Probe) => return Response::ok("").map_err(of_platform),
        ("GET", Endpoint::Version) => return Response::ok(VERSION).map_err(of_platform),
        (method, _) if method != needed => return Err(HranaError::NoSuchPath(path.clone())),
        _ => {}
    }
    let mut body = None;
    let mut again = true;
    loop {
        let record = database::find(env, &request, route).await?;
        log.found(&record);
        match once(env, &mut request, &mut body, asked, &record, log).await {
            Err(Failed::Outdated(_)) if again => forget_place(&record.name, &record.uuid),
            Err(Failed::Outdated(error) | Failed::Refused(error)) => return Err(error),
            Ok(response) => return Ok(response),
        }
        again = false;
    }
}

/// Why there is no response.
enum Failed {
    /// The database is not what it is known as here: its name may have been given away, or its keys have
    /// changed. Nothing was done.
    Outdated(HranaError),
    Refused(HranaError),
}

impl From<HranaError> for Failed {
    fn from(error: HranaError) -> Self {
        Failed::Refused(error)
    }
}

impl Failed {
    fn changed(record: &DatabaseRecord) -> Failed {
        let text = format!("The settings of {} are changing: try again", record.name);
        Failed::Outdated(HranaError::Unavailable(text))
    }

    fn gone(record: &DatabaseRecord) -> Failed {
        let text = format!("There is no database {}", record.name);
        Failed::Outdated(HranaError::NoSuchDatabase(text))
    }
}

/// Answers by what is known of the database.
async fn once(
    env: &Env,
    request: &mut Request,
    body: &mut Option<Body>,
    asked: &Asked,
    record: &Rc<DatabaseRecord>,
    log: &RequestLog,
) -> std::result::Result<Response, Failed> {
    let Asked { route, path } = asked;
    if route.endpoint == Endpoint::Socket {
        let response = socket(env, request, record).await.map_err(of_platform)?;
        return match response.status_code() {
            GONE => Err(Failed::gone(record)),
            _ => Ok(response),
        };
    }
    let header = request.headers().get("authorization").ok().flatten();
    let right = match access::right(env, header.as_deref(), record).await {
        Err(error @ HranaError::Unauthorized(_)) if header.is_some() => {
            return Err(Failed::Outdated(error));
        }
        right => right?,
    };
    let (path, encoding) = match &route.endpoint {
        Endpoint::Pipeline(encoding) => ("/hrana/pipeline", *encoding),
        Endpoint::Alone => ("/hrana/alone", Encoding::Json),
        Endpoint::Cursor(encoding) => ("/hrana/cursor", *encoding),
        endpoint => {
            let known = knows_settings(env, record);
            return match join(known, whole(env, record, endpoint, path)).await {
                (Ok(true), Err(HranaError::NoSuchDatabase(_))) => Err(Failed::gone(record)),
                (Ok(true), fetched) => Ok(fetched?),
                (Ok(false), _) => Err(Failed::changed(record)),
                (Err(error), _) => Err(error.into()),
            };
        }
    };
    // Not before the token was looked at: nobody else makes us hold it.
    let body = match body {
        Some(body) => body,
        None => body.insert(Body::of(request, encoding).await?),
    };
    if let Body::Json(text) = body {
        log.asked(|| String::from(text.clone()).into());
    }
    let answer = ask(env, record, right, path, body).await?;
    let response = match (answer.status, &route.endpoint) {
        (GONE, _) => return Err(Failed::gone(record)),
        (SETTINGS_CHANGED, _) => return Err(Failed::changed(record)),
        (_, Endpoint::Cursor(_)) => cursor::response(env, Rc::clone(record), answer, encoding, log),
        _ => response(answer, encoding, log),
    };
    Ok(response.map_err(of_platform)?)
}

/// Whether the settings that are known here are those of the database, and so the keys in them.
async fn knows_settings(
    env: &Env,
    record: &DatabaseRecord,
) -> std::result::Result<bool, HranaError> {
    let path = format!("/hrana/settings?settings={}", record.settings_revision);
    let message = Message { path: &path, ..Message::default() };
    let answer = ask_primary(env, record, message).await.map_err(of_platform)?;
    Ok(answer.status != SETTINGS_CHANGED)
}

/// The primary has the socket, which says itself who it is.
async fn socket(env: &Env, request: &Request, record: &Rc<DatabaseRecord>) -> Result<Response> {
    let mut record = Rc::clone(record);
    loop {
        let told = query_string::encode(&serde_json::to_string(&*record)?);
        let url = format!("https://primary/socket?record={told}");
        let mut response = hand_over(env, Object::primary_of(&record), &url, request).await?;
        if response.status_code() != MOVED {
            return Ok(response);
        }
        let text = response.text().await?;
        match follow(&record, MOVED, || text.clone()) {
            Some(moved) => record = moved,
            None => return Response::error(text, MOVED),
        }
    }
}

/// What is fetched of a database as it is, besides queries.
async fn whole(
    env: &Env,
    record: &DatabaseRecord,
    endpoint: &Endpoint,
    path: &str,
) -> std::result::Result<Response, HranaError> {
    // A number that is none of theirs is refused like any generation that there is not.
    let number = |number: &u64| u32::try_from(*number).unwrap_or(0);
    let fetched = match endpoint {
        Endpoint::Dump => rest::dump(env, &record.uuid).await,
        Endpoint::SyncInfo => sync::info(env, record).await,
        Endpoint::SyncExport(generation) => sync::export(env, record, number(generation)).await,
        Endpoint::SyncFrames { generation, start, end } => {
            sync::frames(env, record, number(generation), number(start), number(end)).await
        }
        _ => return Err(HranaError::NoSuchPath(path.to_owned())),
    };
    fetched.map_err(of_rest)
}

const VERSION: &str = concat!("isolite ", env!("CARGO_PKG_VERSION"));

/// What a request brings.
enum Body {
    Json(Text),
    Protobuf(Vec<u8>),
}

impl Body {
    async fn of(
        request: &mut Request,
        encoding: Encoding,
    ) -> std::result::Result<Body, HranaError> {
        let too_large = || HranaError::BodyTooLarge { bytes_max: BODY_BYTES_MAX };
        let announced = request.headers().get("content-length").ok().flatten();
        let announced: Option<usize> = announced.and_then(|length| length.parse().ok());
        if announced.is_some_and(|length| length > BODY_BYTES_MAX) {
            return Err(too_large());
        }
        let cut = |error: Error| HranaError::Malformed(format!("The body did not arrive: {error}"));
        match encoding {
            Encoding::Json => {
                let text = request.inner().text().map_err(|error| cut(error.into()))?;
                let text = JsFuture::from(text).await.map_err(|error| cut(error.into()))?;
                let text: JsString = text.unchecked_into();
                if text.length() as usize > BODY_BYTES_MAX {
                    return Err(too_large());
                }
                Ok(Body::Json(text.into()))
            }
            Encoding::Protobuf => {
                let bytes = request.bytes().await.map_err(cut)?;
                if bytes.len() > BODY_BYTES_MAX {
                    return Err(too_large());
                }
                Ok(Body::Protobuf(bytes))
            }
        }
    }
}

/// Asks the database's primary.
async fn ask(
    env: &Env,
    record: &DatabaseRecord,
    right: Right,
    path: &str,
    body: &Body,
) -> std::result::Result<Answer, HranaError> {
    let access = if right == Right::Read { "&access=read" } else { "" };
    let settings = record.settings_revision;
    let (text, bytes, name) = match body {
        Body::Json(text) => (Some(text), None, "json"),
        Body::Protobuf(bytes) => (None, Some(bytes.as_slice()), "protobuf"),
    };
    let path = format!("{path}?encoding={name}&settings={settings}{access}");
    let message = Message { path: &path, body: text, ltx: bytes, ..Message::default() };
    ask_primary(env, record, message).await.map_err(of_platform)
}

fn response(answer: Answer, encoding: Encoding, log: &RequestLog) -> Result<Response> {
    let Answer { status, text, commits, .. } = answer;
    match (commits, encoding) {
        (Some(body), Encoding::Protobuf) => {
            if log.is_on() {
                log.answered(None, Outcome::decode(&String::from(text)));
            }
            let response = Response::from_bytes(body)?;
            response.headers().set("content-type", "application/x-protobuf")?;
            Ok(response)
        }
        _ => {
            let text = String::from(text);
            if log.wants_all() || log.is_on() && (status >= 400 || Outcome::hrana_failed(&text)) {
                log.answered(None, Outcome::of_hrana(&text));
            }
            json(&text, status)
        }
    }
}

fn json(body: &str, status: u16) -> Result<Response> {
    let response = Response::ok(body)?.with_status(status);
    // Exactly this: clients compare.
    response.headers().set("content-type", "application/json")?;
    Ok(response)
}

/// No answer came, and whether anything was done is not known.
fn of_platform(error: Error) -> HranaError {
    console_error!("No answer came: {error}");
    HranaError::Unavailable(error.to_string())
}

fn of_rest(error: RestError) -> HranaError {
    match error.status() {
        404 => HranaError::NoSuchDatabase(error.to_string()),
        _ => HranaError::Unavailable(error.to_string()),
    }
}
