//! What running a statement tells, and the traits that the types have.

use std::fmt::Debug;
use std::future::IntoFuture;

use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::Result;

use super::Report;
use super::api::D1Database;
use super::api::d1::{
    D1DatabaseSession, D1Error, D1PreparedArgument, D1PreparedStatement, D1Result, D1ResultMeta,
    D1SessionConstraint, D1Type,
};

/// The members of `meta` with their types.
#[derive(Serialize)]
struct Meta {
    changed_db: Option<bool>,
    changes: Option<usize>,
    /// Of what wrote: a replica that answers has no last row.
    last_row_id: Option<i64>,
    rows_read: Option<usize>,
    rows_written: Option<usize>,
    timed: bool,
    sized: bool,
}

fn members(result: &D1Result) -> Result<Option<Meta>> {
    let Some(meta) = result.meta()?.clone() else { return Ok(None) };
    let D1ResultMeta {
        changed_db,
        changes,
        duration,
        last_row_id,
        rows_read,
        rows_written,
        size_after,
    } = meta;
    let (duration, size_after): (Option<f64>, Option<usize>) = (duration, size_after);
    let last_row_id = last_row_id.filter(|_| changes != Some(0));
    let timed = duration.is_some_and(|ms| ms >= 0.0);
    let sized = size_after.is_some_and(|bytes| bytes > 0);
    Ok(Some(Meta { changed_db, changes, last_row_id, rows_read, rows_written, timed, sized }))
}

pub async fn run(db: &D1Database, report: &mut Report) {
    // As in code whose errors are JavaScript's, where `?` takes those of `exec`'s result as they are.
    let executed = async |sql: &str| -> std::result::Result<Option<u32>, JsValue> {
        let result = db.exec(sql).await?;
        let timed: Option<f64> = result.duration()?;
        result.count().map(|count| count.filter(|_| timed.is_some()))
    };
    let lines = executed("CREATE TABLE r (id INTEGER PRIMARY KEY)\nCREATE TABLE s (a)").await;
    report.add("exec counts lines", lines.map_err(Into::into));

    let insert = db.prepare("INSERT INTO r DEFAULT VALUES RETURNING id");
    // Awaiting a statement runs it.
    let awaited: Result<D1Result> = insert.clone().await;
    report.add("await", awaited.and_then(|result| members(&result)));
    report.add("run", insert.run().await.and_then(|result| members(&result)));
    let rows = insert.run().await.and_then(|result| result.results::<serde_json::Value>());
    report.add("run has rows", rows);
    let all = db.prepare("SELECT * FROM r").all().await;
    report.add("success", all.as_ref().map(D1Result::success).map_err(|_| "failed".into()));
    report.add("error", all.as_ref().map(D1Result::error).map_err(|_| "failed".into()));
    report.add("all", all.and_then(|result| members(&result)));
    let first = db.prepare("SELECT id FROM r WHERE id = 99").first::<i64>(None).await;
    report.add("first of nothing", first);
    let null = db.prepare("SELECT NULL AS a").first::<i64>(Some("a")).await;
    report.add("first of NULL", null);
    report.add("the types have their traits", Ok(traits()));
}

fn traits() -> usize {
    fn shared<T: Debug + Send + Sync>() -> usize {
        size_of::<T>().min(1)
    }
    fn debug<T: Debug>() -> usize {
        size_of::<T>().min(1)
    }
    fn copied<T: Clone + Copy + Eq + Debug>() -> usize {
        size_of::<T>().min(1)
    }
    fn awaited<T: IntoFuture<Output = Result<D1Result>> + Clone + Debug>() -> usize {
        size_of::<T>().min(1)
    }
    fn decoded<T: DeserializeOwned + Clone + Debug>() -> usize {
        size_of::<T>().min(1)
    }
    fn error<T: Clone + Debug + std::fmt::Display + AsRef<js_sys::Error> + AsRef<JsValue>>() -> usize
    where
        worker::Error: From<T>,
    {
        size_of::<T>().min(1)
    }
    shared::<D1Database>()
        + shared::<D1DatabaseSession>()
        + debug::<D1Result>()
        + debug::<D1Type<'_>>()
        + debug::<D1PreparedArgument<'_>>()
        + copied::<D1SessionConstraint>()
        + awaited::<D1PreparedStatement>()
        + decoded::<D1ResultMeta>()
        + error::<D1Error>()
}
