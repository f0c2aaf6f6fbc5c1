//! The paths of a primary that a client may name. The others, as the one that deletes the
//! database, are for the directory and for REST, and must not be reachable through a binding.

use super::Failure;
use crate::query_string;

/// Checks the path of a client's call, its query included, as in `/query?resultsFormat=NONE`.
pub fn check_client_path(path: &str) -> Result<(), Failure> {
    let resource = path.split_once('?').map_or(path, |(resource, _)| resource);
    match resource {
        "/query" | "/execute" => Ok(()),
        "/transaction/begin" | "/transaction/nest" => Ok(()),
        "/transaction/commit" | "/transaction/rollback" => Ok(()),
        _ => Err(Failure::new("No such path: use /query or /execute")),
    }
}

/// Whether a call belongs to a transaction of several requests, of which the primary alone knows.
pub fn is_of_transaction(path: &str) -> bool {
    path.starts_with("/transaction/")
        || query_string::raw(query_string::of(path), "transaction").is_some()
}

#[cfg(test)]
mod tests {
    use super::{check_client_path, is_of_transaction};

    #[test]
    fn what_belongs_to_a_transaction() {
        for path in ["/transaction/begin?mode=write", "/query?resultsFormat=NONE&transaction=0"] {
            assert!(check_client_path(path).is_ok() && is_of_transaction(path), "{path}");
        }
        for path in ["/query", "/query?resultsFormat=NONE", "/query?transactions=0"] {
            assert!(!is_of_transaction(path), "{path}");
        }
    }

    #[test]
    fn only_the_paths_of_queries() {
        for path in ["/query", "/query?resultsFormat=NONE", "/execute?x"] {
            assert!(check_client_path(path).is_ok(), "{path}");
        }
        for path in [
            "",
            "/",
            "/delete",
            "/info",
            "/script",
            "/query/",
            "/query/../delete",
            "query",
            "//query",
            "/query#/../../delete",
            "/%71uery",
            "/transaction",
            "/transaction/",
            "/transaction/../delete",
            "/query\\..\\delete",
            "?/query",
        ] {
            assert!(check_client_path(path).is_err(), "{path}");
        }
    }
}
