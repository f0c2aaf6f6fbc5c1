//! A replica beside its primary: what it answers, what it leaves, and how it follows.

use isolite_core::memory_storage::MemoryStorage;
use isolite_core::{Bootstrap, Received, ReplicaPages, Store};
use isolite_protocol::{Query, ResultsFormat, Value};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::Numbers;
use super::*;

const ROWS: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a); \
    INSERT INTO t VALUES (1, 'one'), (2, 'two')";

fn run(queries: &[Query]) -> Run<'_> {
    Run {
        read_only: false,
        queries,
        format: ResultsFormat::ArrayOfObjects,
        array: false,
        numbers: Numbers::Real,
        script: false,
        now_ms: 0,
        clock: &|| 0.0,
        served: "",
        observe: None,
    }
}

fn execute(primary: &mut Database, sql: &str) {
    primary.run(&run(&[Query::new(sql, vec![])])).unwrap();
}

fn read(replica: &mut Database, sql: &str, params: Vec<Value>) -> Option<String> {
    let text = replica.read(&run(&[Query::new(sql, params)]))?;
    let end = text.find(",\"meta\"").unwrap();
    Some(text["{\"success\":true,\"results\":".len()..end].to_string())
}

fn pair() -> (Database, Database) {
    let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    let mut primary = Database::open(store, Limits::default()).unwrap();
    execute(&mut primary, ROWS);
    let snapshot = primary.pages_from(1, 1000).unwrap();
    let mut replica = Database::open_embedded_replica(Limits::default()).unwrap();
    let part = snapshot.as_deref();
    assert!(replica.bootstrap(&mut Bootstrap::default(), primary.position(), part).unwrap());
    (primary, replica)
}

