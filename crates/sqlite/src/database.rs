//! One database: requests run over a store, each as one transaction.
//!
//! A request is one statement, a batch or a script. Whatever it is, it begins a transaction, and
//! either all of it commits as one commit of the store or nothing of it happened. A transaction of
//! several requests is `interactive`. That is D1's
//! promise for batches. What a request sets of the connection, as the enforcement of foreign keys,
//! is put back at its end.

mod file_check;
mod foreign_keys;
mod import;
mod interactive;
mod local;
mod migrate;
mod past;
mod request;
#[cfg(feature = "hrana")]
mod row_cursor;
mod schema;
#[cfg(feature = "hrana")]
mod stream;

use std::rc::Rc;
use std::sync::Arc;

use isolite_core::{CheckpointPolicy, CheckpointProgress, Commit, PageNo, Position, Store};
use isolite_protocol::insights::Sums;
use isolite_protocol::{Query, Request, ResultsFormat, query_string};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, ffi};

use crate::error::Error;
use crate::limits::Limits;
use crate::policy::Policy;
use crate::registered::Registered;
use crate::shared::Shared;
use crate::source::Source;
use crate::sql_text::SqlText;
use crate::statement::{Cell, Lasts, Statement};
use crate::statement_cache::StatementCache;
use crate::vfs;
use foreign_keys::Relaxed;
use import::Import;

pub use file_check::{FileCheck, FileError, FileHeader, check_sqlite_file};
pub use import::Imported;
pub use local::{may_only_read, only_reads, reads_beside};
#[cfg(feature = "hrana")]
pub use row_cursor::RowCursor;
#[cfg(feature = "hrana")]
pub(crate) use stream::BOTH;
#[cfg(feature = "hrana")]
pub use stream::{Executed, StreamRun, StreamStatement};

/// As much of a file as SQLite reads in place, where the VFS lets it: all that it can.
const MMAP_BYTES_MAX: u32 = 0x7fff_0000;

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
    /// Set while the request has foreign keys ignored or deferred.
    relaxed: Option<Relaxed>,
    import: Option<Import>,
    /// Foreign keys are not enforced for one statement.
    sparing: bool,
    /// A transaction of several requests is open.
    interactive: bool,
    /// Set once a dump has been planned.
    pub(crate) statistics_forgotten: bool,
    connection: Connection,
    policy: Arc<Policy>,
    shared: Rc<Shared>,
    limits: Limits,
    size_bytes: u64,
    /// What a write is told, while none may be made.
    writes_refused: Option<String>,
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

/// What is told of a statement: its text, and what it took.
pub type Observer<'a> = dyn Fn(&str, &Sums) + 'a;

/// One request.
pub struct Run<'a> {
    pub queries: &'a [Query],
    pub format: ResultsFormat,
    /// Answer with an array of results; without it there is one result, of the one query.
    pub array: bool,
    pub numbers: Numbers,
    /// Every statement of a query's text answers for itself; without it the last one alone does.
    pub script: bool,
    /// A statement that writes is refused.
    pub read_only: bool,
    /// Time of the request, in milliseconds since the Unix epoch.
    pub now_ms: i64,
    /// A clock for durations, in milliseconds.
    pub clock: &'a dyn Fn() -> f64,
    /// Members of each `meta` that tell who answered: `"served_by":"…",` or nothing, where the
    /// caller knows.
    pub served: &'a str,
    /// Is told of each statement as it ends.
    pub observe: Option<&'a Observer<'a>>,
}

