//! The way of statements to the database. A database and each of its sessions have one; a
//! statement keeps that of what prepared it, so that it moves its own session forward.

use std::borrow::Cow;
use std::sync::Arc;

use isolite_protocol::d1::{CompactAnswer, CompactBatch};
use isolite_protocol::{Answer, Failure, FailureCode, Query, query_string};
use isolite_worker::router::{self, Caller};
use worker::{Env, Result};

use crate::error::{D1_ERROR, d1_error};
use crate::result::D1Result;
use crate::session::{D1SessionConstraint, SessionState};
use crate::statement::D1PreparedStatement;

// `exact`: D1 binds every number as REAL, and so is bound here what D1 can bind; but Rust has more.
const PATH: &str = "/query?resultsFormat=COMPACT&numbers=exact";

/// How old the answer to a read outside sessions may be, unless told.
const MAX_STALENESS_MS: f64 = 1000.0;

#[derive(Clone, Debug)]
pub(crate) struct Channel {
    env: Env,
    database: Arc<str>,
    /// Whether the first query creates a database that is missing.
    create: bool,
    session: Option<SessionState>,
    /// How old the answer to a read may be; None leaves it to the session.
    age_ms_max: Option<f64>,
    /// Where a session starts anew whose bookmark is refused.
    fallback: Option<D1SessionConstraint>,
    /// The past bookmark that is read at.
    as_of: Option<Arc<str>>,
    /// The newest position that this handle, and its clones, were answered from.
    seen: SessionState,
}

impl Channel {
    pub fn new(env: Env, database: &str, create: bool) -> Self {
        let (database, seen) = (Arc::from(database), SessionState::new(None));
        let age_ms_max = Some(MAX_STALENESS_MS);
        Self { env, database, create, session: None, age_ms_max, fallback: None, as_of: None, seen }
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

    pub fn bookmark(&self) -> Option<String> {
        if let Some(as_of) = &self.as_of {
            return Some(as_of.to_string());
        }
        self.session.as_ref().and_then(SessionState::bookmark)
    }

    /// Sends one query, or several as one transaction; the inner error is the database's failure.
    async fn send(&self, body: String) -> Result<std::result::Result<Vec<Answer>, Failure>> {
        let (Some(session), Some(fallback)) = (&self.session, self.fallback) else {
            return self.send_once(body).await;
        };
        let before = session.text();
        let answers = self.send_once(body.clone()).await?;
        let code = answers.as_ref().err().and_then(|failure| failure.code);
        if code != Some(FailureCode::BookmarkRefused) {
            return Ok(answers);
        }
        // Nothing was done. Another query of this session may have started it anew already.
        session.replace(&before, fallback.as_str());
        self.send_once(body).await
    }

    async fn send_once(&self, body: String) -> Result<std::result::Result<Vec<Answer>, Failure>> {
        let session = self.session.as_ref().map(SessionState::text);
        let seen = self.seen.bookmark();
        let caller = Caller {
            database: &self.database,
            create: self.create,
            session: session.as_deref(),
            age_ms_max: self.age_ms_max,
            seen: seen.as_deref(),
        };
        let as_of = self.as_of.as_deref().map(query_string::encode);
        let path = as_of.map_or(Cow::from(PATH), |at| format!("{PATH}&as_of={at}").into());
        let reply = router::call(&self.env, caller, &path, body).await?;
        self.session.as_ref().unwrap_or(&self.seen).advance(reply.bookmark.as_deref());
        CompactAnswer::decode(&reply.body).map_err(|_| {
            let message = format!("Failed to parse body as JSON, got: {}", reply.body);
            d1_error(D1_ERROR, &message, &message)
        })
    }

    pub async fn one(&self, query: &Query) -> Result<Answer> {
        let answers = self.send(serde_json::to_string(query)?).await?;
        let first = answers.map_err(failed)?.into_iter().next();
        first.ok_or_else(|| failed(Failure::new("")))
    }

    pub async fn many(
        &self,
        queries: Vec<Query>,
    ) -> Result<std::result::Result<Vec<Answer>, Failure>> {
        self.send(serde_json::to_string(&CompactBatch::new(queries))?).await
    }

    pub async fn batch(&self, statements: Vec<D1PreparedStatement>) -> Result<Vec<D1Result>> {
        let queries = statements.into_iter().map(D1PreparedStatement::into_query).collect();
        let answers = self.many(queries).await?.map_err(failed)?;
        Ok(answers.into_iter().map(D1Result::new).collect())
    }
}

fn failed(failure: Failure) -> worker::Error {
    d1_error(D1_ERROR, &failure.error, &failure.error)
}
