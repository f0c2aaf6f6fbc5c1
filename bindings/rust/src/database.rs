//! A database with the methods of `worker::d1::D1Database`.

use std::time::Duration;

use worker::{Env, Result};

use crate::channel::Channel;
use crate::error::{D1_DUMP_ERROR, d1_error};
use crate::result::{D1ExecResult, D1Result};
use crate::session::{D1DatabaseSession, D1SessionConstraint, SessionState};
use crate::statement::D1PreparedStatement;
use crate::transaction::{self, D1Transaction, D1TransactionOptions};

/// The database of this name, created by the first query if it does not exist. Cheap: call it in
/// every request.
pub fn database(env: &Env, name: &str) -> D1Database {
    D1Database { channel: Channel::new(env.clone(), name, true) }
}

/// The database of this name. Queries fail if nobody created it.
pub fn existing_database(env: &Env, name: &str) -> D1Database {
    D1Database { channel: Channel::new(env.clone(), name, false) }
}

#[derive(Clone, Debug)]
pub struct D1Database {
    channel: Channel,
}

impl D1Database {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { channel }
    }

    /// Bounds how old the answer to a read outside sessions may be; unless told what is set of the
    /// database, or a second. Reads are
    /// answered from this isolate's own memory once the database is there, and see what this handle
    /// has written and read. With zero every read goes to the primary, as in D1 without read
    /// replication.
    pub fn with_max_staleness(self, max: Duration) -> Self {
        Self { channel: self.channel.with_max_staleness(max.as_secs_f64() * 1000.0) }
    }

    /// Prepare a query statement from a query string.
    pub fn prepare<T: Into<String>>(&self, query: T) -> D1PreparedStatement {
        D1PreparedStatement::new(self.channel.clone(), query.into())
    }

    /// A session that starts from a constraint, `"first-primary"` or `"first-unconstrained"`, or
    /// from an earlier session's bookmark.
    pub fn with_session(&self, constraint_or_bookmark: Option<&str>) -> Result<D1DatabaseSession> {
        let session = SessionState::new(constraint_or_bookmark);
        Ok(D1DatabaseSession::new(self.channel.in_session(session)))
    }

    /// A session that starts from a constraint.
    pub fn with_session_constraint(
        &self,
        constraint: D1SessionConstraint,
    ) -> Result<D1DatabaseSession> {
        self.with_session(Some(constraint.as_str()))
    }

    /// The database as it was at a past bookmark. The primary answers, and a write is refused. What is no
    /// longer kept is an error that names the oldest bookmark that is.
    #[must_use]
    pub fn as_of(&self, bookmark: &str) -> D1DatabaseSession {
        D1DatabaseSession::new(self.channel.as_of(bookmark))
    }

    /// Refused, as D1 refuses it for all but the databases of its first alpha.
    pub async fn dump(&self) -> Result<Vec<u8>> {
        Err(d1_error(D1_DUMP_ERROR, "Status + 404", "Status 404"))
    }

    /// Runs the statements as one transaction, and returns their results in order.
    pub async fn batch(&self, statements: Vec<D1PreparedStatement>) -> Result<Vec<D1Result>> {
        self.channel.batch(statements).await
    }

    /// Runs each line as a statement, all in one transaction. For schemas and tests: nothing can
    /// be bound.
    pub async fn exec(&self, query: &str) -> Result<D1ExecResult> {
        self.channel.exec(query).await
    }

    /// Runs a closure whose statements are one transaction: what it has written is committed when it
    /// returns, and taken back if it returns an error, which is then returned.
    ///
    /// Nobody else writes meanwhile, and nobody sees anything of it before the commit. The closure may
    /// run several times, each time from the beginning: if others were writing for too long, or if it
    /// lasted for too long while others waited. So it should await nothing but its own statements, and do
    /// nothing else that cannot be repeated. Statements of the database itself, not of `tx`, are outside;
    /// one that writes there would wait for this transaction, and this for it.
    ///
    /// If no answer to the commit came, the error says that it is not known whether it was committed,
    /// and is no [`D1Failure`](crate::D1Failure). That is never run again. A future that is dropped in
    /// the middle is rolled back once it was silent for ten seconds, or others have waited for five.
    ///
    /// ```no_run
    /// # async fn example(db: &isolite::D1Database) -> isolite::Result<()> {
    /// db.transaction(async |tx| {
    ///     let left: Option<i64> =
    ///         tx.prepare("SELECT left FROM stock WHERE id = 1").first(Some("left")).await?;
    ///     if left.unwrap_or_default() < 1 {
    ///         return Err(isolite::Error::RustError("sold out".into()));
    ///     }
    ///     tx.prepare("UPDATE stock SET left = left - 1 WHERE id = 1").run().await?;
    ///     Ok(())
    /// })
    /// .await
    /// # }
    /// ```
    pub async fn transaction<T>(
        &self,
        work: impl AsyncFnMut(&D1Transaction) -> Result<T>,
    ) -> Result<T> {
        self.transaction_with(D1TransactionOptions::default(), work).await
    }

    /// As [`transaction`](Self::transaction), one that only reads or is retried more or less often.
    pub async fn transaction_with<T>(
        &self,
        options: D1TransactionOptions,
        work: impl AsyncFnMut(&D1Transaction) -> Result<T>,
    ) -> Result<T> {
        transaction::run(&self.channel, options, work).await
    }
}
