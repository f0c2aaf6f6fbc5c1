//! A transaction of several requests.
//!
//! SQLite keeps it open from one request to the next, and with it what it has written. Nothing else may
//! run on this connection meanwhile but what belongs to it; whoever reads what was committed does so by
//! another connection, over [`Database::open_past`].
//!
//! Invariants:
//! - nothing of it reaches the store before its commit;
//! - after it has ended, however it did, the connection is as it was before.

use isolite_core::Commit;
use rusqlite::ffi;

use super::{Database, Done, Run};
use crate::answer::AnswerWriter;
use crate::error::Error;
use crate::policy::Wish;
use crate::tokens::quoted;
use crate::transaction_statement::TransactionStatement;

/// Around what a request does within the transaction, so that it happens whole or not at all.
const SAVEPOINT: &str = "isolite_request";

impl Database {
    /// Begins one. Without `foreign_keys` they are not enforced in it, and looked at as it commits.
    pub fn begin_interactive(&mut self, foreign_keys: bool) -> Result<(), Error> {
        self.begin(self.shared.now_ms.get())?;
        self.interactive = true;
        if !foreign_keys && let Err(error) = self.relax_foreign_keys(Wish::Ignore) {
            self.roll_back_interactive();
            return Err(error);
        }
        Ok(())
    }

    /// Whether one is open.
    pub fn is_interactive(&self) -> bool {
        self.interactive
    }

    /// Commits it. Where deferred foreign keys refer to nothing it stays open, as in SQLite; after any
    /// other error it was rolled back.
    pub fn commit_interactive(&mut self, now_ms: i64) -> Result<Option<Commit>, Error> {
        self.shared.now_ms.set(now_ms);
        self.shared.error.take();
        self.policy.begin_within(self.limits.steps_max);
        let writes = self.has_written();
        if let Err(error) = self.commit().map_err(|error| self.explain(error)) {
            let may_go_on = matches!(&error, Error::Sql(error) if is_of_foreign_keys(error.code));
            if !may_go_on || self.connection.is_autocommit() {
                self.roll_back_interactive();
            }
            return Err(error);
        }
        self.interactive = false;
        Ok(self.after_end(writes))
    }

    /// Takes back all of it.
    pub fn roll_back_interactive(&mut self) {
        let writes = self.has_written();
        self.roll_back();
        self.interactive = false;
        drop(self.after_end(writes));
    }

    /// Runs a request within it. After an error nothing of the request has happened, and the
    /// transaction goes on, unless SQLite has rolled it back.
    pub fn run_interactive(&mut self, run: &Run<'_>) -> Result<Done, Error> {
        self.shared.error.take();
        self.policy.begin_within(self.limits.steps_max);
        let mut answer = AnswerWriter::new(run, self.limits.result_bytes_max);
        let ran = self.guarded(|it| {
            it.run_queries(run, &mut answer)?;
            it.check_right(run)
        });
        let ran = ran.map_err(|error| self.explain(error));
        let ran = self.spare_no_longer().and(ran);
        self.notice_end();
        ran?;
        let (answer, count) = answer.finish();
        Ok(Done { answer, count, commit: None })
    }

    /// Has nothing happen of what fails, while the transaction goes on.
    pub(super) fn guarded<T>(
        &mut self,
        run: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        self.run_internal(&format!("SAVEPOINT {SAVEPOINT}"))?;
        let done = run(self);
        if self.connection.is_autocommit() {
            return done;
        }
        if done.is_err() {
            self.run_internal(&format!("ROLLBACK TO {SAVEPOINT}")).unwrap_or_default();
        }
        let released = self.run_internal(&format!("RELEASE {SAVEPOINT}"));
        done.and_then(|done| released.map(|()| done))
    }

    /// Nests a transaction in it, or ends one that is nested; others are not taken.
    pub fn nest_interactive(&mut self, statement: &TransactionStatement) -> Result<(), Error> {
        let sql = match statement {
            TransactionStatement::Savepoint(name) => format!("SAVEPOINT {}", quoted(name)),
            TransactionStatement::Release(name) => format!("RELEASE {}", quoted(name)),
            TransactionStatement::RollBackTo(name) => format!("ROLLBACK TO {}", quoted(name)),
            _ => return Err(Error::TransactionStatement),
        };
        self.policy.begin_within(self.limits.steps_max);
        self.run_internal(&sql)
    }

    /// SQLite rolls back by itself where a statement says OR ROLLBACK, and where it can do no other.
    pub(super) fn notice_end(&mut self) {
        if self.interactive && self.connection.is_autocommit() {
            self.roll_back_interactive();
        }
    }
}

fn is_of_foreign_keys(code: i32) -> bool {
    code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY
}

#[cfg(test)]
mod tests;