#[test]
fn a_snapshot_may_come_in_several_parts() {
    let (mut primary, _) = pair();
    execute(
        &mut primary,
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40) \
         INSERT INTO t SELECT NULL, zeroblob(3000) FROM n",
    );
    let stores = [
        Database::open_embedded_replica(Limits::default()).unwrap(),
        Database::open_region_replica(
            Store::open(Box::new(MemoryStorage::default()), 256).unwrap(),
            Limits::default(),
        )
        .unwrap(),
    ];
    for mut replica in stores {
        let mut bootstrap = Bootstrap::default();
        let cut_short = primary.pages_from(1, 9).unwrap();
        replica.bootstrap(&mut bootstrap, primary.position(), cut_short.as_deref()).unwrap();
        replica.clear().unwrap();
        bootstrap = Bootstrap::default();
        let (mut first, mut parts, mut whole) = (1, 0, false);
        while !whole {
            let part = primary.pages_from(first, 9).unwrap();
            whole = replica.bootstrap(&mut bootstrap, primary.position(), part.as_deref()).unwrap();
            (first, parts) = (first + 9, parts + 1);
        }
        assert!(parts > 3, "{parts}");
        let count = read(&mut replica, "SELECT count(*) AS n FROM t", vec![]);
        assert_eq!(count.as_deref(), Some(r#"[{"n":42}]"#));
    }
}

#[test]
fn a_replica_answers_reads_and_leaves_the_rest() {
    let (_, mut replica) = pair();
    let one = vec![Value::Integer(1)];
    for _ in 0..2 {
        let row = read(&mut replica, "SELECT a FROM t WHERE id = ?", one.clone());
        assert_eq!(row.as_deref(), Some(r#"[{"a":"one"}]"#));
    }
    assert!(
        read(&mut replica, "-- all\nWITH x AS (SELECT 1) SELECT * FROM x, t", vec![]).is_some()
    );
    for sql in [
        "INSERT INTO t VALUES (3, 'three')",
        "WITH x AS (SELECT 1) INSERT INTO t SELECT 3, 'three' FROM x",
        "INSERT INTO t VALUES (3, 'three') RETURNING id",
        "SELECT 1; DELETE FROM t",
        "SELECT changes()",
        "SELECT last_insert_rowid()",
        "SELECT * FROM pragma_table_info('t')",
        "PRAGMA foreign_keys",
        "SELECT nothing",
        "SELEC 1",
        "SELECT abs(-9223372036854775808)",
        "-- nothing",
        "",
    ] {
        assert_eq!(read(&mut replica, sql, vec![]), None, "{sql}");
    }
    assert_eq!(read(&mut replica, "SELECT ?", vec![]), None);
    let both = ["SELECT 1", "DELETE FROM t"].map(|sql| Query::new(sql, vec![]));
    assert_eq!(replica.read(&run(&both)), None);
    let count = read(&mut replica, "SELECT count(*) AS n FROM t", vec![]);
    assert_eq!(count.as_deref(), Some(r#"[{"n":2}]"#));
}

#[test]
fn a_replica_sees_each_commit_it_applies() {
    let (mut primary, mut replica) = pair();
    let count = "SELECT count(*) AS n, max(a) AS a FROM t";
    for n in 3..40 {
        execute(&mut primary, &format!("INSERT INTO t VALUES ({n}, 'x{n}' || hex(zeroblob(900)))"));
        if n % 3 == 0 {
            let from = replica.position();
            let ltx = primary.commits_since(from, usize::MAX).unwrap().unwrap();
            assert_eq!(replica.apply(&ltx, primary.position()).unwrap(), Received::Applied);
            let there = primary.run(&run(&[Query::new(count, vec![])])).unwrap().answer;
            let here = replica.read(&run(&[Query::new(count, vec![])])).unwrap();
            assert_eq!(here.split("\"meta\"").next(), there.split("\"meta\"").next());
            let size_after = |answer: &str| {
                let (_, after) = answer.split_once("\"size_after\":").unwrap();
                after.split(',').next().unwrap().to_owned()
            };
            assert_eq!(size_after(&here), size_after(&there));
        }
    }
    execute(&mut primary, "ALTER TABLE t ADD COLUMN b DEFAULT 7");
    execute(&mut primary, "DELETE FROM t WHERE id > 1");
    let ltx = primary.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
    replica.apply(&ltx, primary.position()).unwrap();
    let row = read(&mut replica, "SELECT * FROM t", vec![]);
    assert_eq!(row.as_deref(), Some(r#"[{"id":1,"a":"one","b":7}]"#));
}

#[test]
fn what_takes_too_much_is_told_by_the_replica_and_harms_nothing() {
    let (mut primary, mut replica) = pair();
    let endless =
        "WITH RECURSIVE c (x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT max(x) FROM c";
    let limits = Limits { steps_max: 100_000, result_bytes_max: 1000, ..Limits::default() };
    replica.limits = limits;
    primary.limits = limits;
    for sql in [endless, "SELECT printf('%.*c', 20000, 'x')"] {
        let queries = [Query::new(sql, vec![])];
        let told = replica.read(&run(&queries)).unwrap();
        let error = primary.run(&run(&queries)).err().unwrap();
        assert_eq!(told, Failure::new(error.to_string()).encode());
        assert!(read(&mut replica, "SELECT a FROM t", vec![]).is_some());
    }
}

/// Full text search keeps a row of its own open from one query to the next.
#[test]
fn full_text_search_sees_each_commit_too() {
    let (mut primary, mut replica) = pair();
    execute(&mut primary, "CREATE VIRTUAL TABLE f USING fts5(a, prefix='2 3')");
    let queries = [
        "SELECT count(*) AS n FROM f WHERE f MATCH 'word'",
        "SELECT rowid, rank, snippet(f, 0, '[', ']', '…', 4) AS s FROM f('wo*') ORDER BY rank LIMIT 3",
        "SELECT rowid, bm25(f) AS b, highlight(f, 0, '<', '>') AS h FROM f('word') LIMIT 2",
        "SELECT max(rowid) AS last FROM f",
    ];
    for n in 0..40 {
        let sql = match n % 4 {
            3 => format!("DELETE FROM f WHERE rowid = {}", n / 2),
            _ => format!(
                "INSERT INTO f SELECT 'word ' || value || ' of {n}' FROM json_each('[1,2,3,4]')"
            ),
        };
        execute(&mut primary, &sql);
        let ltx = primary.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
        assert_eq!(replica.apply(&ltx, primary.position()).unwrap(), Received::Applied);
        for sql in queries {
            let queries = [Query::new(sql, vec![])];
            let there = primary.run(&run(&queries)).unwrap().answer;
            let here = replica.read(&run(&queries)).unwrap();
            assert_eq!(here.split("\"meta\"").next(), there.split("\"meta\"").next(), "{n} {sql}");
        }
    }
    execute(&mut primary, "INSERT INTO f(f) VALUES ('optimize')");
    execute(&mut primary, "DROP TABLE f");
    let ltx = primary.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
    replica.apply(&ltx, primary.position()).unwrap();
    assert!(read(&mut replica, "SELECT a FROM t", vec![]).is_some());
    assert_eq!(read(&mut replica, queries[0], vec![]), None);
}

#[test]
fn a_replica_in_memory_is_read_where_it_lies() {
    let (mut primary, mut replica) = pair();
    let more = "INSERT INTO t (a) SELECT hex(zeroblob(900)) FROM t";
    for _ in 0..9 {
        execute(&mut primary, more);
    }
    let ltx = primary.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
    replica.apply(&ltx, primary.position()).unwrap();
    let count = "SELECT count(*), sum(length(a)) FROM t";
    let there = primary.run(&run(&[Query::new(count, vec![])])).unwrap().answer;
    let here = replica.read(&run(&[Query::new(count, vec![])])).unwrap();
    assert_eq!(here.split("\"meta\"").next(), there.split("\"meta\"").next());
    assert!(replica.size_pages() > 300, "{}", replica.size_pages());
    let (mut used, mut most) = (0, 0);
    // SAFETY: the handle is open, and both numbers are the statement's own.
    let code = unsafe {
        let db = replica.connection.handle();
        ffi::sqlite3_db_status(db, ffi::SQLITE_DBSTATUS_CACHE_USED, &mut used, &mut most, 0)
    };
    assert_eq!(code, ffi::SQLITE_OK);
    assert!(used < 10 * 4096, "SQLite keeps {used} bytes of copies");
}

#[test]
fn the_first_commit_after_a_read_may_make_the_database_larger() {
    let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    let region = Database::open_region_replica(store, Limits::default()).unwrap();
    let embedded = Database::open_embedded_replica(Limits::default()).unwrap();
    for (mut replica, reads) in [(region, 1), (embedded, 2)] {
        let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
        let mut primary = Database::open(store, Limits::default()).unwrap();
        execute(&mut primary, ROWS);
        let part = primary.pages_from(1, 1000).unwrap();
        let mut bootstrap = Bootstrap::default();
        assert!(replica.bootstrap(&mut bootstrap, primary.position(), part.as_deref()).unwrap());
        for name in ["b", "c", "d"] {
            for _ in 0..reads {
                assert!(read(&mut replica, "SELECT a FROM t", vec![]).is_some());
            }
            execute(&mut primary, &format!("CREATE TABLE {name} (a)"));
            let ltx = primary.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
            assert_eq!(replica.apply(&ltx, primary.position()).unwrap(), Received::Applied);
            let rows = read(&mut replica, &format!("SELECT count(*) AS n FROM {name}"), vec![]);
            assert_eq!(rows.as_deref(), Some(r#"[{"n":0}]"#));
        }
    }
}

#[test]
fn a_plan_is_of_the_schema_as_it_is_now() {
    let (mut primary, mut replica) = pair();
    let plan = "EXPLAIN QUERY PLAN SELECT a FROM t WHERE a = 'x'";
    assert!(read(&mut replica, plan, vec![]).unwrap().contains("SCAN t"));
    for (change, expected) in
        [("CREATE INDEX ta ON t (a)", "INDEX ta"), ("DROP INDEX ta", "SCAN t")]
    {
        execute(&mut primary, change);
        let ltx = primary.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
        replica.apply(&ltx, primary.position()).unwrap();
        assert!(read(&mut replica, plan, vec![]).unwrap().contains(expected), "{change}");
    }
}

fn follow(primary: &mut Database, replica: &mut Database, sql: &str) {
    execute(primary, sql);
    let ltx = primary.commits_since(replica.position(), usize::MAX).unwrap().unwrap();
    assert_eq!(replica.apply(&ltx, primary.position()).unwrap(), Received::Applied);
}

/// The cells of a known statement; those that are not plain are told by their JSON.
fn known(replica: &mut Database, number: u64, params: &[f64]) -> Option<Vec<String>> {
    let mut cells = Cells::default();
    cells.set_params(params);
    replica.read_known(number, params.len(), &mut cells).then(|| cells.told())
}

#[test]
fn a_known_statement_is_answered_by_its_number_until_its_columns_change() {
    let (mut primary, mut replica) = pair();
    let sql = "SELECT * FROM t WHERE id = ?";
    assert_eq!(replica.statement_number(sql), None);
    read(&mut replica, sql, vec![Value::Integer(2)]).unwrap();
    let number = replica.statement_number(sql).unwrap();
    assert_eq!(replica.statement_number(sql), Some(number));
    for _ in 0..2 {
        assert_eq!(known(&mut replica, number, &[2.0]).unwrap(), ["2", "two"]);
    }
    assert_eq!(known(&mut replica, number, &[9.0]).unwrap(), [] as [&str; 0]);
    assert_eq!(known(&mut replica, number, &[]), None);
    assert_eq!(known(&mut replica, number + 1, &[2.0]), None);
    // Another index: compiled anew, with the same columns.
    follow(&mut primary, &mut replica, "CREATE INDEX by_a ON t (a)");
    assert_eq!(known(&mut replica, number, &[2.0]).unwrap(), ["2", "two"]);
    follow(&mut primary, &mut replica, "ALTER TABLE t RENAME COLUMN a TO b");
    assert_eq!(known(&mut replica, number, &[2.0]), None);
    let row = read(&mut replica, sql, vec![Value::Integer(2)]);
    assert_eq!(row.as_deref(), Some(r#"[{"id":2,"b":"two"}]"#));
    let other = replica.statement_number(sql).unwrap();
    assert_eq!((known(&mut replica, number, &[2.0]), other > number), (None, true));
    assert_eq!(known(&mut replica, other, &[2.0]).unwrap(), ["2", "two"]);
}

#[test]
fn numbers_of_statements_that_are_no_longer_kept_mean_none() {
    let limits = Limits { statements_kept: 4, ..Limits::default() };
    let mut replica = Database::open_embedded_replica(limits).unwrap();
    let mut numbered = |at: u64| {
        let sql = format!("SELECT {at}");
        read(&mut replica, &sql, vec![]).unwrap();
        replica.statement_number(&sql).unwrap()
    };
    let numbers: Vec<u64> = (0..50).map(&mut numbered).collect();
    for (at, number) in numbers.iter().enumerate() {
        let cells = known(&mut replica, *number, &[]);
        assert_eq!(cells, (at >= 46).then(|| vec![at.to_string()]), "{at}");
    }
}

#[test]
fn a_statement_in_use_is_known_again_after_any_number_of_others() {
    let limits = Limits { statements_kept: 4, ..Limits::default() };
    let mut replica = Database::open_embedded_replica(limits).unwrap();
    let mut number = 0;
    let mut asked_by_text = 0;
    for at in 0..50 {
        if known(&mut replica, number, &[]).is_none() {
            asked_by_text += 1;
            read(&mut replica, "SELECT 1", vec![]).unwrap();
            number = replica.statement_number("SELECT 1").unwrap();
        }
        assert_eq!(known(&mut replica, number, &[]).unwrap(), ["1"]);
        let other = format!("SELECT 2, {at}");
        read(&mut replica, &other, vec![]).unwrap();
        replica.statement_number(&other).unwrap();
    }
    assert!(asked_by_text < 20, "{asked_by_text}");
}

#[test]
fn cells_of_every_kind() {
    let (_, mut replica) = pair();
    let long = "x".repeat(65);
    let sql = format!(
        "SELECT NULL, -5, 9007199254740991, 9007199254740992, 0.5, -0.0, 9e999, '', 'a\"', 'é', \
         '{long}', x'0102'"
    );
    read(&mut replica, &sql, vec![]).unwrap();
    let number = replica.statement_number(&sql).unwrap();
    let cells = known(&mut replica, number, &[]).unwrap();
    let long = format!("\"{long}\"");
    let expected = [
        "null",
        "-5",
        "9007199254740991",
        "9007199254740992",
        "0.5",
        "0",
        "null",
        "",
        "a\"",
        "\"é\"",
        &long,
        "[1,2]",
    ];
    assert_eq!(cells, expected);
}
