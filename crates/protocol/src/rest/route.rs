//! Which of REST's resources a path names, and which methods it has.

use super::RestError;
use crate::query_string;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Delete,
    Other,
}

/// A database is named by its id or by its name, as D1 lets both stand in the path. The account
/// may be anything: one Worker serves one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Health,
    /// wrangler asks for accounts and memberships when it was given no account id.
    ListAccounts,
    ListMemberships,
    /// Statistics, as wrangler asks for them.
    Graphql,
    CreateDatabase,
    ListDatabases,
    GetDatabase(String),
    DeleteDatabase(String),
    /// Rows as objects.
    Query(String),
    /// Rows as arrays, with the columns' names apart.
    Raw(String),
}

const BASE: &str = "/client/v4/";

impl Route {
    pub fn parse(method: Method, path: &str) -> Result<Self, RestError> {
        let routes = Self::at(path).ok_or_else(|| RestError::NoRoute(path.to_owned()))?;
        let methods: Vec<&str> = routes.iter().map(|(method, _)| method.as_str()).collect();
        let allow = methods.join(", ");
        let found = routes.into_iter().find(|(allowed, _)| *allowed == method);
        found.map(|(_, route)| route).ok_or(RestError::MethodNotAllowed { allow })
    }

    /// What a path has, by method.
    fn at(path: &str) -> Option<Vec<(Method, Route)>> {
        use Method::{Delete, Get, Post};
        let path = path.strip_suffix('/').unwrap_or(path);
        if path == "/health" {
            return Some(vec![(Get, Route::Health)]);
        }
        let segments: Vec<&str> = path.strip_prefix(BASE)?.split('/').collect();
        Some(match segments.as_slice() {
            ["accounts"] => vec![(Get, Route::ListAccounts)],
            ["graphql"] => vec![(Post, Route::Graphql)],
            ["memberships"] => vec![(Get, Route::ListMemberships)],
            ["accounts", _, "d1", "database"] => {
                vec![(Get, Route::ListDatabases), (Post, Route::CreateDatabase)]
            }
            ["accounts", _, "d1", "database", id] if !id.is_empty() => vec![
                (Get, Route::GetDatabase(decode_segment(id))),
                (Delete, Route::DeleteDatabase(decode_segment(id))),
            ],
            ["accounts", _, "d1", "database", id, "query"] => {
                vec![(Post, Route::Query(decode_segment(id)))]
            }
            ["accounts", _, "d1", "database", id, "raw"] => {
                vec![(Post, Route::Raw(decode_segment(id)))]
            }
            _ => return None,
        })
    }
}

/// Unlike in a query, `+` stands for itself in a path.
fn decode_segment(segment: &str) -> String {
    query_string::decode(&segment.replace('+', "%2B"))
}

impl Method {
    fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Delete => "DELETE",
            Method::Other => "OTHER",
        }
    }

    pub fn parse(text: &str) -> Self {
        match text {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "DELETE" => Method::Delete,
            _ => Method::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(method: &str, path: &str) -> Result<Route, RestError> {
        Route::parse(Method::parse(method), path)
    }

    #[test]
    fn every_route() {
        let base = "/client/v4/accounts/abc/d1/database";
        let id = || "my db+1".to_owned();
        assert_eq!(parse("GET", "/health"), Ok(Route::Health));
        assert_eq!(parse("GET", "/client/v4/accounts"), Ok(Route::ListAccounts));
        assert_eq!(parse("GET", "/client/v4/memberships"), Ok(Route::ListMemberships));
        assert_eq!(parse("POST", "/client/v4/graphql"), Ok(Route::Graphql));
        assert_eq!(parse("GET", base), Ok(Route::ListDatabases));
        assert_eq!(parse("GET", &format!("{base}/")), Ok(Route::ListDatabases));
        assert_eq!(parse("POST", base), Ok(Route::CreateDatabase));
        let one = format!("{base}/my%20db+1");
        assert_eq!(parse("GET", &one), Ok(Route::GetDatabase(id())));
        assert_eq!(parse("DELETE", &one), Ok(Route::DeleteDatabase(id())));
        assert_eq!(parse("POST", &format!("{one}/query")), Ok(Route::Query(id())));
        assert_eq!(parse("POST", &format!("{one}/raw")), Ok(Route::Raw(id())));
    }

    #[test]
    fn no_route_and_no_method() {
        for path in [
            "",
            "/",
            "/client/v4",
            "/client/v4/",
            "/healthy",
            "/client/v4/accounts/a/d1/databases",
            "/client/v4/accounts/a/d1/database/x/nope",
            "/client/v4/accounts/a/d1/database//",
        ] {
            assert!(matches!(parse("GET", path), Err(RestError::NoRoute(_))), "{path}");
        }
        for (method, path, expected) in [
            ("POST", "/health", "GET"),
            ("PUT", "/client/v4/accounts/a/d1/database", "GET, POST"),
            ("PATCH", "/client/v4/accounts/a/d1/database/x", "GET, DELETE"),
            ("GET", "/client/v4/accounts/a/d1/database/x/query", "POST"),
        ] {
            let allow = expected.to_owned();
            assert_eq!(parse(method, path), Err(RestError::MethodNotAllowed { allow }));
        }
    }
}
