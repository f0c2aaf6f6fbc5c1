//! One database: requests run over a store, each as one transaction.
//!
//! A request is one statement, a batch or a script. Whatever it is, it begins a transaction, and
//! either all of it commits as one commit of the store or nothing of it happened. That is D1's
//! promise for batches, and it keeps settings such as `PRAGMA foreign_keys` from leaking out of a
//! request, because SQLite ignores them inside a transaction.

use std::rc::Rc;
use std::sync::Arc;

use isolite_core::{CheckpointPolicy, CheckpointProgress, Commit, Position, Store};
use isolite_protocol::{Query, ResultsFormat, Value};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use crate::answer::{AnswerWriter, Moment};
use crate::error::Error;
use crate::limits::Limits;
use crate::policy::{FLAGS, Policy};
use crate::registered::Registered;
use crate::shared::Shared;
use crate::sql_text::{SqlText, is_blank};
use crate::statement::{Cell, Statement};
use crate::statement_cache::StatementCache;
use crate::vfs;

/// Transaction statements, numbers for `meta`, and the flags of the connection.
const INTERNAL_STATEMENTS: usize = 16;

/// A database over its store.
pub struct Database {
    // These before the connection: fields drop in this order, and each refers to it.
    _registered: Registered,
    statements: StatementCache,
    /// Our own, kept apart: what SQL may not say must not be found ready under the same text.
    internal: StatementCache,
    /// The one of `size_bytes`.
    header: Option<Statement>,
    connection: Connection,
    policy: Arc<Policy>,
    shared: Rc<Shared>,
    limits: Limits,
    size_bytes: u64,
}

/// How numbers in parameters are bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numbers {
    /// Every number is a REAL, as JavaScript's are and as D1 binds them.
    #[default]
    Real,
    /// A number written as an integer is an INTEGER.
    Exact,
}

/// One request.
pub struct Run<'a> {
    pub queries: &'a [Query],
    pub format: ResultsFormat,
    /// Answer with an array of results; without it there is one result, of the one query.
    pub array: bool,
    pub numbers: Numbers,
    /// Every statement of a query's text answers for itself; without it the last one alone does.
    pub script: bool,
    /// Time of the request, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// A clock for durations, in milliseconds.
    pub clock: &'a dyn Fn() -> f64,
    /// Members of each `meta` that tell who answered: `"served_by":"…",` or nothing.
    pub served: &'a str,
}

/// What a request did.
pub struct Done {
    /// The results as JSON.
    pub answer: String,
    /// How many results there are.
    pub count: usize,
    /// The commit that the request made, unless it only read.
    pub commit: Option<Commit>,
}

