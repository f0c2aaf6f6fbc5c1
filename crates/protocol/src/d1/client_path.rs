//! The paths of a primary that a client may name. The others, as the one that deletes the
//! database, are for the directory and for REST, and must not be reachable through a binding.

use super::Failure;

/// Checks the path of a client's call, its query included, as in `/query?resultsFormat=NONE`.
pub fn check_client_path(path: &str) -> Result<(), Failure> {
    let resource = path.split_once('?').map_or(path, |(resource, _)| resource);
    match resource {
        "/query" | "/execute" => Ok(()),
        _ => Err(Failure::new("No such path: use /query or /execute")),
    }
}

#[cfg(test)]
mod tests {
    use super::check_client_path;

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
            "/query\\..\\delete",
            "?/query",
        ] {
            assert!(check_client_path(path).is_err(), "{path}");
        }
    }
}
