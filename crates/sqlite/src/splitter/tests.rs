//! The splitter beside SQLite's own `sqlite3_complete` and prepare, over random texts, and cut at every
//! byte.

use std::ffi::CString;

use rusqlite::{Connection, ffi};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::random::Random;

fn split(pieces: &[&[u8]]) -> Result<Vec<SplitStatement>, SplitError> {
    let mut splitter = Splitter::new(1000);
    let mut statements = vec![];
    for piece in pieces {
        splitter.push(piece);
        while let Some(statement) = splitter.next()? {
            statements.push(statement);
        }
    }
    while let Some(statement) = splitter.finish()? {
        statements.push(statement);
    }
    Ok(statements)
}

fn texts(sql: &str) -> Vec<String> {
    split(&[sql.as_bytes()]).unwrap().into_iter().map(|statement| statement.sql).collect()
}

#[test]
fn statements_end_at_their_semicolons() {
    assert_eq!(
        texts("\u{feff}-- a;\r\n;; SELECT ';', \"a;\"\"b\", `;`, [;] /* ; */ -- ;\n;\nSELECT 2"),
        ["SELECT ';', \"a;\"\"b\", `;`, [;] /* ; */ -- ;\n;", "SELECT 2"]
    );
    let trigger = "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END; \
                   SELECT 'END;'; END;";
    assert_eq!(texts(&format!("{trigger}x")), [trigger, "x"]);
    assert_eq!(
        texts("EXPLAIN QUERY PLAN SELECT 1; END;"),
        ["EXPLAIN QUERY PLAN SELECT 1;", "END;"]
    );
    assert_eq!(texts("a - 1; - 2; /3;--"), ["a - 1;", "- 2;", "/3;"]);
    assert_eq!(texts(" /* open; "), [""; 0]);
    assert_eq!(texts("x 'open;"), ["x 'open;"]);
}

#[test]
fn statements_have_their_number_and_line() {
    let statements = split(&[b"-- one\n\nSELECT 1,\n2; SELECT\n 3;\r\n SELECT 4"]).unwrap();
    let places: Vec<_> = statements.iter().map(|it| (it.number, it.line)).collect();
    assert_eq!(places, [(1, 3), (2, 4), (3, 6)]);
}

#[test]
fn what_cannot_be_split_is_told() {
    let error = |bytes: &[u8]| split(&[bytes]).unwrap_err().to_string();
    assert_eq!(
        error(b"SELECT 1;\n.mode box\nSELECT 2;"),
        "line 2 is a command of the sqlite3 shell, not SQL: .mode box; remove it, or let sqlite3 \
         read the file and write it again with .dump"
    );
    assert!(error(b"  .quit").starts_with("line 1 is"));
    let long = format!("SELECT 1;\nSELECT '{}", "é".repeat(1000));
    let told = error(long.as_bytes());
    assert!(told.starts_with("statement 2 (line 2: SELECT 'ééé"), "{told}");
    assert!(told.contains("é…) is longer than 1000 bytes"), "{told}");
    assert!(error(b"SELECT '\xff';").ends_with("is not UTF-8"));
}

/// A text of pieces that matter to the automaton.
fn random_text(random: &mut Random) -> String {
    const PIECES: [&str; 34] = [
        "CREATE",
        "create ",
        " TRIGGER",
        " trigger ",
        "TEMP ",
        " temporary ",
        "END",
        " end ",
        ";",
        ";",
        ";",
        "; ",
        "EXPLAIN ",
        "'",
        "\"",
        "`",
        "[",
        "]",
        "--",
        "-",
        "/*",
        "*/",
        "/",
        "*",
        "\n",
        "\r\n",
        " ",
        "\t",
        "x",
        "endx",
        "é",
        "SELECT 1",
        "$",
        "''",
    ];
    let count = random.below(14) + 1;
    (0..count).map(|_| PIECES[random.below(PIECES.len())]).collect()
}

#[test]
fn it_agrees_with_sqlite_wherever_it_is_cut() {
    let seed = 20_241;
    let mut random = Random::new(seed);
    for round in 0..20_000 {
        let text = random_text(&mut random);
        let bytes = text.as_bytes();
        let whole = split(&[bytes]).unwrap();
        for cut in 0..=bytes.len() {
            let (a, b) = bytes.split_at(cut);
            assert_eq!(split(&[a, b]).unwrap(), whole, "seed {seed}, round {round}: {text:?}");
        }
        let singly: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(split(&singly).unwrap(), whole, "seed {seed}, round {round}: {text:?}");
        // SQLite says of a text only whether all of it is whole.
        let joined: String = whole.iter().map(|it| it.sql.as_str()).collect();
        let c = CString::new(joined.clone()).unwrap();
        // SAFETY: a C string that lives through the call.
        let complete = unsafe { ffi::sqlite3_complete(c.as_ptr()) } == 1;
        assert_eq!(is_whole(&joined), complete, "seed {seed}, round {round}: {text:?}");
        for statement in &whole[..whole.len().saturating_sub(1)] {
            let c = CString::new(statement.sql.clone()).unwrap();
            // SAFETY: as above.
            assert_eq!(unsafe { ffi::sqlite3_complete(c.as_ptr()) }, 1, "{text:?}");
            for (end, _) in statement.sql.char_indices().skip(1) {
                let c = CString::new(&statement.sql[..end]).unwrap();
                // SAFETY: as above.
                assert_eq!(unsafe { ffi::sqlite3_complete(c.as_ptr()) }, 0, "{text:?}");
            }
        }
    }
}

#[test]
fn it_cuts_where_preparing_a_statement_ends() {
    let script = "CREATE TABLE a(x DEFAULT ';');\r\nINSERT INTO a VALUES(';'),(\"';\" );-- ;\n\
        /* ; */ CREATE TRIGGER b AFTER INSERT ON a BEGIN\n SELECT ';'; /* END; */ SELECT CASE 1 WHEN 1 \
        THEN 2 END; END ; CREATE VIEW c AS SELECT [x] AS [;] FROM a; EXPLAIN SELECT 1; SELECT 2 ";
    let connection = Connection::open_in_memory().unwrap();
    for statement in split(&[script.as_bytes()]).unwrap() {
        let sql = CString::new(statement.sql.clone()).unwrap();
        let (mut raw, mut tail) = (std::ptr::null_mut(), std::ptr::null());
        // SAFETY: the connection is open, the text lives through the calls, and the statement is
        // finalized at once.
        let (code, left) = unsafe {
            let db = connection.handle();
            let code = ffi::sqlite3_prepare_v2(db, sql.as_ptr(), -1, &mut raw, &mut tail);
            ffi::sqlite3_step(raw);
            ffi::sqlite3_finalize(raw);
            (code, std::ffi::CStr::from_ptr(tail).to_bytes().len())
        };
        assert_eq!((code, left), (ffi::SQLITE_OK, 0), "{}", statement.sql);
    }
}
