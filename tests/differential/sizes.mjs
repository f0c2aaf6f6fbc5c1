// What meta says of the size: how it grows with pages that overflow, indexes and trees that split,
// and what deleting, dropping and failing give back.

import { batch, exec, run } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const TABLE = run("CREATE TABLE t (id INTEGER PRIMARY KEY, v)");
const rows = (count, bytes) =>
  run(`WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < ${count}) INSERT INTO t (v) SELECT zeroblob(${bytes}) FROM r`);
const SIZE = "SELECT count(*) AS n FROM t";

export const sizes = topic("sizes", {
  "small rows": [
    TABLE, rows(10, 10), rows(500, 10), SIZE, run("DELETE FROM t WHERE id % 2"), SIZE,
    run("DELETE FROM t"), SIZE,
  ],
  "rows that overflow their page": [
    TABLE, rows(1, 5000), rows(3, 100_000), run("UPDATE t SET v = zeroblob(10)"), SIZE,
    run("UPDATE t SET v = zeroblob(300000) WHERE id = 1"), run("DELETE FROM t WHERE id = 1"), SIZE,
  ],
  "a tree of three levels": [
    TABLE, rows(3000, 400), run("DELETE FROM t WHERE id BETWEEN 500 AND 2500"), rows(1000, 400),
    SIZE, run("DROP TABLE t"), "SELECT 1",
  ],
  "indexes": [
    TABLE, run("INSERT INTO t (v) SELECT value FROM json_each('[\"a\", \"b\", \"c\"]')"),
    run("CREATE INDEX tv ON t (v)"), run("CREATE UNIQUE INDEX tu ON t (v, id)"),
    run("INSERT INTO t (v) SELECT hex(zeroblob(300)) || id FROM t"), run("DROP INDEX tv"),
    run("REINDEX"), run("DROP INDEX tu"), SIZE,
  ],
  "a batch": [
    TABLE, batch("INSERT INTO t (v) VALUES (zeroblob(9000))",
    "INSERT INTO t (v) VALUES (zeroblob(9000))", SIZE, "DELETE FROM t", "SELECT 1"),
    batch("CREATE TABLE u (a)", "CREATE TABLE x (a)", "DROP TABLE u"), SIZE,
  ],
  "a batch that fails": [
    TABLE, batch("INSERT INTO t (v) VALUES (zeroblob(90000))", "CREATE TABLE u (a)",
    "INSERT INTO t (id) VALUES (1), (1)"), SIZE,
    exec("INSERT INTO t (v) VALUES (zeroblob(90000))\nnope"), SIZE,
  ],
  "full text search": [
    run("CREATE VIRTUAL TABLE t USING fts5 (v)"),
    run("WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 300) INSERT INTO t SELECT 'word' || n || ' common ' || (n % 7) FROM r"),
    SIZE, run("INSERT INTO t (t) VALUES ('optimize')"), SIZE, run("DELETE FROM t"), SIZE,
  ],
  "without a rowid": [
    run("CREATE TABLE t (k TEXT PRIMARY KEY, v) WITHOUT ROWID"),
    run("WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 500) INSERT INTO t SELECT 'key' || n, zeroblob(50) FROM r"),
    run("UPDATE t SET v = zeroblob(2000) WHERE k < 'key2'"), run("DELETE FROM t WHERE k > 'key3'"),
    SIZE,
  ],
  "altering": [
    TABLE, rows(100, 100), run("ALTER TABLE t ADD w DEFAULT 'x'"),
    run("UPDATE t SET w = zeroblob(100)"), run("ALTER TABLE t DROP v"), SIZE,
    run("CREATE TABLE u AS SELECT * FROM t"), run("ANALYZE"), run("DROP TABLE t"),
    "SELECT count(*) FROM u",
  ],
});
