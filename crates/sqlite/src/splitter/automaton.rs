//! SQLite's automaton that tells where a statement ends (`complete.c`), over its tokens.
//!
//! It goes on from any byte, so what SQLite's has in its program counter is a state here: whether it
//! is inside a word, a string or a comment, or behind the first character of what may become one.

/// What a call has read.
pub(super) enum Seen {
    /// White space, comments and semicolons before the first token.
    Blank,
    Nothing,
    /// The semicolon that ends the statement.
    End,
}

/// Where it is among the bytes of a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Lexer {
    #[default]
    Between,
    /// In a word that starts there.
    Word(usize),
    /// In a string or a quoted name that this byte ends. One that is doubled ends a string and begins
    /// the next, which comes to the same.
    Quoted(u8),
    /// Behind a `-` or a `/` that may begin a comment.
    Dash,
    Slash,
    LineComment,
    BlockComment,
    BlockCommentStar,
    DotCommand,
}

/// Where it is among the tokens of a statement: the states of `complete.c`, of which the first serves
/// no purpose here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Start,
    Normal,
    Explain,
    Create,
    Trigger,
    TriggerSemicolon,
    TriggerEnd,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    Semicolon,
    Other,
    Explain,
    Create,
    Temp,
    Trigger,
    End,
}

#[derive(Default)]
pub(super) struct Automaton {
    lexer: Lexer,
    state: State,
}

impl Automaton {
    /// Before the first token of a statement, and not in a block comment.
    pub(super) fn is_at_rest(&self) -> bool {
        self.state == State::Start
    }

    pub(super) fn is_dot_command(&self) -> bool {
        self.lexer == Lexer::DotCommand
    }

    /// Bytes were taken away at the start of the input.
    pub(super) fn moved(&mut self, by: usize) {
        if let Lexer::Word(start) = &mut self.lexer {
            *start -= by;
        }
    }

    /// Ends the token that the end of the input ends.
    pub(super) fn end(&mut self, input: &[u8]) {
        match self.lexer {
            Lexer::Word(start) => self.token(word(&input[start..])),
            Lexer::Dash | Lexer::Slash | Lexer::Quoted(_) => self.token(Token::Other),
            _ => {}
        }
    }

    /// Reads on at `at`, which is within the input, and tells where it has stopped.
    pub(super) fn advance(&mut self, input: &[u8], at: usize) -> (usize, Seen) {
        let rest = &input[at..];
        let find = |wanted: fn(u8) -> bool| rest.iter().position(|byte| wanted(*byte));
        match self.lexer {
            Lexer::Between => return self.between(rest[0], at),
            Lexer::Word(start) => {
                let end = find(|byte| !is_word(byte));
                if let Some(len) = end {
                    self.token(word(&input[start..at + len]));
                }
                return (end.map_or(input.len(), |len| at + len), Seen::Nothing);
            }
            Lexer::Quoted(close) => {
                let end = rest.iter().position(|byte| *byte == close);
                if end.is_some() {
                    self.token(Token::Other);
                }
                return (end.map_or(input.len(), |len| at + len + 1), Seen::Nothing);
            }
            Lexer::Dash if rest[0] == b'-' => self.lexer = Lexer::LineComment,
            Lexer::Slash if rest[0] == b'*' => self.lexer = Lexer::BlockComment,
            // What stands here is looked at again.
            Lexer::Dash | Lexer::Slash => {
                self.token(Token::Other);
                return (at, Seen::Nothing);
            }
            Lexer::LineComment => {
                let end = find(|byte| byte == b'\n');
                if end.is_some() {
                    self.lexer = Lexer::Between;
                }
                return (end.map_or(input.len(), |len| at + len + 1), self.blank());
            }
            Lexer::BlockComment => {
                let star = find(|byte| byte == b'*');
                if star.is_some() {
                    self.lexer = Lexer::BlockCommentStar;
                }
                return (star.map_or(input.len(), |len| at + len + 1), self.blank());
            }
            Lexer::BlockCommentStar => {
                self.lexer = match rest[0] {
                    b'/' => Lexer::Between,
                    b'*' => Lexer::BlockCommentStar,
                    _ => Lexer::BlockComment,
                }
            }
            Lexer::DotCommand => {
                let end = find(|byte| byte == b'\n');
                return (end.map_or(input.len(), |len| at + len + 1), Seen::Nothing);
            }
        }
        (at + 1, self.blank())
    }

    fn between(&mut self, byte: u8, at: usize) -> (usize, Seen) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b'\x0c' => return (at + 1, self.blank()),
            b';' => {
                let begun = self.state != State::Start;
                self.token(Token::Semicolon);
                let ended = begun && self.state == State::Start;
                return (at + 1, if ended { Seen::End } else { self.blank() });
            }
            b'-' => self.lexer = Lexer::Dash,
            b'/' => self.lexer = Lexer::Slash,
            b'[' => self.lexer = Lexer::Quoted(b']'),
            b'\'' | b'"' | b'`' => self.lexer = Lexer::Quoted(byte),
            // No statement begins like this.
            b'.' if self.state == State::Start => self.lexer = Lexer::DotCommand,
            byte if is_word(byte) => self.lexer = Lexer::Word(at),
            _ => self.token(Token::Other),
        }
        (at + 1, Seen::Nothing)
    }

    fn blank(&self) -> Seen {
        if self.state == State::Start { Seen::Blank } else { Seen::Nothing }
    }

    fn token(&mut self, token: Token) {
        use State::*;
        self.lexer = Lexer::Between;
        self.state = match (self.state, token) {
            (Start | Normal | Explain | Create | TriggerEnd, Token::Semicolon) => Start,
            (Start, Token::Explain) => Explain,
            (Start | Explain, Token::Create) => Create,
            (Explain, Token::Other) => Explain,
            (Create, Token::Temp) => Create,
            (Create, Token::Trigger) => Trigger,
            (Trigger | TriggerSemicolon, Token::Semicolon) => TriggerSemicolon,
            (TriggerSemicolon, Token::End) => TriggerEnd,
            (Trigger | TriggerSemicolon | TriggerEnd, _) => Trigger,
            (Start | Normal | Explain | Create, _) => Normal,
        }
    }
}

fn word(word: &[u8]) -> Token {
    let is = |known: &str| word.eq_ignore_ascii_case(known.as_bytes());
    match word.first().map_or(b' ', u8::to_ascii_lowercase) {
        b'c' if is("create") => Token::Create,
        b't' if is("trigger") => Token::Trigger,
        b't' if is("temp") || is("temporary") => Token::Temp,
        b'e' if is("end") => Token::End,
        b'e' if is("explain") => Token::Explain,
        _ => Token::Other,
    }
}

/// What names and numbers are made of, to SQLite.
pub(crate) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}
