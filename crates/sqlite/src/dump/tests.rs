//! Dumps loaded again, through the splitter and an import, and compared with what they were made of:
//! each value by its type and its bits, rowids, schema texts, sequences, and what searches find.

use std::collections::BTreeMap;

use isolite_core::Store;
use isolite_core::memory_storage::MemoryStorage;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::limits::Limits;
use crate::random::Random;
use crate::splitter::Splitter;

#[cfg(not(target_arch = "wasm32"))]
mod other_programs;
mod random_databases;

pub(super) fn empty() -> Database {
    let store = Store::open(Box::new(MemoryStorage::default()), 256).unwrap();
    let limits = Limits { transaction_pages_max: 100_000, ..Limits::default() };
    Database::open(store, limits).unwrap()
}

/// A database that a script has made.
pub(super) fn made_by(sql: &[u8]) -> Database {
    let mut database = empty();
    load(&mut database, sql).unwrap();
    database
}

pub(super) fn load(database: &mut Database, sql: &[u8]) -> Result<(), Error> {
    let mut splitter = Splitter::new(Limits::default().import_sql_bytes_max() as usize);
    database.begin_import(1_700_000_000_000)?;
    splitter.push(sql);
    while let Some(statement) = splitter.next().unwrap() {
        database.import(&statement)?;
    }
    while let Some(statement) = splitter.finish().unwrap() {
        database.import(&statement)?;
    }
    database.finish_import().map(drop)
}

pub(super) fn dump(database: &mut Database, options: &DumpOptions, bytes_max: usize) -> Vec<u8> {
    let mut sql = vec![];
    let mut cursor = DumpCursor::default();
    loop {
        let (piece, next) = database.dump(options, &cursor, bytes_max).unwrap();
        sql.extend_from_slice(&piece);
        let Some(next) = next else { return sql };
        assert_ne!(next, cursor, "it does not go on");
        cursor = next.to_string().parse().unwrap();
    }
}

fn whole(database: &mut Database, bytes_max: usize) -> String {
    String::from_utf8(dump(database, &DumpOptions::default(), bytes_max)).unwrap()
}

fn value(cell: &Cell<'_>) -> String {
    match cell {
        Cell::Null => "null".to_owned(),
        Cell::Integer(number) => format!("i{number}"),
        Cell::Real(number) => format!("r{:x}", number.to_bits()),
        Cell::Text(bytes) => format!("t{bytes:x?}"),
        Cell::Blob(bytes) => format!("b{bytes:x?}"),
    }
}

pub(super) fn table(database: &Database, sql: &str) -> Vec<String> {
    let mut rows = vec![];
    let read = database.each_row(sql, &[], |row| {
        let cells: Vec<String> =
            (0..row.column_count()).map(|index| value(&row.cell(index))).collect();
        rows.push(cells.join(" "));
        Ok(true)
    });
    read.unwrap_or_else(|error| panic!("{sql}: {error}"));
    rows
}

/// All that can be told of a database, by name.
pub(super) fn content(database: &Database) -> BTreeMap<String, Vec<String>> {
    let mut content = BTreeMap::new();
    let mut names = vec![];
    let list = "SELECT l.name, l.type, l.wr FROM pragma_table_list AS l WHERE schema = 'main' \
        AND type <> 'shadow' AND name NOT IN ('sqlite_schema')";
    database
        .each_row(list, &[], |row| {
            let has_rowid = matches!(row.cell(2), Cell::Integer(0));
            names.push((text(row, 0).unwrap(), text(row, 1).unwrap(), has_rowid));
            Ok(true)
        })
        .unwrap();
    for (name, kind, has_rowid) in names {
        let columns = table(
            database,
            &format!(
                "SELECT name FROM pragma_table_xinfo('{}') WHERE hidden <> 1",
                name.replace('\'', "''")
            ),
        );
        let hidden = ["rowid", "_rowid_", "oid"].into_iter().find(|word| {
            let as_text = value(&Cell::Text(word.as_bytes()));
            !columns.contains(&as_text)
        });
        let rowid = match hidden {
            Some(word) if has_rowid && kind != "view" => format!("{word}, "),
            _ => String::new(),
        };
        let mut rows = table(database, &format!("SELECT {rowid}* FROM {}", quoted(&name)));
        if rowid.is_empty() || kind == "virtual" {
            rows.sort();
        }
        content.insert(name, rows);
    }
    let schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' \
        ORDER BY type, name";
    content.insert("(schema)".to_owned(), table(database, schema));
    content
}

