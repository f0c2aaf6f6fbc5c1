//! Statements that begin, end or nest a transaction, told by their words.
//!
//! SQLite never gets those of a stream: a transaction there may begin long before it holds anything of
//! the database. `READONLY` is no word of SQLite's; libSQL's clients send it.

use crate::tokens::{Tokens, unquoted};

/// What such a statement asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TransactionStatement {
    Begin(Begin),
    Commit,
    RollBack,
    /// By name, as for the next two.
    Savepoint(String),
    Release(String),
    RollBackTo(String),
}

/// What a transaction is meant for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Begin {
    /// It reads at first, and may write later.
    Deferred,
    /// It writes, from its beginning on.
    Immediate,
    ReadOnly,
}

impl TransactionStatement {
    /// What the one statement of a text is; None of any other, and of what SQLite would not accept.
    pub fn parse(sql: &str) -> Option<TransactionStatement> {
        let mut tokens = Tokens(sql);
        let mut next = || tokens.next().unwrap_or_default();
        let first = next().to_ascii_lowercase();
        let statement = match first.as_str() {
            "begin" => return begin(tokens).map(TransactionStatement::Begin),
            "commit" | "end" => match word(next()).as_str() {
                "" => TransactionStatement::Commit,
                "transaction" => TransactionStatement::Commit,
                _ => return None,
            },
            "rollback" => {
                let mut token = next();
                if is(token, "transaction") {
                    token = next();
                }
                match () {
                    () if token.is_empty() => TransactionStatement::RollBack,
                    () if is(token, "to") => TransactionStatement::RollBackTo(named(&mut next)?),
                    () => return None,
                }
            }
            "release" => TransactionStatement::Release(named(&mut next)?),
            "savepoint" => TransactionStatement::Savepoint(name(next())?),
            _ => return None,
        };
        tokens.next().is_none().then_some(statement)
    }
}

fn begin(tokens: Tokens<'_>) -> Option<Begin> {
    let words: Vec<String> = tokens.take(3).map(word).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        [] | ["transaction"] | ["deferred"] | ["deferred", "transaction"] => Some(Begin::Deferred),
        ["immediate" | "exclusive"] | ["immediate" | "exclusive", "transaction"] => {
            Some(Begin::Immediate)
        }
        // libSQL's, for transactions that need not wait for each other; here they do.
        ["concurrent"] | ["concurrent", "transaction"] => Some(Begin::Deferred),
        ["readonly"] | ["transaction", "readonly"] | ["readonly", "transaction"] => {
            Some(Begin::ReadOnly)
        }
        _ => None,
    }
}

/// The name behind an optional `SAVEPOINT`.
fn named<'a>(next: &mut impl FnMut() -> &'a str) -> Option<String> {
    let token = next();
    name(if is(token, "savepoint") { next() } else { token })
}

fn name(token: &str) -> Option<String> {
    let first = token.chars().next()?;
    let is_name = first.is_alphabetic() || matches!(first, '_' | '"' | '\'' | '`' | '[');
    is_name.then(|| unquoted(token))
}

fn word(token: &str) -> String {
    token.to_ascii_lowercase()
}

fn is(token: &str, word: &str) -> bool {
    token.eq_ignore_ascii_case(word)
}

#[cfg(test)]
mod tests {
    use super::Begin::*;
    use super::TransactionStatement::{self, *};

    fn parsed(sql: &str) -> Option<TransactionStatement> {
        TransactionStatement::parse(sql)
    }

    #[test]
    fn what_begins() {
        for (sql, mode) in [
            ("BEGIN", Deferred),
            (" begin /* a */ transaction ; -- b", Deferred),
            ("BEGIN DEFERRED TRANSACTION", Deferred),
            ("BEGIN CONCURRENT", Deferred),
            ("BEGIN IMMEDIATE", Immediate),
            ("BEGIN EXCLUSIVE TRANSACTION", Immediate),
            ("BEGIN TRANSACTION READONLY", ReadOnly),
            ("BEGIN READONLY", ReadOnly),
        ] {
            assert_eq!(parsed(sql), Some(Begin(mode)), "{sql}");
        }
        for sql in ["BEGIN x", "BEGIN IMMEDIATE TRANSACTION x", "BEGIN 'immediate'", "BEGINS"] {
            assert_eq!(parsed(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_ends() {
        for sql in ["COMMIT", "end", "COMMIT TRANSACTION;", "End Transaction"] {
            assert_eq!(parsed(sql), Some(Commit), "{sql}");
        }
        for sql in ["ROLLBACK", "rollback transaction"] {
            assert_eq!(parsed(sql), Some(RollBack), "{sql}");
        }
        for sql in ["COMMIT x", "ROLLBACK x", "END TRANSACTION x", "SELECT 1", "", "EXPLAIN COMMIT"]
        {
            assert_eq!(parsed(sql), None, "{sql}");
        }
    }

    #[test]
    fn what_nests() {
        assert_eq!(parsed("SAVEPOINT a"), Some(Savepoint("a".into())));
        assert_eq!(parsed("savepoint \"a \"\"b\""), Some(Savepoint("a \"b".into())));
        assert_eq!(parsed("RELEASE a"), Some(Release("a".into())));
        assert_eq!(parsed("RELEASE SAVEPOINT [a]"), Some(Release("a".into())));
        assert_eq!(parsed("ROLLBACK TO a"), Some(RollBackTo("a".into())));
        assert_eq!(parsed("ROLLBACK TRANSACTION TO SAVEPOINT a"), Some(RollBackTo("a".into())));
        for sql in ["SAVEPOINT", "SAVEPOINT 1", "RELEASE", "ROLLBACK TO", "SAVEPOINT a b"] {
            assert_eq!(parsed(sql), None, "{sql}");
        }
    }
}
