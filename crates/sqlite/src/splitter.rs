//! A stream of bytes cut into SQL statements, wherever the stream itself is cut.
//!
//! A statement ends where `sqlite3_complete` says so: at a semicolon outside strings, quoted names
//! and comments, and of CREATE TRIGGER at the one after END. Each byte moves an automaton by one
//! step, so that what is pushed at once or byte by byte gives the same statements, in linear time.
//! Nothing is kept but the statement that has begun, and that is bounded.

mod automaton;

use std::fmt;

use automaton::{Automaton, Seen};

pub(crate) use automaton::is_word;

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// How much of a statement an error shows, in characters.
const EXCERPT_CHARS: usize = 80;

/// One statement of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitStatement {
    /// From its first token to its semicolon; the last of a script may lack one.
    pub sql: String,
    /// Counted from 1.
    pub number: u64,
    /// The line of the script on which it begins, counted from 1.
    pub line: u64,
}

/// Why a script cannot be split further. Nothing more is to be pushed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitError {
    /// A statement does not end within the bound.
    TooLong { number: u64, line: u64, start: String, bytes_max: usize },
    /// A statement is not UTF-8, which is all that the database takes.
    NotUtf8 { number: u64, line: u64, start: String },
    /// A command of the `sqlite3` shell, which is not SQL.
    DotCommand { line: u64, start: String },
}

impl fmt::Display for SplitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SplitError::TooLong { number, line, start, bytes_max } => write!(
                f,
                "statement {number} (line {line}: {start}) is longer than {bytes_max} bytes: \
                 is a quote or a semicolon missing?"
            ),
            SplitError::NotUtf8 { number, line, start } => {
                write!(f, "statement {number} (line {line}: {start}) is not UTF-8")
            }
            SplitError::DotCommand { line, start } => write!(
                f,
                "line {line} is a command of the sqlite3 shell, not SQL: {start}; remove it, or \
                 let sqlite3 read the file and write it again with .dump"
            ),
        }
    }
}

impl std::error::Error for SplitError {}

/// Splits a stream into statements: push some bytes, take statements until there is none, go on.
pub struct Splitter {
    bytes_max: usize,
    /// What was pushed, from the start of the current statement on.
    input: Vec<u8>,
    /// Where the current statement starts in `input`; where `at` is if none has begun.
    start: usize,
    /// How far `input` was read.
    at: usize,
    automaton: Automaton,
    /// Whether the beginning of the stream was looked at for a byte order mark.
    begun: bool,
    line: u64,
    /// The line of `start`.
    start_line: u64,
    number: u64,
}

impl Splitter {
    /// A splitter that refuses statements of more than `bytes_max` bytes.
    pub fn new(bytes_max: usize) -> Splitter {
        Splitter {
            bytes_max,
            input: vec![],
            start: 0,
            at: 0,
            automaton: Automaton::default(),
            begun: false,
            line: 1,
            start_line: 1,
            number: 0,
        }
    }

