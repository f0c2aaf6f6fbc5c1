//! The check of `Authorization: Bearer …`, in time that does not depend on where a wrong token
//! differs, so that it cannot be guessed byte by byte.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorization {
    Granted,
    /// The header is missing, of another scheme, or the token is another one.
    Refused,
    /// The Worker has no token set. Nobody is let in: an open door is never the default.
    NotConfigured,
}

/// `header` is the request's Authorization header, `expected` the Worker's secret.
pub fn check_bearer_token(header: Option<&str>, expected: Option<&str>) -> Authorization {
    let expected = match expected.map(str::trim) {
        None | Some("") => return Authorization::NotConfigured,
        Some(expected) => expected,
    };
    match bearer_token(header) {
        Some(given) if equal(given.as_bytes(), expected.as_bytes()) => Authorization::Granted,
        _ => Authorization::Refused,
    }
}

/// The token that an Authorization header brings.
pub fn bearer_token(header: Option<&str>) -> Option<&str> {
    let (scheme, token) = header?.trim().split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The time depends on the length of `given`, which its sender knows, and on nothing else.
fn equal(given: &[u8], expected: &[u8]) -> bool {
    let mut difference = u8::from(given.len() != expected.len());
    for (at, byte) in given.iter().enumerate() {
        // Past the end any byte will do: the lengths have differed already.
        let other = expected.get(at % expected.len()).copied().unwrap_or(0);
        difference = std::hint::black_box(difference | (byte ^ other));
    }
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::{Authorization::*, check_bearer_token};

    #[test]
    fn granted() {
        assert_eq!(check_bearer_token(Some("Bearer secret"), Some("secret")), Granted);
        assert_eq!(check_bearer_token(Some("bearer  secret "), Some("secret\n")), Granted);
    }

    #[test]
    fn refused() {
        for header in [
            "",
            "Bearer",
            "Bearer ",
            "secret",
            "Basic secret",
            "Bearer secre",
            "Bearer secrets",
            "Bearer secretsecret",
            "Bearer Secret",
            "Bearer secret x",
        ] {
            assert_eq!(check_bearer_token(Some(header), Some("secret")), Refused, "{header}");
        }
        assert_eq!(check_bearer_token(None, Some("secret")), Refused);
    }

    #[test]
    fn without_a_token_nobody_enters() {
        for expected in [None, Some(""), Some("  ")] {
            assert_eq!(check_bearer_token(Some("Bearer "), expected), NotConfigured);
            assert_eq!(check_bearer_token(None, expected), NotConfigured);
        }
    }
}