/// Dumps in pieces of several sizes and loads each, and compares; returns the dump.
pub(super) fn round_trip(database: &mut Database, sizes: &[usize], said: &str) -> String {
    let before = content(database);
    let mut whole = String::new();
    for size in sizes {
        whole = String::from_utf8(dump(database, &DumpOptions::default(), *size)).unwrap();
        let mut loaded = empty();
        load(&mut loaded, whole.as_bytes())
            .unwrap_or_else(|error| panic!("{said}, {size} bytes: {error}\n{whole}"));
        let after = content(&loaded);
        for (name, rows) in &before {
            assert_eq!(after.get(name), Some(rows), "{said}, {size} bytes: {name}\n{whole}");
        }
        assert_eq!(after.len(), before.len());
        assert_eq!(table(&loaded, "PRAGMA integrity_check"), ["t[6f, 6b]"]);
        let again = String::from_utf8(dump(&mut loaded, &DumpOptions::default(), *size)).unwrap();
        assert_eq!(again.len(), whole.len(), "{said}");
    }
    whole
}

const SIZES: [usize; 5] = [1, 200, 3000, 70_000, 1 << 24];

/// What is hard to write, one of each.
pub(super) const HARD: &str = r#"
CREATE TABLE child(id INTEGER PRIMARY KEY, p REFERENCES parent(id), s REFERENCES child);
CREATE TABLE "parent"(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE);
INSERT INTO parent VALUES(5, 'a'), (700, 'b');
DELETE FROM parent WHERE id = 700;
INSERT INTO child VALUES(1, 5, 2), (2, NULL, 1), (9, 5, 9);
CREATE TABLE circle_a(id INTEGER PRIMARY KEY, b REFERENCES circle_b(id));
CREATE TABLE circle_b(id INTEGER PRIMARY KEY, a REFERENCES circle_a(id));
PRAGMA defer_foreign_keys = TRUE;
INSERT INTO circle_a VALUES(1, 1);
INSERT INTO circle_b VALUES(1, 1);
CREATE TABLE by_index(a TEXT, b);
CREATE UNIQUE INDEX key_of_by_index ON by_index(b, a);
CREATE TABLE refers(a TEXT, b, FOREIGN KEY (a, b) REFERENCES By_Index(a, b));
INSERT INTO by_index VALUES('x', 1);
INSERT INTO refers VALUES('x', 1);
CREATE TABLE v(a, b TEXT, c INTEGER, d REAL, e NUMERIC, f BLOB);
INSERT INTO v VALUES(1, 'it''s', 9223372036854775807, 1, 1e300, x'');
INSERT INTO v VALUES(-0.0, 'é
line
', -9223372036854775808, -0.0, 0.1, x'00ff');
INSERT INTO v VALUES(9e999, CAST(x'610062' AS TEXT), -1, -9e999, 9007199254740993, CAST('' AS BLOB));
INSERT INTO v VALUES(1.0, CAST(x'ff28' AS TEXT), 'x', 5e-324, 1.7976931348623157e308, 'text');
INSERT INTO v VALUES(0.30000000000000004, '-- not a comment', 3.5, 123456789012345678, '', x'27');
INSERT INTO v VALUES(NULL, '; PRAGMA x;', NULL, NULL, NULL, NULL);
INSERT INTO v(rowid, a) VALUES(-9223372036854775808, 'first'), (9223372036854775807, 'last');
CREATE TABLE "odd "" name"("sel""ect", "from" INT, [a b], `c`, 'd', "é" DEFAULT (1 + 2));
INSERT INTO "odd "" name" VALUES(1, 2, 3, 4, 5, 6);
CREATE TABLE no_rowid(a TEXT, b REAL, c BLOB, n, PRIMARY KEY(b DESC, a COLLATE NOCASE, c DESC)) WITHOUT ROWID;
INSERT INTO no_rowid VALUES('a', 1.5, x'01', 1), ('B', 1.5, x'01', 2), ('b', 1.5, x'02', 3), ('c', -0.5, x'', 4);
INSERT INTO no_rowid VALUES('', 9e999, x'ff00', 5), (CAST(x'6100' AS TEXT), 1e-300, 'text', 6), ('é', 2, 7, 7);
CREATE TABLE strict(i INT, r REAL, t TEXT, b BLOB, a ANY, PRIMARY KEY(t, i)) STRICT, WITHOUT ROWID;
INSERT INTO strict VALUES(1, 1, 'a', x'01', 1.0), (-1, 2.5, 'a', x'', '1'), (3, 9e999, 'b', NULL, NULL);
CREATE TABLE generated(a INT, b INT GENERATED ALWAYS AS (a * 2) VIRTUAL, c AS (a + 1) STORED, d);
INSERT INTO generated VALUES(1, 'x'), (2, NULL);
CREATE TABLE not_alias(id INTEGER PRIMARY KEY DESC, x);
INSERT INTO not_alias(rowid, id, x) VALUES(7, 1, 'seven'), (3, 2, 'three');
CREATE TABLE text_key(k TEXT PRIMARY KEY, v);
INSERT INTO text_key(rowid, k, v) VALUES(10, 'x', 1), (20, NULL, 2), (30, NULL, 3);
CREATE TABLE hidden_rowid(rowid, _rowid_, x);
INSERT INTO hidden_rowid(oid, rowid, _rowid_, x) VALUES(50, 'r', 's', 't'), (5, 'u', 'v', 'w');
CREATE TABLE all_hidden(rowid, _rowid_, oid);
INSERT INTO all_hidden VALUES(1, 2, 3), (4, 5, 6), (7, 8, 9);
CREATE TABLE d1_migrations(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL);
INSERT INTO d1_migrations VALUES(1, '0001.sql', '2024-01-01');
CREATE TABLE empty(x CHECK (x IS NULL OR json_valid(x)));
CREATE INDEX by_d ON generated(d, b) WHERE d IS NOT NULL -- a comment
;
CREATE UNIQUE INDEX by_expression ON v(lower(b), a DESC);
CREATE VIEW shown(x) AS SELECT a FROM v /* a comment */;
CREATE VIEW later AS SELECT x FROM shown WHERE x > ';' -- the end
;
CREATE TRIGGER logs AFTER INSERT ON v WHEN new.a IS NOT NULL BEGIN
  INSERT INTO empty VALUES('{}'); SELECT CASE new.a WHEN 1 THEN 2 END; -- END;
END;
CREATE TRIGGER instead INSTEAD OF DELETE ON shown BEGIN DELETE FROM v WHERE a = old.x; END;
ANALYZE;
"#;

const SEARCHES: &str = r#"
CREATE TABLE docs(title TEXT, body TEXT);
INSERT INTO docs(rowid, title, body) VALUES(10, 'apple pie', 'sweet apple'), (20, 'pear', 'green pear and apple'), (35, 'plum', 'blue');
CREATE TABLE posts(id INTEGER PRIMARY KEY, title, draft);
INSERT INTO posts VALUES(1, 'apple news', 0), (2, 'secret apple', 1), (3, 'plain', 0), (400, 'apple apple', 0);
CREATE VIEW published AS SELECT id, title FROM posts WHERE draft = 0;
CREATE VIRTUAL TABLE own USING fts5(a, b UNINDEXED, tokenize = 'porter unicode61', prefix='2');
INSERT INTO own(own, rank) VALUES('rank', 'bm25(10.0, 5.0)'), ('pgsz', 1000);
INSERT INTO own(rowid, a, b) VALUES(-5, 'running runs', 1), (3, 'run', x'00'), (99, CAST(x'72756e00ff' AS TEXT), NULL), (100, 'it''s ', 1.5);
CREATE VIRTUAL TABLE docs_index USING fts5(title, body, content='docs');
INSERT INTO docs_index(docs_index) VALUES('rebuild');
CREATE VIRTUAL TABLE part USING fts5(title, content=posts, content_rowid=id);
INSERT INTO part(rowid, title) SELECT id, title FROM posts WHERE draft = 0;
CREATE VIRTUAL TABLE over_view USING fts5(title, content='published', content_rowid='id', detail=column);
INSERT INTO over_view(over_view) VALUES('rebuild');
CREATE VIRTUAL TABLE no_sizes USING fts5(title, content=posts, content_rowid=id, columnsize=0);
INSERT INTO no_sizes(no_sizes) VALUES('rebuild');
CREATE VIRTUAL TABLE trigrams USING fts5(x, tokenize='trigram');
INSERT INTO trigrams VALUES('abcdef'), ('xbcdx');
CREATE VIRTUAL TABLE without USING fts5(x, content='');
CREATE VIRTUAL TABLE terms USING fts5vocab(own, 'row');
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1, +label TEXT, +extra);
INSERT INTO boxes VALUES(1, 0.1, 0.2, -3.25, 1e10, 'a''b', x'01'), (-7, 1, 2, 3, 4, NULL, 1.5), (50000000000, 1.1, 1.1, 2.2, 3.3, 'z', 9);
CREATE VIRTUAL TABLE grid USING rtree_i32(id, x0, x1);
INSERT INTO grid VALUES(1, -5, 5), (2, 2147483647, 2147483647);
CREATE TRIGGER keeps AFTER INSERT ON docs BEGIN
  INSERT INTO docs_index(rowid, title, body) VALUES(new.rowid, new.title, new.body);
