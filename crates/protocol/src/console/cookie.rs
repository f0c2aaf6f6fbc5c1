//! The cookie of a session.
//!
//! `__Host-` and `Secure` keep other hosts, and plain HTTP, from setting or reading it. On the loopback
//! interface, where development servers speak plain HTTP, no browser would keep such a cookie, and
//! nobody listens.

use super::LIFE_S;

const NAME: &str = "__Host-isolite-console";
const NAME_ON_LOOPBACK: &str = "isolite-console";

/// The header that has a browser keep a session.
pub fn set_cookie(origin: &str, session: &str) -> String {
    written(origin, session, LIFE_S)
}

/// The header that has it forget the session.
pub fn clear_cookie(origin: &str) -> String {
    written(origin, "", 0)
}

fn written(origin: &str, value: &str, max_age_s: u64) -> String {
    let (name, secure) = match is_plain_loopback(origin) {
        true => (NAME_ON_LOOPBACK, ""),
        false => (NAME, "; Secure"),
    };
    format!("{name}={value}; Path=/; Max-Age={max_age_s}; HttpOnly; SameSite=Strict{secure}")
}

/// The session that a request's Cookie header brings.
pub(super) fn session<'a>(origin: &str, cookies: &'a str) -> Option<&'a str> {
    let name = if is_plain_loopback(origin) { NAME_ON_LOOPBACK } else { NAME };
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(each, value)| *each == name && !value.is_empty()).map(|(_, value)| value)
}

fn is_plain_loopback(origin: &str) -> bool {
    let Some(authority) = origin.strip_prefix("http://") else { return false };
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    matches!(host, "127.0.0.1" | "::1" | "localhost") || host.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secure_but_on_loopback() {
        for origin in
            ["http://127.0.0.1:8787", "http://localhost", "http://[::1]:80", "http://a.localhost:1"]
        {
            let cookie = set_cookie(origin, "s");
            assert_eq!(
                cookie,
                "isolite-console=s; Path=/; Max-Age=43200; HttpOnly; SameSite=Strict"
            );
        }
        for origin in [
            "https://isolite.example",
            "https://localhost",
            "http://isolite.example",
            "http://127.0.0.1.example",
            "http://localhost.example:80",
            "http://192.168.0.2:8787",
            "",
        ] {
            let cookie = set_cookie(origin, "s");
            assert!(cookie.starts_with("__Host-isolite-console=s; Path=/; "), "{origin}");
            assert!(cookie.ends_with("; HttpOnly; SameSite=Strict; Secure"), "{origin}");
        }
    }

    #[test]
    fn found_among_others() {
        let at = |cookies| session("https://a.example", cookies);
        assert_eq!(at("a=b; __Host-isolite-console=1.2; c"), Some("1.2"));
        assert_eq!(at("__Host-isolite-console=1.2"), Some("1.2"));
        // Without the prefix any page of a neighbouring host can set it.
        for cookies in
            ["", "isolite-console=1.2", "x__Host-isolite-console=1.2", "__Host-isolite-console="]
        {
            assert_eq!(at(cookies), None, "{cookies}");
        }
        assert_eq!(session("http://localhost:1", "isolite-console=1.2"), Some("1.2"));
    }

    #[test]
    fn cleared() {
        assert!(clear_cookie("https://a.example").contains("console=; Path=/; Max-Age=0;"));
    }
}
