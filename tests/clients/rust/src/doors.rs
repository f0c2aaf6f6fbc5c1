//! A table that was written by another interface, and is read by it afterwards.

use libsql::{Database, Value, params};

use crate::Outcome;

pub async fn doors(db: &Database) -> Outcome {
    let conn = db.connect()?;
    let mut rows = conn.query("SELECT id, value FROM doors ORDER BY id", ()).await?;
    let mut found = Vec::new();
    while let Some(row) = rows.next().await? {
        found.push((row.get::<i64>(0)?, row.get_value(1)?));
    }
    let expected = [Value::Null, 7.into(), 2.5.into(), "of REST".into(), vec![1, 2, 255].into()];
    assert_eq!(found, (1..).zip(expected).collect::<Vec<_>>());
    let insert = conn.prepare("INSERT INTO doors VALUES (?, ?)").await?;
    for (id, value) in [
        (11, Value::Null),
        (12, Value::Integer(9)),
        (13, Value::Real(4.5)),
        (14, Value::Text("of the client".to_owned())),
        (15, Value::Blob(vec![3, 4, 254])),
    ] {
        insert.execute(params![id, value]).await?;
    }
    Ok(())
}
