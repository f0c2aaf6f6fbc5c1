//! Running a request: its queries, the statements in their texts, and what `meta` tells of each.

use std::sync::Arc;

use isolite_core::Commit;
use isolite_protocol::insights::Sums;
use isolite_protocol::{Query, Value};
use rusqlite::ffi;

use super::{Database, Done, Numbers, Observer, Run};
use crate::answer::{AnswerWriter, Moment};
use crate::error::Error;
use crate::policy::{FLAGS, Wish};
use crate::sql_text::{SqlText, is_blank, is_left_out};
use crate::statement::{Lasts, Statement};

/// A statement of a text, ready to run.
pub(super) struct Next {
    pub(super) statement: Statement,
    /// Where what follows it starts, and whether that is nothing.
    pub(super) after: usize,
    pub(super) last: bool,
    pub(super) wish: Option<Wish>,
}

impl Database {
    /// Runs one request as one transaction. On an error nothing of it has happened.
    pub fn run(&mut self, run: &Run<'_>) -> Result<Done, Error> {
        self.begin(run.now_ms)?;
        let mut answer = AnswerWriter::new(run, self.limits.result_bytes_max);
        let ran = self.run_queries(run, &mut answer).and_then(|()| self.check_right(run));
        let commit = self.end(ran)?;
        let (answer, count) = answer.finish();
        Ok(Done { answer, count, commit })
    }

    /// Begins the transaction of a request.
    pub(super) fn begin(&mut self, now_ms: i64) -> Result<(), Error> {
        if self.is_interactive() {
            return Err(Error::locked());
        }
        self.shared.now_ms.set(now_ms);
        self.shared.error.take();
        self.policy.begin(self.limits.steps_max);
        self.run_internal("BEGIN")
    }

    /// Ends the transaction: commits if all `ran` well and what it leaves is allowed.
    pub(super) fn end(&mut self, ran: Result<(), Error>) -> Result<Option<Commit>, Error> {
        let writes = self.has_written();
        let ran = ran.and_then(|()| self.commit()).map_err(|error| self.explain(error));
        if ran.is_err() {
            self.roll_back();
        }
        let commit = self.after_end(writes);
        ran.map(|()| commit)
    }

    /// Commits, if what the transaction leaves is allowed. After an error it is still open, unless
    /// SQLite has rolled it back.
    pub(super) fn commit(&mut self) -> Result<(), Error> {
        self.check_names()?;
        self.check_foreign_keys()?;
        match &self.writes_refused {
            Some(text) if self.has_written() => {
                return Err(Error::WritesRefused { text: text.clone() });
            }
            _ => {}
        }
        self.run_internal("COMMIT")
    }

    /// Puts back what the transaction has set of the connection, and tells its commit.
    pub(super) fn after_end(&mut self, writes: bool) -> Option<Commit> {
        self.reset_flags();
        self.enforce_foreign_keys();
        // There is one commit at most.
        let commit = self.shared.commits.borrow_mut().pop();
        if writes {
            // Full text search writes only at the end.
            self.size_bytes = self.committed_size_bytes().unwrap_or(self.size_bytes);
        }
        commit
    }

    /// Runs the queries in order. One without a statement, as D1's client sends for a blank line,
    /// has no result; a request of nothing else is an error.
    pub(super) fn run_queries(
        &mut self,
        run: &Run<'_>,
        answer: &mut AnswerWriter<'_>,
    ) -> Result<(), Error> {
        let mut since = self.moment(run.clock);
        // The statement of the query before, as most of a batch has one text.
        let mut held: Option<(&Arc<str>, Statement)> = None;
        for query in run.queries {
            let statement = match held.take() {
                // The same text, not an equal one: comparing would cost as much as it saves.
                Some((sql, mut statement)) if Arc::ptr_eq(sql, &query.sql) => {
                    statement.rewind();
                    Some(statement)
                }
                other => {
                    self.put_back(other);
                    // A request with notes has each of its statements meet the authorizer.
                    match self.policy.has_notes() {
                        true => None,
                        false => self.statements.take(&query.sql),
                    }
                }
            };
            let Some(mut statement) = statement else {
                let whole = self.run_text(run, query, &mut since, answer)?;
                held = whole.map(|statement| (&query.sql, statement));
                continue;
            };
            run.check(&statement)?;
            self.bind(&mut statement, &query.params, run.numbers)?;
            self.answer(&mut statement, &query.sql, run, &mut since, answer)?;
            // One that must meet the authorizer each time, which has taken note of it, is not kept.
            held = (!self.policy.has_notes()).then_some((&query.sql, statement));
        }
        self.put_back(held);
        if answer.count() == 0 { Err(Error::NoStatement) } else { Ok(()) }
    }

