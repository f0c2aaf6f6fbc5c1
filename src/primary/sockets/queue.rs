//! The requests of one stream of a socket, one after the other.

use std::cell::{Cell, RefCell};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use isolite_protocol::directory::Right;
use isolite_protocol::hrana::proto::{Batch, CursorEntry, Error, StreamRequest};
use isolite_protocol::hrana::{
    Entries, HranaError, OtherResponse, SocketRequest, SocketResponse, StoredSql,
};

use super::super::streams::{Failed, Lost, NoSession, Session, Transaction, entries_of};
use super::super::{Engine, Primary};
use super::{Connection, STREAMS_MAX};
use crate::platform_js::now_ms;

/// What the cursors of one socket may hold together.
const CURSORS_BYTES_MAX: usize = 32 << 20;
/// Entries of one answer, however many are asked for.
const FETCH_MAX: usize = 100_000;
const CURSOR_IDLE_MS: u64 = 10_000;

/// A stream of a socket.
pub(super) struct Queue {
    /// What the stream is called among all of the primary, once it has begun.
    id: Cell<Option<u64>>,
    in_transaction: Cell<bool>,
    /// What the stream has set for itself, for when it begins anew after a silence.
    foreign_keys: Cell<bool>,
    last_insert_rowid: Cell<i64>,
    /// With the number and the length of each.
    waiting: RefCell<VecDeque<((i32, usize), Job)>>,
    runs: Cell<bool>,
    closed: Cell<bool>,
}

enum Job {
    Request(StreamRequest, Right),
    OpenCursor { cursor_id: i32, batch: Batch, right: Right },
    FetchCursor { cursor_id: i32, max_count: u32 },
    CloseCursor { cursor_id: i32 },
    Close { stream_id: i32 },
}

/// What is still to be fetched of a socket's cursors, and of which stream each is.
#[derive(Default)]
pub(super) struct Cursors {
    open: RefCell<HashMap<i32, Cursor>>,
}

struct Cursor {
    stream_id: i32,
    /// None until its batch has run.
    entries: Option<VecDeque<CursorEntry>>,
    /// Of all that its batch has answered.
    bytes: usize,
    used_ms: u64,
}

impl Queue {
    pub(super) fn new(in_transaction: bool, foreign_keys: bool) -> Queue {
        Queue {
            id: Cell::new(None),
            in_transaction: Cell::new(in_transaction),
            foreign_keys: Cell::new(foreign_keys),
            last_insert_rowid: Cell::new(0),
            waiting: RefCell::default(),
            runs: Cell::new(false),
            closed: Cell::new(false),
        }
    }

    /// Ends the stream, now or as soon as the request that runs has ended.
    pub(super) fn close(&self, engine: &Engine) {
        self.closed.set(true);
        self.waiting.borrow_mut().clear();
        if let (false, Some(id)) = (self.runs.get(), self.id.take())
            && let Ok(session) = engine.streams.take(id, None)
        {
            engine.streams.close(id);
            session.close(engine);
        }
    }

    /// The stream's session. One that was silent for too long begins anew, and knows whether it has lost
    /// a transaction.
    fn session(&self, engine: &Engine) -> Session {
        match self.id.get().map(|id| engine.streams.take(id, None)) {
            Some(Ok(session)) => return session,
            Some(Err(NoSession::Expired)) => self.id.set(None),
            _ => {}
        }
        let mut session = Session::default();
        session.foreign_keys = self.foreign_keys.get();
        session.last_insert_rowid = self.last_insert_rowid.get();
        if self.in_transaction.get() {
            session.transaction = Transaction::Lost(Lost::TimedOut);
        }
        session
    }

    /// Keeps the session for the next request.
    fn keep(&self, engine: &Engine, session: Session) {
        match self.id.get() {
            Some(id) => drop(engine.streams.give(id, session)),
            None => match engine.streams.open(session) {
                Ok(id) => self.id.set(Some(id)),
                // The next request finds that its transaction is lost.
                Err(session) => session.close(engine),
            },
        }
    }
}

impl Cursors {
    pub(super) fn is_empty(&self) -> bool {
        self.open.borrow().is_empty()
    }

    fn held(&self) -> usize {
        let held = |cursor: &Cursor| match &cursor.entries {
            Some(entries) if !entries.is_empty() => cursor.bytes,
            _ => 0,
        };
        self.open.borrow().values().map(held).sum()
    }

    /// Takes a number for one, if it is free.
    fn begin(&self, cursor_id: i32, stream_id: i32) -> Result<(), HranaError> {
        match self.open.borrow_mut().entry(cursor_id) {
            Entry::Occupied(_) => {
                Err(HranaError::Malformed(format!("The cursor {cursor_id} is open already")))
            }
            Entry::Vacant(free) => {
                free.insert(Cursor { stream_id, entries: None, bytes: 0, used_ms: now_ms() });
                Ok(())
            }
        }
    }

    fn close_those_of(&self, stream_id: i32) {
        self.open.borrow_mut().retain(|_, cursor| cursor.stream_id != stream_id);
    }

