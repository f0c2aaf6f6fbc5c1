//! D1's REST interface, so that wrangler and what else speaks it can manage and query databases.
//!
//! Everything but `/health` needs a bearer token, a session of the console, or a URL that was signed for
//! whoever had one. What is decided from a request is decided in `isolite_protocol::rest`; here it is carried out.

mod backups;
mod body_js;
pub(crate) mod databases;
mod exports;
mod graphql;
mod groups;
mod imports;
mod jobs;
mod measure;
mod metrics;
pub(crate) mod pieces;
pub(crate) mod primary;
mod promotion;
mod promotion_sources;
mod queries;
mod records;
mod replicas;
pub(crate) mod response_js;
mod signed;
mod time_travel;
mod tokens;
mod uploads;

use isolite_protocol::query_string;
use isolite_protocol::rest::{
    Authorization, Envelope, Grant, Method, RestError, Route, bearer_token, check_bearer_token,
};
use worker::{Env, Request, Response, Result};

use crate::console;
use crate::request_log::RequestLog;
use crate::target::Target;
use queries::Asked;
use signed::Signer;

const ADMIN_TOKEN_VARIABLE: &str = "ISOLITE_ADMIN_TOKEN";

/// The engine bounds each statement; this bounds a batch of them.
const BODY_BYTES_MAX: usize = 16 << 20;

/// A whole JSON body.
type Answer = std::result::Result<String, RestError>;

enum Reply {
    Json(String),
    /// What was asked for goes on.
    Accepted(String),
    /// To a file that has arrived.
    Etag {
        body: String,
        md5: String,
    },
    Whole(Response),
}

pub(crate) async fn answer(mut request: Request, env: &Env, log: &RequestLog) -> Result<Response> {
    log.is("rest", "unknown");
    match route(&mut request, env, log).await {
        Ok(Reply::Json(body)) => json(body, 200),
        Ok(Reply::Accepted(body)) => json(body, 202),
        Ok(Reply::Etag { body, md5 }) => {
            let response = json(body, 200)?;
            response.headers().set("etag", &format!("\"{md5}\""))?;
            Ok(response)
        }
        Ok(Reply::Whole(response)) => Ok(response),
        Err(error) => {
            log.failed(&error.to_string());
            refuse(&error)
        }
    }
}

async fn route(
    request: &mut Request,
    env: &Env,
    log: &RequestLog,
) -> std::result::Result<Reply, RestError> {
    let method = Method::parse(request.method().as_ref());
    let target = Target::of(request);
    let mut route = Route::parse(method, target.path());
    if let Ok(route) = &mut route {
        log.is("rest", route.kind());
        if let Some(database) = route.database_mut() {
            log.names(database);
        }
    }
    if route == Ok(Route::Health) {
        return Ok(Reply::Json(health()));
    }
    let query = target.query();
    let grant = match &mut route {
        Ok(route) if route.is_signed() => {
            signed::check(&token(env)?, method, &target)?;
            Grant::Admin
        }
        Ok(Route::Metrics) if metrics::has_own_token(request, env) => Grant::Admin,
        // Who is not let in is not told which paths there are.
        Err(_) if target.path() != "/health" => let_in(request, env).await?,
        Err(_) => Grant::Admin,
        Ok(route) => {
            let grant = let_in(request, env).await?;
            grant.allows(route.needs())?;
            tokens::reach(env, &grant, route).await?;
            grant
        }
    };
    match route? {
        Route::Download(database) => exports::file(env, &database, query).await,
        Route::ExportNow(database) => exports::file(env, &database, query).await,
        Route::Upload { database, filename } => {
            uploads::put(env, request, &database, &filename, query).await
        }
        Route::Fork(database) => time_travel::fork(env, &database, &body(request).await?).await,
        Route::Promote(database) => promotion::promote(env, &database, &body(request).await?).await,
        Route::Metrics => metrics::scrape(env, request, query).await,
        Route::RestoreBackup => backups::restore(env, &body(request).await?).await,
        route => answer_json(request, env, &grant, &target, route, log).await.map(Reply::Json),
    }
}

