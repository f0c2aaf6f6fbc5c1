//! Reads from this isolate's memory and from its region's replica, for Rust.
//! `bindings/js/src/router.ts` has the same steps for JavaScript.

use isolite_core::Bookmark;
use isolite_protocol::directory::DatabaseRecord;
use worker::Env;

use super::near::Near;
use super::{Caller, GONE, Reply, follow, forget};
use crate::embedded_replicas::{self, Asked, Question, Reader, Told};
use crate::object::call_js::{Answer, Message, Object, send, wait_until};

/// The answer of the replica in memory, if it may give one.
pub(super) fn read(
    env: &Env,
    record: &DatabaseRecord,
    caller: &Caller<'_>,
    path: &str,
    body: &str,
) -> Option<Reply> {
    if !is_kept(record) {
        return None;
    }
    let Caller { session, seen, age_ms_max, .. } = *caller;
    let now_ms = js_sys::Date::now();
    let id = &record.uuid;
    let asked = Asked::Request { path, body };
    let reader = Reader { session, seen, age_ms_max, now_ms, known: 0 };
    let question = Question { id, asked, reader, tells: true };
    let answer = embedded_replicas::read(&question)?;
    refresh(env, record, caller);
    let bookmark = embedded_replicas::bookmark(id).map(|bookmark| bookmark.to_string());
    Some(Reply { body: answer, bookmark })
}

/// What goes along with a call, so that its answer brings what the replica lacks.
pub(super) fn have(record: &DatabaseRecord) -> String {
    let bookmark = embedded_replicas::bookmark(&record.uuid);
    bookmark.map_or(String::new(), |bookmark| bookmark.to_string())
}

/// The newest bookmark that this isolate knows of.
pub(super) fn newest(record: &DatabaseRecord) -> Option<String> {
    embedded_replicas::newest(&record.uuid).map(|bookmark| bookmark.to_string())
}

/// Takes in what an answer brought.
pub(super) fn learn(
    env: &Env,
    record: &DatabaseRecord,
    caller: &Caller<'_>,
    sent_ms: f64,
    answer: &Answer,
) {
    if answer.status == GONE || outdated(record, answer) || !is_kept(record) {
        return;
    }
    if let Some(told) = told(answer, sent_ms) {
        embedded_replicas::learn(&record.uuid, &told, js_sys::Date::now());
        if caller.wants_replica() {
            refresh(env, record, caller);
        }
    }
}

/// Asks for a replica that is missing while the first answer is on its way. Of one that is only behind
/// that answer brings what is lacking.
pub(super) fn begin(env: &Env, record: &DatabaseRecord, caller: &Caller<'_>) {
    let missing = embedded_replicas::bookmark(&record.uuid).is_none();
    if missing && is_kept(record) && caller.wants_replica() {
        refresh(env, record, caller);
    }
}

/// What must not leave its border is not kept in an isolate, which may be anywhere.
pub(super) fn is_kept(record: &DatabaseRecord) -> bool {
    record.jurisdiction.is_none() && record.settings.replicates()
}

/// Whether an answer tells that the settings have changed since. The directory is then asked anew.
fn outdated(record: &DatabaseRecord, answer: &Answer) -> bool {
    let outdated = answer.age_ms == f64::INFINITY;
    if outdated {
        super::forget_place(&record.name, &record.uuid);
    }
    outdated
}

fn told(answer: &Answer, sent_ms: f64) -> Option<Told<'_>> {
    let bookmark: Bookmark = answer.bookmark.as_deref()?.parse().ok()?;
    let sent_ms = sent_ms - answer.age_ms;
    Some(Told { sent_ms, bookmark, ltx: answer.commits.as_deref() })
}

/// Asks in the background, well before a read would have to wait.
fn refresh(env: &Env, record: &DatabaseRecord, caller: &Caller<'_>) {
    let now_ms = js_sys::Date::now();
    let refresh_ms = caller.age_bound_ms() / 2.0;
    if let Some(path) = embedded_replicas::want(&record.uuid, refresh_ms, now_ms) {
        wait_until(fill(env.clone(), record.clone(), path, refresh_ms / 2.0));
    }
}

async fn fill(env: Env, record: DatabaseRecord, path: String, age_ms_max: f64) {
    let near = Near::of(&env, &record);
    let mut next = Some(path);
    while let Some(mut path) = next {
        let have = have(&record);
        let object = match &near {
            Some(near) => {
                let newest = newest(&record);
                path = near.path(&path, Some(age_ms_max), newest.as_deref());
                Object::Replica(near.address(&record))
            }
            None => {
                path = super::placed(&path, &record);
                Object::primary_of(&record)
            }
        };
        let message = Message { path: &path, have: Some(&have), ..Message::default() };
        let sent_ms = js_sys::Date::now();
        // Whatever goes wrong here, the next read asks.
        let answer = send(&env, object, message).await.ok();
        if answer.as_ref().is_some_and(|answer| answer.status == GONE) {
            return forget(&record.name, &record.uuid);
        }
        let answer = answer.filter(|answer| !outdated(&record, answer));
        if let Some(answer) = &answer {
            // The next read asks there.
            follow(&record, answer.status, || String::from(answer.text.clone()));
        }
        let told = answer.as_ref().and_then(|answer| told(answer, sent_ms));
        next = embedded_replicas::settle(&record.uuid, told, js_sys::Date::now());
    }
}
