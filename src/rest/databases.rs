//! Databases as REST resources: create, list, get, delete.

use isolite_protocol::directory::{
    DatabaseInfo, DatabaseName, DatabaseRecord, ListPage, NewDatabase, is_database_id,
};
use isolite_protocol::rest::{Database, Envelope, RestError, ResultInfo, select_fields};
use worker::Env;

use super::{Answer, records};
use crate::directory::client::{self, Outcome};
use crate::error;
use crate::object::call_js::{Message, Object, send};
use crate::region;

pub(super) async fn create(env: &Env, body: &str) -> Answer {
    let new = NewDatabase::decode(body).map_err(|error| RestError::Malformed(error.to_string()))?;
    let new = NewDatabase { if_missing: false, region: region::here(env), ..new };
    let record = insert(env, &new).await?;
    success(&described(env, record).await, None)
}

/// Creates it at the directory.
pub(super) async fn insert(env: &Env, new: &NewDatabase) -> Result<DatabaseRecord, RestError> {
    settle(client::create(env, new).await, new.name.as_str())
}

/// The first call places the primary of a new one: near this caller, unless a hint says where.
pub(super) async fn described(env: &Env, record: DatabaseRecord) -> Database {
    let info = info(env, &record).await.ok();
    Database::detailed(record, info.as_ref())
}

pub(super) async fn list(env: &Env, query: &str) -> Answer {
    let list = settle(records::list(env, &ListPage::from_query(query)).await, "")?;
    let info = ResultInfo::new(list.page, list.per_page, list.count, list.total_count);
    let databases: Vec<Database> = list.databases.into_iter().map(Database::listed).collect();
    let result = serde_json::to_string(&databases).map_err(unencodable)?;
    Ok(Envelope::success(&result, Some(&info)))
}

pub(super) async fn get(env: &Env, database: &str, fields: Option<&str>) -> Answer {
    let record = find(env, database).await?;
    let info = match Database::needs_info(fields) {
        true => Some(info(env, &record).await?),
        false => None,
    };
    success(&Database::detailed(record, info.as_ref()), fields)
}

pub(super) async fn delete(env: &Env, database: &str) -> Answer {
    let record = find(env, database).await?;
    settle(records::delete(env, &record.uuid).await, database)?;
    Ok(Envelope::success("null", None))
}

/// The record of a database named by its id or by its name.
pub(super) async fn find(env: &Env, database: &str) -> Result<DatabaseRecord, RestError> {
    if is_database_id(database) {
        return settle(records::get(env, database).await, database);
    }
    match DatabaseName::parse(database) {
        Ok(name) => settle(client::resolve(env, &name).await, database),
        // What cannot be a name was never created.
        Err(_) => Err(RestError::NoSuchDatabase(database.to_owned())),
    }
}

async fn info(env: &Env, record: &DatabaseRecord) -> Result<DatabaseInfo, RestError> {
    let message = Message { path: "/info", ..Message::default() };
    let answer = send(env, Object::primary_of(record), message).await;
    let answer = answer.map_err(|error| error::of_platform(&error))?;
    let text = String::from(answer.text);
    match answer.status {
        200 => serde_json::from_str(&text).map_err(unencodable),
        404 => Err(RestError::NoSuchDatabase(record.uuid.clone())),
        _ => Err(RestError::Internal(text)),
    }
}

pub(super) fn settle<T>(outcome: Outcome<T>, database: &str) -> Result<T, RestError> {
    let outcome = outcome.map_err(|error| error::of_platform(&error))?;
    outcome.map_err(|refusal| error::of_directory(refusal, database))
}

fn success(database: &Database, fields: Option<&str>) -> Answer {
    let result = select_fields(database, fields).map_err(unencodable)?;
    Ok(Envelope::success(&result, None))
}

fn unencodable(error: serde_json::Error) -> RestError {
    RestError::Internal(error.to_string())
}
