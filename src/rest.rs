//! D1's REST interface, so that wrangler and what else speaks it can manage and query databases.
//!
//! Everything but `/health` needs a bearer token. What is decided from a request is decided in
//! `isolite_protocol::rest`; here it is carried out.

mod databases;
mod groups;
mod queries;
mod records;
mod tokens;

use isolite_protocol::query_string;
use isolite_protocol::rest::{
    Authorization, Envelope, Grant, Method, RestError, Route, bearer_token, check_bearer_token,
};
use worker::{Env, Request, Response, Result};

use crate::target::Target;

const ADMIN_TOKEN_VARIABLE: &str = "ISOLITE_ADMIN_TOKEN";

/// The engine bounds each statement; this bounds a batch of them.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A whole JSON body.
type Answer = std::result::Result<String, RestError>;

pub(crate) async fn answer(mut request: Request, env: &Env) -> Result<Response> {
    match route(&mut request, env).await {
        Ok(body) => json(body, 200),
        Err(error) => refuse(&error),
    }
}

async fn route(request: &mut Request, env: &Env) -> Answer {
    let method = Method::parse(request.method().as_ref());
    let target = Target::of(request);
    let path = target.path();
    if path == "/health" {
        Route::parse(method, path)?;
        return Ok(health());
    }
    let grant = authorize(request, env).await?;
    let query = target.query();
    let route = Route::parse(method, path)?;
    grant.allows(route.needs())?;
    let caller = Caller { env, grant: &grant };
    match route {
        Route::Health => Ok(health()),
        Route::ListAccounts => Ok(Envelope::success(ACCOUNTS, None)),
        Route::ListMemberships => Ok(Envelope::success(MEMBERSHIPS, None)),
        Route::CreateDatabase => databases::create(env, &body(request).await?).await,
        Route::ListDatabases => databases::list(&caller, query).await,
        Route::GetDatabase(database) => {
            let fields = query_string::value(query, "fields");
            databases::get(&caller, &database, fields.as_deref()).await
        }
        Route::PutDatabase(database) => {
            databases::set(&caller, &database, &body(request).await?, true).await
        }
        Route::PatchDatabase(database) => {
            databases::set(&caller, &database, &body(request).await?, false).await
        }
        Route::DeleteDatabase(database) => {
            let purge = query_string::raw(query, "purge") == Some("true");
            databases::delete(&caller, &database, purge).await
        }
        Route::UndeleteDatabase(database) => {
            databases::undelete(&caller, &database, &body(request).await?).await
        }
        Route::Query(database) => queries::objects(&caller, &database, &body(request).await?).await,
        Route::Raw(database) => queries::rows(&caller, &database, &body(request).await?).await,
        Route::ListTokens => tokens::list(env).await,
        Route::CreateToken => tokens::create(env, &body(request).await?).await,
        Route::RevokeToken(id) => tokens::revoke(env, &id).await,
        Route::MigrateGroup(prefix) => groups::migrate(env, &prefix, &body(request).await?).await,
    }
}

/// One Worker serves one account, whatever it is called in the path.
const ACCOUNTS: &str = r#"[{"id":"isolite","name":"Isolite"}]"#;
const MEMBERSHIPS: &str =
    r#"[{"id":"isolite","account":{"id":"isolite","name":"Isolite"},"status":"accepted"}]"#;

fn health() -> String {
    format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION"))
}

/// Who asks, by what its token is for.
#[derive(Clone, Copy)]
struct Caller<'a> {
    env: &'a Env,
    grant: &'a Grant,
}

async fn authorize(request: &Request, env: &Env) -> std::result::Result<Grant, RestError> {
    let header = request.headers().get("authorization").unwrap_or_default();
    let expected = env.var(ADMIN_TOKEN_VARIABLE).ok().map(|token| token.to_string());
    match check_bearer_token(header.as_deref(), expected.as_deref()) {
        Authorization::Granted => Ok(Grant::Admin),
        Authorization::Refused => match bearer_token(header.as_deref()) {
            Some(token) => tokens::grant(env, token).await,
            None => Err(RestError::Unauthorized),
        },
        Authorization::NotConfigured => Err(RestError::TokenNotConfigured),
    }
}

/// Reads the body only after the token was checked: nobody else can make us hold 16 MiB.
async fn body(request: &mut Request) -> Answer {
    let too_large = || RestError::BodyTooLarge { bytes_max: BODY_BYTES_MAX };
    let announced = request.headers().get("content-length").unwrap_or_default();
    let announced: Option<usize> = announced.and_then(|length| length.parse().ok());
    if announced.is_some_and(|length| length > BODY_BYTES_MAX) {
        return Err(too_large());
    }
    let bytes = request.bytes().await.map_err(|error| RestError::Malformed(error.to_string()))?;
    if bytes.len() > BODY_BYTES_MAX {
        return Err(too_large());
    }
    String::from_utf8(bytes).map_err(|_| RestError::Malformed("The body is not UTF-8".to_owned()))
}

fn refuse(error: &RestError) -> Result<Response> {
    let response = json(Envelope::failure(error), error.status())?;
    let headers = response.headers();
    if error.code() == 7500 {
        headers.set("cf-d1", "err=7500")?;
    }
    if let RestError::MethodNotAllowed { allow } = error {
        headers.set("allow", allow)?;
    }
    Ok(response)
}

fn json(body: String, status: u16) -> Result<Response> {
    let response = Response::ok(body)?.with_status(status);
    response.headers().set("content-type", "application/json")?;
    Ok(response)
}
