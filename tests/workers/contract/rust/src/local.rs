//! Reads from this isolate's own memory, as a handle with a bound of staleness makes them.

use std::time::Duration;

use isolite::{D1Database, database};
use serde::Serialize;
use worker::{Delay, Env, Result};

/// What each read after a write gave, and whether the replica gave it.
#[derive(Serialize)]
struct Report {
    reads: Vec<(i64, i64, bool)>,
    /// What was read in the middle, and at the end as of then.
    as_of: (i64, i64),
    /// What a write there was told.
    refused: String,
}

pub async fn answer(env: &Env) -> Result<String> {
    let db = database(env, "local").with_max_staleness(Duration::from_secs(1));
    db.exec("DROP TABLE IF EXISTS t").await?;
    db.exec("CREATE TABLE t (n INTEGER)").await?;
    write(&db, 0).await?;
    for _ in 0..200 {
        if read(&db).await?.1 {
            break;
        }
        Delay::from(Duration::from_millis(20)).await;
    }
    let mut reads = Vec::new();
    for n in 1..=20 {
        write(&db, n).await?;
        let (seen, local) = read(&db).await?;
        reads.push((n, seen, local));
    }
    let session = db.with_session(Some("first-primary"))?;
    let then = session.prepare(NEWEST).first(Some("max(n)")).await?.unwrap_or(-1);
    write(&db, 100).await?;
    let past = db.as_of(&session.get_bookmark()?.unwrap_or_default());
    let seen = past.prepare(NEWEST).first(Some("max(n)")).await?.unwrap_or(-1);
    let refused = past.prepare("DELETE FROM t").run().await.err();
    let refused = refused.map(|error| error.to_string()).unwrap_or_default();
    Ok(serde_json::to_string(&Report { reads, as_of: (then, seen), refused })?)
}

const NEWEST: &str = "SELECT max(n) FROM t";

async fn write(db: &D1Database, n: i64) -> Result<()> {
    isolite::query!(db, "INSERT INTO t VALUES (?1)", n)?.run().await?;
    Ok(())
}

/// The newest row. Only the primary tells the id of the row inserted last.
async fn read(db: &D1Database) -> Result<(i64, bool)> {
    let result = db.prepare("SELECT max(n) AS n FROM t").all().await?;
    let last_row_id = result.meta()?.and_then(|meta| meta.last_row_id);
    let newest = db.prepare(NEWEST).first(Some("max(n)")).await?;
    Ok((newest.unwrap_or(-1), last_row_id == Some(0)))
}
