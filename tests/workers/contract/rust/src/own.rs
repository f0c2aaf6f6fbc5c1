//! What the crate `isolite` has besides what `worker::d1` has.

use isolite::{D1Database, D1Failure, D1Type, Value, existing_database, parameter};
use serde::Serialize;
use worker::{Env, Error, Result};

const HELD: &str = "SELECT typeof(?1), quote(?1)";

/// What each kind of argument was bound as, and what failures tell.
#[derive(Serialize)]
struct Report {
    bound: Vec<Vec<String>>,
    read: Vec<Vec<i64>>,
    failures: Vec<Option<[String; 3]>>,
}

pub async fn answer(env: &Env, db: &D1Database) -> Result<String> {
    let held = db.prepare(HELD);
    let bigint = D1Type::BigInt(i64::MAX);
    let statements = [
        held.bind_refs(&bigint)?,
        held.clone().bind(&[(&bigint).into()])?,
        held.bind_refs(&[Value::Integer(i64::MIN)])?,
        held.clone().bind_values(vec![Value::Integer(7)]),
        held.clone().bind_values(vec![Value::Real(7.0)]),
        held.clone().bind_values(vec![parameter(&u64::from(u32::MAX))?]),
        held.clone().bind_values(vec![parameter(&Some(i64::MAX - 1))?]),
    ];
    let mut bound = Vec::new();
    for statement in statements {
        bound.extend(statement.raw::<String>().await?);
    }
    let read = isolite::query!(db, "SELECT ?1, ?2", i64::MIN, i64::MAX)?.raw().await?;
    let failures = vec![
        failure(db.prepare("SELECT nope").all().await),
        failure(db.prepare("SELECT nope").run().await),
        failure(db.prepare("SELECT 1 AS a").first::<i64>(Some("b")).await),
        failure(db.exec("SELECT nope").await),
        failure(existing_database(env, "nobody_made_it").prepare("SELECT 1").run().await),
        failure::<()>(Err(Error::RustError("D1_ERROR: of another kind".into()))),
    ];
    Ok(serde_json::to_string(&Report { bound, read, failures })?)
}

fn failure<T>(result: Result<T>) -> Option<[String; 3]> {
    let failure = D1Failure::of(&result.err()?)?;
    Some([failure.code().to_owned(), failure.cause().to_owned(), failure.to_string()])
}
