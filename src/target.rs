//! What a request's URL asks for: its path and its query.
//!
//! The runtime has parsed and normalised the URL already, so finding the two marks is enough. A
//! URL parser would bring its tables of host names, a tenth of the module.

#[cfg(feature = "entry")]
use worker::Request;

/// The part of a URL after the host.
pub(crate) struct Target {
    url: String,
    path_start: usize,
    query_start: usize,
}

impl Target {
    /// Only REST has URLs.
    #[cfg(feature = "entry")]
    pub(crate) fn of(request: &Request) -> Target {
        Target::parse(request.inner().url())
    }

    /// Of a path with its query part.
    pub(crate) fn of_path(path: &str) -> Target {
        Target::parse(path.to_owned())
    }

    fn parse(mut url: String) -> Target {
        if let Some(fragment) = url.find('#') {
            url.truncate(fragment);
        }
        let host_start = url.find("://").map_or(0, |scheme_end| scheme_end + 3);
        let path_start = url[host_start..].find('/').map_or(url.len(), |slash| host_start + slash);
        let query_start = url[path_start..].find('?').map_or(url.len(), |mark| path_start + mark);
        Target { url, path_start, query_start }
    }

    /// Scheme and host, without a slash at the end; empty of a path.
    #[cfg(feature = "entry")]
    pub(crate) fn origin(&self) -> &str {
        &self.url[..self.path_start]
    }

    /// From the first slash on, as it was sent: nothing in it is decoded.
    pub(crate) fn path(&self) -> &str {
        &self.url[self.path_start..self.query_start]
    }

    /// All of it, as it came.
    pub(crate) fn as_str(&self) -> &str {
        &self.url
    }

    /// What follows the question mark, empty if nothing does.
    pub(crate) fn query(&self) -> &str {
        self.url.get(self.query_start + 1..).unwrap_or_default()
    }
}
