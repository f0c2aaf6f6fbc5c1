//! The router as JavaScript calls it: the class `Router` of the built module.
//!
//! It tells where a database is; the module that wraps it (bindings/js) calls the objects there. So
//! bodies and answers never enter this wasm on the caller's side, and a call costs no future of ours:
//! were this instance to crash, the caller's promise would still settle.

use isolite_core::Bookmark;
use isolite_protocol::Request;
use isolite_protocol::directory::{DatabaseRecord, MOVED, MovedTo};
use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;
use worker::Env;

use super::near::Near;
use super::{RECORDS, follow, resolve};
use crate::embedded_replicas::{self, Asked, Question, Reader, Told};
use crate::region;

/// Holds nothing: what is cached belongs to the isolate, and `env` to the request.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, Default)]
pub struct Router {}

#[wasm_bindgen]
impl Router {
    /// Reads the settings, of which an isolate has one set.
    #[wasm_bindgen(constructor)]
    pub fn new(env: &Env) -> Router {
        embedded_replicas::set_up(env);
        Router {}
    }

    /// Takes down where a request came in, as its `cf` says. An isolate does not move.
    pub fn came_in_at(&self, colo: &str, continent: &str) {
        region::came_in_at(colo, continent);
    }

    /// Where a database is, as far as this isolate knows: its id, its primary's location hint and
    /// jurisdiction; if this region has a replica of its own that one's `[name, region, query]`;
    /// whether this isolate keeps a replica; of the settings which they are and the bound of staleness;
    /// and the name of its primary's object.
    #[wasm_bindgen(unchecked_return_type = "Place | undefined")]
    pub fn place(&self, env: &Env, database: &str) -> Option<Array> {
        let record = RECORDS.with_borrow_mut(|records| records.get(database));
        record.map(|record| place(env, &record))
    }

    /// Asks the directory for it; resolves with its place, or with D1's failure as text. Rejects
    /// when no answer came.
    #[wasm_bindgen(unchecked_return_type = "Place | string")]
    pub async fn resolve(
        &self,
        env: Env,
        database: String,
        create: bool,
        template: Option<String>,
    ) -> Result<JsValue, JsValue> {
        Ok(match resolve(&env, &database, create, template.as_deref()).await? {
            Ok(record) => place(&env, &record).into(),
            Err(failure) => failure.encode().into(),
        })
    }

    /// Forgets a place whose object says that its database was deleted.
    pub fn forget(&self, database: &str, id: &str) {
        super::forget(database, id);
    }

    /// Forgets a place whose object says that the database's settings have changed since.
    pub fn forget_place(&self, database: &str, id: &str) {
        super::forget_place(database, id);
    }

    /// Where a database is now whose primary has moved; `text` is what that answered. None if it does not
    /// tell: then the directory is to be asked.
    #[wasm_bindgen(unchecked_return_type = "Place | undefined")]
    pub fn moved(&self, env: &Env, database: &str, id: &str, text: &str) -> Option<Array> {
        let known = RECORDS.with_borrow_mut(|records| records.get(database));
        let known = known.filter(|record| record.uuid == id)?;
        let followed = MovedTo::decode(text).is_some_and(|to| known.epoch >= to.epoch);
        let moved = match followed {
            // Another request has.
            true => Some(known),
            false => follow(&known, MOVED, || text.to_owned()),
        };
        moved.map(|record| place(env, &record))
    }

    /// Whether a body's statements begin like such as only read, so that it is worth asking a replica.
    pub fn may_only_read(&self, body: &str) -> bool {
        Request::decode(body).is_ok_and(|request| isolite_sqlite::may_only_read(&request))
    }

    /// The answer of this isolate's replica, if it may give one, of the position that `have` tells.
    ///
    /// `session` is a session's constraint or bookmark, `seen` outside one a bookmark that the answer
    /// must not be older than, `age_ms_max` how old the answer may be, and `known` the number of the
    /// memory that has answered the same handle before, or 0. Unless it `tells`, the answer leaves out
    /// who gave it, which is always `served`.
    #[allow(clippy::too_many_arguments)]
    pub fn read_request(
        &self,
        id: &str,
        path: &str,
        body: &str,
        session: Option<String>,
        seen: Option<String>,
        age_ms_max: Option<f64>,
        now_ms: f64,
        known: u32,
        tells: bool,
    ) -> Option<String> {
        let (session, seen) = (session.as_deref(), seen.as_deref());
        let asked = Asked::Request { path, body };
        let reader = Reader { session, seen, age_ms_max, now_ms, known };
        let question = Question { id, asked, reader, tells };
        embedded_replicas::read(&question)
    }

