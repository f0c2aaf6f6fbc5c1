// The ways to call: parameters, several statements in one text, comments, batches, columns.

import { all, batch, call, dump, exec, first, raw, run, unbound } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const TABLE = run("CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
const LEFT = "SELECT * FROM t";
const named = (sql, args = [{ columnNames: true }]) => call("raw", sql, [], args);

export const calls = topic("calls", {
  "forms of parameters": [
    ["SELECT ?, ?", 1, 2], ["SELECT ?2, ?1", 1, 2], ["SELECT ?1, ?1", 1], ["SELECT ?3", 1, 2, 3], ["SELECT ?, ?3, ?", 1, 2, 3, 4], ["SELECT ?2, ?", 1, 2, 3], ["SELECT :a, :b, :a", 1, 2], ["SELECT @a, $a, :a", 1, 2, 3], ["SELECT $a::b, $a(c)", 1, 2], ["SELECT ?1, :a, ?", 1, 2, 3], ["SELECT ?5", 5],
    ["SELECT :é", 1], ["SELECT '?', \"?\", ?", 1], ["SELECT ? AS \"?\" -- ?", 1], ["SELECT ?001", 1], ["SELECT @", 1], ["SELECT :1", 1], ["SELECT :", 1], ["SELECT #1", 1],
  ],
  "too many and too few": [["SELECT ?"], ["SELECT ?", 1, 2], ["SELECT 1", 1], ["SELECT ?1", 1, 2], ["SELECT ?2", 1], unbound("SELECT ?"), unbound("SELECT ?, ?"), run("CREATE TABLE x (a)", 1), ["SELECT :a, :a", 1, 2], batch("SELECT 1", ["SELECT ?"]), batch(["SELECT ?", 1, 2]), first("SELECT ?"), raw("SELECT ?", 1, 2), ["SELECT ? FROM nope"], ["SELECT nope", 1]],
  "where parameters may not stand": [["SELECT * FROM ?", "t"], ["SELECT 1 AS ?", "a"], ["CREATE TABLE ? (a)", "t"], ["PRAGMA table_info(?)", "t"], ["SELECT 1 ORDER BY ?", 1], ["SELECT 1 LIMIT ?", 1], ["SELECT 1 LIMIT ?", "a"], ["SELECT 1 LIMIT ?", 1.5], ["SELECT 1 LIMIT ? OFFSET ?", 1, 0], ["SELECT 1 LIMIT ?", null], ["SELECT 1 COLLATE ?", "NOCASE"], ["SELECT date(?, ?)", "2024-01-01", "+1 day"], ["SELECT ? IN (?, ?)", 1, 2, 1], ["SELECT ? LIKE ?", "abc", "a%"]],
  // None of those before the last reads a table or returns rows: D1 would leave it open, and locked.
  "several statements in one text": [
    "SELECT 1; SELECT 2", "SELECT 1;", "SELECT 1; ", "SELECT 1;\n", "SELECT 1;;", "SELECT 1; ;", ";SELECT 1", "; ; SELECT 1", "SELECT 1; -- end", "SELECT 1; /* end */", "SELECT 1 -- end", "SELECT 1 /* end */", "-- start\nSELECT 1", "/* start */ SELECT 1", "SELECT 1; -- a\nSELECT 2", "SELECT /* in */ 1", "SELECT 1 /* open", "SELECT 1; /* open", "SELECT 1;\r\n", "SELECT 1; \t\f\v", "SELECT 1;\u00a0",
  ],
  "statements that write, in one text": [
    TABLE, "INSERT INTO t (a) VALUES (1); INSERT INTO t (a) VALUES (2)", LEFT, "INSERT INTO t (a) VALUES (3); SELECT * FROM t WHERE a = 3", "INSERT INTO t (a) VALUES (4); INSERT INTO t (id) VALUES (1)", LEFT, "INSERT INTO t (a) VALUES (5); SELEC", LEFT, 
    "CREATE TABLE u (b); INSERT INTO u VALUES (7); SELECT * FROM u", "DROP TABLE u; SELECT 1", "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; SELECT 2; END; INSERT INTO t (a) VALUES (8)", "UPDATE t SET a = 0; UPDATE t SET a = 1 WHERE id = 1", "INSERT INTO t (a) VALUES (9); SELECT last_insert_rowid() AS id, changes() AS n", "SELECT 1; BEGIN", "PRAGMA foreign_keys; SELECT 2", LEFT,
  ],
  "parameters of several statements": [TABLE, ["INSERT INTO t (a) VALUES (?); SELECT 1", 1], ["SELECT 1; SELECT ?", 2], ["SELECT ?; SELECT ?", 1, 2], ["SELECT ?1; SELECT ?1", 1], ["INSERT INTO t (a) VALUES (5); SELECT a FROM t WHERE a = ?", 5], ["SELECT ?;", 1], ["SELECT ?; -- c", 1], ["SELECT ?; ;", 1], LEFT],
  "texts without a statement": ["", " ", ";", ";;", "-- c", "/* c */", "--", "\n", "-- a\n-- b", "/* a */ -- b", "-- a\n;", exec(""), exec(" "), exec(";"), exec("-- c"), exec("/* c */"), batch(""), batch("-- c", "SELECT 1"), batch("SELECT 1", ""), batch(" ", "SELECT 1", "-- c"), batch("SELECT 1", "/* c */"), batch(), first(""), raw("-- c"), run(";")],
  "lines that end otherwise": ["SELECT 1\r\n", "SELECT\r\n 1 AS a\r\n, 2 AS b", "SELECT 1 -- c\r\n + 1", "SELECT 1 -- c\r + 1", "SELECT 'a\r\nb' AS t", "\ufeffSELECT 1", "SELECT\u00a01", "SELECT\u20031", "SELECT 1\0", "SELECT 1\0; SELECT 2", "SELECT 1 \u001a"],
  "exec": [
    exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a)"), exec("INSERT INTO t (a) VALUES (1)\nINSERT INTO t (a) VALUES (2)"), exec("INSERT INTO t (a) VALUES (3); INSERT INTO t (a) VALUES (4)"), exec("\n\nINSERT INTO t (a) VALUES (5)\n\n"), exec("INSERT INTO t (a)\nVALUES (6)"), exec("-- c\nINSERT INTO t (a) VALUES (7)\n-- d"), exec("INSERT INTO t (a) VALUES (8)\r\nINSERT INTO t (a) VALUES (9)"),
    exec("INSERT INTO t (a) VALUES (10)\nINSERT INTO t (id) VALUES (1)"), exec("INSERT INTO t (a) VALUES (11);\nSELEC"), exec("SELECT ?"), exec("SELECT 1\nSELECT 2\nSELECT nope"), exec("INSERT INTO t (a) VALUES ('a\nb')"), exec("SELECT 1; -- c"), exec("  SELECT 1  "), exec("/* a\nb */ SELECT 1"), exec("PRAGMA table_info(t)\nSELECT 1;\n;"), exec("\ttab"), LEFT,
  ],
  "what is no text": [call("exec", 5), call("exec", null), call("exec", {})],
  "dump": [dump()],
  "batches": [
    TABLE, batch("SELECT 1"), batch("INSERT INTO t (a) VALUES (1)", "INSERT INTO t (a) VALUES (2)", LEFT), batch("INSERT INTO t (a) VALUES (3) RETURNING *", "UPDATE t SET a = 0 RETURNING id", "DELETE FROM t RETURNING *"), batch("INSERT INTO t (a) VALUES (4)", "nope", "INSERT INTO t (a) VALUES (5)"), LEFT, batch(["INSERT INTO t (a) VALUES (?)", "x"], ["SELECT * FROM t WHERE a = ?", "x"]),
    batch("CREATE TABLE u (a)", "INSERT INTO u VALUES (1)", "SELECT * FROM u"), batch("DROP TABLE u", "SELECT * FROM u"), "SELECT * FROM u", batch("ALTER TABLE u ADD b", "SELECT * FROM u"), batch("SELECT 1; SELECT 2", "INSERT INTO t (a) VALUES (6); SELECT 3 AS three"), batch(["INSERT INTO t (a) VALUES (?)", { exotic: "undefined" }]), batch("SELECT 1 AS a, 2 AS a", "SELECT 1 WHERE 0"), LEFT,
  ],
  "a batch that fails in the middle": [
    TABLE, batch("INSERT INTO t (id) VALUES (1)", "INSERT INTO t (id) VALUES (1)", "INSERT INTO t (id) VALUES (2)"), LEFT, batch("CREATE TABLE u (a)", "SELEC 1"), "SELECT * FROM u", batch("INSERT INTO t (id) VALUES (5)", ["SELECT ?"]), LEFT, batch("INSERT INTO t (id) VALUES (6)", "BEGIN"), LEFT, batch("DELETE FROM t", "PRAGMA journal_mode"), run("INSERT INTO t (id) VALUES (7)"), LEFT,
  ],
  "columns": [
    "SELECT 1 AS a, 2 AS a", raw("SELECT 1 AS a, 2 AS a"), named("SELECT 1 AS a, 2 AS a"), first("SELECT 1 AS a, 2 AS a"), call("first", "SELECT 1 AS a, 2 AS a", [], ["a"]), call("first", "SELECT 1 AS a", [], ["b"]), call("first", "SELECT NULL AS a", [], ["a"]), call("first", "SELECT 1 AS a WHERE 0", [], ["a"]), call("first", "SELECT 1 AS a WHERE 0", [], ["b"]), call("first", "SELECT 1 AS A", [], ["a"]),
    call("first", "SELECT 1 AS \"\"", [], [""]), call("first", "SELECT 1 AS \"0\"", [], [0]), call("first", "SELECT 1 AS \"null\"", [], [null]), call("first", "SELECT 1 AS toString", [], ["toString"]), call("first", "SELECT 1 AS a", [], ["toString"]), call("first", "SELECT 1 AS a", [], ["__proto__"]), named("SELECT 1 AS \"\", 2 AS é"), named("SELECT 1 WHERE 0"), named("SELECT a, a FROM (SELECT 1 AS a) WHERE 0"),
    named("SELECT 1", [{ columnNames: false }]), named("SELECT 1", [{}]), named("SELECT 1", [{ columnNames: "yes" }]), named("SELECT 1", [true]), named("CREATE TABLE x (a)"), named("INSERT INTO x VALUES (1)"), named("INSERT INTO x VALUES (1) RETURNING a AS b"), raw("DELETE FROM x"), first("CREATE TABLE y (a)"), first("SELECT * FROM y"), call("first", "INSERT INTO y VALUES (1)", [], ["a"]), run("SELECT 1 AS a, 2 AS a"),
  ],
  "the schema changes between the same statements": [
    TABLE, LEFT, raw(LEFT), run("ALTER TABLE t ADD b DEFAULT 5"), run("INSERT INTO t (a) VALUES (1)"), LEFT, raw(LEFT), named(LEFT), run("ALTER TABLE t RENAME a TO aa"), LEFT, run("ALTER TABLE t DROP aa"), LEFT, run("DROP TABLE t"), LEFT, run("CREATE TABLE t (z)"), LEFT, first(LEFT), run("INSERT INTO t VALUES (1) RETURNING *"), run("ALTER TABLE t ADD y"), run("INSERT INTO t VALUES (1) RETURNING *"),
    run("DROP TABLE t"), run("CREATE VIEW t AS SELECT 1 AS one, 2 AS two"), LEFT, run("DROP VIEW t"), run("CREATE TABLE t (a, b, c, d, e)"), run("INSERT INTO t DEFAULT VALUES"), LEFT,
  ],
  "the same statement again": [TABLE, ...Array(3).fill(run("INSERT INTO t (a) VALUES (?)", 1)), ...Array(2).fill(LEFT), run("INSERT INTO t (id) VALUES (?)", 1), run("INSERT INTO t (id) VALUES (?)", 9), ["SELECT ?", 1], ["SELECT ?", "a"], ["SELECT ?", null], ["SELECT ?", [1]], ["SELECT typeof(?)", 1], ["SELECT typeof(?)", null], all("SELECT count(*) FROM t")],
});
