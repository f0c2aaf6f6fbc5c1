// Errors: their message, which begins with D1's code, and their cause. Clients parse both.

import { all, batch, first, raw, run, unbound } from "./step.mjs";

const SCHEMA = batch(
  "CREATE TABLE p (id INTEGER PRIMARY KEY)",
  "CREATE TABLE t (id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL DEFAULT 'x', " +
    "c INTEGER CHECK (c > 0), f INTEGER REFERENCES p (id), a TEXT, b TEXT, UNIQUE (a, b))",
  "CREATE TABLE s (i INTEGER) STRICT",
  "INSERT INTO p VALUES (1)",
  "INSERT INTO t VALUES (1, 'u', 'n', 1, 1, 'a', 'b')",
);

const extended = (kind) => `SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_${kind})`;
const TRANSACTION =
  "To execute a transaction, please use the state.storage.transaction() or " +
  "state.storage.transactionSync() APIs instead of the SQL BEGIN TRANSACTION or SAVEPOINT " +
  "statements. The JavaScript API is safer because it will automatically roll back on " +
  "exceptions, and because it interacts correctly with Durable Objects' automatic atomic write " +
  "coalescing.";

/** A name, a statement, and the text after D1's code. */
const failures = [
  ["a statement that does not parse", "SELEC 1",
    'near "SELEC": syntax error at offset 0: SQLITE_ERROR'],
  ["a place later in the statement", "SELECT 1 FROM FROM p",
    'near "FROM": syntax error at offset 14: SQLITE_ERROR'],
  ["an unfinished statement", "SELECT (1", "incomplete input: SQLITE_ERROR"],
  ["an open quote", "SELECT 'a", 'unrecognized token: "\'a" at offset 7: SQLITE_ERROR'],
  ["an unknown table", "SELECT * FROM nope", "no such table: nope: SQLITE_ERROR"],
  ["an unknown column", "SELECT nope FROM t", "no such column: nope at offset 7: SQLITE_ERROR"],
  ["an unknown column to write", "INSERT INTO t (nope) VALUES (1)",
    "table t has no column named nope: SQLITE_ERROR"],
  ["an unknown function", "SELECT nope(1)", "no such function: nope at offset 7: SQLITE_ERROR"],
  ["a table that exists", "CREATE TABLE t (a)",
    "table t already exists at offset 13: SQLITE_ERROR"],
  ["UNIQUE", "INSERT INTO t (u) VALUES ('u')",
    `UNIQUE constraint failed: t.u: ${extended("UNIQUE")}`],
  ["UNIQUE over two columns", "INSERT INTO t (a, b) VALUES ('a', 'b')",
    `UNIQUE constraint failed: t.a, t.b: ${extended("UNIQUE")}`],
  ["PRIMARY KEY", "INSERT INTO t (id) VALUES (1)",
    `UNIQUE constraint failed: t.id: ${extended("PRIMARYKEY")}`],
  ["NOT NULL", "INSERT INTO t (n) VALUES (NULL)",
    `NOT NULL constraint failed: t.n: ${extended("NOTNULL")}`],
  ["CHECK", "INSERT INTO t (c) VALUES (0)", `CHECK constraint failed: c > 0: ${extended("CHECK")}`],
  ["FOREIGN KEY", "INSERT INTO t (f) VALUES (9)",
    `FOREIGN KEY constraint failed: ${extended("FOREIGNKEY")}`],
  ["FOREIGN KEY of others", "DELETE FROM p",
    `FOREIGN KEY constraint failed: ${extended("FOREIGNKEY")}`],
  ["STRICT", "INSERT INTO s VALUES ('x')",
    `cannot store TEXT value in INTEGER column s.i: ${extended("DATATYPE")}`],
  ["a rowid that is no integer", "INSERT INTO t (id) VALUES ('x')",
    "datatype mismatch: SQLITE_MISMATCH"],
  ["overflow", "SELECT abs(-9223372036854775808)", "integer overflow: SQLITE_ERROR"],
  ["JSON that is none", "SELECT json('{')", "malformed JSON: SQLITE_ERROR"],
  ["depth", `SELECT 1${" + 1".repeat(500)}`,
    "Expression tree is too large (maximum depth 100): SQLITE_ERROR"],
  ["a pragma of the journal", "PRAGMA journal_mode", "not authorized: SQLITE_AUTH"],
  ["the schema as a table", "DELETE FROM sqlite_schema",
    "table sqlite_master may not be modified: SQLITE_ERROR"],
  ["ATTACH", "ATTACH ':memory:' AS x", "not authorized: SQLITE_AUTH"],
  ["a temporary table", "CREATE TEMP TABLE x (a)", "not authorized: SQLITE_AUTH"],
  ["a temporary table by its schema", "CREATE TABLE temp.x (a)", "not authorized: SQLITE_AUTH"],
  ["a temporary trigger by its schema",
    "CREATE TRIGGER temp.x AFTER INSERT ON t BEGIN SELECT 1; END", "not authorized: SQLITE_AUTH"],
  ["a reserved name", "CREATE TABLE _cf_x (a)", "not authorized: SQLITE_AUTH"],
  ["an unknown module", "CREATE VIRTUAL TABLE x USING nope (a)", "not authorized: SQLITE_AUTH"],
  ["BEGIN", "BEGIN", TRANSACTION],
  ["COMMIT", "COMMIT", TRANSACTION],
  ["SAVEPOINT", "SAVEPOINT s", TRANSACTION],
].map(([name, sql, text]) => ({
  name: `error: ${name}`,
  steps: [
    SCHEMA,
    run(sql).fails(`D1_ERROR: ${text}`),
    // The error leaves the database as it was, and usable.
    raw("SELECT count(*) FROM t UNION ALL SELECT count(*) FROM p").gives([[1], [1]]),
  ],
}));

const BINDINGS = "D1_ERROR: Wrong number of parameter bindings for SQL query.";

export const errorCases = [
  ...failures,
  {
    name: "error: more or fewer values than parameters",
    steps: [
      all("SELECT ?, ?", 1).fails(BINDINGS),
      all("SELECT ?", 1, 2).fails(BINDINGS),
      all("SELECT 1", 1).fails(BINDINGS),
      unbound("SELECT ?").fails(BINDINGS),
    ],
  },
  {
    name: "error: no statement",
    steps: [
      all("").fails("D1_ERROR: No SQL statements detected."),
      first("-- nothing").fails("D1_ERROR: No SQL statements detected."),
    ],
  },
  {
    name: "error: RAISE in a trigger",
    steps: [
      SCHEMA,
      run("CREATE TRIGGER no BEFORE INSERT ON p BEGIN SELECT RAISE(ABORT, 'not today'); END"),
      run("INSERT INTO p VALUES (2)").fails(
        `D1_ERROR: not today: ${extended("TRIGGER")}`,
      ),
    ],
  },
  {
    name: "error: the same from every method",
    steps: [all, run, raw, first].map((method) =>
      method("SELECT * FROM nope").fails("D1_ERROR: no such table: nope: SQLITE_ERROR"),
    ),
  },
];
