// The schema: CREATE, ALTER and DROP of every form, indexes, and what ANALYZE and REINDEX do.

import { batch, run } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const TABLE = batch(
  "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'd', b INTEGER)",
  "INSERT INTO t (a, b) VALUES ('x', 1), ('y', 2), ('z', NULL)",
);
const SQL = "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT GLOB '_cf_*' AND name NOT GLOB 'sqlite_[s]*'";
const LEFT = "SELECT * FROM t";
const STATISTICS = "SELECT tbl, idx, stat FROM sqlite_stat1 WHERE tbl NOT GLOB '_cf_*' ORDER BY 1, 2";

export const tables = topic("tables", {
  "CREATE TABLE": [
    "CREATE TABLE a (x)", "CREATE TABLE IF NOT EXISTS a (y)",
    "CREATE TABLE b AS SELECT 1 AS one, 'x' AS two, NULL AS three", "SELECT * FROM b",
    "CREATE TABLE c (a INT DEFAULT (1 + 1), b TEXT DEFAULT CURRENT_DATE, c DEFAULT -5, d DEFAULT 'x''y', e DEFAULT NULL, f DEFAULT TRUE, g DEFAULT x'01')",
    "INSERT INTO c DEFAULT VALUES", "SELECT a, typeof(b), c, d, e, f, g FROM c",
    "CREATE TABLE d (a VARCHAR(10), b DOUBLE PRECISION, c UNSIGNED BIG INT, d, e BOOLEAN, f DATETIME)",
    "INSERT INTO d VALUES ('1', '1', '1', '1', '1', '1')",
    "SELECT typeof(a), typeof(b), typeof(c), typeof(d), typeof(e), typeof(f) FROM d",
    "CREATE TABLE e (a PRIMARY KEY DESC, b UNIQUE, UNIQUE (a, b), CHECK (a > b))",
    "CREATE TABLE \"f g\" (\"h i\")", "PRAGMA index_list(e)", SQL,
    "DROP TABLE a", "DROP TABLE a", "DROP TABLE IF EXISTS a", "DROP TABLE \"f g\"",
    "CREATE TABLE g (rowid, oid)", "INSERT INTO g VALUES (1, 2)",
    "SELECT rowid, oid, _rowid_ FROM g", "CREATE TABLE h (id INTEGER PRIMARY KEY DESC)",
    "INSERT INTO h VALUES (NULL)", "SELECT rowid, id FROM h",
  ],
  "ALTER TABLE … ADD": [
    TABLE, ...["c", "d INTEGER DEFAULT 5", "e TEXT NOT NULL DEFAULT ''", "f NOT NULL", "g UNIQUE",
    "h PRIMARY KEY", "i DEFAULT CURRENT_TIMESTAMP", "j DEFAULT (1 + 1)", "k REFERENCES t (id)",
    "l REFERENCES t (id) DEFAULT 1", "m CHECK (m > 0)", "n CHECK (n > 0) DEFAULT -1",
    "o AS (b * 2)", "p AS (b) STORED", "q COLLATE NOCASE", "a", "COLUMN r",
    "s INTEGER AUTOINCREMENT", "\"t u\"",
    "v NOT NULL AS (1)"].map((column) => `ALTER TABLE t ADD ${column}`), LEFT, SQL,
  ],
  "ALTER TABLE … RENAME": [
    TABLE, "CREATE INDEX ta ON t (a)", "CREATE VIEW v AS SELECT a, t.b FROM t",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN UPDATE t SET a = NEW.a || '!' WHERE id = NEW.id; END",
    "CREATE TABLE c (t REFERENCES t (id))", "ALTER TABLE t RENAME a TO aa",
    "ALTER TABLE t RENAME COLUMN b TO \"b b\"", "ALTER TABLE t RENAME TO tt", SQL,
    "INSERT INTO tt (aa) VALUES ('n')", "SELECT * FROM v",
    "ALTER TABLE tt RENAME aa TO id", "ALTER TABLE tt RENAME nope TO x",
    "ALTER TABLE tt RENAME TO c", "ALTER TABLE tt RENAME TO TT", "ALTER TABLE v RENAME TO w",
    "ALTER TABLE v RENAME aa TO x", "ALTER TABLE tt RENAME TO sqlite_t",
    "CREATE VIEW broken AS SELECT * FROM nope", "ALTER TABLE tt RENAME aa TO bb",
    "ALTER TABLE tt RENAME TO t",
  ],
  "ALTER TABLE … DROP": [
    TABLE,
    "CREATE TABLE u (a PRIMARY KEY, b UNIQUE, c CHECK (c > 0), d REFERENCES t (id), e, f AS (e), g, h CHECK (g > 1), i)",
    "INSERT INTO u (a, c, e, g, i) VALUES (1, 2, 3, 4, 5)", "CREATE INDEX ui ON u (i)",
    "CREATE VIEW v AS SELECT i FROM u", ...["a", "b", "c", "d", "e", "f", "g", "i",
    "nope"].map((column) => `ALTER TABLE u DROP ${column}`), "SELECT * FROM u", "DROP VIEW v",
    "DROP INDEX ui", "ALTER TABLE u DROP COLUMN i", "SELECT * FROM u", SQL,
    "CREATE TABLE one (a)", "ALTER TABLE one DROP a", "ALTER TABLE t DROP id",
    "ALTER TABLE t DROP a", LEFT,
  ],
  "ALTER TABLE of constraints": [
    TABLE, "ALTER TABLE t ALTER COLUMN a SET NOT NULL", "ALTER TABLE t ALTER a DROP NOT NULL",
    "ALTER TABLE t ADD CONSTRAINT k CHECK (b > 0)", "ALTER TABLE t ADD CHECK (b > 0)",
    "ALTER TABLE t DROP CONSTRAINT k", "INSERT INTO t (a, b) VALUES (NULL, -1)",
    "ALTER TABLE t ADD CONSTRAINT u UNIQUE (a)", LEFT,
  ],
  "indexes": [
    TABLE, "CREATE INDEX i1 ON t (a)", "CREATE UNIQUE INDEX i2 ON t (b)",
    "CREATE INDEX i3 ON t (a COLLATE NOCASE, b DESC)",
    "CREATE INDEX i4 ON t (a) WHERE b IS NOT NULL", "CREATE INDEX i5 ON t (lower(a), b + 1)",
    "CREATE INDEX IF NOT EXISTS i1 ON t (b)", "CREATE UNIQUE INDEX i6 ON t (length(a))",
    "PRAGMA index_list(t)", "PRAGMA index_info(i3)", "PRAGMA index_xinfo(i5)",
    "SELECT id FROM t WHERE a = 'x'", "SELECT id FROM t WHERE lower(a) = 'y'",
    "SELECT id FROM t INDEXED BY i4 WHERE a = 'x'",
    "SELECT id FROM t INDEXED BY i4 WHERE a = 'x' AND b = 1", "REINDEX", "REINDEX t", "REINDEX i1",
    "REINDEX NOCASE", "REINDEX main.i1", "DROP INDEX i1", "DROP INDEX i1",
    "DROP INDEX IF EXISTS i1", SQL,
  ],
  "ANALYZE": [
    TABLE, "CREATE INDEX ta ON t (a)", "ANALYZE t", STATISTICS, "ANALYZE ta", "ANALYZE main",
    "ANALYZE sqlite_schema", "INSERT INTO t (a) SELECT 'x' FROM t", "ANALYZE main.t", STATISTICS,
    "ANALYZE nope", "DROP TABLE t", STATISTICS,
  ],
  "DROP": [
    TABLE, "CREATE VIEW v AS SELECT 1", "DROP VIEW t", "DROP TABLE v", "DROP INDEX v",
    "DROP TRIGGER v", run("DROP TABLE t"), "DROP VIEW v", LEFT, "DROP TABLE IF EXISTS nope",
    "DROP VIEW IF EXISTS nope", "DROP INDEX IF EXISTS nope", "DROP TRIGGER IF EXISTS nope",
  ],
  "EXPLAIN QUERY PLAN": [
    TABLE, "CREATE INDEX ta ON t (a)", ...["SELECT * FROM t", "SELECT * FROM t WHERE id = 1",
    "SELECT a FROM t WHERE a = 'x'", "SELECT * FROM t ORDER BY b",
    "SELECT a, count(*) FROM t GROUP BY a", "SELECT * FROM t x JOIN t y ON x.a = y.a",
    "SELECT 1 UNION SELECT 2",
    "WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r LIMIT 3) SELECT * FROM r",
    "SELECT * FROM t WHERE id IN (SELECT b FROM t)", "INSERT INTO t (a) VALUES (1)",
    "UPDATE t SET a = 1 WHERE a = 'x'", "DELETE FROM t WHERE id > 1"]
      .map((sql) => `EXPLAIN QUERY PLAN ${sql}`),
  ],
  // Of tables it would show where they lie, which depends on what was there before.
  "EXPLAIN": [
    TABLE, "EXPLAIN SELECT 1", "EXPLAIN VALUES (1), (2)",
    "EXPLAIN SELECT abs(1) ORDER BY 1 LIMIT 1", "EXPLAIN SELECT nope", "EXPLAIN EXPLAIN SELECT 1",
    ["EXPLAIN SELECT ?", 1],
    "EXPLAIN WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r) SELECT * FROM r LIMIT 2",
  ],
});
