// Aim: whatever a request holds, it is refused with a status and a text that say why, and harms
// nothing: data, the database's next answer, and the wasm instance stay as they were.
// Method: one running Worker, tables of bad requests, and a witness that looks after each of them.
// That the texts of SQL's errors are D1's is proven in the contract of env.DB, on D1 itself.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { RestClient } from "./support/rest_client.mjs";
import { Witness } from "./support/witness.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

let worker;
let rest;
let witness;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
  witness = await Witness.create(worker, rest, "data");
});
after(() => worker?.stop());
afterEach(() => witness.unharmed());

/** The answer must be a refusal: this status, this code, a text that is or matches `message`. */
function assertRefused({ status, envelope, text }, expected) {
  assert.equal(status, expected.status, text.slice(0, 300));
  assert.equal(envelope?.success, false, text.slice(0, 300));
  const [{ code, message }] = envelope.errors;
  assert.equal(code, expected.code);
  if (expected.message instanceof RegExp) assert.match(message, expected.message);
  else assert.equal(message, expected.message);
  assert.ok(message.length < 1_000, "the refusal does not carry the request back");
}

const sqlError = (message) => ({ status: 400, code: 7500, message });
const malformed = (message) => ({ status: 400, code: 7400, message });

const post = (body) => rest.request("POST", "/data/query", body);

describe("SQL that fails", () => {
  const BINDINGS = "Wrong number of parameter bindings for SQL query.";
  const constraint = (text, kind) =>
    `${text}: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_${kind})`;
  for (const [name, body, message] of [
    ["no SQL at all", { sql: "nonsense" },
      'near "nonsense": syntax error at offset 0: SQLITE_ERROR'],
    ["an unfinished statement", { sql: "SELECT (1" }, "incomplete input: SQLITE_ERROR"],
    ["no text", { sql: "" }, "No SQL statements detected."],
    ["only a comment", { sql: " -- nothing" }, "No SQL statements detected."],
    ["no statement", { sql: "/* nothing */ ;" }, "SQL code did not contain a statement."],
    ["too few values", { sql: "SELECT ?, ?", params: [1] }, BINDINGS],
    ["too many values", { sql: "SELECT ?", params: [1, 2] }, BINDINGS],
    ["values for no parameter", { sql: "SELECT 1", params: [1] }, BINDINGS],
    ["no table", { sql: "DELETE FROM nope" }, "no such table: nope: SQLITE_ERROR"],
    ["UNIQUE", { sql: "INSERT INTO data (u) VALUES ('one')" },
      constraint("UNIQUE constraint failed: data.u", "UNIQUE")],
    ["PRIMARY KEY", { sql: "INSERT INTO data (id) VALUES (1)" },
      constraint("UNIQUE constraint failed: data.id", "PRIMARYKEY")],
    ["NOT NULL", { sql: "UPDATE data SET n = NULL" },
      constraint("NOT NULL constraint failed: data.n", "NOTNULL")],
    ["CHECK", { sql: "UPDATE data SET c = -c" },
      constraint("CHECK constraint failed: c > 0", "CHECK")],
    ["FOREIGN KEY", { sql: "INSERT INTO data (parent) VALUES (9)" },
      constraint("FOREIGN KEY constraint failed", "FOREIGNKEY")],
    ["FOREIGN KEY of others", { sql: "DELETE FROM parent" },
      constraint("FOREIGN KEY constraint failed", "FOREIGNKEY")],
    ["STRICT", { sql: "INSERT INTO typed VALUES ('x')" },
      constraint("cannot store TEXT value in INTEGER column typed.i", "DATATYPE")],
    ["the third of three statements",
      { sql: "INSERT INTO data (id) VALUES (7); DELETE FROM words; SELEC" },
      'near "SELEC": syntax error at offset 0: SQLITE_ERROR'],
    ["the last of a batch",
      { batch: [{ sql: "DELETE FROM data" }, { sql: "INSERT INTO data (id) VALUES (1), (1)" }] },
      constraint("UNIQUE constraint failed: data.id", "PRIMARYKEY")],
    ["an empty batch", { batch: [] }, "No SQL statements detected."],
  ]) {
    test(name, async () => {
      const answer = await post(body);
      assertRefused(answer, sqlError(message));
      assert.equal(answer.headers.get("cf-d1"), "err=7500");
    });
  }
});

