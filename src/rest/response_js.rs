//! A streamed answer whose length is known beforehand, so that the client sees how much is missing.
//!
//! The platform writes a `content-length` for its own `FixedLengthStream` alone. It fails when less or
//! more comes.

use js_sys::Promise;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Error, Response, ResponseBody, Result};

#[wasm_bindgen]
extern "C" {
    type FixedLengthStream;

    #[wasm_bindgen(constructor, catch)]
    fn new(length: f64) -> Result<FixedLengthStream, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn readable(this: &FixedLengthStream) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch)]
    fn writable(this: &FixedLengthStream) -> Result<JsValue, JsValue>;

    type Readable;

    #[wasm_bindgen(method, catch, js_name = pipeTo)]
    fn pipe_to(this: &Readable, writable: &JsValue) -> Result<Promise, JsValue>;
}

/// The same stream as a response of so many bytes.
pub(crate) fn of_length(streamed: &Response, length: u64) -> Result<Response> {
    let ResponseBody::Stream(stream) = streamed.body() else {
        return Err(Error::RustError("The response is not a stream".to_owned()));
    };
    let fixed = FixedLengthStream::new(length as f64)?;
    let stream: Readable = JsValue::from(stream.clone()).unchecked_into();
    let piped = stream.pipe_to(&fixed.writable()?)?;
    // A failure reaches the client through the stream; here it would only be one nobody waits for.
    wasm_bindgen_futures::spawn_local(async move { drop(JsFuture::from(piped).await) });
    let readable = fixed.readable()?.unchecked_into();
    Ok(Response::builder().stream(readable))
}
