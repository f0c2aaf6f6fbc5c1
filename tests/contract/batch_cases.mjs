// Several statements at once: batches, which are transactions, and exec.

import assert from "node:assert/strict";

import { all, batch, exec, first, judgeResult, run } from "./step.mjs";

const TABLE = run("CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
const PARENT_AND_CHILD = exec(
  "CREATE TABLE p (id INTEGER PRIMARY KEY)\nCREATE TABLE c (p INTEGER REFERENCES p (id))",
);
const COUNT = () => first("SELECT count(*) AS n FROM t");

const INTERNAL = "the local runtime answers an internal error; in production it is this one";

/** The rows of each result. */
const rows = (expected) => (results) => {
  results.forEach(judgeResult);
  assert.deepEqual(results.map((result) => result.results), expected);
};

const execs = (count) => (value) => {
  assert.deepEqual(Object.keys(value), ["count", "duration"]);
  assert.equal(value.count, count);
  assert.equal(typeof value.duration, "number");
};


const failedLine = (line, text) => `D1_EXEC_ERROR: Error in line 1: ${line}: ${text}`;

export const batchCases = [
  {
    name: "a batch gives a result for each statement",
    steps: [
      TABLE,
      batch(
        ["INSERT INTO t (v) VALUES (?)", "a"],
        ["INSERT INTO t (v) VALUES (?)", "b"],
        "SELECT v FROM t ORDER BY id",
        "SELECT v FROM t WHERE 0",
      ).satisfies(rows([[], [], [{ v: "a" }, { v: "b" }], []])),
    ],
  },
  {
    name: "each statement of a batch has its own meta",
    steps: [
      TABLE,
      batch(
        "INSERT INTO t (v) VALUES ('a'), ('b')",
        "DELETE FROM t WHERE id = 1",
        "SELECT 1",
      ).satisfies((results) => {
        const changes = results.map(({ meta }) => meta.changes);
        assert.deepEqual(changes, [2, 1, 0]);
      }),
    ],
  },
  {
    name: "a batch with a constraint broken in its middle leaves nothing",
    steps: [
      TABLE,
      batch(
        "INSERT INTO t (v) VALUES ('a')",
        "INSERT INTO t (v) VALUES ('a')",
        "INSERT INTO t (v) VALUES ('b')",
      ).fails(
        "D1_ERROR: UNIQUE constraint failed: t.v: SQLITE_CONSTRAINT " +
          "(extended: SQLITE_CONSTRAINT_UNIQUE)",
      ),
      COUNT().gives({ n: 0 }),
    ],
  },
  {
    name: "a batch with a statement that does not parse leaves nothing",
    steps: [
      TABLE,
      batch("INSERT INTO t (v) VALUES ('a')", "SELEC 1").fails(
        'D1_ERROR: near "SELEC": syntax error at offset 0: SQLITE_ERROR',
      ),
      COUNT().gives({ n: 0 }),
    ],
  },
  {
    name: "a table made in a batch that fails is gone",
    steps: [
      batch("CREATE TABLE u (a)", "INSERT INTO u VALUES (1)", "SELECT * FROM nope").fails(
        "D1_ERROR: no such table: nope: SQLITE_ERROR",
      ),
      all("SELECT * FROM u").fails("D1_ERROR: no such table: u: SQLITE_ERROR"),
    ],
  },
  {
    name: "later statements of a batch see what earlier ones did",
    steps: [
      batch(
        "CREATE TABLE u (a)",
        ["INSERT INTO u VALUES (?)", "x"],
        "UPDATE u SET a = a || 'y'",
        "SELECT a FROM u",
      ).satisfies(rows([[], [], [], [{ a: "xy" }]])),
    ],
  },
  {
    name: "foreign keys may be broken within a batch that defers them",
    steps: [
      PARENT_AND_CHILD,
      batch(
        "PRAGMA defer_foreign_keys = ON",
        "INSERT INTO c VALUES (1)",
        "INSERT INTO p VALUES (1)",
      ).satisfies(rows([[], [], []])),
    ],
  },
  {
    name: "a batch that defers foreign keys and leaves one broken fails as a whole",
    except: { d1: INTERNAL, d1_rpc: INTERNAL, rust_d1: INTERNAL },
    steps: [
      PARENT_AND_CHILD,
      batch("PRAGMA defer_foreign_keys = ON", "INSERT INTO c VALUES (2)").fails(
        "D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT " +
          "(extended: SQLITE_CONSTRAINT_FOREIGNKEY)",
      ),
      first("SELECT count(*) AS n FROM c").gives({ n: 0 }),
    ],
  },
  {
    name: "a batch of nothing fails",
    steps: [batch().fails("D1_ERROR: No SQL statements detected.")],
  },
  {
    name: "a batch of a hundred statements",
    steps: [
      TABLE,
      batch(
        ...Array.from({ length: 100 }, (_, i) => ["INSERT INTO t (v) VALUES (?)", `${i}`]),
      ).satisfies((results) => assert.equal(results.at(-1).meta.last_row_id, 100)),
      COUNT().gives({ n: 100 }),
    ],
  },
  {
    name: "exec runs one statement a line, and counts them",
    steps: [
      exec(
        "CREATE TABLE e (a)\nINSERT INTO e VALUES (1)\n  INSERT INTO e VALUES (2)  ",
      ).satisfies(execs(3)),
      first("SELECT sum(a) AS s FROM e").gives({ s: 3 }),
    ],
  },
  {
    name: "exec skips blank lines and comments, and counts a line once",
    steps: [
      exec("\nSELECT 1\n\n-- nothing\nSELECT 2; SELECT 3\n").satisfies(execs(2)),
    ],
  },
  {
    name: "exec is one transaction, and names its first line when it fails",
    protocol: "http",
    steps: [
      TABLE,
      exec("INSERT INTO t (v) VALUES ('a')\nINSERT INTO nope VALUES (1)").fails(
        failedLine("INSERT INTO t (v) VALUES ('a')", "no such table: nope: SQLITE_ERROR"),
      ),
      COUNT().gives({ n: 0 }),
    ],
  },
  {
    name: "exec by RPC is one transaction, and names no line when it fails",
    protocol: "rpc",
    steps: [
      TABLE,
      exec("INSERT INTO t (v) VALUES ('a')\nINSERT INTO nope VALUES (1)").fails(
        "D1_EXEC_ERROR: no such table: nope: SQLITE_ERROR",
      ),
      COUNT().gives({ n: 0 }),
      exec("SELECT\n1").fails("D1_EXEC_ERROR: incomplete input: SQLITE_ERROR"),
      exec("-- nothing").fails("D1_EXEC_ERROR: No SQL statements detected."),
    ],
  },
  {
    name: "exec fails on a statement over two lines, and on nothing",
    protocol: "http",
    steps: [
      exec("SELECT\n1").fails(failedLine("SELECT", "incomplete input: SQLITE_ERROR")),
      exec("").fails(failedLine("", "No SQL statements detected.")),
      exec("-- nothing").fails(failedLine("-- nothing", "No SQL statements detected.")),
    ],
  },
];
