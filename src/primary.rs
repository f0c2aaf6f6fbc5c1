//! The primary: the Durable Object through which every write of one database goes.
//!
//! It answers D1's HTTP protocol, as RPC carries it. From the call to the answer nothing is
//! awaited, so requests cannot interleave inside a transaction; the platform holds each answer back
//! until the commit before it is durable. Only a transaction of several requests ([`streams`]) lasts
//! from one to the next: whoever writes then waits for its turn ([`write_lock`]), and whoever reads
//! sees the last commit.
//!
//! Invariants:
//! - the engine is opened from storage, and thrown away after any storage error;
//! - once deleted, an object answers 404 for good: its id is never given to another database;
//! - while its database is closed, it answers 404 to all but the directory.

mod backup;
mod engine;
mod export;
mod following;
mod generations;
#[cfg(feature = "entry")]
mod hrana;
mod insights;
mod jobs;
mod management;
mod metrics;
mod past;
mod promotion;
mod reads;
mod refused;
mod replicas;
#[cfg(feature = "entry")]
mod sockets;
mod streams;
mod transactions;
mod write_lock;

use std::rc::Rc;
use std::time::Duration;

use isolite_core::{Bookmark, BookmarkError, Tag};
use isolite_protocol::directory::{LocationHint, SettingsRevision};
use isolite_protocol::insights::{Question as InsightsQuestion, Sums};
use isolite_protocol::{DatabaseInfo, Request as Queries, query_string};
use isolite_sqlite::{Database, Done, Run, reads_beside};
use js_sys::Uint8Array;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use worker::{Delay, DurableObject, Env, Request, Response, Result, State, durable_object};

use crate::object::call_js::{Answer, Text};
use crate::object::checkpoint;
use crate::object::feed::{Question, position_of};
use crate::object::open_databases;
#[cfg(feature = "entry")]
use crate::object::socket_js::Socket;
use crate::region;
use crate::settings_js::Settings;
use crate::target::Target;

pub(crate) use engine::Engine;
use engine::Opened;
pub(crate) use following::Subscription;
#[cfg(feature = "entry")]
pub(crate) use hrana::SETTINGS_CHANGED;
pub(crate) use refused::Refused;
use refused::{fail, failure_of, no_path, not_done, of_storage, refuse};
use write_lock::Busy;

#[durable_object(alarm)]
pub struct IsolitePrimary {
    /// None in the one instance that stands for its class.
    primary: Option<Rc<Primary>>,
}

struct Primary {
    state: State,
    engine: Rc<Engine>,
    served: String,
}

impl DurableObject for IsolitePrimary {
    fn new(state: State, env: Env) -> Self {
        let settings = Settings::of(&env);
        let region = settings.as_ref().ok().and_then(|settings| settings.region);
        let served = region::served(region.map(LocationHint::as_str), true);
        let engine = Engine::new(env, settings, &state);
        let engine = Rc::new(engine);
        open_databases::register(&engine);
        let primary = Primary { state, engine, served };
        IsolitePrimary { primary: Some(Rc::new(primary)) }
    }

    /// WebSockets alone come in here: between our objects only RPC is spoken.
    #[cfg_attr(not(feature = "entry"), allow(unused_variables))]
    async fn fetch(&self, request: Request) -> Result<Response> {
        #[cfg(feature = "entry")]
        if let (Some(primary), Some(_)) = (&self.primary, request.headers().get("upgrade")?) {
            primary.settle_part().await;
            return primary.open_socket(&request);
        }
        Response::error("A primary is called by RPC", 404)
    }

    async fn alarm(&self) -> Result<Response> {
        if let Some(primary) = &self.primary {
            primary.alarm().await?;
        }
        Response::empty()
    }
}

#[wasm_bindgen]
impl IsolitePrimary {
    /// Resolves with `[text, status, bookmark, commits]`, see [`crate::object::call_js`].
    ///
    /// `have` is where the caller's replica stands, empty if it has none; the answer then has a
    /// bookmark, and what the replica lacks if that is little. `bytes` is a body that is no text.
    pub fn call(
        &self,
        path: &JsValue,
        body: &JsValue,
        session: &JsValue,
        have: &JsValue,
        bytes: &JsValue,
    ) -> JsValue {
        // As values, because whoever has the namespace may call with anything.
        let (path, body) = (path.as_string(), body.as_string());
        let target = Target::of_path(&path.unwrap_or_default());
        let body = body.unwrap_or_default();
        let caller = Caller { session: session.as_string(), have: have.as_string() };
        let Some(primary) = &self.primary else { return no_path().encode().into() };
        if !primary.must_wait(&target, &body) {
            return primary.answer(&target, &body, &caller).encode().into();
        }
        let primary = Rc::clone(primary);
        let bytes = bytes.dyn_ref().map(Uint8Array::to_vec).unwrap_or_default();
        let later = async move { primary.answer_later(&target, body, bytes, &caller).await };
        future_to_promise(async move { Ok(later.await.encode().into()) }).into()
    }
}

