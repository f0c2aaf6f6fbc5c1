//! The way of statements to the database. A database and each of its sessions have one; a
//! statement keeps that of what prepared it, so that it moves its own session forward.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;

use isolite_protocol::d1::{CompactAnswer, CompactBatch};
use isolite_protocol::{Answer, Failure, FailureCode, Query, query_string};
use isolite_worker::router::{self, Caller, Reply};
use js_sys::JsString;
use worker::{Env, Result};

use crate::error::{D1_ERROR, D1_EXEC_ERROR, d1_error};
use crate::result::{D1ExecResult, D1Result};
use crate::session::{D1SessionConstraint, SessionState};
use crate::statement::D1PreparedStatement;
use crate::transaction::Open;

// `exact`: D1 binds every number as REAL, and so is bound here what D1 can bind; but Rust has more.
const PATH: &str = "/query?resultsFormat=COMPACT&numbers=exact";

const OVER: &str = "The transaction has ended, and its statements run no more";

/// What the database has answered, or its failure.
pub(crate) type Told<T> = std::result::Result<T, Failure>;

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    env: Env,
    database: Arc<str>,
    /// Whether the first query creates a database that is missing.
    create: bool,
    /// Whose schema a database begins with that is created.
    template: Option<Arc<str>>,
    session: Option<SessionState>,
    /// How old the answer to a read may be; None leaves it to the session, or to what is set of the
    /// database.
    age_ms_max: Option<f64>,
    /// Where a session starts anew whose bookmark is refused.
    fallback: Option<D1SessionConstraint>,
    /// The past bookmark that is read at.
    as_of: Option<Arc<str>>,
    /// The transaction whose statements it sends.
    open: Option<Arc<Open>>,
    /// The newest position that this handle, and its clones, were answered from.
    seen: SessionState,
}

impl Channel {
    pub fn new(env: Env, database: &str, create: bool) -> Self {
        let (database, seen) = (Arc::from(database), SessionState::new(None));
        Self {
            env,
            database,
            create,
            template: None,
            session: None,
            age_ms_max: None,
            fallback: None,
            as_of: None,
            open: None,
            seen,
        }
    }

    pub fn with_template(self, template: Option<Arc<str>>) -> Self {
        Self { template, ..self }
    }

    pub fn with_max_staleness(self, age_ms_max: f64) -> Self {
        Self { age_ms_max: Some(age_ms_max), ..self }
    }

    pub fn with_fallback(self, constraint: D1SessionConstraint) -> Self {
        Self { fallback: Some(constraint), ..self }
    }

    /// A session has its own bound.
    pub fn in_session(&self, session: SessionState) -> Self {
        Self { session: Some(session), age_ms_max: None, ..self.clone() }
    }

    /// The past is in no session: it does not move.
    pub fn as_of(&self, bookmark: &str) -> Self {
        let as_of = Some(Arc::from(bookmark));
        Self { session: None, age_ms_max: Some(0.0), fallback: None, as_of, ..self.clone() }
    }

    /// Whether it reads the past, in which nothing happens any more.
    pub fn is_past(&self) -> bool {
        self.as_of.is_some()
    }

    /// The way of a transaction's statements.
    pub fn within(&self, open: Arc<Open>) -> Self {
        Self { open: Some(open), ..self.clone() }
    }

    pub fn bookmark(&self) -> Option<String> {
        if let Some(as_of) = &self.as_of {
            return Some(as_of.to_string());
        }
        self.session.as_ref().and_then(SessionState::bookmark)
    }

    /// Sends one query, or several as one transaction; the inner error is the database's failure.
    async fn send(&self, body: String) -> Result<Told<Vec<Answer>>> {
        let path = match (&self.as_of, &self.open) {
            (Some(at), _) => format!("{PATH}&as_of={}", query_string::encode(at)),
            (None, Some(open)) => format!("{PATH}&transaction={}", open.name),
            (None, None) => PATH.to_owned(),
        };
        self.ask(&path, body, CompactAnswer::decode).await
    }

