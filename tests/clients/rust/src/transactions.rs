//! Transactions: how they end, how they begin, and what others see of them.

use std::time::Duration;

use libsql::{Connection, Database, TransactionBehavior};
use tokio::time::{sleep, timeout};

use crate::{Outcome, refused, value};

async fn table(db: &Database) -> libsql::Result<Connection> {
    let conn = db.connect()?;
    conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a)", ()).await?;
    Ok(conn)
}

const COUNT: &str = "SELECT count(*) FROM t";

pub async fn ends(db: &Database) -> Outcome {
    let conn = table(db).await?;
    let tx = conn.transaction().await?;
    tx.execute("INSERT INTO t (a) VALUES ('committed')", ()).await?;
    assert_eq!(value(&tx, COUNT).await?, 1.into());
    tx.commit().await?;
    assert_eq!(value(&conn, COUNT).await?, 1.into());

    let tx = conn.transaction().await?;
    tx.execute("INSERT INTO t (a) VALUES ('rolled back')", ()).await?;
    assert_eq!(value(&tx, COUNT).await?, 2.into());
    tx.rollback().await?;
    assert_eq!(value(&conn, COUNT).await?, 1.into());

    // One that is dropped is rolled back in the background, and the next writer waits no longer than that.
    let tx = conn.transaction().await?;
    tx.execute("INSERT INTO t (a) VALUES ('dropped')", ()).await?;
    drop(tx);
    let insert = conn.execute("INSERT INTO t (a) VALUES ('after')", ());
    timeout(Duration::from_secs(3), insert).await??;
    assert_eq!(value(&conn, COUNT).await?, 2.into());
    assert_eq!(value(&conn, "SELECT count(*) FROM t WHERE a = 'dropped'").await?, 0.into());

    // A statement that fails takes back itself alone.
    let tx = conn.transaction().await?;
    tx.execute("INSERT INTO t (id, a) VALUES (10, 'before')", ()).await?;
    let error = refused(tx.execute("INSERT INTO t (id) VALUES (10)", ()).await)?;
    assert!(error.contains("UNIQUE constraint failed: t.id"), "{error}");
    tx.execute("INSERT INTO t (id, a) VALUES (11, 'behind')", ()).await?;
    tx.commit().await?;
    assert_eq!(
        value(&conn, "SELECT group_concat(a) FROM t WHERE id > 9").await?,
        "before,behind".into()
    );
    Ok(())
}

pub async fn behaviors(db: &Database) -> Outcome {
    let conn = table(db).await?;
    for behavior in [
        TransactionBehavior::Deferred,
        TransactionBehavior::Immediate,
        TransactionBehavior::Exclusive,
    ] {
        let tx = conn.transaction_with_behavior(behavior).await?;
        tx.execute("INSERT INTO t (a) VALUES (1)", ()).await?;
        tx.commit().await?;
    }
    assert_eq!(value(&conn, COUNT).await?, 3.into());

    let tx = conn.transaction_with_behavior(TransactionBehavior::ReadOnly).await?;
    assert_eq!(value(&tx, COUNT).await?, 3.into());
    let error = refused(tx.execute("INSERT INTO t (a) VALUES (1)", ()).await)?;
    assert!(error.contains("readonly"), "{error}");
    // It reads where it began to, whatever others write meanwhile, and they do not wait for it.
    conn.execute("INSERT INTO t (a) VALUES (1)", ()).await?;
    assert_eq!(value(&tx, COUNT).await?, 3.into());
    tx.commit().await?;
    assert_eq!(value(&conn, COUNT).await?, 4.into());
    Ok(())
}

pub async fn isolation(db: &Database) -> Outcome {
    let conn = table(db).await?;
    let other = db.connect()?;
    let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate).await?;
    tx.execute("INSERT INTO t (a) VALUES ('first')", ()).await?;
    // Readers see nothing of it and do not wait; a writer waits until it is over.
    assert_eq!(value(&other, COUNT).await?, 0.into());
    let waiting =
        tokio::spawn(
            async move { other.execute("INSERT INTO t (a) SELECT 'second' FROM t", ()).await },
        );
    sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    tx.commit().await?;
    assert_eq!(waiting.await??, 1);
    assert_eq!(value(&conn, "SELECT group_concat(a) FROM t").await?, "first,second".into());

    // One that has read, and then writes after somebody else has, is refused as SQLite refuses it.
    let tx = conn.transaction().await?;
    assert_eq!(value(&tx, COUNT).await?, 2.into());
    conn.execute("INSERT INTO t (a) VALUES ('third')", ()).await?;
    assert_eq!(value(&tx, COUNT).await?, 2.into());
    let error = refused(tx.execute("DELETE FROM t", ()).await)?;
    assert!(error.contains("database is locked"), "{error}");
    tx.rollback().await?;
    assert_eq!(value(&conn, COUNT).await?, 3.into());
    Ok(())
}

/// By statements, without the client's own object.
pub async fn text(db: &Database) -> Outcome {
    let conn = table(db).await?;
    assert!(conn.is_autocommit());
    conn.execute("BEGIN", ()).await?;
    assert!(!conn.is_autocommit());
    conn.execute("INSERT INTO t (a) VALUES (1)", ()).await?;
    conn.execute("SAVEPOINT inner_one", ()).await?;
    conn.execute("INSERT INTO t (a) VALUES (2)", ()).await?;
    assert_eq!(value(&conn, COUNT).await?, 2.into());
    conn.execute("ROLLBACK TO inner_one", ()).await?;
    conn.execute("RELEASE inner_one", ()).await?;
    conn.execute("COMMIT", ()).await?;
    assert!(conn.is_autocommit());
    conn.execute_batch("BEGIN IMMEDIATE; INSERT INTO t (a) VALUES (3); ROLLBACK").await?;
    conn.execute_batch("BEGIN; INSERT INTO t (a) VALUES (4); COMMIT").await?;
    assert_eq!(value(&conn, "SELECT group_concat(a) FROM t").await?, "1,4".into());
    let error = refused(conn.execute("COMMIT", ()).await)?;
    assert!(error.contains("no transaction is active"), "{error}");
    Ok(())
}