/// Called by the platform for the sockets that the object has accepted.
#[cfg(feature = "entry")]
#[wasm_bindgen]
impl IsolitePrimary {
    #[wasm_bindgen(js_name = webSocketMessage)]
    pub fn web_socket_message(&self, socket: JsValue, message: JsValue) -> JsValue {
        let Some(primary) = self.primary.clone() else { return JsValue::UNDEFINED };
        let said = async move {
            primary.socket_said(Socket::of(socket), message.as_string()).await;
            Ok(JsValue::UNDEFINED)
        };
        future_to_promise(said).into()
    }

    #[wasm_bindgen(js_name = webSocketClose)]
    pub fn web_socket_close(&self, socket: JsValue) {
        let socket = Socket::of(socket);
        if let Some(primary) = &self.primary {
            primary.socket_closed(&socket);
        }
        // The other end waits for it.
        socket.close(1000, "");
    }

    #[wasm_bindgen(js_name = webSocketError)]
    pub fn web_socket_error(&self, socket: JsValue) {
        self.web_socket_close(socket);
    }
}

impl IsolitePrimary {
    /// An instance without an object, from which its class is found.
    pub(crate) fn blank() -> Self {
        IsolitePrimary { primary: None }
    }
}

/// What a caller says of itself.
struct Caller {
    /// D1's constraint or bookmark: it is in a session, and wants a bookmark.
    session: Option<String>,
    have: Option<String>,
}

impl Primary {
    /// Whether a request is answered only after something else: what streams ask may wait for its turn
    /// to write, and so must all that writes while somebody else has it.
    fn must_wait(&self, target: &Target, body: &str) -> bool {
        if self.is_unsettled(target) || self.is_before(target) {
            return true;
        }
        match target.path() {
            "/transaction/begin" => true,
            path if path.starts_with("/hrana/") => true,
            "/query" | "/execute" | "/script" if self.engine.is_locked() => {
                !is_within(target.query()) && !self.reads_only(target.query(), body)
            }
            "/migrate" | "/jobs/start" => self.engine.is_locked(),
            _ => false,
        }
    }

    fn reads_only(&self, query: &str, body: &str) -> bool {
        let of_reader = query_string::raw(query, "access") == Some("read");
        of_reader
            || query_string::raw(query, "as_of").is_some()
            || Queries::decode(body).is_ok_and(|queries| reads_beside(&queries))
    }

    #[cfg_attr(not(feature = "entry"), allow(unused_variables))]
    async fn answer_later(
        &self,
        target: &Target,
        body: String,
        bytes: Vec<u8>,
        caller: &Caller,
    ) -> Answer {
        self.settle_part().await;
        if let Some(answer) = self.at_door(target) {
            return answer;
        }
        if self.is_before(target) {
            return self.ask_before(target, body, caller).await;
        }
        match target.path() {
            "/transaction/begin" => self.begin_transaction(target.query(), caller).await,
            #[cfg(feature = "entry")]
            path if path.starts_with("/hrana/") => self.hrana(target, body, bytes).await,
            _ if !self.must_wait(target, &body) => self.answer(target, &body, caller),
            _ => match self.engine.lock().await {
                Ok(ticket) => {
                    let answer = self.answer(target, &body, caller);
                    self.engine.unlock(ticket);
                    answer
                }
                Err(Busy) => match target.path() {
                    "/query" | "/execute" | "/script" => transactions::busy(),
                    // By the status alone their callers tell a failure.
                    _ => Answer { status: 409, ..transactions::busy() },
                },
            },
        }
    }

