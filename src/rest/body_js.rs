//! The body of a request, in blocks of one size: so much of a file is in memory, whatever its size.
//!
//! The stream of the `worker` crate takes a client that went away for the end of its body, and gives
//! pieces of a few KiB, each through a promise. The runtime's own reader fills a block before it
//! answers.

use isolite_protocol::rest::RestError;
use js_sys::{Object, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::Request;

#[wasm_bindgen]
extern "C" {
    type Body;

    #[wasm_bindgen(method, catch, js_name = getReader)]
    fn get_reader(this: &Body, options: &JsValue) -> Result<Reader, JsValue>;

    type Reader;

    /// Resolves with `{value, done}`; a block that is not full is the last.
    #[wasm_bindgen(method, catch, js_name = readAtLeast)]
    fn read_at_least(this: &Reader, count: u32, view: &Uint8Array) -> Result<Promise, JsValue>;

    #[wasm_bindgen(method, catch)]
    fn cancel(this: &Reader) -> Result<Promise, JsValue>;

    type Read;

    #[wasm_bindgen(method, getter, catch)]
    fn value(this: &Read) -> Result<JsValue, JsValue>;
}

pub(super) struct Blocks {
    /// None behind the end.
    reader: Option<Reader>,
    block_bytes: u32,
}

impl Blocks {
    pub(super) fn of(request: &Request, block_bytes: u32) -> Result<Blocks, RestError> {
        let Some(body) = request.inner().body() else {
            return Ok(Blocks { reader: None, block_bytes });
        };
        let body: Body = JsValue::from(body).unchecked_into();
        let options = Object::new();
        Reflect::set(&options, &"mode".into(), &"byob".into()).map_err(lost)?;
        let reader = body.get_reader(&options).map_err(lost)?;
        Ok(Blocks { reader: Some(reader), block_bytes })
    }

    /// The next block, full unless it is the last; None behind it.
    pub(super) async fn next(&mut self) -> Result<Option<Vec<u8>>, RestError> {
        let Some(reader) = &self.reader else { return Ok(None) };
        let view = Uint8Array::new_with_length(self.block_bytes);
        let read = reader.read_at_least(self.block_bytes, &view).map_err(lost)?;
        let read: Read = JsFuture::from(read).await.map_err(lost)?.unchecked_into();
        let block = read.value().map_err(lost)?.dyn_into().map(|value: Uint8Array| value.to_vec());
        let block = block.unwrap_or_default();
        if block.len() < self.block_bytes as usize {
            self.reader = None;
        }
        Ok(if block.is_empty() { None } else { Some(block) })
    }

    /// Lets go of what was not read.
    pub(super) fn cancel(&mut self) {
        if let Some(reader) = self.reader.take() {
            drop(reader.cancel());
        }
    }
}

fn lost(error: JsValue) -> RestError {
    let error = worker::Error::from(error);
    RestError::Malformed(format!("The body did not arrive whole: {error}"))
}