impl Database {
    /// Opens SQLite over `store`.
    pub fn open(store: Store, limits: Limits) -> Result<Database, Error> {
        vfs::install().map_err(Error::Open)?;
        let shared = Rc::new(Shared::new(store, limits.transaction_pages_max));
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || Connection::open_with_flags_and_vfs("isolite.db", flags, vfs::NAME);
        let mut connection = vfs::opening(&shared, open)?;
        // SAFETY: each sets one number; no pointer is passed.
        unsafe {
            ffi::sqlite3_hard_heap_limit64(limits.heap_bytes_max);
            ffi::sqlite3_soft_heap_limit64(limits.cache_bytes_max);
        }
        for (limit, value) in limits.of_sqlite() {
            connection.set_limit(limit, value)?;
        }
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_STMT_SCANSTATUS, true)?;
        connection.execute_batch(&format!(
            "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; PRAGMA max_page_count = {}",
            limits.database_pages_max
        ))?;
        let policy = Policy::install(&mut connection)?;
        let statements = StatementCache::new(limits.statements_kept);
        let internal = StatementCache::new(INTERNAL_STATEMENTS);
        let mut database = Database {
            _registered: Registered::new(&connection),
            statements,
            internal,
            header: None,
            connection,
            policy,
            shared,
            limits,
            size_bytes: 0,
        };
        database.size_bytes = database.size_bytes()?;
        Ok(database)
    }

    /// Where the database stands.
    pub fn position(&self) -> Position {
        self.shared.store.borrow().position()
    }

    /// Whether the database is to be opened anew: storage has failed, or a transaction could not
    /// be ended.
    pub fn is_broken(&self) -> bool {
        self.shared.store.borrow().is_broken() || !self.connection.is_autocommit()
    }

    /// Takes a step of the checkpoint that is due, if one is.
    pub fn checkpoint_step(
        &mut self,
        policy: &CheckpointPolicy,
    ) -> Result<CheckpointProgress, Error> {
        self.shared.store.borrow_mut().checkpoint_step(policy).map_err(Error::Pages)
    }

    /// Whether `checkpoint_step` has something to do.
    pub fn checkpoint_is_due(&self, policy: &CheckpointPolicy) -> bool {
        self.shared.store.borrow().checkpoint_is_due(policy)
    }

    /// Size in bytes without free pages, as D1 counts it.
    ///
    /// Both numbers stand in the header of the first page, where they are kept up to date within a
    /// transaction. The pragmas for them are compiled anew at each use, which would double the time
    /// of an insert.
    pub fn size_bytes(&mut self) -> Result<u64, Error> {
        let header = "SELECT substr(data, 29, 12) FROM sqlite_dbpage WHERE pgno = 1";
        let read = |cell: Cell<'_>| match cell {
            Cell::Blob([a, b, c, d, _, _, _, _, e, f, g, h]) => {
                (u32::from_be_bytes([*a, *b, *c, *d]), u32::from_be_bytes([*e, *f, *g, *h]))
            }
            // An empty database has no first page yet.
            _ => (0, 0),
        };
        // It runs after each statement that writes, so it has a place of its own.
        let mut statement = self.header.take();
        let answered = self.ask_with(&mut statement, header, read);
        self.header = statement;
        let (pages, free) = answered?;
        Ok(u64::from(pages.saturating_sub(free)) * isolite_core::PAGE_SIZE as u64)
    }

    /// How many tables there are, SQLite's own left out.
    pub fn num_tables(&mut self) -> Result<i64, Error> {
        self.number(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
    }

    /// Runs one request as one transaction. On an error nothing of it has happened.
    pub fn run(&mut self, run: &Run<'_>) -> Result<Done, Error> {
        self.shared.now_ms.set(run.now_ms);
        self.shared.error.take();
        self.policy.begin(self.limits.steps_max);
        self.run_internal("BEGIN")?;
        let mut answer = AnswerWriter::new(run, self.limits.result_bytes_max);
        let ran = self.run_queries(run, &mut answer).and_then(|()| self.check_names());
        let ran = ran.and_then(|()| self.run_internal("COMMIT"));
        let ran = ran.map_err(|error| self.explain(error));
        if ran.is_err() {
            self.roll_back();
        }
        self.reset_flags();
        // A request is one transaction, so there is one commit at most.
        let commit = self.shared.commits.borrow_mut().pop();
        ran?;
        let (answer, count) = answer.finish();
        Ok(Done { answer, count, commit })
    }

    /// Runs the queries in order. One without a statement, as D1's client sends for a blank line,
    /// has no result; a request of nothing else is an error.
    fn run_queries(&mut self, run: &Run<'_>, answer: &mut AnswerWriter<'_>) -> Result<(), Error> {
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
                    self.statements.take(&query.sql)
                }
            };
            let Some(mut statement) = statement else {
                let whole = self.run_text(run, query, &mut since, answer)?;
                held = whole.map(|statement| (&query.sql, statement));
                continue;
            };
            self.bind(&mut statement, &query.params, run.numbers)?;
            self.answer(&mut statement, run.clock, &mut since, answer)?;
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
        let text = SqlText::new(&query.sql);
        let mut at = 0;
        loop {
            let (statement, after) = Statement::prepare(&self.connection, &text, at)?;
            let last = is_blank(text.from(after));
            if let Some(mut statement) = statement {
                let params = if last { query.params.as_slice() } else { &[] };
                self.bind(&mut statement, params, run.numbers)?;
                if last || run.script {
                    self.answer(&mut statement, run.clock, since, answer)?;
                } else {
                    while statement.step()? {}
                }
                if last && at == 0 && !self.policy.has_notes() {
                    return Ok(Some(statement));
                }
            }
            if last || after == at {
                return Ok(None);
            }
            at = after;
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
            return Err(Error::Sql { text: "not authorized: SQLITE_AUTH".to_owned() });
        }
        Ok(())
    }

    fn bind(
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
        clock: &dyn Fn() -> f64,
        since: &mut Moment,
        answer: &mut AnswerWriter<'_>,
    ) -> Result<(), Error> {
        answer.rows(statement)?;
        if !statement.is_read_only() {
            self.size_bytes = self.size_bytes()?;
        }
        let now = self.moment(clock);
        answer.meta(since, &now, statement.rows_read());
        *since = now;
        Ok(())
    }

    fn moment(&self, clock: &dyn Fn() -> f64) -> Moment {
        Moment {
            changes: self.total_changes(),
            last_row_id: self.connection.last_insert_rowid(),
            size_bytes: self.size_bytes,
            clock_ms: clock(),
        }
    }

    fn total_changes(&self) -> i64 {
        // SAFETY: the handle is open as long as the connection is borrowed.
        unsafe { ffi::sqlite3_total_changes64(self.connection.handle()) }
    }

    /// Runs one statement of our own, which the rules for SQL do not concern.
    fn run_internal(&mut self, sql: &str) -> Result<(), Error> {
        self.number(sql).map(drop)
    }

    /// The one number that a statement of our own answers, or 0.
    fn number(&mut self, sql: &str) -> Result<i64, Error> {
        self.ask(sql, |cell| if let Cell::Integer(number) = cell { number } else { 0 })
    }

    /// The first value that a statement of our own answers, NULL if it answers nothing.
    fn ask<T>(&mut self, sql: &str, read: impl FnOnce(Cell<'_>) -> T) -> Result<T, Error> {
        let mut statement = self.internal.take(sql);
        let answer = self.ask_with(&mut statement, sql, read)?;
        if let Some(statement) = statement {
            self.internal.give(sql, statement);
        }
        Ok(answer)
    }

    /// As `ask`, by a statement that is prepared if there is none, and left there for the next time.
    fn ask_with<T>(
        &self,
        statement: &mut Option<Statement>,
        sql: &str,
        read: impl FnOnce(Cell<'_>) -> T,
    ) -> Result<T, Error> {
        self.policy.internally(|| {
            if statement.is_none() {
                *statement = Statement::prepare(&self.connection, &SqlText::new(sql), 0)?.0;
            }
            let Some(statement) = statement else {
                return Ok(read(Cell::Null));
            };
            let stepped =
                statement.step().map(|row| read(if row { statement.cell(0) } else { Cell::Null }));
            statement.rewind();
            stepped
        })
    }

    fn roll_back(&mut self) {
        // SQLite has rolled back by itself after some errors; there is then nothing to end. Where
        // it cannot, for want of memory, the open transaction shows: the database is broken.
        if !self.connection.is_autocommit() {
            self.run_internal("ROLLBACK").unwrap_or_default();
        }
        self.size_bytes = self.size_bytes().unwrap_or(self.size_bytes);
    }

    /// Puts back the flags of the connection that the request has set.
    fn reset_flags(&mut self) {
        if self.policy.take_flag_set() {
            for flag in FLAGS {
                let reset = self.run_internal(&format!("PRAGMA {flag} = OFF"));
                debug_assert!(reset.is_ok(), "{reset:?}");
            }
        }
    }

    /// What lies behind an error that SQLite could only give a code for.
    fn explain(&self, error: Error) -> Error {
        if let Some(error) = self.shared.error.take() {
            return Error::Pages(error);
        }
        if self.policy.transaction_refused() {
            return Error::TransactionStatement;
        }
        if self.policy.steps_exceeded() {
            return Error::TooManySteps { steps_max: self.limits.steps_max };
        }
        error
    }
}

#[cfg(test)]
mod tests;
