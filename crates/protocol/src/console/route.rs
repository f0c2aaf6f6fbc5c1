//! Which requests are the console's own; what its pages do with databases they ask of REST.

use crate::rest::{Method, RestError};

/// What the console answers itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// The page.
    Page,
    /// Whether there is a session, and until when.
    Session,
    Login,
    Logout,
}

const SESSION_ALLOW: &str = "GET, POST, DELETE";

/// `None` of requests that are not the console's. The page takes no other method than `GET`.
pub fn destination(method: Method, path: &str) -> Option<Result<Destination, RestError>> {
    let found = match (path, method) {
        ("/", Method::Get) => Destination::Page,
        ("/console/session", Method::Get) => Destination::Session,
        ("/console/session", Method::Post) => Destination::Login,
        ("/console/session", Method::Delete) => Destination::Logout,
        ("/console/session", _) => {
            return Some(Err(RestError::MethodNotAllowed { allow: SESSION_ALLOW.to_owned() }));
        }
        _ => return None,
    };
    Some(Ok(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_destination() {
        let at = |method, path| destination(Method::parse(method), path);
        assert_eq!(at("GET", "/"), Some(Ok(Destination::Page)));
        assert_eq!(at("GET", "/console/session"), Some(Ok(Destination::Session)));
        assert_eq!(at("POST", "/console/session"), Some(Ok(Destination::Login)));
        assert_eq!(at("DELETE", "/console/session"), Some(Ok(Destination::Logout)));
        assert!(matches!(at("PUT", "/console/session"), Some(Err(_))));
        for (method, path) in [("POST", "/"), ("GET", "/console"), ("GET", "/console/session/x")] {
            assert_eq!(at(method, path), None, "{method} {path}");
        }
    }
}
