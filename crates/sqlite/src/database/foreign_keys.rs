//! Foreign keys within a request that wants them ignored or deferred.
//!
//! To change a table, ORMs make a new one, copy the rows, drop the old one and give the new one its
//! name. SQLite ignores `PRAGMA foreign_keys = OFF` inside a transaction, and a request is one; and
//! dropping a table deletes its rows first, so that the rows of other tables which refer to it go by
//! `ON DELETE CASCADE`, with `defer_foreign_keys` as well. On D1 such a migration loses those rows.
//!
//! Here the first pragma holds for the rest of the request, and after the second a DROP TABLE deletes
//! nothing elsewhere. In return the whole database is looked at before the commit: a request that
//! leaves more rows behind which refer to nothing than it found is rolled back.

use rusqlite::config::DbConfig;

use super::Database;
use crate::error::Error;
use crate::policy::Wish;
use crate::sql_text::{SqlText, is_drop_table};

/// What a request has asked for.
#[derive(Clone, Copy, Default)]
pub(super) struct Relaxed {
    deferred: bool,
    /// Rows that referred to nothing when enforcement first stopped; the inner None if they could
    /// not be counted, as when a table refers to columns that are no key.
    found: Option<Option<i64>>,
}

impl Database {
    /// Does as a pragma has asked, from the next statement on.
    pub(super) fn relax_foreign_keys(&mut self, wish: Wish) -> Result<(), Error> {
        self.relaxed.get_or_insert_default().deferred = match wish {
            Wish::Defer => true,
            Wish::Immediate => false,
            Wish::Enforce | Wish::Ignore => self.is_deferred(),
        };
        match wish {
            Wish::Ignore => self.stop_enforcing(),
            Wish::Enforce => self.set_enforced(true),
            Wish::Defer | Wish::Immediate => Ok(()),
        }
    }

    /// Stops enforcing for the statement at `at` if that is a DROP TABLE which must delete nothing
    /// elsewhere; true if it did. SQLite decides on it as the statement is prepared.
    pub(super) fn spare_references(&mut self, text: &SqlText, at: usize) -> Result<bool, Error> {
        let spare = self.is_deferred() && self.is_enforced() && is_drop_table(text.from(at));
        if spare {
            self.stop_enforcing()?;
        }
        Ok(spare)
    }

    /// Enforces again after the statement that was spared, or one that came to nothing.
    pub(super) fn spare_no_longer(&mut self) -> Result<(), Error> {
        match std::mem::take(&mut self.sparing) {
            true => self.set_enforced(true),
            false => Ok(()),
        }
    }

    /// Refuses what the request leaves behind, if it has done without enforcement.
    pub(super) fn check_foreign_keys(&mut self) -> Result<(), Error> {
        let Some(found) = self.relaxed.and_then(|relaxed| relaxed.found) else {
            return Ok(());
        };
        match (found, self.count_dangling()) {
            (Some(before), Ok(after)) if after > before => Err(Error::ForeignKeys),
            (None, _) | (_, Ok(_)) => Ok(()),
            (Some(_), Err(error)) => Err(error),
        }
    }

    /// Enforces foreign keys again, whatever the request has asked for.
    pub(super) fn enforce_foreign_keys(&mut self) {
        self.sparing = false;
        if self.relaxed.take().is_some_and(|relaxed| relaxed.found.is_some()) {
            let enforced = self.set_enforced(true);
            debug_assert!(enforced.is_ok(), "{enforced:?}");
        }
    }

    fn is_deferred(&self) -> bool {
        self.relaxed.is_some_and(|relaxed| relaxed.deferred)
    }

    fn is_enforced(&self) -> bool {
        self.connection.db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY).unwrap_or(true)
    }

    fn stop_enforcing(&mut self) -> Result<(), Error> {
        let found = self.relaxed.and_then(|relaxed| relaxed.found);
        let found = found.unwrap_or_else(|| self.count_dangling().ok());
        self.relaxed.get_or_insert_default().found = Some(found);
        self.set_enforced(false)
    }

    // The pragma is ignored inside a transaction; this call is not.
    pub(super) fn set_enforced(&mut self, enforced: bool) -> Result<(), Error> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, enforced)?;
        Ok(())
    }

    fn count_dangling(&mut self) -> Result<i64, Error> {
        self.number("SELECT count(*) FROM pragma_foreign_key_check")
    }
}
