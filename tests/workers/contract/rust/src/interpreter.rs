//! Makes the calls of a case, as tests/contract/interpreter.mjs does, on a database of either crate.
//!
//! What Rust cannot say is said as near to it as Rust can, and the same to both databases: `raw`
//! without the columns' names, no text for what is no text, a function of the platform for one of the
//! case. There the contract leaves the case out, and the differential test learns nothing.

use std::collections::HashMap;

use js_sys::{Array, Reflect};
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use wasm_bindgen::{JsCast, JsValue};
use worker::Result;

use super::api::{D1Database, D1DatabaseSession, D1PreparedStatement, D1Result};
use super::program;
use crate::exotic;
use crate::outcome::{Described, Executed, Outcome, Told};
use crate::row::Row;

type Sessions = HashMap<String, D1DatabaseSession>;

/// What came of a case, and the size that the empty database had at its start.
#[derive(Serialize)]
#[serde(untagged)]
enum Case {
    Taken { size: Option<usize>, outcomes: Vec<Outcome> },
    Failed { error: Described },
}

/// Answers the steps of a case, those of many cases, or the program.
pub async fn answer(body: &JsValue, db: &D1Database) -> Result<String> {
    if get(body, "program")?.is_truthy() {
        empty(db).await?;
        return Ok(serde_json::to_string(&program::run(db).await)?);
    }
    if let Some(cases) = get(body, "cases")?.dyn_ref::<Array>() {
        let mut answers = Vec::new();
        for steps in cases.iter() {
            answers.push(take_case(&steps, db).await?);
        }
        return Ok(serde_json::to_string(&answers)?);
    }
    Ok(match take_case(body, db).await? {
        Case::Taken { outcomes, .. } => serde_json::to_string(&outcomes)?,
        failed => serde_json::to_string(&failed)?,
    })
}

async fn take_case(steps: &JsValue, db: &D1Database) -> Result<Case> {
    let size = match empty(db).await {
        Ok(size) => size,
        Err(error) => return Ok(Case::Failed { error: Described::of(&error) }),
    };
    let mut sessions = Sessions::new();
    let mut outcomes = Vec::new();
    for step in steps.dyn_ref::<Array>().ok_or("no array of steps")?.iter() {
        outcomes.push(Outcome::of(take(&step, db, &mut sessions).await));
    }
    Ok(Case::Taken { size, outcomes })
}

async fn take(step: &JsValue, db: &D1Database, sessions: &mut Sessions) -> Result<Box<RawValue>> {
    let call = text(step, "call")?.unwrap_or_default();
    let name = text(step, "session")?;
    if let ("open", Some(name)) = (call.as_str(), &name) {
        let start = match text(step, "bookmarkOf")? {
            Some(other) => sessions.get(&other).ok_or("no such session")?.get_bookmark()?,
            None => text(step, "constraint")?,
        };
        sessions.insert(name.clone(), db.with_session(start.as_deref())?);
        return Ok(to_raw_value(&())?);
    }
    let target = match name {
        Some(name) => Target::Session(sessions.get(&name).ok_or("no such session")?),
        None => Target::Database(db),
    };
    Ok(match call.as_str() {
        "bookmark" => to_raw_value(&target.bookmark()?)?,
        "dump" => to_raw_value(&db.dump().await?)?,
        "exec" => {
            let executed = db.exec(&text(step, "sql")?.unwrap_or_default()).await?;
            let (count, duration) = (executed.count()?, executed.duration()?);
            to_raw_value(&Executed { count, duration })?
        }
        "batch" => {
            let statements = get(step, "statements")?.dyn_into::<Array>()?;
            let statements = statements.iter().map(|each| target.prepare(&each));
            let results = target.batch(statements.collect::<Result<_>>()?).await?;
            let told = results.iter().map(tell).collect::<Result<Vec<_>>>()?;
            to_raw_value(&told)?
        }
        "all" => to_raw_value(&tell(&target.prepare(step)?.all().await?)?)?,
        "run" => to_raw_value(&tell(&target.prepare(step)?.run().await?)?)?,
        // The names of columns that `raw` gives in JavaScript are in neither crate.
        "raw" => to_raw_value(&target.prepare(step)?.raw::<serde_json::Value>().await?)?,
        "first" => match column(step)? {
            Some(column) => {
                let value = target.prepare(step)?.first::<serde_json::Value>(Some(&column)).await?;
                to_raw_value(&value)?
            }
            None => to_raw_value(&target.prepare(step)?.first::<Row>(None).await?)?,
        },
        other => return Err(format!("no call {other}").into()),
    })
}

