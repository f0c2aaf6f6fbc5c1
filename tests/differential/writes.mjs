// INSERT, UPDATE, DELETE and REPLACE in all their forms, with what they return and what meta tells.

import { batch, call, first, raw, run } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const SCHEMA = batch(
  "CREATE TABLE t (id INTEGER PRIMARY KEY, k TEXT UNIQUE, n INTEGER DEFAULT 0, v TEXT)",
  "CREATE TABLE s (k TEXT, n INTEGER)",
  "INSERT INTO t (k, n, v) VALUES ('a', 1, 'x'), ('b', 2, 'y'), ('c', 3, 'z')",
  "INSERT INTO s VALUES ('a', 10), ('d', 40), ('b', 20)",
);
const LEFT = "SELECT * FROM t";

export const writes = topic("writes", {
  "INSERT": [
    SCHEMA, run("INSERT INTO t (k) VALUES ('d')"), run("INSERT INTO t VALUES (NULL, 'e', 5, 'v')"), run("INSERT INTO t DEFAULT VALUES"), run("INSERT INTO t (id) VALUES (-5)"),
    run("INSERT INTO t SELECT NULL, k || '2', n, NULL FROM s"), run("INSERT INTO t (k, n) SELECT 'q', 1 WHERE 0"), run("INSERT INTO t (v, k) VALUES (?2, ?1)", "p1", "p2"), run("INSERT INTO t (rowid, k) VALUES (100, 'hundred')"),
    run("WITH x AS (SELECT 'w' AS k) INSERT INTO t (k) SELECT k FROM x"), run("INSERT INTO t (k, n) VALUES ('s', (SELECT max(n) FROM s))"), LEFT,
  ],
  "INSERT … RETURNING": [
    SCHEMA, "INSERT INTO t (k) VALUES ('d') RETURNING *", "INSERT INTO t (k) VALUES ('e'), ('f') RETURNING id, k AS key, n + 1", "INSERT INTO t (k) SELECT 'g' RETURNING rowid, id, typeof(v)", "INSERT INTO t (k) SELECT 'h' WHERE 0 RETURNING *",
    first("INSERT INTO t (k) VALUES ('i') RETURNING id"), raw("INSERT INTO t (k) VALUES ('j') RETURNING id, k"), call("first", "INSERT INTO t (k) VALUES ('l') RETURNING id, k", [], ["k"]), call("raw", "INSERT INTO t (k) VALUES ('m') RETURNING *", [], [{ columnNames: true }]),
    run("INSERT INTO t (k) VALUES ('n') RETURNING k, k"), "INSERT INTO t (k) VALUES ('o') RETURNING (SELECT count(*) FROM t)", LEFT,
  ],
  "REPLACE": [
    SCHEMA, run("REPLACE INTO t (id, k) VALUES (1, 'a2')"), run("REPLACE INTO t (k, n) VALUES ('b', 22)"), run("INSERT OR REPLACE INTO t (id, k) VALUES (3, 'b')"), "REPLACE INTO t (k) VALUES ('a2'), ('new') RETURNING id, k, n", run("REPLACE INTO s VALUES ('a', 1)"), LEFT, "SELECT * FROM s",
  ],
  "INSERT OR IGNORE": [SCHEMA, run("INSERT OR IGNORE INTO t (k) VALUES ('a'), ('z')"), "INSERT OR IGNORE INTO t (k) VALUES ('a') RETURNING *", run("INSERT OR IGNORE INTO t SELECT id, k, n, v FROM t"), LEFT],
  "upserts that do nothing": [
    SCHEMA, run("INSERT INTO t (k) VALUES ('a') ON CONFLICT DO NOTHING"), run("INSERT INTO t (k) VALUES ('a') ON CONFLICT (k) DO NOTHING"), "INSERT INTO t (k) VALUES ('a'), ('new') ON CONFLICT (k) DO NOTHING RETURNING k", run("INSERT INTO t (id, k) VALUES (1, 'q') ON CONFLICT (k) DO NOTHING"), LEFT,
  ],
  "upserts that update": [
    SCHEMA, run("INSERT INTO t (k, n) VALUES ('a', 5) ON CONFLICT (k) DO UPDATE SET n = excluded.n"), run("INSERT INTO t (k, n) VALUES ('a', 5) ON CONFLICT (k) DO UPDATE SET n = n + excluded.n WHERE n > 100"),
    "INSERT INTO t (k, n) VALUES ('a', 7), ('new', 8) ON CONFLICT (k) DO UPDATE SET n = t.n + excluded.n, v = excluded.k RETURNING *", run("INSERT INTO t (id, k) VALUES (1, 'b') ON CONFLICT (id) DO UPDATE SET v = 'by id' ON CONFLICT (k) DO UPDATE SET v = 'by k'"),
    run("INSERT INTO t (id, k) VALUES (99, 'b') ON CONFLICT (id) DO NOTHING ON CONFLICT DO UPDATE SET v = 'else'"), run("INSERT INTO t (k, n) SELECT k, n FROM s WHERE true ON CONFLICT (k) DO UPDATE SET n = excluded.n"),
    run("INSERT INTO t AS x (k) VALUES ('c') ON CONFLICT (k) DO UPDATE SET (n, v) = (x.n * 2, 'pair')"), run("INSERT INTO t (k) VALUES ('c') ON CONFLICT (k) DO UPDATE SET id = 300"), run("INSERT INTO t (id) VALUES (300) ON CONFLICT DO UPDATE SET n = (SELECT sum(n) FROM s)"), LEFT,
  ],
  "upserts on partial and expression indexes": [
    "CREATE TABLE e (a TEXT, live INTEGER, n INTEGER DEFAULT 0)", "CREATE UNIQUE INDEX el ON e (lower(a)) WHERE live", "INSERT INTO e VALUES ('A', 1, 0), ('b', 0, 0)",
    run("INSERT INTO e (a, live) VALUES ('a', 1) ON CONFLICT (lower(a)) WHERE live DO UPDATE SET n = n + 1"), run("INSERT INTO e (a, live) VALUES ('B', 0) ON CONFLICT (lower(a)) WHERE live DO NOTHING"), "INSERT INTO e (a) VALUES ('x') ON CONFLICT (lower(a)) DO NOTHING", "SELECT * FROM e",
  ],
  "UPDATE": [
    SCHEMA, run("UPDATE t SET n = n + 1"), run("UPDATE t SET v = 'same' WHERE k = 'a'"), run("UPDATE t SET n = n WHERE id = 2"), run("UPDATE t SET (k, n) = ('kk', 9) WHERE id = 3"), run("UPDATE t SET (n, v) = (SELECT n, k FROM s WHERE s.k = t.k) WHERE k IN (SELECT k FROM s)"),
    run("UPDATE t SET id = id + 10"), run("UPDATE t SET n = 0 WHERE 0"), "UPDATE t SET n = n * 2 WHERE n > 5 RETURNING id, n AS doubled", "UPDATE t SET v = v || '!' RETURNING *", run("UPDATE t AS x SET n = 1 WHERE x.id = 11"), run("UPDATE t INDEXED BY sqlite_autoindex_t_1 SET n = 4 WHERE k = 'a'"), LEFT,
  ],
  "UPDATE … FROM": [
    SCHEMA, run("UPDATE t SET n = s.n FROM s WHERE s.k = t.k"), run("UPDATE t SET v = x.total FROM (SELECT k, sum(n) AS total FROM s GROUP BY k) AS x WHERE x.k = t.k"), "UPDATE t SET n = s.n + 1 FROM s LEFT JOIN s AS s2 ON s2.n > s.n WHERE s.k = t.k RETURNING t.id, n",
    "WITH c AS (SELECT 'c' AS k) UPDATE t SET v = 'cte' FROM c WHERE c.k = t.k RETURNING v", LEFT,
  ],
  "DELETE": [
    SCHEMA, run("DELETE FROM t WHERE n = 2"), run("DELETE FROM t WHERE 0"), "DELETE FROM t WHERE k = 'a' RETURNING *", run("DELETE FROM t WHERE id IN (SELECT 3)"), run("DELETE FROM t"), run("DELETE FROM t"), run("WITH x AS (SELECT 'a' AS k) DELETE FROM s WHERE k IN (SELECT k FROM x)"), "DELETE FROM s RETURNING n, k", LEFT,
  ],
  "ORDER BY and LIMIT": [
    SCHEMA, run("DELETE FROM t ORDER BY n DESC LIMIT 1"), run("UPDATE t SET v = 'first' ORDER BY n LIMIT 1"), run("UPDATE t SET v = 'second' ORDER BY n LIMIT 1 OFFSET 1"), run("DELETE FROM s LIMIT 2"), "DELETE FROM t LIMIT 1 RETURNING id", "UPDATE t SET n = 5 LIMIT 0 RETURNING id",
    "DELETE FROM t ORDER BY n", "UPDATE t SET n = 1 ORDER BY id", ["DELETE FROM t LIMIT ?", 1], LEFT,
  ],
  "last_row_id and changes as functions": [
    SCHEMA, "SELECT last_insert_rowid() AS id", run("INSERT INTO t (k) VALUES ('x')"), "SELECT last_insert_rowid(), changes()", batch("INSERT INTO t (k) VALUES ('y'), ('z')", "SELECT last_insert_rowid(), changes()", "UPDATE t SET n = 7", "SELECT changes()", "DELETE FROM t WHERE id > 3", "SELECT changes()"),
    "SELECT changes()", run("INSERT INTO t (id) VALUES (1000)"), run("INSERT INTO t (id) VALUES (7)"), "SELECT last_insert_rowid() AS id", run("INSERT OR IGNORE INTO t (id) VALUES (1000)"), run("INSERT INTO t (id) VALUES (1000) ON CONFLICT DO NOTHING"), "INSERT INTO t (id) VALUES (1000)", "SELECT last_insert_rowid() AS id",
  ],
  "last_row_id when a batch fails": [SCHEMA, batch("INSERT INTO t (id) VALUES (500)", "INSERT INTO t (id) VALUES (1)"), "SELECT last_insert_rowid() AS id", batch("UPDATE t SET n = 1", "SELECT nope"), "SELECT changes() AS n", LEFT],
  "AUTOINCREMENT": [
    "CREATE TABLE au (id INTEGER PRIMARY KEY AUTOINCREMENT, v)", run("INSERT INTO au (v) VALUES (1), (2)"), run("DELETE FROM au"), run("INSERT INTO au (v) VALUES (3)"), run("INSERT INTO au VALUES (100, 4)"), run("INSERT INTO au (v) VALUES (5)"), "SELECT * FROM au",
    "SELECT * FROM sqlite_sequence WHERE name = 'au'", run("UPDATE sqlite_sequence SET seq = 500 WHERE name = 'au'"), "INSERT INTO au (v) VALUES (6) RETURNING id",
  ],
  "WITHOUT ROWID": [
    "CREATE TABLE w (k TEXT PRIMARY KEY, n INTEGER) WITHOUT ROWID", run("INSERT INTO w VALUES ('a', 1), ('b', 2)"), "SELECT rowid FROM w", "INSERT INTO w VALUES ('a', 2)", "INSERT INTO w VALUES (NULL, 2)", run("REPLACE INTO w VALUES ('a', 5)"), run("UPDATE w SET n = n + 1"), run("UPDATE w SET k = k || '!'"),
    run("INSERT INTO w VALUES ('b!', 9) ON CONFLICT (k) DO UPDATE SET n = excluded.n"), "DELETE FROM w WHERE k = 'a!' RETURNING *", run("DELETE FROM w"), "SELECT last_insert_rowid() AS id", "CREATE TABLE w2 (a, b, c, PRIMARY KEY (b, a)) WITHOUT ROWID", run("INSERT INTO w2 VALUES (1, 2, 3), (2, 1, 3)"), "SELECT * FROM w2",
    "CREATE TABLE w3 (id INTEGER PRIMARY KEY) WITHOUT ROWID", "INSERT INTO w3 VALUES ('x')", "INSERT INTO w3 VALUES (NULL)", "SELECT * FROM w3",
  ],
});
