//! Databases that are not the newest: one as it was, which is only read, and a draft of what will be.

use std::rc::Rc;

use isolite_core::{Draft, Past};

use super::Database;
use crate::error::Error;
use crate::limits::Limits;
use crate::source::Source;

impl Database {
    /// Opens SQLite over a past position. What writes there fails.
    pub fn open_past(past: Past, limits: Limits) -> Result<Database, Error> {
        let mut database = Database::open_past_to_dump(past, limits)?;
        database.run_internal("PRAGMA query_only = ON")?;
        Ok(database)
    }

    /// The same for [`Database::dump`] alone, which writes what it takes back.
    pub fn open_past_to_dump(past: Past, limits: Limits) -> Result<Database, Error> {
        Database::open_source(Source::Past(Box::new(past)), limits)
    }

    /// Opens SQLite over a draft, for one transaction of any size. After an error it must be thrown
    /// away: nothing is rolled back there.
    pub fn open_draft(draft: Draft, limits: Limits) -> Result<Database, Error> {
        Database::open_source(Source::Draft(Box::new(draft)), limits)
    }

    /// The draft, once SQLite is done with it.
    pub fn into_draft(self) -> Option<Draft> {
        let shared = Rc::clone(&self.shared);
        // With the connection its file is closed, which has the pages too.
        drop(self);
        match Rc::into_inner(shared)?.source.into_inner() {
            Source::Draft(draft) => Some(*draft),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