/// What a call is made on.
enum Target<'a> {
    Database(&'a D1Database),
    Session(&'a D1DatabaseSession),
}

impl Target<'_> {
    fn prepare(&self, step: &JsValue) -> Result<D1PreparedStatement> {
        let sql = text(step, "sql")?.unwrap_or_default();
        let statement = match self {
            Target::Database(db) => db.prepare(sql),
            Target::Session(session) => session.prepare(sql),
        };
        let params = get(step, "params")?;
        if params.is_undefined() {
            Ok(statement)
        } else {
            statement.bind(&exotic::values(&params)?)
        }
    }

    async fn batch(&self, statements: Vec<D1PreparedStatement>) -> Result<Vec<D1Result>> {
        match self {
            Target::Database(db) => db.batch(statements).await,
            Target::Session(session) => session.batch(statements).await,
        }
    }

    fn bookmark(&self) -> Result<Option<String>> {
        match self {
            Target::Database(_) => Ok(None),
            Target::Session(session) => session.get_bookmark(),
        }
    }
}

fn tell(result: &D1Result) -> Result<Told<serde_json::Value, Row>> {
    let meta = result.meta()?.ok_or("no meta")?;
    let meta = serde_json::json!({
        "duration": meta.duration,
        "changes": meta.changes,
        "last_row_id": meta.last_row_id,
        "changed_db": meta.changed_db,
        "size_after": meta.size_after,
        "rows_read": meta.rows_read,
        "rows_written": meta.rows_written,
    });
    Ok(Told { success: result.success(), meta, results: result.results()? })
}

fn get(object: &JsValue, key: &str) -> Result<JsValue> {
    Ok(Reflect::get(object, &key.into())?)
}

fn text(object: &JsValue, key: &str) -> Result<Option<String>> {
    Ok(get(object, key)?.as_string())
}

fn column(step: &JsValue) -> Result<Option<String>> {
    let args = get(step, "args")?;
    let Some(column) = args.dyn_ref::<Array>().map(|args| args.get(0)) else { return Ok(None) };
    Ok(column.as_string().or_else(|| column.as_f64().map(|number| number.to_string())))
}

const OWN_TABLES: &str = "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') \
    AND name NOT GLOB 'sqlite_*' AND name NOT GLOB '_cf_*' \
    ORDER BY coalesce(sql, '') NOT LIKE 'CREATE VIRTUAL %', rowid DESC";

/// Answers the size that is left.
async fn empty(db: &D1Database) -> Result<Option<usize>> {
    let mut statements = vec![db.prepare("PRAGMA defer_foreign_keys = ON")];
    for row in db.prepare(OWN_TABLES).all().await?.results::<Row>()? {
        let (Some(kind), Some(name)) = (row.text("type"), row.text("name")) else { continue };
        let name = name.replace('"', "\"\"");
        statements.push(db.prepare(format!("DROP {kind} IF EXISTS \"{name}\"")));
    }
    for sql in [
        "DROP TABLE IF EXISTS sqlite_stat1",
        "CREATE TABLE start (id INTEGER PRIMARY KEY)",
        "INSERT INTO start VALUES (0)",
        "DROP TABLE start",
    ] {
        statements.push(db.prepare(sql));
    }
    let results = db.batch(statements).await?;
    let meta = results.last().map(D1Result::meta).transpose()?.flatten();
    Ok(meta.and_then(|meta| meta.size_after))
}
