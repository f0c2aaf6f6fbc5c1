//! Errors of running SQL, with the texts that D1's clients parse.
//!
//! D1 answers `UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended:
//! SQLITE_CONSTRAINT_UNIQUE)`, see [`SqliteError`].

use std::fmt;

use rusqlite::ffi;

/// Why a request failed. The transaction was rolled back and the database is as it was.
#[derive(Debug)]
pub enum Error {
    /// SQLite refused the statement.
    Sql(SqliteError),
    /// The statement has more or fewer parameters than values were bound.
    Params,
    /// There is no statement in any of the texts.
    NoStatement,
    /// There is something in a text, but no statement.
    NotAStatement,
    /// A statement that is not the last of its text has parameters.
    EarlierParams,
    /// There is more than one statement in a text that is to have one.
    ManyStatements,
    /// Values and parameters do not go together; the text says which.
    Args(String),
    /// The request leaves rows whose foreign keys refer to nothing.
    ForeignKeys,
    /// A statement writes, and the caller may only read.
    ReadOnly,
    /// A statement writes to the database as it was, which SQLite only reads.
    QueryOnly(SqliteError),
    /// A statement that begins, ends or nests a transaction.
    TransactionStatement,
    /// The answer would be larger than the setting allows.
    ResultTooLarge { bytes_max: usize },
    /// The request took more steps than the setting allows.
    TooManySteps { steps_max: u64 },
    /// Nobody may write now, for the reason given.
    WritesRefused { text: String },
    /// A dump was asked for a table that there is not.
    NoSuchTable { name: String },
    /// What a dump would leave out or get wrong.
    NotDumpable { name: String, why: &'static str },
    /// A statement of an import failed. The import is over.
    Statement { number: u64, line: u64, start: String, error: Box<Error> },
    /// A dump says of itself that it ends early.
    BrokenDump,
    /// No import has begun, or it is over.
    NoImport,
    /// A file that was taken in cannot be a database here.
    BadFile(String),
    /// SQLite could not be opened over the pages.
    Open(String),
    /// The pages below failed. After a storage error the database is to be opened anew.
    Pages(isolite_core::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Sql(error) | Error::QueryOnly(error) => error.fmt(f),
            Error::BadFile(text) | Error::Args(text) | Error::Open(text) | Error::WritesRefused { text } => {
                f.write_str(text)
            }
            Error::Params => f.write_str("Wrong number of parameter bindings for SQL query."),
            Error::NoStatement => f.write_str("No SQL statements detected."),
            Error::NotAStatement => f.write_str("SQL code did not contain a statement."),
            Error::ManyStatements => f.write_str(
                "The SQL text has more than one statement: send each by itself, or all as a sequence",
            ),
            Error::EarlierParams => f.write_str(
                "When executing multiple SQL statements in a single call, only the last statement \
                 can have parameters.",
            ),
            Error::ForeignKeys => f.write_str(
                "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT \
                 (extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
            ),
            Error::ReadOnly => {
                f.write_str("not authorized to write: the token of this request may only read")
            }
            Error::TransactionStatement => f.write_str(TRANSACTION_TEXT),
            Error::ResultTooLarge { bytes_max } => write!(
                f,
                "result too large: the answer exceeds {bytes_max} bytes; select fewer rows or \
                 columns, or read in pages with LIMIT"
            ),
            Error::TooManySteps { steps_max } => write!(
                f,
                "query took too long: it exceeds {steps_max} steps; add an index, or split it"
            ),
            Error::Statement { number, line, start, error } => {
                write!(f, "statement {number} (line {line}: {start}): {error}")
            }
            Error::BrokenDump => f.write_str(
                "the dump ends with ROLLBACK: it was written from a damaged database, or not to its \
                 end; remove the statement to import what there is",
            ),
            Error::NoImport => f.write_str("there is no import under way"),
            Error::NoSuchTable { name } => write!(f, "no such table: {name}"),
            Error::NotDumpable { name, why } => write!(f, "cannot export {name}: {why}"),
            Error::Pages(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

/// D1's text, which names the interface of the platform below it.
const TRANSACTION_TEXT: &str = "To execute a transaction, please use the \
    state.storage.transaction() or state.storage.transactionSync() APIs instead of the SQL BEGIN \
    TRANSACTION or SAVEPOINT statements. The JavaScript API is safer because it will \
    automatically roll back on exceptions, and because it interacts correctly with Durable \
    Objects' automatic atomic write coalescing.";

/// What SQLite said of a statement. As text it is D1's: the message, the offset in the statement where
/// one is known, and the code by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SqliteError {
    pub message: String,
    /// In bytes.
    pub offset: Option<u32>,
    /// The extended result code.
    pub code: i32,
}

impl SqliteError {
    /// The name of the result code, without what extends it.
    pub fn code_name(&self) -> &'static str {
        code_name(self.code)
    }
}

impl fmt::Display for SqliteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(offset) = self.offset {
            write!(f, " at offset {offset}")?;
        }
        write!(f, ": {}", code_name(self.code))?;
        match extended_name(self.code) {
            Some(more) => write!(f, " (extended: {more})"),
            None => Ok(()),
        }
    }
}

