// What SQLite refuses before it runs anything: the text, the place and the code.

import { batch } from "../contract/step.mjs";
import { times, topic } from "./case.mjs";

const SCHEMA = batch(
  "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER)",
  "CREATE TABLE u (id INTEGER PRIMARY KEY, a TEXT)",
  "CREATE VIEW v AS SELECT id, a FROM t",
  "CREATE INDEX ta ON t (a)",
);

const ungrammatical = [
  "SELEC 1", "SELECT", "SELECT 1 +", "SELECT * FROM", "SELECT FROM t", "SELECT 1,", "SELECT (1",
  "SELECT 1)",
  "SELECT 'a", 'SELECT "a', "SELECT `a", "SELECT [a", "SELECT 1 1", "SELECT a b c", "SELECT #", "SELECT @", "SELECT $",
  "SELECT 1abc", "SELECT 1e", "SELECT 0x", "SELECT !1", "SELECT 1 = = 1", "SELECT\n  nope\n  FROM t",
  "INSERT t VALUES (1)", "INSERT INTO t", "INSERT INTO t (a, b) VALUES (1)", "INSERT INTO t VALUES (1)",
  "INSERT INTO t VALUES (1, 2, 3, 4)", "INSERT INTO t (a, a) VALUES (1, 2)", "INSERT INTO t VALUES (1, 2, 3), (4)",
  "UPDATE t", "UPDATE t SET", "UPDATE t SET a", "DELETE t", "DELETE FROM", "CREATE", "CREATE TABLE", "CREATE TABLE x",
  "CREATE TABLE x ()", "CREATE TABLE x (a,)", "CREATE TABLE x (a a a, b", "CREATE INDEX i t (a)", "DROP", "DROP TABLE",
  "CREATE TRIGGER g AFTER INSERT ON t BEGIN END", "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1", "é", "日本", "SELECT 1 é é",
  "WITH c SELECT 1", "WITH c AS SELECT 1", "SELECT CASE", "SELECT CASE 1 END", "SELECT 1 LIMIT", "SELECT 1 ORDER", "SELECT a FROM t GROUP",
  "VALUES", "VALUES (1), (1, 2)", "EXPLAIN", "EXPLAIN QUERY", "PRAGMA", "ALTER TABLE t", "ALTER TABLE t ADD", "REINDEX 1", "ANALYZE 1",
];

const unknown = [
  "SELECT * FROM nope", "SELECT * FROM main.nope", "SELECT * FROM other.t", "SELECT nope FROM t", "SELECT t.nope FROM t",
  "SELECT x.a FROM t", "SELECT a FROM t WHERE nope = 1", "SELECT a FROM t ORDER BY nope", "SELECT a FROM t GROUP BY nope",
  "SELECT nope.* FROM t", "INSERT INTO nope VALUES (1)", "INSERT INTO t (nope) VALUES (1)", "UPDATE nope SET a = 1",
  "UPDATE t SET nope = 1", "DELETE FROM nope", "DELETE FROM t WHERE nope", "DROP TABLE nope", "DROP VIEW nope", "DROP INDEX nope",
  "DROP TRIGGER nope", "DROP TABLE v", "DROP VIEW t", "DROP TABLE ta", "DROP INDEX t", "CREATE INDEX i ON nope (a)", "CREATE INDEX i ON t (nope)",
  "CREATE INDEX i ON v (a)", "CREATE TRIGGER g AFTER INSERT ON nope BEGIN SELECT 1; END", "CREATE TRIGGER g AFTER INSERT ON v BEGIN SELECT 1; END",
  "CREATE TRIGGER g INSTEAD OF INSERT ON t BEGIN SELECT 1; END", "CREATE TRIGGER g AFTER UPDATE OF nope ON t BEGIN SELECT 1; END",
  "ALTER TABLE nope ADD a", "ALTER TABLE nope RENAME TO x", "ALTER TABLE v RENAME TO x", "ALTER TABLE t RENAME nope TO x", "ALTER TABLE t DROP nope",
  "SELECT nope()", "SELECT nope(1, 2)", "SELECT nope(*) FROM t", "SELECT a COLLATE nope FROM t", "CREATE TABLE x (a COLLATE nope)",
  "SELECT * FROM t INDEXED BY nope", "SELECT * FROM t INDEXED BY ta", "SELECT * FROM nope()", "SELECT * FROM t(1)", "SELECT a -> '$' FROM nope",
  "REINDEX nope", "ANALYZE nope", 'SELECT "nope"', 'SELECT "nope" FROM t', "SELECT rowid FROM v", "SELECT sum(nope) FROM t", "SELECT * FROM t USING (a)",
  "SELECT * FROM t JOIN u USING (nope)", "SELECT * FROM t NATURAL JOIN nope", "SELECT new.a", "SELECT excluded.a FROM t",
];

