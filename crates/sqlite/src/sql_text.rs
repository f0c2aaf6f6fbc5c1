//! SQL as text: how SQLite wants it, and what can be told of it without preparing it.

/// What D1 skips between two statements of a text, besides what SQLite skips.
const SPACES: [char; 6] = [' ', '\t', '\n', '\r', '\x0b', '\x0c'];

/// Text that ends with a NUL, as SQLite reads it without copying all that is left for each statement
/// of a script. A NUL inside ends the text, as it always does for SQLite.
pub(crate) struct SqlText {
    text: String,
    cut: bool,
}

impl SqlText {
    pub(crate) fn new(sql: &str) -> Self {
        let whole = sql.len();
        let sql = sql.split('\0').next().unwrap_or_default();
        let mut text = String::with_capacity(sql.len() + 1);
        text.push_str(sql);
        text.push('\0');
        SqlText { text, cut: sql.len() < whole }
    }

    /// Whether there is more text behind a NUL.
    pub(crate) fn is_cut(&self) -> bool {
        self.cut
    }

    /// The offset of what follows the white space at a byte offset.
    pub(crate) fn skip_spaces(&self, at: usize) -> usize {
        let rest = self.from(at);
        at + (rest.len() - rest.trim_start_matches(SPACES).len())
    }

    /// The text from one byte offset to another, without the NUL.
    pub(crate) fn between(&self, at: usize, after: usize) -> &str {
        self.text.get(at..after.min(self.text.len() - 1)).unwrap_or_default()
    }

    /// The text from a byte offset on, the NUL included; nothing but it from an offset beyond.
    pub(crate) fn from(&self, at: usize) -> &str {
        self.text.get(at..).filter(|rest| !rest.is_empty()).unwrap_or("\0")
    }
}

/// Whether there is no statement in `text`: white space, comments and semicolons at most.
pub(crate) fn is_blank(text: &str) -> bool {
    let rest = skip_blank(text);
    rest.is_empty() || rest.starts_with('\0')
}

/// What is left of `text` after the white space, comments and semicolons at its start.
pub(crate) fn skip_blank(text: &str) -> &str {
    let mut rest = text;
    loop {
        let start = rest.trim_start_matches(|c| c == ';' || SPACES.contains(&c));
        let after = if let Some(comment) = start.strip_prefix("--") {
            comment.find('\n').map(|end| &comment[end..])
        } else if let Some(comment) = start.strip_prefix("/*") {
            comment.find("*/").map(|end| &comment[end + 2..])
        } else {
            return start;
        };
        match after {
            Some(after) => rest = after,
            None => return "",
        }
    }
}

/// Whether D1's server leaves a text out without looking for a statement in it: there is nothing in
/// it but blank lines and lines that begin with a comment.
pub(crate) fn is_left_out(text: &str) -> bool {
    text.lines().map(str::trim).all(|line| line.is_empty() || line.starts_with("--"))
}

/// Whether the statement at the start of `text` is a DROP TABLE.
pub(crate) fn is_drop_table(text: &str) -> bool {
    let mut words = Words(text);
    words.next().is_some_and(|word| word.eq_ignore_ascii_case("drop"))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case("table"))
}

/// Whether a text begins like a statement that reads. It may write all the same.
pub(crate) fn is_query(text: &str) -> bool {
    let word = Words(text).next();
    word.is_some_and(|word| {
        ["select", "with", "values", "explain"].iter().any(|known| word.eq_ignore_ascii_case(known))
    })
}

/// Whether a text plainly only reads, by its words alone: it says so of no statement that writes, and
/// not of each that reads.
pub(crate) fn only_reads(text: &str) -> bool {
    const WRITING: [&str; 4] = ["insert", "update", "delete", "replace"];
    let begins_with =
        |known: &str| Words(text).next().is_some_and(|word| word.eq_ignore_ascii_case(known));
    let bytes = text.as_bytes();
    let has =
        |word: &str| bytes.windows(word.len()).any(|it| it.eq_ignore_ascii_case(word.as_bytes()));
    is_query(text) && !(begins_with("with") && WRITING.iter().any(|word| has(word)))
}

