//! D1's sessions: statements that see each other's effects in order, wherever each one runs.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use worker::Result;

use crate::channel::Channel;
use crate::result::D1Result;
use crate::statement::D1PreparedStatement;
use crate::transaction::{self, D1Transaction, D1TransactionOptions};

/// Where a session's first query may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum D1SessionConstraint {
    /// At the primary.
    FirstPrimary,
    /// At any replica.
    FirstUnconstrained,
}

/// A position of the database as text. Text order is the order in time.
pub type D1SessionBookmark = String;

impl D1SessionConstraint {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::FirstPrimary => "first-primary",
            Self::FirstUnconstrained => "first-unconstrained",
        }
    }
}

/// A session of a database, made by
/// [`D1Database::with_session`](crate::D1Database::with_session).
#[derive(Clone, Debug)]
pub struct D1DatabaseSession {
    channel: Channel,
}

impl D1DatabaseSession {
    pub(crate) fn new(channel: Channel) -> Self {
        Self { channel }
    }

    /// Bounds how old the answers to this session's reads may be; ten seconds unless told. Zero sends
    /// them all to the primary.
    pub fn with_max_staleness(self, max: Duration) -> Self {
        Self { channel: self.channel.with_max_staleness(max.as_secs_f64() * 1000.0) }
    }

    /// Where the session starts instead if its bookmark is refused: one of another database, or of a
    /// position that this one has not reached, as after a restore. Unless told, the query fails.
    pub fn with_fallback(self, constraint: D1SessionConstraint) -> Self {
        Self { channel: self.channel.with_fallback(constraint) }
    }

    /// Prepare a query statement from a query string.
    pub fn prepare<T: Into<String>>(&self, query: T) -> D1PreparedStatement {
        D1PreparedStatement::new(self.channel.clone(), query.into())
    }

    /// Runs the statements as one transaction, and returns their results in order. They count as
    /// this session's, whichever session prepared them.
    pub async fn batch(&self, statements: Vec<D1PreparedStatement>) -> Result<Vec<D1Result>> {
        self.channel.batch(statements).await
    }

    /// As [`D1Database::transaction`](crate::D1Database::transaction); the session has seen what it has
    /// read and written.
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

    /// The newest position that this session has seen; `None` before its first query.
    pub fn get_bookmark(&self) -> Result<Option<D1SessionBookmark>> {
        Ok(self.channel.bookmark())
    }
}

/// What a session sends with its next query: a constraint at first, then a bookmark.
#[derive(Clone, Debug)]
pub(crate) struct SessionState(Arc<Mutex<String>>);

impl SessionState {
    /// As in D1, nothing and blanks mean `first-unconstrained`.
    pub fn new(constraint_or_bookmark: Option<&str>) -> Self {
        let given = constraint_or_bookmark.map(str::trim).filter(|text| !text.is_empty());
        let first = D1SessionConstraint::FirstUnconstrained.as_str();
        Self(Arc::new(Mutex::new(given.unwrap_or(first).to_owned())))
    }

    /// The constraint or the bookmark.
    pub fn text(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub fn bookmark(&self) -> Option<String> {
        Some(self.text()).filter(|text| !is_constraint(text))
    }

    /// Starts anew, unless the session has gone on from `before` meanwhile.
    pub fn replace(&self, before: &str, constraint: &str) {
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if current.as_str() == before {
            constraint.clone_into(&mut current);
        }
    }

    /// Answers may arrive out of order, and a session never goes back.
    pub fn advance(&self, received: Option<&str>) {
        let Some(next) = received.map(str::trim).filter(|text| !text.is_empty()) else { return };
        let mut current = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if is_constraint(&current) || current.as_str() < next {
            next.clone_into(&mut current);
        }
    }
}

fn is_constraint(text: &str) -> bool {
    [D1SessionConstraint::FirstPrimary, D1SessionConstraint::FirstUnconstrained]
        .into_iter()
        .any(|constraint| constraint.as_str() == text)
}

#[cfg(test)]
mod tests {
    use super::SessionState;

    #[test]
    fn starts_from_a_constraint() {
        for given in [None, Some(""), Some("  ")] {
            assert_eq!(SessionState::new(given).text(), "first-unconstrained");
        }
        let session = SessionState::new(Some(" first-primary "));
        assert_eq!(session.text(), "first-primary");
        assert_eq!(session.bookmark(), None);
        session.advance(Some("00000001-a"));
        assert_eq!(session.bookmark().as_deref(), Some("00000001-a"));
    }

    #[test]
    fn starts_anew_unless_it_has_gone_on() {
        let session = SessionState::new(Some("00000005-a"));
        session.replace("00000004-a", "first-primary");
        assert_eq!(session.text(), "00000005-a");
        session.replace("00000005-a", "first-primary");
        assert_eq!(session.text(), "first-primary");
    }

    #[test]
    fn never_goes_back() {
        let session = SessionState::new(Some("00000005-a"));
        assert_eq!(session.bookmark().as_deref(), Some("00000005-a"));
        for received in [None, Some(""), Some("00000004-f"), Some("00000006-0"), Some("00000005-b")]
        {
            session.advance(received);
        }
        assert_eq!(session.text(), "00000006-0");
    }
}
