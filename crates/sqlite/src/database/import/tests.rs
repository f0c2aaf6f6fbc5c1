//! Imports: what they accept beyond a request, what they refuse, and that nothing is left of those that
//! fail.

use isolite_core::Store;
use isolite_core::memory_storage::MemoryStorage;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::Limits;
use crate::splitter::Splitter;
use crate::statement::Cell;

fn open_with(limits: Limits) -> Database {
    let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    Database::open(store, limits).unwrap()
}

fn open() -> Database {
    open_with(Limits::default())
}

fn import(database: &mut Database, sql: &str) -> Result<Imported, String> {
    let mut splitter = Splitter::new(database.limits.import_sql_bytes_max() as usize);
    splitter.push(sql.as_bytes());
    database.begin_import(1_700_000_000_000).map_err(|error| error.to_string())?;
    while let Some(statement) = splitter.next().map_err(|error| error.to_string())? {
        database.import(&statement).map_err(|error| error.to_string())?;
    }
    while let Some(statement) = splitter.finish().map_err(|error| error.to_string())? {
        database.import(&statement).map_err(|error| error.to_string())?;
    }
    database.finish_import().map_err(|error| error.to_string())
}

fn count(database: &Database, sql: &str) -> i64 {
    let mut count = -1;
    let read = database.each_row(sql, &[], |row| {
        if let Cell::Integer(number) = row.cell(0) {
            count = number;
        }
        Ok(true)
    });
    read.unwrap();
    count
}

#[test]
fn an_import_is_one_commit() {
    let mut database = open();
    let done = import(
        &mut database,
        "BEGIN TRANSACTION; CREATE TABLE t(a INTEGER PRIMARY KEY, b); INSERT INTO t VALUES(1, 2),(5, 6);\n\
         COMMIT; begin; /* c */ UPDATE t SET b = 0; SELECT * FROM t; end transaction;",
    )
    .unwrap();
    assert_eq!((done.queries, done.changes, done.last_row_id, done.changed_db), (4, 4, 5, true));
    assert_eq!(done.size_after, 8192);
    assert_eq!(done.commit.unwrap().after.txid, 1);
    assert!(!database.is_broken());
    let nothing = import(&mut database, "SELECT 1; -- nothing\n").unwrap();
    assert!(nothing.commit.is_none() && !nothing.changed_db);
}

#[test]
fn an_error_names_its_statement_and_leaves_nothing() {
    let mut database = open();
    import(&mut database, "CREATE TABLE t(a UNIQUE); INSERT INTO t VALUES(0);").unwrap();
    let before = database.position();
    let long = format!("\nINSERT INTO t VALUES(1, '{}')", "x".repeat(100));
    for (sql, error) in [
        (
            "INSERT INTO t VALUES(1);\n\nINSERT INTO t\nVALUES(0);",
            "statement 2 (line 3: INSERT INTO t VALUES(0);): UNIQUE constraint failed: t.a: \
             SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)",
        ),
        (
            long.as_str(),
            "statement 1 (line 2: INSERT INTO t VALUES(1, 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…): \
             table t has 1 columns but 2 values were supplied: SQLITE_ERROR",
        ),
        (
            "DELETE FROM t; ATTACH 'x' AS y;",
            "statement 2 (line 1: ATTACH 'x' AS y;): not authorized: SQLITE_AUTH",
        ),
        (
            "INSERT INTO t VALUES(?)",
            "statement 1 (line 1: INSERT INTO t VALUES(?)): Wrong number of parameter bindings for SQL query.",
        ),
        (
            "CREATE TABLE c(a REFERENCES p(a)); CREATE TABLE p(a PRIMARY KEY); \
             PRAGMA defer_foreign_keys=TRUE; INSERT INTO c VALUES(1);",
            "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
        ),
        (
            "PRAGMA foreign_keys=OFF; CREATE TABLE c(a REFERENCES t(a)); INSERT INTO c VALUES(1);",
            "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
        ),
        ("CREATE TABLE x(a); ALTER TABLE x RENAME TO _cf_x;", "not authorized: SQLITE_AUTH"),
        (
            "CREATE TABLE x(a); INSERT INTO x VALUES(';",
            "statement 2 (line 1: INSERT INTO x VALUES(';): unrecognized token: \"';\" at offset 21: SQLITE_ERROR",
        ),
    ] {
        assert_eq!(import(&mut database, sql).err().as_deref(), Some(error), "{sql}");
        assert_eq!(database.position(), before);
        assert!(!database.is_broken());
        assert_eq!(count(&database, "SELECT count(*) FROM t"), 1, "{sql}");
        assert_eq!(count(&database, "SELECT count(*) FROM sqlite_schema"), 2, "{sql}");
    }
    for (sql, part) in [
        ("DELETE FROM t; ROLLBACK; -- due to errors", "the dump ends with ROLLBACK"),
        ("SAVEPOINT a", "To execute a transaction, please use"),
        (".mode box\n", "is a command of the sqlite3 shell"),
    ] {
        let error = import(&mut database, sql).err().unwrap();
        assert!(error.contains(part), "{error}");
    }
    database.abandon_import();
    assert_eq!(database.position(), before);
}

