//! Statements alone: prepared, several in one text, what they count, and how they fail.

use libsql::Database;

use crate::{Outcome, refused, value};

pub async fn prepared(db: &Database) -> Outcome {
    let conn = db.connect()?;
    conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)", ()).await?;
    let insert = conn.prepare("INSERT INTO t (name) VALUES (?)").await?;
    for name in ["a", "b", "c"] {
        assert_eq!(insert.execute([name]).await?, 1);
    }
    let mut select = conn.prepare("SELECT id, name AS called FROM t WHERE id = ?").await?;
    let columns: Vec<String> =
        select.columns().iter().map(|column| column.name().to_owned()).collect();
    assert_eq!(columns, ["id", "called"]);
    for (id, name) in [(3, "c"), (1, "a"), (2, "b")] {
        let row = select.query_row([id]).await?;
        assert_eq!((row.get::<i64>(0)?, row.get_str(1)?), (id, name));
    }
    let mut rows = select.query([9]).await?;
    assert!(rows.next().await?.is_none());
    assert_eq!((rows.column_count(), rows.column_name(1)), (2, Some("called")));
    // A table that changes between two uses.
    conn.execute("ALTER TABLE t ADD COLUMN more DEFAULT 7", ()).await?;
    let mut all = conn.prepare("SELECT * FROM t").await?.query(()).await?;
    assert_eq!(all.next().await?.ok_or("no row")?.get::<i64>(2)?, 7);
    Ok(())
}

pub async fn batches(db: &Database) -> Outcome {
    let conn = db.connect()?;
    conn.execute_batch(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a);
         INSERT INTO t (a) VALUES ('one;'), ('two -- three'); -- a comment; with a semicolon
         CREATE TRIGGER doubled AFTER INSERT ON t WHEN new.a = 'x' BEGIN
             INSERT INTO t (a) VALUES ('of the trigger');
         END;
         INSERT INTO t (a) VALUES ('x');",
    )
    .await?;
    assert_eq!(value(&conn, "SELECT count(*) FROM t").await?, 4.into());

    // Each statement is a transaction of its own, up to the first that fails.
    let text = "INSERT INTO t (a) VALUES ('kept');
                INSERT INTO t (id) VALUES (1);
                INSERT INTO t (a) VALUES ('after')";
    let error = refused(conn.execute_batch(text).await)?;
    assert!(error.contains("UNIQUE constraint failed: t.id"), "{error}");
    assert_eq!(value(&conn, "SELECT count(*) FROM t WHERE a = 'kept'").await?, 1.into());
    assert_eq!(value(&conn, "SELECT count(*) FROM t WHERE a = 'after'").await?, 0.into());

    // As one transaction it is all or nothing.
    let mut results = conn
        .execute_transactional_batch(
            "INSERT INTO t (a) VALUES ('whole'); SELECT a FROM t WHERE a = 'whole'",
        )
        .await?;
    while results.next_stmt_row().is_some() {}
    let text = "INSERT INTO t (a) VALUES ('half'); INSERT INTO t (id) VALUES (1)";
    let error = refused(conn.execute_transactional_batch(text).await)?;
    assert!(error.contains("UNIQUE constraint failed: t.id"), "{error}");
    assert_eq!(value(&conn, "SELECT count(*) FROM t WHERE a = 'whole'").await?, 1.into());
    assert_eq!(value(&conn, "SELECT count(*) FROM t WHERE a = 'half'").await?, 0.into());
    Ok(())
}

