//! What a token says of itself, and what that grants.

use serde::Deserialize;
use serde_json::Value as Json;

use super::TokenError;
use crate::directory::Right;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claims {
    /// The one database; all that the key is for without it.
    pub id: Option<String>,
    /// The claim `a`.
    pub access: Right,
    /// Seconds since 1970 from which on it is refused. A fraction was cut off.
    pub exp: Option<u64>,
    /// Seconds since 1970 before which it is refused. A fraction was rounded up.
    pub nbf: Option<u64>,
}

/// Those that are known; others say nothing of what the holder may do.
#[derive(Deserialize)]
struct Sent {
    id: Option<Json>,
    a: Option<Json>,
    p: Option<Json>,
    exp: Option<Json>,
    nbf: Option<Json>,
}

impl Claims {
    /// The text is a JSON object.
    pub(super) fn decode(text: &str) -> Result<Self, TokenError> {
        // It fails only where a claim is there twice: then it is not known which one was meant.
        let sent: Sent = serde_json::from_str(text).map_err(|_| TokenError::Claims)?;
        if sent.p.is_some() {
            return Err(TokenError::Permissions);
        }
        let id = match sent.id {
            None => None,
            Some(Json::String(id)) => Some(id),
            Some(_) => return Err(TokenError::Claims),
        };
        let access = match sent.a.as_ref().map(Json::as_str) {
            None | Some(Some("rw")) => Right::Write,
            Some(Some("ro")) => Right::Read,
            Some(_) => return Err(TokenError::Access),
        };
        let exp = seconds(sent.exp, f64::floor)?;
        let nbf = seconds(sent.nbf, f64::ceil)?;
        Ok(Self { id, access, exp, nbf })
    }

    /// What they grant at a database that is known by these names. The signature was checked before.
    pub fn grant(&self, database_names: &[&str], now_s: u64) -> Result<Right, TokenError> {
        if self.exp.is_some_and(|exp| exp <= now_s) {
            return Err(TokenError::Expired);
        }
        if self.nbf.is_some_and(|nbf| nbf > now_s) {
            return Err(TokenError::NotYet);
        }
        match self.id.as_deref() {
            Some(id) if !database_names.contains(&id) => Err(TokenError::OtherDatabase),
            _ => Ok(self.access),
        }
    }
}

/// Times before 1970 are 1970, those that are too far away the last one there is.
fn seconds(value: Option<Json>, whole: fn(f64) -> f64) -> Result<Option<u64>, TokenError> {
    let Some(value) = value else { return Ok(None) };
    if let Some(seconds) = value.as_u64() {
        return Ok(Some(seconds));
    }
    let seconds = value.as_f64().ok_or(TokenError::Claims)?;
    Ok(Some(whole(seconds) as u64))
}
