//! Errors as Hrana's clients tell them apart: by a code, which is SQLite's where SQLite refused.

use isolite_protocol::hrana::proto;
use rusqlite::ffi;

use crate::database::BOTH;
use crate::error::{Error, SqliteError};

impl Error {
    /// The error of one statement.
    pub fn to_hrana(&self) -> proto::Error {
        let (code, message) = self.coded();
        proto::Error { message, code: code.to_owned() }
    }

    fn coded(&self) -> (&'static str, String) {
        let text = self.to_string();
        match self {
            Error::Sql(error) | Error::QueryOnly(error) => of_sqlite(error),
            Error::NoStatement | Error::NotAStatement => {
                ("SQL_NO_STATEMENT", "SQL string does not contain any statement".to_owned())
            }
            Error::ManyStatements | Error::EarlierParams => {
                ("SQL_MANY_STATEMENTS", Error::ManyStatements.to_string())
            }
            Error::Args(text) if text == BOTH => ("ARGS_BOTH_POSITIONAL_AND_NAMED", text.clone()),
            Error::Args(_) | Error::Params => {
                ("ARGS_INVALID", format!("Arguments do not match SQL parameters: {text}"))
            }
            Error::ForeignKeys => {
                ("SQLITE_CONSTRAINT", "SQLite error: FOREIGN KEY constraint failed".to_owned())
            }
            Error::ReadOnly | Error::WritesRefused { .. } => ("BLOCKED", text),
            Error::ResultTooLarge { .. } => ("RESPONSE_TOO_LARGE", text),
            Error::TooManySteps { .. } => ("SQLITE_INTERRUPT", text),
            Error::TransactionStatement => (
                "SQL_PARSE_ERROR",
                "SQL string could not be parsed: not a statement of transactions as SQLite has it"
                    .to_owned(),
            ),
            Error::Pages(isolite_core::Error::TooLarge { .. }) => ("SQLITE_FULL", text),
            // What else there is has to do with the store, or is of no stream.
            _ => ("SQLITE_IOERR", text),
        }
    }
}

fn of_sqlite(error: &SqliteError) -> (&'static str, String) {
    let SqliteError { message, offset, code } = error;
    const UNPARSED: [&str; 3] = ["syntax error", "incomplete input", "unrecognized token"];
    if code & 0xff == ffi::SQLITE_ERROR && UNPARSED.iter().any(|known| message.contains(known)) {
        return ("SQL_PARSE_ERROR", format!("SQL string could not be parsed: {message}"));
    }
    match offset {
        Some(offset) if code & 0xff == ffi::SQLITE_ERROR => {
            ("SQL_INPUT_ERROR", format!("SQL input error: {message} (at offset {offset})"))
        }
        _ => (error.code_name(), format!("SQLite error: {message}")),
    }
}
