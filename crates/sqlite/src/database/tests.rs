//! SQL through the whole stack below the shell: SQLite, VFS, store, and a storage that fails.
//!
//! These run on the host and, by `wasm-bindgen-test`, in wasm: what they show holds for both.

use isolite_core::memory_storage::{Fault, MemoryStorage};
use isolite_protocol::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Both builds must give these; `.cargo/config.toml` sets them.
const OPTIONS: &str = "DEFAULT_AUTOVACUUM DEFAULT_CACHE_SIZE=-16384 DEFAULT_FILE_FORMAT=4 DEFAULT_FOREIGN_KEYS \
    DEFAULT_JOURNAL_SIZE_LIMIT=-1 DEFAULT_MMAP_SIZE=0 DEFAULT_PAGE_SIZE=4096 DEFAULT_PCACHE_INITSZ=20 \
    DEFAULT_RECURSIVE_TRIGGERS DEFAULT_SECTOR_SIZE=4096 DEFAULT_SYNCHRONOUS=2 \
    DEFAULT_WAL_AUTOCHECKPOINT=1000 DEFAULT_WAL_SYNCHRONOUS=2 DEFAULT_WORKER_THREADS=0 \
    DIRECT_OVERFLOW_READ ENABLE_DBPAGE_VTAB ENABLE_FTS5 ENABLE_MATH_FUNCTIONS ENABLE_RTREE \
    MAX_ATTACHED=10 MAX_COLUMN=2000 MAX_COMPOUND_SELECT=500 \
    MAX_DEFAULT_PAGE_SIZE=8192 MAX_EXPR_DEPTH=1000 MAX_FUNCTION_ARG=1000 \
    MAX_LENGTH=1000000000 MAX_LIKE_PATTERN_LENGTH=50000 MAX_MMAP_SIZE=0x7fff0000 MAX_PAGE_COUNT=0xfffffffe \
    MAX_PAGE_SIZE=65536 MAX_SCHEMA=10000000 MAX_SQL_LENGTH=1000000000 MAX_TRIGGER_DEPTH=1000 \
    MAX_VARIABLE_NUMBER=32766 MAX_VDBE_OP=250000000 MAX_WORKER_THREADS=0 OMIT_DEPRECATED \
    OMIT_LOAD_EXTENSION OMIT_SHARED_CACHE TEMP_STORE=2";

fn open(storage: &MemoryStorage) -> Database {
    open_with(storage, Limits::default())
}

fn open_with(storage: &MemoryStorage, limits: Limits) -> Database {
    let store = Store::open(Box::new(storage.clone()), 256).unwrap();
    Database::open(store, limits).unwrap()
}

fn run(database: &mut Database, queries: &[Query], script: bool) -> Result<Done, String> {
    database.run(&told(queries, script, script)).map_err(|error| error.to_string())
}

fn told(queries: &[Query], array: bool, script: bool) -> Run<'_> {
    Run {
        read_only: false,
        queries,
        format: ResultsFormat::ArrayOfObjects,
        array,
        numbers: Numbers::Real,
        script,
        now_ms: 1_700_000_000_000,
        clock: &|| 0.0,
        served: "",
        observe: None,
    }
}

fn one(database: &mut Database, sql: &str, params: Vec<Value>) -> Result<String, String> {
    let done = run(database, &[Query::new(sql, params)], false)?;
    let text = done.answer;
    let end = text.find(",\"meta\"").unwrap();
    Ok(text["{\"success\":true,\"results\":".len()..end].to_string())
}

fn rows(database: &mut Database, sql: &str) -> String {
    one(database, sql, vec![]).unwrap()
}

fn filled(storage: &MemoryStorage) -> Database {
    let mut database = open(storage);
    rows(&mut database, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b)");
    one(&mut database, "INSERT INTO t VALUES (1, 'one', ?)", vec![Value::Integer(5)]).unwrap();
    database
}

