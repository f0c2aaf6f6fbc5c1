//! The console: its page, and the login that lets a browser ask REST without the admin token.
//!
//! The page is one of the Worker's static assets. `/` alone comes here first, since a WebSocket of
//! libSQL's clients may begin there; a Worker without the assets has no console.

use isolite_protocol::console::{
    ConsoleRequest, Destination, SessionKey, clear_cookie, destination, session_answer, set_cookie,
};
use isolite_protocol::rest::{Grant, Method, RestError};
use worker::{Env, Fetcher, Request, Response, Result};

use crate::rest;
use crate::target::Target;

const ASSETS_BINDING: &str = "ASSETS";

/// A request that is the console's.
pub(crate) enum Asked {
    Page(Fetcher),
    Session(std::result::Result<Destination, RestError>),
}

pub(crate) fn asked(request: &Request, env: &Env) -> Option<Asked> {
    let method = match request.method().as_ref() {
        "HEAD" => Method::Get,
        other => Method::parse(other),
    };
    match destination(method, Target::of(request).path())? {
        Ok(Destination::Page) => env.assets(ASSETS_BINDING).ok().map(Asked::Page),
        other => Some(Asked::Session(other)),
    }
}

pub(crate) async fn answer(request: Request, env: &Env, asked: Asked) -> Result<Response> {
    let destination = match asked {
        Asked::Page(assets) => return assets.fetch_request(request).await,
        Asked::Session(destination) => destination,
    };
    let response = match destination {
        Ok(destination) => session(&request, env, destination).await,
        Err(error) => Err(error),
    };
    let response = response.map_or_else(|error| rest::refuse(&error), Ok)?;
    response.headers().set("cache-control", "no-store")?;
    Ok(response)
}

async fn session(
    request: &Request,
    env: &Env,
    destination: Destination,
) -> std::result::Result<Response, RestError> {
    let console = read(request);
    console.check_page()?;
    let key = SessionKey::of_token(&rest::token(env)?);
    match destination {
        Destination::Login => {
            let header = request.headers().get("authorization").unwrap_or_default();
            // A session stands for the configuration's token, and no other one opens it.
            if rest::authorize(header.as_deref(), env).await? != Grant::Admin {
                return Err(RestError::Unauthorized);
            }
            let session = key.issue(now_s());
            let expires_s = key.check(&session, now_s());
            told(expires_s, Some(&set_cookie(&console.own_origin, &session)))
        }
        Destination::Logout => told(None, Some(&clear_cookie(&console.own_origin))),
        Destination::Session | Destination::Page => {
            told(console.check_session(&key, now_s()).ok(), None)
        }
    }
}

/// What the request's cookie grants, if there is one.
pub(crate) fn grant(request: &Request, env: &Env) -> Option<std::result::Result<Grant, RestError>> {
    let console = read(request);
    console.has_session().then(|| {
        let key = SessionKey::of_token(&rest::token(env)?);
        console.check_session(&key, now_s()).map(|_| Grant::Admin)
    })
}

fn read(request: &Request) -> ConsoleRequest {
    let header = |name| request.headers().get(name).unwrap_or_default();
    ConsoleRequest {
        own_origin: Target::of(request).origin().to_owned(),
        cookies: header("cookie"),
        marker: header("x-isolite-console"),
        origin: header("origin"),
        fetch_site: header("sec-fetch-site"),
    }
}

fn told(expires_s: Option<u64>, cookie: Option<&str>) -> std::result::Result<Response, RestError> {
    let made = || {
        let response = rest::json(session_answer(expires_s), 200)?;
        if let Some(cookie) = cookie {
            response.headers().set("set-cookie", cookie)?;
        }
        Ok(response)
    };
    made().map_err(|error: worker::Error| RestError::Internal(error.to_string()))
}

fn now_s() -> u64 {
    crate::platform_js::now_ms() / 1_000
}
