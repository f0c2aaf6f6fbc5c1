//! What one stream has of the database: its transaction, and what it has set for itself.
//!
//! A transaction begins without anything. As it first reads it stays where the database then is; as it
//! first writes it takes the lock, and goes on only if nobody has written since it has read. One that
//! begins as IMMEDIATE takes the lock at once. So readers never wait, and never make others wait.

use isolite_core::{Position, Ticket};
use isolite_sqlite::{Database, Error as SqlError, TransactionStatement};

use super::super::reads::Read;
use super::super::{Engine, Opened, Refused};

/// What a stream has of the database.
pub(in crate::primary) struct Session {
    pub transaction: Transaction,
    /// Where it reads.
    held: Option<Read>,
    /// Names of nested transactions, the innermost last.
    pub savepoints: Vec<String>,
    /// The transaction began with the first of them, and ends with it.
    pub implicit: bool,
    /// Whether foreign keys are enforced; a transaction takes it as of its beginning.
    pub foreign_keys: bool,
    #[cfg(feature = "entry")]
    pub last_insert_rowid: i64,
    #[cfg(feature = "entry")]
    pub stored: isolite_protocol::hrana::StoredSql,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::primary) enum Transaction {
    None,
    /// It has not written. It reads where it first did.
    Reading {
        at: Option<Position>,
        may_write: bool,
    },
    /// It is the one of the primary's own connection.
    Writing(Ticket),
    /// It was rolled back, and its stream is to be told.
    Lost(Lost),
}

/// Why a transaction was rolled back that its client has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::primary) enum Lost {
    /// Others waited, and it had lasted for too long.
    TimedOut,
    /// The database was opened anew.
    Reopened,
    /// SQLite has rolled it back, as it could do no other.
    RolledBack,
}

impl Default for Session {
    fn default() -> Self {
        Session {
            transaction: Transaction::None,
            held: None,
            savepoints: Vec::new(),
            implicit: false,
            foreign_keys: true,
            #[cfg(feature = "entry")]
            last_insert_rowid: 0,
            #[cfg(feature = "entry")]
            stored: Default::default(),
        }
    }
}

impl Session {
    /// Whether no transaction is open. One that is lost counts as open until its client has heard of
    /// it: what was meant to be a part of it must not happen outside.
    #[cfg(feature = "entry")]
    pub(in crate::primary) fn is_autocommit(&self) -> bool {
        self.transaction == Transaction::None
    }

    /// Whether a new one would be as good.
    pub(in crate::primary) fn is_plain(&self) -> bool {
        #[cfg(feature = "entry")]
        if !self.stored.is_empty() {
            return false;
        }
        self.transaction == Transaction::None && self.foreign_keys
    }

    pub(in crate::primary) fn reads_at(&self) -> Option<Position> {
        match self.transaction {
            Transaction::Reading { at, .. } => at,
            _ => None,
        }
    }

    /// From now on its transaction reads there.
    pub(in crate::primary) fn read_from(&mut self, engine: &Engine, at: Position, may_write: bool) {
        if self.reads_at() != Some(at) {
            self.held = Some(engine.reads.at(at));
        }
        self.transaction = Transaction::Reading { at: Some(at), may_write };
    }

    /// Rolls back what is open.
    pub(in crate::primary) fn close(mut self, engine: &Engine) {
        self.roll_back(engine);
    }

    pub(in crate::primary) fn roll_back(&mut self, engine: &Engine) {
        if let Transaction::Writing(ticket) = self.transaction
            && engine.holds(ticket)
        {
            engine.roll_back_of(ticket);
        }
        self.ended();
    }

    /// The transaction is over, and with it what is nested in it.
    pub(in crate::primary) fn ended(&mut self) {
        self.transaction = Transaction::None;
        self.held = None;
        self.savepoints.clear();
        self.implicit = false;
    }

    /// Takes the database for writing, with the lock that was waited for.
    pub(in crate::primary) fn begin_writing(
        &mut self,
        engine: &Engine,
        ticket: Ticket,
    ) -> Result<(), Refused> {
        let begun = engine.with(|Opened { database, .. }| {
            if !engine.holds(ticket) {
                return Err(Refused::Failed(SqlError::locked()));
            }
            database.refuse_writes(engine.writes_refused());
            if let Some(text) = engine.writes_refused() {
                return Err(Refused::Failed(SqlError::WritesRefused { text }));
            }
            database.begin_interactive(self.foreign_keys)?;
            // What was nested before the first write.
            for name in &self.savepoints {
                let nested = TransactionStatement::Savepoint(name.clone());
                if let Err(error) = database.nest_interactive(&nested) {
                    database.roll_back_interactive();
                    return Err(error.into());
                }
            }
            Ok(())
        });
        match begun {
            Ok(()) => {
                self.transaction = Transaction::Writing(ticket);
                self.held = None;
            }
            Err(_) => engine.unlock(ticket),
        }
        begun
    }

    /// What `use_it` makes of the database within the transaction that writes. `Err(None)`: it is lost.
    pub(in crate::primary) fn writing<T>(
        &mut self,
        engine: &Engine,
        ticket: Ticket,
        use_it: impl FnOnce(&mut Database) -> Result<T, SqlError>,
    ) -> Result<T, Option<Refused>> {
        if !engine.holds(ticket) {
            self.transaction = Transaction::Lost(Lost::TimedOut);
            return Err(None);
        }
        let mut after = Some(Lost::Reopened);
        let mut open = false;
        let done = engine.with(|Opened { database, .. }| {
            if !database.is_interactive() {
                return Ok(None);
            }
            database.refuse_writes(engine.writes_refused());
            let done = use_it(database);
            open = database.is_interactive() && !database.is_broken();
            after = match (&done, database.is_broken()) {
                (_, true) => Some(Lost::Reopened),
                // As by OR ROLLBACK: the statement has asked for it.
                (Err(error), false) if !error.is_constraint() => Some(Lost::RolledBack),
                _ => None,
            };
            Ok(Some(done?))
        });
        if !open {
            engine.unlock(ticket);
            match after {
                Some(lost) => self.transaction = Transaction::Lost(lost),
                // It has ended, as it was asked to or by itself.
                None => self.ended(),
            }
        }
        match done {
            Ok(Some(done)) => Ok(done),
            Ok(None) => Err(None),
            Err(refused) => Err(Some(refused)),
        }
    }
}

impl Engine {
    /// What `use_it` makes of the database as it was at a position: by the primary's own connection if
    /// that stands there and is free.
    pub(in crate::primary) fn read_at<T>(
        &self,
        position: Position,
        use_it: impl FnOnce(&mut Database) -> Result<T, SqlError>,
    ) -> Result<T, Refused> {
        let free = !self.is_locked() && self.stands_at()? == position;
        match free {
            true => self.with(|Opened { database, .. }| Ok(use_it(database)?)),
            false => self.with_past_at(position, |database| Ok(use_it(database)?)),
        }
    }

    /// Where the database stands.
    pub(in crate::primary) fn stands_at(&self) -> Result<Position, Refused> {
        self.with(|Opened { database, .. }| Ok(database.position()))
    }
}
