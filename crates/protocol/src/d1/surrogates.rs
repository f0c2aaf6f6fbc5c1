//! Halves of characters in JSON.
//!
//! A JavaScript string may hold half of a character that UTF-16 writes as two units, and
//! `JSON.stringify` writes that half as an escape. No UTF-8 text can hold it, so it becomes U+FFFD, the
//! replacement character, as when JavaScript itself encodes such a string.

const ESCAPE: &str = "\\u";
const REPLACEMENT: &str = "\\ufffd";

/// The text with each lone surrogate replaced; None if there is none.
pub(crate) fn replaced(json: &str) -> Option<String> {
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = json[at..].find('\\') {
        let start = at + found;
        match (unit(json, start), unit(json, start + 6)) {
            (Some(0xd800..0xdc00), Some(0xdc00..0xe000)) => at = start + 12,
            (Some(0xd800..0xe000), _) => {
                out.push_str(&json[copied..start]);
                out.push_str(REPLACEMENT);
                at = start + 6;
                copied = at;
            }
            (Some(_), _) => at = start + 6,
            // Another escape: what follows the backslash belongs to it.
            (None, _) => {
                at = start + 1;
                at += json[at..].chars().next().map_or(0, char::len_utf8);
            }
        }
    }
    (copied > 0).then(|| out + &json[copied..])
}

/// The unit that an escape at `at` stands for.
fn unit(json: &str, at: usize) -> Option<u16> {
    let digits = json.get(at..at + 6)?.strip_prefix(ESCAPE)?;
    u16::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::replaced;

    #[test]
    fn only_halves_are_replaced() {
        for text in ["", "a", r"\ud83d\ude00", r"\\ud800", r"\u0041", r#"\n\""#, "\\é", "\\"] {
            assert_eq!(replaced(text), None, "{text}");
        }
        for (text, expected) in [
            (r"\ud800", r"\ufffd"),
            (r"a\udc00b", r"a\ufffdb"),
            (r"\udc00\ud800", r"\ufffd\ufffd"),
            (r"\ud800\ud83d\ude00\uD83D", r"\ufffd\ud83d\ude00\ufffd"),
            (r"\\\ud800\n", r"\\\ufffd\n"),
        ] {
            assert_eq!(replaced(text).as_deref(), Some(expected), "{text}");
        }
    }
}