    fn answer(&self, target: &Target, body: &str, caller: &Caller) -> Answer {
        if let Some(answer) = self.at_door(target) {
            return answer;
        }
        if target.path().starts_with("/promotion/") {
            return self.promotion(target, body, caller.have.as_deref());
        }
        let answer = match target.path() {
            "/transaction/commit" => self.end_transaction(target.query(), caller, true),
            "/transaction/rollback" => self.end_transaction(target.query(), caller, false),
            "/transaction/nest" => self.nest_transaction(body, target.query()),
            "/query" | "/execute" => self.query(body, target.query(), false, caller),
            "/script" => self.query(body, target.query(), true, caller),
            "/info" => self.info(),
            "/insights" => self.insights(target.query()),
            "/delete" => self.delete(),
            "/close" => self.close(),
            "/reopen" => self.reopen(),
            "/settings" => self.set(body),
            "/schema" => self.schema(),
            "/migrate" => self.migrate(body),
            "/backup" => self.backup_status(),
            "/metrics" => self.metrics(),
            "/replicas" => self.replicas(),
            "/time_travel/bookmark" => self.bookmark_at(target.query()),
            "/jobs/start" => self.start_job(body),
            "/jobs/poll" => self.poll_job(target.query()),
            "/past" => self.past_part(target.query()),
            "/export/begin" => self.begin_export(body),
            "/export/dump" => self.export_dump(target.query(), body),
            "/export/pages" => self.export_pages(target.query()),
            "/sync/info" => self.newest_generation(),
            "/sync/export" => self.generation_file(target.query()),
            "/sync/frames" => self.generation_frames(target.query()),
            path => match Question::of(path, target.query()) {
                Some(question) => self.feed(&question, target.query(), caller),
                None => return no_path(),
            },
        };
        self.work_in_background();
        answer
    }

    fn query(&self, body: &str, query: &str, script: bool, caller: &Caller) -> Answer {
        let queries = match Queries::decode(body) {
            Ok(queries) => queries,
            Err(error) => return fail(&error.to_string(), 200),
        };
        if let Some(at) = query_string::value(query, "as_of") {
            return self.query_as_of(&at, &queries, query, script);
        }
        if let Some(name) = query_string::raw(query, "transaction") {
            return self.query_within(name, &queries, query);
        }
        let run = Run::of(&queries, query, &js_sys::Date::now, &self.served);
        let run = if script { run.as_script() } else { run };
        let run = match query_string::raw(query, "access") {
            Some("read") => run.as_read_only(),
            _ => run,
        };
        let observe = |sql: &str, sums: &Sums| self.engine.observe(sql, sums);
        let run = Run { observe: Some(&observe), ..run };
        match self.engine.run(&run, caller) {
            Ok(done) => self.answer_with(caller, query, done.answer),
            Err(refused) => {
                self.engine.metrics.failed(&refused);
                refuse(&refused)
            }
        }
    }

    /// What was done, with the bookmark and the commits that its caller wants of where the database now
    /// stands.
    fn answer_with(&self, caller: &Caller, query: &str, text: impl Into<Text>) -> Answer {
        let standing = self.engine.with(|Opened { database, tag, set }| {
            let have = position_of(caller.have.as_deref(), *tag);
            let settings = self.engine.settings.as_ref();
            let bytes_max = settings.map_or(0, |settings| settings.answer_commits_bytes_max);
            let commits = have
                .filter(|_| set.settings.replicates())
                .and_then(|have| database.commits_since(have, bytes_max).unwrap_or(None));
            Ok((bookmark(database, *tag), commits, age_of(set, query)))
        });
        // It is done, whatever comes of this.
        let (bookmark, commits, age_ms) = match standing {
            Ok((bookmark, commits, age_ms)) => (Some(bookmark), commits, age_ms),
            Err(_) => (None, None, 0.0),
        };
        let wanted = caller.session.is_some() || caller.have.is_some();
        Answer { bookmark: bookmark.filter(|_| wanted), commits, age_ms, ..Answer::new(200, text) }
    }

