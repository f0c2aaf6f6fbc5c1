//! The streams that are open at a primary, and the transactions of D1's programs, which are streams
//! without Hrana around them.
//!
//! They are in memory alone: after the object has started anew a stream of before is told as expired,
//! and of its transaction nothing has happened.
//!
//! Invariants:
//! - a session is in use by one request at a time;
//! - one that is silent for too long is closed, and its transaction rolled back.

#[cfg(feature = "entry")]
mod cursor;
#[cfg(feature = "entry")]
mod pipeline;
mod session;
#[cfg(feature = "entry")]
mod statements;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use worker::Delay;

use super::{Engine, Primary};
use crate::platform_js::{now_ms, random_u64};

#[cfg(feature = "entry")]
pub(super) use cursor::Cursors;
#[cfg(feature = "entry")]
pub(super) use pipeline::{Failed, entries_of};
pub(super) use session::{Lost, Session, Transaction};

/// Of one database.
const STREAMS_MAX: usize = 1_000;
/// A request that has not given its stream back by then never will: nobody waits for it any more.
const USE_MS_MAX: u64 = 120_000;

#[derive(Default)]
pub(super) struct Streams {
    open: RefCell<HashMap<u64, Stream>>,
    watched: Cell<bool>,
    /// What batons are signed with, once it was read.
    #[cfg(feature = "entry")]
    secret: Cell<Option<[u8; 32]>>,
}

struct Stream {
    /// How many requests were answered on it.
    sequence: u64,
    used_ms: u64,
    /// None while a request uses it.
    session: Option<Session>,
}

/// Why there is no session for a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoSession {
    /// It was silent for too long, has ended, or the object has started anew.
    Expired,
    /// Another request uses it, or has used it since this one was told of it.
    Used,
}

impl Streams {
    /// Opens one with the session; what names it is told. Where there are too many the session comes back.
    pub(super) fn open(&self, session: Session) -> Result<u64, Box<Session>> {
        let mut open = self.open.borrow_mut();
        if !has_room(&mut open) {
            return Err(Box::new(session));
        }
        let id = random_u64();
        open.insert(id, Stream { sequence: 1, used_ms: now_ms(), session: Some(session) });
        Ok(id)
    }

    /// Opens one whose session its first request has, unless there are too many.
    #[cfg(feature = "entry")]
    fn reserve(&self) -> Option<u64> {
        let mut open = self.open.borrow_mut();
        if !has_room(&mut open) {
            return None;
        }
        let id = random_u64();
        open.insert(id, Stream { sequence: 0, used_ms: now_ms(), session: None });
        Some(id)
    }

    /// How far a stream whose session was taken will have come.
    #[cfg(feature = "entry")]
    fn next_sequence(&self, id: u64) -> u64 {
        self.open.borrow().get(&id).map_or(1, |stream| stream.sequence + 1)
    }

    /// The request that uses it is not over yet.
    #[cfg(feature = "entry")]
    fn touch(&self, id: u64) {
        if let Some(stream) = self.open.borrow_mut().get_mut(&id) {
            stream.used_ms = now_ms();
        }
    }

    /// The session of a stream that has come this far, for the request to use and [`Self::give`] back.
    pub(super) fn take(&self, id: u64, sequence: Option<u64>) -> Result<Session, NoSession> {
        let mut open = self.open.borrow_mut();
        let stream = open.get_mut(&id).ok_or(NoSession::Expired)?;
        match stream.session.take() {
            Some(session) if sequence.is_none_or(|it| it == stream.sequence) => {
                stream.used_ms = now_ms();
                Ok(session)
            }
            session => {
                stream.session = session;
                Err(NoSession::Used)
            }
        }
    }

    /// Gives it back; how far the stream has come then is told.
    pub(super) fn give(&self, id: u64, session: Session) -> u64 {
        let mut open = self.open.borrow_mut();
        let sequence = open.get(&id).map_or(1, |stream| stream.sequence + 1);
        open.insert(id, Stream { sequence, used_ms: now_ms(), session: Some(session) });
        sequence
    }

