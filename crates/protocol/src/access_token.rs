//! Tokens of libSQL's clients: JWTs that somebody signed by Ed25519 with a key of their own, so that
//! no token is known here, only the public key.
//!
//! What a token says counts for nothing until its signature was checked, which whoever has the
//! cryptography does, over [`AccessToken::signed`]. Here is all besides: its form, its claims, and what
//! they grant.
//!
//! Invariants:
//! - the header chooses nothing: there is one algorithm, and a token that names another is refused;
//! - a token has one spelling: other base64 of the same bytes is refused;
//! - what a claim restricts that is not understood is never left out: the token is refused;
//! - no text of an error has a part of the token in it.

mod base64url;
mod claims;
mod public_key;
#[cfg(test)]
mod tests;

use std::fmt;

use serde::Deserialize;
use serde::de::IgnoredAny;

pub use claims::Claims;
pub use public_key::{KEYS_MAX, KeyError, PublicKey};

/// Those of libSQL have some 200 bytes. Nothing of a longer one is decoded.
pub const TOKEN_BYTES_MAX: usize = 8 << 10;

pub const SIGNATURE_BYTES: usize = 64;

/// The token is refused, and nothing was done. The holder needs another one; which, the text says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenError {
    TooLong,
    /// Not three parts of base64url, of which the first two are JSON objects: no token of this kind, and
    /// maybe one of another.
    NotAToken,
    /// Another than EdDSA, or none.
    Algorithm,
    /// A header that must be understood, and is not.
    Critical,
    /// A claim has a value that it cannot have, or two of them.
    Claims,
    /// The claim `a` is neither `ro` nor `rw`.
    Access,
    /// The claim `p`: rights one by one, which would have to be checked one by one.
    Permissions,
    /// None of the keys that count for the database has signed it.
    Signature,
    /// The claim `id` is of another database.
    OtherDatabase,
    Expired,
    NotYet,
}

/// A token of the right form, by whomever it was signed.
#[derive(PartialEq, Eq)]
pub struct AccessToken<'a> {
    signed: &'a [u8],
    signature: [u8; SIGNATURE_BYTES],
    claims: Claims,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    /// Present even if it is null.
    #[serde(default, deserialize_with = "present")]
    crit: bool,
}

fn present<'de, D: serde::Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

impl<'a> AccessToken<'a> {
    pub fn parse(token: &'a str) -> Result<Self, TokenError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(TokenError::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(TokenError::NotAToken)?;
        let (header, claims) = signed.split_once('.').ok_or(TokenError::NotAToken)?;
        let decoded = |part| base64url::decode(part).ok_or(TokenError::NotAToken);
        let header: Header =
            serde_json::from_str(&object(&decoded(header)?)?).map_err(|_| TokenError::Algorithm)?;
        if header.alg != "EdDSA" {
            return Err(TokenError::Algorithm);
        }
        if header.crit {
            return Err(TokenError::Critical);
        }
        let claims = Claims::decode(&object(&decoded(claims)?)?)?;
        let signature = decoded(signature)?.try_into().map_err(|_| TokenError::NotAToken)?;
        Ok(Self { signed: signed.as_bytes(), signature, claims })
    }

    /// What was signed.
    pub fn signed(&self) -> &'a [u8] {
        self.signed
    }

    pub fn signature(&self) -> &[u8; SIGNATURE_BYTES] {
        &self.signature
    }

    /// Of no use before the signature was checked.
    pub fn claims(&self) -> &Claims {
        &self.claims
    }
}

/// The text of a JSON object. An array would do for serde as well.
fn object(bytes: &[u8]) -> Result<String, TokenError> {
    let text = std::str::from_utf8(bytes).map_err(|_| TokenError::NotAToken)?;
    let is_object = text.trim_ascii_start().starts_with('{')
        && serde_json::from_str::<IgnoredAny>(text).is_ok();
    if is_object { Ok(text.to_owned()) } else { Err(TokenError::NotAToken) }
}

impl TokenError {
    pub const ALL: [TokenError; 11] = [
        TokenError::TooLong,
        TokenError::NotAToken,
        TokenError::Algorithm,
        TokenError::Critical,
        TokenError::Claims,
        TokenError::Access,
        TokenError::Permissions,
        TokenError::Signature,
        TokenError::OtherDatabase,
        TokenError::Expired,
        TokenError::NotYet,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            TokenError::TooLong => "The token has more than 8192 bytes",
            TokenError::NotAToken => "The token is not a JWT",
            TokenError::Algorithm => "The token is not signed by EdDSA",
            TokenError::Critical => "The token has a crit header, and none is understood",
            TokenError::Claims => "A claim of the token is of another type, or is there twice",
            TokenError::Access => "The claim a of the token must be ro or rw",
            TokenError::Permissions => {
                "The token has a claim p, and permissions are not supported: use a with ro or rw"
            }
            TokenError::Signature => "The token was not signed with the key of this database",
            TokenError::OtherDatabase => "The token is for another database",
            TokenError::Expired => "The token has expired",
            TokenError::NotYet => "The token is not valid yet",
        }
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for TokenError {}

/// Without what would let somebody in who reads it.
impl fmt::Debug for AccessToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccessToken").field("claims", &self.claims).finish_non_exhaustive()
    }
}
