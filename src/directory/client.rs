//! The directory as others ask it. Each answer is the value, or the directory's refusal; an error
//! means that no answer came.

use isolite_protocol::directory::{DatabaseName, DatabaseRecord, NewDatabase, Refusal};
use isolite_protocol::query_string;
use serde::de::DeserializeOwned;
use worker::{Env, Error, Result};

use crate::object::call_js::{Message, Object, Text, send};

pub(crate) type Outcome<T> = Result<std::result::Result<T, Refusal>>;

pub(crate) async fn create(env: &Env, new: &NewDatabase) -> Outcome<DatabaseRecord> {
    let body = Text::from(serde_json::to_string(new)?.as_str());
    ask(env, "/create", Some(&body)).await
}

pub(crate) async fn resolve(env: &Env, name: &DatabaseName) -> Outcome<DatabaseRecord> {
    let path = format!("/resolve?name={}", query_string::encode(name.as_str()));
    ask(env, &path, None).await
}

pub(crate) async fn get(env: &Env, id: &str) -> Outcome<DatabaseRecord> {
    ask(env, &format!("/get?id={}", query_string::encode(id)), None).await
}

pub(crate) async fn ask<T: DeserializeOwned>(
    env: &Env,
    path: &str,
    body: Option<&Text>,
) -> Outcome<T> {
    let message = Message { path, body, ..Message::default() };
    let answer = send(env, Object::Directory, message).await?;
    let text = String::from(answer.text);
    if answer.status == 200 {
        return Ok(Ok(serde_json::from_str(&text)?));
    }
    match Refusal::decode(answer.status, &text) {
        Some(refusal) => Ok(Err(refusal)),
        None => Err(Error::RustError(format!("The directory failed ({}): {text}", answer.status))),
    }
}
