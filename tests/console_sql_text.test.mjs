// Aim: what the console tells of SQL before it runs is true: where statements end, what writes, what an
// index could serve; and results leave it as they came.
// Method: the console's own modules, called with texts that are easily taken wrong. What is told of
// writing is compared with what SQLite says of the same statements.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";

import { scrollTo, viewOf } from "../www/src/components/grid/window.ts";
import { withExactIntegers } from "../www/src/api/exact_json.ts";
import { csvOf, distinct, jsonOf } from "../www/src/sql/export.ts";
import { FUNCTIONS } from "../www/src/sql/functions.ts";
import { indexHints } from "../www/src/sql/index_hint.ts";
import { natureOf } from "../www/src/sql/nature.ts";
import { flat, planOf } from "../www/src/sql/plan.ts";
import { parameterCount, statementAt, statementsOf } from "../www/src/sql/statements.ts";
import { inRepository } from "./support/repository.mjs";

const texts = (sql) => statementsOf(sql).map((statement) => statement.sql);

describe("statements", () => {
  test("end at semicolons, which are none in texts, names and comments", () => {
    assert.deepEqual(texts("SELECT 1; SELECT 2"), ["SELECT 1", "SELECT 2"]);
    assert.deepEqual(texts("  ; ;; SELECT ';' ; -- a; b\n /* c; */ SELECT \";\", `;`, [;]; "), [
      "SELECT ';'",
      'SELECT ";", `;`, [;]',
    ]);
    assert.deepEqual(texts("SELECT 'it''s; one'; SELECT x'3b'"), ["SELECT 'it''s; one'", "SELECT x'3b'"]);
    assert.deepEqual(texts("-- nothing\n/* at all"), []);
    assert.deepEqual(texts("SELECT 'not closed; yet"), ["SELECT 'not closed; yet"]);
  });

  test("may be triggers, which have statements in them", () => {
    const trigger = `CREATE TRIGGER a AFTER INSERT ON t BEGIN
      INSERT INTO u VALUES (CASE new.a WHEN 1 THEN 2 END); DELETE FROM v; END`;
    assert.deepEqual(texts(`${trigger}; SELECT 1`), [trigger, "SELECT 1"]);
    assert.deepEqual(texts(`EXPLAIN ${trigger};SELECT 1`), [`EXPLAIN ${trigger}`, "SELECT 1"]);
  });

  test("are found where the cursor is", () => {
    const sql = "SELECT 1;\n\nSELECT 2;\nSELECT 3";
    const at = (place) => statementAt(statementsOf(sql), place)?.sql;
    assert.equal(at(0), "SELECT 1");
    assert.equal(at(sql.indexOf(";") + 1), "SELECT 1");
    assert.equal(at(sql.indexOf("2")), "SELECT 2");
    assert.equal(at(sql.length), "SELECT 3");
    assert.equal(statementAt(statementsOf("  "), 1), undefined);
  });

  test("have parameters", () => {
    const count = (sql) => parameterCount(statementsOf(sql)[0]);
    assert.equal(count("SELECT ?, ?, '?'"), 2);
    assert.equal(count("SELECT ?3, :a, :a, @b"), 5);
    assert.equal(count("SELECT 1"), 0);
  });
});

