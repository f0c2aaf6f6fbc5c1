//! WebSockets of Hrana, in the platform's hibernating form.
//!
//! A socket has streams, and texts that it has stored. While nothing is asked the object may sleep: what
//! the socket is for and which of its streams were in a transaction stays attached to it, and its texts are
//! written down by then. A stream outside a transaction has nothing that would be missed. One that was in a
//! transaction has lost it, as by any silence, and is told so.
//!
//! Invariants:
//! - the messages of a socket are taken in the order in which they came, a greeting to its end;
//! - the requests of one stream are answered in their order, those of two at the same time.

mod queue;

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use isolite_core::StorageError;
use isolite_protocol::directory::{DatabaseRecord, Right};
use isolite_protocol::hrana::{
    ClientMessage, HranaError, OtherResponse, SUBPROTOCOLS, ServerMessage, SocketRequest,
    SocketResponse, StoredSql, proto,
};
use isolite_protocol::query_string;
use serde::{Deserialize, Serialize};
use worker::{Delay, Request, Response, console_error};

use super::{Engine, Opened, Primary, Refused};
use crate::hrana::access;
use crate::object::socket_js::Socket;
use crate::object::sql_js::Bound;
use crate::platform_js::random_u64;
use crate::target::Target;
use queue::{Cursors, Queue};

/// A message beyond that closes its socket.
const MESSAGE_BYTES_MAX: usize = 16 << 20;
/// The same before its client has a right to anything: a token has 8 KiB at most.
const HELLO_BYTES_MAX: usize = 16 << 10;
/// What may wait for its turn, and how many messages before a greeting is answered.
const WAITING_BYTES_MAX: usize = 32 << 20;
const INBOX_MAX: usize = 10_000;
/// Tokens that are refused before the socket is closed.
const REFUSED_MAX: u32 = 10;
/// Of one socket.
const STREAMS_MAX: usize = 1_000;
/// Within the ten seconds after which an object without requests sleeps.
const SAVE_DELAY: Duration = Duration::from_secs(5);

/// By which a client may know that it is to connect again: RFC 6455's registry.
const SERVICE_RESTART: u16 = 1012;
const MOVED: &str = "The primary of this database has moved";

const TEXTS_TABLE: &str = "CREATE TABLE IF NOT EXISTS socket_sql \
    (socket INTEGER NOT NULL, id INTEGER NOT NULL, sql BLOB NOT NULL, PRIMARY KEY (socket, id))";

#[derive(Default)]
pub(super) struct Sockets {
    open: RefCell<HashMap<u64, Rc<Connection>>>,
    watched: Cell<bool>,
}

/// What a socket keeps while the object sleeps.
#[derive(Clone, Serialize, Deserialize)]
struct Attached {
    id: u64,
    record: DatabaseRecord,
    right: Option<Right>,
    /// Streams that are in a transaction.
    in_transaction: HashSet<i32>,
    /// Streams that have switched foreign keys off.
    foreign_keys_off: HashSet<i32>,
    /// Nothing is taken from it any more.
    closed: bool,
}

struct Connection {
    socket: Socket,
    attached: RefCell<Attached>,
    /// Streams may be open that are not known here: the object has slept.
    resumed: bool,
    stored: RefCell<StoredSql>,
    /// Whether the texts are written down as they are.
    saved: Cell<bool>,
    /// With the length of each.
    inbox: RefCell<VecDeque<(ClientMessage, usize)>>,
    /// Of messages that are not answered yet.
    waiting_bytes: Cell<usize>,
    /// Tokens so far.
    refused: Cell<u32>,
    reading: Cell<bool>,
    closed: Cell<bool>,
    queues: RefCell<HashMap<i32, Rc<Queue>>>,
    cursors: Cursors,
}