impl<'a> Run<'a> {
    /// A request that came with `query`, the query part of its path, as D1's protocol has it.
    pub fn of(
        request: &'a Request,
        query: &str,
        clock: &'a dyn Fn() -> f64,
        served: &'a str,
    ) -> Run<'a> {
        let exact = query_string::raw(query, "numbers") == Some("exact");
        Run {
            queries: request.queries(),
            format: ResultsFormat::from_query(query),
            array: matches!(request, Request::Batch(_)),
            numbers: if exact { Numbers::Exact } else { Numbers::Real },
            script: false,
            read_only: false,
            now_ms: clock() as i64,
            clock,
            served,
            observe: None,
        }
    }

    /// The same with a result for each statement of its texts.
    pub fn as_script(self) -> Run<'a> {
        Run { script: true, array: true, ..self }
    }

    /// The same for a caller who may only read.
    pub fn as_read_only(self) -> Run<'a> {
        Run { read_only: true, ..self }
    }
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
        Database::open_source(Source::Primary(Box::new(store)), limits)
    }

    fn open_source(source: Source, limits: Limits) -> Result<Database, Error> {
        let shared = Rc::new(Shared::new(source, limits.transaction_pages_max));
        Database::open_shared(shared, limits)
    }

    fn open_shared(shared: Rc<Shared>, limits: Limits) -> Result<Database, Error> {
        vfs::install().map_err(Error::Open)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let open = || Connection::open_with_flags_and_vfs("isolite.db", flags, vfs::NAME);
        let mut connection = vfs::opening(&shared, open)?;
        // SAFETY: each sets one number; no pointer is passed.
        unsafe {
            ffi::sqlite3_hard_heap_limit64(limits.heap_bytes_max);
            ffi::sqlite3_soft_heap_limit64(limits.cache_bytes_max);
            // Results of calls are then of the kind that FTS5 and others pass on, as in D1; the
            // extended one is asked for where it is told.
            ffi::sqlite3_extended_result_codes(connection.handle(), 0);
        }
        for (limit, value) in limits.of_sqlite() {
            connection.set_limit(limit, value)?;
        }
        // Nobody else has the pages. With its lock held from one transaction to the next, SQLite needs
        // no look at the file before each, and leaves its change counter alone, with which each commit
        // would rewrite the first page.
        connection.execute_batch(&format!(
            "{} PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; \
             PRAGMA max_page_count = {}",
            shared.source.borrow().pragmas(),
            limits.database_pages_max
        ))?;
        // It would not let the journal be off.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
        if shared.source.borrow().is_in_memory() {
            // SQLite reads the pages where they lie, and keeps no copies.
            connection.execute_batch(&format!("PRAGMA mmap_size = {MMAP_BYTES_MAX}"))?;
        }
        let policy = Policy::install(&mut connection)?;
        let statements = StatementCache::new(limits.statements_kept);
        let internal = StatementCache::new(INTERNAL_STATEMENTS);
        let mut database = Database {
            _registered: Registered::new(&connection),
            statements,
            internal,
            header: None,
            relaxed: None,
            import: None,
            sparing: false,
            interactive: false,
            statistics_forgotten: false,
            connection,
            policy,
            shared,
            limits,
            size_bytes: 0,
            writes_refused: None,
        };
        database.size_bytes = database.size_bytes()?;
        Ok(database)
    }

    /// Where the database stands.
    pub fn position(&self) -> Position {
        self.shared.source.borrow().position()
    }

    /// From now on requests that write are refused with this text, or none are.
    pub fn refuse_writes(&mut self, text: Option<String>) {
        self.writes_refused = text;
    }

    /// Whether the database is to be opened anew: storage has failed, or a transaction could not
    /// be ended.
    pub fn is_broken(&self) -> bool {
        let open = self.import.is_some() || self.interactive;
        let ended = self.connection.is_autocommit() || open;
        self.shared.source.borrow().is_broken() || !ended
    }

    /// What `use_it` makes of the store; None where there is no store.
    pub fn with_store<T>(&mut self, use_it: impl FnOnce(&mut Store) -> T) -> Option<T> {
        self.shared.source.borrow_mut().store().map(use_it)
    }

    /// Takes a step of the checkpoint that is due, if one is.
    pub fn checkpoint_step(
        &mut self,
        policy: &CheckpointPolicy,
    ) -> Result<CheckpointProgress, Error> {
        match self.shared.source.borrow_mut().store() {
            Some(store) => store.checkpoint_step(policy).map_err(Error::Pages),
            None => Ok(CheckpointProgress::Done),
        }
    }

    /// Whether `checkpoint_step` has something to do.
    pub fn checkpoint_is_due(&self, policy: &CheckpointPolicy) -> bool {
        let mut source = self.shared.source.borrow_mut();
        source.store().is_some_and(|store| store.checkpoint_is_due(policy))
    }

    /// What a replica at `from` lacks, as [`Store::commits_since`].
    pub fn commits_since(
        &mut self,
        from: Position,
        bytes_max: usize,
    ) -> Result<Option<Vec<u8>>, Error> {
        match self.shared.source.borrow_mut().store() {
            Some(store) => store.commits_since(from, bytes_max).map_err(Error::Pages),
            None => Ok(None),
        }
    }

    /// A part of a snapshot, as [`Store::pages_from`].
    pub fn pages_from(&mut self, first: PageNo, count_max: u32) -> Result<Option<Vec<u8>>, Error> {
        match self.shared.source.borrow_mut().store() {
            Some(store) => store.pages_from(first, count_max).map_err(Error::Pages),
            None => Ok(None),
        }
    }

    /// Pages of the database, free ones included.
    pub fn size_pages(&self) -> PageNo {
        self.shared.source.borrow().size_pages()
    }

    /// Size in bytes without free pages, as D1 counts it.
    ///
    /// Both numbers stand in the header of the first page, where they are kept up to date within a
    /// transaction. The pragmas for them are compiled anew at each use, which would double the time
    /// of an insert.
    pub fn size_bytes(&mut self) -> Result<u64, Error> {
        let header = "SELECT substr(data, 29, 12) FROM sqlite_dbpage WHERE pgno = 1";
        // An empty database has no first page yet.
        let read = |cell: Cell<'_>| match cell {
            Cell::Blob(header) => header.try_into().unwrap_or_default(),
            _ => [0; SIZES_LEN],
        };
        // It runs after each statement that writes, so it has a place of its own.
        let mut statement = self.header.take();
        let answered = self.ask_with(&mut statement, header, read);
        self.header = statement;
        Ok(bytes_in_use(answered?))
    }

    /// The same as of the last commit, straight from the pages.
    pub fn committed_size_bytes(&self) -> Result<u64, Error> {
        let mut header = [0; SIZES_LEN];
        let mut source = self.shared.source.borrow_mut();
        if source.size_pages() > 0 {
            source.read(1, SIZES_AT, &mut header).map_err(Error::Pages)?;
        }
        Ok(bytes_in_use(header))
    }

    /// How many tables there are, SQLite's own left out.
    pub fn num_tables(&mut self) -> Result<i64, Error> {
        self.number(
            "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
        )
    }

    /// Runs one statement of our own, which the rules for SQL do not concern.
    pub(crate) fn run_internal(&mut self, sql: &str) -> Result<(), Error> {
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

    /// Runs a query of our own over `values` and has each of its rows looked at, until that is false.
    pub(crate) fn each_row(
        &self,
        sql: &str,
        values: &[Cell<'_>],
        mut look: impl FnMut(&Statement) -> Result<bool, Error>,
    ) -> Result<(), Error> {
        self.policy.internally(|| {
            let text = SqlText::new(sql);
            let Some(mut statement) =
                Statement::prepare(&self.connection, &text, 0, Lasts::Once)?.0
            else {
                return Ok(());
            };
            for (index, value) in values.iter().enumerate() {
                // SAFETY: the values are borrowed for longer than the statement lives.
                unsafe { statement.bind_cell(index + 1, value)? };
            }
            while statement.step()? && look(&statement)? {}
            Ok(())
        })
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
                *statement =
                    Statement::prepare(&self.connection, &SqlText::new(sql), 0, Lasts::Long)?.0;
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
}

/// Where the header of a database has its size and its number of free pages, and what is between.
const SIZES_AT: usize = 28;
const SIZES_LEN: usize = 12;

fn bytes_in_use([a, b, c, d, _, _, _, _, e, f, g, h]: [u8; SIZES_LEN]) -> u64 {
    let (pages, free) = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
    u64::from(pages.saturating_sub(free)) * isolite_core::PAGE_SIZE as u64
}

#[cfg(test)]
mod tests;
