// What `meta` tells of an execution.

import assert from "node:assert/strict";

import { all, exec, notInRust, run } from "./step.mjs";

const TABLE = run("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT)");

export const metaCases = [
  {
    name: "meta tells who served",
    except: notInRust("worker's D1ResultMeta has no such member"),
    steps: [
      all("SELECT 1").satisfies(({ meta }) => assert.equal(typeof meta.served_by, "string")),
    ],
  },
  {
    name: "meta of an insert",
    steps: [
      TABLE,
      run("INSERT INTO t (v) VALUES ('a'), ('b'), ('c')").meta({
        changes: 3,
        last_row_id: 3,
        changed_db: true,
        rows_written: 3,
      }),
    ],
  },
  {
    name: "meta of updates and deletes",
    steps: [
      TABLE,
      run("INSERT INTO t (v) VALUES ('a'), ('b'), ('c')"),
      run("UPDATE t SET v = 'x' WHERE id > 1").meta({
        changes: 2,
        last_row_id: 3,
        changed_db: true,
      }),
      run("DELETE FROM t").meta({ changes: 3, changed_db: true }),
    ],
  },
  {
    name: "meta of what changes nothing",
    steps: [
      TABLE,
      run("INSERT INTO t (id, v) VALUES (41, 'a')"),
      run("UPDATE t SET v = 'x' WHERE id = 99").meta({ changes: 0, changed_db: false }),
      run("INSERT OR IGNORE INTO t (id) VALUES (41)").meta({ changes: 0, changed_db: false }),
      all("SELECT * FROM t").meta({ changes: 0, changed_db: false, rows_written: 0 }),
    ],
  },
  {
    name: "meta keeps last_row_id through reads",
    except: Object.fromEntries(
      ["service", "embedded", "rust"].map((way) => [way, "a replica answers, which wrote nothing"]),
    ),
    steps: [
      TABLE,
      run("INSERT INTO t (id) VALUES (41)").meta({ last_row_id: 41 }),
      all("SELECT 1").meta({ last_row_id: 41 }),
    ],
  },
  {
    name: "meta counts what triggers and cascades change",
    steps: [
      exec(
        "CREATE TABLE p (id INTEGER PRIMARY KEY)\n" +
          "CREATE TABLE c (p INTEGER REFERENCES p (id) ON DELETE CASCADE)\n" +
          "CREATE TABLE log (p)\n" +
          "CREATE TRIGGER logged AFTER INSERT ON p BEGIN INSERT INTO log VALUES (NEW.id); END",
      ),
      run("INSERT INTO p VALUES (7)").meta({ changes: 2, last_row_id: 7 }),
      run("INSERT INTO c VALUES (7), (7)").meta({ changes: 2 }),
      run("DELETE FROM p").meta({ changes: 3 }),
    ],
  },
  {
    name: "meta counts rows read by a scan",
    steps: [
      TABLE,
      run("INSERT INTO t (v) VALUES ('a'), ('b'), ('c')"),
      all("SELECT * FROM t").meta({ rows_read: 3 }),
      all("SELECT * FROM t WHERE v = 'b'").meta({ rows_read: 3 }),
      all("SELECT * FROM t WHERE id = 2").meta({ rows_read: 1 }),
    ],
  },
  {
    name: "meta tells the size, which grows",
    steps: [
      TABLE,
      all("SELECT 1").satisfies(({ meta }) => {
        assert.ok(meta.size_after > 0 && meta.size_after % 4096 === 0, `${meta.size_after} bytes`);
      }),
      run("INSERT INTO t (v) VALUES (?)", "x".repeat(50_000)).satisfies(({ meta }, earlier) => {
        const before = earlier[1].meta.size_after;
        assert.ok(meta.size_after >= before + 45_000, `${before} to ${meta.size_after} bytes`);
      }),
      run("DROP TABLE t").satisfies(({ meta }, earlier) => {
        assert.ok(meta.size_after < earlier[2].meta.size_after - 45_000, "size after DROP");
      }),
    ],
  },
];
