//! A login as text: when it ends, and a signature over that. Nothing of it is stored anywhere, so it
//! ends by its time, or all of them by another admin token.

use crate::rest::{Envelope, TokenKey};

/// Half a day: a working day needs one login.
pub const LIFE_S: u64 = 12 * 3_600;

/// What else the token may be used for must not come out the same.
const PURPOSE: &[u8] = b"isolite console session";

pub struct SessionKey(TokenKey);

impl SessionKey {
    /// Made from the token as it is configured.
    pub fn of_token(token: &str) -> Self {
        SessionKey(TokenKey::new(token, PURPOSE))
    }

    /// A session that begins now.
    pub fn issue(&self, now_s: u64) -> String {
        let expires_s = now_s.saturating_add(LIFE_S).to_string();
        let signature = self.0.sign(&expires_s);
        format!("{expires_s}.{signature}")
    }

    /// When the session ends, if it is one of ours and that is still to come.
    pub fn check(&self, session: &str, now_s: u64) -> Option<u64> {
        let (expires, signature) = session.split_once('.')?;
        if !self.0.has_signed(expires, signature) {
            return None;
        }
        expires.parse().ok().filter(|expires_s| now_s < *expires_s)
    }
}

/// What a page is told of its session; `None` of none.
pub fn session_answer(expires_s: Option<u64>) -> String {
    let result = match expires_s {
        Some(expires_s) => {
            let expires_at_ms = expires_s.saturating_mul(1_000);
            format!(r#"{{"logged_in":true,"expires_at_ms":{expires_at_ms}}}"#)
        }
        None => r#"{"logged_in":false,"expires_at_ms":null}"#.to_owned(),
    };
    Envelope::success(&result, None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::{Method, UrlKey};

    const NOW_S: u64 = 1_800_000_000;

    fn key() -> SessionKey {
        SessionKey::of_token("secret")
    }

    #[test]
    fn a_session_ends_by_its_time() {
        let session = key().issue(NOW_S);
        let end_s = NOW_S + LIFE_S;
        assert_eq!(key().check(&session, NOW_S), Some(end_s));
        assert_eq!(key().check(&session, end_s - 1), Some(end_s));
        assert_eq!(key().check(&session, end_s), None);
    }

    #[test]
    fn another_token_ends_all() {
        let session = key().issue(NOW_S);
        assert_eq!(SessionKey::of_token("other").check(&session, NOW_S), None);
        assert!(SessionKey::of_token(" secret\n").check(&session, NOW_S).is_some());
    }

    #[test]
    fn nothing_of_it_can_be_another() {
        let session = key().issue(NOW_S);
        let (expires, signature) = session.split_once('.').unwrap();
        for changed in [
            String::new(),
            ".".to_owned(),
            expires.to_owned(),
            format!("{expires}."),
            format!("{}.{signature}", NOW_S + 2 * LIFE_S),
            format!("+{expires}.{signature}"),
            format!("{expires}.{}", &signature[1..]),
            format!("{expires}.{signature}0"),
            format!("{expires}.{}", signature.to_uppercase()),
            format!("{expires}.é{signature}"),
        ] {
            assert_eq!(key().check(&changed, NOW_S), None, "{changed}");
        }
        for at in 0..signature.len() {
            let other = if &signature[at..=at] == "0" { "1" } else { "0" };
            let changed = format!("{expires}.{}{other}{}", &signature[..at], &signature[at + 1..]);
            assert_eq!(key().check(&changed, NOW_S), None, "{at}");
        }
    }

    #[test]
    fn a_signed_url_is_no_session() {
        let query = UrlKey::of_token("secret").sign(Method::Get, "/", "", NOW_S);
        let (signed, signature) = query.split_once("&signature=").unwrap();
        let expires = signed.strip_prefix("expires=").unwrap();
        assert_eq!(key().check(&format!("{expires}.{signature}"), NOW_S), None);
    }

    #[test]
    fn what_a_page_is_told() {
        assert!(session_answer(Some(2)).contains(r#""logged_in":true,"expires_at_ms":2000"#));
        assert!(session_answer(None).contains(r#""logged_in":false,"expires_at_ms":null"#));
    }
}