END;
"#;

const QUERIES: [&str; 9] = [
    "SELECT rowid, rank, bm25(own, 2.0), highlight(own, 0, '<', '>') FROM own('run') ORDER BY rank",
    "SELECT rowid, rank FROM docs_index('apple') ORDER BY rank, rowid",
    "SELECT rowid, title FROM docs_index('\"green pear\"')",
    "SELECT rowid, rank, title FROM part('apple') ORDER BY rowid",
    "SELECT rowid, title FROM over_view('apple') ORDER BY rowid",
    "SELECT rowid, title FROM no_sizes('apple') ORDER BY rowid",
    "SELECT rowid, rank FROM trigrams('bcd') ORDER BY rowid",
    "SELECT * FROM terms",
    "SELECT id, x0, x1, label FROM boxes WHERE x0 <= 1.1 AND x1 >= 0.15 ORDER BY id",
];

#[test]
fn hard_databases_come_back() {
    let mut database = made_by(HARD.as_bytes());
    let sql = round_trip(&mut database, &SIZES, "hard");
    assert!(sql.starts_with("PRAGMA defer_foreign_keys=TRUE;\nCREATE TABLE \"parent\"("), "{sql}");
    let at = |part: &str| sql.find(part).unwrap_or_else(|| panic!("{part}\n{sql}"));
    assert!(at("INSERT INTO \"parent\"") < at("INSERT INTO \"child\""));
    assert!(at("INSERT INTO \"v\"") < at("CREATE UNIQUE INDEX by_expression"));
    assert!(at("INSERT INTO \"v\"") < at("CREATE TRIGGER logs"));
    assert!(at("DELETE FROM sqlite_sequence;") < at("INSERT INTO sqlite_sequence(name,seq)"));
    assert!(sql.contains("ANALYZE sqlite_schema;\nDELETE FROM sqlite_stat1;\n"));
}

