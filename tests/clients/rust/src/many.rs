//! Many connections at once, and an answer of many rows.

use libsql::{Database, TransactionBehavior, params};
use tokio::task::JoinSet;

use crate::{Outcome, value};

const CONNECTIONS: usize = 8;
const INCREMENTS: usize = 25;

/// Half of them add within one statement, the others read and write back within a transaction.
pub async fn increments(db: &Database) -> Outcome {
    let conn = db.connect()?;
    conn.execute_batch("CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0)").await?;
    let mut tasks = JoinSet::new();
    for number in 0..CONNECTIONS {
        let conn = db.connect()?;
        tasks.spawn(async move {
            for _ in 0..INCREMENTS {
                if number % 2 == 0 {
                    conn.execute("UPDATE counter SET n = n + 1", ()).await?;
                    continue;
                }
                let behavior = TransactionBehavior::Immediate;
                let tx = conn.transaction_with_behavior(behavior).await?;
                let mut rows = tx.query("SELECT n FROM counter", ()).await?;
                let n: i64 = match rows.next().await? {
                    Some(row) => row.get(0)?,
                    None => return Err(libsql::Error::QueryReturnedNoRows),
                };
                tx.execute("UPDATE counter SET n = ?", [n + 1]).await?;
                tx.commit().await?;
            }
            Ok(())
        });
    }
    while let Some(done) = tasks.join_next().await {
        done??;
    }
    let expected = (CONNECTIONS * INCREMENTS) as i64;
    assert_eq!(value(&conn, "SELECT n FROM counter").await?, expected.into());
    Ok(())
}

pub async fn stream(db: &Database) -> Outcome {
    const ROWS: i64 = 50_000;
    let conn = db.connect()?;
    conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, half REAL)", ()).await?;
    let filled = "WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?1)
                  INSERT INTO t SELECT i, 'row ' || i, i / 2.0 FROM c";
    assert_eq!(conn.execute(filled, params![ROWS]).await?, ROWS as u64);
    let mut rows = conn.query("SELECT id, name, half FROM t ORDER BY id", ()).await?;
    let mut expected = 0;
    while let Some(row) = rows.next().await? {
        expected += 1;
        assert_eq!(row.get::<i64>(0)?, expected);
        assert_eq!(row.get_str(1)?, format!("row {expected}"));
        assert_eq!(row.get::<f64>(2)?, expected as f64 / 2.0);
    }
    assert_eq!(expected, ROWS);

    // One that is left in the middle, and the connection goes on.
    let mut rows = conn.query("SELECT id FROM t", ()).await?;
    rows.next().await?;
    drop(rows);
    assert_eq!(value(&conn, "SELECT max(id) FROM t").await?, ROWS.into());
    Ok(())
}