    pub(super) fn forget_idle(&self) {
        let now_ms = now_ms();
        let idle = |it: &Cursor| it.entries.is_some() && it.used_ms + CURSOR_IDLE_MS <= now_ms;
        self.open.borrow_mut().retain(|_, cursor| !idle(cursor));
    }

    fn stream_of(&self, cursor_id: i32) -> Result<i32, HranaError> {
        self.open
            .borrow()
            .get(&cursor_id)
            .map(|cursor| cursor.stream_id)
            .ok_or_else(|| HranaError::Malformed(format!("The cursor {cursor_id} is not open")))
    }

    /// Some of the entries, and whether they are the last.
    fn fetch(
        &self,
        cursor_id: i32,
        max_count: u32,
    ) -> Result<(Vec<CursorEntry>, bool), HranaError> {
        let mut open = self.open.borrow_mut();
        let cursor = open.get_mut(&cursor_id).and_then(|cursor| {
            cursor.used_ms = now_ms();
            cursor.entries.as_mut()
        });
        let Some(entries) = cursor else {
            return Err(HranaError::Malformed(format!("The cursor {cursor_id} is not open")));
        };
        let count = entries.len().min(max_count as usize).min(FETCH_MAX);
        let fetched = entries.drain(..count).collect();
        Ok((fetched, entries.is_empty()))
    }
}

impl Primary {
    /// Puts a request behind those of its stream.
    pub(super) fn queue(
        self: &Rc<Self>,
        connection: &Rc<Connection>,
        right: Right,
        (request_id, bytes): (i32, usize),
        request: SocketRequest,
    ) -> Result<(), HranaError> {
        let (stream_id, job) = match request {
            SocketRequest::OnStream { stream_id, mut request } => {
                with_texts(&mut request, &connection.stored.borrow())?;
                (stream_id, Job::Request(request, right))
            }
            SocketRequest::OpenCursor { stream_id, cursor_id, mut batch } => {
                with_texts_of_batch(&mut batch, &connection.stored.borrow())?;
                connection.queue_of(stream_id)?;
                connection.cursors.begin(cursor_id, stream_id)?;
                (stream_id, Job::OpenCursor { cursor_id, batch, right })
            }
            SocketRequest::FetchCursor { cursor_id, max_count } => {
                let stream_id = connection.cursors.stream_of(cursor_id)?;
                (stream_id, Job::FetchCursor { cursor_id, max_count })
            }
            SocketRequest::CloseCursor { cursor_id } => {
                let stream_id = connection.cursors.stream_of(cursor_id)?;
                (stream_id, Job::CloseCursor { cursor_id })
            }
            SocketRequest::CloseStream { stream_id } => (stream_id, Job::Close { stream_id }),
            SocketRequest::OpenStream { .. }
            | SocketRequest::StoreSql { .. }
            | SocketRequest::CloseSql { .. } => return Ok(()),
        };
        let queue = connection.queue_of(stream_id)?;
        queue.waiting.borrow_mut().push_back(((request_id, bytes), job));
        if !queue.runs.replace(true) {
            let (primary, connection) = (Rc::clone(self), Rc::clone(connection));
            self.state.wait_until(async move {
                primary.run_queue(&connection, stream_id, &queue).await;
                primary.after_streams();
            });
        }
        Ok(())
    }

    /// Runs what waits, until nothing does.
    async fn run_queue(&self, connection: &Connection, stream_id: i32, queue: &Queue) {
        let engine = &self.engine;
        let mut session = queue.session(engine);
        loop {
            let next = queue.waiting.borrow_mut().pop_front();
            let Some(((request_id, bytes), job)) = next else { break };
            if let Job::Close { stream_id } = job {
                connection.queues.borrow_mut().remove(&stream_id);
                connection.cursors.close_those_of(stream_id);
                queue.closed.set(true);
                let closed = OtherResponse::CloseStream {};
                connection.answer(request_id, SocketResponse::Other(closed));
                connection.answered(bytes);
                for ((request_id, bytes), _) in queue.waiting.take() {
                    connection.refuse(request_id, not_open(stream_id).to_proto());
                    connection.answered(bytes);
                }
                break;
            }
            match engine.run_job(connection, &mut session, request_id, job).await {
                Ok(()) => {}
                Err(error) => connection.refuse(request_id, error),
            }
            connection.answered(bytes);
            queue.last_insert_rowid.set(session.last_insert_rowid);
            if queue.foreign_keys.replace(session.foreign_keys) != session.foreign_keys {
                connection.attach(|attached| {
                    match session.foreign_keys {
                        true => attached.foreign_keys_off.remove(&stream_id),
                        false => attached.foreign_keys_off.insert(stream_id),
                    };
                });
            }
            if queue.in_transaction.replace(!session.is_autocommit()) == session.is_autocommit() {
                connection.attach(|attached| {
                    match session.is_autocommit() {
                        true => attached.in_transaction.remove(&stream_id),
                        false => attached.in_transaction.insert(stream_id),
                    };
                });
            }
        }
        queue.runs.set(false);
        match queue.closed.get() {
            false => queue.keep(engine, session),
            true => {
                if let Some(id) = queue.id.take() {
                    engine.streams.close(id);
                }
                session.close(engine);
                if !connection.closed.get() {
                    connection.attach(|attached| {
                        attached.in_transaction.remove(&stream_id);
                        attached.foreign_keys_off.remove(&stream_id);
                    });
                }
            }
        }
    }
}

