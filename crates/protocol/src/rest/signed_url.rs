//! URLs that carry their right in themselves: for a client that gets one from REST and then sends a
//! file, or fetches one, without the token.
//!
//! The signature is over method, path, parameters and the time at which it expires, so a URL is good
//! for exactly that. Its key is made from the token.
//!
//! Invariant: the signature is the last parameter, and everything before it is signed as it stands.

use super::token_key::TokenKey;
use super::{Method, RestError};
use crate::query_string;

/// An hour, as D1's.
pub const LIFE_S: u64 = 3_600;

/// What else the token may be used for must not come out the same.
const DOMAIN: &[u8] = b"isolite signed url";
const SIGNATURE: &str = "&signature=";

pub struct UrlKey(TokenKey);

impl UrlKey {
    /// The token as it is configured, without the white space around it.
    pub fn of_token(token: &str) -> Self {
        UrlKey(TokenKey::new(token, DOMAIN))
    }

    /// The query part of a URL for that method and path. `parameters` is a query part, or empty.
    pub fn sign(&self, method: Method, path: &str, parameters: &str, now_s: u64) -> String {
        let and = if parameters.is_empty() { "" } else { "&" };
        let signed = format!("{parameters}{and}expires={}", now_s.saturating_add(LIFE_S));
        let digits = self.0.sign(&over(method, path, &signed));
        format!("{signed}{SIGNATURE}{digits}")
    }

    /// Whether a request may be let in by the query part of its URL.
    pub fn check(
        &self,
        method: Method,
        path: &str,
        query: &str,
        now_s: u64,
    ) -> Result<(), RestError> {
        let wrong = || RestError::Forbidden("The signature of this URL is not right".to_owned());
        let (signed, digits) = query.rsplit_once(SIGNATURE).ok_or_else(wrong)?;
        if !self.0.has_signed(&over(method, path, signed), digits) {
            return Err(wrong());
        }
        let expires = query_string::raw(signed, "expires").and_then(|text| text.parse().ok());
        match expires {
            Some(expires_s) if now_s < expires_s => Ok(()),
            _ => Err(RestError::Forbidden("This URL has expired: ask for a new one".to_owned())),
        }
    }
}

fn over(method: Method, path: &str, signed: &str) -> String {
    // No part of a URL has a line break in it.
    format!("{}\n{path}\n{signed}", method.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATH: &str = "/client/v4/accounts/a/d1/database/x/upload/f.sql";
    const NOW_S: u64 = 1_800_000_000;

    fn key() -> UrlKey {
        UrlKey::of_token("secret")
    }

    fn text(outcome: Result<(), RestError>) -> String {
        let error = outcome.unwrap_err();
        assert_eq!(error.status(), 403);
        error.to_string()
    }

    #[test]
    fn a_signed_url_is_let_in_until_it_expires() {
        for parameters in ["", "format=sql&table=a%26b"] {
            let query = key().sign(Method::Put, PATH, parameters, NOW_S);
            for now_s in [NOW_S, NOW_S + LIFE_S - 1] {
                assert_eq!(key().check(Method::Put, PATH, &query, now_s), Ok(()));
            }
            let late = key().check(Method::Put, PATH, &query, NOW_S + LIFE_S);
            assert!(text(late).contains("expired"));
        }
    }

    #[test]
    fn white_space_around_the_token_does_not_count() {
        let query = UrlKey::of_token("secret\n").sign(Method::Put, PATH, "", NOW_S);
        assert_eq!(key().check(Method::Put, PATH, &query, NOW_S), Ok(()));
    }

    #[test]
    fn nothing_of_it_can_be_another() {
        let query = key().sign(Method::Get, PATH, "format=sql", NOW_S);
        let refused = |key: UrlKey, method, path: &str, query: &str| {
            assert!(text(key.check(method, path, query, NOW_S)).contains("signature"), "{query}");
        };
        refused(key(), Method::Put, PATH, &query);
        refused(key(), Method::Get, "/client/v4/accounts/a/d1/database/y", &query);
        refused(UrlKey::of_token("other"), Method::Get, PATH, &query);
        refused(key(), Method::Get, PATH, &query.replace("format=sql", "format=sqlite"));
        refused(key(), Method::Get, PATH, &query.replace("expires=1", "expires=9"));
        refused(key(), Method::Get, PATH, &format!("at=x&{query}"));
        refused(key(), Method::Get, PATH, &format!("{query}&at=x"));
        refused(key(), Method::Get, PATH, &query[..query.len() - 1]);
        refused(key(), Method::Get, PATH, &query[..query.len() - 2]);
        refused(key(), Method::Get, PATH, &query.to_uppercase());
        for query in ["", "signature=", "expires=9999999999&signature=", "&signature=é0"] {
            refused(key(), Method::Get, PATH, query);
        }
    }

    #[test]
    fn every_digit_of_a_signature_counts() {
        let query = key().sign(Method::Put, PATH, "", NOW_S);
        let begin = query.len() - 64;
        for at in begin..query.len() {
            let other = if &query[at..=at] == "0" { "1" } else { "0" };
            let changed = format!("{}{other}{}", &query[..at], &query[at + 1..]);
            assert!(key().check(Method::Put, PATH, &changed, NOW_S).is_err(), "{at}");
        }
    }
}