describe("what writes", () => {
  const nature = (sql) => natureOf(statementsOf(sql)[0]);
  const STATEMENTS = [
    "SELECT 1",
    "VALUES (1)",
    "WITH x AS (SELECT 1) SELECT * FROM x",
    "WITH x(a) AS (SELECT 1) INSERT INTO t SELECT a, a FROM x",
    "WITH x AS (SELECT 1), y AS (SELECT 2) DELETE FROM t WHERE a IN x",
    "with x as (select 1) update t set a = 2 where a in (select a from t)",
    "SELECT 'DELETE FROM t'",
    "SELECT a AS \"delete\" FROM t",
    "/* SELECT */ DELETE FROM t",
    "REPLACE INTO t VALUES (1, 2)",
    "INSERT INTO t VALUES (1, 2) RETURNING a",
    "EXPLAIN DELETE FROM t",
    "EXPLAIN QUERY PLAN UPDATE t SET a = 1",
    "PRAGMA table_info(t)",
    "PRAGMA main.table_list",
    "PRAGMA foreign_keys",
    "CREATE TABLE u (a)",
    "CREATE INDEX i ON t (b)",
    "CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT 1; END",
    "ALTER TABLE t ADD COLUMN c",
    "DROP TABLE t",
    "ANALYZE",
    "REINDEX t",
  ];

  test("is told as SQLite tells it", () => {
    for (const sql of STATEMENTS) {
      const database = new DatabaseSync(":memory:");
      database.exec("CREATE TABLE t (a, b); INSERT INTO t VALUES (1, 2); CREATE INDEX ta ON t (a)");
      // SQLite refuses to write, if it would.
      database.exec("PRAGMA query_only = ON");
      const run = () => database.prepare(sql).all();
      if (nature(sql).writes) assert.throws(run, /readonly/, sql);
      else assert.doesNotThrow(run, sql);
      database.close();
    }
  });

  test("is asked about where all rows, or a table, are at stake", () => {
    const DANGERS = {
      "DELETE FROM t": "It deletes every row of t: it has no WHERE.",
      "DELETE FROM main.\"a b\" RETURNING *": "It deletes every row of a b: it has no WHERE.",
      "DELETE FROM t WHERE a = 1": undefined,
      "DELETE FROM t LIMIT (SELECT 1 WHERE 1)": "It deletes every row of t: it has no WHERE.",
      "WITH x AS (SELECT 1 WHERE 1) DELETE FROM t": "It deletes every row of t: it has no WHERE.",
      "UPDATE OR IGNORE t SET a = (SELECT 1 WHERE 1)": "It changes every row of t: it has no WHERE.",
      "UPDATE t SET \"where\" = 1": "It changes every row of t: it has no WHERE.",
      "UPDATE t SET a = 1 WHERE b": undefined,
      "DROP TABLE IF EXISTS t": "It drops the table t.",
      "DROP VIEW v": "It drops the view v.",
      "ALTER TABLE t DROP COLUMN a": "It drops a column of t, with what is in it.",
      "ALTER TABLE t ADD COLUMN a": undefined,
      "EXPLAIN DROP TABLE t": undefined,
      "INSERT INTO t VALUES (1)": undefined,
    };
    for (const [sql, danger] of Object.entries(DANGERS)) assert.equal(nature(sql).danger, danger, sql);
  });
});

describe("an index that is missing", () => {
  const columns = (...names) => names.map((name) => ({ name, type: "", isKey: false }));
  const schema = [
    {
      name: "t",
      kind: "table",
      columns: columns("id", "a", "b", "c"),
      indexes: [{ name: "by_c", columns: ["c"], isPartial: false }],
    },
    { name: "u", kind: "table", columns: columns("x", "b"), indexes: [] },
    { name: "order", kind: "table", columns: columns("group"), indexes: [] },
  ];
  const database = new DatabaseSync(":memory:");
  database.exec(
    `CREATE TABLE t (id INTEGER PRIMARY KEY, a, b, c); CREATE INDEX by_c ON t (c);
     CREATE TABLE u (x, b); CREATE TABLE "order" ("group")`,
  );
  const hints = (sql) => {
    const rows = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(Object.values);
    return indexHints(statementsOf(sql)[0], flat(planOf(rows)), schema);
  };

  test("is proposed for what a scan compares, and is then used", () => {
    const PROPOSED = {
      "SELECT * FROM t WHERE a = ?": "CREATE INDEX t_a ON t (a)",
      "SELECT * FROM t WHERE b > 1 AND a = 2 ORDER BY a LIMIT 1": "CREATE INDEX t_a_b ON t (a, b)",
      "SELECT * FROM t AS q WHERE q.b BETWEEN 1 AND 2": "CREATE INDEX t_b ON t (b)",
      "SELECT * FROM t q WHERE a IN (1, 2)": "CREATE INDEX t_a ON t (a)",
      "DELETE FROM t WHERE a = 1": "CREATE INDEX t_a ON t (a)",
      "UPDATE t SET a = 1 WHERE b = 2": "CREATE INDEX t_b ON t (b)",
      "SELECT * FROM main.t WHERE a = 1": "CREATE INDEX t_a ON t (a)",
      "WITH x AS (SELECT 1) SELECT * FROM t WHERE a = 1": "CREATE INDEX t_a ON t (a)",
      'SELECT * FROM "order" WHERE "group" = 1': 'CREATE INDEX order_group ON "order" ("group")',
      "SELECT * FROM t JOIN u ON u.x = t.a": "CREATE INDEX t_a ON t (a)",
    };
    for (const [sql, create] of Object.entries(PROPOSED)) {
      const proposed = hints(sql).map((hint) => hint.create);
      if (sql.includes("JOIN")) {
        // SQLite chooses on which side of a join it makes an index for the moment.
        assert.match(proposed.join(), /^CREATE INDEX (t_a ON t \(a\)|u_x ON u \(x\))$/, sql);
      } else assert.deepEqual(proposed, [create], sql);
      const [name] = /(?<=CREATE INDEX )\w+/.exec(proposed[0]);
      database.exec(proposed[0]);
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all().map(({ detail }) => detail);
      database.exec(`DROP INDEX ${name}`);
      assert.ok(plan.some((detail) => detail.startsWith("SEARCH") && detail.includes(name)), `${sql}: ${plan}`);
    }
  });

  test("is not proposed where it would be of no use, or that is not sure", () => {
    for (const sql of [
      "SELECT * FROM t",
      "SELECT * FROM t WHERE a = 1 OR b = 2",
      "SELECT * FROM t WHERE c = 1",
      "SELECT * FROM t WHERE id = 1",
      "SELECT * FROM t WHERE a = b",
      "SELECT * FROM t WHERE a + 1 = 2",
      "SELECT * FROM t WHERE a NOT IN (1)",
      "SELECT * FROM t WHERE a LIKE 'x%'",
      "SELECT * FROM t WHERE a = 'x' COLLATE NOCASE",
      "SELECT * FROM t WHERE a = 1 UNION SELECT * FROM t WHERE b = 1",
      "SELECT 1 FROM t WHERE upper(a) = 'A'",
    ]) assert.deepEqual(hints(sql), [], sql);
  });

  test("names itself as no other does", () => {
    const taken = schema.concat({ name: "t_a", kind: "table", columns: [], indexes: [] });
    const steps = planOf([[1, 0, 0, "SCAN t"]]);
    const [{ create }] = indexHints(statementsOf("SELECT * FROM t WHERE a = 1")[0], steps, taken);
    assert.equal(create, "CREATE INDEX t_a_2 ON t (a)");
  });
});

