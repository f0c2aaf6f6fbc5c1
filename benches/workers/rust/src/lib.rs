//! The peer `isolite-rust`: a Rust Worker with its database inside, answering the same
//! requests as `benches/workers/bench.js`, which says what is measured.

mod operation;
mod stopwatch;

use std::time::Duration;

use isolite::{D1Database, Value};
use serde::{Deserialize, Serialize};
use worker::{Context, Delay, Env, Method, Request, Response, Result, event};

use operation::{Operation, Work};
use stopwatch::{Stopwatch, group_size, now_ms};

pub use isolite::{IsoliteDirectory, IsolitePrimary, IsoliteReplica};

#[derive(Deserialize)]
struct Statement {
    sql: String,
    params: Vec<Value>,
}

#[derive(Serialize)]
struct Times {
    durations_us: Vec<f64>,
}

#[event(fetch)]
async fn fetch(mut request: Request, env: Env, _context: Context) -> Result<Response> {
    let db = isolite::database(&env, "bench");
    let body = request.text().await?;
    match (request.method(), request.path().as_str()) {
        (Method::Post, "/load") => load(&db, serde_json::from_str(&body)?).await,
        (Method::Post, "/run") => run(&db, serde_json::from_str(&body)?).await,
        _ => Response::error("No such path", 404),
    }
}

async fn load(db: &D1Database, statements: Vec<Statement>) -> Result<Response> {
    let bound = |Statement { sql, params }| db.prepare(sql).bind_values(params);
    db.batch(statements.into_iter().map(bound).collect()).await?;
    Response::from_json(&serde_json::json!({}))
}

/// Reads from now on are answered from memory: D1's `meta` has no word in Rust for who answered, so
/// that is not checked, and all that is done is to give the memory time to be filled.
const FILLED_AFTER: Duration = Duration::from_millis(300);
/// As in the other Workers.
const WARM_UP_MS: f64 = 300.0;

async fn run(db: &D1Database, work: Work) -> Result<Response> {
    if work.reads {
        db.prepare("SELECT 1").all().await?;
        Delay::from(FILLED_AFTER).await;
    }
    let mut operations = work.operations()?;
    let mut rehearsed = operations.split_off(operations.len().min(work.warm_up / 2));
    let measured = rehearsed.split_off(rehearsed.len().min(work.warm_up.div_ceil(2)));
    let until_ms = now_ms()? + if work.reads { WARM_UP_MS } else { 0.0 };
    loop {
        each(db, &work, operations.clone()).await?;
        Delay::from(Duration::ZERO).await;
        if now_ms()? >= until_ms {
            break;
        }
    }
    let mean_us = laps_us(db, &work, vec![rehearsed]).await?;
    let size = group_size(mean_us.first().copied().unwrap_or(f64::MAX));
    let durations_us = laps_us(db, &work, groups(measured, size)).await?;
    Response::from_json(&Times { durations_us })
}

/// Microseconds that a call of each group took in the mean.
async fn laps_us(db: &D1Database, work: &Work, groups: Vec<Vec<Operation>>) -> Result<Vec<f64>> {
    let sizes: Vec<usize> = groups.iter().map(Vec::len).collect();
    let mut stopwatch = Stopwatch::new()?;
    for group in groups {
        if stopwatch.pauses()? {
            Delay::from(Duration::ZERO).await;
            db.prepare("SELECT 1").all().await?;
        }
        stopwatch.start()?;
        each(db, work, group).await?;
        stopwatch.stop()?;
    }
    let laps_us = stopwatch.durations_us().into_iter().zip(sizes);
    Ok(laps_us.map(|(lap_us, size)| lap_us / size as f64).collect())
}

async fn each(db: &D1Database, work: &Work, operations: Vec<Operation>) -> Result<()> {
    for operation in operations {
        let rows = operation.run(db, &work.sql).await?;
        if rows != work.expected {
            let (name, expected) = (&work.operation, work.expected);
            let message = format!("{name}: {rows} rows instead of {expected}");
            return Err(worker::Error::RustError(message));
        }
    }
    Ok(())
}

fn groups(operations: Vec<Operation>, size: usize) -> Vec<Vec<Operation>> {
    let mut operations = operations.into_iter();
    let groups = std::iter::from_fn(|| Some(operations.by_ref().take(size).collect::<Vec<_>>()));
    groups.take_while(|group| !group.is_empty()).collect()
}