    /// What a replica asks for that follows, or an isolate in its own region.
    fn feed(&self, question: &Question, query: &str, caller: &Caller) -> Answer {
        let fed = self.engine.with(|Opened { database, tag, set }| {
            let is_successor = query_string::raw(query, "successor").is_some();
            if !set.settings.replicates() && !is_successor {
                return Err(Refused::NotReplicated);
            }
            let have = position_of(caller.have.as_deref(), *tag);
            let commits = question.answer(database, have)?;
            // Where it will stand once the answer is there.
            let there = if commits.is_some() { Some(database.position()) } else { have };
            Ok((commits, bookmark(database, *tag), there, (set.revision, age_of(set, query))))
        });
        match fed {
            Ok((commits, bookmark, there, (revision, age_ms))) => {
                match (Subscription::of_query(query), question) {
                    (Some(replica), Question::Commits) => self.engine.subscribe(&replica, there),
                    (Some(replica), Question::Pages { first, .. }) => {
                        self.engine.metrics.asked_for_pages(&replica.region, *first);
                        self.engine.remember(&replica);
                    }
                    (None, _) => {}
                }
                // By which a replica tells those who ask it that their place is out of date.
                let text = if revision > 0 { revision.to_string() } else { String::new() };
                Answer { bookmark: Some(bookmark), commits, age_ms, ..Answer::new(200, text) }
            }
            Err(refused) => refuse(&refused),
        }
    }

    fn info(&self) -> Answer {
        let info = self.engine.with(|Opened { database, tag, .. }| {
            Ok((database.position(), bookmark(database, *tag)))
        });
        Answer::json(info.and_then(|(at, bookmark)| {
            let numbers =
                |database: &mut Database| Ok((database.num_tables()?, database.size_bytes()?));
            let (num_tables, file_size) = self.engine.read_at(at, numbers)?;
            let num_tables = num_tables.max(0) as u64;
            Ok(DatabaseInfo { num_tables, file_size, bookmark: Some(bookmark) })
        }))
    }

    fn insights(&self, query: &str) -> Answer {
        let question = InsightsQuestion::from_query(query);
        Answer::json(self.engine.with(|_| Ok(self.engine.insights.report(&question)?)))
    }

    /// Starts what is due, after the answer and beside the requests that follow.
    fn work_in_background(&self) {
        self.run_job();
        self.back_up();
        if self.engine.checkpoint_is_due() && !self.engine.checkpoint_runs.replace(true) {
            let engine = Rc::clone(&self.engine);
            self.state.wait_until(async move {
                checkpoint::run(|| engine.checkpoint_step()).await;
                engine.checkpoint_runs.set(false);
                engine.insights.write(js_sys::Date::now());
            });
        }
        if self.engine.insights.is_due(js_sys::Date::now()) {
            let engine = Rc::clone(&self.engine);
            // Not before the answer, which would wait for it.
            self.state.wait_until(async move {
                Delay::from(Duration::ZERO).await;
                engine.insights.write(js_sys::Date::now());
            });
        }
        for parcel in self.engine.pushes_due() {
            self.state.wait_until(following::push(Rc::clone(&self.engine), parcel));
        }
    }
}

impl Caller {
    /// Whether its session may be answered from where the database stands.
    fn check_session(
        &self,
        database: &Database,
        tag: Tag,
    ) -> std::result::Result<(), BookmarkError> {
        let Some(session) = &self.session else { return Ok(()) };
        match Bookmark::of_session(session, tag)? {
            Some(seen) if !database.position().is_at_least(&seen) => Err(BookmarkError::Future),
            _ => Ok(()),
        }
    }
}

impl Engine {
    /// Runs a request. While a transaction is open, it only reads, and does so beside it.
    fn run(&self, run: &Run<'_>, caller: &Caller) -> std::result::Result<Done, Refused> {
        self.insights.begin(js_sys::Date::now());
        let at = self.with(|Opened { database, tag, .. }| {
            caller.check_session(database, *tag).map_err(Refused::Session)?;
            Ok(database.is_interactive().then(|| database.position()))
        })?;
        match at {
            Some(at) => self.read_at(at, |database| database.run(run)),
            None => self.with(|Opened { database, .. }| {
                database.refuse_writes(self.writes_refused());
                Ok(database.run(run)?)
            }),
        }
    }
}

/// The age of an answer: none; or endless, for a caller who knows settings that were changed since.
/// That one takes no answer for new enough, and asks the directory anew.
fn age_of(set: &SettingsRevision, query: &str) -> f64 {
    let known = query_string::raw(query, "settings").and_then(|text| text.parse().ok());
    if set.revision > known.unwrap_or(0) { f64::INFINITY } else { 0.0 }
}

/// Whether a request belongs to a transaction.
fn is_within(query: &str) -> bool {
    query_string::raw(query, "transaction").is_some()
}

fn bookmark(database: &Database, tag: Tag) -> String {
    Bookmark { position: database.position(), tag }.to_string()
}
