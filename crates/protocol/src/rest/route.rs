//! Which of REST's resources a path names, and which methods it has.

use super::RestError;
use crate::query_string;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
    Other,
}

/// A database is named by its id or by its name, as D1 lets both stand in the path. The account
/// may be anything: one Worker serves one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    Health,
    /// In the text format of Prometheus.
    Metrics,
    /// wrangler asks for accounts and memberships when it was given no account id.
    ListAccounts,
    ListMemberships,
    /// Statistics, as wrangler asks for them.
    Graphql,
    CreateDatabase,
    ListDatabases,
    GetDatabase(String),
    /// Settings, all of them anew.
    PutDatabase(String),
    /// Settings, those that are named.
    PatchDatabase(String),
    DeleteDatabase(String),
    UndeleteDatabase(String),
    /// Rows as objects.
    Query(String),
    /// Rows as arrays, with the columns' names apart.
    Raw(String),
    ListTokens,
    CreateToken,
    RevokeToken(String),
    /// Migrations for a page of the databases with this prefix.
    MigrateGroup(String),
    /// A position to export, and the URL to fetch it by.
    Export(String),
    /// The export itself.
    ExportNow(String),
    /// The same by a signed URL.
    Download(String),
    Import(String),
    /// A file to import, by a signed URL.
    Upload {
        database: String,
        filename: String,
    },
    /// Which bookmark was the newest at a time.
    BookmarkAt(String),
    Restore(String),
    Fork(String),
    /// What a path of the bucket of backups has.
    GetBackup,
    RestoreBackup,
    /// The newest of the long works of a database.
    NewestJob(String),
    /// How far the backup of a database is.
    Backup(String),
    /// Moves the primary of a database to another region.
    Promote(String),
    /// How far that is.
    GetPromotion(String),
    GiveUpPromotion(String),
    /// What another primary could be made of, if that one is lost.
    PromotionSources(String),
    /// What a database does in each region.
    Replicas(String),
    /// How long a read of it takes from here.
    Measure(String),
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
        use Method::{Delete, Get, Patch, Post, Put};
        let path = path.strip_suffix('/').unwrap_or(path);
        if path == "/health" {
            return Some(vec![(Get, Route::Health)]);
        }
        if path == "/metrics" {
            return Some(vec![(Get, Route::Metrics)]);
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
                (Put, Route::PutDatabase(decode_segment(id))),
                (Patch, Route::PatchDatabase(decode_segment(id))),
                (Delete, Route::DeleteDatabase(decode_segment(id))),
            ],
            ["accounts", _, "d1", "database", id, below @ ..] => {
                return Self::below(decode_segment(id), below);
            }
            ["accounts", _, "d1", "tokens"] => {
                vec![(Get, Route::ListTokens), (Post, Route::CreateToken)]
            }
            ["accounts", _, "d1", "tokens", id] if !id.is_empty() => {
                vec![(Delete, Route::RevokeToken(decode_segment(id)))]
            }
            ["accounts", _, "d1", "backups"] => vec![(Get, Route::GetBackup)],
            ["accounts", _, "d1", "backups", "restore"] => vec![(Post, Route::RestoreBackup)],
            ["accounts", _, "d1", "groups", prefix, "migrations", "apply"]
                if !prefix.is_empty() =>
            {
                vec![(Post, Route::MigrateGroup(decode_segment(prefix)))]
            }
            _ => return None,
        })
    }

    /// What a path below a database's has.
    fn below(id: String, segments: &[&str]) -> Option<Vec<(Method, Route)>> {
        use Method::{Delete, Get, Post, Put};
        Some(match segments {
            ["query"] => vec![(Post, Route::Query(id))],
            ["raw"] => vec![(Post, Route::Raw(id))],
            ["undelete"] => vec![(Post, Route::UndeleteDatabase(id))],
            ["export"] => vec![(Get, Route::ExportNow(id.clone())), (Post, Route::Export(id))],
            ["export", _] => vec![(Get, Route::Download(id))],
            ["import"] => vec![(Post, Route::Import(id))],
            ["upload", filename] => {
                vec![(Put, Route::Upload { database: id, filename: decode_segment(filename) })]
            }
            ["time_travel", "bookmark"] => vec![(Get, Route::BookmarkAt(id))],
            ["time_travel", "restore"] => vec![(Post, Route::Restore(id))],
            ["fork"] => vec![(Post, Route::Fork(id))],
            ["jobs"] => vec![(Get, Route::NewestJob(id))],
            ["backup"] => vec![(Get, Route::Backup(id))],
            ["promote", "sources"] => vec![(Get, Route::PromotionSources(id))],
            ["promote"] => vec![
                (Get, Route::GetPromotion(id.clone())),
                (Post, Route::Promote(id.clone())),
                (Delete, Route::GiveUpPromotion(id)),
            ],
            ["replicas"] => vec![(Get, Route::Replicas(id))],
            ["measure"] => vec![(Post, Route::Measure(id))],
            _ => return None,
        })
    }

    /// Whether a signature in the URL lets in, and not the token.
    pub fn is_signed(&self) -> bool {
        matches!(self, Route::Download(_) | Route::Upload { .. })
    }
}