describe("results", () => {
  test("have exact integers, and texts that look like them stay texts", () => {
    const json = `{"a":[9223372036854775807,-9223372036854775808,9007199254740991,9007199254740993.0,
      1e300,"[1234567890123456789","\\\\",1234567890123456789,"\\"[1234567890123456789\\\\\\""],"b":1}`;
    assert.deepEqual(JSON.parse(withExactIntegers(json)), {
      a: [
        { $integer: "9223372036854775807" },
        { $integer: "-9223372036854775808" },
        9007199254740991,
        9007199254740992,
        1e300,
        "[1234567890123456789",
        "\\",
        { $integer: "1234567890123456789" },
        '"[1234567890123456789\\"',
      ],
      b: 1,
    });
    assert.equal(withExactIntegers('{"a":[1,2]}'), '{"a":[1,2]}');
  });

  const table = {
    columns: ["a", 'b"'],
    rows: [
      [1, "plain"],
      [null, ""],
      [{ $integer: "9223372036854775807" }, 'quo"te,\r\nline'],
      [-1.5, "=HYPERLINK(1)"],
      [[0, 255], "-5"],
    ],
  };

  test("leave as CSV of RFC 4180, formulas guarded if that is wanted", async () => {
    const lines = (last, minus) =>
      `a,"b"""\r\n1,plain\r\n,""\r\n9223372036854775807,"quo""te,\r\nline"\r\n-1.5,${last}\r\n00ff,${minus}\r\n`;
    assert.equal(await (await csvOf(table, { guard: false })).text(), lines("=HYPERLINK(1)", "-5"));
    assert.equal(await (await csvOf(table, { guard: true })).text(), lines("'=HYPERLINK(1)", "'-5"));
  });

  test("leave as JSON with all digits", async () => {
    const text = await (await jsonOf(table)).text();
    assert.match(text, /"a":9223372036854775807,/);
    assert.deepEqual(JSON.parse(text).at(-1), { a: [0, 255], 'b"': "-5" });
    assert.deepEqual(JSON.parse(await (await jsonOf({ columns: ["a"], rows: [] })).text()), []);
    assert.deepEqual(distinct(["a", "a", "a_2", "a"]), ["a", "a_3", "a_2", "a_4"]);
  });

  test("are scrolled through to both ends, however many", () => {
    for (const rows of [0, 1, 10, 100_000, 20_000_000]) {
      const { height } = viewOf(rows, 400, 0);
      const bottom = Math.max(0, height - 400);
      assert.equal(viewOf(rows, 400, 0).first, 0);
      const last = viewOf(rows, 400, bottom);
      assert.equal(last.end, rows);
      assert.ok(last.end - last.first < 40);
      // The last row ends where all ends.
      if (rows === 0) continue;
      assert.ok(Math.abs(last.top + (rows - last.first) * 32 - height) < 1, `${rows}`);
      assert.ok(Math.abs(scrollTo(rows - 1, rows, 400, 0) - bottom) < 1, `${rows}`);
    }
  });
});

test("functions that are completed are those that SQL may call", () => {
  const source = readFileSync(inRepository("crates/sqlite/src/policy/functions.rs"), "utf8");
  const allowed = new Set(source.match(/(?<=^ {4}")[^"]+(?=",$)/gm));
  assert.ok(FUNCTIONS.length > 100);
  assert.deepEqual(FUNCTIONS.filter((name) => !allowed.has(name)), []);
});
