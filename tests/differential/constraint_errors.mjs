// Constraints that fail, each with its text and code, and what is left in the table afterwards.

import { batch, exec, run } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const SCHEMA = batch(
  "CREATE TABLE p (id INTEGER PRIMARY KEY, k TEXT UNIQUE)",
  `CREATE TABLE t (
     id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL DEFAULT 'x', c INTEGER CHECK (c > 0), d INTEGER CONSTRAINT small CHECK (d < 10),
     f INTEGER REFERENCES p (id), a TEXT, b TEXT, UNIQUE (a, b), CONSTRAINT "odd name" CHECK (a <> b))`,
  "CREATE UNIQUE INDEX half ON t (n) WHERE c = 1",
  "CREATE UNIQUE INDEX lowered ON t (lower(u))",
  "INSERT INTO p VALUES (1, 'k')",
  "INSERT INTO t VALUES (1, 'u', 'n', 1, 1, 1, 'a', 'b')",
);
const left = (table) => `SELECT * FROM ${table}`;
// ROLLBACK is left out: it ends the transaction around the statement, and D1's object with it.
const conflicts = ["ABORT", "FAIL", "IGNORE", "REPLACE"];

export const constraintErrors = topic("constraints", {
  "UNIQUE": [
    SCHEMA, "INSERT INTO t (u) VALUES ('u')", "INSERT INTO t (id) VALUES (1)",
    "INSERT INTO t (a, b) VALUES ('a', 'b')", "INSERT INTO t (n, c) VALUES ('n', 1)",
    "INSERT INTO t (u) VALUES ('U')", "UPDATE t SET id = 1 WHERE id = 1",
    "INSERT INTO t (u) VALUES ('v'), ('w'), ('v')", "INSERT INTO t (rowid) VALUES (1)", left("t"),
  ],
  "UNIQUE of an update": [
    SCHEMA, "INSERT INTO t (id, u) VALUES (2, 'w')", "UPDATE t SET u = 'same'",
    "UPDATE t SET id = 7", "UPDATE t SET id = id + 1", left("t"),
  ],
  "UNIQUE in an upsert": [
    SCHEMA,
    "INSERT INTO t (u, a, b) VALUES ('new', 'a', 'b') ON CONFLICT (u) DO UPDATE SET n = 'y'",
    "INSERT INTO t (id, u) VALUES (2, 'u') ON CONFLICT (u) DO UPDATE SET id = 1, a = 'q'",
    "INSERT INTO t (u) VALUES ('u') ON CONFLICT (u) DO UPDATE SET n = NULL",
    "INSERT INTO t (u) VALUES ('u') ON CONFLICT (u) DO UPDATE SET c = -1",
    "INSERT INTO t (u, n) VALUES ('u', NULL) ON CONFLICT (u) DO NOTHING", left("t"),
  ],
  "with RETURNING": [
    SCHEMA, "INSERT INTO t (u) VALUES ('u') RETURNING *",
    "INSERT INTO t (u) VALUES ('x'), ('u') RETURNING id", "UPDATE t SET c = 0 RETURNING c",
    "DELETE FROM p RETURNING id",
    "INSERT INTO t (f) VALUES (9) RETURNING id", left("t"),
  ],
  "NOT NULL": [
    SCHEMA, "INSERT INTO t (n) VALUES (NULL)", "UPDATE t SET n = NULL",
    "INSERT OR REPLACE INTO t (id, n) VALUES (5, NULL)",
    "INSERT OR IGNORE INTO t (n) VALUES (NULL)",
    "CREATE TABLE m (a NOT NULL, b NOT NULL)", "INSERT INTO m VALUES (NULL, NULL)",
    "INSERT INTO m (a) VALUES (1)", "INSERT OR REPLACE INTO m VALUES (1, NULL)",
    "INSERT INTO m DEFAULT VALUES", left("m"),
  ],
  "CHECK": [
    SCHEMA, "INSERT INTO t (c) VALUES (0)", "INSERT INTO t (d) VALUES (10)",
    "INSERT INTO t (a, b) VALUES ('x', 'x')", "UPDATE t SET c = -c",
    "INSERT OR IGNORE INTO t (c) VALUES (0)",
    "INSERT OR REPLACE INTO t (c) VALUES (0)", "INSERT INTO t (c) VALUES (NULL)",
    "CREATE TABLE k (a CHECK (typeof(a) = 'integer' AND a IN (1, 2, 3)), CHECK (a <> 2))",
    "INSERT INTO k VALUES (4)", "INSERT INTO k VALUES (2)",
  ],
  "FOREIGN KEY": [
    SCHEMA, "INSERT INTO t (f) VALUES (9)", "DELETE FROM p", "UPDATE p SET id = 2",
    "UPDATE t SET f = 9", "DROP TABLE p", "INSERT OR IGNORE INTO t (f) VALUES (9)",
    "INSERT OR REPLACE INTO p VALUES (1, 'other')",
    "CREATE TABLE x (a REFERENCES nowhere (b))", "INSERT INTO x VALUES (1)",
    "CREATE TABLE y (a REFERENCES t (n))", "INSERT INTO y VALUES ('n')",
    "CREATE TABLE z (a REFERENCES p)", "INSERT INTO z VALUES (1), (2)", left("z"), left("p"),
  ],
  "FOREIGN KEY with actions": [
    batch("CREATE TABLE a (id INTEGER PRIMARY KEY)",
    "CREATE TABLE b (x DEFAULT 3 REFERENCES a (id) ON DELETE SET DEFAULT)",
    "CREATE TABLE c (x REFERENCES a (id) ON DELETE SET NULL ON UPDATE CASCADE)",
      "CREATE TABLE d (x NOT NULL REFERENCES a (id) ON DELETE SET NULL)",
      "CREATE TABLE e (x REFERENCES a (id) ON DELETE RESTRICT)",
      "INSERT INTO a VALUES (1), (2), (3), (4), (5)"),
    "INSERT INTO b VALUES (1)", "DELETE FROM a WHERE id = 1", "SELECT * FROM b",
    "DELETE FROM a WHERE id = 3", "INSERT INTO c VALUES (2)", "UPDATE a SET id = 20 WHERE id = 2",
    "DELETE FROM a WHERE id = 20", "SELECT * FROM c",
    "INSERT INTO d VALUES (4)", "DELETE FROM a WHERE id = 4", "INSERT INTO e VALUES (5)",
    "DELETE FROM a WHERE id = 5", "SELECT * FROM a",
  ],
  "FOREIGN KEY that waits": [
    batch("CREATE TABLE a (id INTEGER PRIMARY KEY)",
    "CREATE TABLE b (x REFERENCES a (id) DEFERRABLE INITIALLY DEFERRED)"),
    batch("INSERT INTO b VALUES (1)", "INSERT INTO a VALUES (1)"), "SELECT * FROM b",
  ],
  "rowids": [
    "CREATE TABLE r (id INTEGER PRIMARY KEY)", "INSERT INTO r VALUES ('x')",
    "INSERT INTO r VALUES (1.5)", "INSERT INTO r VALUES ('2')", "INSERT INTO r VALUES (3.0)",
    "INSERT INTO r VALUES (NULL)", "INSERT INTO r VALUES (x'31')",
    "UPDATE r SET id = 'y'", "UPDATE r SET id = NULL", "INSERT INTO r VALUES (?)",
    ["INSERT INTO r VALUES (?)", "z"], ["INSERT INTO r VALUES (?)", 1.5],
    ["INSERT INTO r VALUES (?)", 77], left("r"),
  ],
  "STRICT": [
    "CREATE TABLE s (i INTEGER, j INT, r REAL, t TEXT, b BLOB, a ANY) STRICT",
    "INSERT INTO s (i) VALUES ('x')", "INSERT INTO s (i) VALUES (1.5)",
    "INSERT INTO s (j) VALUES (x'00')", "INSERT INTO s (r) VALUES ('x')",
    "INSERT INTO s (t) VALUES (x'00')", "INSERT INTO s (t) VALUES (1)",
    "INSERT INTO s (b) VALUES ('x')", "INSERT INTO s (b) VALUES (1)",
    "INSERT INTO s VALUES ('1', 2.0, 3, 4.5, x'05', '006')", "UPDATE s SET i = 'no'",
    "INSERT OR IGNORE INTO s (i) VALUES ('x')", ["INSERT INTO s (i) VALUES (?)", 1.5],
    ["INSERT INTO s (i) VALUES (?)", 5], ["INSERT INTO s (b) VALUES (?)", [1, 2]], left("s"),
    "SELECT typeof(i), typeof(j), typeof(r), typeof(t), typeof(b), typeof(a) FROM s",
    "CREATE TABLE s2 (a NUMERIC) STRICT", "CREATE TABLE s3 (a VARCHAR(10)) STRICT",
    "CREATE TABLE s4 (id INTEGER PRIMARY KEY, a TEXT AS (id) STORED) STRICT",
    "INSERT INTO s4 VALUES (1)", left("s4"),
  ],
  "generated columns": [
    "CREATE TABLE g (a, b AS (a * 2), c AS (a + 1) STORED UNIQUE, d TEXT GENERATED ALWAYS AS (a || '!') VIRTUAL CHECK (length(d) < 5))",
    "INSERT INTO g VALUES (1)", "INSERT INTO g (a, b) VALUES (1, 2)", "UPDATE g SET b = 1",
    "INSERT INTO g VALUES (1)", "INSERT INTO g VALUES (12345)", "INSERT INTO g SELECT 1, 2",
    "INSERT INTO g (a) VALUES (3) RETURNING *", "UPDATE g SET a = 9 WHERE a = 3 RETURNING b, c, d",
    left("g"), "SELECT name FROM pragma_table_info('g')", "PRAGMA table_xinfo(g)",
    "ALTER TABLE g ADD e AS (a - 1)", "ALTER TABLE g ADD f AS (a) STORED", "SELECT e FROM g",
    "INSERT INTO g DEFAULT VALUES", "CREATE INDEX gb ON g (b)", "SELECT a FROM g WHERE b = 18",
  ],
  "conflict clauses": [
    SCHEMA,
    ...conflicts.map((way) => `INSERT OR ${way} INTO t (id, u) VALUES (5, 'five'), (6, 'u'), (7, 'seven')`),
    left("t"), ...conflicts.map((way) => `UPDATE OR ${way} t SET u = 'u'`), left("t"),
  ],
  "conflict clauses of the schema": [
    ...conflicts.flatMap((way) => [`CREATE TABLE c_${way} (a UNIQUE ON CONFLICT ${way}, b NOT NULL ON CONFLICT ${way} DEFAULT 0)`,
    `INSERT INTO c_${way} VALUES (1, 1), (1, 2), (2, NULL), (3, 3)`, `SELECT * FROM c_${way}`]),
  ],
  "RAISE of each kind": [
    batch("CREATE TABLE t (a)",
    "CREATE TRIGGER g1 BEFORE INSERT ON t WHEN NEW.a = 1 BEGIN SELECT raise(ABORT, 'aborted'); END",
    "CREATE TRIGGER g2 BEFORE INSERT ON t WHEN NEW.a = 2 BEGIN SELECT raise(FAIL, 'failed'); END",
      "CREATE TRIGGER g3 BEFORE INSERT ON t WHEN NEW.a = 3 BEGIN SELECT raise(IGNORE); END", 
      "CREATE TRIGGER g5 BEFORE INSERT ON t WHEN NEW.a = 5 BEGIN SELECT raise(ABORT, 'the value ' || NEW.a || ' é'); END",
      "CREATE TRIGGER g6 BEFORE DELETE ON t BEGIN SELECT raise(ABORT, ''); END"),
    "INSERT INTO t VALUES (0), (1)", "INSERT INTO t VALUES (0), (2)",
    "INSERT INTO t VALUES (0), (3), (9)", "INSERT INTO t VALUES (5)", "SELECT * FROM t",
    "DELETE FROM t", batch("INSERT INTO t VALUES (8)", "INSERT INTO t VALUES (1)"),
    batch("INSERT INTO t VALUES (8)", "INSERT OR IGNORE INTO t VALUES (2)"), "SELECT * FROM t",
  ],
  "runtime errors": [
    SCHEMA, "SELECT abs(-9223372036854775808)",
    "SELECT sum(a) FROM (SELECT 9223372036854775807 AS a UNION ALL SELECT 1)", "SELECT json('{')",
    "SELECT json_extract('{}', 'a')", "SELECT json_object(1, 2)", "SELECT json_object('a', x'00')",
    "SELECT json_array(x'ff')",
    "SELECT 1 / 0, 1 % 0, 1.0 / 0, NULL / 0", "SELECT round(1.5, 'x')", "SELECT substr(1, 2, 'x')",
    "SELECT char(-1), char(1114112)", "SELECT unhex('x'), unhex('41', '')",
    "SELECT strftime('%Q'), date('nope'), date(NULL)", "SELECT 'a' LIKE 'b' ESCAPE 'long'",
    "SELECT group_concat()", "SELECT zeroblob(-1), zeroblob(9999999999)", "SELECT printf('%*d', 5)",
    "SELECT 1 << 64, 1 << -1, 1 >> 70, ~0, -1 >> 1", "SELECT CAST('x' AS NOPE), CAST(1 AS BLOB)",
    "SELECT length(replace(hex(zeroblob(10000)), '0', hex(zeroblob(10000))))",
  ],
  "in a batch": [
    SCHEMA, batch("INSERT INTO t (id) VALUES (2)", "INSERT INTO t (id) VALUES (1)",
    "INSERT INTO t (id) VALUES (3)"), batch(["INSERT INTO t (u) VALUES (?)", "q"], "SELECT nope"),
    exec("INSERT INTO t (id) VALUES (4)\nINSERT INTO t (u) VALUES ('u')"),
    run("INSERT INTO t (u) VALUES ('ok')"), left("t"),
  ],
});
