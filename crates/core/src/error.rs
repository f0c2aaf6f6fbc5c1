//! What can go wrong in core, and what state it leaves.

use std::fmt;

use crate::ltx::LtxError;
use crate::storage::StorageError;

/// An operating error. None of them changes what the database holds.
#[derive(Debug)]
pub enum Error {
    /// Storage refused a call. The commit or checkpoint did not happen; whether part of it reached
    /// storage is for the storage's transaction to decide, so the caller reopens the store.
    Storage(StorageError),
    /// Stored or received bytes are not the LTX they should be. Nothing was applied.
    Ltx(LtxError),
    /// What storage holds does not fit together, for the reason given. The store must not be used;
    /// a replica takes a new snapshot, a primary is restored from its backup.
    Corrupt(String),
    /// The transaction changed more pages than one commit may. It was not applied.
    TooLarge { pages: usize, pages_max: usize },
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Storage(error) => write!(f, "storage: {error}"),
            Error::Ltx(error) => write!(f, "ltx: {error}"),
            Error::Corrupt(why) => write!(f, "database is damaged: {why}"),
            Error::TooLarge { pages, pages_max } => write!(
                f,
                "transaction too large: it changes {pages} pages and the limit is {pages_max}; \
                 split it into smaller batches"
            ),
        }
    }
}

impl std::error::Error for Error {}

impl From<StorageError> for Error {
    fn from(error: StorageError) -> Self {
        Error::Storage(error)
    }
}

impl From<LtxError> for Error {
    fn from(error: LtxError) -> Self {
        Error::Ltx(error)
    }
}