/// Whether a text is one pragma that tells of the schema, and sets nothing.
pub(crate) fn is_pragma_of_schema(text: &str) -> bool {
    const NAMES: [&str; 7] = [
        "table_info",
        "table_xinfo",
        "table_list",
        "index_list",
        "index_info",
        "index_xinfo",
        "foreign_key_list",
    ];
    let mut tokens = crate::tokens::Tokens(text);
    let is = |token: Option<&str>, names: &[&str]| {
        token.is_some_and(|token| names.iter().any(|name| token.eq_ignore_ascii_case(name)))
    };
    is(tokens.next(), &["pragma"])
        && is(tokens.next(), &NAMES)
        && tokens.all(|token| token != "=" && !token.eq_ignore_ascii_case("pragma"))
        && !text.trim_end().trim_end_matches(';').contains(';')
}

/// Whether the statement at the start of `text` inserts, whatever stands before it in WITH.
#[cfg(feature = "hrana")]
pub(crate) fn is_insert(text: &str) -> bool {
    let mut depth = 0_usize;
    for token in crate::tokens::Tokens(text) {
        match token {
            "(" => depth += 1,
            ")" => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            _ if token.eq_ignore_ascii_case("insert") || token.eq_ignore_ascii_case("replace") => {
                return true;
            }
            _ if ["select", "update", "delete", "values"]
                .iter()
                .any(|known| token.eq_ignore_ascii_case(known)) =>
            {
                return false;
            }
            _ => {}
        }
    }
    false
}

/// The words at the start of a text, comments left out.
pub(crate) struct Words<'a>(pub(crate) &'a str);

impl<'a> Iterator for Words<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let start = skip_blank(self.0);
        let end = start.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(start.len());
        let (word, rest) = start.split_at(end);
        self.0 = rest;
        (!word.is_empty()).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::{is_blank, is_drop_table, is_left_out, only_reads};

    #[test]
    fn drop_table_is_told_by_its_words() {
        for text in ["DROP TABLE t", " -- a\n drop/**/Table \"t\"", ";;DROP\nTABLE IF EXISTS t"] {
            assert!(is_drop_table(text), "{text:?}");
        }
        for text in
            ["DROP VIEW t", "DROP", "", "SELECT 'DROP TABLE t'", "DROPTABLE t", "\"drop\" table"]
        {
            assert!(!is_drop_table(text), "{text:?}");
        }
    }

    #[test]
    fn left_out_is_what_d1_leaves_out() {
        for text in ["", " \n\t", "-- a", "  -- a\r\n-- b ; SELECT 1\n"] {
            assert!(is_left_out(text), "{text:?}");
        }
        for text in [";", "/* a */", "-- a\n;", "SELECT 1"] {
            assert!(!is_left_out(text), "{text:?}");
        }
    }

    #[test]
    fn blank_is_what_sqlite_skips() {
        for blank in ["", " ;\n\t;", "-- SELECT 1", "-- a\n /* ; */ ;", "/* open", "\0SELECT 1"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for text in ["SELECT 1", "-- a\nSELECT 1", "/* a */ x", "- 1", "/ 1", "é"] {
            assert!(!is_blank(text), "{text:?}");
        }
    }

    #[test]
    fn pragmas_of_the_schema() {
        for text in ["PRAGMA table_info(t)", "pragma index_list('t') ;", "PRAGMA table_list"] {
            assert!(super::is_pragma_of_schema(text), "{text}");
        }
        for text in [
            "PRAGMA foreign_keys = OFF",
            "PRAGMA table_info = t",
            "PRAGMA table_info(t); DELETE FROM t",
            "PRAGMA optimize",
            "SELECT 1",
            "",
        ] {
            assert!(!super::is_pragma_of_schema(text), "{text}");
        }
    }

    #[cfg(feature = "hrana")]
    #[test]
    fn inserts() {
        for text in [
            "INSERT INTO t VALUES (1)",
            "replace into t values (1)",
            "WITH x(a) AS (SELECT 2*a FROM t) INSERT INTO t SELECT a FROM x",
        ] {
            assert!(super::is_insert(text), "{text}");
        }
        for text in [
            "SELECT replace('a', 'b', 'c')",
            "UPDATE t SET a = (SELECT 1)",
            "WITH x AS (SELECT 1) DELETE FROM t",
            "VALUES (1)",
            "",
        ] {
            assert!(!super::is_insert(text), "{text}");
        }
    }

    #[test]
    fn what_plainly_only_reads() {
        for text in [
            "SELECT 1",
            "-- a\n VALUES (1)",
            "explain DELETE FROM t",
            "WITH x AS (SELECT 1) SELECT 2",
        ] {
            assert!(only_reads(text), "{text}");
        }
        for text in ["WITH x AS (SELECT 1) Insert INTO t SELECT 1", "DELETE FROM t", "", "BEGIN"] {
            assert!(!only_reads(text), "{text}");
        }
    }
}