describe("values that are none of SQLite's", () => {
  const NOT_A_BYTE = /^Type 'object' not supported for value '.*' in an array: only numbers/;
  for (const [name, value, message] of [
    ["an object", { a: 1 }, "Type 'object' not supported for value '[object Object]'"],
    ["an array of arrays", [[1]], NOT_A_BYTE],
    ["an array of texts", ["a"], NOT_A_BYTE],
    ["an array of booleans", [true], NOT_A_BYTE],
    ["bytes and an object", [1, 2, {}], NOT_A_BYTE],
    ["a long text in an array", ["x".repeat(1_000_000)], NOT_A_BYTE],
  ]) {
    test(name, async () => {
      const sql = "INSERT INTO data (u) VALUES (?)";
      assertRefused(await post({ sql, params: [value] }), sqlError(message));
      const batch = [{ sql: "DELETE FROM data" }, { sql, params: [value] }];
      assertRefused(await post({ batch }), sqlError(message));
    });
  }
});

describe("bodies that are no query", () => {
  const depth = 100_000;
  const deep = (open, close) => open.repeat(depth) + close.repeat(depth);
  for (const [name, body, expected] of [
    ["empty", "", malformed(/EOF/)],
    ["no JSON", "DROP TABLE data", malformed(/^The body must be/)],
    ["JSON cut short", '{"sql":"SELECT 1"', malformed(/EOF/)],
    ["JSON and more", '{"sql":"SELECT 1"} {}', malformed(/trailing/)],
    ["null", "null", malformed(/./)],
    ["a text", '"SELECT 1"', malformed(/./)],
    ["a number", "1", malformed(/./)],
    ["an array", "[]", malformed("The body has neither `sql` nor `batch`")],
    ["an empty object", "{}", malformed("The body has neither `sql` nor `batch`")],
    ["sql and batch", '{"sql":"SELECT 1","batch":[]}',
      malformed("The body has both `sql` and `batch`")],
    ["sql twice", '{"sql":"SELECT 1","sql":"SELECT 2"}', malformed(/duplicate field/)],
    ["sql is a number", '{"sql":1}', sqlError(/expected a string/)],
    ["sql is an object", '{"sql":{}}', sqlError(/expected a string/)],
    ["params is an object", '{"sql":"SELECT 1","params":{"a":1}}', sqlError(/expected a sequence/)],
    ["params is a text", '{"sql":"SELECT 1","params":"a"}', sqlError(/expected a sequence/)],
    ["batch is an object", '{"batch":{}}', malformed("`batch` must be an array of {sql, params}")],
    ["batch of texts", '{"batch":["SELECT 1"]}', sqlError(/invalid type/)],
    ["batch without sql", '{"batch":[{}]}', sqlError("missing field `sql`")],
    ["deep arrays, open", "[".repeat(depth), malformed(/EOF/)],
    ["deep objects, open", '{"a":'.repeat(depth), malformed(/EOF/)],
    ["deep arrays as a value", `{"sql":"SELECT ?","params":[${deep("[", "]")}]}`,
      sqlError(/not supported/)],
    ["deep objects as a value",
      `{"sql":"SELECT ?","params":[${'{"a":'.repeat(depth)}1${"}".repeat(depth)}]}`,
      sqlError(/not supported/)],
    ["a number out of range", '{"sql":"SELECT ?","params":[1e999]}',
      { status: 400, code: 7500, message: /out of range/ }],
    ["a control character in a text", '{"sql":"SELECT \u0001"}', malformed(/control character/)],
    ["no UTF-8", new Uint8Array([0x7b, 0xff, 0xfe, 0x7d]), malformed("The body is not UTF-8")],
    ["UTF-8 cut short", new Uint8Array([...Buffer.from('{"sql":"'), 0xe6, 0xbc]),
      malformed("The body is not UTF-8")],
    ["NULs", new Uint8Array(1000), malformed(/./)],
    ["17 MiB", " ".repeat(17 << 20),
      { status: 413, code: 7400, message: "The body is larger than 16777216 bytes" }],
    ["15 MiB of blanks", { sql: `SELECT 1${" ".repeat(15 << 20)}` },
      sqlError("statement too long: SQLITE_TOOBIG")],
  ]) {
    test(name, async () => assertRefused(await post(body), expected));
  }

  test("17 MiB that do not announce their length", async () => {
    const chunk = new Uint8Array(1 << 20).fill(0x20);
    let left = 17;
    const stream = new ReadableStream({
      pull: (controller) => (left-- > 0 ? controller.enqueue(chunk) : controller.close()),
    });
    const response = await fetch(`${worker.origin}/client/v4/accounts/a/d1/database/data/query`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: stream,
      duplex: "half",
    });
    assert.equal(response.status, 413);
    await response.body.cancel();
  });

  test("deep nesting in a field that nobody reads is skipped", async () => {
    const { status } = await post(`{"x":${deep("[", "]")},"sql":"SELECT 1"}`);
    assert.equal(status, 200);
  });
});