impl Engine {
    async fn run_job(
        self: &Rc<Self>,
        connection: &Connection,
        session: &mut Session,
        request_id: i32,
        job: Job,
    ) -> Result<(), Error> {
        let of_right = |right| right == Right::Read;
        let other = |response| connection.answer(request_id, SocketResponse::Other(response));
        match job {
            Job::Request(request, right) => {
                let response = self.runner(session, of_right(right)).request(request).await;
                let response = response.map_err(of_failed)?;
                connection.answer(request_id, SocketResponse::OnStream(&response));
            }
            Job::OpenCursor { cursor_id, batch, right } => {
                let mut runner = self.runner(session, of_right(right));
                // All that a socket's cursors hold is in memory until it is fetched.
                let room = CURSORS_BYTES_MAX.saturating_sub(connection.cursors.held());
                let room = runner.bytes_left.min(room);
                runner.bytes_left = room;
                let ran = runner.batch(&batch).await;
                let bytes = room - runner.bytes_left.min(room);
                let mut open = connection.cursors.open.borrow_mut();
                match ran {
                    Ok(result) => {
                        if let Some(cursor) = open.get_mut(&cursor_id) {
                            cursor.entries = Some(entries_of(result).collect());
                            cursor.used_ms = now_ms();
                            cursor.bytes = bytes;
                        }
                    }
                    Err(error) => {
                        open.remove(&cursor_id);
                        return Err(error.to_proto());
                    }
                }
                other(OtherResponse::OpenCursor {});
            }
            Job::FetchCursor { cursor_id, max_count } => {
                let fetched = connection.cursors.fetch(cursor_id, max_count);
                let (entries, done) = fetched.map_err(|error| error.to_proto())?;
                other(OtherResponse::FetchCursor { entries: Entries(&entries), done });
            }
            Job::CloseCursor { cursor_id } => {
                connection.cursors.open.borrow_mut().remove(&cursor_id);
                other(OtherResponse::CloseCursor {});
            }
            Job::Close { .. } => {}
        }
        Ok(())
    }
}

impl Connection {
    fn queue_of(&self, stream_id: i32) -> Result<Rc<Queue>, HranaError> {
        let mut queues = self.queues.borrow_mut();
        if let Some(queue) = queues.get(&stream_id) {
            return Ok(Rc::clone(queue));
        }
        if !self.resumed {
            return Err(not_open(stream_id));
        }
        if queues.len() >= STREAMS_MAX {
            return Err(HranaError::TooManyStreams { streams_max: STREAMS_MAX });
        }
        let attached = self.attached.borrow();
        let in_transaction = attached.in_transaction.contains(&stream_id);
        let foreign_keys = !attached.foreign_keys_off.contains(&stream_id);
        let queue = Rc::new(Queue::new(in_transaction, foreign_keys));
        queues.insert(stream_id, Rc::clone(&queue));
        Ok(queue)
    }
}

fn not_open(stream_id: i32) -> HranaError {
    HranaError::Malformed(format!("The stream {stream_id} is not open"))
}

/// Puts texts in the place of their numbers: by the time of the request's turn they may be others.
fn with_texts(request: &mut StreamRequest, stored: &StoredSql) -> Result<(), HranaError> {
    let place = |sql: &mut Option<String>, sql_id: &mut Option<i32>| {
        let text = stored.text(sql.as_deref(), *sql_id)?;
        (*sql, *sql_id) = (Some(text.to_string()), None);
        Ok(())
    };
    match request {
        StreamRequest::Execute(it) => place(&mut it.stmt.sql, &mut it.stmt.sql_id),
        StreamRequest::Sequence(it) => place(&mut it.sql, &mut it.sql_id),
        StreamRequest::Describe(it) => place(&mut it.sql, &mut it.sql_id),
        StreamRequest::Batch(it) => with_texts_of_batch(&mut it.batch, stored),
        _ => Ok(()),
    }
}

fn with_texts_of_batch(batch: &mut Batch, stored: &StoredSql) -> Result<(), HranaError> {
    for step in &mut batch.steps {
        let text = stored.text(step.stmt.sql.as_deref(), step.stmt.sql_id)?;
        (step.stmt.sql, step.stmt.sql_id) = (Some(text.to_string()), None);
    }
    Ok(())
}

fn of_failed(failed: Failed) -> Error {
    match failed {
        Failed::Here(error) => error,
        Failed::Whole(error) => error.to_proto(),
    }
}
