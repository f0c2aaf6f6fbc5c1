//! Files as other programs write them.

use isolite_core::Store;
use isolite_core::memory_storage::MemoryStorage;
use rusqlite::Connection;

use super::*;
use crate::limits::Limits;

fn header(edit: impl Fn(&mut [u8; 100])) -> [u8; 100] {
    let mut header = [0; 100];
    header[..16].copy_from_slice(MAGIC);
    header[16] = 0x10;
    (header[18], header[19], header[27], header[31], header[47], header[59], header[95]) =
        (1, 1, 7, 9, 4, 1, 7);
    edit(&mut header);
    header
}

#[test]
fn headers() {
    let check = |edit: fn(&mut [u8; 100])| check_sqlite_file(&header(edit));
    assert_eq!(check(|_| {}), Ok(FileHeader { size_pages: Some(9), wal: false }));
    assert_eq!(check(|h| h[95] = 8), Ok(FileHeader { size_pages: None, wal: false }));
    assert_eq!(
        check(|h| (h[18], h[19]) = (2, 2)),
        Ok(FileHeader { size_pages: Some(9), wal: true })
    );
    assert_eq!(check(|h| h[0] = b's'), Err(FileError::NotSqlite));
    assert_eq!(check(|h| (h[16], h[17]) = (4, 0)), Err(FileError::PageSize(1024)));
    assert_eq!(check(|h| (h[16], h[17]) = (0, 1)), Err(FileError::PageSize(65_536)));
    assert_eq!(check(|h| h[20] = 32), Err(FileError::ReservedBytes(32)));
    assert_eq!(check(|h| h[59] = 2), Err(FileError::Utf16));
    assert_eq!(check(|h| h[19] = 3), Err(FileError::Format(3)));
    assert_eq!(check(|h| h[47] = 5), Err(FileError::Format(5)));
    assert_eq!(check(|h| h[59] = 0), Ok(FileHeader { size_pages: Some(9), wal: false }));
}

fn database() -> Database {
    let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    Database::open(store, Limits::default()).unwrap()
}

/// The names that are there afterwards.
fn checked(sql: &[&str]) -> Result<String, String> {
    let mut database = database();
    // What Isolite itself would refuse, other programs do.
    database
        .connection
        .set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DEFENSIVE, false)
        .unwrap();
    for sql in sql {
        let run = database.each_row(sql, &[], |_| Ok(true));
        run.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    let text = |error: Error| error.to_string();
    let mut check = database.begin_file_check().map_err(text)?;
    while database.file_check_step(&mut check, 1).map_err(text)? {}
    let mut names = vec![];
    let read = database.each_row("SELECT name FROM sqlite_schema ORDER BY name", &[], |row| {
        if let Cell::Text(name) = row.cell(0) {
            names.push(String::from_utf8_lossy(name).into_owned());
        }
        Ok(true)
    });
    read.map_err(text)?;
    Ok(names.join(" "))
}

