// Aim: pages of rows that follow each other by key are, put together, the rows in SQLite's own order, each
// once; CSV is read as it was written.
// Method: the console's own modules over SQLite on the host: random tables, orders, values and page sizes.
// The seed that replays a failure is in its message.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";

import { Random } from "./support/random.mjs";

globalThis.location ??= { hash: "" };
globalThis.addEventListener ??= () => {};
const { CsvReader, delimiterOf, hasHeader, writtenRow } =
  await import("../www/src/pages/database/tables/csv.ts");
const { matchedColumns, newColumns, rowJson } =
  await import("../www/src/pages/database/tables/csv_columns.ts");
const { pageOf, pageStatements } = await import("../www/src/pages/database/tables/row_page.ts");
const { bound, isStill, quoted, shownSql, valueOf } =
  await import("../www/src/pages/database/tables/value.ts");

/** As REST takes parameters. */
const hosted = (params = []) => params.map((param) => {
  if (Array.isArray(param)) return Uint8Array.from(param);
  return param !== null && typeof param === "object" ? BigInt(param.$integer) : param;
});

function rows(db, { sql, params }) {
  const statement = db.prepare(sql);
  statement.setReturnArrays(true);
  return statement.all(...hosted(params));
}

const VALUES = ["NULL", "0", "1", "-1", "1.5", "9223372036854775807", "9007199254740993", "9e999", "-9e999",
  "0.1", "''", "'a'", "'A'", "'b'", "'ä'", "x''", "x'00ff'", "'1'"];

describe("pages of rows", () => {
  test("are all rows in their order, once each", () => {
    for (let seed = 1; seed <= 150; seed += 1) {
      const random = new Random(seed);
      const db = new DatabaseSync(":memory:");
      const collation = random.pick(["", " COLLATE NOCASE"]);
      const type = random.pick(["", " TEXT", " INTEGER", " REAL"]);
      const isKeyed = random.chance(0.5);
      const way = () => random.pick(["", " DESC"]);
      const [wayOfA, wayOfB] = [way(), way()];
      db.exec(isKeyed
        ? `CREATE TABLE t (a${collation}, b, c${type}${collation}, PRIMARY KEY (a${wayOfA}, b${wayOfB})) WITHOUT ROWID`
        : `CREATE TABLE t (a${collation}, b, c${type}${collation})`);
      if (random.chance(0.5)) db.exec(`CREATE INDEX t_c ON t (c${way()})`);
      for (let count = random.between(0, 60); count > 0; count -= 1) {
        db.exec(`INSERT OR IGNORE INTO t VALUES (${random.pick(VALUES.slice(isKeyed ? 1 : 0))},
          ${random.pick(VALUES.slice(isKeyed ? 1 : 0))}, ${random.pick(VALUES)})`);
      }
      const key = isKeyed
        ? [{ sql: '"a"', descending: wayOfA !== "" }, { sql: '"b"', descending: wayOfB !== "" }]
        : [{ sql: "rowid", descending: false }];
      const table = { name: "t", key, columns: ["a", "b", "c"].map((name) => ({ name, type: "" })) };
      const sort = random.chance(0.7)
        ? { column: random.pick(["a", "b", "c"]), descending: random.chance(0.5) }
        : undefined;
      const limit = random.between(1, 9);
      const seen = [];
      let after;
      do {
        const wanted = { sort, filters: [], after, limit };
        const cells = pageStatements(table, wanted).flatMap((statement) => rows(db, statement));
        const page = pageOf(table, wanted, cells);
        seen.push(...page.rows.map(({ values }) => JSON.stringify(values)));
        after = page.next;
        assert.ok(seen.length <= 60, `seed ${seed}: pages go on for ever`);
      } while (after !== undefined);
      const [whole] = pageStatements(table, { sort, filters: [], limit: 1_000 });
      const all = pageOf(table, { sort, limit: 1_000 }, rows(db, whole));
      assert.deepEqual(seen, all.rows.map(({ values }) => JSON.stringify(values)), `seed ${seed}`);
    }
  });

  test("tell each value exactly, so that it is found and bound as what it is", () => {
    const db = new DatabaseSync(":memory:");
    db.exec("CREATE TABLE t (v COLLATE NOCASE)");
    const long = ["replace(hex(zeroblob(3000)), '0', 'ä')", "zeroblob(4000)"];
    for (const sql of [...VALUES, ...long, "'a' || char(0) || 'b'", "1e300", "-0.0", "0.1 + 0.2"]) {
      db.exec(`DELETE FROM t; INSERT INTO t VALUES (${sql})`);
      const [[told]] = rows(db, { sql: `SELECT ${shownSql('"v"')} FROM t` });
      const value = valueOf(told);
      const is = (condition) =>
        rows(db, { sql: `SELECT count(*) FROM t WHERE ${condition.sql}`, params: condition.params })[0][0];
      assert.equal(is(isStill("v", value)), 1, sql);
      if (value.type === "cut") continue;
      const { sql: hole, params } = bound(value);
      const [same] = rows(db, {
        sql: `SELECT typeof(v) = typeof(b), quote(v) = quote(b) FROM t, (SELECT ${hole} AS b)`,
        params,
      });
      assert.deepEqual(same, [1, 1], sql);
      // Every other value is another one, whatever the collation and the type.
      for (const other of VALUES.filter((each) => each !== sql)) {
        db.exec(`UPDATE t SET v = ${other}`);
        assert.equal(is(isStill("v", value)), 0, `${sql} and ${other}`);
      }
    }
  });

  test("quotes any name", () => {
    const db = new DatabaseSync(":memory:");
    for (const name of ['a"b', "a'b", "a;b", "select", "😀", "<img>", 'x" --']) {
      db.exec(`CREATE TABLE ${quoted(name)} (${quoted(name)})`);
    }
    assert.equal(rows(db, { sql: "SELECT count(*) FROM sqlite_schema" })[0][0], 7);
  });
});

