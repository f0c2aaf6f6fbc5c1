//! Tokens for REST besides the one of the Worker's configuration: what each is for, and what is kept
//! of it. Of the token itself only its hash is, so that nobody who reads the directory can use it.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::is_database_id;

/// What a token is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Scope {
    /// The id of the one database; all of them without it.
    #[serde(default)]
    pub database: Option<String>,
    pub access: Right,
}

/// In rising order: who may write may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Right {
    /// Statements that do not write, and what is to be seen of a database.
    Read,
    Write,
}

/// What is kept of a token, and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenRecord {
    pub id: String,
    #[serde(default)]
    pub name: Option<String>,
    /// By which whoever has the token knows it again.
    pub last_four: String,
    #[serde(flatten)]
    pub scope: Scope,
    /// ISO 8601 with milliseconds, in UTC, as below.
    pub created_at: String,
    #[serde(default)]
    pub expires_at: Option<String>,
}

/// `POST …/d1/tokens`: the token is yet to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewToken {
    #[serde(default)]
    pub name: Option<String>,
    /// By id or by name in REST; by id at the directory.
    #[serde(default)]
    pub database: Option<String>,
    pub access: Right,
    #[serde(default)]
    pub expires_at: Option<String>,
}

/// `/tokens/create` at the directory: what of a token is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HashedToken {
    /// SHA-256, as hex.
    pub hash: String,
    pub token: TokenRecord,
}

/// No token was made; the text tells what to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenError(String);

const NAME_BYTES_MAX: usize = 128;

impl Scope {
    /// Whether it reaches a database, by its id.
    pub fn reaches(&self, database: &str) -> bool {
        self.database.as_deref().is_none_or(|own| own == database)
    }
}

impl NewToken {
    pub fn decode(body: &str) -> Result<Self, TokenError> {
        let token: NewToken = serde_json::from_str(body).map_err(|error| {
            TokenError(format!(
                "The body must be {{\"access\": \"read\" or \"write\", \"database\"?, \"name\"?, \
                 \"expires_at\"?}}: {error}"
            ))
        })?;
        if token.name.as_ref().is_some_and(|name| name.len() > NAME_BYTES_MAX) {
            return Err(TokenError(format!("The name has more than {NAME_BYTES_MAX} bytes")));
        }
        if token.database.as_deref() == Some("") {
            return Err(TokenError("The database must not be empty; null means all".to_owned()));
        }
        Ok(token)
    }
}

/// Whether the text has the form of a token's id, which is that of a database's.
pub fn is_token_id(text: &str) -> bool {
    is_database_id(text)
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies() {
        let token = NewToken::decode(r#"{"access":"read","database":"demo"}"#).unwrap();
        assert_eq!((token.access, token.database.as_deref()), (Right::Read, Some("demo")));
        let long = format!(r#"{{"access":"read","name":"{}"}}"#, "x".repeat(129));
        for (body, told) in [
            ("{}", "missing field `access`"),
            (r#"{"access":"all"}"#, "unknown variant `all`"),
            (r#"{"access":"read","database":""}"#, "must not be empty"),
            (long.as_str(), "more than 128"),
        ] {
            let text = NewToken::decode(body).unwrap_err().to_string();
            assert!(text.contains(told), "{text}");
        }
    }

    #[test]
    fn scopes() {
        let one = Scope { database: Some("a".into()), access: Right::Write };
        assert!(one.reaches("a") && !one.reaches("b"));
        assert!(Scope { database: None, access: Right::Read }.reaches("b"));
        assert!(Right::Write > Right::Read);
    }
}
