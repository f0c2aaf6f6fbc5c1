//! The replica of a region: the Durable Object that keeps one database near those who read it there.
//!
//! It answers reads that its callers' constraints allow, and brings the isolates of its region forward;
//! everything else goes on to the primary, and the caller need not know. The primary pushes each
//! commit. How old the replica is only its own questions tell, which it asks when a read needs it.
//!
//! Invariants:
//! - it answers from one position of the primary's database, or not at all;
//! - what it keeps can be thrown away at any time.

mod engine;
mod home;
mod parts;
mod sync;

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use isolite_core::{Bookmark, Constraint, PageNo, Pushed};
use isolite_protocol::{Failure, Request as Queries, query_string};
use js_sys::{Array, JsString, Uint8Array};
use wasm_bindgen::prelude::*;
use worker::{
    Delay, DurableObject, Env, Request, Response, Result, State, console_error, durable_object,
};

use crate::object::call_js::{Answer, Message, Object, Text, send, within};
use crate::object::feed::Question;
use crate::object::{checkpoint, open_databases};
use crate::target::Target;
use engine::{Asked, Engine};
use home::Home;

/// How long a push that came early waits for what it continues: more than the ways of two messages
/// to one place differ.
const EARLY_TIME: Duration = Duration::from_millis(60);

#[durable_object(fetch)]
pub struct IsoliteReplica {
    /// None in the one instance that stands for its class.
    replica: Option<RegionReplica>,
}

struct RegionReplica {
    state: State,
    engine: Rc<Engine>,
}

/// A call, as it came.
struct Call {
    target: Target,
    body: JsString,
    session: Option<String>,
    have: Option<String>,
    /// The body, decoded once at the most.
    queries: OnceCell<Option<Queries>>,
}

impl DurableObject for IsoliteReplica {
    fn new(state: State, env: Env) -> Self {
        let engine = Rc::new(Engine::new(&state, env));
        open_databases::register(&engine);
        IsoliteReplica { replica: Some(RegionReplica { state, engine }) }
    }

    /// Nobody calls it: only RPC is spoken between our objects.
    async fn fetch(&self, _request: Request) -> Result<Response> {
        Response::error("A replica is called by RPC", 404)
    }
}

#[wasm_bindgen]
impl IsoliteReplica {
    /// Resolves with `[text, status, bookmark, commits, age_ms]`, see [`crate::object::call_js`].
    ///
    /// The path's query says where the primary is ([`Home`]), and of a read what it may be answered
    /// from: `age_ms_max`, and outside sessions `least`, a bookmark. `ltx` is a push's.
    pub async fn call(
        &self,
        path: JsValue,
        body: JsValue,
        session: JsValue,
        have: JsValue,
        ltx: JsValue,
    ) -> std::result::Result<Array, JsValue> {
        let call = Call {
            target: Target::of_path(&path.as_string().unwrap_or_default()),
            body: body.dyn_into().unwrap_or_else(|_| JsString::from("")),
            session: session.as_string(),
            have: have.as_string(),
            queries: OnceCell::new(),
        };
        let ltx = ltx.dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
        let answer = match &self.replica {
            Some(replica) => replica.answer(call, ltx).await?,
            None => no_path(),
        };
        Ok(answer.encode())
    }
}

impl Call {
    fn queries(&self) -> Option<&Queries> {
        let decode = || Queries::decode(&String::from(&self.body)).ok();
        self.queries.get_or_init(decode).as_ref()
    }

    fn only_reads(&self) -> bool {
        let follows = !matches!(self.target.path(), "/query" | "/execute");
        follows || self.queries().is_some_and(isolite_sqlite::only_reads)
    }
}

impl IsoliteReplica {
    /// An instance without an object, from which its class is found.
    pub(crate) fn blank() -> Self {
        IsoliteReplica { replica: None }
    }
}