#[test]
fn a_commit_survives_and_reads_back() {
    let storage = MemoryStorage::default();
    drop(filled(&storage));
    let mut database = open(&storage);
    assert_eq!(rows(&mut database, "SELECT * FROM t"), r#"[{"id":1,"a":"one","b":5}]"#);
    assert_eq!(database.position().txid, 2);
    assert_eq!(rows(&mut database, "PRAGMA quick_check"), r#"[{"quick_check":"ok"}]"#);
}

#[test]
fn reading_commits_nothing() {
    let mut database = filled(&MemoryStorage::default());
    let before = database.position();
    rows(&mut database, "SELECT count(*) FROM t");
    rows(&mut database, "UPDATE t SET b = 1 WHERE id = 77");
    assert_eq!(database.position(), before);
}

#[test]
fn values_of_every_type() {
    let mut database = open(&MemoryStorage::default());
    let sql = "SELECT 1 AS i, 1.5 AS r, 'é\"\n' AS t, x'00ff' AS b, NULL AS n, \
               9223372036854775807 AS big, 1e999 AS inf, 2 AS i";
    let expected = r#"[{"i":2,"r":1.5,"t":"é\"\n","b":[0,255],"n":null,"big":9223372036854775807,"inf":null}]"#;
    assert_eq!(rows(&mut database, sql), expected);
    let params = vec![
        Value::Integer(5),
        Value::Text("x".into()),
        Value::Blob(vec![]),
        Value::Null,
        Value::Real(1e20),
    ];
    let sql = "SELECT typeof(?) a, typeof(?) b, typeof(?) c, typeof(?) d, typeof(?) e";
    let types = r#"[{"a":"real","b":"text","c":"blob","d":"null","e":"real"}]"#;
    assert_eq!(one(&mut database, sql, params).unwrap(), types);
}

#[test]
fn a_batch_is_all_or_nothing() {
    let mut database = filled(&MemoryStorage::default());
    let before = database.position();
    let queries = [
        Query::new("INSERT INTO t VALUES (2, 'two', 0)", vec![]),
        Query::new("INSERT INTO t VALUES (3, 'one', 0)", vec![]),
    ];
    let error = run(&mut database, &queries, false).err().unwrap();
    assert_eq!(
        error,
        "UNIQUE constraint failed: t.a: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_UNIQUE)"
    );
    assert_eq!(database.position(), before);
    assert_eq!(rows(&mut database, "SELECT count(*) AS n FROM t"), r#"[{"n":1}]"#);
}

#[test]
fn scripts_answer_each_statement_and_queries_the_last() {
    let mut database = open(&MemoryStorage::default());
    let sql = "CREATE TABLE s (a); INSERT INTO s VALUES ('x;y'); -- done\nSELECT a FROM s;";
    let done = run(&mut database, &[Query::new(sql, vec![])], true).unwrap();
    assert_eq!(done.count, 3);
    assert_eq!(
        one(&mut database, "SELECT 1; SELECT ? AS b", vec![Value::Null]).unwrap(),
        r#"[{"b":null}]"#
    );
}

#[test]
fn what_sqlite_refuses_is_told_in_d1s_words() {
    let mut database = filled(&MemoryStorage::default());
    for (sql, text) in [
        ("SELEC 1", "near \"SELEC\": syntax error at offset 0: SQLITE_ERROR"),
        ("SELECT * FROM nope", "no such table: nope: SQLITE_ERROR"),
        ("SELECT nocol FROM t", "no such column: nocol at offset 7: SQLITE_ERROR"),
        ("SELECT * FROM t WHERE", "incomplete input: SQLITE_ERROR"),
        ("INSERT INTO t (id) VALUES ('x')", "datatype mismatch: SQLITE_MISMATCH"),
        ("", "No SQL statements detected."),
        (" ;; -- nothing", "SQL code did not contain a statement."),
        ("SELECT ?", "Wrong number of parameter bindings for SQL query."),
        ("ATTACH 'x' AS y", "not authorized: SQLITE_AUTH"),
        ("SELECT * FROM sqlite_dbpage", "no such table: sqlite_dbpage: SQLITE_ERROR"),
        ("PRAGMA journal_mode", "not authorized: SQLITE_AUTH"),
        ("PRAGMA writable_schema = ON", "not authorized: SQLITE_AUTH"),
        ("CREATE TEMP TABLE x (a)", "not authorized: SQLITE_AUTH"),
        ("CREATE TABLE temp.x (a)", "not authorized: SQLITE_AUTH"),
        ("CREATE VIEW temp.x AS SELECT 1", "not authorized: SQLITE_AUTH"),
        (
            "CREATE TRIGGER temp.x AFTER INSERT ON t BEGIN SELECT 1; END",
            "not authorized: SQLITE_AUTH",
        ),
        ("CREATE TABLE _cf_x (a)", "not authorized: SQLITE_AUTH"),
        ("CREATE VIRTUAL TABLE x USING sqlite_dbpage", "not authorized: SQLITE_AUTH"),
        ("VACUUM", "cannot VACUUM from within a transaction: SQLITE_ERROR"),
        (
            "UPDATE sqlite_schema SET sql = ''",
            "table sqlite_master may not be modified: SQLITE_ERROR",
        ),
        ("SELECT hex(zeroblob(3000000))", "string or blob too big: SQLITE_TOOBIG"),
    ] {
        assert_eq!(one(&mut database, sql, vec![]).unwrap_err(), text, "{sql}");
    }
    for _ in 0..2 {
        let error = one(&mut database, "ALTER TABLE t RENAME TO _cf_t", vec![]).unwrap_err();
        assert_eq!(error, "not authorized: SQLITE_AUTH");
    }
    for sql in ["BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT a", "RELEASE a", "END"] {
        let text = one(&mut database, sql, vec![]).unwrap_err();
        assert!(text.starts_with("To execute a transaction"), "{sql}: {text}");
    }
    rows(&mut database, "ALTER TABLE t RENAME TO t2");
    rows(&mut database, "ALTER TABLE t2 RENAME TO t");
    assert_eq!(rows(&mut database, "SELECT count(*) AS n FROM t"), r#"[{"n":1}]"#);
}

#[test]
fn flags_and_foreign_keys_end_with_the_request() {
    let mut database = open(&MemoryStorage::default());
    rows(&mut database, "CREATE TABLE p (id INTEGER PRIMARY KEY)");
    rows(&mut database, "CREATE TABLE c (p REFERENCES p DEFERRABLE INITIALLY DEFERRED)");
    rows(&mut database, "PRAGMA foreign_keys = OFF");
    rows(&mut database, "PRAGMA case_sensitive_like = ON");
    rows(&mut database, "PRAGMA case_sensitive_like = ON");
    assert_eq!(rows(&mut database, "SELECT 'A' LIKE 'a' AS x"), r#"[{"x":1}]"#);
    let error = one(&mut database, "INSERT INTO c VALUES (7)", vec![]).unwrap_err();
    assert!(error.starts_with("FOREIGN KEY constraint failed: SQLITE_CONSTRAINT"), "{error}");
    assert_eq!(rows(&mut database, "SELECT count(*) AS n FROM c"), r#"[{"n":0}]"#);
}

#[test]
fn runaway_statements_end_with_an_error() {
    let limits = Limits {
        steps_max: 100_000,
        result_bytes_max: 10_000,
        transaction_pages_max: 20,
        database_pages_max: 60,
        ..Limits::default()
    };
    let mut database = open_with(&MemoryStorage::default(), limits);
    rows(&mut database, "CREATE TABLE t (a)");
    let numbers = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT";
    for (sql, text) in [
        (format!("{numbers} 1000000) SELECT count(*) FROM c"), "query took too long"),
        (format!("{numbers} 5000) SELECT n FROM c"), "result too large"),
        (
            format!("{numbers} 30) INSERT INTO t SELECT zeroblob(4000) FROM c"),
            "transaction too large",
        ),
    ] {
        let error = one(&mut database, &sql, vec![]).unwrap_err();
        assert!(error.starts_with(text), "{sql}: {error}");
    }
    let mut full = None;
    for _ in 0..10 {
        let sql = format!("{numbers} 9) INSERT INTO t SELECT zeroblob(4000) FROM c");
        full = one(&mut database, &sql, vec![]).err();
    }
    assert_eq!(full.unwrap(), "database or disk is full: SQLITE_FULL");
    assert_eq!(rows(&mut database, "PRAGMA quick_check"), r#"[{"quick_check":"ok"}]"#);
}

#[test]
fn deep_statements_do_not_overflow_the_stack() {
    let mut database = open(&MemoryStorage::default());
    let like = format!("SELECT '{}' LIKE '{}b'", "a".repeat(400), "%a".repeat(400));
    let deep =
        |open: &str, close: &str, n| format!("SELECT {}1{}", open.repeat(n), close.repeat(n));
    let compound = vec!["SELECT 1"; 500].join(" UNION ALL ");
    for sql in [
        like,
        deep("(", ")", 5000),
        deep("abs(", ")", 5000),
        deep("(SELECT ", ")", 5000),
        deep("CASE WHEN 1 THEN ", " END", 5000),
        compound,
        format!("SELECT json('{}{}')", "[".repeat(5000), "]".repeat(5000)),
        format!("SELECT json_extract('{}1{}', '$')", "[".repeat(990), "]".repeat(990)),
    ] {
        let _ = one(&mut database, &sql, vec![]);
    }
    assert_eq!(rows(&mut database, "SELECT 1 AS x"), r#"[{"x":1}]"#);
}

#[test]
fn a_storage_error_fails_the_request_and_reopening_tells_what_happened() {
    for fault in [Fault::Before, Fault::After] {
        let storage = MemoryStorage::default();
        let mut database = filled(&storage);
        storage.fail_at(0, fault);
        let error = one(&mut database, "UPDATE t SET b = 'new'", vec![]).unwrap_err();
        assert_eq!(error, "storage: append");
        assert!(database.is_broken());
        storage.heal();
        assert!(one(&mut database, "SELECT * FROM t", vec![]).is_err());
        let expected = if fault == Fault::After { r#"[{"b":"new"}]"# } else { r#"[{"b":5}]"# };
        assert_eq!(rows(&mut open(&storage), "SELECT b FROM t"), expected);
    }
}

#[test]
fn databases_in_one_thread_stay_apart() {
    let mut databases: Vec<_> = (0..3).map(|_| open(&MemoryStorage::default())).collect();
    for (i, database) in databases.iter_mut().enumerate() {
        rows(database, &format!("CREATE TABLE t{i} (a)"));
    }
    for (i, database) in databases.iter_mut().enumerate() {
        let sql = "SELECT name FROM sqlite_schema";
        assert_eq!(rows(database, sql), format!(r#"[{{"name":"t{i}"}}]"#));
    }
}

#[test]
fn growth_shrinking_and_checkpoints_keep_the_database_whole() {
    let storage = MemoryStorage::default();
    let mut database = open(&storage);
    let policy = CheckpointPolicy { log_commits_max: 3, step_pages: 7, ..Default::default() };
    rows(&mut database, "CREATE VIRTUAL TABLE f USING fts5(text)");
    rows(&mut database, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
    for round in 0..12 {
        let insert = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 60) \
                      INSERT INTO t (x) SELECT printf('%d %1500d', n, n) FROM c";
        rows(&mut database, insert);
        rows(&mut database, "INSERT INTO f SELECT 'word' || id FROM t WHERE id % 7 = 0");
        rows(&mut database, &format!("DELETE FROM t WHERE id % 5 = {}", round % 5));
        database.checkpoint_step(&policy).unwrap();
        if round % 4 == 3 {
            database = open(&storage);
        }
        assert_eq!(rows(&mut database, "PRAGMA quick_check"), r#"[{"quick_check":"ok"}]"#);
    }
    while database.checkpoint_step(&policy).unwrap() == CheckpointProgress::More {}
    let counted = rows(&mut database, "SELECT count(*) AS n FROM t");
    let mut reopened = open(&storage);
    assert_eq!(rows(&mut reopened, "SELECT count(*) AS n FROM t"), counted);
    assert_eq!(rows(&mut reopened, "PRAGMA quick_check"), r#"[{"quick_check":"ok"}]"#);
}

#[test]
fn sqlite_is_the_same_on_host_and_in_wasm() {
    assert_eq!(rusqlite::version(), "3.54.1");
    let database = open(&MemoryStorage::default());
    let options: Vec<String> = database.policy.internally(|| {
        let mut statement = database.connection.prepare("PRAGMA compile_options").unwrap();
        statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    });
    // What differs names the compiler, the threads and the machine.
    let differs = ["COMPILER", "THREADSAFE", "ATOMIC", "MUTEX", "SYSTEM", "OS_", "MALLOC", "HAVE_"];
    // Only wasm's parser knows LIMIT there.
    let differs = differs.iter().chain(&["ENABLE_UPDATE_DELETE_LIMIT", "ISOLITE"]);
    let same = options.iter().filter(|option| !differs.clone().any(|d| option.starts_with(d)));
    assert_eq!(same.map(String::as_str).collect::<Vec<_>>().join(" "), OPTIONS);
}

#[test]
fn a_kept_statement_answers_the_columns_of_a_changed_table() {
    let mut database = open(&MemoryStorage::default());
    rows(&mut database, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
    assert_eq!(rows(&mut database, "SELECT * FROM t"), r#"[{"a":1}]"#);
    rows(&mut database, "ALTER TABLE t ADD COLUMN b DEFAULT 2");
    assert_eq!(rows(&mut database, "SELECT * FROM t"), r#"[{"a":1,"b":2}]"#);
    rows(&mut database, "DROP TABLE t; CREATE TABLE t (c); INSERT INTO t VALUES (3)");
    assert_eq!(rows(&mut database, "SELECT * FROM t"), r#"[{"c":3}]"#);
}

const FAMILY: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent ON DELETE CASCADE);
    INSERT INTO parent VALUES (1, 'a'), (2, 'b'); INSERT INTO child VALUES (10, 1), (20, 2)";
const REBUILD: &str = "CREATE TABLE __new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO __new SELECT * FROM parent; DROP TABLE parent;
    ALTER TABLE __new RENAME TO parent";
const DANGLING: &str = "FOREIGN KEY constraint failed: SQLITE_CONSTRAINT \
    (extended: SQLITE_CONSTRAINT_FOREIGNKEY)";

#[test]
fn a_table_is_rebuilt_without_losing_what_refers_to_it() {
    for pragma in ["foreign_keys = OFF", "defer_foreign_keys = ON"] {
        let mut database = open(&MemoryStorage::default());
        rows(&mut database, FAMILY);
        rows(&mut database, &format!("PRAGMA {pragma}; {REBUILD}; SELECT 1"));
        assert_eq!(rows(&mut database, "SELECT id FROM child"), r#"[{"id":10},{"id":20}]"#);
        // Enforced again, in the next request at the latest.
        let orphan = one(&mut database, "INSERT INTO child VALUES (30, 3)", vec![]);
        assert_eq!(orphan, Err(DANGLING.to_owned()));
        rows(&mut database, "DELETE FROM parent WHERE id = 1");
        assert_eq!(rows(&mut database, "SELECT id FROM child"), r#"[{"id":20}]"#);
    }
}

#[test]
fn a_rebuild_that_leaves_references_to_nothing_is_rolled_back() {
    for pragma in ["foreign_keys = OFF", "defer_foreign_keys = ON"] {
        let mut database = open(&MemoryStorage::default());
        rows(&mut database, FAMILY);
        let rebuild = REBUILD.replace("FROM parent", "FROM parent WHERE id = 1");
        let failed = one(&mut database, &format!("PRAGMA {pragma}; {rebuild}; SELECT 1"), vec![]);
        assert_eq!(failed, Err(DANGLING.to_owned()), "{pragma}");
        assert_eq!(rows(&mut database, "SELECT count(*) AS n FROM parent"), r#"[{"n":2}]"#);
        assert_eq!(rows(&mut database, "PRAGMA foreign_keys"), r#"[{"foreign_keys":1}]"#);
        rows(&mut database, "DROP TABLE parent");
        assert_eq!(rows(&mut database, "SELECT count(*) AS n FROM child"), r#"[{"n":0}]"#);
    }
}

#[test]
fn foreign_keys_may_be_enforced_again_within_a_request() {
    let mut database = open(&MemoryStorage::default());
    rows(&mut database, FAMILY);
    let queries = [
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO child VALUES (30, 3)",
        "INSERT INTO parent VALUES (3, 'c')",
        "PRAGMA foreign_keys = ON",
        "INSERT INTO child VALUES (40, 4)",
    ]
    .map(|sql| Query::new(sql, vec![]));
    assert_eq!(
        run(&mut database, &queries, false).map(|done| done.count),
        Err(DANGLING.to_owned())
    );
    assert_eq!(run(&mut database, &queries[..4], false).map(|done| done.count), Ok(4));
}

/// The counters and the parser's LIMIT are in the build for wasm alone.
#[cfg(target_arch = "wasm32")]
#[test]
fn rows_are_counted_as_d1_counts_them() {
    let mut database = open(&MemoryStorage::default());
    for (sql, read, written) in [
        ("CREATE TABLE t (id INTEGER PRIMARY KEY, a, b)", 1, 2),
        ("CREATE INDEX t_a ON t (a)", 2, 1),
        ("INSERT INTO t VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3)", 3, 6),
        ("SELECT count(*) FROM t", 3, 0),
        ("SELECT * FROM t", 3, 0),
        ("SELECT * FROM t WHERE a = 2", 2, 0),
        ("UPDATE t SET b = 0 WHERE id = 1", 1, 1),
        ("DELETE FROM t ORDER BY id LIMIT 1", 4, 1),
    ] {
        let done = run(&mut database, &[Query::new(sql, vec![])], false).unwrap();
        let counts = format!(r#""rows_read":{read},"rows_written":{written}}}"#);
        assert!(done.answer.contains(&counts), "{sql}: {}", done.answer);
    }
}

#[test]
fn a_transaction_that_outgrows_the_cache_is_rolled_back_without_a_trace() {
    let storage = MemoryStorage::default();
    let mut database = open(&storage);
    let fill = "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 5200) \
        INSERT INTO t (a, b) SELECT x, zeroblob(3500) FROM c";
    rows(&mut database, "CREATE TABLE t (id INTEGER PRIMARY KEY, a UNIQUE, b)");
    rows(&mut database, "INSERT INTO t VALUES (1, -1, 'kept')");
    let before = database.position();
    // The cache holds 4,096 pages: SQLite has written the others before the end.
    let queries = [fill, "UPDATE t SET b = 'lost' WHERE id = 1", "INSERT INTO t (a) VALUES (-1)"];
    let queries = queries.map(|sql| Query::new(sql, vec![]));
    assert!(run(&mut database, &queries, false).is_err());
    assert_eq!(database.position(), before);
    assert_eq!(rows(&mut database, "SELECT a, b FROM t"), r#"[{"a":-1,"b":"kept"}]"#);
    let done = run(&mut database, &[Query::new("INSERT INTO t (a) VALUES (-7)", vec![])], false);
    let commit = done.unwrap().commit.unwrap();
    assert!(commit.ltx.len() < 20_000, "{} bytes", commit.ltx.len());
    assert_eq!(rows(&mut database, "PRAGMA quick_check"), r#"[{"quick_check":"ok"}]"#);
    drop(database);
    let mut reopened = open(&storage);
    assert_eq!(rows(&mut reopened, "PRAGMA quick_check"), r#"[{"quick_check":"ok"}]"#);
    assert_eq!(rows(&mut reopened, "SELECT count(*) AS n FROM t"), r#"[{"n":2}]"#);
    assert!(run(&mut reopened, &queries[..1], false).is_ok());
    assert_eq!(rows(&mut reopened, "SELECT count(*) AS n FROM t"), r#"[{"n":5202}]"#);
    assert_eq!(rows(&mut reopened, "PRAGMA quick_check"), r#"[{"quick_check":"ok"}]"#);
}

#[test]
fn each_statement_is_told_of() {
    let mut database = open(&MemoryStorage::default());
    rows(&mut database, "CREATE TABLE t (a)");
    let seen = std::cell::RefCell::new(Vec::new());
    let observe = |sql: &str, sums: &isolite_protocol::insights::Sums| {
        let kind = (sums.read_queries, sums.write_queries);
        seen.borrow_mut().push((sql.trim().to_owned(), kind, sums.rows_returned));
    };
    let mut observed = |queries: &[Query], script: bool| {
        let array = queries.len() > 1 || script;
        let run = Run { observe: Some(&observe), ..told(queries, array, script) };
        database.run(&run).unwrap();
        seen.take()
    };
    let insert = Query::new("INSERT INTO t VALUES (?)", vec![Value::Null]);
    let write = ("INSERT INTO t VALUES (?)".to_owned(), (0, 1), 0);
    assert_eq!(observed(&[insert.clone(), insert], false), [write.clone(), write]);
    let script = [Query::new("DELETE FROM t; SELECT 1 UNION SELECT 2; -- no more", vec![])];
    let statements = [
        ("DELETE FROM t;".to_owned(), (0, 1), 0),
        ("SELECT 1 UNION SELECT 2;".to_owned(), (1, 0), 2),
    ];
    assert_eq!(observed(&script, true), statements);
    assert_eq!(observed(&script, false), statements);
}
