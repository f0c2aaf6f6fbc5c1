//! Rust's calls to the Durable Objects of Isolite, the one Rust file that knows how JavaScript does
//! them. JavaScript's own are in bindings/js/src/router.ts.
//!
//! A body goes out and an answer comes back as the JavaScript string it is ([`Text`]): who only
//! passes it on never copies it into wasm. A stub is made for each call, since none may outlive
//! the request that made it, nor an error. Each object has one method for RPC, `call`, which takes
//! a [`Message`] and resolves with an [`Answer`].

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use isolite_protocol::directory::{DatabaseRecord, Jurisdiction, LocationHint};
use isolite_protocol::rest::Home;
use js_sys::{Array, JsString, Object as JsObject, Promise, Reflect, Uint8Array};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use worker::{Delay, Env, Error, Result};

/// D1 ends a query at 30 s; a call may wait that long for another query before its own begins.
const CALL_TIME_MAX: Duration = Duration::from_secs(60);

#[wasm_bindgen]
extern "C" {
    type Bindings;

    #[wasm_bindgen(method, getter, catch, js_name = ISOLITE_DIRECTORY)]
    fn directory(this: &Bindings) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = ISOLITE_PRIMARY)]
    fn primary(this: &Bindings) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = ISOLITE_REPLICA)]
    fn replica(this: &Bindings) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter, catch, js_name = ISOLITE_UPLOAD)]
    fn upload(this: &Bindings) -> Result<JsValue, JsValue>;

    type Namespace;

    #[wasm_bindgen(method, catch)]
    fn jurisdiction(this: &Namespace, name: &str) -> Result<Namespace, JsValue>;

    #[wasm_bindgen(method, catch, js_name = getByName)]
    fn get_by_name(this: &Namespace, name: &str, options: &JsValue) -> Result<Stub, JsValue>;

    type Stub;

    #[wasm_bindgen(method, catch)]
    fn call(
        this: &Stub,
        path: &str,
        body: Option<&JsString>,
        session: Option<&str>,
        have: Option<&str>,
        ltx: &JsValue,
    ) -> Result<Promise, JsValue>;
}

#[wasm_bindgen(module = "cloudflare:workers")]
extern "C" {
    #[wasm_bindgen(catch, js_name = waitUntil)]
    fn wait_until_js(promise: &Promise) -> Result<(), JsValue>;
}

/// A JavaScript string that stays in JavaScript until its text is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Text(JsString);

