//! SQL as text: how SQLite wants it, and what can be told of it without preparing it.

/// Text that ends with a NUL, as SQLite reads it without copying all that is left for each statement
/// of a script. A NUL inside ends the text, as it always does for SQLite.
pub(crate) struct SqlText {
    text: String,
}

impl SqlText {
    pub(crate) fn new(sql: &str) -> Self {
        let sql = sql.split('\0').next().unwrap_or_default();
        let mut text = String::with_capacity(sql.len() + 1);
        text.push_str(sql);
        text.push('\0');
        SqlText { text }
    }

    /// The text from a byte offset on, the NUL included; nothing but it from an offset beyond.
    pub(crate) fn from(&self, at: usize) -> &str {
        self.text.get(at..).filter(|rest| !rest.is_empty()).unwrap_or("\0")
    }
}

/// Whether there is no statement in `text`: white space, comments and semicolons at most.
pub(crate) fn is_blank(text: &str) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', '\n', '\r', '\x0c', ';']);
        if let Some(comment) = rest.strip_prefix("--") {
            match comment.find('\n') {
                Some(end) => rest = &comment[end..],
                None => return true,
            }
        } else if let Some(comment) = rest.strip_prefix("/*") {
            match comment.find("*/") {
                Some(end) => rest = &comment[end + 2..],
                None => return true,
            }
        } else {
            return rest.is_empty() || rest.starts_with('\0');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_blank;

    #[test]
    fn blank_is_what_sqlite_skips() {
        for blank in ["", " ;\n\t;", "-- SELECT 1", "-- a\n /* ; */ ;", "/* open", "\0SELECT 1"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["SELECT 1", "-- a\nSELECT 1", "/* a */ x", "- 1", "/ 1", "é"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }
}
