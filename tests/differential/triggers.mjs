// Triggers, views that take writes, and what meta counts of both.

import { batch, run } from "../contract/step.mjs";
import { topic } from "./case.mjs";

const TABLES = [
  "CREATE TABLE t (id INTEGER PRIMARY KEY, a)",
  "CREATE TABLE log (n INTEGER PRIMARY KEY, what, old, new)",
];
const logging = (name, when, what) =>
  `CREATE TRIGGER ${name} ${when} ON t BEGIN INSERT INTO log (what, old, new) VALUES ('${name}', ${what}); END`;
const LOG = "SELECT * FROM log";

export const triggers = topic("triggers", {
  "before and after each write": [
    batch(...TABLES, logging("bi", "BEFORE INSERT", "NULL, NEW.a"),
    logging("ai", "AFTER INSERT", "NULL, NEW.id"), logging("bu", "BEFORE UPDATE", "OLD.a, NEW.a"),
    logging("au", "AFTER UPDATE OF a", "OLD.a, NEW.a"),
      logging("bd", "BEFORE DELETE", "OLD.a, NULL"), logging("ad", "AFTER DELETE", "OLD.id, NULL")),
    run("INSERT INTO t (a) VALUES ('x'), ('y')"), run("UPDATE t SET a = a || '!'"),
    run("UPDATE t SET id = id + 10"), run("REPLACE INTO t VALUES (11, 'z')"),
    run("INSERT INTO t VALUES (11, 'q') ON CONFLICT DO UPDATE SET a = 'up'"),
    run("DELETE FROM t WHERE id = 11"), run("DELETE FROM t"), LOG,
  ],
  "with WHEN and several statements": [
    batch(...TABLES, `CREATE TRIGGER g AFTER INSERT ON t FOR EACH ROW WHEN NEW.a > 5 BEGIN
       INSERT INTO log (what) VALUES ('big'); UPDATE t SET a = 5 WHERE id = NEW.id; DELETE FROM log WHERE n = 1; SELECT 1; END`),
    run("INSERT INTO t (a) VALUES (1), (6), (7)"), "SELECT * FROM t", LOG,
    "INSERT INTO t (a) VALUES (9) RETURNING *", "SELECT last_insert_rowid() AS id, changes() AS n",
  ],
  "that call each other": [
    batch("CREATE TABLE a (n)", "CREATE TABLE b (n)", "CREATE TABLE c (n)",
    "CREATE TRIGGER ab AFTER INSERT ON a BEGIN INSERT INTO b VALUES (NEW.n + 1); END",
    "CREATE TRIGGER bc AFTER INSERT ON b BEGIN INSERT INTO c VALUES (NEW.n), (NEW.n); END"),
    run("INSERT INTO a VALUES (1)"), run("INSERT INTO a VALUES (2), (3)"), "SELECT * FROM c",
    "SELECT last_insert_rowid() AS id",
  ],
  "that would recurse": [
    "CREATE TABLE r (n)",
    "CREATE TRIGGER rr AFTER INSERT ON r WHEN NEW.n < 5 BEGIN INSERT INTO r VALUES (NEW.n + 1); END",
    run("INSERT INTO r VALUES (1)"), "SELECT * FROM r",
    batch("PRAGMA recursive_triggers = ON", "INSERT INTO r VALUES (1)",
    "PRAGMA recursive_triggers = OFF"), "SELECT * FROM r",
  ],
  "IF EXISTS and names": [
    batch(...TABLES), "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END",
    "CREATE TRIGGER IF NOT EXISTS g AFTER INSERT ON t BEGIN SELECT 1; END", "DROP TRIGGER g",
    "DROP TRIGGER g", "DROP TRIGGER IF EXISTS g",
    'CREATE TRIGGER "odd name; END" AFTER INSERT ON t BEGIN SELECT 1; END',
    "CREATE TRIGGER h AFTER INSERT ON t BEGIN INSERT INTO nope VALUES (1); END",
    "INSERT INTO t (a) VALUES (1)",
    "CREATE TRIGGER i AFTER INSERT ON t BEGIN UPDATE t SET nope = 1; END",
    "INSERT INTO t (a) VALUES (1)", "CREATE TRIGGER j AFTER INSERT ON t BEGIN SELECT OLD.a; END",
    "CREATE TRIGGER k AFTER INSERT ON t BEGIN SELECT ?; END",
    "CREATE TRIGGER l AFTER INSERT ON t BEGIN INSERT INTO main.log DEFAULT VALUES; END",
    "CREATE TRIGGER m AFTER INSERT ON t BEGIN CREATE TABLE x (a); END",
    "SELECT name FROM sqlite_schema WHERE type = 'trigger'",
  ],
  "views with INSTEAD OF": [
    batch("CREATE TABLE t (id INTEGER PRIMARY KEY, a)",
    "CREATE VIEW v AS SELECT id, a, a * 2 AS twice FROM t",
    "CREATE TRIGGER vi INSTEAD OF INSERT ON v BEGIN INSERT INTO t (a) VALUES (NEW.a), (NEW.twice / 2); END",
      "CREATE TRIGGER vu INSTEAD OF UPDATE OF a ON v BEGIN UPDATE t SET a = NEW.a WHERE id = OLD.id; END",
      "CREATE TRIGGER vd INSTEAD OF DELETE ON v BEGIN DELETE FROM t WHERE id = OLD.id; END"),
    run("INSERT INTO v (a, twice) VALUES (1, 20)"), run("UPDATE v SET a = a + 100 WHERE id = 1"),
    run("UPDATE v SET twice = 1"), "SELECT * FROM v", "INSERT INTO v (a) VALUES (3) RETURNING *",
    "UPDATE v SET a = 0 WHERE id = 2 RETURNING *", run("DELETE FROM v WHERE id = 1"),
    "DELETE FROM v RETURNING id", "SELECT * FROM v",
    "INSERT INTO v (a) VALUES (1) ON CONFLICT DO NOTHING", "REPLACE INTO v (a) VALUES (1)",
    "SELECT count(*) FROM t",
  ],
  "views": [
    batch("CREATE TABLE t (a, b)", "INSERT INTO t VALUES (1, 2), (3, 4)"),
    "CREATE VIEW v (x, y) AS SELECT a, b FROM t", "SELECT * FROM v", "SELECT x FROM v WHERE y = 4",
    "CREATE VIEW w AS SELECT * FROM v JOIN t ON a = x", "SELECT * FROM w",
    "INSERT INTO v VALUES (1, 2)", "CREATE VIEW IF NOT EXISTS v AS SELECT 1",
    "ALTER TABLE t ADD c", "SELECT * FROM v", "ALTER TABLE t RENAME a TO aa", "SELECT * FROM v",
    "SELECT sql FROM sqlite_schema WHERE name = 'v'", "ALTER TABLE t DROP aa", "DROP TABLE t",
    "SELECT * FROM v", "DROP VIEW v", "DROP VIEW IF EXISTS v", "SELECT * FROM w",
  ],
  "foreign keys as triggers": [
    batch("CREATE TABLE p (id INTEGER PRIMARY KEY)",
    "CREATE TABLE c (id INTEGER PRIMARY KEY, p REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE)",
    "CREATE TABLE d (c REFERENCES c (id) ON DELETE SET NULL)", "CREATE TABLE log (a)",
    "CREATE TRIGGER cd AFTER DELETE ON c BEGIN INSERT INTO log VALUES (OLD.id); END",
      "INSERT INTO p VALUES (1), (2)", "INSERT INTO c VALUES (1, 1), (2, 1), (3, 2)",
      "INSERT INTO d VALUES (1), (2), (3)"),
    run("UPDATE p SET id = 10 WHERE id = 1"), "SELECT * FROM c", run("DELETE FROM p WHERE id = 10"),
    "SELECT * FROM d", "SELECT * FROM log", "SELECT changes() AS n", run("DELETE FROM p"),
    "SELECT count(*) FROM c",
  ],
});
