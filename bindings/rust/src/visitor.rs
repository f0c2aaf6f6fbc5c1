//! A visitor's session, carried from one web request to the next.
//!
//! Whoever has just saved something sees it on the next page, in whatever data centre that is
//! answered: the bookmark goes out with each response, in a cookie for browsers and in a header for
//! programs, and the next request brings it back. What comes back is a stranger's word. A bookmark that
//! the database refuses, as that of a database since restored or replaced, starts the session anew at
//! the primary instead of failing the request.

use worker::{Request, Response, Result};

use crate::database::D1Database;
use crate::session::{D1DatabaseSession, D1SessionConstraint};

const COOKIE: &str = "isolite-bookmark";
const HEADER: &str = "x-d1-bookmark";
/// A bookmark matters until every replica is past it, which is long before.
const COOKIE_AGE_S: u32 = 3_600;

/// A session that goes on from where the visitor's last request ended.
#[derive(Clone, Debug)]
pub struct VisitorSession {
    session: D1DatabaseSession,
    came: Option<String>,
    secure: bool,
}

impl VisitorSession {
    /// From the header `x-d1-bookmark` of a request, else its cookie `isolite-bookmark`, else
    /// unconstrained.
    pub fn of(request: &Request, database: &D1Database) -> Result<Self> {
        // A program's header says more than a cookie that some browser keeps.
        let header = request.headers().get(HEADER)?.filter(|bookmark| !bookmark.is_empty());
        let came = match header {
            Some(bookmark) => Some(bookmark),
            None => request.headers().get("cookie")?.and_then(|all| cookie_of(&all)),
        };
        let session = database.with_session(came.as_deref())?;
        let session = session.with_fallback(D1SessionConstraint::FirstPrimary);
        // Without TLS, as on a developer's machine, a browser would not send a secure cookie back.
        let secure = request.inner().url().starts_with("https:");
        Ok(Self { session, came, secure })
    }

    /// What the request is answered by.
    pub fn session(&self) -> &D1DatabaseSession {
        &self.session
    }

    /// Puts the bookmark into the response, if the session has come to a new one.
    pub fn carry(&self, response: Response) -> Result<Response> {
        let bookmark = self.session.get_bookmark()?.filter(|it| Some(it) != self.came.as_ref());
        let Some(bookmark) = bookmark else { return Ok(response) };
        let headers = response.headers().clone();
        headers.set(HEADER, &bookmark)?;
        headers.append("set-cookie", &set_cookie(&bookmark, self.secure))?;
        Ok(response.with_headers(headers))
    }
}

fn cookie_of(all: &str) -> Option<String> {
    let mut cookies = all.split(';').filter_map(|each| each.trim().split_once('='));
    cookies.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

fn set_cookie(bookmark: &str, secure: bool) -> String {
    let secure = if secure { "; Secure" } else { "" };
    format!("{COOKIE}={bookmark}; Path=/; Max-Age={COOKIE_AGE_S}; HttpOnly; SameSite=Lax{secure}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_there_and_back() {
        let set = set_cookie("00000001-a", true);
        assert!(set.ends_with("; Secure") && !set_cookie("00000001-a", false).contains("Secure"));
        let kept = set.split(';').next().unwrap();
        let all = format!("a=b; {kept}; xisolite-bookmark=no");
        assert_eq!(cookie_of(&all).as_deref(), Some("00000001-a"));
        for none in ["", "a=b", "isolite-bookmarks=1", "isolite-bookmark"] {
            assert_eq!(cookie_of(none), None, "{none}");
        }
    }
}