pub async fn counts(db: &Database) -> Outcome {
    let conn = db.connect()?;
    conn.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a)", ()).await?;
    assert_eq!((conn.changes(), conn.last_insert_rowid()), (0, 0));
    let inserted = conn.execute("INSERT INTO t (a) VALUES (1), (2), (3)", ()).await?;
    assert_eq!((inserted, conn.changes(), conn.last_insert_rowid()), (3, 3, 3));
    let inserted = conn.execute("INSERT INTO t VALUES (?, 4)", [i64::MAX]).await?;
    assert_eq!((inserted, conn.last_insert_rowid()), (1, i64::MAX));
    let updated = conn.execute("UPDATE t SET a = a + 1 WHERE id < 3", ()).await?;
    assert_eq!((updated, conn.changes(), conn.total_changes()), (2, 2, 6));
    // What inserts nothing leaves the number alone.
    assert_eq!(conn.last_insert_rowid(), i64::MAX);
    assert_eq!(conn.execute("DELETE FROM t WHERE id = 17", ()).await?, 0);
    assert_eq!(conn.execute("DELETE FROM t WHERE id = ?", [i64::MAX]).await?, 1);

    // By a prepared statement, and as a query, whose rows come by a cursor.
    let insert = conn.prepare("INSERT INTO t (a) VALUES (?)").await?;
    insert.execute([7]).await?;
    assert_eq!(conn.last_insert_rowid(), 4);
    let sql = "INSERT INTO t (a) VALUES (8), (9) RETURNING id, a";
    let mut rows = conn.query(sql, ()).await?;
    let mut returned = Vec::new();
    while let Some(row) = rows.next().await? {
        returned.push((row.get::<i64>(0)?, row.get::<i64>(1)?));
    }
    assert_eq!(returned, [(5, 8), (6, 9)]);
    // The client keeps the one number of these that the cursor tells, and not the other.
    assert_eq!((conn.changes(), conn.last_insert_rowid()), (2, 4));

    // Of a transaction, whose stream is another one.
    let tx = conn.transaction().await?;
    tx.execute("INSERT INTO t (id, a) VALUES (20, 1)", ()).await?;
    assert_eq!((tx.changes(), tx.last_insert_rowid()), (1, 20));
    tx.commit().await?;
    Ok(())
}

pub async fn errors(db: &Database) -> Outcome {
    let conn = db.connect()?;
    conn.execute_batch(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL UNIQUE CHECK (a <> 'x'));
         CREATE TABLE child (t REFERENCES t (id));
         INSERT INTO t VALUES (1, 'a')",
    )
    .await?;
    for (sql, expected) in [
        ("INSERT INTO t VALUES (2, 'a')", "UNIQUE constraint failed: t.a"),
        ("INSERT INTO t VALUES (3, 'a')", "SQLITE_CONSTRAINT"),
        ("INSERT INTO t VALUES (2, NULL)", "NOT NULL constraint failed: t.a"),
        ("INSERT INTO t VALUES (2, 'x')", "CHECK constraint failed: a <> 'x'"),
        ("INSERT INTO child VALUES (9)", "FOREIGN KEY constraint failed"),
        ("INSERT INTO nowhere VALUES (1)", "no such table: nowhere"),
        ("SELECT nope", "no such column: nope"),
        ("SELECT nofunction()", "no such function: nofunction"),
        ("SELECT json('{')", "malformed JSON"),
        ("SELECT abs(-9223372036854775808)", "integer overflow"),
    ] {
        let text = match sql.starts_with("SELECT") {
            true => match conn.query(sql, ()).await {
                Ok(mut rows) => refused(rows.next().await)?,
                Err(error) => error.to_string(),
            },
            false => refused(conn.execute(sql, ()).await)?,
        };
        assert!(text.contains(expected), "{sql}: {text}");
    }
    // The client parses what it is given before it sends anything.
    let text = refused(conn.execute("SELEC 1", ()).await)?;
    assert!(text.contains("syntax error"), "{text}");
    let insert = "INSERT INTO t VALUES (?, ?)";
    for params in [vec!["5"], vec!["5", "b", "c"]] {
        let text = refused(conn.execute(insert, params).await)?;
        assert!(text.contains("ARGS_INVALID"), "{text}");
    }
    let text = refused(conn.prepare("SELECT nope").await)?;
    assert!(text.contains("SQL_INPUT_ERROR"), "{text}");
    // The connection goes on.
    assert_eq!(value(&conn, "SELECT count(*) FROM t").await?, 1.into());
    Ok(())
}
