//! Transactions of several requests: what is committed, what is taken back, and what is run again.

use std::time::Duration;

use isolite::{
    D1Database, D1Transaction, D1TransactionMode, D1TransactionOptions, Error, Result, database,
};
use serde::Serialize;
use worker::{Delay, Env};

/// What each was answered, and the rows that were there then.
#[derive(Serialize)]
struct Report {
    committed: (i64, Vec<i64>),
    failed: (String, Vec<i64>),
    /// Within it, and outside meanwhile.
    seen: (Vec<i64>, Vec<i64>),
    batch: (String, Vec<i64>),
    nested: (String, Vec<i64>),
    again: (u32, Vec<i64>),
    never: (u32, String, Vec<i64>),
    read: (Vec<i64>, Vec<i64>, String),
    over: String,
    bookmarks: bool,
}

pub async fn answer(env: &Env) -> Result<String> {
    let db = database(env, "transactions");
    db.exec("DROP TABLE IF EXISTS t").await?;
    db.exec("CREATE TABLE t (n INTEGER PRIMARY KEY)").await?;
    let report = Report {
        committed: committed(&db).await?,
        failed: taken_back(&db).await?,
        seen: seen(env, &db).await?,
        batch: batch(&db).await?,
        nested: nested(&db).await?,
        again: again(env, &db).await?,
        never: never(env, &db).await?,
        read: read(env, &db).await?,
        over: over(&db).await?,
        bookmarks: bookmarks(&db).await?,
    };
    Ok(serde_json::to_string(&report)?)
}

const ALL: &str = "SELECT n FROM t ORDER BY n";

async fn all(db: &D1Database) -> Result<Vec<i64>> {
    Ok(db.prepare(ALL).raw().await?.concat())
}

async fn within(tx: &D1Transaction) -> Result<Vec<i64>> {
    Ok(tx.prepare(ALL).raw().await?.concat())
}

async fn insert(tx: &D1Transaction, n: i64) -> Result<()> {
    tx.prepare(format!("INSERT INTO t VALUES ({n})")).run().await.map(drop)
}

/// By a handle of nobody, so that it waits for the transaction that is open.
async fn insert_outside(env: &Env, n: i64) -> Result<()> {
    let other = database(env, "transactions");
    other.prepare(format!("INSERT INTO t VALUES ({n})")).run().await.map(drop)
}

fn text<T>(result: Result<T>) -> String {
    result.err().map(|error| error.to_string()).unwrap_or_default()
}

async fn committed(db: &D1Database) -> Result<(i64, Vec<i64>)> {
    let count = db.transaction(async |tx| {
        insert(tx, 1).await?;
        tx.exec("INSERT INTO t VALUES (2)\nINSERT INTO t VALUES (3)").await?;
        let count = tx.prepare("SELECT count(*) AS c FROM t").first::<i64>(Some("c")).await?;
        Ok(count.unwrap_or_default())
    });
    Ok((count.await?, all(db).await?))
}

async fn taken_back(db: &D1Database) -> Result<(String, Vec<i64>)> {
    let failed = db.transaction(async |tx| {
        insert(tx, 4).await?;
        Err::<(), _>(Error::RustError("not enough".to_owned()))
    });
    Ok((text(failed.await), all(db).await?))
}

async fn seen(env: &Env, db: &D1Database) -> Result<(Vec<i64>, Vec<i64>)> {
    let others = database(env, "transactions").with_max_staleness(Duration::ZERO);
    db.transaction(async |tx| {
        insert(tx, 5).await?;
        Ok((within(tx).await?, all(&others).await?))
    })
    .await
}

async fn batch(db: &D1Database) -> Result<(String, Vec<i64>)> {
    let refused = db.transaction(async |tx| {
        let taken = tx.prepare("INSERT INTO t VALUES (1)");
        let refused = text(tx.batch(vec![tx.prepare("INSERT INTO t VALUES (6)"), taken]).await);
        // Whoever has prepared it.
        tx.batch(vec![db.prepare("DELETE FROM t WHERE n = 5")]).await?;
        Ok(refused)
    });
    Ok((refused.await?, all(db).await?))
}

async fn nested(db: &D1Database) -> Result<(String, Vec<i64>)> {
    let failed = db.transaction(async |tx| {
        tx.transaction(async |nested| insert(nested, 7).await).await?;
        let failed = tx.transaction(async |nested| {
            insert(nested, 8).await?;
            Err::<(), _>(Error::RustError("inner".to_owned()))
        });
        Ok(text(failed.await))
    });
    Ok((failed.await?, all(db).await?))
}

/// It is rolled back, because somebody waits for it.
async fn again(env: &Env, db: &D1Database) -> Result<(u32, Vec<i64>)> {
    let mut runs = 0;
    db.transaction(async |tx| {
        runs += 1;
        insert(tx, 10 + runs).await?;
        if runs == 1 { insert_outside(env, 10).await } else { Ok(()) }
    })
    .await?;
    Ok((runs as u32, all(db).await?))
}

async fn never(env: &Env, db: &D1Database) -> Result<(u32, String, Vec<i64>)> {
    let mut runs = 0;
    let options = D1TransactionOptions { retries: 1, ..Default::default() };
    let failed = db.transaction_with(options, async |tx| {
        runs += 1;
        insert(tx, 20).await?;
        insert_outside(env, 20 + runs).await
    });
    let failed = text(failed.await);
    Ok((runs as u32, failed, all(db).await?))
}

async fn read(env: &Env, db: &D1Database) -> Result<(Vec<i64>, Vec<i64>, String)> {
    let options = D1TransactionOptions { mode: D1TransactionMode::Read, ..Default::default() };
    db.transaction_with(options, async |tx| {
        let before = within(tx).await?;
        insert_outside(env, 30).await?;
        Delay::from(Duration::from_millis(5)).await;
        Ok((before, within(tx).await?, text(insert(tx, 31).await)))
    })
    .await
}

async fn over(db: &D1Database) -> Result<String> {
    let kept = db.transaction(async |tx| Ok(tx.prepare("DELETE FROM t"))).await?;
    Ok(text(kept.run().await))
}

async fn bookmarks(db: &D1Database) -> Result<bool> {
    let session = db.with_session(None)?;
    session.transaction(async |tx| insert(tx, 40).await).await?;
    let first = session.get_bookmark()?;
    session.transaction(async |tx| insert(tx, 41).await).await?;
    Ok(first.is_some() && first < session.get_bookmark()?)
}