impl RegionReplica {
    async fn answer(&self, call: Call, ltx: Option<Vec<u8>>) -> Result<Answer> {
        let query = call.target.query();
        if call.target.path() == "/delete" {
            return Ok(self.engine.delete());
        }
        if let Err(wrong) = self.engine.check_settings() {
            return Ok(Answer::new(500, Failure::new(wrong).encode()));
        }
        let answer = match call.target.path() {
            "/push" => return Ok(self.push(call.have.as_deref(), ltx.as_deref()).await),
            "/info" => return Ok(self.engine.info()),
            "/query" | "/execute" => {
                self.engine.live_at(query);
                self.read(&call).await
            }
            path => match Question::of(path, query) {
                Some(question) => {
                    self.engine.live_at(query);
                    self.feed(&question, &call).await
                }
                None => return Ok(no_path()),
            },
        };
        match answer {
            Some(answer) => Ok(self.dated(answer, query)),
            None => self.forward(&call).await,
        }
    }

    /// An answer of its own, as old as can be for a caller who knows settings that were changed since.
    fn dated(&self, answer: Answer, query: &str) -> Answer {
        let known = query_string::raw(query, "settings").and_then(|text| text.parse().ok());
        match self.engine.settings_revision.get() > known.unwrap_or(0) {
            true => Answer { age_ms: f64::INFINITY, ..answer },
            false => answer,
        }
    }

    /// The answer to a read; None if the primary is to give it.
    async fn read(&self, call: &Call) -> Option<Answer> {
        let query = call.target.query();
        let queries = call.queries()?;
        if !isolite_sqlite::may_only_read(queries) {
            return None;
        }
        let constraint = self.engine.constraint(call)?;
        // What the primary told here could be too old when it came.
        let far = !constraint.allows_trip(self.engine.asked.get().trip_ms);
        if constraint == Constraint::Primary || (far && !self.engine.allows(&constraint)) {
            return None;
        }
        self.be_ready(&constraint).await?;
        self.engine.read(queries, query, &constraint, call.have.as_deref())
    }

    /// What an isolate asks for that follows.
    async fn feed(&self, question: &Question, call: &Call) -> Option<Answer> {
        let constraint = match question {
            Question::Commits => self.engine.constraint(call)?,
            Question::Pages { .. } => self.engine.constraint(call)?.of_any_age(),
        };
        match (self.be_ready(&constraint).await, question) {
            (Some(()), _) => self.engine.feed(question, call.have.as_deref()),
            (None, Question::Pages { first, size_pages_max }) => {
                self.part(*first, *size_pages_max).await
            }
            (None, Question::Commits) => None,
        }
    }

    /// A part of the snapshot that is being taken in. None if it is not the next one, or does not come
    /// in the time that a read waits.
    async fn part(&self, first: PageNo, size_pages_max: PageNo) -> Option<Answer> {
        if self.engine.next_part() != Some(first) {
            return None;
        }
        let part = self.engine.waiting.for_part(first)?;
        let part = within(self.engine.read_wait(), part).await?.ok()?;
        Some(part.answer(size_pages_max, js_sys::Date::now()))
    }

    /// Catches up if the constraint asks for it. None without a whole database, which then comes in
    /// the background. Where the primary cannot be reached, the caller finds out what is allowed.
    async fn be_ready(&self, constraint: &Constraint) -> Option<()> {
        if !self.engine.allows(constraint) && self.engine.is_whole() {
            let caught_up = sync::catch_up(&self.engine, constraint);
            if within(self.engine.read_wait(), caught_up).await.is_none() {
                console_error!("A replica could not catch up in the time that a read waits");
            }
            self.work_in_background();
        }
        if !self.engine.is_whole() {
            self.fill_in_background();
            return None;
        }
        Some(())
    }

    async fn push(&self, bookmark: Option<&str>, ltx: Option<&[u8]>) -> Answer {
        let Some(pushed) = bookmark.and_then(|text| text.parse::<Bookmark>().ok()) else {
            return Answer::new(400, Failure::new("A push needs a bookmark").encode());
        };
        let taken = self.engine.push(pushed, ltx);
        if matches!(taken, Ok(Pushed::Early(_))) {
            // One that it has overtaken is likely to come by then, and need not be asked for.
            Delay::from(EARLY_TIME).await;
        }
        self.ask_if_behind(&taken);
        self.work_in_background();
        taken.map_or_else(|answer| answer, |_| self.engine.stands())
    }

