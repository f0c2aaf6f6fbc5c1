//! Errors: the variant that each method returns, and what a program reads in it.

use wasm_bindgen::JsValue;
use worker::{Error, Result};

use super::Report;
use super::api::d1::D1Error;
use super::api::{D1Database, query};

const NOPE: &str = "SELECT * FROM nope";

/// As a program does that knows D1.
fn cause_of<T>(result: Result<T>) -> Result<Option<String>> {
    match result {
        Ok(_) => Ok(None),
        Err(Error::D1(error)) => Ok(Some(reads(&error.clone()))),
        Err(error) => Err(error),
    }
}

fn reads(error: &D1Error) -> String {
    let original: &js_sys::Error = error.as_ref();
    let value: &JsValue = error.as_ref();
    format!("{} | {} | {}", error.cause(), original.message(), value.is_object())
}

pub async fn run(db: &D1Database, report: &mut Report) {
    let nope = db.prepare(NOPE);
    report.add("an error of run", cause_of(nope.run().await));
    report.add("an error of await", cause_of(nope.clone().await));
    report.add("an error of all", cause_of(nope.all().await));
    report.add("an error of first", cause_of(nope.first::<i64>(None).await));
    report.add("an error of raw", cause_of(nope.raw::<i64>().await));
    report.add("an error of raw_js_value", cause_of(nope.raw_js_value().await));
    report.add("an error of batch", cause_of(db.batch(vec![nope.clone()]).await));
    report.add("an error of an empty batch", cause_of(db.batch(vec![]).await));
    report.add("an error of exec", cause_of(db.exec(NOPE).await));
    report.add("an error of dump", cause_of(db.dump().await));
    let column = db.prepare("SELECT 1 AS a").first::<i64>(Some("b")).await;
    report.add("an error of a column", cause_of(column));
    report.add("an error of bind", cause_of(nope.clone().bind(&[JsValue::UNDEFINED])));
    report.add("an error of query!", cause_of(query!(db, NOPE, vec![1000])));
    let session = db.with_session(Some("first-primary"));
    let in_session = match session {
        Ok(session) => cause_of(session.prepare(NOPE).run().await),
        Err(error) => Err(error),
    };
    report.add("an error in a session", in_session);
    let thrown: JsValue = match nope.all().await {
        Ok(_) => JsValue::NULL,
        Err(error) => error.into(),
    };
    let thrown = js_sys::Error::from(thrown);
    report.add("an error handed to JavaScript", Ok(String::from(thrown.message())));
}