impl Primary {
    /// Accepts a socket. The URL's query has the record of the database.
    pub(super) fn open_socket(&self, request: &Request) -> worker::Result<Response> {
        let target = Target::of(request);
        let record = query_string::value(target.query(), "record").unwrap_or_default();
        let Ok(record) = serde_json::from_str(&record) else {
            return Response::error("A socket is of a database", 400);
        };
        if let Some(answer) = self.at_door(&target) {
            return Response::error(String::from(answer.text), answer.status);
        }
        if let Err(Refused::Deleted) = self.engine.with(|_| Ok(())) {
            return Response::error("This database was deleted", 404);
        }
        let offered = request.headers().get("sec-websocket-protocol")?.unwrap_or_default();
        let offered: Vec<&str> = offered.split(',').map(str::trim).collect();
        let subprotocol = SUBPROTOCOLS.into_iter().find(|known| offered.contains(known));
        if subprotocol.is_none() && offered != [""] {
            let text = "The WebSocket must offer the subprotocol hrana3, hrana2 or hrana1";
            return Response::error(text, 400);
        }
        // Below 2^53, as a number of the object's storage.
        let id = random_u64() >> 12;
        let attached = Attached {
            id,
            record,
            right: None,
            in_transaction: HashSet::new(),
            foreign_keys_off: HashSet::new(),
            closed: false,
        };
        let text = serde_json::to_string(&attached)?;
        let (socket, response) = Socket::accept(&self.state, subprotocol, &text)?;
        let connection = Connection::new(socket, attached, StoredSql::of_socket(), false);
        self.engine.sockets.open.borrow_mut().insert(id, Rc::new(connection));
        Ok(response)
    }

    pub(super) async fn socket_said(self: &Rc<Self>, socket: Socket, text: Option<String>) {
        let Some(connection) = self.connection(&socket) else {
            return socket.close(1011, "This socket is not known");
        };
        // Nobody without a token makes us read much.
        let known = connection.attached.borrow().right.is_some();
        let bytes_max = if known { MESSAGE_BYTES_MAX } else { HELLO_BYTES_MAX };
        let text = text.filter(|text| text.len() <= bytes_max);
        let bytes = text.as_ref().map_or(0, String::len);
        if connection.waiting_bytes.get() + bytes > WAITING_BYTES_MAX
            || connection.inbox.borrow().len() >= INBOX_MAX
        {
            socket.close(1008, "Too much is sent before it is answered");
            return self.socket_closed(&socket);
        }
        let decoded = match &text {
            Some(text) => ClientMessage::decode(text),
            None => Err(HranaError::Malformed(format!(
                "A message is text, of {bytes_max} bytes at most"
            ))),
        };
        match decoded {
            Ok(message) => {
                connection.waiting_bytes.set(connection.waiting_bytes.get() + bytes);
                connection.inbox.borrow_mut().push_back((message, bytes));
            }
            Err(error) => {
                socket.close(1002, reason(&error.to_string()));
                return self.socket_closed(&socket);
            }
        }
        if connection.reading.replace(true) {
            return;
        }
        self.settle_part().await;
        if self.engine.is_primary().is_err() {
            socket.close(SERVICE_RESTART, MOVED);
            return self.socket_closed(&socket);
        }
        loop {
            let message = connection.inbox.borrow_mut().pop_front();
            let Some((message, bytes)) = message.filter(|_| !connection.closed.get()) else {
                break;
            };
            match message {
                ClientMessage::Hello { jwt } => {
                    self.greet(&connection, jwt).await;
                    connection.answered(bytes);
                }
                ClientMessage::Request { request_id, request } => {
                    self.take_request(&connection, request_id, request, bytes);
                }
            }
        }
        connection.reading.set(false);
        self.watch_sockets();
    }

    /// Closes all of them, as their clients are to connect anew.
    pub(super) fn close_sockets(&self) {
        for socket in Socket::all(&self.state) {
            socket.close(SERVICE_RESTART, MOVED);
            self.socket_closed(&socket);
        }
    }

    /// Lets go of what a socket had.
    pub(super) fn socket_closed(&self, socket: &Socket) {
        let Some(connection) = self.connection(socket) else { return };
        let id = connection.attached.borrow().id;
        self.engine.sockets.open.borrow_mut().remove(&id);
        connection.closed.set(true);
        connection.attached.borrow_mut().closed = true;
        if let Ok(text) = serde_json::to_string(&*connection.attached.borrow()) {
            // Messages that are on their way would begin it anew.
            drop(socket.attach(&text));
        }
        for queue in std::mem::take(&mut *connection.queues.borrow_mut()).into_values() {
            queue.close(&self.engine);
        }
        if let Err(error) = self.engine.forget_texts(id) {
            console_error!("Texts of a socket are left behind: {error}");
        }
    }

