//! Values and parameters of each type, there and back.

use libsql::{Database, Value, ValueType, named_params, params};

use crate::{Outcome, refused};

pub async fn types(db: &Database) -> Outcome {
    let conn = db.connect()?;
    let values = [
        Value::Null,
        Value::Integer(0),
        Value::Integer(i64::MAX),
        Value::Integer(i64::MIN),
        Value::Integer(9_007_199_254_740_993),
        Value::Real(0.0),
        Value::Real(-1.5),
        Value::Real(3.0),
        Value::Real(f64::MAX),
        Value::Real(f64::MIN_POSITIVE),
        Value::Real(0.1 + 0.2),
        Value::Text(String::new()),
        Value::Text("ä ß 🦀 \u{2028} \"quoted\" \\ \n\t".to_owned()),
        Value::Text("x".repeat(100_000)),
        Value::Blob(Vec::new()),
        Value::Blob((0..=255).collect()),
        Value::Blob(vec![0xff; 100_001]),
    ];
    conn.execute("CREATE TABLE held (id INTEGER PRIMARY KEY, value)", ()).await?;
    for (id, value) in values.iter().enumerate() {
        let id = id as i64;
        let inserted = conn.execute("INSERT INTO held VALUES (?, ?)", params![id, value.clone()]);
        assert_eq!(inserted.await?, 1);
    }
    let mut rows = conn.query("SELECT value, typeof(value) FROM held ORDER BY id", ()).await?;
    assert_eq!((rows.column_count(), rows.column_name(0)), (2, Some("value")));
    for expected in &values {
        let row = rows.next().await?.ok_or("a row is missing")?;
        assert_eq!(&row.get_value(0)?, expected);
        let (is_told, of_sqlite) = match (expected, row.column_type(0)?) {
            (Value::Null, told) => (matches!(told, ValueType::Null), "null"),
            (Value::Integer(_), told) => (matches!(told, ValueType::Integer), "integer"),
            (Value::Real(_), told) => (matches!(told, ValueType::Real), "real"),
            (Value::Text(_), told) => (matches!(told, ValueType::Text), "text"),
            (Value::Blob(_), told) => (matches!(told, ValueType::Blob), "blob"),
        };
        assert_eq!((is_told, row.get_str(1)?), (true, of_sqlite));
    }
    assert!(rows.next().await?.is_none());

    // NaN is NULL in SQLite; an infinity is nothing that JSON has, and the client says so.
    let mut rows = conn.query("SELECT ?1, typeof(?1)", [f64::NAN]).await?;
    let row = rows.next().await?.ok_or("no row")?;
    assert_eq!((row.get_value(0)?, row.get_str(1)?), (Value::Null, "null"));
    let mut rows = conn.query("SELECT 9e999", ()).await?;
    let error = refused(rows.next().await)?;
    assert!(error.contains("expected f64"), "{error}");
    Ok(())
}

pub async fn parameters(db: &Database) -> Outcome {
    let conn = db.connect()?;
    let sums = "SELECT ?1 * 100 + ?2 * 10 + ?3";
    let mut rows = conn.query(sums, params![1, 2, 3]).await?;
    assert_eq!(rows.next().await?.ok_or("no row")?.get::<i64>(0)?, 123);
    // A number that is named twice is bound once.
    let mut rows = conn.query("SELECT ?2 || ?1 || ?2", ("a", "b")).await?;
    assert_eq!(rows.next().await?.ok_or("no row")?.get::<String>(0)?, "bab");
    for (sql, params) in [
        ("SELECT :a * 10 + :b", named_params! { ":a": 4, ":b": 2 }),
        ("SELECT @a * 10 + @b", named_params! { "@b": 2, "@a": 4 }),
        ("SELECT $a * 10 + $b", named_params! { "$a": 4, "$b": 2 }),
        // Without what stands before it, the name is any of these.
        ("SELECT :a * 10 + @b", named_params! { "a": 4, "b": 2 }),
    ] {
        let mut rows = conn.query(sql, params).await?;
        assert_eq!(rows.next().await?.ok_or("no row")?.get::<i64>(0)?, 42, "{sql}");
    }
    let mut rows = conn.query("SELECT ?, ?", [Value::Null, Value::Integer(1)]).await?;
    let row = rows.next().await?.ok_or("no row")?;
    assert_eq!((row.get::<Option<i64>>(0)?, row.get::<Option<i64>>(1)?), (None, Some(1)));
    // Many of them, in the only row.
    let many: Vec<Value> = (0..1_000).map(Value::Integer).collect();
    let sql = format!("SELECT {}", vec!["?"; 1_000].join(", "));
    let mut rows = conn.query(&sql, many.clone()).await?;
    let row = rows.next().await?.ok_or("no row")?;
    for (index, expected) in many.iter().enumerate() {
        assert_eq!(&row.get_value(index as i32)?, expected);
    }
    Ok(())
}
