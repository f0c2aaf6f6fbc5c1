//! Why the primary did not do what it was asked, and how it answers then.

use std::fmt;

use isolite_core::{BookmarkError, Error as CoreError, StorageError};
use isolite_protocol::directory::{MOVED, MovedTo};
use isolite_protocol::{Failure, FailureCode};
use isolite_sqlite::Error as SqlError;
use serde::Serialize;
use worker::console_error;

use crate::object::call_js::Answer;

/// Why the database did not do what it was asked.
#[derive(Debug)]
pub(crate) enum Refused {
    /// There is none: the object stays behind without one, or keeps one that may be restored.
    Deleted,
    /// Nobody is to follow. Whoever asks forgets what it keeps, as after a deletion.
    NotReplicated,
    /// A setting is wrong; the text says which and how.
    Misconfigured(String),
    /// The session's bookmark is not one that can be waited for.
    Session(BookmarkError),
    /// It cannot be as it was asked, which the text explains.
    Asked(String),
    /// It was there once, or never of this database. Whoever asks begins anew.
    Gone(String),
    /// A long work has to end first.
    Busy(String),
    /// It has made way for another primary. Nothing was done.
    Moved(MovedTo),
    /// It is to be the primary, and is not yet. Nothing was done.
    NotYet,
    /// The past is not written to.
    ReadOnly,
    Failed(SqlError),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refused::Deleted => f.write_str("This database was deleted"),
            Refused::Misconfigured(text)
            | Refused::Asked(text)
            | Refused::Gone(text)
            | Refused::Busy(text) => f.write_str(text),
            Refused::NotReplicated => {
                f.write_str("Read replication of this database is disabled")
            }
            Refused::Session(error) => error.fmt(f),
            Refused::Moved(moved) => f.write_str(&failure_of(&moved.encode())),
            Refused::NotYet => {
                f.write_str("The primary of this database is being moved: try again")
            }
            Refused::ReadOnly => f.write_str(
                "the database as of a past bookmark is only read: write without `as_of`, or fork it",
            ),
            Refused::Failed(error) => error.fmt(f),
        }
    }
}

impl From<SqlError> for Refused {
    fn from(error: SqlError) -> Self {
        Refused::Failed(error)
    }
}

impl From<StorageError> for Refused {
    fn from(error: StorageError) -> Self {
        Refused::Failed(of_storage(error))
    }
}

impl From<CoreError> for Refused {
    fn from(error: CoreError) -> Self {
        Refused::Failed(SqlError::Pages(error))
    }
}

impl Answer {
    /// What was asked for, as JSON.
    pub(super) fn json(told: Result<impl Serialize, Refused>) -> Answer {
        match told {
            Ok(value) => match serde_json::to_string(&value) {
                Ok(text) => Answer::new(200, text),
                Err(error) => fail(&error.to_string(), 500),
            },
            Err(refused) => not_done(&refused),
        }
    }
}

pub(super) fn of_storage(error: StorageError) -> SqlError {
    SqlError::Pages(error.into())
}

/// The answer to a request that failed. D1's client reads the body alone, REST the status as well:
/// 404 where there is no database, 500 where ours is the fault, 200 where the statement's is.
pub(super) fn refuse(refused: &Refused) -> Answer {
    match refused {
        Refused::Deleted | Refused::NotReplicated => fail(&refused.to_string(), 404),
        Refused::Failed(error @ SqlError::ReadOnly) => fail(&error.to_string(), 403),
        Refused::Misconfigured(text) => fail(text, 500),
        Refused::Asked(text) => fail(text, 400),
        Refused::Gone(text) => fail(text, 410),
        Refused::Busy(text) => fail(text, 409),
        Refused::Moved(moved) => Answer::new(MOVED, moved.encode()),
        Refused::NotYet => fail(&refused.to_string(), 503),
        Refused::ReadOnly => fail(&refused.to_string(), 200),
        Refused::Session(error) => {
            let failure = Failure::new(error.to_string()).coded(FailureCode::BookmarkRefused);
            Answer::new(200, failure.encode())
        }
        Refused::Failed(error @ SqlError::Pages(CoreError::TooLarge { .. })) => {
            fail(&error.to_string(), 200)
        }
        Refused::Failed(error @ (SqlError::Pages(_) | SqlError::Open(_))) => {
            console_error!("The primary failed: {error}");
            // D1's own text: clients know by it that a retry may help.
            fail("Internal error in D1 DB storage caused object to be reset.", 500)
        }
        Refused::Failed(error) => fail(&error.to_string(), 200),
    }
}

/// The text of a failure that another object answered with.
pub(super) fn failure_of(text: &str) -> String {
    serde_json::from_str::<Failure>(text).map_or_else(|_| text.to_owned(), |failure| failure.error)
}

/// As [`refuse`], by a status that no success has: the text alone would not tell.
pub(super) fn not_done(refused: &Refused) -> Answer {
    let answer = refuse(refused);
    Answer { status: if answer.status == 200 { 500 } else { answer.status }, ..answer }
}

pub(super) fn no_path() -> Answer {
    fail("No such path", 404)
}

pub(super) fn fail(text: &str, status: u16) -> Answer {
    Answer::new(status, Failure::new(text).encode())
}
