//! Transactions of several requests, seen from within and, by another connection, from outside.

use isolite_core::Store;
use isolite_core::memory_storage::MemoryStorage;
use isolite_protocol::Request;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::Limits;

fn open() -> Database {
    let mut store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    store.keep_history(0).unwrap();
    Database::open(store, Limits::default()).unwrap()
}

fn request(body: &str) -> Request {
    Request::decode(body).unwrap()
}

/// What a request answers, or the text of its error.
fn run(database: &mut Database, body: &str) -> Result<String, String> {
    let request = request(body);
    let run = Run::of(&request, "resultsFormat=ROWS_AND_COLUMNS&numbers=exact", &|| 5.0, "");
    let interactive = database.is_interactive();
    let done = if interactive { database.run_interactive(&run) } else { database.run(&run) };
    done.map(|done| done.answer).map_err(|error| error.to_string())
}

fn count(database: &mut Database) -> String {
    let answer = run(database, r#"{"sql":"SELECT count(*) FROM t"}"#).unwrap();
    let rows = answer.split("\"rows\":").nth(1).unwrap_or_default();
    rows.split('}').next().unwrap_or_default().to_owned()
}

fn table() -> Database {
    let mut database = open();
    run(&mut database, r#"{"sql":"CREATE TABLE t (a UNIQUE)"}"#).unwrap();
    database
}

const INSERT: &str = r#"{"sql":"INSERT INTO t VALUES (?)","params":[1]}"#;

#[test]
fn nothing_reaches_the_store_before_the_commit() {
    let mut database = table();
    let before = database.position();
    database.begin_interactive(true).unwrap();
    run(&mut database, INSERT).unwrap();
    assert_eq!((count(&mut database).as_str(), database.position()), ("[[1]]", before));
    assert!(!database.is_broken());
    let past = database.with_store(|store| store.past(before, 16)).unwrap().unwrap().unwrap();
    let mut outside = Database::open_past(past, Limits::default()).unwrap();
    assert_eq!(count(&mut outside), "[[0]]");
    let commit = database.commit_interactive(7).unwrap().unwrap();
    assert_eq!(commit.after.txid, before.txid + 1);
    assert_eq!((database.position(), database.is_interactive()), (commit.after, false));
    assert_eq!(count(&mut database), "[[1]]");
}

#[test]
fn a_request_that_fails_takes_back_itself_alone() {
    let mut database = table();
    database.begin_interactive(true).unwrap();
    run(&mut database, INSERT).unwrap();
    let batch = format!(r#"[{{"sql":"INSERT INTO t VALUES (2)"}},{INSERT}]"#);
    assert!(run(&mut database, &batch).unwrap_err().contains("UNIQUE constraint failed"));
    assert_eq!(count(&mut database), "[[1]]");
    assert!(run(&mut database, r#"{"sql":"COMMIT"}"#).unwrap_err().contains("state.storage"));
    database.roll_back_interactive();
    assert_eq!(count(&mut database), "[[0]]");
    assert!(!database.is_broken());
}

#[test]
fn one_that_reads_makes_no_commit() {
    let mut database = table();
    let before = database.position();
    database.begin_interactive(true).unwrap();
    assert_eq!(count(&mut database), "[[0]]");
    assert!(database.commit_interactive(0).unwrap().is_none());
    assert_eq!(database.position(), before);
}

#[test]
fn sqlite_may_end_it() {
    let mut database = table();
    run(&mut database, INSERT).unwrap();
    database.begin_interactive(true).unwrap();
    run(&mut database, r#"{"sql":"INSERT INTO t VALUES (2)"}"#).unwrap();
    run(&mut database, r#"{"sql":"INSERT OR ROLLBACK INTO t VALUES (1)"}"#).unwrap_err();
    assert!(!database.is_interactive() && !database.is_broken());
    assert_eq!(count(&mut database), "[[1]]");
}

#[test]
fn no_other_request_runs_meanwhile() {
    let mut database = table();
    database.begin_interactive(true).unwrap();
    let body = request(INSERT);
    let refused = database.run(&Run::of(&body, "", &|| 0.0, "")).map(|_| ()).unwrap_err();
    assert_eq!(refused.to_string(), "database is locked: SQLITE_BUSY");
    assert!(database.begin_interactive(true).is_err() && database.is_interactive());
    database.roll_back_interactive();
}

#[test]
fn it_nests() {
    let mut database = table();
    let nest = |database: &mut Database, sql: &str| {
        let statement = TransactionStatement::parse(sql).unwrap();
        database.nest_interactive(&statement).map_err(|error| error.to_string())
    };
    database.begin_interactive(true).unwrap();
    nest(&mut database, "SAVEPOINT \"a b\"").unwrap();
    run(&mut database, INSERT).unwrap();
    nest(&mut database, "ROLLBACK TO \"a b\"").unwrap();
    assert_eq!(count(&mut database), "[[0]]");
    run(&mut database, INSERT).unwrap();
    nest(&mut database, "RELEASE \"a b\"").unwrap();
    assert!(nest(&mut database, "RELEASE x").unwrap_err().contains("no such savepoint: x"));
    database.commit_interactive(0).unwrap().unwrap();
    assert_eq!(count(&mut database), "[[1]]");
}

#[test]
fn flags_end_with_it() {
    let mut database = table();
    database.begin_interactive(true).unwrap();
    run(&mut database, r#"{"sql":"PRAGMA case_sensitive_like = ON"}"#).unwrap();
    run(&mut database, r#"{"sql":"SELECT 1"}"#).unwrap();
    let like = r#"{"sql":"SELECT 'A' LIKE 'a'"}"#;
    assert!(run(&mut database, like).unwrap().contains("[[0]]"));
    database.commit_interactive(0).unwrap();
    assert!(run(&mut database, like).unwrap().contains("[[1]]"));
}

#[test]
fn a_commit_that_leaves_dangling_keys_may_be_mended() {
    let mut database = table();
    let child = r#"{"sql":"CREATE TABLE c (a REFERENCES t (a) DEFERRABLE INITIALLY DEFERRED)"}"#;
    run(&mut database, child).unwrap();
    database.begin_interactive(true).unwrap();
    run(&mut database, r#"{"sql":"INSERT INTO c VALUES (1)"}"#).unwrap();
    let refused = database.commit_interactive(0).map(|_| ()).unwrap_err().to_string();
    assert!(refused.contains("FOREIGN KEY constraint failed"), "{refused}");
    assert!(database.is_interactive());
    run(&mut database, INSERT).unwrap();
    assert!(database.commit_interactive(0).unwrap().is_some());
}

#[test]
fn without_foreign_keys_the_end_is_looked_at() {
    let mut database = table();
    run(&mut database, r#"{"sql":"CREATE TABLE c (a REFERENCES t (a))"}"#).unwrap();
    database.begin_interactive(false).unwrap();
    run(&mut database, r#"{"sql":"INSERT INTO c VALUES (1)"}"#).unwrap();
    assert!(database.commit_interactive(0).is_err() && !database.is_interactive());
    database.begin_interactive(false).unwrap();
    run(&mut database, r#"{"sql":"INSERT INTO c VALUES (1)"}"#).unwrap();
    run(&mut database, INSERT).unwrap();
    assert!(database.commit_interactive(0).unwrap().is_some());
    assert!(run(&mut database, r#"{"sql":"INSERT INTO c VALUES (2)"}"#).is_err());
}

#[test]
fn writes_that_are_refused_end_it() {
    let mut database = table();
    database.begin_interactive(true).unwrap();
    run(&mut database, INSERT).unwrap();
    database.refuse_writes(Some("not now".to_owned()));
    let refused = database.commit_interactive(0).map(|_| ()).unwrap_err();
    assert_eq!((refused.to_string().as_str(), database.is_interactive()), ("not now", false));
    assert_eq!(count(&mut database), "[[0]]");
}