#[test]
fn searches_find_the_same() {
    let mut database = made_by(SEARCHES.as_bytes());
    let before = QUERIES.map(|query| table(&database, query));
    assert!(before.iter().all(|rows| !rows.is_empty()));
    for size in SIZES {
        let sql = round_trip(&mut database, &[size], "searches");
        let loaded = made_by(sql.as_bytes());
        for (query, rows) in QUERIES.iter().zip(&before) {
            assert_eq!(table(&loaded, query), *rows, "{query}\n{sql}");
        }
        for checked in ["own", "docs_index", "over_view", "trigrams"] {
            let check =
                format!("INSERT INTO {checked}({checked}, rank) VALUES('integrity-check', 1)");
            loaded.each_row(&check, &[], |_| Ok(true)).unwrap_or_else(|e| panic!("{checked} {e}"));
        }
    }
}

#[test]
fn an_index_without_content_is_not_lost_in_silence() {
    let sql = "CREATE TABLE t(a); CREATE VIRTUAL TABLE f USING fts5(x, content='', contentless_delete=1); \
               INSERT INTO f(rowid, x) VALUES(1, 'a');";
    let mut database = made_by(sql.as_bytes());
    let error = |database: &mut Database, options| {
        database.dump(&options, &DumpCursor::default(), 1000).err().map(|error| error.to_string())
    };
    let all = DumpOptions::default();
    let told = error(&mut database, all.clone()).unwrap();
    assert!(told.starts_with("cannot export f: a full text index without content"), "{told}");
    assert_eq!(error(&mut database, DumpOptions { data: false, ..all.clone() }), None);
    assert_eq!(error(&mut database, DumpOptions { tables: vec!["T".into()], ..all }), None);
    load(&mut database, b"DELETE FROM f;").unwrap();
    whole(&mut database, 1000);
}

