//! SQLite over a past position and over a draft, against the same statements run at the time.

use isolite_core::memory_storage::{Fault, MemoryStorage};
use isolite_core::{CheckpointPolicy, Position, Store};
use isolite_protocol::{Query, Request, ResultsFormat};

use super::*;
use crate::Splitter;
use crate::database::{Numbers, Run};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn ask(database: &mut Database, sql: &str) -> Result<String, Error> {
    let request = Request::One(Query { sql: sql.into(), params: Vec::new() });
    let run = Run {
        observe: None,
        read_only: false,
        queries: request.queries(),
        format: ResultsFormat::RowsAndColumns,
        array: false,
        numbers: Numbers::Exact,
        script: false,
        now_ms: 7,
        clock: &|| 0.0,
        served: "",
    };
    let answer = database.run(&run)?.answer;
    Ok(answer
        .split("\"rows\":")
        .nth(1)
        .and_then(|rest| rest.split('}').next())
        .unwrap_or_default()
        .to_owned())
}

fn open(storage: &MemoryStorage) -> Database {
    let mut store = Store::open(Box::new(storage.clone()), 64).unwrap();
    store.keep_history(0).unwrap();
    Database::open(store, Limits::default()).unwrap()
}

#[test]
fn each_past_position_answers_as_it_did() {
    let storage = MemoryStorage::default();
    let mut database = open(&storage);
    let mut positions: Vec<(Position, String)> = Vec::new();
    ask(&mut database, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT)").unwrap();
    let sums = "SELECT count(*), sum(length(a)), max(id) FROM t";
    let policy = CheckpointPolicy { log_commits_max: 5, step_pages: 3, ..Default::default() };
    for i in 0..40 {
        let sql = format!("INSERT INTO t (a) VALUES (printf('%.{}c', 'x'))", 1 + i * 97 % 3000);
        ask(&mut database, if i % 7 == 6 { "DELETE FROM t WHERE id % 3 = 0" } else { &sql })
            .unwrap();
        positions.push((database.position(), ask(&mut database, sums).unwrap()));
        database.checkpoint_step(&policy).unwrap();
    }
    for (position, answer) in positions {
        let past = database.with_store(|store| store.past(position, 16)).unwrap();
        let mut past = Database::open_past(past.unwrap().unwrap(), Limits::default()).unwrap();
        assert_eq!(ask(&mut past, sums).unwrap(), answer, "{position}");
        let refused = ask(&mut past, "DELETE FROM t").unwrap_err();
        assert!(matches!(refused, Error::QueryOnly(_)), "{refused}");
        assert_eq!(ask(&mut past, sums).unwrap(), answer, "{position}");
    }
}

#[test]
fn a_draft_takes_more_than_memory_and_becomes_the_database() {
    let storage = MemoryStorage::default();
    let mut database = open(&storage);
    ask(&mut database, "CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB)").unwrap();
    ask(&mut database, "INSERT INTO t VALUES (1, zeroblob(50000)), (2, x'00')").unwrap();
    let before = database.position();
    let draft = database.with_store(|store| store.draft(100)).unwrap().unwrap();
    let mut writer = Database::open_draft(draft, Limits::default()).unwrap();
    let rows = "WITH RECURSIVE n (i) AS (VALUES (10) UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
        INSERT INTO t SELECT i, randomblob(4000) FROM n";
    ask(&mut writer, rows).unwrap();
    ask(&mut writer, "DELETE FROM t WHERE id = 1").unwrap();
    let sums = "SELECT count(*), sum(id), sum(length(a)), max(hex(a)) FROM t";
    let expected = ask(&mut writer, sums).unwrap();
    // Nobody sees it.
    assert_eq!(ask(&mut database, "SELECT count(*) FROM t").unwrap(), "[[2]]");
    let mut draft = writer.into_draft().unwrap();
    while draft.finish_step(50).unwrap() {}
    let policy = CheckpointPolicy { log_commits_max: 1, ..Default::default() };
    while !database.with_store(|store| store.takes(&draft)).unwrap() {
        database.checkpoint_step(&policy).unwrap();
    }
    let after = database.with_store(|store| store.publish(draft, 9)).unwrap().unwrap();
    assert_eq!(after.txid, before.txid + 1);
    let mut database = open(&storage);
    for _ in 0..3 {
        assert_eq!(database.position(), after);
        assert_eq!(ask(&mut database, sums).unwrap(), expected);
        assert_eq!(ask(&mut database, "PRAGMA quick_check").unwrap(), "[[\"ok\"]]");
        for _ in 0..20 {
            database.checkpoint_step(&CheckpointPolicy::default()).unwrap();
        }
        database = open(&storage);
    }
    ask(&mut database, "INSERT INTO t VALUES (20000, 'x')").unwrap();
    let past = database.with_store(|store| store.past(before, 16)).unwrap().unwrap().unwrap();
    let mut past = Database::open_past(past, Limits::default()).unwrap();
    assert_eq!(ask(&mut past, "SELECT count(*), sum(length(a)) FROM t").unwrap(), "[[2,50001]]");
}

#[test]
fn what_does_not_fit_into_memory_is_sorted_in_scratch_files() {
    let storage = MemoryStorage::default();
    let mut database = open(&storage);
    let draft = database.with_store(|store| store.draft(0)).unwrap().unwrap();
    let mut writer = Database::open_draft(draft, Limits::default()).unwrap();
    let mut splitter = Splitter::new(1 << 20);
    splitter.push(
        b"CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
        WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200000)
        INSERT INTO t SELECT i, hex(i * 7919 % 200003) || 'abcdefghijklmnopqrstuvwxyz' FROM n;
        CREATE INDEX i ON t (a);
        CREATE TABLE u AS SELECT DISTINCT a FROM t ORDER BY a DESC;",
    );
    storage.fail_at(usize::MAX, Fault::Before);
    writer.begin_import(1).unwrap();
    while let Some(statement) = splitter.next().unwrap() {
        writer.import(&statement).unwrap();
    }
    writer.finish_import().unwrap();
    let written = storage.calls().iter().filter(|call| **call == "write_scratch").count();
    assert!(written > 100, "{written} chunks");
    assert_eq!(storage.scratch_len(), 0);
    let mut check = writer.begin_file_check().unwrap();
    while writer.file_check_step(&mut check, 64).unwrap() {}
    let sorted = "SELECT count(*), sum(a > b) FROM
        (SELECT a, lead(a) OVER (ORDER BY rowid) AS b FROM u LIMIT 1000)";
    assert_eq!(ask(&mut writer, sorted).unwrap(), "[[1000,1000]]");
}
