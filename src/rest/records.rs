//! The directory as REST alone asks it: in pages, and to change or delete.

use isolite_protocol::directory::{
    DatabaseList, DatabaseRecord, Group, GroupPage, ListPage, Refusal,
};
use isolite_protocol::query_string;
use serde::de::IgnoredAny;
use worker::Env;

use crate::directory::client::{Outcome, ask};
use crate::object::call_js::Text;

pub(super) async fn list(env: &Env, page: &ListPage) -> Outcome<DatabaseList> {
    ask(env, &format!("/list?{}", page.to_query()), None).await
}

pub(super) async fn delete(env: &Env, id: &str, purge: bool) -> Outcome<()> {
    let path = format!("/delete?id={}&purge={purge}", query_string::encode(id));
    let outcome: std::result::Result<IgnoredAny, Refusal> = ask(env, &path, None).await?;
    Ok(outcome.map(|_| ()))
}

pub(super) async fn undelete(env: &Env, id: &str, body: &str) -> Outcome<DatabaseRecord> {
    let path = format!("/undelete?id={}", query_string::encode(id));
    ask(env, &path, Some(&Text::from(body))).await
}

pub(super) async fn set(env: &Env, id: &str, body: &str, whole: bool) -> Outcome<DatabaseRecord> {
    let path = format!("/settings?id={}&whole={whole}", query_string::encode(id));
    ask(env, &path, Some(&Text::from(body))).await
}

pub(super) async fn group(env: &Env, page: &GroupPage) -> Outcome<Group> {
    ask(env, &format!("/group?{}", page.to_query()), None).await
}