    /// Takes more of the stream. What was pushed before should have been taken out as statements:
    /// it stays in memory until then.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.input.drain(..self.start);
            self.at -= self.start;
            self.automaton.moved(self.start);
            self.start = 0;
        }
        self.input.extend_from_slice(bytes);
    }

    /// The next whole statement, or None if more is to be pushed for it.
    #[allow(clippy::should_implement_trait)]
    pub fn next(&mut self) -> Result<Option<SplitStatement>, SplitError> {
        if !self.begun {
            if self.input.len() < BYTE_ORDER_MARK.len() && BYTE_ORDER_MARK.starts_with(&self.input)
            {
                return Ok(None);
            }
            self.begin();
        }
        self.scan()
    }

    /// After the last `push`: what is left, statement by statement, then None.
    pub fn finish(&mut self) -> Result<Option<SplitStatement>, SplitError> {
        if !self.begun {
            self.begin();
        }
        if let Some(statement) = self.scan()? {
            return Ok(Some(statement));
        }
        if self.automaton.is_dot_command() {
            return Err(self.dot_command());
        }
        self.automaton.end(&self.input);
        let begun = !self.automaton.is_at_rest() && self.start < self.at;
        if begun { self.take().map(Some) } else { Ok(None) }
    }

    fn begin(&mut self) {
        self.begun = true;
        if self.input.starts_with(BYTE_ORDER_MARK) {
            self.at = BYTE_ORDER_MARK.len();
            self.start = self.at;
        }
    }

    fn scan(&mut self) -> Result<Option<SplitStatement>, SplitError> {
        while self.at < self.input.len() {
            let from = self.at;
            let (after, seen) = self.automaton.advance(&self.input, from);
            self.at = after;
            let read = &self.input[from..after];
            self.line += read.iter().filter(|byte| **byte == b'\n').count() as u64;
            match seen {
                Seen::Nothing if self.automaton.is_dot_command() => {
                    let ended = read.ends_with(b"\n");
                    if ended || self.at - self.start > 4 * EXCERPT_CHARS {
                        self.line -= u64::from(ended);
                        return Err(self.dot_command());
                    }
                }
                // Blank so far: the statement begins behind it.
                Seen::Blank => (self.start, self.start_line) = (self.at, self.line),
                Seen::Nothing => {}
                Seen::End => return self.take().map(Some),
            }
            if self.at - self.start > self.bytes_max {
                return Err(self.too_long());
            }
        }
        Ok(None)
    }

    /// The statement up to where the input was read.
    fn take(&mut self) -> Result<SplitStatement, SplitError> {
        if self.at - self.start > self.bytes_max {
            return Err(self.too_long());
        }
        let (number, line) = (self.number + 1, self.start_line);
        let Ok(text) = std::str::from_utf8(&self.input[self.start..self.at]) else {
            return Err(SplitError::NotUtf8 { number, line, start: self.excerpt() });
        };
        let statement = SplitStatement { sql: text.to_owned(), number, line };
        self.number = number;
        self.automaton = Automaton::default();
        (self.start, self.start_line) = (self.at, self.line);
        Ok(statement)
    }

    fn too_long(&self) -> SplitError {
        SplitError::TooLong {
            number: self.number + 1,
            line: self.start_line,
            start: self.excerpt(),
            bytes_max: self.bytes_max,
        }
    }

    fn dot_command(&self) -> SplitError {
        SplitError::DotCommand { line: self.line, start: self.excerpt() }
    }

    fn excerpt(&self) -> String {
        let end = self.at.min(self.start + 4 * EXCERPT_CHARS);
        excerpt(&String::from_utf8_lossy(&self.input[self.start..end]))
    }
}

/// The beginning of a statement on one line, to be shown in an error.
pub(crate) fn excerpt(sql: &str) -> String {
    let line = sql.trim().replace(['\n', '\r'], " ");
    match line.char_indices().nth(EXCERPT_CHARS) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

/// The statements of a text, one by one. What is behind a NUL comes along, for whoever runs it to refuse.
#[cfg(feature = "hrana")]
pub fn split(sql: &str) -> Vec<String> {
    let mut automaton = Automaton::default();
    let (mut start, mut at) = (0, 0);
    let mut statements = Vec::new();
    while at < sql.len() {
        let (after, seen) = automaton.advance(sql.as_bytes(), at);
        at = after;
        if matches!(seen, Seen::End) {
            statements.extend(sql.get(start..at));
            automaton = Automaton::default();
            start = at;
        }
    }
    statements.extend(sql.get(start..));
    statements
        .into_iter()
        .filter(|sql| !crate::sql_text::is_blank(sql) || sql.contains('\0'))
        .map(str::to_owned)
        .collect()
}

/// Whether a text is whole statements, each with its semicolon.
pub(crate) fn is_whole(sql: &str) -> bool {
    let mut automaton = Automaton::default();
    let (mut at, mut seen) = (0, Seen::Blank);
    while at < sql.len() {
        (at, seen) = automaton.advance(sql.as_bytes(), at);
        if matches!(seen, Seen::End) {
            automaton = Automaton::default();
        }
    }
    matches!(seen, Seen::End)
}

#[cfg(test)]
mod tests;