    /// What was pushed could not be applied, or was only told of, or continues what did not come.
    fn ask_if_behind(&self, taken: &std::result::Result<Pushed, Answer>) {
        let waits = !matches!(taken, Ok(Pushed::Early(_))) && self.engine.is_ahead();
        if self.engine.is_behind() && !waits {
            self.fill_in_background();
        }
    }

    /// Has the primary answer, wherever that has moved.
    async fn forward(&self, call: &Call) -> Result<Answer> {
        loop {
            let answer = self.forward_once(call).await?;
            if !self.engine.follow(&answer) {
                return Ok(answer);
            }
        }
    }

    /// A read does not wait for the primary as long as a write.
    async fn forward_once(&self, call: &Call) -> Result<Answer> {
        // It may have been wiped while this call waited, as the replica is where the primary moves to.
        let told = || Home::of_query(call.target.query());
        let Some(home) = self.engine.home().or_else(told) else { return Ok(no_home()) };
        let wait = self.engine.read_wait();
        self.engine.forwarded.set(self.engine.forwarded.get() + 1);
        let only_reads = call.only_reads();
        let text = Text::from(call.body.clone());
        let message = Message {
            path: call.target.as_str(),
            body: Some(&text),
            session: call.session.as_deref(),
            have: call.have.as_deref(),
            ltx: None,
        };
        let sent_ms = js_sys::Date::now();
        let sent = send(&self.engine.env, Object::Primary(home.address()), message);
        let answer = match only_reads {
            true => within(wait, sent).await.unwrap_or_else(|| Ok(timed_out(&home, wait)))?,
            false => sent.await?,
        };
        if only_reads {
            // Should the way have become shorter, the replica asks again.
            let trip_ms = js_sys::Date::now() - sent_ms;
            self.engine.asked.set(Asked { trip_ms, ..self.engine.asked.get() });
        }
        if answer.status == 404 {
            self.engine.delete();
        }
        Ok(answer)
    }

    fn fill_in_background(&self) {
        if !self.engine.fills.replace(true) {
            let engine = Rc::clone(&self.engine);
            self.state.wait_until(async move {
                sync::fill(&engine).await;
                engine.waiting.keep_only(None);
                engine.fills.set(false);
            });
        }
    }

    fn work_in_background(&self) {
        if self.engine.checkpoint_is_due() && !self.engine.checkpoint_runs.replace(true) {
            let engine = Rc::clone(&self.engine);
            self.state.wait_until(async move {
                checkpoint::run(|| engine.checkpoint_step()).await;
                engine.checkpoint_runs.set(false);
            });
        }
    }
}

fn no_path() -> Answer {
    Answer::new(404, Failure::new("No such path").encode())
}

fn timed_out(home: &Home, wait: Duration) -> Answer {
    let Home { region, .. } = home;
    let text = format!(
        "Timed out: the primary did not answer within {} ms, and its replica in {region} is not as \
         new as this read must be. Try again, or start a session from \"first-unconstrained\"",
        wait.as_millis()
    );
    Answer::new(503, Failure::new(text).encode())
}

fn no_home() -> Answer {
    let text =
        "A replica is told with each call where its primary is; deploy one version of Isolite";
    Answer::new(500, Failure::new(text).encode())
}

/// What a caller allows, as its session or its path says.
fn constraint(
    call: &Call,
    tag: isolite_core::Tag,
) -> std::result::Result<Constraint, isolite_core::BookmarkError> {
    let query = call.target.query();
    let least = query_string::raw(query, "least").filter(|least| !least.is_empty());
    let age = home::number(query, "age_ms_max");
    Constraint::of(call.session.as_deref(), least, age, tag)
}
