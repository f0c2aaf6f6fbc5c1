//! The directory as REST alone asks it: by id, in pages, and to delete.

use isolite_protocol::directory::{DatabaseList, DatabaseRecord, ListPage, Refusal};
use isolite_protocol::query_string;
use serde::de::IgnoredAny;
use worker::Env;

use crate::directory::client::{Outcome, ask};

pub(super) async fn get(env: &Env, id: &str) -> Outcome<DatabaseRecord> {
    ask(env, &format!("/get?id={}", query_string::encode(id)), None).await
}

pub(super) async fn list(env: &Env, page: &ListPage) -> Outcome<DatabaseList> {
    ask(env, &format!("/list?{}", page.to_query()), None).await
}

pub(super) async fn delete(env: &Env, id: &str) -> Outcome<()> {
    let path = format!("/delete?id={}", query_string::encode(id));
    let outcome: std::result::Result<IgnoredAny, Refusal> = ask(env, &path, None).await?;
    Ok(outcome.map(|_| ()))
}
