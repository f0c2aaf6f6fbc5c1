//! A replica's database: what only reads is answered here, everything else is the primary's.
//!
//! Whatever is not plainly a read that any replica may answer is left to the primary, errors too:
//! an error here may be of a schema that has changed there. Only what takes too much is told here.

use std::rc::Rc;

use isolite_core::{
    Bootstrap, EmbeddedReplica, Error as CoreError, Position, Received, ReplicaPages, Store,
};
use isolite_protocol::{Failure, Query, Request};
use rusqlite::ffi;

use super::{Database, Numbers, Run};
use crate::answer::AnswerWriter;
use crate::cells::{Cells, CellsMeta};
use crate::error::Error;
use crate::limits::Limits;
use crate::source::Source;
use crate::sql_text::{self, SqlText, is_blank, is_query};
use crate::statement::{Lasts, Statement};

/// Whether each statement begins like one that reads. It may write all the same.
pub fn may_only_read(request: &Request) -> bool {
    request.queries().iter().all(|query| is_query(&query.sql))
}

/// Whether each statement plainly only reads.
pub fn only_reads(request: &Request) -> bool {
    request.queries().iter().all(|query| sql_text::only_reads(&query.sql))
}

/// Whether each statement may be answered beside a transaction that is open: it plainly only reads, as
/// pragmas do that tell of the schema.
pub fn reads_beside(request: &Request) -> bool {
    let reads = |sql: &str| sql_text::only_reads(sql) || sql_text::is_pragma_of_schema(sql);
    request.queries().iter().all(|query| reads(&query.sql))
}

impl Database {
    /// Opens SQLite over the replica of a region, as its object keeps it.
    pub fn open_region_replica(store: Store, limits: Limits) -> Result<Database, Error> {
        Database::open_source(Source::Region(Box::new(store)), limits)
    }

    /// Opens SQLite over a replica in memory, empty at first.
    pub fn open_embedded_replica(limits: Limits) -> Result<Database, Error> {
        Database::open_source(Source::Embedded(EmbeddedReplica::default()), limits)
    }

    /// Has SQLite let go of its lock, at the end of a read. As it takes it again it looks at the change
    /// counter and at the size of the file, and forgets what it has read before.
    fn unlock(&mut self) -> Result<(), Error> {
        self.run_internal("PRAGMA locking_mode = NORMAL")?;
        self.size_bytes()?;
        self.run_internal("PRAGMA locking_mode = EXCLUSIVE")
    }

    /// Nothing may read while the pages change, nor take what was read before for what is there then: a
    /// cursor of SQLite points into them. Statements have ended by then, but a module for virtual
    /// tables may keep one of its own open.
    fn end_reads(&mut self) -> Result<(), CoreError> {
        // SAFETY: the handle is open as long as the connection is borrowed; the name is a C string.
        let state = unsafe { ffi::sqlite3_txn_state(self.connection.handle(), c"main".as_ptr()) };
        match state {
            ffi::SQLITE_TXN_NONE => self.unlock().map_err(of_sqlite),
            _ => self.reopen(),
        }
    }

    fn reopen(&mut self) -> Result<(), CoreError> {
        let shared = Rc::clone(&self.shared);
        *self = Database::open_shared(shared, self.limits).map_err(of_sqlite)?;
        Ok(())
    }

    /// Takes the lock again, and the schema as it is now: EXPLAIN would tell of the one before.
    fn look_again(&mut self) -> Result<(), Error> {
        self.run_internal("SELECT 1 FROM sqlite_schema LIMIT 1")?;
        self.size_bytes = self.committed_size_bytes()?;
        Ok(())
    }

    /// The answer to a request that only reads, or None if it is for the primary to answer.
    pub fn read(&mut self, run: &Run<'_>) -> Option<String> {
        self.shared.error.take();
        self.policy.begin(self.limits.steps_max);
        let mut answer = AnswerWriter::new(run, self.limits.result_bytes_max);
        let mut since = self.moment(run.clock);
        for query in run.queries {
            let mut statement = self.local_statement(query)?;
            self.bind(&mut statement, &query.params, run.numbers).ok()?;
            match answer.rows(&mut statement).map_err(|error| self.explain(error)) {
                Ok(_) => {
                    let now = self.moment(run.clock);
                    answer.meta(&since, &now, statement.take_rows());
                    since = now;
                }
                // Elsewhere it would take as long again, to the same end.
                Err(error @ (Error::TooManySteps { .. } | Error::ResultTooLarge { .. })) => {
                    return Some(Failure::new(error.to_string()).encode());
                }
                Err(_) => return None,
            }
            // Pragmas as tables are prepared only now.
            if self.policy.take_needs_primary() {
                return None;
            }
            // One that only explains is never compiled anew by itself.
            if !statement.is_explain() {
                statement.reset();
                self.statements.give(&query.sql, statement);
            }
        }
        (answer.count() > 0).then(|| answer.finish().0)
    }

