//! Whether a request may: by a token of libSQL's kind, by one of REST's, or by the one of the Worker's
//! configuration.

use isolite_protocol::directory::{DatabaseRecord, Right};
use isolite_protocol::hrana::HranaError;
use isolite_protocol::rest::bearer_token;
use worker::{Env, console_error};

use crate::access_token_js::{Denied, authorize};
use crate::rest;
use crate::settings_js::setting;

/// `none` lets everybody in, for tests and for development.
const AUTH_VARIABLE: &str = "ISOLITE_HRANA_AUTH";

/// What the Authorization header of a request grants at a database.
pub(crate) async fn right(
    env: &Env,
    header: Option<&str>,
    record: &DatabaseRecord,
) -> Result<Right, HranaError> {
    if setting(env, AUTH_VARIABLE).as_deref() == Some("none") {
        return Ok(Right::Write);
    }
    let Some(token) = bearer_token(header) else {
        return Err(HranaError::Unauthorized(
            "This needs a token, as `Authorization: Bearer …`".to_owned(),
        ));
    };
    if let Ok(grant) = rest::authorize(header, env).await {
        grant
            .allows_database(&record.uuid)
            .map_err(|error| HranaError::Forbidden(error.to_string()))?;
        return Ok(grant.right());
    }
    authorize(env, record, token).await.map_err(|denied| match denied {
        Denied::NoKey => HranaError::Unauthorized(
            "This token is not known, and there is no key by which it could be one of libSQL's: set \
             ISOLITE_JWT_KEY, or the database's jwt_key"
                .to_owned(),
        ),
        Denied::Misconfigured(text) => HranaError::Unavailable(text),
        Denied::Token(error) => HranaError::Unauthorized(error.to_string()),
        Denied::Platform(error) => {
            console_error!("A token was not checked: {error}");
            HranaError::Unavailable("The token could not be checked: try again".to_owned())
        }
    })
}
