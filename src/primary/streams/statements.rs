//! One statement of a stream: where it runs, and what it waits for.

use std::rc::Rc;

use isolite_core::{Position, Ticket};
use isolite_protocol::hrana::proto;
use isolite_protocol::insights::Sums;
use isolite_sqlite::{
    Begin, Database, Error as SqlError, StreamRun, StreamStatement, TransactionStatement,
};

use super::super::write_lock::Busy;
use super::super::{Engine, Opened, Refused};
use super::{Lost, Session, Transaction};
use crate::platform_js::now_ms;

/// Nested in each other.
const SAVEPOINTS_MAX: usize = 1_000;

/// A stream at work.
pub(in crate::primary) struct Runner<'a> {
    pub engine: &'a Rc<Engine>,
    pub session: &'a mut Session,
    /// Whoever sends the request may not write.
    pub read_only: bool,
    /// What the answer has room for.
    pub bytes_left: usize,
}

/// Where a statement runs.
#[derive(Clone, Copy)]
enum Place {
    /// By the primary's own connection, as a transaction of its own.
    Now,
    /// Where the database stood; it only reads.
    At(Position),
    /// In the transaction that holds the lock.
    Within(Ticket),
}

impl Runner<'_> {
    pub(super) async fn run(
        &mut self,
        statement: &StreamStatement<'_>,
    ) -> Result<proto::StmtResult, proto::Error> {
        let control = TransactionStatement::parse(statement.sql);
        let mut result = match (control, self.session.transaction) {
            (Some(control), _) => self.control(&control).await.map(|()| Default::default())?,
            (None, Transaction::None) => self.alone(statement).await?,
            (None, Transaction::Reading { at, may_write }) => {
                self.reading(statement, at, may_write).await?
            }
            (None, Transaction::Writing(ticket)) => {
                self.execute(statement, Place::Within(ticket))?
            }
            (None, Transaction::Lost(lost)) => return Err(lost.to_hrana()),
        };
        let proto::StmtResult { replication_index, .. } = &mut result;
        *replication_index = Some(self.position()?.txid);
        Ok(result)
    }

    /// A statement that is a transaction of its own. While another one is open, what only reads does so
    /// beside it.
    async fn alone(
        &mut self,
        statement: &StreamStatement<'_>,
    ) -> Result<proto::StmtResult, proto::Error> {
        if !self.engine.is_locked() {
            return self.execute(statement, Place::Now);
        }
        let at = self.position()?;
        if self.reads_only(statement.sql, at)? {
            return self.execute(statement, Place::At(at));
        }
        if self.read_only {
            return Err(SqlError::ReadOnly.to_hrana());
        }
        let ticket = self.lock().await?;
        let done = self.execute(statement, Place::Now);
        self.engine.unlock(ticket);
        done
    }

    /// A statement of a transaction that has not written so far.
    async fn reading(
        &mut self,
        statement: &StreamStatement<'_>,
        at: Option<Position>,
        may_write: bool,
    ) -> Result<proto::StmtResult, proto::Error> {
        let here = match at {
            Some(at) => at,
            None => self.position()?,
        };
        if self.reads_only(statement.sql, here)? {
            self.session.read_from(self.engine, here, may_write);
            return self.execute(statement, Place::At(here));
        }
        if !may_write {
            return Err(of_sqlite("SQLITE_READONLY", "attempt to write a readonly database"));
        }
        let ticket = self.begin_writing().await?;
        self.execute(statement, Place::Within(ticket))
    }

    /// Takes the lock for the transaction, which goes on where it has read.
    async fn begin_writing(&mut self) -> Result<Ticket, proto::Error> {
        if self.read_only {
            return Err(SqlError::ReadOnly.to_hrana());
        }
        let ticket = self.lock().await?;
        let begun = match (self.session.reads_at(), self.position()) {
            (_, Err(error)) => Err(error),
            // As SQLite has it: the transaction may go on reading, and be rolled back.
            (Some(at), Ok(now)) if at != now => Err(of_sqlite("SQLITE_BUSY", "database is locked")),
            _ => Ok(()),
        };
        if let Err(error) = begun {
            self.engine.unlock(ticket);
            return Err(error);
        }
        let begun = self.session.begin_writing(self.engine, ticket);
        begun.map(|()| ticket).map_err(|refused| of_refused(&refused))
    }

    fn execute(
        &mut self,
        statement: &StreamStatement<'_>,
        place: Place,
    ) -> Result<proto::StmtResult, proto::Error> {
        let engine = self.engine;
        if let Some(moved) = engine.moved() {
            return Err(of_refused(&moved));
        }
        engine.insights.begin(js_sys::Date::now());
        let observe = |sql: &str, sums: &Sums| engine.observe(sql, sums);
        let run = StreamRun {
            now_ms: now_ms() as i64,
            within: matches!(place, Place::Within(_)),
            clock: &js_sys::Date::now,
            observe: Some(&observe),
            // What SQLite calls read-only may write all the same, as some pragmas do.
            read_only: self.read_only || matches!(place, Place::At(_)),
            last_insert_rowid: self.session.last_insert_rowid,
            foreign_keys: self.session.foreign_keys,
        };
        let bytes_left = &mut self.bytes_left;
        let mut execute = |database: &mut Database| database.execute(statement, &run, bytes_left);
        let done = match place {
            Place::Now => engine
                .with(|Opened { database, .. }| {
                    database.refuse_writes(engine.writes_refused());
                    Ok(execute(database)?)
                })
                .map_err(Some),
            Place::At(position) => engine.read_at(position, execute).map_err(Some),
            Place::Within(ticket) => self.session.writing(engine, ticket, execute),
        };
        let done = done.map_err(|refused| self.failed(refused))?;
        self.session.last_insert_rowid = done.last_insert_rowid;
        self.session.foreign_keys = done.foreign_keys.unwrap_or(self.session.foreign_keys);
        Ok(done.result)
    }

    /// A statement that begins, ends or nests a transaction.
    async fn control(&mut self, statement: &TransactionStatement) -> Result<(), proto::Error> {
        use TransactionStatement::*;
        match (statement, self.session.transaction) {
            (Begin(begin), Transaction::None) => self.begin(*begin).await,
            (Begin(_), _) => {
                Err(of_sqlite("SQLITE_ERROR", "cannot start a transaction within a transaction"))
            }
            (RollBack, Transaction::None) => {
                Err(of_sqlite("SQLITE_ERROR", "cannot rollback - no transaction is active"))
            }
            (RollBack, _) => {
                self.session.roll_back(self.engine);
                Ok(())
            }
            (Commit, Transaction::None) => {
                Err(of_sqlite("SQLITE_ERROR", "cannot commit - no transaction is active"))
            }
            (Commit, Transaction::Lost(lost)) => {
                self.session.ended();
                Err(lost.to_hrana())
            }
            (Commit, _) => self.commit(),
            (Savepoint(_) | Release(_) | RollBackTo(_), Transaction::Lost(lost)) => {
                Err(lost.to_hrana())
            }
            (Savepoint(name), _) => self.nest(statement, name),
            (Release(name) | RollBackTo(name), _) => self.unnest(statement, name),
        }
    }

    async fn begin(&mut self, begin: Begin) -> Result<(), proto::Error> {
        match begin {
            Begin::Immediate => self.begin_writing().await.map(drop),
            Begin::Deferred | Begin::ReadOnly => {
                let may_write = begin == Begin::Deferred;
                self.session.transaction = Transaction::Reading { at: None, may_write };
                Ok(())
            }
        }
    }

    fn commit(&mut self) -> Result<(), proto::Error> {
        if let Transaction::Writing(ticket) = self.session.transaction {
            let commit =
                |database: &mut Database| database.commit_interactive(now_ms() as i64).map(drop);
            if let Err(error) = self.within(ticket, commit) {
                // The client hears of it here; what came of it is not known if the storage failed.
                if !matches!(self.session.transaction, Transaction::Writing(_)) {
                    self.session.ended();
                }
                return Err(error);
            }
        }
        self.session.ended();
        Ok(())
    }

    fn nest(&mut self, statement: &TransactionStatement, name: &str) -> Result<(), proto::Error> {
        if self.session.savepoints.len() >= SAVEPOINTS_MAX {
            return Err(of_sqlite("SQLITE_FULL", "savepoints are nested too deeply"));
        }
        match self.session.transaction {
            Transaction::Writing(ticket) => {
                self.within(ticket, |database| database.nest_interactive(statement))?;
            }
            Transaction::None => {
                self.session.transaction = Transaction::Reading { at: None, may_write: true };
                self.session.implicit = true;
            }
            _ => {}
        }
        self.session.savepoints.push(name.to_owned());
        Ok(())
    }

    /// Ends what is nested, or takes it back and stays in it.
    fn unnest(&mut self, statement: &TransactionStatement, name: &str) -> Result<(), proto::Error> {
        let place = self.session.savepoints.iter().rposition(|it| it.eq_ignore_ascii_case(name));
        let Some(place) = place else {
            return Err(of_sqlite("SQLITE_ERROR", &format!("no such savepoint: {name}")));
        };
        let releases = matches!(statement, TransactionStatement::Release(_));
        if releases && place == 0 && self.session.implicit {
            return self.commit();
        }
        if let Transaction::Writing(ticket) = self.session.transaction {
            self.within(ticket, |database| database.nest_interactive(statement))?;
        }
        self.session.savepoints.truncate(if releases { place } else { place + 1 });
        Ok(())
    }

    pub(super) fn describe(&mut self, sql: &str) -> Result<proto::DescribeResult, proto::Error> {
        let engine = self.engine;
        let mut left = self.bytes_left;
        let described = match self.session.transaction {
            Transaction::Lost(lost) => Err(lost.to_hrana()),
            Transaction::Writing(ticket) => {
                self.within(ticket, |database| database.describe(sql, &mut left))
            }
            Transaction::None | Transaction::Reading { .. } => {
                let at = self.session.reads_at().map_or_else(|| self.position(), Ok)?;
                let described = engine.read_at(at, |database| database.describe(sql, &mut left));
                described.map_err(|refused| of_refused(&refused))
            }
        };
        self.bytes_left = left;
        described
    }

    fn reads_only(&self, sql: &str, at: Position) -> Result<bool, proto::Error> {
        let reads = self.engine.read_at(at, |database| database.is_read_only(sql));
        reads.map_err(|refused| of_refused(&refused))
    }

    /// What `use_it` makes of the transaction that writes.
    fn within<T>(
        &mut self,
        ticket: Ticket,
        use_it: impl FnOnce(&mut Database) -> Result<T, SqlError>,
    ) -> Result<T, proto::Error> {
        let done = self.session.writing(self.engine, ticket, use_it);
        done.map_err(|refused| self.failed(refused))
    }

    async fn lock(&self) -> Result<Ticket, proto::Error> {
        self.engine.lock().await.map_err(|Busy| proto::Error {
            message: "Transaction was not started: others were writing for too long".to_owned(),
            code: "TRANSACTION_BUSY".to_owned(),
        })
    }

    fn position(&self) -> Result<Position, proto::Error> {
        self.engine.stands_at().map_err(|refused| of_refused(&refused))
    }

    /// Without a reason the transaction is lost.
    fn failed(&self, refused: Option<Refused>) -> proto::Error {
        match (refused, self.session.transaction) {
            (Some(refused), _) => {
                self.engine.metrics.failed(&refused);
                of_refused(&refused)
            }
            (None, Transaction::Lost(lost)) => lost.to_hrana(),
            (None, _) => Lost::Reopened.to_hrana(),
        }
    }
}

impl Lost {
    fn to_hrana(self) -> proto::Error {
        let (code, message) = match self {
            Lost::TimedOut => (
                "TRANSACTION_TIMEOUT",
                "Transaction timed-out: others waited, and it was rolled back",
            ),
            Lost::RolledBack => (
                "SQLITE_ABORT",
                "The transaction was rolled back by an error before: say ROLLBACK, and begin again",
            ),
            Lost::Reopened => (
                "TRANSACTION_BUSY",
                "The transaction was rolled back because the database was opened anew: begin again",
            ),
        };
        proto::Error { message: message.to_owned(), code: code.to_owned() }
    }
}

fn of_sqlite(code: &str, message: &str) -> proto::Error {
    proto::Error { message: format!("SQLite error: {message}"), code: code.to_owned() }
}

fn of_refused(refused: &Refused) -> proto::Error {
    match refused {
        Refused::Failed(error) => error.to_hrana(),
        // Clients know by it that a retry may help: a new stream is one of the new primary.
        Refused::Moved(_) | Refused::NotYet => {
            proto::Error { message: refused.to_string(), code: "SQLITE_BUSY".to_owned() }
        }
        refused => proto::Error { message: refused.to_string(), code: "SQLITE_ERROR".to_owned() },
    }
}