#[test]
fn an_index_that_has_lost_its_content_is_told_of() {
    let sql = "CREATE TABLE \"a\nDROP\"(x); INSERT INTO \"a\nDROP\" VALUES('one'), ('two'), ('three'); \
        CREATE VIRTUAL TABLE f USING fts5(x, content='a\nDROP'); INSERT INTO f(f) VALUES('rebuild'); \
        DELETE FROM \"a\nDROP\" WHERE rowid = 2; \
        CREATE TABLE b(x); CREATE VIRTUAL TABLE g USING fts5(x, content=b); DROP TABLE b;";
    let mut database = made_by(sql.as_bytes());
    let sql = whole(&mut database, 100);
    assert!(sql.contains("-- \"f\" had 1 rows more, which are gone from a DROP\n"), "{sql}");
    assert!(sql.contains("-- \"g\" is left empty: it was over b, which is gone\n"), "{sql}");
    let loaded = made_by(sql.as_bytes());
    assert_eq!(table(&loaded, "SELECT rowid FROM f('three OR one')"), ["i1", "i3"]);
    assert_eq!(table(&loaded, "SELECT rowid FROM f('two')"), [""; 0]);
}

#[test]
fn a_cursor_of_something_else_does_no_harm() {
    let mut database = made_by(HARD.as_bytes());
    let mut random = Random::new(11);
    for _ in 0..2000 {
        let count = random.below(5);
        let key: Vec<String> = (0..count)
            .map(|_| {
                let kinds = ["n", "i9223372036854775807", "i-1", "r7ff0000000000000", "t6100", "b"];
                format!(".{}", random.pick(&kinds))
            })
            .collect();
        let cursor = format!("1.{}{}", random.below(90), key.concat()).parse().unwrap();
        // An error or whatever rows.
        let _ = database.dump(&DumpOptions::default(), &cursor, random.below(300));
        assert!(!database.is_broken());
    }
}

#[test]
fn parts_of_a_database() {
    let mut database = made_by(HARD.as_bytes());
    let part = |data, schema, tables: &[&str]| {
        let tables = tables.iter().map(|table| table.to_string()).collect();
        DumpOptions { data, schema, tables }
    };
    let text = |database: &mut Database, options| {
        String::from_utf8(dump(database, &options, 100)).unwrap()
    };
    assert_eq!(
        text(&mut database, part(true, true, &["Parent"])),
        "PRAGMA defer_foreign_keys=TRUE;\n\
         CREATE TABLE \"parent\"(id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE COLLATE NOCASE);\n\
         INSERT INTO \"parent\"(\"id\",\"name\") VALUES(5,'a');\n\
         DELETE FROM sqlite_sequence WHERE name IN ('parent');\n\
         INSERT INTO sqlite_sequence(name,seq) VALUES('parent',700);\n\
         ANALYZE sqlite_schema;\n\
         DELETE FROM sqlite_stat1 WHERE tbl IN ('parent');\n\
         INSERT INTO sqlite_stat1(tbl,idx,stat) VALUES('parent','sqlite_autoindex_parent_1','1 1');\n"
    );
    let schema = text(&mut database, part(false, true, &["v", "shown"]));
    assert_eq!(schema.matches("CREATE").count(), 5, "{schema}");
    assert!(!schema.contains("INSERT INTO \"v\""));
    let data = text(&mut database, part(true, false, &[]));
    assert!(!data.contains("CREATE"), "{data}");
    // Into the schema alone, but for what its triggers do.
    let mut loaded = made_by(text(&mut database, part(false, true, &[])).as_bytes());
    load(&mut loaded, b"DROP TRIGGER logs; DELETE FROM empty;").unwrap();
    load(&mut loaded, data.as_bytes()).unwrap();
    assert_eq!(content(&loaded)["v"], content(&database)["v"]);
    for unknown in ["nowhere", "by_d", "sqlite_sequence", "logs"] {
        let options = part(true, true, &["v", unknown]);
        let error = database.dump(&options, &DumpCursor::default(), 100).err().unwrap();
        assert_eq!(error.to_string(), format!("no such table: {unknown}"));
    }
}