    /// Runs the statements in one text, each prepared after those before it have run, as it may
    /// need what they made. Parameters belong to the last one. Returns the statement that is the
    /// whole of the text, to be kept.
    fn run_text(
        &mut self,
        run: &Run<'_>,
        query: &Query,
        since: &mut Moment,
        answer: &mut AnswerWriter<'_>,
    ) -> Result<Option<Statement>, Error> {
        if is_left_out(&query.sql) {
            return Ok(None);
        }
        let text = SqlText::new(&query.sql);
        let mut at = 0;
        loop {
            let Some(mut next) = self.next_statement(&text, at, Lasts::Long)? else {
                // Comments at the end are welcome, a text of nothing else is a mistake.
                let empty = at == 0 || text.is_cut();
                return if empty { Err(Error::NotAStatement) } else { Ok(None) };
            };
            if !next.last && next.statement.param_count() > 0 {
                return Err(Error::EarlierParams);
            }
            run.check(&next.statement)?;
            let params = if next.last { query.params.as_slice() } else { &[] };
            self.bind(&mut next.statement, params, run.numbers)?;
            let own = text.between(at, next.after);
            if next.last || run.script {
                self.answer(&mut next.statement, own, run, since, answer)?;
            } else {
                let mut rows = 0;
                while next.statement.step()? {
                    rows += 1;
                }
                let took = (next.statement.take_rows(), rows, 0.0);
                observe(run.observe, &next.statement, own, took);
            }
            self.after_statement(&next)?;
            match next.last {
                true if text.is_cut() => return Err(Error::NotAStatement),
                true if at == 0 && !self.policy.has_notes() => return Ok(Some(next.statement)),
                true => return Ok(None),
                false => at = text.skip_spaces(next.after),
            }
        }
    }

    /// What SQLite calls read-only may write all the same, as some pragmas do.
    pub(super) fn check_right(&self, run: &Run<'_>) -> Result<(), Error> {
        if run.read_only && self.has_written() { Err(Error::ReadOnly) } else { Ok(()) }
    }

    /// Prepares the statement at `at`, if there is one.
    pub(super) fn next_statement(
        &mut self,
        text: &SqlText,
        at: usize,
        lasts: Lasts,
    ) -> Result<Option<Next>, Error> {
        self.sparing |= self.spare_references(text, at)?;
        let (statement, after) = Statement::prepare(&self.connection, text, at, lasts)?;
        let (wish, last) = (self.policy.take_wish(), is_blank(text.from(after)));
        Ok(statement.map(|statement| Next { statement, after, last, wish }))
    }

    /// Does what is to be done once a statement has run, before the next one is prepared.
    pub(super) fn after_statement(&mut self, ran: &Next) -> Result<(), Error> {
        self.spare_no_longer()?;
        match ran.wish {
            Some(wish) => self.relax_foreign_keys(wish),
            None => Ok(()),
        }
    }

    /// Keeps a statement for the next request with its text.
    fn put_back(&mut self, held: Option<(&Arc<str>, Statement)>) {
        if let Some((sql, mut statement)) = held {
            statement.reset();
            self.statements.give(sql, statement);
        }
    }

    /// Refuses reserved names that the request has made. The authorizer sees those of CREATE, but
    /// of ALTER TABLE only the old one.
    fn check_names(&mut self) -> Result<(), Error> {
        let reserved = "SELECT count(*) FROM sqlite_schema WHERE name LIKE '\\_cf\\_%' ESCAPE '\\'";
        if self.policy.take_altered() && self.number(reserved)? > 0 {
            return Err(Error::of_sqlite("not authorized", -1, ffi::SQLITE_AUTH));
        }
        Ok(())
    }

    pub(super) fn bind(
        &mut self,
        statement: &mut Statement,
        params: &[Value],
        numbers: Numbers,
    ) -> Result<(), Error> {
        if statement.param_count() != params.len() {
            return Err(Error::Params);
        }
        for (index, value) in params.iter().enumerate() {
            let real = match (numbers, value) {
                (Numbers::Real, Value::Integer(number)) => Some(Value::Real(*number as f64)),
                _ => None,
            };
            // SAFETY: the parameters live as long as the request, at whose end each of its
            // statements was reset or dropped; and a REAL is not referred to at all.
            unsafe { statement.bind(index + 1, real.as_ref().unwrap_or(value))? };
        }
        Ok(())
    }

