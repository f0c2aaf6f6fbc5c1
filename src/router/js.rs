//! The router as JavaScript calls it: the class `Router` of the built module.
//!
//! The module that wraps it (bindings/js) gives it the Worker's `env`, and bodies and answers pass
//! as JavaScript strings, so a query's text and its rows never enter this wasm.

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;
use worker::Env;

use super::{Question, ask};
use crate::object_js::Text;

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

    /// Resolves with `[text, bookmark]`: D1's HTTP body and the session header of the answer.
    /// Rejects when no answer came.
    #[wasm_bindgen(unchecked_return_type = "[text: string, bookmark: string | undefined]")]
    pub async fn call(
        &self,
        env: Env,
        database: String,
        create: bool,
        path: String,
        body: Option<JsString>,
        session: Option<String>,
    ) -> Result<Array, JsValue> {
        let body = body.map(Text::from);
        let question = Question {
            database: &database,
            create,
            path: &path,
            body: body.as_ref(),
            session: session.as_deref(),
        };
        let answer = ask(&env, question).await?;
        let bookmark = answer.bookmark.map_or(JsValue::UNDEFINED, JsValue::from);
        Ok(Array::of2(JsString::from(answer.text).as_ref(), &bookmark))
    }
}