const misuse = [
  "SELECT a FROM t, u", "SELECT id FROM t JOIN u ON t.a = u.a", "SELECT t.a FROM t, t", "SELECT * FROM t JOIN u ON id = 1", "SELECT a FROM t WHERE count(*) > 1",
  "SELECT count(count(*)) FROM t", "SELECT a FROM t GROUP BY count(*)", "SELECT a FROM t HAVING a > 1", "SELECT sum(a) OVER (ORDER BY count(*)) FROM t WHERE sum(a) > 1",
  "SELECT row_number() FROM t", "SELECT abs(1) OVER () FROM t", "SELECT a FROM t WHERE row_number() OVER () = 1", "SELECT sum(DISTINCT a) OVER () FROM t",
  "SELECT ntile(0) OVER () FROM (VALUES (1))", "SELECT nth_value(1, 0) OVER () FROM (VALUES (1))", "SELECT sum(1) OVER nope FROM t",
  "SELECT sum(a) OVER (ROWS BETWEEN -1 PRECEDING AND CURRENT ROW) FROM (VALUES (1)) AS x (a)", "SELECT sum(a) OVER (RANGE 1 PRECEDING) FROM t",
  "SELECT sum(a) OVER (ROWS BETWEEN CURRENT ROW AND 1 PRECEDING) FROM t", "SELECT group_concat(DISTINCT a, b) FROM t", "SELECT count(DISTINCT a, b) FROM t",
  "SELECT abs()", "SELECT abs(1, 2)", "SELECT substr('a')", "SELECT coalesce(1)", "SELECT round(1, 2, 3)", "SELECT max()", "SELECT count(1, 2)", "SELECT iif(1)",
  "SELECT likely()", "SELECT json_object('a')", "SELECT json_set('{}', '$.a')", "SELECT char()", "SELECT printf()", "SELECT strftime()", "SELECT sum(*) FROM t",
  "SELECT likelihood(1, 2)", "SELECT (SELECT 1, 2)", "SELECT 1 IN (SELECT 1, 2)", "SELECT (1, 2) = (1, 2, 3)", "SELECT (1, 2)", "SELECT (1, 2) + 1", "SELECT 1 WHERE (1, 2)",
  "SELECT 1 UNION SELECT 1, 2", "SELECT 1 ORDER BY 2", "SELECT 1 ORDER BY 0", "SELECT a FROM t GROUP BY 9", "SELECT 1 UNION SELECT 2 ORDER BY nope", "SELECT 1 ORDER BY 1 UNION SELECT 2",
  "SELECT 1 LIMIT 1 UNION SELECT 2", "SELECT *", "SELECT t.*", "SELECT * FROM (SELECT 1) x, (SELECT 2) x WHERE x.y", "SELECT 1 FROM t WHERE a MATCH 'x'", "SELECT 'a' MATCH 'b'",
  "SELECT 'a' REGEXP 'b'", "SELECT a LIKE 'b' ESCAPE 'cc' FROM (SELECT 'a' AS a)", "SELECT 'a' LIKE 'b' ESCAPE ''", "SELECT raise(ABORT, 'x')", "SELECT 1 LIMIT 'a'", "SELECT 1 LIMIT 1.5",
  "SELECT 1 LIMIT NULL", "SELECT 1 LIMIT 1 OFFSET 'x'", "SELECT 1 LIMIT '2'", "SELECT 1 LIMIT -1", "SELECT 1 LIMIT a FROM t", "SELECT 1 FROM t LIMIT a",
  "CREATE TABLE t (a)", "CREATE TABLE v (a)", "CREATE TABLE ta (a)", "CREATE VIEW t AS SELECT 1", "CREATE INDEX ta ON t (b)", "CREATE INDEX t ON t (b)", "CREATE TABLE x (a, a)",
  "CREATE TABLE x (a PRIMARY KEY, b PRIMARY KEY)", "CREATE TABLE x (a AUTOINCREMENT)", "CREATE TABLE x (a TEXT PRIMARY KEY AUTOINCREMENT)", "CREATE TABLE x (a DEFAULT (b))",
  "CREATE TABLE x (a REFERENCES t (a, b))", "CREATE TABLE x (a, FOREIGN KEY (b) REFERENCES t (a))", "CREATE TABLE x (a) WITHOUT ROWID", "CREATE TABLE x (a) NOPE", "CREATE TABLE x (a NOPE) STRICT",
  "CREATE TABLE x (a) STRICT", "CREATE TABLE x (a CHECK (SELECT 1))", "CREATE TABLE x (a CHECK (nope))", "CREATE TABLE x (a AS (a))", "CREATE TABLE x (a AS (b), b AS (a))",
  "CREATE TABLE x (a AS (1))", "CREATE TABLE x (a, b AS (random()) STORED)", "CREATE TABLE x (a PRIMARY KEY AS (1), b)", "CREATE TABLE x (a, b DEFAULT 1 AS (a))", "CREATE TABLE x AS SELECT",
  "CREATE TABLE x (a, UNIQUE (nope))", "CREATE TABLE x (a, PRIMARY KEY (nope))", "CREATE INDEX i ON t (random())", "CREATE INDEX i ON t (a) WHERE random()", "CREATE INDEX i ON t ((SELECT 1))",
  "CREATE INDEX i ON t (?)", "CREATE VIEW x AS SELECT ?", "CREATE TABLE x (a DEFAULT (?))", "CREATE TABLE x (a CHECK (a > ?))", "CREATE VIEW x (a, b) AS SELECT 1",
  "CREATE TABLE main.x.y (a)", "CREATE VIEW x AS SELECT * FROM nope", "SELECT * FROM x", "WITH c (a, b) AS (SELECT 1) SELECT * FROM c", "WITH c AS (SELECT 1), c AS (SELECT 2) SELECT * FROM c",
  "WITH c AS (SELECT * FROM c) SELECT * FROM c", "WITH RECURSIVE c AS (SELECT 1 UNION ALL SELECT count(*) FROM c) SELECT * FROM c", "WITH a AS (SELECT * FROM b), b AS (SELECT * FROM a) SELECT * FROM a",
  "INSERT INTO v VALUES (1, 'a')", "UPDATE v SET a = 1", "DELETE FROM v", "INSERT INTO t DEFAULT VALUES RETURNING nope", "INSERT INTO t DEFAULT VALUES RETURNING count(*)",
  "DELETE FROM t RETURNING sum(b)", "INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO NOTHING", "INSERT INTO t (a) VALUES (1) ON CONFLICT (nope) DO NOTHING",
  "INSERT INTO t (a) VALUES (1) ON CONFLICT DO UPDATE SET a = 1", "INSERT INTO t (a) VALUES (1) ON CONFLICT (id) DO UPDATE SET nope = 1", "INSERT INTO t SELECT 1 ON CONFLICT DO NOTHING",
  "UPDATE t SET (a, b) = (1)", "UPDATE t SET (a, b) = (SELECT 1)", "UPDATE t SET rowid = 'x'", "UPDATE t SET a = 1 FROM t", "UPDATE t SET a = 1 FROM nope", "DELETE FROM t INDEXED BY nope",
  "SELECT * FROM t LEFT JOIN u", "SELECT * FROM t JOIN u ON nope", "SELECT * FROM t NATURAL JOIN u USING (id)", "SELECT * FROM t NATURAL JOIN u ON 1", "SELECT * FROM t FOO JOIN u", "SELECT * FROM t OUTER JOIN u",
];