describe("CSV", () => {
  const read = (text, delimiter = ",", step = text.length || 1) => {
    const reader = new CsvReader(delimiter);
    const found = [];
    for (let at = 0; at < text.length; at += step) found.push(...reader.push(text.slice(at, at + step)));
    return [...found, ...reader.end()];
  };

  test("is read as it was written, in parts of any size", () => {
    const pieces = ["a", '"', ",", "\r\n", "\n", "\r", "ä", "", " ", "NULL", "😀"];
    for (let seed = 1; seed <= 500; seed += 1) {
      const random = new Random(seed);
      const width = random.between(1, 4);
      const field = () => random.chance(0.2)
        ? null
        : Array.from({ length: random.between(0, 4) }, () => random.pick(pieces)).join("");
      const rows = Array.from({ length: random.between(1, 5) }, () => Array.from({ length: width }, field));
      // A line without anything is no row, so one NULL alone is written as an empty text.
      const expected = width === 1 ? rows.map(([value]) => [value ?? ""]) : rows;
      const text = rows.map(writtenRow).join("");
      for (const step of [1, random.between(1, 7), text.length]) {
        // A character of two halves is not cut by a decoder either.
        const parts = [...text];
        const reader = new CsvReader(",");
        const found = [];
        for (let at = 0; at < parts.length; at += step) {
          found.push(...reader.push(parts.slice(at, at + step).join("")));
        }
        found.push(...reader.end());
        assert.deepEqual(found.map(({ fields }) => fields), expected, `seed ${seed}, ${JSON.stringify(text)}`);
      }
    }
  });

  test("tells the line of each row, and a quotation mark that is never closed", () => {
    const text = 'a,b\r\n"x\r\ny",1\n\n2,""\r\n,\n';
    const lines = [[1, ["a", "b"]], [2, ["x\r\ny", "1"]], [5, ["2", ""]], [6, [null, null]]];
    assert.deepEqual(read(text).map(({ line, fields }) => [line, fields]), lines);
    assert.deepEqual(read(text, ",", 1).map(({ line, fields }) => [line, fields]), lines);
    assert.throws(() => read('a\n"b\nc'), /line 2 is never closed/);
  });

  test("is known by its delimiter, its header and its types", () => {
    assert.equal(delimiterOf("a;b,c;d\n1;2,5;3\n", true), ";");
    assert.equal(delimiterOf("a\tb\n1\t2\n", true), "\t");
    assert.equal(delimiterOf("only\none\n", true), ",");
    const sample = read("id,zip,share,name\n1,01234,0.5,Ann\n9007199254740993,5,2e3,\n");
    assert.equal(hasHeader(sample), true);
    assert.equal(hasHeader(read("1,2\n3,4\n")), false);
    const columns = newColumns(sample, true);
    assert.deepEqual(columns.map(({ to, type }) => [to, type]),
      [["id", "integer"], ["zip", "text"], ["share", "real"], ["name", "text"]]);
    assert.equal(rowJson(sample[2], columns), '[9007199254740993,"5",2000,null]');
    assert.throws(() => rowJson({ line: 9, fields: ["x", "", "", ""] }, columns), /“x” in id is no integer/);
    assert.throws(() => rowJson({ line: 9, fields: ["1"] }, columns), /fields are 1, and not 4/);
    const there = [{ name: "NAME", type: "TEXT" }, { name: "id", type: "INT" }];
    assert.deepEqual(matchedColumns(sample, true, there).map(({ to }) => to), ["id", "", "", "NAME"]);
  });
});