#[test]
fn long_values_and_many_rows() {
    let sql = "CREATE TABLE long(a, b); \
        INSERT INTO long VALUES(randomblob(700000), CAST(randomblob(500000) AS TEXT)), (replace(hex(zeroblob(900000)), '00', ''''), 1); \
        CREATE TABLE many(x); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) \
        INSERT INTO many SELECT i * 3 FROM n; DELETE FROM many WHERE x % 7 = 0;";
    let mut database = made_by(sql.as_bytes());
    let sql = round_trip(&mut database, &[10_000, 100_000, 1 << 24], "long");
    let rows = sql.lines().filter(|line| line.starts_with("INSERT INTO \"many\""));
    assert!(rows.clone().count() > 5 && rows.clone().all(|line| line.len() < 100_000));
}

#[test]
fn nothing_is_sorted_or_skipped() {
    // It ends with ANALYZE, which finds very few rows.
    let mut database = made_by(HARD.as_bytes());
    load(&mut database, SEARCHES.as_bytes()).unwrap();
    load(
        &mut database,
        b"CREATE INDEX covers ON no_rowid(n, a, b, c); CREATE INDEX too ON text_key(v, k);",
    )
    .unwrap();
    let position = database.position();
    whole(&mut database, 1 << 20);
    assert_eq!(database.position(), position);
    assert!(!database.is_broken());
    let plan = Plan::of(&database, &DumpOptions::default()).unwrap();
    for step in &plan.steps {
        let Step::Rows(number) = step else { continue };
        let rows = tables::rows(&database, &plan.objects[*number]).unwrap();
        for query in rows.all_queries() {
            let mut explained = vec![];
            let explain = format!("EXPLAIN QUERY PLAN {query}");
            database
                .each_row(&explain, &[], |row| {
                    explained.push(text(row, 3)?);
                    Ok(true)
                })
                .unwrap();
            let resumed = query.contains(" > ?") || query.contains(" < ?");
            let sought = explained.iter().any(|line| line.contains("SEARCH"));
            // The module of full text search says only that it is asked, and how.
            let asked = explained
                .iter()
                .any(|line| line.contains("VIRTUAL TABLE INDEX") && line.ends_with('>'));
            assert!(!resumed || sought || asked, "{query}: {explained:?}");
            assert!(
                !explained.iter().any(|line| line.contains("B-TREE")),
                "{query}: {explained:?}"
            );
        }
    }
}

#[test]
fn reals_come_back_to_the_bit() {
    let mut random = Random::new(7);
    let mut database = empty();
    load(&mut database, b"CREATE TABLE r(x)").unwrap();
    let mut numbers = vec![];
    for _ in 0..3000 {
        let number = f64::from_bits(random.next());
        if number.is_finite() {
            numbers.push(number);
            let values = [Cell::Real(number)];
            database.each_row("INSERT INTO r VALUES(?1)", &values, |_| Ok(true)).unwrap();
        }
    }
    round_trip(&mut database, &[100_000], "reals");
    assert!(numbers.len() > 2000);
}

#[test]
fn indexes_of_large_tables_come_before_the_rows() {
    let mut script = "CREATE TABLE large(a, b); CREATE TABLE small(a); CREATE TABLE w(a PRIMARY KEY) WITHOUT ROWID; \
        CREATE INDEX l ON large(a); CREATE UNIQUE INDEX m ON Large(b); CREATE INDEX s ON small(a); \
        CREATE INDEX v ON w(a DESC); INSERT INTO large(rowid, b) VALUES(-9223372036854775808, 1), (9223372036854775807, 2); \
        INSERT INTO small(rowid, a) VALUES(1, 2), (100000, 2);".to_owned();
    let order = |sql: &str| {
        let words = sql.lines().filter_map(|line| {
            let mut words = line.split([' ', '(']);
            let name = (words.next()?, words.nth(1)?);
            matches!(name.0, "CREATE" | "INSERT").then(|| name.1.to_owned())
        });
        words.collect::<Vec<_>>().join(" ")
    };
    let mut database = made_by(script.as_bytes());
    assert_eq!(
        order(&whole(&mut database, 1 << 20)),
        "large small w \"large\" \"small\" l INDEX s v"
    );
    for _ in 0..9 {
        script +=
            "INSERT INTO small(rowid, a) VALUES(abs(random()) % 90000 + 5, zeroblob(1900000));";
    }
    let mut database = made_by(script.as_bytes());
    assert_eq!(
        order(&round_trip(&mut database, &[1 << 20], "large")).replace("\"small\" ", ""),
        "large small w l INDEX \"large\" v s"
    );
}