#[test]
fn databases_of_other_programs() {
    assert_eq!(checked(&[]), Ok(String::new()));
    let others = checked(&[
        "CREATE TABLE p(a PRIMARY KEY)",
        "CREATE TABLE c(a REFERENCES p)",
        "PRAGMA foreign_keys = OFF",
        "INSERT INTO c VALUES(1), (NULL), (2)",
        "CREATE VIEW broken AS SELECT * FROM nowhere",
        "CREATE VIRTUAL TABLE f USING fts5(a)",
        "ANALYZE",
    ]);
    assert!(others.unwrap().starts_with("broken c f f_config"));
    // Of the platform's own tables nothing stays.
    assert_eq!(
        checked(&[
            "CREATE TABLE t(a)",
            "CREATE TABLE _cf_METADATA(key INTEGER PRIMARY KEY, value BLOB)",
            "INSERT INTO _cf_METADATA VALUES(2, x'00')",
            "CREATE INDEX i ON _cf_METADATA(value)",
            "CREATE TABLE _cf_KV(key TEXT PRIMARY KEY, value BLOB) WITHOUT ROWID",
        ]),
        Ok("t".to_owned())
    );
    assert_eq!(
        checked(&["CREATE VIEW _cf_v AS SELECT 1"]),
        Err("the file has a view with the reserved name _cf_v; remove it: sqlite3 FILE 'DROP VIEW \"_cf_v\"'".to_owned())
    );
    let error = checked(&[
        "PRAGMA writable_schema = ON",
        "INSERT INTO sqlite_schema VALUES('table', 'v', 'v', 0, 'CREATE VIRTUAL TABLE v USING strange(a)')",
        "PRAGMA writable_schema = RESET",
    ]);
    assert_eq!(
        error,
        Err("table v cannot be read: no such module: strange: SQLITE_ERROR".to_owned())
    );
    let error = checked(&[
        "CREATE TABLE t(a)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a, nonsense' WHERE name = 't'",
        "PRAGMA writable_schema = RESET",
    ]);
    assert!(error.unwrap_err().contains("malformed database schema (t)"));
    let error = checked(&[
        "CREATE TABLE t(a NOT NULL)",
        "INSERT INTO t VALUES(1)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET rootpage = 1 WHERE name = 't'",
        "PRAGMA writable_schema = RESET",
    ]);
    assert_eq!(error, Err("malformed database schema (t): SQLITE_CORRUPT".to_owned()));
}

#[test]
fn trees_are_looked_at_and_not_the_rows() {
    let changed = |change: &str| {
        checked(&[
            "CREATE TABLE t(a)",
            "CREATE TABLE u(a PRIMARY KEY) WITHOUT ROWID",
            "INSERT INTO t VALUES(NULL), (1)",
            "INSERT INTO u VALUES(1)",
            "PRAGMA writable_schema = ON",
            &format!("UPDATE sqlite_schema SET {change} WHERE name = 't'"),
            "PRAGMA writable_schema = RESET",
        ])
    };
    assert_eq!(changed("sql = 'CREATE TABLE t(a NOT NULL CHECK(a > 5))'"), Ok("t u".to_owned()));
    assert_eq!(
        changed("sql = 'CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID'"),
        Err("the file is damaged: Tree 2 page 2: it is a page of a table, and not of an index"
            .to_owned())
    );
    let twice = "the file is damaged: Tree 3: 2nd reference to page 3".to_owned();
    assert_eq!(changed("rootpage = 3"), Err(twice));
}

#[test]
fn indexes_that_the_schema_has_not() {
    let kept = "CREATE TABLE w(a PRIMARY KEY, b UNIQUE) WITHOUT ROWID";
    let partial = "CREATE INDEX i ON w(b) WHERE b > 1";
    assert_eq!(
        checked(&["CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE)", kept, partial]),
        Ok("i sqlite_autoindex_t_1 sqlite_autoindex_w_2 t w".to_owned())
    );
    let error = checked(&[
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
        "PRAGMA writable_schema = ON",
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a INTEGERS PRIMARY KEY)' WHERE name = 't'",
        "PRAGMA writable_schema = RESET",
    ]);
    let text = "the file is damaged: its schema does not have the index sqlite_autoindex_t_1";
    assert_eq!(error, Err(text.to_owned()));
}

#[test]
fn the_header_of_a_real_file() {
    let path = std::env::temp_dir().join(format!("isolite-header-{}.db", std::process::id()));
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch("PRAGMA page_size = 4096; CREATE TABLE t(a);").unwrap();
    let bytes = std::fs::read(&path).unwrap();
    let told = check_sqlite_file(bytes.first_chunk().unwrap());
    assert_eq!(told, Ok(FileHeader { size_pages: Some(2), wal: false }));
    connection.execute_batch("PRAGMA journal_mode = WAL;").unwrap();
    drop(connection);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert!(check_sqlite_file(bytes.first_chunk().unwrap()).unwrap().wal);
}