describe("limits", () => {
  const rows = (count) =>
    `WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c LIMIT ${count})`;
  const fill = (count) => `${rows(count)} INSERT INTO big SELECT randomblob(1000000) FROM c`;
  const MANY = `CREATE TABLE many AS ${rows(2_000)} SELECT hex(randomblob(50)) AS h FROM c`;
  const TOO_BIG = "string or blob too big: SQLITE_TOOBIG";
  for (const [name, body, message] of [
    ["a text above 2 MB",
      { sql: "INSERT INTO data (n) VALUES (?)", params: ["x".repeat(2_000_001)] }, TOO_BIG],
    ["a blob above 2 MB",
      { sql: "INSERT INTO data (n) VALUES (?)", params: [Array(2_000_001).fill(1)] }, TOO_BIG],
    ["a value made above 2 MB", { sql: "INSERT INTO data (n) VALUES (zeroblob(2000001))" },
      TOO_BIG],
    ["a row above 2 MB",
      { sql: "INSERT INTO data (u, n) VALUES (hex(zeroblob(600000)), hex(zeroblob(600000)))" },
      TOO_BIG],
    ["a statement above 1 MB", { sql: `SELECT '${"x".repeat(1_000_000)}'` },
      "statement too long: SQLITE_TOOBIG"],
    ["an answer above 24 MiB", { sql: `${rows(40)} SELECT hex(zeroblob(500000)) FROM c` },
      /^result too large: the answer exceeds 25165824 bytes/],
    ["a transaction above 24 MiB",
      { sql: `CREATE TABLE big (b); ${fill(40)}` },
      /^transaction too large: .* the limit is 6144/],
    ["a batch above 24 MiB",
      { batch: ["CREATE TABLE big (b)", ...Array(20).fill(fill(2))].map((sql) => ({ sql })) },
      /^transaction too large/],
    ["a sort of more than memory holds",
      { sql: `${MANY}; SELECT a.h FROM many a, many b ORDER BY a.h || b.h LIMIT 1 OFFSET 3000000` },
      "out of memory: SQLITE_NOMEM"],
    ["too many parameters", { sql: `SELECT ?${",?".repeat(32_766)}` }, /^too many SQL variables/],
    ["a parameter of a high number", { sql: "SELECT ?99999" }, /^variable number must be between/],
    ["too many columns", { sql: `SELECT 1${",1".repeat(2_000)}` },
      "too many columns in result set: SQLITE_ERROR"],
  ]) {
    test(name, async () => assertRefused(await post(body), sqlError(message)));
  }

  test("values, statements and answers just below their limits are taken", async () => {
    const value = await rest.query("data", "SELECT length(?) AS n", ["x".repeat(1_999_900)]);
    assert.deepEqual(value, [{ n: 1_999_900 }]);
    const literal = await rest.query("data", `SELECT length('${"x".repeat(999_900)}') AS n`);
    assert.deepEqual(literal, [{ n: 999_900 }]);
    const large = await rest.query("data", `${rows(23)} SELECT hex(zeroblob(500000)) AS h FROM c`);
    assert.equal(large.length, 23);
  });

  test("a query without end is ended", { timeout: 150_000 }, async () => {
    const endless = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c)";
    const begin = Date.now();
    const answer = await post({ sql: `DELETE FROM data; ${endless} SELECT count(*) FROM c` });
    assertRefused(answer, sqlError(/^query took too long: it exceeds/));
    // D1 ends a query at 30 s; a slow machine may take longer for the same number of steps.
    assert.ok(Date.now() - begin < 120_000, `${Date.now() - begin} ms`);
  });
});