    /// The number of a statement that [`Self::read`] has answered and keeps, for [`Self::read_known`].
    pub fn statement_number(&mut self, sql: &str) -> Option<u64> {
        self.statements.number(sql)
    }

    /// Answers the statement of that number into `cells`, where its parameters are. False if it is for
    /// [`Self::read`] to answer, whatever the reason: that tells of errors, and knows new columns.
    pub fn read_known(&mut self, number: u64, params: usize, cells: &mut Cells) -> bool {
        self.shared.error.take();
        self.policy.begin(self.limits.steps_max);
        self.rows_of_known(number, params, cells).is_some()
    }

    fn rows_of_known(&mut self, number: u64, params: usize, cells: &mut Cells) -> Option<()> {
        let (text, mut statement) = self.statements.take_numbered(number)?;
        let bound = cells
            .take_params(params)
            .is_some_and(|params| self.bind(&mut statement, params, Numbers::Real).is_ok());
        if !bound {
            statement.reset();
            self.statements.give(&text, statement);
            return None;
        }
        cells.begin();
        let mut row = statement.step().ok()?;
        // In its first step it may have been compiled anew, with other columns.
        statement.number().filter(|known| *known == number)?;
        let width = statement.column_count();
        let mut row_count = 0;
        while row {
            cells.row(&statement, width);
            cells.check_size(self.limits.result_bytes_max).ok()?;
            row_count += 1;
            row = statement.step().ok()?;
        }
        if self.policy.take_needs_primary() {
            return None;
        }
        let last_row_id = self.connection.last_insert_rowid();
        let size_bytes = self.size_bytes;
        cells.end(row_count, &CellsMeta { last_row_id, size_bytes, rows: statement.take_rows() });
        statement.reset();
        self.statements.give(&text, statement);
        Some(())
    }

    /// The statement that is the whole of a text, if any replica may run it.
    fn local_statement(&mut self, query: &Query) -> Option<Statement> {
        // Only such statements were kept.
        if let Some(statement) = self.statements.take(&query.sql) {
            return Some(statement);
        }
        if !is_query(&query.sql) {
            return None;
        }
        let text = SqlText::new(&query.sql);
        let (statement, after) =
            Statement::prepare(&self.connection, &text, 0, Lasts::Long).ok()?;
        let alone = is_blank(text.from(after)) && !text.is_cut();
        let local = alone && !self.policy.take_needs_primary();
        statement.filter(|statement| local && statement.is_read_only())
    }
}

/// After an error of SQLite the pages are as they should be, but must not be read through this
/// connection: so it is told as damage, and the replica begins anew.
impl ReplicaPages for Database {
    fn position(&self) -> Position {
        Database::position(self)
    }

    fn is_damaged(&self) -> bool {
        self.shared.source.borrow().is_damaged()
    }

    fn apply(&mut self, ltx: &[u8], position: Position) -> Result<Received, CoreError> {
        self.end_reads()?;
        let received = self.shared.source.borrow_mut().apply(ltx, position)?;
        if received == Received::Applied {
            self.look_again().map_err(of_sqlite)?;
        }
        Ok(received)
    }

    fn clear(&mut self) -> Result<(), CoreError> {
        if self.position().txid > 0 {
            self.end_reads()?;
        }
        self.shared.source.borrow_mut().clear()
    }

    fn bootstrap(
        &mut self,
        bootstrap: &mut Bootstrap,
        primary: Position,
        ltx: Option<&[u8]>,
    ) -> Result<bool, CoreError> {
        // Nothing reads what is not whole. SQLite must not even look at it: by the size that the first
        // page tells, a file without its last pages is damaged.
        let whole = self.shared.source.borrow_mut().bootstrap(bootstrap, primary, ltx)?;
        if whole {
            // It may be another history, in which counters that are alike mean nothing.
            self.reopen()?;
        }
        Ok(whole)
    }
}

fn of_sqlite(error: Error) -> CoreError {
    match error {
        Error::Pages(error) => error,
        error => CoreError::Corrupt(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
