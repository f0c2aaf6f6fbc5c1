//! Statements as streams send them.

use isolite_core::Store;
use isolite_core::memory_storage::MemoryStorage;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::Limits;

fn open() -> Database {
    let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    Database::open(store, Limits::default()).unwrap()
}

const PLAIN: StreamRun<'static> = StreamRun {
    now_ms: 0,
    clock: &|| 0.0,
    observe: None,
    within: false,
    read_only: false,
    last_insert_rowid: 0,
    foreign_keys: true,
};

fn execute(database: &mut Database, sql: &str, args: &[Value]) -> Result<Executed, Error> {
    let statement = StreamStatement { sql, args, named_args: &[], want_rows: true };
    let run = StreamRun { within: database.is_interactive(), ..PLAIN };
    database.execute(&statement, &run, &mut 1_000_000)
}

fn code(database: &mut Database, sql: &str, args: &[Value]) -> (String, String) {
    let refused = execute(database, sql, args).map(|_| ()).unwrap_err().to_hrana();
    (refused.code, refused.message)
}

fn rows(executed: &Executed) -> Vec<String> {
    let row = |row: &Row| format!("{:?}", row.values);
    executed.result.rows.iter().map(row).collect()
}

#[test]
fn values_go_through_as_they_are() {
    let mut database = open();
    let args = [
        Value::Null,
        Value::Integer { value: i64::MIN },
        Value::Float { value: 1.0 },
        Value::Text { value: "é".into() },
        Value::Blob { value: vec![0, 255].into() },
        Value::Blob { value: vec![].into() },
    ];
    let executed = execute(&mut database, "SELECT ?, ?, ?, ?, ?, ?", &args).unwrap();
    assert_eq!(rows(&executed), [format!("{args:?}")]);
}

#[test]
fn parameters_by_name_and_by_place() {
    let mut database = open();
    let text = |value: &str| Value::Text { value: value.into() };
    let by_place = execute(&mut database, "SELECT ?3, ?1", &["a", "b", "c"].map(text)).unwrap();
    assert_eq!(rows(&by_place), [format!("{:?}", ["c", "a"].map(text))]);
    let named = |name: &str, value: &str| NamedArg { name: name.into(), value: text(value) };
    let named_args = [named(":a", "1"), named("b", "2"), named("$c", "3")];
    let statement = StreamStatement {
        sql: "SELECT :a, @b, $c, :a",
        args: &[],
        named_args: &named_args,
        want_rows: true,
    };
    let executed = database.execute(&statement, &PLAIN, &mut 1_000).unwrap();
    assert_eq!(rows(&executed), [format!("{:?}", ["1", "2", "3", "1"].map(text))]);
    let both = StreamStatement { args: &[Value::Null], ..statement };
    let refused = database.execute(&both, &PLAIN, &mut 1_000).map(|_| ()).unwrap_err();
    assert_eq!(refused.to_hrana().code, "ARGS_BOTH_POSITIONAL_AND_NAMED");
    execute(&mut database, "EXPLAIN QUERY PLAN SELECT ?", &[]).unwrap();
    let (refused, message) = code(&mut database, "SELECT ?, :x", &[Value::Null]);
    assert_eq!(refused, "ARGS_INVALID");
    assert!(message.ends_with("value for parameter :x not found"), "{message}");
    let (refused, message) = code(&mut database, "SELECT ?", &[Value::Null, Value::Null]);
    assert_eq!(refused, "ARGS_INVALID");
    assert!(
        message.ends_with("2 values are given, and the statement has 1 parameters"),
        "{message}"
    );
    assert_eq!(code(&mut database, "SELECT 1", &[Value::Null]).0, "ARGS_INVALID");
}

#[test]
fn counts_and_rowids() {
    let mut database = open();
    let mut told = |sql: &str| {
        let before = database.position();
        let executed = execute(&mut database, sql, &[]).unwrap();
        let commits = database.position() != before;
        (executed.result.affected_row_count, executed.result.last_insert_rowid, commits)
    };
    assert_eq!(told("CREATE TABLE t (a INTEGER PRIMARY KEY)"), (0, None, true));
    assert_eq!(told("INSERT INTO t VALUES (7), (9)"), (2, Some(9), true));
    assert_eq!(told("SELECT * FROM t"), (0, None, false));
    assert_eq!(told("DELETE FROM t WHERE a > 7"), (1, None, true));
    assert_eq!(told("DELETE FROM t WHERE a > 7"), (0, None, false));
    assert_eq!(told("DROP TABLE t"), (0, None, true));
}

#[test]
fn each_stream_has_its_own_last_rowid() {
    let mut database = open();
    execute(&mut database, "CREATE TABLE t (a)", &[]).unwrap();
    let inserted = execute(&mut database, "INSERT INTO t VALUES (1)", &[]).unwrap();
    assert_eq!(inserted.last_insert_rowid, 1);
    let other = StreamRun { last_insert_rowid: 42, ..PLAIN };
    let sql = "SELECT last_insert_rowid()";
    let statement = StreamStatement { sql, args: &[], named_args: &[], want_rows: true };
    let executed = database.execute(&statement, &other, &mut 1_000).unwrap();
    assert_eq!(rows(&executed), ["[Integer { value: 42 }]"]);
}