#[test]
fn what_is_abandoned_leaves_nothing() {
    let mut database = open();
    assert_eq!(database.finish_import().err().unwrap().to_string(), "there is no import under way");
    let statement = |sql: &str| SplitStatement { sql: sql.to_owned(), number: 1, line: 1 };
    database.begin_import(0).unwrap();
    database.import(&statement("PRAGMA foreign_keys=OFF")).unwrap();
    database.import(&statement("CREATE TABLE t(a)")).unwrap();
    assert!(!database.is_broken());
    database.begin_import(0).unwrap();
    database.import(&statement("CREATE TABLE t(a)")).unwrap();
    database.abandon_import();
    assert!(database.import(&statement("CREATE TABLE t(a)")).is_err());
    assert_eq!(count(&database, "SELECT count(*) FROM sqlite_schema"), 0);
    assert_eq!(count(&database, "PRAGMA foreign_keys"), 1);
}

#[test]
fn limits_are_those_of_imports() {
    let limits = Limits {
        sql_bytes_max: 10_000,
        value_bytes_max: 100_000,
        steps_max: 200_000,
        ..Limits::default()
    };
    let mut database = open_with(limits);
    let long = format!("INSERT INTO t VALUES(x'{}');", "00".repeat(90_000));
    let counts = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 9000) \
                  INSERT INTO t SELECT i FROM n;";
    // Each statement has a budget of its own.
    import(&mut database, &format!("CREATE TABLE t(a); {long} {}", counts.repeat(5))).unwrap();
    let endless = "SELECT * FROM t AS a, t AS b;";
    let error = import(&mut database, endless).err().unwrap();
    assert!(
        error.ends_with("query took too long: it exceeds 200000 steps; add an index, or split it"),
        "{error}"
    );
    // Back to those of requests.
    assert_eq!(database.connection.limit(Limit::SQLITE_LIMIT_SQL_LENGTH).unwrap(), 10_000);
    import(&mut database, "INSERT INTO t VALUES(unistr('a\\u000ab'));").unwrap();
    assert_eq!(count(&database, "SELECT count(*) FROM t WHERE a = 'a' || char(10) || 'b'"), 1);
    assert!(database.connection.prepare("SELECT unistr('a')").is_err());
}

#[test]
fn flags_hold_for_one_import() {
    let mut database = open();
    import(
        &mut database,
        "PRAGMA ignore_check_constraints=ON; CREATE TABLE t(a CHECK (a > 0)); INSERT INTO t VALUES(-1);",
    )
    .unwrap();
    assert!(import(&mut database, "INSERT INTO t VALUES(-1);").is_err());
}