    /// Steps through a statement and writes its result, which tells of what changed since the last.
    fn answer(
        &mut self,
        statement: &mut Statement,
        sql: &str,
        run: &Run<'_>,
        since: &mut Moment,
        answer: &mut AnswerWriter<'_>,
    ) -> Result<(), Error> {
        let returned = answer.rows(statement)?;
        if self.has_written() {
            self.size_bytes = self.size_bytes()?;
        }
        let now = self.moment(run.clock);
        let rows = statement.take_rows();
        answer.meta(since, &now, rows);
        observe(run.observe, statement, sql, (rows, returned, now.clock_ms - since.clock_ms));
        *since = now;
        Ok(())
    }

    /// Whether the transaction has begun to write. Some pragmas do, which SQLite calls read-only.
    pub(super) fn has_written(&self) -> bool {
        // SAFETY: the handle is open as long as the connection is borrowed; the name is a C string.
        let state = unsafe { ffi::sqlite3_txn_state(self.connection.handle(), c"main".as_ptr()) };
        state == ffi::SQLITE_TXN_WRITE
    }

    pub(super) fn moment(&self, clock: &dyn Fn() -> f64) -> Moment {
        Moment {
            changes: self.total_changes(),
            last_row_id: self.connection.last_insert_rowid(),
            size_bytes: self.size_bytes,
            clock_ms: clock(),
        }
    }

    pub(super) fn total_changes(&self) -> i64 {
        // SAFETY: the handle is open as long as the connection is borrowed.
        unsafe { ffi::sqlite3_total_changes64(self.connection.handle()) }
    }

    pub(crate) fn roll_back(&mut self) {
        // SQLite has rolled back by itself after some errors; there is then nothing to end. Where
        // it cannot, for want of memory, the open transaction shows: the database is broken.
        if !self.connection.is_autocommit() {
            self.run_internal("ROLLBACK").unwrap_or_default();
        }
        self.shared.discard();
        self.size_bytes = self.committed_size_bytes().unwrap_or(self.size_bytes);
    }

    /// Puts back the flags of the connection that the request has set.
    pub(super) fn reset_flags(&mut self) {
        if self.policy.take_flag_set() {
            for flag in FLAGS {
                let reset = self.run_internal(&format!("PRAGMA {flag} = OFF"));
                debug_assert!(reset.is_ok(), "{reset:?}");
            }
        }
    }

    /// What lies behind an error that SQLite could only give a code for.
    pub(super) fn explain(&self, error: Error) -> Error {
        if let Some(error) = self.shared.error.take() {
            return Error::Pages(error);
        }
        if self.policy.transaction_refused() {
            return Error::TransactionStatement;
        }
        if self.policy.steps_exceeded() {
            return Error::TooManySteps { steps_max: self.limits.steps_max };
        }
        if self.policy.pages_refused() {
            return Error::of_sqlite("no such table: sqlite_dbpage", -1, ffi::SQLITE_ERROR);
        }
        error
    }
}

#[cfg(feature = "hrana")]
impl Next {
    /// The statement that is the whole of a text, prepared before.
    pub(super) fn kept(statement: Statement) -> Next {
        Next { statement, after: 0, last: true, wish: None }
    }
}

impl Run<'_> {
    /// Refuses a statement that writes, before it does.
    fn check(&self, statement: &Statement) -> Result<(), Error> {
        if self.read_only && !statement.is_read_only() { Err(Error::ReadOnly) } else { Ok(()) }
    }
}

/// Tells whoever wants to know what a statement took: rows read and written, rows returned, and
/// milliseconds.
pub(super) fn observe(
    observer: Option<&Observer<'_>>,
    statement: &Statement,
    sql: &str,
    (rows, rows_returned, duration_ms): ((u64, u64), u64, f64),
) {
    let Some(observe) = observer else { return };
    let reads = u64::from(statement.is_read_only());
    observe(
        sql,
        &Sums {
            read_queries: reads,
            write_queries: 1 - reads,
            duration_ms: duration_ms.max(0.0),
            rows_read: rows.0,
            rows_written: rows.1,
            rows_returned,
        },
    );
}
