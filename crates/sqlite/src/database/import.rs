//! An import: one transaction over any number of statements, which come one by one.
//!
//! A statement runs by the rules of a request, with a budget of its own, and nothing of it is kept:
//! memory is that of one statement and of what SQLite caches. Files of other tools bring statements
//! that begin and end transactions. They are skipped, as the import is one.

use std::rc::Rc;

use isolite_core::Commit;
use rusqlite::limits::Limit;

use super::{Database, Numbers};
use crate::error::Error;
use crate::splitter::{SplitStatement, excerpt};
use crate::sql_text::{SqlText, Words};
use crate::statement::Lasts;
use crate::vfs;

/// An import under way.
pub(super) struct Import {
    queries: u64,
    rows_read: u64,
    rows_written: u64,
    /// What `changes` and the like are told against.
    changes_before: i64,
    last_row_id_before: i64,
    size_before: u64,
}

/// What an import has done: the numbers of D1's `meta`, but for the time that it took.
pub struct Imported {
    /// Statements that ran.
    pub queries: u64,
    pub rows_read: u64,
    pub rows_written: u64,
    pub changes: i64,
    pub last_row_id: i64,
    pub changed_db: bool,
    pub size_after: u64,
    /// The commit that was made, unless the import has changed nothing.
    pub commit: Option<Commit>,
}

impl Database {
    /// Begins an import; the database takes no request until it has ended. One that was under way is
    /// abandoned.
    pub fn begin_import(&mut self, now_ms: i64) -> Result<(), Error> {
        self.abandon_import();
        self.shared.now_ms.set(now_ms);
        self.shared.error.take();
        self.policy.begin(self.limits.steps_max);
        self.put_aside(true)?;
        self.run_internal("BEGIN")?;
        self.connection
            .set_limit(Limit::SQLITE_LIMIT_SQL_LENGTH, self.limits.import_sql_bytes_max())?;
        self.policy.set_importing(true);
        self.import = Some(Import {
            queries: 0,
            rows_read: 0,
            rows_written: 0,
            changes_before: self.total_changes(),
            last_row_id_before: self.connection.last_insert_rowid(),
            size_before: self.size_bytes,
        });
        Ok(())
    }

    /// Runs one statement. After an error the import is over, and the database is as it was.
    pub fn import(&mut self, statement: &SplitStatement) -> Result<(), Error> {
        let Some(mut import) = self.import.take() else { return Err(Error::NoImport) };
        let shared = Rc::clone(&self.shared);
        let imported = vfs::importing(&shared, || self.import_text(&statement.sql, &mut import));
        let error = match imported {
            Ok(()) => {
                self.import = Some(import);
                return Ok(());
            }
            Err(error) => error,
        };
        self.end_import();
        match self.end(Err(error)) {
            Ok(_) => Ok(()),
            // Not for the statement's sake.
            Err(error @ Error::Pages(_)) => Err(error),
            Err(error) => Err(Error::Statement {
                number: statement.number,
                line: statement.line,
                start: excerpt(&statement.sql),
                error: Box::new(error),
            }),
        }
    }

    /// Checks what the import leaves, as a request does at its end, and commits. After an error the
    /// database is as it was.
    pub fn finish_import(&mut self) -> Result<Imported, Error> {
        let Some(import) = self.import.take() else { return Err(Error::NoImport) };
        self.end_import();
        let shared = Rc::clone(&self.shared);
        let commit = vfs::importing(&shared, || self.end(Ok(())))?;
        self.put_aside(false)?;
        let changes = self.total_changes() - import.changes_before;
        let last_row_id = self.connection.last_insert_rowid();
        let changed_db = changes != 0
            || last_row_id != import.last_row_id_before
            || self.size_bytes != import.size_before;
        Ok(Imported {
            queries: import.queries,
            rows_read: import.rows_read,
            rows_written: import.rows_written,
            changes,
            last_row_id,
            changed_db,
            size_after: self.size_bytes,
            commit,
        })
    }

    /// Ends an import, if one is under way, with nothing of it left.
    pub fn abandon_import(&mut self) {
        if self.import.take().is_some() {
            self.end_import();
            self.roll_back();
            self.reset_flags();
            self.enforce_foreign_keys();
        }
    }

    /// Has what does not fit into memory go to files, as a draft has them, or not again.
    pub(super) fn put_aside(&mut self, on: bool) -> Result<(), Error> {
        if self.shared.source.borrow_mut().draft().is_none() {
            return Ok(());
        }
        self.run_internal(if on {
            "PRAGMA temp_store = FILE"
        } else {
            "PRAGMA temp_store = MEMORY"
        })
    }

    /// Puts back what holds for imports alone.
    fn end_import(&mut self) {
        self.policy.set_importing(false);
        let limit = Limit::SQLITE_LIMIT_SQL_LENGTH;
        let reset = self.connection.set_limit(limit, self.limits.sql_bytes_max);
        debug_assert!(reset.is_ok(), "{reset:?}");
    }

    /// Runs what is in a text, which is one statement as the splitter sees it, and may be several as
    /// SQLite does.
    fn import_text(&mut self, sql: &str, import: &mut Import) -> Result<(), Error> {
        if is_skipped(sql)? {
            return Ok(());
        }
        let text = SqlText::new(sql);
        let mut at = 0;
        loop {
            self.policy.begin_statement(self.limits.steps_max);
            let Some(mut next) = self.next_statement(&text, at, Lasts::Once)? else {
                let empty = at == 0 || text.is_cut();
                return if empty { Err(Error::NotAStatement) } else { Ok(()) };
            };
            self.bind(&mut next.statement, &[], Numbers::Real)?;
            while next.statement.step()? {}
            let (rows_read, rows_written) = next.statement.take_rows();
            import.queries += 1;
            import.rows_read += rows_read;
            import.rows_written += rows_written;
            self.after_statement(&next)?;
            match next.last {
                true if text.is_cut() => return Err(Error::NotAStatement),
                true => return Ok(()),
                false => at = text.skip_spaces(next.after),
            }
        }
    }
}

/// Whether a statement only begins or commits a transaction.
fn is_skipped(sql: &str) -> Result<bool, Error> {
    let word = Words(sql).next().unwrap_or_default();
    let is = |known: &str| word.eq_ignore_ascii_case(known);
    if is("rollback") {
        return Err(Error::BrokenDump);
    }
    Ok(is("begin") || is("commit") || is("end"))
}

#[cfg(test)]
mod tests;
