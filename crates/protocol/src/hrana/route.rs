//! Which of Hrana's endpoints a path names, and which database.
//!
//! libSQL's server has its endpoints at the root, and tells databases by the host. Here a base URL may
//! name the database as well: `/db/NAME/`, and `/dev/NAME/` as libSQL's own server in development.

use super::Encoding;
use crate::query_string;

/// What a path asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// The database, where the path says which.
    pub database: Option<String>,
    pub endpoint: Endpoint,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// Whether a version is spoken.
    Probe,
    Pipeline(Encoding),
    Cursor(Encoding),
    /// One statement or one batch, on a stream of its own: Hrana 1.
    Alone,
    /// The base URL itself: a WebSocket begins there.
    Socket,
    /// Which server this is.
    Version,
    /// The whole database as SQL.
    Dump,
    /// For stock embedded replicas: the newest generation.
    SyncInfo,
    /// The file of a generation.
    SyncExport(u64),
    /// Frames of a generation, from the first to before the last.
    SyncFrames {
        generation: u64,
        start: u64,
        end: u64,
    },
    /// Something behind the name of a database that there is not.
    Unknown,
}

impl Endpoint {
    /// What a request is called in the log.
    pub fn kind(&self) -> &'static str {
        match self {
            Endpoint::Probe | Endpoint::Version => "version",
            Endpoint::Pipeline(_) => "pipeline",
            Endpoint::Cursor(_) => "cursor",
            Endpoint::Alone => "alone",
            Endpoint::Socket => "socket",
            Endpoint::Dump => "dump",
            Endpoint::SyncInfo | Endpoint::SyncExport(_) | Endpoint::SyncFrames { .. } => "sync",
            Endpoint::Unknown => "unknown",
        }
    }
}

/// Where a request says which database it is for, besides its path.
#[derive(Clone, Copy, Debug, Default)]
pub struct Named<'a> {
    /// The header `x-namespace-bin`, in base64.
    pub namespace_bin: Option<&'a str>,
    /// The header `x-namespace`.
    pub namespace: Option<&'a str>,
}

impl Route {
    /// None of paths that are not Hrana's.
    pub fn parse(path: &str) -> Option<Route> {
        let (database, below) = match named_by_path(path) {
            Some((name, below)) => (Some(name), below),
            None => (None, path),
        };
        let segments: Vec<&str> = below.trim_matches('/').split('/').collect();
        let number = |text: &str| text.parse().ok();
        let endpoint = match segments[..] {
            [""] => Endpoint::Socket,
            ["v2" | "v3" | "v3-protobuf"] => Endpoint::Probe,
            ["v1", "execute" | "batch"] => Endpoint::Alone,
            ["v2" | "v3", "pipeline"] => Endpoint::Pipeline(Encoding::Json),
            ["v3", "cursor"] => Endpoint::Cursor(Encoding::Json),
            ["v3-protobuf", "pipeline"] => Endpoint::Pipeline(Encoding::Protobuf),
            ["v3-protobuf", "cursor"] => Endpoint::Cursor(Encoding::Protobuf),
            ["version"] => Endpoint::Version,
            ["dump"] => Endpoint::Dump,
            ["info"] => Endpoint::SyncInfo,
            ["export", generation] => Endpoint::SyncExport(number(generation)?),
            ["sync", generation, start, end] => Endpoint::SyncFrames {
                generation: number(generation)?,
                start: number(start)?,
                end: number(end)?,
            },
            _ => return None,
        };
        Some(Route { database, endpoint })
    }

    /// Whether a path begins like one that names a database, whatever comes behind.
    pub fn names_database(path: &str) -> bool {
        named_by_path(path).is_some()
    }

    /// Whether a path is what clients make of a base URL that lacks its slash at the end: they take the
    /// name for that of a file, and put the endpoint in its place.
    pub(super) fn has_lost_its_name(path: &str) -> bool {
        named_by_path(path).is_some_and(|(name, below)| {
            matches!(name.as_str(), "v2" | "v3" | "v3-protobuf")
                && matches!(below, "pipeline" | "cursor")
        })
    }
}

