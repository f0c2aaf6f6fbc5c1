//! The tokens of a statement that SQLite has accepted: enough to read the schema's texts by.

use crate::splitter::is_word;
use crate::sql_text::skip_blank;

/// The tokens of a text, each as it stands there; comments and white space left out.
pub(crate) struct Tokens<'a>(pub(crate) &'a str);

impl<'a> Iterator for Tokens<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        // A semicolon between two tokens, as in a trigger, is none.
        let rest = skip_blank(self.0);
        let first = *rest.as_bytes().first()?;
        let len = match first {
            b'\'' | b'"' | b'`' => quoted_len(rest, first),
            b'[' => rest.find(']').map_or(rest.len(), |end| end + 1),
            byte if is_word(byte) => {
                rest.bytes().position(|byte| !is_word(byte)).unwrap_or(rest.len())
            }
            _ => 1,
        };
        let (token, rest) = rest.split_at(len);
        self.0 = rest;
        Some(token)
    }
}

/// The length of what begins with a quote, to where the quote stands undoubled.
fn quoted_len(text: &str, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let mut at = 1;
    while at < bytes.len() {
        if bytes[at] != quote {
            at += 1;
        } else if bytes.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return at + 1;
        }
    }
    bytes.len()
}

/// What a name or a string says, without its quotes.
pub(crate) fn unquoted(token: &str) -> String {
    let quote = token.chars().next().unwrap_or(' ');
    let inner = token.get(1..token.len().saturating_sub(1)).unwrap_or_default();
    match quote {
        '\'' | '"' | '`' => inner.replace(&format!("{quote}{quote}"), &quote.to_string()),
        '[' => inner.to_owned(),
        _ => token.to_owned(),
    }
}

/// A name in quotes, as SQL wants those that may be anything.
pub(crate) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Whether a word stands in a text outside of quotes and comments.
pub(crate) fn has_word(sql: &str, word: &str) -> bool {
    Tokens(sql).any(|token| token.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::{Tokens, has_word, quoted, unquoted};

    #[test]
    fn tokens_of_a_schema() {
        let sql = "CREATE TABLE \"a\"\"b\"([x y] é1 /* , */ DEFAULT 'it''s', -- ;\n`z` x'00')";
        let tokens: Vec<&str> = Tokens(sql).collect();
        assert_eq!(
            tokens,
            [
                "CREATE",
                "TABLE",
                "\"a\"\"b\"",
                "(",
                "[x y]",
                "é1",
                "DEFAULT",
                "'it''s'",
                ",",
                "`z`",
                "x",
                "'00'",
                ")"
            ]
        );
        assert_eq!(unquoted("\"a\"\"b\""), "a\"b");
        assert_eq!(unquoted("[x y]"), "x y");
        assert_eq!(unquoted("é1"), "é1");
        assert_eq!(unquoted("'"), "");
        assert_eq!(quoted("a\"b"), "\"a\"\"b\"");
        assert!(has_word(sql, "default") && !has_word(sql, "s") && !has_word(sql, "create table"));
        assert_eq!(Tokens("'open '' \u{e9}").count(), 1);
    }
}
