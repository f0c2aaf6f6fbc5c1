//! A database with the methods of `worker::d1::D1Database`.

use std::time::Duration;

use isolite_protocol::Query;
use js_sys::JsString;
use worker::{Env, Result};

use crate::channel::Channel;
use crate::error::{D1_DUMP_ERROR, D1_EXEC_ERROR, d1_error};
use crate::result::{D1ExecResult, D1Result};
use crate::session::{D1DatabaseSession, D1SessionConstraint, SessionState};
use crate::statement::D1PreparedStatement;

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
    /// Bounds how old the answer to a read outside sessions may be; a second unless told. Reads are
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
        // JavaScript's idea of white space: with the byte order mark, which Rust's leaves.
        let query = String::from(JsString::from(query).trim());
        let lines: Vec<&str> = query.split('\n').collect();
        let queries = lines.iter().map(|line| Query::new(*line, Vec::new())).collect();
        match self.channel.many(queries).await? {
            Ok(answers) => Ok(D1ExecResult::new(&answers)),
            Err(failure) => {
                // One failure comes back for all lines; D1 counts it as the first one's.
                let line = lines.first().copied().unwrap_or_default();
                let message = format!("Error in line 1: {line}: {}", failure.error);
                Err(d1_error(D1_EXEC_ERROR, &message, &message))
            }
        }
    }
}