#[test]
fn errors_have_codes() {
    let mut database = open();
    execute(&mut database, "CREATE TABLE t (a UNIQUE)", &[]).unwrap();
    execute(&mut database, "INSERT INTO t VALUES (1)", &[]).unwrap();
    for (sql, expected, part) in [
        ("SELEC 1", "SQL_PARSE_ERROR", "near \"SELEC\": syntax error"),
        ("SELECT foobar", "SQL_INPUT_ERROR", "no such column: foobar (at offset 7)"),
        (
            "INSERT INTO t VALUES (1)",
            "SQLITE_CONSTRAINT",
            "SQLite error: UNIQUE constraint failed: t.a",
        ),
        ("", "SQL_NO_STATEMENT", "does not contain any statement"),
        (" -- a\n", "SQL_NO_STATEMENT", "does not contain any statement"),
        ("SELECT 1; SELECT 2", "SQL_MANY_STATEMENTS", "more than one"),
        ("BEGIN nonsense", "SQL_PARSE_ERROR", "could not be parsed"),
        ("ATTACH 'x' AS y", "SQLITE_AUTH", "not authorized"),
        ("SELECT * FROM sqlite_dbpage", "SQLITE_ERROR", "no such table: sqlite_dbpage"),
    ] {
        let (told, message) = code(&mut database, sql, &[]);
        assert_eq!(told, expected, "{sql}: {message}");
        assert!(message.contains(part), "{sql}: {message}");
    }
    assert_eq!(rows(&execute(&mut database, "SELECT 1;", &[]).unwrap()).len(), 1);
    assert!(!database.is_broken());
}

#[test]
fn an_answer_has_room_for_so_much() {
    let mut database = open();
    let sql = "WITH RECURSIVE t (a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM t) SELECT a FROM t LIMIT 100";
    let statement = StreamStatement { sql, args: &[], named_args: &[], want_rows: true };
    let refused = database.execute(&statement, &PLAIN, &mut 1_000).map(|_| ()).unwrap_err();
    assert_eq!(refused.to_hrana().code, "RESPONSE_TOO_LARGE");
    let unwanted = StreamStatement { want_rows: false, ..statement };
    let executed = database.execute(&unwanted, &PLAIN, &mut 300).unwrap();
    assert_eq!((executed.result.rows.len(), executed.result.cols.len()), (0, 1));
}

#[test]
fn who_may_only_read() {
    let mut database = open();
    execute(&mut database, "CREATE TABLE t (a)", &[]).unwrap();
    let reader = StreamRun { read_only: true, ..PLAIN };
    let mut run = |sql| {
        let statement = StreamStatement { sql, args: &[], named_args: &[], want_rows: true };
        database.execute(&statement, &reader, &mut 1_000).map(|_| ())
    };
    run("SELECT * FROM t").unwrap();
    assert_eq!(run("INSERT INTO t VALUES (1)").unwrap_err().to_hrana().code, "BLOCKED");
    assert!(database.is_read_only("SELECT * FROM t").unwrap());
    assert!(!database.is_read_only("DELETE FROM t").unwrap());
    assert!(database.is_read_only("nonsense").is_err());
}

#[test]
fn foreign_keys_are_for_the_stream_to_switch() {
    let mut database = open();
    execute(&mut database, "CREATE TABLE p (a PRIMARY KEY)", &[]).unwrap();
    execute(&mut database, "CREATE TABLE c (a REFERENCES p)", &[]).unwrap();
    let off = execute(&mut database, "PRAGMA foreign_keys = OFF", &[]).unwrap();
    assert_eq!(off.foreign_keys, Some(false));
    let on = execute(&mut database, "PRAGMA foreign_keys = ON", &[]).unwrap();
    assert_eq!(on.foreign_keys, Some(true));
    assert_eq!(code(&mut database, "INSERT INTO c VALUES (1)", &[]).0, "SQLITE_CONSTRAINT");
    execute(&mut database, "INSERT INTO p VALUES (1)", &[]).unwrap();
    execute(&mut database, "INSERT INTO c VALUES (1)", &[]).unwrap();
    let unforced = StreamRun { foreign_keys: false, ..PLAIN };
    let mut run = |sql| {
        let statement = StreamStatement { sql, args: &[], named_args: &[], want_rows: true };
        database.execute(&statement, &unforced, &mut 1_000).map(|_| ())
    };
    // Outside a transaction nothing can come after that mends it.
    assert_eq!(run("DELETE FROM p").unwrap_err().to_hrana().code, "SQLITE_CONSTRAINT");
    run("SELECT * FROM p").unwrap();
}

