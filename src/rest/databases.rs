//! Databases as REST resources: create, list, get, set, delete, undelete.

use isolite_protocol::directory::{
    DatabaseInfo, DatabaseList, DatabaseName, DatabaseRecord, DatabaseSettings, ListPage,
    NewDatabase, Refusal, is_database_id,
};
use isolite_protocol::rest::{Database, Envelope, RestError, ResultInfo, select_fields};
use worker::Env;

use super::{Answer, Grant, internal, primary, records};
use crate::directory::client::{self, Outcome};
use crate::error;
use crate::region;

pub(super) async fn create(env: &Env, grant: &Grant, body: &str) -> Answer {
    let new = NewDatabase::decode(body).map_err(|error| RestError::Malformed(error.to_string()))?;
    grant.allows_settings(&DatabaseSettings::default(), &new.settings)?;
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

/// A token for one database lists that one.
pub(super) async fn list(env: &Env, grant: &Grant, query: &str) -> Answer {
    let page = ListPage::from_query(query);
    let list = match grant.database() {
        None => settle(records::list(env, &page).await, "")?,
        Some(id) => only(client::get(env, id).await, id, &page)?,
    };
    let info = ResultInfo::new(list.page, list.per_page, list.count, list.total_count);
    let databases: Vec<Database> = list.databases.into_iter().map(Database::listed).collect();
    let result = serde_json::to_string(&databases).map_err(internal)?;
    Ok(Envelope::success(&result, Some(&info)))
}

fn only(
    record: Outcome<DatabaseRecord>,
    id: &str,
    page: &ListPage,
) -> Result<DatabaseList, RestError> {
    let found = match settle(record, id) {
        Ok(record) => Some(record),
        Err(RestError::NoSuchDatabase(_)) => None,
        Err(error) => return Err(error),
    };
    let part = page.name.as_deref().unwrap_or_default();
    let found = found.filter(|record| record.name.contains(part) && !page.deleted);
    let total_count = u32::from(found.is_some());
    let databases: Vec<_> = found.into_iter().filter(|_| page.page == 1).collect();
    let (page, per_page, count) = (page.page, page.per_page, databases.len() as u32);
    Ok(DatabaseList { databases, count, page, per_page, total_count })
}

pub(super) async fn get(env: &Env, database: &str, fields: Option<&str>) -> Answer {
    let record = find(env, database).await?;
    let info = match Database::needs_info(fields) {
        true => Some(info(env, &record).await?),
        false => None,
    };
    success(&Database::detailed(record, info.as_ref()), fields)
}

/// Settings: those that the body names, and all others anew if it is the `whole`.
pub(super) async fn set(
    env: &Env,
    grant: &Grant,
    database: &str,
    body: &str,
    whole: bool,
) -> Answer {
    let record = find(env, database).await?;
    let before = if whole { DatabaseSettings::default() } else { record.settings.clone() };
    let after = before.changed_by(body).map_err(|error| RestError::Malformed(error.0))?;
    grant.allows_settings(&record.settings, &after)?;
    let set = records::set(env, &record.uuid, body, whole).await;
    success(&Database::detailed(settle(set, database)?, None), None)
}

pub(super) async fn delete(env: &Env, database: &str, purge: bool) -> Answer {
    let id = match is_database_id(database) {
        // It may be deleted already, and is then no longer found.
        true => database.to_owned(),
        false => find(env, database).await?.uuid,
    };
    settle(records::delete(env, &id, purge).await, database)?;
    Ok(Envelope::success("null", None))
}

/// By its id: its name may have been given away.
pub(super) async fn undelete(env: &Env, id: &str, body: &str) -> Answer {
    let restored = records::undelete(env, id, body).await;
    let restored = match restored.map_err(|error| error::of_platform(&error))? {
        Err(Refusal::NameTaken(text)) => return Err(RestError::NameTakenMeanwhile(text)),
        restored => settle(Ok(restored), id)?,
    };
    success(&Database::detailed(restored, None), None)
}

/// The record of a database named by its id or by its name.
pub(crate) async fn find(env: &Env, database: &str) -> Result<DatabaseRecord, RestError> {
    if is_database_id(database) {
        return settle(client::get(env, database).await, database);
    }
    match DatabaseName::parse(database) {
        Ok(name) => settle(client::resolve(env, &name).await, database),
        // What cannot be a name was never created.
        Err(_) => Err(RestError::NoSuchDatabase(database.to_owned())),
    }
}

async fn info(env: &Env, record: &DatabaseRecord) -> Result<DatabaseInfo, RestError> {
    match primary::ask(env, record, "/info", None).await {
        Ok(told) => serde_json::from_str(&told.text).map_err(internal),
        Err(RestError::NotFound(_)) => Err(RestError::NoSuchDatabase(record.uuid.clone())),
        Err(error) => Err(error),
    }
}

pub(super) fn settle<T>(outcome: Outcome<T>, database: &str) -> Result<T, RestError> {
    let outcome = outcome.map_err(|error| error::of_platform(&error))?;
    outcome.map_err(|refusal| error::of_directory(refusal, database))
}

fn success(database: &Database, fields: Option<&str>) -> Answer {
    let result = select_fields(database, fields).map_err(internal)?;
    Ok(Envelope::success(&result, None))
}