    /// Sends what begins, nests or ends a transaction; the answer is a text.
    pub async fn control(&self, path: &str, body: String) -> Result<Told<String>> {
        self.ask(path, body, told).await
    }

    /// Sends a request; `read` makes of the answer what it tells.
    async fn ask<T, E>(
        &self,
        path: &str,
        body: String,
        read: impl Fn(&str) -> std::result::Result<Told<T>, E>,
    ) -> Result<Told<T>> {
        if self.open.as_ref().is_some_and(|open| open.is_closed.load(Relaxed)) {
            return Ok(Err(Failure::new(OVER)));
        }
        let read = |reply: Reply| {
            read(&reply.body).map_err(|_| {
                let message = format!("Failed to parse body as JSON, got: {}", reply.body);
                d1_error(D1_ERROR, &message, &message)
            })
        };
        let before = self.session.as_ref().map(SessionState::text);
        // A second time only from a constraint.
        let again = self.fallback.is_some().then(|| body.clone());
        let told = read(self.send_once(path, body).await?)?;
        let failure = told.as_ref().err();
        if let (Some(open), Some(failure)) = (&self.open, failure) {
            open.hear(failure);
        }
        let refused =
            failure.and_then(|failure| failure.code) == Some(FailureCode::BookmarkRefused);
        match (&self.session, before, self.fallback, again) {
            (Some(session), Some(before), Some(fallback), Some(body)) if refused => {
                // Nothing was done. Another query of this session may have started it anew already.
                session.replace(&before, fallback.as_str());
                read(self.send_once(path, body).await?)
            }
            _ => Ok(told),
        }
    }

    async fn send_once(&self, path: &str, body: String) -> Result<Reply> {
        let session = self.session.as_ref().map(SessionState::text);
        let seen = self.seen.bookmark();
        let caller = Caller {
            database: &self.database,
            create: self.create,
            template: self.template.as_deref(),
            session: session.as_deref(),
            age_ms_max: self.age_ms_max,
            seen: seen.as_deref(),
        };
        let reply = router::call(&self.env, caller, path, body).await?;
        self.session.as_ref().unwrap_or(&self.seen).advance(reply.bookmark.as_deref());
        Ok(reply)
    }

    pub async fn one(&self, query: &Query) -> Result<Answer> {
        let answers = self.send(serde_json::to_string(query)?).await?;
        let first = answers.map_err(failed)?.into_iter().next();
        first.ok_or_else(|| failed(Failure::new("")))
    }

    pub async fn many(&self, queries: Vec<Query>) -> Result<Told<Vec<Answer>>> {
        self.send(serde_json::to_string(&CompactBatch::new(queries))?).await
    }

    pub async fn batch(&self, statements: Vec<D1PreparedStatement>) -> Result<Vec<D1Result>> {
        let queries = statements.into_iter().map(D1PreparedStatement::into_query).collect();
        let answers = self.many(queries).await?.map_err(failed)?;
        Ok(answers.into_iter().map(D1Result::new).collect())
    }

    /// Runs each line as a statement, all in one transaction.
    pub async fn exec(&self, query: &str) -> Result<D1ExecResult> {
        // JavaScript's idea of white space: with the byte order mark, which Rust's leaves.
        let query = String::from(JsString::from(query).trim());
        let lines: Vec<&str> = query.split('\n').collect();
        let queries = lines.iter().map(|line| Query::new(*line, Vec::new())).collect();
        match self.many(queries).await? {
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

pub(crate) fn failed(failure: Failure) -> worker::Error {
    d1_error(D1_ERROR, &failure.error, &failure.error)
}

/// A transaction's name, or nothing, which is `{}`; or the failure that it is instead.
fn told(text: &str) -> std::result::Result<Told<String>, serde_json::Error> {
    let is_name = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match text {
        "{}" => Ok(Ok(String::new())),
        name if is_name => Ok(Ok(name.to_owned())),
        failure => serde_json::from_str(failure).map(Err),
    }
}