#[test]
fn descriptions() {
    let mut database = open();
    execute(&mut database, "CREATE TABLE t (a TEXT, b int NOT NULL, c FURRY BUNNY)", &[]).unwrap();
    let described = database.describe("SELECT a, b, c, a + b AS sum FROM t", &mut 100_000).unwrap();
    let cols: Vec<_> = described.cols.into_iter().map(|col| (col.name, col.decltype)).collect();
    let col = |name: &str, decltype: Option<&str>| (name.to_owned(), decltype.map(str::to_owned));
    assert_eq!(
        cols,
        [
            col("a", Some("TEXT")),
            col("b", Some("INT")),
            col("c", Some("FURRY BUNNY")),
            col("sum", None)
        ]
    );
    let described = database.describe("SELECT ?, ?3, :one, $two, @three", &mut 100_000).unwrap();
    let names: Vec<_> = described.params.into_iter().map(|param| param.name).collect();
    let name = |name: &str| Some(name.to_owned());
    assert_eq!(names, [None, None, name("?3"), name(":one"), name("$two"), name("@three")]);
    for (sql, explain, readonly) in [
        ("EXPLAIN QUERY PLAN SELECT 1", true, true),
        ("UPDATE t SET a = 1", false, false),
        ("COMMIT", false, true),
        ("SELECT 1", false, true),
    ] {
        let described = database.describe(sql, &mut 100_000).unwrap();
        assert_eq!((described.is_explain, described.is_readonly), (explain, readonly), "{sql}");
    }
}

#[test]
fn within_a_transaction() {
    let mut database = open();
    database.begin_interactive(true).unwrap();
    execute(&mut database, "CREATE TABLE t (a UNIQUE)", &[]).unwrap();
    let before = database.position();
    execute(&mut database, "INSERT INTO t VALUES (1)", &[]).unwrap();
    assert_eq!(database.position(), before);
    assert_eq!(code(&mut database, "INSERT INTO t VALUES (2), (1)", &[]).0, "SQLITE_CONSTRAINT");
    assert_eq!(rows(&execute(&mut database, "SELECT a FROM t", &[]).unwrap()).len(), 1);
    assert!(database.describe("SELECT a FROM t", &mut 100_000).unwrap().is_readonly);
    let (told, _) = code(&mut database, "INSERT OR ROLLBACK INTO t VALUES (1)", &[]);
    assert_eq!((told.as_str(), database.is_interactive()), ("SQLITE_CONSTRAINT", false));
    assert_eq!(code(&mut database, "SELECT a FROM t", &[]).0, "SQLITE_ERROR");
}

#[test]
fn what_is_refused_for_its_rows_is_taken_back() {
    let mut database = open();
    execute(&mut database, "CREATE TABLE t (a)", &[]).unwrap();
    let sql = "INSERT INTO t SELECT value FROM json_each('[1,2,3,4,5,6,7,8,9]') RETURNING a";
    let statement = StreamStatement { sql, args: &[], named_args: &[], want_rows: true };
    for interactive in [false, true] {
        if interactive {
            database.begin_interactive(true).unwrap();
        }
        let run = StreamRun { within: interactive, ..PLAIN };
        let refused = database.execute(&statement, &run, &mut 500).map(|_| ()).unwrap_err();
        assert_eq!(refused.to_hrana().code, "RESPONSE_TOO_LARGE");
        let count = execute(&mut database, "SELECT count(*) FROM t", &[]).unwrap();
        assert_eq!(rows(&count), ["[Integer { value: 0 }]"]);
    }
    let whole = execute(&mut database, sql, &[]).unwrap();
    assert_eq!((whole.result.rows.len(), whole.result.last_insert_rowid), (9, Some(9)));
    database.commit_interactive(0).unwrap().unwrap();
}

#[test]
fn a_drop_that_fails_leaves_foreign_keys_as_they_were() {
    let mut database = open();
    execute(&mut database, "CREATE TABLE p (a PRIMARY KEY)", &[]).unwrap();
    let child = "CREATE TABLE c (a REFERENCES p ON DELETE CASCADE)";
    execute(&mut database, child, &[]).unwrap();
    execute(&mut database, "INSERT INTO p VALUES (1)", &[]).unwrap();
    execute(&mut database, "INSERT INTO c VALUES (1)", &[]).unwrap();
    database.begin_interactive(true).unwrap();
    execute(&mut database, "PRAGMA defer_foreign_keys = ON", &[]).unwrap();
    assert!(execute(&mut database, "DROP TABLE nosuch", &[]).is_err());
    database.describe("DROP TABLE p", &mut 10_000).unwrap();
    execute(&mut database, "DELETE FROM p", &[]).unwrap();
    assert_eq!(rows(&execute(&mut database, "SELECT * FROM c", &[]).unwrap()).len(), 0);
    database.commit_interactive(0).unwrap().unwrap();
}

#[test]
fn a_statement_says_whether_it_belongs_to_a_transaction() {
    let mut database = open();
    let statement =
        StreamStatement { sql: "SELECT 1", args: &[], named_args: &[], want_rows: true };
    let within = StreamRun { within: true, ..PLAIN };
    assert!(database.execute(&statement, &within, &mut 1_000).is_err());
    database.begin_interactive(true).unwrap();
    assert!(database.execute(&statement, &PLAIN, &mut 1_000).is_err());
    database.execute(&statement, &within, &mut 1_000).unwrap();
    database.roll_back_interactive();
}
