//! Tokens besides that of the configuration: made, listed and revoked, and looked up for each request,
//! so that one that was revoked is of no use from then on.
//!
//! A token is random, and found by its SHA-256: how long that takes tells nothing about others.

use isolite_protocol::directory::{HashedToken, NewToken, Scope, TokenRecord, is_database_id};
use isolite_protocol::query_string;
use isolite_protocol::rest::{Envelope, Grant, RestError, Route};
use serde::Serialize;
use serde::de::IgnoredAny;
use sha2::{Digest, Sha256};
use worker::Env;

use super::databases::{find, settle};
use super::{Answer, internal};
use crate::directory::client::ask;
use crate::object::call_js::Text;
use crate::platform_js::random_uuid;
use crate::{error, platform_js};

/// By which a token is known where it should not be, as in a repository.
const PREFIX: &str = "isolite_";

/// A new token, shown this once.
#[derive(Serialize)]
struct Made<'a> {
    #[serde(flatten)]
    token: &'a TokenRecord,
    value: &'a str,
}

pub(super) async fn create(env: &Env, body: &str) -> Answer {
    let new = NewToken::decode(body).map_err(|error| RestError::Malformed(error.to_string()))?;
    let database = match new.database.as_deref() {
        Some(database) => Some(find(env, database).await?.uuid),
        None => None,
    };
    let value = secret()?;
    let token = TokenRecord {
        id: random_uuid().map_err(|error| error::of_platform(&error))?,
        name: new.name,
        last_four: value[value.len() - 4..].to_owned(),
        scope: Scope { database, access: new.access },
        created_at: platform_js::now(),
        expires_at: new.expires_at,
    };
    let hashed = HashedToken { hash: hash(&value), token };
    let body = Text::from(serde_json::to_string(&hashed).map_err(internal)?);
    let made = ask(env, "/tokens/create", Some(&body)).await;
    let token: TokenRecord = settle(made, new.database.as_deref().unwrap_or_default())?;
    let made = Made { token: &token, value: &value };
    Ok(Envelope::success(&serde_json::to_string(&made).map_err(internal)?, None))
}

pub(super) async fn list(env: &Env) -> Answer {
    let tokens: Vec<TokenRecord> = settle(ask(env, "/tokens/list", None).await, "")?;
    Ok(Envelope::success(&serde_json::to_string(&tokens).map_err(internal)?, None))
}

pub(super) async fn revoke(env: &Env, id: &str) -> Answer {
    let path = format!("/tokens/revoke?id={}", query_string::encode(id));
    let revoked = ask::<IgnoredAny>(env, &path, None).await;
    match revoked.map_err(|error| error::of_platform(&error))? {
        Ok(_) => Ok(Envelope::success("null", None)),
        Err(_) => Err(RestError::NoSuchToken(id.to_owned())),
    }
}

/// What a token is for. The directory is asked each time.
pub(super) async fn grant(env: &Env, token: &str) -> Result<Grant, RestError> {
    if !token.starts_with(PREFIX) {
        return Err(RestError::Unauthorized);
    }
    let path = format!("/tokens/find?hash={}", hash(token));
    let found = ask::<TokenRecord>(env, &path, None).await;
    match found.map_err(|error| error::of_platform(&error))? {
        Ok(token) => Ok(Grant::Scoped(token.scope)),
        Err(_) => Err(RestError::Unauthorized),
    }
}

/// Looks whether a token reaches the database that a route is of. The route is then of its id, so that it
/// stays that one should its name be given away meanwhile.
pub(super) async fn reach(env: &Env, grant: &Grant, route: &mut Route) -> Result<(), RestError> {
    if grant.database().is_none() {
        return Ok(());
    }
    let Some(database) = route.database_mut() else { return Ok(()) };
    if !is_database_id(database) {
        match find(env, database).await {
            Ok(record) => *database = record.uuid,
            // Whether there is one is not for this token to know.
            Err(RestError::NoSuchDatabase(_)) => {}
            Err(error) => return Err(error),
        }
    }
    grant.allows_database(database)
}

/// 244 random bits.
fn secret() -> Result<String, RestError> {
    let random = || random_uuid().map_err(|error| error::of_platform(&error));
    Ok(format!("{PREFIX}{}{}", random()?, random()?).replace('-', ""))
}

fn hash(token: &str) -> String {
    Sha256::digest(token.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