/// An object, by the name that finds it and the place where its first call puts it.
#[derive(Clone, Copy)]
pub(crate) enum Object<'a> {
    /// The one object that knows all databases.
    Directory,
    /// The object of one database.
    Primary(Address<'a>),
    /// The object of one database in one region.
    Replica(Address<'a>),
    /// The object of one file that is to be imported.
    #[cfg_attr(not(feature = "entry"), allow(dead_code))]
    Upload(Address<'a>),
}

#[derive(Clone, Copy)]
pub(crate) struct Address<'a> {
    pub name: &'a str,
    pub location_hint: Option<&'a str>,
    pub jurisdiction: Option<&'a str>,
}

impl<'a> Object<'a> {
    pub(crate) fn primary_of(record: &'a DatabaseRecord) -> Object<'a> {
        Object::Primary(Address::beside(record, record.primary_name()))
    }
}

impl<'a> Address<'a> {
    /// Of an object that lies where those of a database do.
    pub(crate) fn of(home: &Home, name: &'a str) -> Address<'a> {
        Address {
            name,
            location_hint: home.primary_location_hint.map(LocationHint::as_str),
            jurisdiction: home.jurisdiction.map(Jurisdiction::as_str),
        }
    }

    /// Of an object that lies where the database's primary does.
    pub(crate) fn beside(record: &DatabaseRecord, name: &'a str) -> Address<'a> {
        Address {
            name,
            location_hint: record.primary_location_hint.map(|hint| hint.as_str()),
            jurisdiction: record.jurisdiction.map(|jurisdiction| jurisdiction.as_str()),
        }
    }
}

/// What an object is asked: a path, with its query part, as of a URL. `session` is D1's constraint
/// or bookmark; `have` is where the caller's replica stands, empty without one; `ltx` is what a
/// push brings, or a part of an upload.
#[derive(Clone, Copy, Default)]
pub(crate) struct Message<'a> {
    pub path: &'a str,
    pub body: Option<&'a Text>,
    pub session: Option<&'a str>,
    pub have: Option<&'a str>,
    pub ltx: Option<&'a [u8]>,
}

/// What it answered: a status as HTTP has it, a text, and for a session the bookmark.
pub(crate) struct Answer {
    pub status: u16,
    pub bookmark: Option<String>,
    pub text: Text,
    /// LTX that brings the caller's replica to the bookmark.
    pub commits: Option<Vec<u8>>,
    /// How long ago a replica that answered knew that the bookmark was the primary's newest; 0 of
    /// the primary.
    pub age_ms: f64,
}

/// An error means that no answer came: whether the object did what it was asked is not known.
pub(crate) async fn send(env: &Env, object: Object<'_>, message: Message<'_>) -> Result<Answer> {
    send_within(CALL_TIME_MAX, env, object, message).await
}

/// The same where somebody waits who can be helped otherwise.
pub(crate) async fn send_within(
    time_max: Duration,
    env: &Env,
    object: Object<'_>,
    message: Message<'_>,
) -> Result<Answer> {
    let stub = stub(env, object)?;
    let Message { path, body, session, have, ltx } = message;
    let ltx = ltx.map_or(JsValue::UNDEFINED, |ltx| Uint8Array::from(ltx).into());
    let call = stub.call(path, body.map(|body| &body.0), session, have, &ltx)?;
    let settled =
        within(time_max, JsFuture::from(call)).await.ok_or_else(|| too_late(time_max))??;
    Answer::decode(&settled).ok_or_else(|| Error::RustError(NO_ANSWER.to_owned()))
}

/// Lets work go on after the answer of the request that began it.
pub(crate) fn wait_until(work: impl Future<Output = ()> + 'static) {
    let work = wasm_bindgen_futures::future_to_promise(async {
        work.await;
        Ok(JsValue::UNDEFINED)
    });
    // Outside a request there is nothing to wait for it, and it goes on as far as it can.
    drop(wait_until_js(&work));
}

/// Whether the platform can keep an object within that border; the error is the platform's text.
pub(crate) fn check_jurisdiction(
    env: &Env,
    jurisdiction: Jurisdiction,
) -> std::result::Result<(), String> {
    let primaries = primaries(env).map_err(|error| error.to_string())?;
    match primaries.jurisdiction(jurisdiction.as_str()) {
        Ok(_) => Ok(()),
        Err(thrown) => Err(match thrown.dyn_ref::<js_sys::Error>() {
            Some(error) => error.message().into(),
            None => format!("The platform refused the jurisdiction {}", jurisdiction.as_str()),
        }),
    }
}

/// What an object is called through, for the few that do it otherwise.
#[cfg(feature = "entry")]
pub(crate) fn stub_of(env: &Env, object: Object<'_>) -> Result<JsValue> {
    stub(env, object).map(JsValue::from)
}

fn stub(env: &Env, object: Object<'_>) -> Result<Stub> {
    let (everywhere, address) = match object {
        Object::Directory => {
            let directories = namespace(bindings(env).directory()?, "ISOLITE_DIRECTORY")?;
            return Ok(directories.get_by_name("directory", &JsValue::UNDEFINED)?);
        }
        Object::Primary(address) => (primaries(env)?, address),
        Object::Replica(address) => {
            (namespace(bindings(env).replica()?, "ISOLITE_REPLICA")?, address)
        }
        Object::Upload(address) => (namespace(bindings(env).upload()?, "ISOLITE_UPLOAD")?, address),
    };
    let namespace = match address.jurisdiction {
        Some(jurisdiction) => everywhere.jurisdiction(jurisdiction)?,
        None => everywhere,
    };
    let options = match address.location_hint {
        Some(hint) => {
            let options = JsObject::new();
            Reflect::set(&options, &"locationHint".into(), &hint.into())?;
            options.into()
        }
        None => JsValue::UNDEFINED,
    };
    Ok(namespace.get_by_name(address.name, &options)?)
}

/// Whether this Worker has replicas in regions: a Worker made before there were any has no binding.
pub(crate) fn has_replicas(env: &Env) -> bool {
    bindings(env).replica().is_ok_and(|binding| !binding.is_undefined())
}

fn primaries(env: &Env) -> Result<Namespace> {
    namespace(bindings(env).primary()?, "ISOLITE_PRIMARY")
}

fn bindings(env: &Env) -> &Bindings {
    env.unchecked_ref()
}

fn namespace(binding: JsValue, name: &str) -> Result<Namespace> {
    if binding.is_undefined() {
        return Err(Error::RustError(format!(
            "The binding {name} is missing: the Worker's configuration needs a Durable Object \
             binding of that name, as Isolite's README shows"
        )));
    }
    Ok(binding.unchecked_into())
}

/// What comes of it, or None when the time is over. A call whose answer never comes would leave its
/// future waiting, so each call from Rust has a limit.
pub(crate) async fn within<T>(time_max: Duration, work: impl Future<Output = T>) -> Option<T> {
    let mut work = pin!(work);
    let mut limit = pin!(Delay::from(time_max));
    poll_fn(|context| {
        if let Poll::Ready(done) = work.as_mut().poll(context) {
            return Poll::Ready(Some(done));
        }
        limit.as_mut().poll(context).map(|()| None)
    })
    .await
}

const NO_ANSWER: &str =
    "A Durable Object of another version of Isolite answered: deploy one version for all";

impl Answer {
    pub(crate) fn new(status: u16, text: impl Into<Text>) -> Answer {
        Answer { status, bookmark: None, text: text.into(), commits: None, age_ms: 0.0 }
    }

    /// As it crosses: `[text, status, bookmark, commits, age_ms]`.
    pub(crate) fn encode(self) -> Array {
        let bookmark = self.bookmark.map_or(JsValue::UNDEFINED, JsValue::from);
        let commits = self.commits.map_or(JsValue::UNDEFINED, |ltx| Uint8Array::from(&*ltx).into());
        let (status, age_ms) = (self.status.into(), self.age_ms.into());
        Array::of5(self.text.0.as_ref(), &status, &bookmark, &commits, &age_ms)
    }

    fn decode(settled: &JsValue) -> Option<Answer> {
        let parts: &Array = settled.dyn_ref()?;
        let text = parts.get(0).dyn_into::<JsString>().ok()?;
        let status = parts.get(1).as_f64()? as u16;
        let commits = parts.get(3).dyn_ref::<Uint8Array>().map(Uint8Array::to_vec);
        let (bookmark, age_ms) = (parts.get(2).as_string(), parts.get(4).as_f64().unwrap_or(0.0));
        Some(Answer { status, bookmark, text: Text(text), commits, age_ms })
    }
}

fn too_late(time_max: Duration) -> Error {
    Error::RustError(format!(
        "Network connection lost: no answer came within {} s, and whether a write has happened \
         is not known",
        time_max.as_secs()
    ))
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<JsString> for Text {
    fn from(text: JsString) -> Self {
        Self(text)
    }
}

impl From<Text> for JsString {
    fn from(text: Text) -> Self {
        text.0
    }
}

impl From<Text> for String {
    fn from(text: Text) -> Self {
        text.0.into()
    }
}