    /// The socket as it is known, or was before the object slept.
    fn connection(&self, socket: &Socket) -> Option<Rc<Connection>> {
        let attached: Attached = serde_json::from_str(&socket.attached()?).ok()?;
        if attached.closed {
            return None;
        }
        let id = attached.id;
        if let Some(connection) = self.engine.sockets.open.borrow().get(&id) {
            return Some(Rc::clone(connection));
        }
        let stored = self.engine.texts_of(id).ok()?;
        let connection = Rc::new(Connection::new(socket.clone(), attached, stored, true));
        self.engine.sockets.open.borrow_mut().insert(id, Rc::clone(&connection));
        Some(connection)
    }

    async fn greet(&self, connection: &Connection, jwt: Option<String>) {
        // What is set of the database now: its keys may be others than when the socket was opened.
        let set = self.engine.with(|Opened { set, .. }| Ok(set.settings.clone()));
        let mut record = connection.attached.borrow().record.clone();
        let header = jwt.map(|jwt| format!("Bearer {jwt}"));
        let right = match set {
            Ok(settings) => {
                record.settings = settings;
                access::right(&self.engine.env, header.as_deref(), &record).await
            }
            Err(refused) => Err(HranaError::Unavailable(refused.to_string())),
        };
        if right.is_err() {
            connection.refused.set(connection.refused.get() + 1);
        }
        connection.attach(|attached| attached.right = right.as_ref().ok().copied());
        connection.say(&match right {
            Ok(_) => ServerMessage::HelloOk {},
            Err(error) => ServerMessage::HelloError { error: error.to_proto() },
        });
        if connection.refused.get() >= REFUSED_MAX {
            connection.socket.close(1008, "Too many tokens were refused");
            self.socket_closed(&connection.socket);
        }
    }

    fn take_request(
        self: &Rc<Self>,
        connection: &Rc<Connection>,
        request_id: i32,
        request: SocketRequest,
        bytes: usize,
    ) {
        let Some(right) = connection.attached.borrow().right else {
            connection.answered(bytes);
            let error = HranaError::Unauthorized("Say `hello` with a token first".to_owned());
            return connection.refuse(request_id, error.to_proto());
        };
        let taken = match request {
            SocketRequest::StoreSql { sql_id, sql } => {
                let stored = connection.stored.borrow_mut().store(sql_id, &sql);
                connection.saved.set(false);
                stored.map(|()| Some(OtherResponse::StoreSql {}))
            }
            SocketRequest::CloseSql { sql_id } => {
                connection.stored.borrow_mut().close(sql_id);
                connection.saved.set(false);
                Ok(Some(OtherResponse::CloseSql {}))
            }
            SocketRequest::OpenStream { stream_id } => connection
                .open_queue(stream_id)
                .map(|()| Some(OtherResponse::OpenStream {}))
                .map_err(|error| error.to_proto()),
            request => self
                .queue(connection, right, (request_id, bytes), request)
                .map(|()| None)
                .map_err(|error| error.to_proto()),
        };
        if !matches!(taken, Ok(None)) {
            connection.answered(bytes);
        }
        match taken {
            Ok(Some(response)) => connection.answer(request_id, SocketResponse::Other(response)),
            // It is answered in its turn.
            Ok(None) => {}
            Err(error) => connection.refuse(request_id, error),
        }
    }

    /// Writes down what sockets have stored before the object may sleep, and lets go of cursors that
    /// nobody fetches from.
    fn watch_sockets(&self) {
        if !self.engine.sockets.is_busy() || self.engine.sockets.watched.replace(true) {
            return;
        }
        let engine = Rc::clone(&self.engine);
        self.state.wait_until(async move {
            while engine.sockets.is_busy() {
                Delay::from(SAVE_DELAY).await;
                let open: Vec<_> = engine.sockets.open.borrow().values().map(Rc::clone).collect();
                for connection in open {
                    connection.cursors.forget_idle();
                    if let Err(error) = engine.save_texts(&connection) {
                        console_error!("A socket's texts are not written down: {error}");
                    }
                }
            }
            engine.sockets.watched.set(false);
        });
    }
}

impl Sockets {
    fn is_busy(&self) -> bool {
        let open = self.open.borrow();
        open.values().any(|it| !it.saved.get() || !it.cursors.is_empty())
    }
}