impl Error {
    /// Somebody else writes.
    pub fn locked() -> Error {
        Error::of_sqlite("database is locked", -1, ffi::SQLITE_BUSY)
    }

    /// Whether SQLite refused it for a constraint.
    pub fn is_constraint(&self) -> bool {
        matches!(self, Error::Sql(error) if error.code & 0xff == ffi::SQLITE_CONSTRAINT)
    }

    /// `offset` is negative where none is known.
    pub(crate) fn of_sqlite(message: &str, offset: i32, extended: i32) -> Error {
        let offset = u32::try_from(offset).ok();
        let error = SqliteError { message: message.to_owned(), offset, code: extended };
        match extended & 0xff {
            ffi::SQLITE_READONLY => Error::QueryOnly(error),
            _ => Error::Sql(error),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        let code = error.sqlite_error().map_or("", |error| code_name(error.extended_code));
        Error::Open(format!("SQLite could not be opened over the pages: {error} {code}"))
    }
}

macro_rules! names {
    ($code:expr, $($name:ident)*) => {
        match $code {
            $(ffi::$name => Some(stringify!($name)),)*
            _ => None,
        }
    };
}

/// The name of an extended code, of those that D1 names.
fn extended_name(code: i32) -> Option<&'static str> {
    names!(code,
        SQLITE_ERROR_MISSING_COLLSEQ SQLITE_ERROR_RETRY SQLITE_ERROR_SNAPSHOT
        SQLITE_ABORT_ROLLBACK SQLITE_BUSY_RECOVERY SQLITE_BUSY_SNAPSHOT SQLITE_BUSY_TIMEOUT
        SQLITE_CORRUPT_VTAB SQLITE_CORRUPT_SEQUENCE SQLITE_CORRUPT_INDEX
        SQLITE_LOCKED_SHAREDCACHE SQLITE_LOCKED_VTAB
        SQLITE_CONSTRAINT_CHECK SQLITE_CONSTRAINT_COMMITHOOK SQLITE_CONSTRAINT_DATATYPE
        SQLITE_CONSTRAINT_FOREIGNKEY SQLITE_CONSTRAINT_FUNCTION SQLITE_CONSTRAINT_NOTNULL
        SQLITE_CONSTRAINT_PINNED SQLITE_CONSTRAINT_PRIMARYKEY SQLITE_CONSTRAINT_ROWID
        SQLITE_CONSTRAINT_TRIGGER SQLITE_CONSTRAINT_UNIQUE SQLITE_CONSTRAINT_VTAB
    )
}

fn code_name(code: i32) -> &'static str {
    let name = names!(code & 0xff,
        SQLITE_ERROR SQLITE_INTERNAL SQLITE_PERM SQLITE_ABORT SQLITE_BUSY SQLITE_LOCKED
        SQLITE_NOMEM SQLITE_READONLY SQLITE_INTERRUPT SQLITE_IOERR SQLITE_CORRUPT SQLITE_NOTFOUND
        SQLITE_FULL SQLITE_CANTOPEN SQLITE_PROTOCOL SQLITE_EMPTY SQLITE_SCHEMA SQLITE_TOOBIG
        SQLITE_CONSTRAINT SQLITE_MISMATCH SQLITE_MISUSE SQLITE_NOLFS SQLITE_AUTH SQLITE_FORMAT
        SQLITE_RANGE SQLITE_NOTADB SQLITE_NOTICE SQLITE_WARNING
    );
    name.unwrap_or("SQLITE_UNKNOWN_ERROR_CODE")
}
