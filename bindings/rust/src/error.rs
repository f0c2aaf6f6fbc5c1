//! Errors of the database as D1 words them: a code, a colon, the message, and the message alone as
//! the cause.
//!
//! They travel as [`worker::Error`], like every error in a Worker, and are taken apart here.

use std::fmt;

use worker::Error;

pub(crate) const D1_ERROR: &str = "D1_ERROR";
pub(crate) const D1_EXEC_ERROR: &str = "D1_EXEC_ERROR";
pub(crate) const D1_TYPE_ERROR: &str = "D1_TYPE_ERROR";
pub(crate) const D1_COLUMN_NOTFOUND: &str = "D1_COLUMN_NOTFOUND";
pub(crate) const D1_DUMP_ERROR: &str = "D1_DUMP_ERROR";

/// An error that the database answered with: nothing of the statement or batch has been done.
/// (A [`worker::Error`] that is none of these means that no answer came.)
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct D1Error {
    message: String,
    cause: String,
}

impl D1Error {
    /// The D1 error in this error, if it is one.
    pub fn of(error: &Error) -> Option<Self> {
        let Error::UnknownJsError { message, cause, .. } = error else { return None };
        if !message.starts_with("D1_") {
            return None;
        }
        let cause = match cause.as_deref() {
            Some(Error::UnknownJsError { message, .. }) => message.clone(),
            _ => "unknown error".to_owned(),
        };
        Some(Self { message: message.clone(), cause })
    }

    /// `D1_ERROR`, `D1_EXEC_ERROR`, `D1_TYPE_ERROR`, `D1_COLUMN_NOTFOUND` or `D1_DUMP_ERROR`.
    pub fn code(&self) -> &str {
        self.message.split_once(':').map_or(&*self.message, |(code, _)| code)
    }

    /// The message without the code, as `UNIQUE constraint failed: notes.id: SQLITE_CONSTRAINT`.
    pub fn cause(&self) -> String {
        self.cause.clone()
    }
}

impl fmt::Display for D1Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for D1Error {}