/// Unlike in a query, `+` stands for itself in a path.
fn decode_segment(segment: &str) -> String {
    query_string::decode(&segment.replace('+', "%2B"))
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Get => "GET",
            Method::Post => "POST",
            Method::Put => "PUT",
            Method::Patch => "PATCH",
            Method::Delete => "DELETE",
            Method::Other => "OTHER",
        }
    }

    pub fn parse(text: &str) -> Self {
        match text {
            "GET" => Method::Get,
            "POST" => Method::Post,
            "PUT" => Method::Put,
            "PATCH" => Method::Patch,
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
        assert_eq!(parse("GET", "/metrics"), Ok(Route::Metrics));
        assert_eq!(parse("GET", "/client/v4/accounts"), Ok(Route::ListAccounts));
        assert_eq!(parse("GET", "/client/v4/memberships"), Ok(Route::ListMemberships));
        assert_eq!(parse("POST", "/client/v4/graphql"), Ok(Route::Graphql));
        assert_eq!(parse("GET", base), Ok(Route::ListDatabases));
        assert_eq!(parse("GET", &format!("{base}/")), Ok(Route::ListDatabases));
        assert_eq!(parse("POST", base), Ok(Route::CreateDatabase));
        let one = format!("{base}/my%20db+1");
        assert_eq!(parse("GET", &one), Ok(Route::GetDatabase(id())));
        assert_eq!(parse("PUT", &one), Ok(Route::PutDatabase(id())));
        assert_eq!(parse("PATCH", &one), Ok(Route::PatchDatabase(id())));
        assert_eq!(parse("DELETE", &one), Ok(Route::DeleteDatabase(id())));
        let undelete = format!("{one}/undelete");
        assert_eq!(parse("POST", &undelete), Ok(Route::UndeleteDatabase(id())));
        let tokens = "/client/v4/accounts/abc/d1/tokens";
        assert_eq!(parse("GET", tokens), Ok(Route::ListTokens));
        assert_eq!(parse("POST", tokens), Ok(Route::CreateToken));
        let token = format!("{tokens}/x");
        assert_eq!(parse("DELETE", &token), Ok(Route::RevokeToken("x".into())));
        let backups = "/client/v4/accounts/abc/d1/backups";
        assert_eq!(parse("GET", backups), Ok(Route::GetBackup));
        assert_eq!(parse("POST", &format!("{backups}/restore")), Ok(Route::RestoreBackup));
        let group = "/client/v4/accounts/abc/d1/groups/t-/migrations/apply";
        assert_eq!(parse("POST", group), Ok(Route::MigrateGroup("t-".into())));
        assert_eq!(parse("POST", &format!("{one}/query")), Ok(Route::Query(id())));
        assert_eq!(parse("POST", &format!("{one}/raw")), Ok(Route::Raw(id())));
        let below = |method: &str, path: &str| parse(method, &format!("{one}/{path}"));
        assert_eq!(below("POST", "export"), Ok(Route::Export(id())));
        assert_eq!(below("GET", "export"), Ok(Route::ExportNow(id())));
        assert_eq!(below("GET", "export/x.sql"), Ok(Route::Download(id())));
        assert_eq!(below("POST", "import"), Ok(Route::Import(id())));
        let upload = Route::Upload { database: id(), filename: "x.sql".to_owned() };
        assert_eq!(below("PUT", "upload/x.sql"), Ok(upload));
        assert_eq!(below("GET", "time_travel/bookmark"), Ok(Route::BookmarkAt(id())));
        assert_eq!(below("POST", "time_travel/restore"), Ok(Route::Restore(id())));
        assert_eq!(below("POST", "fork"), Ok(Route::Fork(id())));
        assert_eq!(below("GET", "jobs"), Ok(Route::NewestJob(id())));
        assert_eq!(below("GET", "backup"), Ok(Route::Backup(id())));
        assert_eq!(below("GET", "promote"), Ok(Route::GetPromotion(id())));
        assert_eq!(below("GET", "promote/sources"), Ok(Route::PromotionSources(id())));
        assert_eq!(below("POST", "promote"), Ok(Route::Promote(id())));
        assert_eq!(below("DELETE", "promote"), Ok(Route::GiveUpPromotion(id())));
        assert_eq!(below("GET", "replicas"), Ok(Route::Replicas(id())));
        assert_eq!(below("POST", "measure"), Ok(Route::Measure(id())));
    }

    #[test]
    fn two_are_signed() {
        let one = "/client/v4/accounts/abc/d1/database/x";
        for (method, path, signed) in [
            ("PUT", "upload/f", true),
            ("GET", "export/f", true),
            ("GET", "export", false),
            ("POST", "import", false),
        ] {
            let route = parse(method, &format!("{one}/{path}")).unwrap();
            assert_eq!(route.is_signed(), signed, "{path}");
        }
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
            ("POST", "/client/v4/accounts/a/d1/database/x", "GET, PUT, PATCH, DELETE"),
            ("GET", "/client/v4/accounts/a/d1/database/x/query", "POST"),
            ("PUT", "/client/v4/accounts/a/d1/database/x/export", "GET, POST"),
            ("POST", "/client/v4/accounts/a/d1/database/x/upload/f", "PUT"),
        ] {
            let allow = expected.to_owned();
            assert_eq!(parse(method, path), Err(RestError::MethodNotAllowed { allow }));
        }
    }
}
