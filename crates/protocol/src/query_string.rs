//! The query part of a URL, read without a URL parser: `a=1&b=two%20words`.
//!
//! The hot path reads one parameter of one known URL; a parser that allocates a URL for it would
//! cost more than the rest of the routing.

/// The part of a path or URL after its first `?`, empty if there is none.
pub fn of(path: &str) -> &str {
    path.split_once('?').map_or("", |(_, query)| query)
}

/// The first value of `name` as it stands, without percent decoding.
pub fn raw<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query.split('&').find_map(|pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then_some(value)
    })
}

/// The first value of `name`, decoded as HTML forms encode it (`+` is a space).
pub fn value(query: &str, name: &str) -> Option<String> {
    raw(query, name).map(decode)
}

/// All values of `name`, decoded, in their order.
pub fn values(query: &str, name: &str) -> impl Iterator<Item = String> {
    query.split('&').filter_map(move |pair| {
        let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
        (key == name).then(|| decode(value))
    })
}

/// Encodes text for use as a value: everything but letters, digits and `-_.~` as `%XX`.
pub fn encode(text: &str) -> String {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push(char::from(HEX[usize::from(byte >> 4)]));
            encoded.push(char::from(HEX[usize::from(byte & 15)]));
        }
    }
    encoded
}

/// A `%` without two hex digits after it stands for itself, as browsers read it; bytes that are
/// not UTF-8 become the replacement character.
pub fn decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = match byte {
            b'%' => hex_pair(bytes.get(at + 1), bytes.get(at + 2)),
            _ => None,
        };
        decoded.push(escaped.unwrap_or(if byte == b'+' { b' ' } else { byte }));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

fn hex_pair(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let high = char::from(*high?).to_digit(16)?;
    let low = char::from(*low?).to_digit(16)?;
    u8::try_from(high * 16 + low).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_first_of_a_name() {
        let query = of("/query?resultsFormat=NONE&x=1&resultsFormat=B");
        assert_eq!(raw(query, "resultsFormat"), Some("NONE"));
        assert_eq!(raw(query, "x"), Some("1"));
        assert_eq!(raw(query, "y"), None);
        assert_eq!(raw("flag&x=1", "flag"), Some(""));
        assert_eq!(of("/query"), "");
        let all: Vec<String> = values("a=1&b=x%20y&a=&a", "a").collect();
        assert_eq!(all, ["1", "", ""]);
    }

    #[test]
    fn encoding_comes_back() {
        for text in ["", "plain", "a b&c=d", "Zürich 100%", "日本", "%zz", "+"] {
            let query = format!("name={}", encode(text));
            assert_eq!(value(&query, "name").as_deref(), Some(text));
        }
    }

    #[test]
    fn broken_escapes_stand_for_themselves() {
        assert_eq!(decode("%"), "%");
        assert_eq!(decode("%4"), "%4");
        assert_eq!(decode("%zz%41"), "%zzA");
        assert_eq!(decode("%ff"), "\u{fffd}");
        assert_eq!(decode("a+b"), "a b");
    }
}