    /// The same for one query, whose `params` are a list in JSON. The answer is `COMPACT`, and does not
    /// tell who gave it.
    #[allow(clippy::too_many_arguments)]
    pub fn read_query(
        &self,
        id: &str,
        sql: &str,
        params: &str,
        session: Option<String>,
        seen: Option<String>,
        age_ms_max: Option<f64>,
        now_ms: f64,
        known: u32,
    ) -> Option<String> {
        let (session, seen) = (session.as_deref(), seen.as_deref());
        let asked = Asked::Query { sql, params };
        let reader = Reader { session, seen, age_ms_max, now_ms, known };
        let question = Question { id, asked, reader, tells: false };
        embedded_replicas::read(&question)
    }

    /// The number of what this isolate keeps of a database, which goes forward only; 0 if nothing.
    pub fn number(&self, id: &str) -> u32 {
        embedded_replicas::number(id)
    }

    /// Who answers from this isolate's memory, as the JSON of that part of `meta`.
    pub fn served(&self) -> String {
        let served = embedded_replicas::served().unwrap_or_default();
        format!("{{{}}}", served.trim_end_matches(','))
    }

    /// Where this isolate's replica stands, empty if there is none: what a call takes along, so that
    /// its answer brings what is lacking.
    pub fn have(&self, id: &str) -> String {
        let bookmark = embedded_replicas::bookmark(id);
        bookmark.map_or(String::new(), |bookmark| bookmark.to_string())
    }

    /// The newest bookmark that this isolate knows of.
    pub fn newest(&self, id: &str) -> Option<String> {
        embedded_replicas::newest(id).map(|bookmark| bookmark.to_string())
    }

    /// Takes in what an answer brought: what answered knew at `sent_ms` that its bookmark was the
    /// primary's newest.
    pub fn learn(
        &self,
        id: &str,
        sent_ms: f64,
        bookmark: &str,
        commits: Option<Vec<u8>>,
        now_ms: f64,
    ) {
        if let Some(told) = told(sent_ms, Some(bookmark), commits.as_deref()) {
            embedded_replicas::learn(id, &told, now_ms);
        }
    }

    /// The path to call in the background, if anything is to be asked: what was confirmed longer ago
    /// than `refresh_ms`, or what this isolate lacks. Its outcome goes to `settle`.
    pub fn want(&self, id: &str, refresh_ms: f64, now_ms: f64) -> Option<String> {
        embedded_replicas::want(id, refresh_ms, now_ms)
    }

    /// Takes in the outcome of what was wanted; without a bookmark it failed. Returns what to call
    /// next, if there is more.
    pub fn settle(
        &self,
        id: &str,
        sent_ms: f64,
        bookmark: Option<String>,
        ltx: Option<Vec<u8>>,
        now_ms: f64,
    ) -> Option<String> {
        let told = told(sent_ms, bookmark.as_deref(), ltx.as_deref());
        embedded_replicas::settle(id, told, now_ms)
    }
}

fn told<'a>(sent_ms: f64, bookmark: Option<&str>, ltx: Option<&'a [u8]>) -> Option<Told<'a>> {
    let bookmark: Bookmark = bookmark?.parse().ok()?;
    Some(Told { sent_ms, bookmark, ltx })
}

fn place(env: &Env, record: &DatabaseRecord) -> Array {
    let text = |text: Option<&str>| text.map_or(JsValue::UNDEFINED, JsValue::from_str);
    let near = Near::of(env, record).map_or(JsValue::UNDEFINED, |near| {
        let [name, region, query] =
            [near.name.as_str(), near.region.as_str(), &near.query].map(JsValue::from_str);
        Array::of3(&name, &region, &query).into()
    });
    let settings = &record.settings;
    [
        JsString::from(record.uuid.as_str()).into(),
        text(record.primary_location_hint.map(|hint| hint.as_str())),
        text(record.jurisdiction.map(|jurisdiction| jurisdiction.as_str())),
        near,
        super::local::is_kept(record).into(),
        JsValue::from_f64(record.settings_revision as f64),
        settings.max_staleness_ms.map_or(JsValue::UNDEFINED, |ms| JsValue::from_f64(ms as f64)),
        JsString::from(record.primary_name()).into(),
    ]
    .into_iter()
    .collect()
}