    /// Forgets a stream whose session was taken.
    pub(super) fn close(&self, id: u64) {
        self.open.borrow_mut().remove(&id);
    }

    /// The sessions that were silent for too long, and in how many milliseconds to look again; None if
    /// there are no streams.
    fn expire(&self, idle_ms_max: u64) -> (Vec<Session>, Option<u64>) {
        let now_ms = now_ms();
        let due_ms = |stream: &Stream| match stream.session {
            Some(_) => stream.used_ms + idle_ms_max,
            None => stream.used_ms + USE_MS_MAX,
        };
        let mut open = self.open.borrow_mut();
        let mut expired = Vec::new();
        open.retain(|_, stream| {
            let due = due_ms(stream) <= now_ms;
            if due {
                expired.extend(stream.session.take());
            }
            !due
        });
        let left = open.values().map(|stream| due_ms(stream).saturating_sub(now_ms));
        (expired, left.min().map(|left_ms| left_ms.min(idle_ms_max)))
    }

    /// How many are open, and how many of them are in a transaction, as far as no request uses them.
    pub(super) fn count(&self) -> (usize, usize) {
        let open = self.open.borrow();
        let in_transaction = |stream: &&Stream| {
            let session = stream.session.as_ref();
            session.is_some_and(|session| session.transaction != Transaction::None)
        };
        (open.len(), open.values().filter(in_transaction).count())
    }

    fn take_all(&self) -> Vec<Session> {
        let open = std::mem::take(&mut *self.open.borrow_mut());
        open.into_values().filter_map(|stream| stream.session).collect()
    }
}

/// Whether there is room for one more. Where there is none, the one goes that was silent for longest of
/// those with nothing to lose: some clients leave a stream open behind each connection.
fn has_room(open: &mut HashMap<u64, Stream>) -> bool {
    if open.len() < STREAMS_MAX {
        return true;
    }
    let idle = open.iter().filter(|(_, it)| it.session.as_ref().is_some_and(Session::is_plain));
    let oldest = idle.min_by_key(|(_, stream)| stream.used_ms).map(|(id, _)| *id);
    oldest.is_some_and(|id| open.remove(&id).is_some())
}

impl Primary {
    /// Sees to it that streams which fall silent are closed, as long as there are any. The object is
    /// kept awake by it.
    pub(super) fn watch_streams(&self) {
        let engine = Rc::clone(&self.engine);
        if engine.streams.open.borrow().is_empty() || engine.streams.watched.replace(true) {
            return;
        }
        self.state.wait_until(async move {
            while let Some(wait_ms) = engine.expire_streams() {
                Delay::from(Duration::from_millis(wait_ms.max(10))).await;
            }
            engine.streams.watched.set(false);
        });
    }
}

impl Engine {
    /// Closes the streams that were silent for too long, and tells when to look again.
    fn expire_streams(&self) -> Option<u64> {
        let idle_ms_max = self.settings.as_ref().map_or(0, |settings| settings.stream_idle_ms);
        let (expired, left_ms) = self.streams.expire(idle_ms_max);
        for session in expired {
            session.close(self);
        }
        #[cfg(feature = "entry")]
        if self.expire_cursors(idle_ms_max) {
            return Some(left_ms.unwrap_or(idle_ms_max));
        }
        left_ms
    }

    /// Closes all streams, since the database is to be closed.
    pub(super) fn close_streams(&self) {
        // Whoever gets the lock by this goes on with the database as it opens again.
        let holder = self.lock_holder();
        #[cfg(feature = "entry")]
        self.close_cursors();
        for session in self.streams.take_all() {
            session.close(self);
        }
        if let Some(holder) = holder.filter(|holder| self.holds(*holder)) {
            self.roll_back_of(holder);
        }
    }
}
