//! What of a request decides whether its cookie stands for the admin token.

use super::{SessionKey, cookie};
use crate::rest::RestError;

/// The headers of a request, and the origin that its URL has.
#[derive(Clone, Debug, Default)]
pub struct ConsoleRequest {
    pub own_origin: String,
    /// `cookie`.
    pub cookies: Option<String>,
    /// `x-isolite-console`. Pages of other sites cannot send it unless they are allowed to, and nobody is.
    pub marker: Option<String>,
    /// `origin`, sent by browsers unless a page asks its own origin for something.
    pub origin: Option<String>,
    /// `sec-fetch-site`, which no page can set.
    pub fetch_site: Option<String>,
}

impl ConsoleRequest {
    pub fn has_session(&self) -> bool {
        self.session().is_some()
    }

    fn session(&self) -> Option<&str> {
        cookie::session(&self.own_origin, self.cookies.as_deref()?)
    }

    /// Whether a page of the console sent it. A header that is missing tells nothing against it, but the
    /// marker must be there.
    pub fn check_page(&self) -> Result<(), RestError> {
        let is = |header: &Option<String>, text: &str| {
            header.as_deref().is_none_or(|header| header == text)
        };
        let from_page = self.marker.as_deref() == Some("1")
            && is(&self.fetch_site, "same-origin")
            && is(&self.origin, &self.own_origin);
        if from_page {
            return Ok(());
        }
        let text = "This is for the pages of this Worker's own console: send a token instead";
        Err(RestError::Forbidden(text.to_owned()))
    }

    /// When the session of the request ends.
    pub fn check_session(&self, key: &SessionKey, now_s: u64) -> Result<u64, RestError> {
        self.check_page()?;
        let session = self.session().ok_or(RestError::Unauthorized)?;
        key.check(session, now_s).ok_or(RestError::Unauthorized)
    }
}

#[cfg(test)]
mod tests {
    use super::super::LIFE_S;
    use super::*;

    const NOW_S: u64 = 1_800_000_000;

    fn key() -> SessionKey {
        SessionKey::of_token("secret")
    }

    fn request() -> ConsoleRequest {
        ConsoleRequest {
            own_origin: "https://a.example".into(),
            cookies: Some(format!("__Host-isolite-console={}", key().issue(NOW_S))),
            marker: Some("1".into()),
            origin: Some("https://a.example".into()),
            fetch_site: Some("same-origin".into()),
        }
    }

    fn status(request: &ConsoleRequest, now_s: u64) -> u16 {
        request.check_session(&key(), now_s).map_or_else(|error| error.status(), |_| 200)
    }

    #[test]
    fn a_page_with_a_session() {
        assert_eq!(request().check_session(&key(), NOW_S), Ok(NOW_S + LIFE_S));
        let bare = ConsoleRequest { origin: None, fetch_site: None, ..request() };
        assert_eq!(status(&bare, NOW_S), 200);
    }

    #[test]
    fn no_other_page() {
        let some = |text: &str| Some(text.to_owned());
        for other in [
            ConsoleRequest { marker: None, ..request() },
            ConsoleRequest { marker: some("true"), ..request() },
            ConsoleRequest { origin: some("https://b.example"), ..request() },
            ConsoleRequest { origin: some("http://a.example"), ..request() },
            ConsoleRequest { origin: some("https://a.example:444"), ..request() },
            ConsoleRequest { origin: some("null"), ..request() },
            ConsoleRequest { fetch_site: some("same-site"), ..request() },
            ConsoleRequest { fetch_site: some("cross-site"), ..request() },
            ConsoleRequest { fetch_site: some("none"), ..request() },
        ] {
            assert_eq!(status(&other, NOW_S), 403, "{other:?}");
        }
    }

    #[test]
    fn no_session() {
        assert_eq!(status(&ConsoleRequest { cookies: None, ..request() }, NOW_S), 401);
        assert_eq!(status(&request(), NOW_S + LIFE_S), 401);
        let cookies = Some("__Host-isolite-console=9999999999.00".to_owned());
        assert_eq!(status(&ConsoleRequest { cookies, ..request() }, NOW_S), 401);
        assert!(!ConsoleRequest { cookies: None, ..request() }.has_session());
        assert!(request().has_session());
    }
}