async fn answer_json(
    request: &mut Request,
    env: &Env,
    grant: &Grant,
    target: &Target,
    route: Route,
    log: &RequestLog,
) -> Answer {
    let query = target.query();
    match route {
        Route::ListAccounts => Ok(Envelope::success(ACCOUNTS, None)),
        Route::ListMemberships => Ok(Envelope::success(MEMBERSHIPS, None)),
        Route::Graphql => graphql::answer(env, &body(request).await?).await,
        Route::CreateDatabase => databases::create(env, grant, &body(request).await?).await,
        Route::ListDatabases => databases::list(env, grant, query).await,
        Route::GetDatabase(database) => {
            let fields = query_string::value(query, "fields");
            databases::get(env, &database, fields.as_deref()).await
        }
        Route::PutDatabase(database) => {
            databases::set(env, grant, &database, &body(request).await?, true).await
        }
        Route::PatchDatabase(database) => {
            databases::set(env, grant, &database, &body(request).await?, false).await
        }
        Route::DeleteDatabase(database) => {
            let purge = query_string::raw(query, "purge") == Some("true");
            databases::delete(env, &database, purge).await
        }
        Route::UndeleteDatabase(id) => databases::undelete(env, &id, &body(request).await?).await,
        Route::Query(database) => {
            let asked = Asked { database: &database, query, right: grant.right(), log };
            queries::objects(env, asked, &body(request).await?).await
        }
        Route::Raw(database) => {
            let asked = Asked { database: &database, query, right: grant.right(), log };
            queries::rows(env, asked, &body(request).await?).await
        }
        Route::ListTokens => tokens::list(env).await,
        Route::CreateToken => tokens::create(env, &body(request).await?).await,
        Route::RevokeToken(id) => tokens::revoke(env, &id).await,
        Route::MigrateGroup(prefix) => groups::migrate(env, &prefix, &body(request).await?).await,
        Route::Export(database) => {
            let signer = Signer::of(&token(env)?, target);
            exports::begin(env, &signer, &database, &body(request).await?).await
        }
        Route::Import(database) if query_string::raw(query, "format").is_some() => {
            imports::whole(env, &database, query, request).await
        }
        Route::Import(database) => {
            imports::act(env, &Signer::of(&token(env)?, target), &database, request).await
        }
        Route::BookmarkAt(database) => time_travel::bookmark(env, &database, query).await,
        Route::Restore(database) => time_travel::restore(env, &database, query).await,
        Route::Backup(database) => backups::status(env, &database).await,
        Route::Replicas(database) => replicas::get(env, &database).await,
        Route::Measure(database) => measure::here(env, &database).await,
        Route::GetBackup => backups::get(env, query).await,
        Route::GetPromotion(database) => promotion::get(env, &database).await,
        Route::PromotionSources(database) => promotion_sources::get(env, &database).await,
        Route::GiveUpPromotion(database) => promotion::give_up(env, &database).await,
        Route::NewestJob(database) => jobs::newest(env, &database).await,
        other => Err(RestError::Internal(format!("{other:?} is answered elsewhere"))),
    }
}

/// One Worker serves one account, whatever it is called in the path.
const ACCOUNTS: &str = r#"[{"id":"isolite","name":"Isolite"}]"#;
const MEMBERSHIPS: &str =
    r#"[{"id":"isolite","account":{"id":"isolite","name":"Isolite"},"status":"accepted"}]"#;

fn health() -> String {
    format!(r#"{{"status":"ok","version":"{}"}}"#, env!("CARGO_PKG_VERSION"))
}

/// The whole database as SQL.
pub(crate) async fn dump(env: &Env, database: &str) -> std::result::Result<Response, RestError> {
    match exports::file(env, database, "format=sql").await? {
        Reply::Whole(response) => Ok(response),
        _ => Err(RestError::Internal("An export is a file".to_owned())),
    }
}

/// What a request may: by its token, or by a session of the console where it brings none.
async fn let_in(request: &Request, env: &Env) -> std::result::Result<Grant, RestError> {
    let header = request.headers().get("authorization").unwrap_or_default();
    if header.is_none()
        && let Some(granted) = console::grant(request, env)
    {
        return granted;
    }
    authorize(header.as_deref(), env).await
}

/// What the Authorization header of a request grants, if its token is one of those that REST knows.
pub(crate) async fn authorize(
    header: Option<&str>,
    env: &Env,
) -> std::result::Result<Grant, RestError> {
    let expected = token(env).ok();
    match check_bearer_token(header, expected.as_deref()) {
        Authorization::Granted => Ok(Grant::Admin),
        Authorization::Refused => match bearer_token(header) {
            Some(token) => tokens::grant(env, token).await,
            None => Err(RestError::Unauthorized),
        },
        Authorization::NotConfigured => Err(RestError::TokenNotConfigured),
    }
}

/// The token, if it is configured.
pub(crate) fn token(env: &Env) -> Answer {
    let token = env.var(ADMIN_TOKEN_VARIABLE).ok().map(|token| token.to_string());
    let token = token.filter(|token| !token.trim().is_empty());
    token.ok_or(RestError::TokenNotConfigured)
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

fn internal(error: serde_json::Error) -> RestError {
    RestError::Internal(error.to_string())
}

pub(crate) fn refuse(error: &RestError) -> Result<Response> {
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

pub(crate) fn json(body: String, status: u16) -> Result<Response> {
    let response = Response::ok(body)?.with_status(status);
    response.headers().set("content-type", "application/json")?;
    Ok(response)
}