fn named_by_path(path: &str) -> Option<(String, &str)> {
    let rest = path.strip_prefix("/db/").or_else(|| path.strip_prefix("/dev/"))?;
    let (name, below) = rest.split_once('/').unwrap_or((rest, ""));
    (!name.is_empty()).then(|| (query_string::decode(&name.replace('+', "%2B")), below))
}

impl Named<'_> {
    /// The database, where a header says which. One that cannot be read names a database that cannot be.
    pub fn by_header(&self) -> Option<String> {
        let of_bytes = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap_or_default();
        match self.namespace_bin {
            Some(text) => Some(base64(text).map(of_bytes).unwrap_or_default()),
            None => self.namespace.map(str::to_owned),
        }
    }
}

/// The first label of a host that has more than one, and whether a database of that name must be meant:
/// below `localhost` there is nothing else, and below another name it may be that of the Worker.
pub fn host_label(host: &str) -> Option<(&str, bool)> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    let is_address = name.starts_with('[') || name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    let (label, rest) = name.split_once('.')?;
    (!is_address && !label.is_empty()).then(|| (label, rest.eq_ignore_ascii_case("localhost")))
}

fn base64(text: &str) -> Option<Vec<u8>> {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD_NO_PAD;
    STANDARD_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(path: &str) -> Option<(Option<String>, Endpoint)> {
        Route::parse(path).map(|route| (route.database, route.endpoint))
    }

    #[test]
    fn paths() {
        let pipeline = Endpoint::Pipeline(Encoding::Json);
        assert_eq!(route("/v2/pipeline"), Some((None, pipeline.clone())));
        assert_eq!(route("/db/a-b/v3/pipeline"), Some((Some("a-b".into()), pipeline.clone())));
        assert_eq!(route("/db/a%20b//v3/pipeline"), Some((Some("a b".into()), pipeline.clone())));
        assert_eq!(route("/dev/x/v2/pipeline"), Some((Some("x".into()), pipeline)));
        assert_eq!(
            route("/v3-protobuf/cursor"),
            Some((None, Endpoint::Cursor(Encoding::Protobuf)))
        );
        assert_eq!(route("/"), Some((None, Endpoint::Socket)));
        assert_eq!(route("/db/x"), Some((Some("x".into()), Endpoint::Socket)));
        assert_eq!(route("/db/x/v3"), Some((Some("x".into()), Endpoint::Probe)));
        let frames = Endpoint::SyncFrames { generation: 1, start: 2, end: 130 };
        assert_eq!(route("/sync/1/2/130"), Some((None, frames)));
        assert_eq!(route("/db/x/export/7"), Some((Some("x".into()), Endpoint::SyncExport(7))));
        for path in
            ["/v1/pipeline", "/v2/cursor", "/db//v2", "/sync/1/2", "/sync/a/1/2", "/client/v4"]
        {
            assert_eq!(route(path), None, "{path}");
        }
        assert!(Route::names_database("/db/v2/pipeline") && !Route::names_database("/v2/pipeline"));
    }

    #[test]
    fn headers_and_hosts() {
        let named = Named { namespace_bin: Some("YWI="), namespace: Some("c") };
        assert_eq!(named.by_header().as_deref(), Some("ab"));
        assert_eq!(Named { namespace_bin: None, ..named }.by_header().as_deref(), Some("c"));
        assert_eq!(Named { namespace_bin: Some("?"), ..named }.by_header().as_deref(), Some(""));
        assert_eq!(host_label("a.localhost:8787"), Some(("a", true)));
        assert_eq!(host_label("isolite.example.workers.dev"), Some(("isolite", false)));
        for host in ["localhost:8787", "127.0.0.1:8787", "[::1]:8787", "127.0.0.1", ".a", ""] {
            assert_eq!(host_label(host), None, "{host}");
        }
    }
}