export const syntaxErrors = [
  ...topic("syntax errors", {
    "what is no statement": [SCHEMA, ...ungrammatical],
    "names that are unknown": [SCHEMA, ...unknown],
    "what means nothing": [SCHEMA, ...misuse],
    "a deep expression": [`SELECT 1${" + 1".repeat(98)} AS d`, `SELECT 1${" + 1".repeat(99)}`, `SELECT 1${" + 1".repeat(100)}`],
    "deep brackets": [`SELECT ${"(".repeat(60)}1${")".repeat(60)} AS d`, `SELECT ${"(".repeat(200)}1${")".repeat(200)}`],
    "deep subqueries": [`SELECT ${"(SELECT ".repeat(20)}1${")".repeat(20)} AS d`, `SELECT ${"(SELECT ".repeat(120)}1${")".repeat(120)}`],
    "deep NOT and CASE": [`SELECT ${"NOT ".repeat(50)}1 AS d`, `SELECT ${"CASE WHEN 1 THEN ".repeat(40)}1${" END".repeat(40)} AS d`],
    "a long IN list": [`SELECT 5 IN (${times(5000, "1")}, 5) AS found`],
    "a long VALUES": [`SELECT count(*) AS n, sum(column1) AS s FROM (VALUES ${times(2000, "(3)")})`],
  }),
];
