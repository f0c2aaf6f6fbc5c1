//! WebSockets in the platform's hibernating form: they stay open while their object sleeps, and keep a
//! little text of ours meanwhile.
//!
//! The `worker` crate panics where the platform refuses, and has one attribute for an object's handlers
//! where two are needed, so the imports are our own, each with `catch`.

use js_sys::{Object, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Env, Request, Response, Result, State};

use super::call_js::{self, Object as Target};

#[wasm_bindgen]
extern "C" {
    #[derive(Clone)]
    type WebSocket;

    #[wasm_bindgen(method, catch)]
    fn send(this: &WebSocket, text: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch)]
    fn close(this: &WebSocket, code: u16, reason: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = serializeAttachment)]
    fn serialize_attachment(this: &WebSocket, text: &str) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = deserializeAttachment)]
    fn deserialize_attachment(this: &WebSocket) -> Result<JsValue, JsValue>;

    type WebSocketPair;

    #[wasm_bindgen(constructor, catch)]
    fn new() -> Result<WebSocketPair, JsValue>;

    type Sockets;

    #[wasm_bindgen(method, catch, js_name = acceptWebSocket)]
    fn accept_web_socket(this: &Sockets, socket: &WebSocket) -> Result<(), JsValue>;

    #[wasm_bindgen(method, catch, js_name = getWebSockets)]
    fn get_web_sockets(this: &Sockets) -> Result<js_sys::Array, JsValue>;

    #[wasm_bindgen(js_name = Request)]
    type NewRequest;

    #[wasm_bindgen(constructor, catch, js_class = "Request")]
    fn new(url: &str, like: &JsValue) -> Result<NewRequest, JsValue>;

    #[wasm_bindgen(js_name = Response)]
    type NewResponse;

    #[wasm_bindgen(constructor, catch, js_class = "Response")]
    fn new(body: &JsValue, init: &JsValue) -> Result<NewResponse, JsValue>;

    type Stub;

    #[wasm_bindgen(method, catch)]
    fn fetch(this: &Stub, request: &NewRequest) -> Result<Promise, JsValue>;
}

/// One end of a WebSocket that an object has.
#[derive(Clone)]
pub(crate) struct Socket(WebSocket);

impl Socket {
    /// What a handler of the platform is given.
    pub(crate) fn of(socket: JsValue) -> Socket {
        Socket(socket.unchecked_into())
    }

    /// All that an object has, those included of before it slept.
    pub(crate) fn all(state: &State) -> Vec<Socket> {
        let sockets: &Sockets = state.as_raw().unchecked_ref();
        let all = sockets.get_web_sockets().unwrap_or_default();
        all.iter().map(Socket::of).collect()
    }

    /// Accepts one; the response has its other end.
    pub(crate) fn accept(
        state: &State,
        subprotocol: Option<&str>,
        attachment: &str,
    ) -> Result<(Socket, Response)> {
        let pair = WebSocketPair::new()?;
        let end = |name: &str| Reflect::get(&pair, &name.into());
        let (theirs, ours): (JsValue, WebSocket) = (end("0")?, end("1")?.unchecked_into());
        ours.serialize_attachment(attachment)?;
        let sockets: &Sockets = state.as_raw().unchecked_ref();
        sockets.accept_web_socket(&ours)?;
        let init = Object::new();
        Reflect::set(&init, &"status".into(), &101.into())?;
        Reflect::set(&init, &"webSocket".into(), &theirs)?;
        let headers = Object::new();
        if let Some(subprotocol) = subprotocol {
            Reflect::set(&headers, &"sec-websocket-protocol".into(), &subprotocol.into())?;
        }
        Reflect::set(&init, &"headers".into(), &headers)?;
        let response = NewResponse::new(&JsValue::NULL, &init)?;
        Ok((Socket(ours), as_response(response.into())))
    }

    /// A client that has gone gets nothing, and its end is told by the platform.
    pub(crate) fn send(&self, text: &str) {
        drop(self.0.send(text));
    }

    pub(crate) fn close(&self, code: u16, reason: &str) {
        drop(self.0.close(code, reason));
    }

    /// What it keeps, also while the object sleeps: 16 KiB at most.
    pub(crate) fn attach(&self, text: &str) -> Result<()> {
        Ok(self.0.serialize_attachment(text)?)
    }

    pub(crate) fn attached(&self) -> Option<String> {
        self.0.deserialize_attachment().ok()?.as_string()
    }
}

/// Has an object answer a request, at another URL. It gets the request as it came.
pub(crate) async fn hand_over(
    env: &Env,
    object: Target<'_>,
    url: &str,
    request: &Request,
) -> Result<Response> {
    let stub: Stub = call_js::stub_of(env, object)?.unchecked_into();
    let request = NewRequest::new(url, request.inner().as_ref())?;
    let response = JsFuture::from(stub.fetch(&request)?).await?;
    Ok(as_response(response))
}

fn as_response(response: JsValue) -> Response {
    Response::from(response.unchecked_into::<worker::worker_sys::web_sys::Response>())
}