describe("databases, routes and methods that are not there", () => {
  const UNKNOWN_ID = "8d4c3b2a-0000-4000-8000-00000000abcd";
  const none = (name) => {
    return { status: 404, code: 7404, message: `The database ${name} could not be found` };
  };
  for (const [name, method, path, expected] of [
    ["an unknown name", "POST", "/nope/query", none("nope")],
    ["an unknown id", "POST", `/${UNKNOWN_ID}/raw`, none(UNKNOWN_ID)],
    ["what cannot be a name", "GET", "/%00%ff", none("\0\ufffd")],
    ["an unknown database to delete", "DELETE", "/nope", none("nope")],
    ["an unknown resource", "GET", "/data/nope",
      { status: 404, code: 7000, message: /^No route for/ }],
    ["the primary's own paths", "POST", "/data/script",
      { status: 404, code: 7000, message: /^No route for/ }],
    ["a path upwards", "POST", "/data/%2e%2e/%2e%2e/delete",
      { status: 404, code: 7000, message: /^No route for/ }],
    ["GET of a query", "GET", "/data/query", { status: 405, code: 7001, message: /use POST/ }],
    ["POST of a database", "POST", "/data",
      { status: 405, code: 7001, message: /use GET, PUT, PATCH, DELETE/ }],
    ["PATCH of all", "PATCH", "", { status: 405, code: 7001, message: /use GET, POST/ }],
  ]) {
    test(name, async () => {
      const body = method === "POST" ? { sql: "SELECT 1" } : undefined;
      assertRefused(await rest.request(method, path, body), expected);
    });
  }

  test("pages of the list that make no sense", async () => {
    const long = `?page=${"9".repeat(20)}`;
    const none = ["?page=-1", "?page=x&per_page=y", "?per_page=0", long, "?name=%", "?&&=&"];
    for (const query of none) {
      const { status, text } = await rest.request("GET", query);
      assert.equal(status, 200, `${query}: ${text}`);
    }
  });
});

describe("databases that cannot be created", () => {
  for (const [name, body, message] of [
    ["no name", {}, /missing field `name`/],
    ["an empty name", { name: "" }, "Invalid database name: it must not be empty"],
    ["a name that is a number", { name: 7 }, /expected a string/],
    ["a name with a blank", { name: "a b" }, /^Invalid database name: it may have letters/],
    ["a name with a slash", { name: "a/b" }, /^Invalid database name/],
    ["a name with a quote", { name: "a'); DROP TABLE databases; --" }, /^Invalid database name/],
    ["a name outside ASCII", { name: "größe" }, /^Invalid database name/],
    ["a name with a NUL", { name: "a\0" }, /^Invalid database name/],
    ["a name that begins with a dash", { name: "--remote" }, /must begin with/],
    ["dots", { name: ".." }, /must begin with/],
    ["a long name", { name: "x".repeat(129) }, /not have more than 128/],
    ["a name like an id", { name: "8d4c3b2a-0000-4000-8000-00000000abcd" },
      /form of a database id/],
    ["an unknown place", { name: "x", primary_location_hint: "mars" },
      /^Unknown primary_location_hint "mars"/],
    ["an unknown jurisdiction", { name: "x", jurisdiction: "moon" },
      /^Unknown jurisdiction "moon"/],
    ["a name that is taken", { name: "data" }, /already exists/],
    ["no JSON", "name=x", /^The body must be/],
  ]) {
    test(name, async () => {
      const code = name === "a name that is taken" ? 7502 : 7400;
      assertRefused(await rest.request("POST", "", body), { status: 400, code, message });
      const names = (await rest.result("GET", "")).map((database) => database.name);
      assert.deepEqual(names, ["data"]);
    });
  }
});

describe("callers without the token", () => {
  const refused = { status: 401, code: 10000, message: "Authentication error" };
  for (const [name, authorization] of [
    ["another token", "Bearer wrong"],
    ["a part of the token", `Bearer ${TOKEN.slice(0, -1)}`],
    ["more than the token", `Bearer ${TOKEN}x`],
    ["the token twice", `Bearer ${TOKEN}${TOKEN}`],
    ["the token in capitals", `Bearer ${TOKEN.toUpperCase()}`],
    ["the token alone", TOKEN],
    ["another scheme", `Basic ${TOKEN}`],
    ["no token", "Bearer "],
    ["an empty header", ""],
    ["8,000 characters", `Bearer ${"x".repeat(8_000)}`],
  ]) {
    test(name, async () => {
      for (const [method, path, body] of [
        ["GET", ""],
        ["POST", "/data/query", { sql: "DELETE FROM data" }],
        ["DELETE", "/data"],
        ["GET", "/nope"],
      ]) {
        assertRefused(await rest.request(method, path, body, { authorization }), refused);
      }
    });
  }

  test("no header", async () => {
    const response = await fetch(`${worker.origin}/client/v4/accounts/a/d1/database`);
    assert.equal(response.status, 401);
    await response.body.cancel();
  });
});
