//! How long a read takes from here, by doing what a read of a Worker does: it begins the replica of the
//! region, and the one in this isolate's memory.

use std::time::Duration;

use isolite_protocol::directory::DatabaseRecord;
use isolite_protocol::rest::{Measured, MemoryReads, middle};
use worker::Env;

use super::near::Near;
use super::{Caller, local, placed};
use crate::object::call_js::{Message, Object, Text, send_within};
use crate::{embedded_replicas, region};

const PATH: &str = "/query?resultsFormat=NONE";
const BODY: &str = r#"{"sql":"SELECT name FROM sqlite_schema LIMIT 1","params":[]}"#;
const OWN_ANSWER: &str = r#""served_by_primary":false"#;
/// Who has not answered by then is told as not answering.
const ANSWER_TIME_MAX: Duration = Duration::from_secs(5);
const QUESTIONS: usize = 3;
const READS_MAX: u32 = 1_000;
/// By then a clock that goes has gone on.
const READS_BEFORE_LOOKING: u32 = 250;
const READS_MS_MAX: f64 = 20.0;

pub(crate) async fn measure(env: &Env, record: &DatabaseRecord) -> Measured {
    embedded_replicas::set_up(env);
    let caller = Caller {
        database: &record.name,
        create: false,
        template: None,
        session: Some("first-unconstrained"),
        age_ms_max: None,
        seen: None,
    };
    local::begin(env, record, &caller);
    Measured {
        region: region::here(env),
        primary_region: record.primary_location_hint,
        replica_ms: replica(env, record).await,
        primary_ms: primary(env, record).await,
        memory: memory(env, record, &caller),
    }
}

async fn replica(env: &Env, record: &DatabaseRecord) -> Option<f64> {
    let near = Near::of(env, record)?;
    let path = near.path(PATH, None, None);
    let object = || Object::Replica(near.address(record));
    let session = "first-unconstrained";
    timed(env, object, &path, session, |text| text.contains(OWN_ANSWER)).await
}

async fn primary(env: &Env, record: &DatabaseRecord) -> Option<f64> {
    let path = placed(PATH, record);
    timed(env, || Object::primary_of(record), &path, "first-primary", |_| true).await
}

/// Of several questions, one after the other, those that were answered as wanted.
async fn timed<'a>(
    env: &Env,
    object: impl Fn() -> Object<'a>,
    path: &str,
    session: &str,
    is_wanted: impl Fn(&str) -> bool,
) -> Option<f64> {
    let body = Text::from(BODY);
    let mut times_ms = Vec::new();
    for _ in 0..QUESTIONS {
        let message =
            Message { path, body: Some(&body), session: Some(session), ..Message::default() };
        let sent_ms = js_sys::Date::now();
        let answer = send_within(ANSWER_TIME_MAX, env, object(), message).await.ok()?;
        let took_ms = js_sys::Date::now() - sent_ms;
        if answer.status == 200 && is_wanted(&String::from(answer.text)) {
            times_ms.push(took_ms);
        }
    }
    middle(times_ms)
}

fn memory(env: &Env, record: &DatabaseRecord, caller: &Caller<'_>) -> Option<MemoryReads> {
    let began_ms = js_sys::Date::now();
    let mut reads = 0;
    let mut took_ms = 0.0;
    while reads < READS_MAX && took_ms < READS_MS_MAX {
        local::read(env, record, caller, PATH, BODY)?;
        reads += 1;
        took_ms = js_sys::Date::now() - began_ms;
        if reads >= READS_BEFORE_LOOKING && took_ms <= 0.0 {
            break;
        }
    }
    Some(MemoryReads::new(reads, took_ms))
}
