//! The router as JavaScript calls it: the class `Router` of the built module.
//!
//! It tells where a database is; the module that wraps it (bindings/js) calls the object there. So
//! bodies and answers never enter this wasm on the caller's side, and a call costs no future of ours:
//! were this instance to crash, the caller's promise would still settle.

use isolite_core::Constraint;
use isolite_protocol::directory::DatabaseRecord;
use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;
use worker::Env;

use super::{RECORDS, resolve};
use crate::replicas::{self, Question};

/// Holds nothing: what is cached belongs to the isolate, and `env` to the request.
#[wasm_bindgen]
#[derive(Clone, Copy, Debug, Default)]
pub struct Router {}

#[wasm_bindgen]
impl Router {
    #[wasm_bindgen(constructor)]
    pub fn new() -> Router {
        Router {}
    }

    /// Where the primary of a database is, `[id, location hint, jurisdiction]`, as far as this
    /// isolate knows.
    #[wasm_bindgen(unchecked_return_type = "Place | undefined")]
    pub fn place(&self, database: &str) -> Option<Array> {
        RECORDS.with_borrow_mut(|records| records.get(database)).map(|record| place(&record))
    }

    /// Asks the directory for it; resolves with its place, or with D1's failure as text. Rejects
    /// when no answer came.
    #[wasm_bindgen(unchecked_return_type = "Place | string")]
    pub async fn resolve(
        &self,
        env: Env,
        database: String,
        create: bool,
    ) -> Result<JsValue, JsValue> {
        Ok(match resolve(&env, &database, create).await? {
            Ok(record) => place(&record).into(),
            Err(failure) => failure.encode().into(),
        })
    }

    /// Forgets a place whose object says that its database was deleted.
    pub fn forget(&self, database: &str, id: &str) {
        super::forget(database, id);
    }

    /// The answer of this isolate's replica, if it may give one, of the position that `have` tells.
    ///
    /// In a session `least` is its constraint or bookmark. Outside, it is a bookmark that the answer
    /// must not be older than, and `staleness_ms` is how old the answer may be.
    pub fn read(
        &self,
        id: &str,
        path: &str,
        body: &str,
        least: Option<String>,
        staleness_ms: Option<f64>,
        now_ms: f64,
    ) -> Option<String> {
        let constraint = match (staleness_ms, least) {
            (None, session) => Constraint::of_session(session.as_deref().unwrap_or_default()),
            (Some(max_ms), seen) => {
                Constraint::Staleness { seen: seen.and_then(|seen| seen.parse().ok()), max_ms }
            }
        };
        let question = Question { id, path, body, constraint, now_ms };
        replicas::read(&question)
    }

    /// Where this isolate's replica stands, empty if there is none: what a call to the primary takes
    /// along, so that its answer brings what is lacking.
    pub fn have(&self, id: &str) -> String {
        replicas::position(id).map_or(String::new(), |position| position.to_string())
    }

    /// Takes in what an answer brought that was asked for at `sent_ms`.
    pub fn learn(&self, id: &str, sent_ms: f64, bookmark: &str, commits: Option<Vec<u8>>) {
        if let Ok(position) = bookmark.parse() {
            replicas::learn(id, sent_ms, position, commits.as_deref());
        }
    }

    /// The path to call in the background, if anything is to be asked: what was confirmed longer ago
    /// than `refresh_ms`, or what this isolate lacks. Its outcome goes to `settle`.
    pub fn want(&self, id: &str, refresh_ms: f64, now_ms: f64) -> Option<String> {
        replicas::want(id, refresh_ms, now_ms).map(|want| want.path())
    }

    /// Takes in the outcome of what was wanted; without a bookmark it failed.
    pub fn settle(
        &self,
        id: &str,
        sent_ms: f64,
        bookmark: Option<String>,
        ltx: Option<Vec<u8>>,
        now_ms: f64,
    ) {
        let position = bookmark.and_then(|bookmark| bookmark.parse().ok());
        let answer = position.map(|position| (position, ltx.as_deref()));
        replicas::settle(id, sent_ms, answer, now_ms);
    }
}

fn place(record: &DatabaseRecord) -> Array {
    let text = |text: Option<&str>| text.map_or(JsValue::UNDEFINED, JsValue::from_str);
    Array::of3(
        JsString::from(record.uuid.as_str()).as_ref(),
        &text(record.primary_location_hint.map(|hint| hint.as_str())),
        &text(record.jurisdiction.map(|jurisdiction| jurisdiction.as_str())),
    )
}
