//! Reads from this isolate's replica, for Rust. `bindings/js/src/router.ts` has the same steps for
//! JavaScript.

use isolite_core::{Constraint, Position};
use isolite_protocol::directory::DatabaseRecord;
use worker::Env;

use super::{Caller, GONE, Reply, forget};
use crate::object_js::{Answer, Message, Object, send, wait_until};
use crate::replicas::{self, Question, Want};

/// The answer of the replica, if it may give one.
pub(super) fn read(
    env: &Env,
    record: &DatabaseRecord,
    caller: &Caller<'_>,
    path: &str,
    body: &str,
) -> Option<Reply> {
    if !wants_local(caller) {
        return None;
    }
    let constraint = match caller.session {
        Some(session) => Constraint::of_session(session),
        None => {
            let seen = caller.seen.and_then(|seen| seen.parse().ok());
            Constraint::Staleness { seen, max_ms: caller.staleness_ms }
        }
    };
    let now_ms = js_sys::Date::now();
    let question = Question { id: &record.uuid, path, body, constraint, now_ms };
    let answer = replicas::read(&question)?;
    refresh(env, record, caller);
    let bookmark = replicas::position(&record.uuid).map(|position| position.to_string());
    Some(Reply { body: answer, bookmark })
}

/// What goes along with a call, so that its answer brings what the replica lacks.
pub(super) fn have(record: &DatabaseRecord, caller: &Caller<'_>) -> Option<String> {
    let position = || replicas::position(&record.uuid);
    wants_local(caller).then(|| position().map_or(String::new(), |at| at.to_string()))
}

/// Takes in what the primary's answer brought.
pub(super) fn learn(
    env: &Env,
    record: &DatabaseRecord,
    caller: &Caller<'_>,
    sent_ms: f64,
    answer: &Answer,
) {
    if !wants_local(caller) || answer.status == GONE {
        return;
    }
    if let Some(position) = position_of(answer) {
        replicas::learn(&record.uuid, sent_ms, position, answer.commits.as_deref());
        refresh(env, record, caller);
    }
}

fn wants_local(caller: &Caller<'_>) -> bool {
    caller.staleness_ms > 0.0
}

fn position_of(answer: &Answer) -> Option<Position> {
    answer.bookmark.as_deref().and_then(|bookmark| bookmark.parse().ok())
}

/// Asks in the background, well before a read would have to wait.
fn refresh(env: &Env, record: &DatabaseRecord, caller: &Caller<'_>) {
    let now_ms = js_sys::Date::now();
    if let Some(want) = replicas::want(&record.uuid, caller.staleness_ms / 2.0, now_ms) {
        wait_until(fill(env.clone(), record.clone(), want));
    }
}

async fn fill(env: Env, record: DatabaseRecord, want: Want) {
    let path = want.path();
    let have = replicas::position(&record.uuid).map(|position| position.to_string());
    let message = Message { path: &path, body: None, session: None, have: have.as_deref() };
    let sent_ms = js_sys::Date::now();
    // Whatever goes wrong here, the next read asks the primary.
    let answer = send(&env, Object::Primary(&record), message).await.ok();
    if answer.as_ref().is_some_and(|answer| answer.status == GONE) {
        return forget(&record.name, &record.uuid);
    }
    let brought = answer.as_ref().and_then(|answer| {
        position_of(answer).map(|position| (position, answer.commits.as_deref()))
    });
    replicas::settle(&record.uuid, sent_ms, brought, js_sys::Date::now());
}
