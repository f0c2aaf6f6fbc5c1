//! The router as JavaScript calls it: the class `Router` of the built module.
//!
//! It tells where a database is; the module that wraps it (bindings/js) calls the object there. So
//! bodies and answers never enter this wasm on the caller's side, and a call costs no future of ours:
//! were this instance to crash, the caller's promise would still settle.

use isolite_protocol::directory::DatabaseRecord;
use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;
use worker::Env;

use super::{RECORDS, resolve};

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
        RECORDS.with_borrow_mut(|records| records.forget(database, id));
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