impl Connection {
    fn new(socket: Socket, attached: Attached, stored: StoredSql, resumed: bool) -> Connection {
        Connection {
            socket,
            attached: RefCell::new(attached),
            resumed,
            stored: RefCell::new(stored),
            saved: Cell::new(true),
            inbox: RefCell::default(),
            waiting_bytes: Cell::new(0),
            refused: Cell::new(0),
            reading: Cell::new(false),
            closed: Cell::new(false),
            queues: RefCell::default(),
            cursors: Cursors::default(),
        }
    }

    fn say(&self, message: &ServerMessage<'_>) {
        if !self.closed.get() {
            self.socket.send(&message.encode());
        }
    }

    fn answer(&self, request_id: i32, response: SocketResponse<'_>) {
        self.say(&ServerMessage::ResponseOk { request_id, response });
    }

    /// A message of so many bytes waits no longer.
    fn answered(&self, bytes: usize) {
        self.waiting_bytes.set(self.waiting_bytes.get().saturating_sub(bytes));
    }

    fn refuse(&self, request_id: i32, error: proto::Error) {
        self.say(&ServerMessage::ResponseError { request_id, error });
    }

    /// Changes what stays while the object sleeps.
    fn attach(&self, change: impl FnOnce(&mut Attached)) {
        let mut attached = self.attached.borrow_mut();
        change(&mut attached);
        let text = serde_json::to_string(&*attached).unwrap_or_default();
        if let Err(error) = self.socket.attach(&text) {
            console_error!("A socket could not be kept for the time of a sleep: {error}");
            self.socket.close(1011, "This socket has too much open");
        }
    }

    fn open_queue(&self, stream_id: i32) -> Result<(), HranaError> {
        let mut queues = self.queues.borrow_mut();
        if queues.contains_key(&stream_id) {
            return Err(HranaError::Malformed(format!("The stream {stream_id} is open already")));
        }
        if queues.len() >= STREAMS_MAX {
            return Err(HranaError::TooManyStreams { streams_max: STREAMS_MAX });
        }
        queues.insert(stream_id, Rc::new(Queue::new(false, true)));
        Ok(())
    }
}

impl Engine {
    fn texts_of(&self, socket: u64) -> Result<StoredSql, StorageError> {
        let mut stored = StoredSql::of_socket();
        if self.storage.is_deleted()? {
            return Ok(stored);
        }
        self.storage.run(TEXTS_TABLE, &[])?;
        let select = "SELECT id + 2147483648, sql FROM socket_sql WHERE socket = ?";
        self.storage.query(select, &[Bound::Number(socket)], |row| {
            let id = row.number(0) as i64 + i64::from(i32::MIN);
            let sql = String::from_utf8(row.bytes(1)).unwrap_or_default();
            stored.store(id as i32, &sql).unwrap_or_default();
            Ok::<(), StorageError>(())
        })?;
        Ok(stored)
    }

    fn save_texts(&self, connection: &Connection) -> Result<(), StorageError> {
        if connection.saved.get() || connection.closed.get() || self.storage.is_deleted()? {
            connection.saved.set(true);
            return Ok(());
        }
        let socket = connection.attached.borrow().id;
        self.storage.run(TEXTS_TABLE, &[])?;
        self.storage.atomically(|| {
            self.storage
                .run("DELETE FROM socket_sql WHERE socket = ?", &[Bound::Number(socket)])?;
            for (id, sql) in connection.stored.borrow().iter() {
                // Numbers that are bound are not negative.
                let id = (i64::from(id) - i64::from(i32::MIN)) as u64;
                let values =
                    [Bound::Number(socket), Bound::Number(id), Bound::Bytes(sql.as_bytes())];
                let insert = "INSERT INTO socket_sql VALUES (?, ? - 2147483648, ?)";
                self.storage.run(insert, &values)?;
            }
            Ok(())
        })?;
        connection.saved.set(true);
        Ok(())
    }

    fn forget_texts(&self, socket: u64) -> Result<(), StorageError> {
        if self.storage.is_deleted()? {
            return Ok(());
        }
        self.storage.run(TEXTS_TABLE, &[])?;
        self.storage.run("DELETE FROM socket_sql WHERE socket = ?", &[Bound::Number(socket)])
    }
}

/// What a close may tell: 123 bytes.
fn reason(text: &str) -> &str {
    let end = (0..=123.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}
