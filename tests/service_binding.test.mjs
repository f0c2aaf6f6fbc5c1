// Aim: a service binding opens the one database that its configuration names, to queries and to
// nothing else; what is misconfigured is told in words that say what to do.
// Method: one Worker with bindings of every kind, asked over HTTP to use them, properly and not.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";

import { assertNoCrash } from "./support/witness.mjs";
import { WranglerDev } from "./support/wrangler.mjs";

const MADE = { way: "package", binding: "MADE" };
const HTTP = { way: "fetch", binding: "MADE", path: "/query" };

let workers;
before(async () => {
  workers = await WranglerDev.start(["tests/workers/binding/wrangler.toml", "wrangler.toml"]);
  await value({ ...MADE, sql: "CREATE TABLE t (a); INSERT INTO t VALUES (7)" });
});
after(() => workers?.stop());
afterEach(async () => {
  assert.deepEqual(await value({ ...MADE, sql: "SELECT * FROM t" }), [{ a: 7 }]);
  assertNoCrash(workers.log);
});

async function outcome(call) {
  const response = await fetch(workers.origin, {
    method: "POST",
    body: JSON.stringify(call),
    signal: AbortSignal.timeout(60_000),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

async function value(call) {
  const { value: got, error } = await outcome(call);
  assert.equal(error, undefined, error?.message);
  return got;
}

async function failure(call) {
  const { value: got, error } = await outcome(call);
  assert.ok(error, `it succeeded: ${JSON.stringify(got)}`);
  return error;
}

const sql = "SELECT * FROM t";

describe("which database", () => {
  test("the one that the binding names, by whichever binding", async () => {
    assert.deepEqual(await value({ way: "package", binding: "SAME", sql }), [{ a: 7 }]);
  });

  test("an unknown one is told, with what to do", async () => {
    const { message, cause } = await failure({ way: "package", binding: "UNKNOWN", sql });
    assert.equal(message, `D1_ERROR: ${cause}`);
    assert.match(cause, /^No such database: unknown\. Create it with `wrangler d1 create unknown`/);
  });

  test("a name that cannot be one is told", async () => {
    const { cause } = await failure({ way: "package", binding: "MISNAMED", sql });
    assert.match(cause, /^Invalid database name: it may have letters, digits/);
  });

  test("a binding without a name is told, with what to add", async () => {
    const { cause } = await failure({ way: "package", binding: "NAMELESS", sql });
    assert.match(cause, /names no database.*props = \{ database = "<name>" \}/);
  });

  test("no binding at all is a TypeError, with what to add", async () => {
    const { name, message } = await failure({ way: "package", binding: "ABSENT", sql });
    assert.equal(name, "TypeError");
    assert.match(message, /\[\[services\]\]\nbinding = "DB"/);
  });

  test("inside the Worker: created by its first use, unless that is switched off", async () => {
    const one = { way: "embedded", database: "first-use", sql: "SELECT 1 AS a" };
    const { cause } = await failure({ ...one, options: { create: false } });
    assert.match(cause, /^No such database: first-use\./);
    assert.deepEqual(await value(one), [{ a: 1 }]);
    assert.deepEqual(await value({ ...one, options: { create: false } }), [{ a: 1 }]);
  });

  test("withIsolite puts it into env, and into the global env, and leaves the others", async () => {
    const [row, same, other] = await value({ way: "wrapped", sql });
    assert.deepEqual([row, same], [{ a: 7 }, { a: 7 }]);
    assert.notEqual(other, "object");
  });
});

describe("64-bit integers and bytes", () => {
  const forms = (row) => ({ all: row, batch: row, first: row, found: 1, raw: row });
  const exactly = ["9223372036854775807n", "-9223372036854775808n", "9007199254740993n"];
  const rounded = [2 ** 63, -(2 ** 63), 2 ** 53];
  const cases = [
    [{ bigint: true, blobs: "bytes" }, [...exactly, "bytes 0,1,254,255", "integer"]],
    [{ bigint: true }, [...exactly, [0, 1, 254, 255], "integer"]],
    [{ blobs: "bytes" }, [...rounded, "bytes 0,1,254,255", "real"]],
    [{}, [...rounded, [0, 1, 254, 255], "real"]],
  ];
  const places = [
    ["by a service binding", { binding: "MADE" }],
    ["inside the Worker", { database: "values" }],
  ];

  for (const [title, place] of places) {
    for (const [options, row] of cases) {
      test(`${title}, with ${JSON.stringify(options)}`, async () => {
        const got = await value({ way: "values", ...place, options });
        assert.deepEqual(got, { alone: forms(row), session: forms(row) });
      });
    }
  }
});

describe("D1's HTTP protocol", () => {
  const body = JSON.stringify({ sql, params: [] });

  test("the three forms of results", async () => {
    for (const [format, results] of [
      ["ROWS_AND_COLUMNS", { columns: ["a"], rows: [[7]] }],
      ["ARRAY_OF_OBJECTS", [{ a: 7 }]],
      ["NONE", [{ a: 7 }]],
      ["anything", [{ a: 7 }]],
    ]) {
      const path = `/query?resultsFormat=${format}`;
      const { status, text } = await value({ ...HTTP, path, body });
      assert.equal(status, 200);
      assert.deepEqual(JSON.parse(text).results, results);
    }
  });

  test("an array is answered by an array, a failure by one object", async () => {
    const batch = (...texts) => JSON.stringify(texts.map((text) => ({ sql: text })));
    const ask = async (sent) => {
      const { text } = await value({ ...HTTP, body: sent });
      return JSON.parse(text);
    };
    assert.equal((await ask(batch("SELECT 1", "SELECT 2"))).length, 2);
    const failed = await ask(batch("SELECT 1", "SELECT * FROM nope"));
    assert.deepEqual(failed, { success: false, error: "no such table: nope: SQLITE_ERROR" });
  });

  test("a bookmark is answered to a session alone", async () => {
    const ask = (session) => value({ ...HTTP, body, session });
    assert.equal((await ask(undefined)).bookmark, null);
    const { bookmark } = await ask("first-primary");
    assert.match(bookmark, /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/);
    assert.equal((await ask(bookmark)).bookmark, bookmark);
  });

  test("bodies that are no query", async () => {
    for (const sent of ["", "nonsense", "[]", "null", "{}", '{"sql":1}', "[".repeat(100_000)]) {
      const { status, text } = await value({ ...HTTP, body: sent });
      const reply = JSON.parse(text);
      assert.equal(reply.success, false, sent.slice(0, 20));
      assert.ok(reply.error.length > 0 && reply.error.length < 500);
      assert.ok(status >= 200 && status < 500, `${status}`);
    }
  });
});

describe("D1's RPC protocol", () => {
  const ask = (request, binding = "MADE") => value({ way: "query", binding, request });
  const refusal = (call) => failure({ way: "query", binding: "MADE", ...call });

  test("rows as arrays, under their columns", async () => {
    const { results, ...rest } = await ask({ queries: [{ sql }, { sql: "SELECT 1 AS b" }] });
    assert.deepEqual(rest, {});
    assert.deepEqual(results.map(({ data }) => data), [
      { kind: "raw", columns: ["a"], rows: [[7]] },
      { kind: "raw", columns: ["b"], rows: [[1]] },
    ]);
    assert.equal(results[0].meta.served_by, "isolite");
  });

  test("values as the binding's props say", async () => {
    const queries = [{ sql: "SELECT 9223372036854775807 AS a, x'0102' AS b" }];
    const rows = async (binding) => (await ask({ queries }, binding)).results[0].data.rows;
    assert.deepEqual(await rows("MADE"), [[2 ** 63, [1, 2]]]);
    assert.deepEqual(await rows("EXACT"), [["9223372036854775807n", "bytes 1,2"]]);
  });

  test("parameters and a bookmark may be null", async () => {
    const { results } = await ask({ queries: [{ sql, params: null }], bookmark: null });
    assert.deepEqual(results[0].data.rows, [[7]]);
  });

  test("which database is told as ever", async () => {
    const told = async (binding) => (await refusal({ binding, request: { queries: [{ sql }] } }));
    assert.match((await told("UNKNOWN")).message, /^No such database: unknown\./);
    assert.match((await told("NAMELESS")).message, /names no database/);
  });

  const requests = [
    [{}, /`queries` must be an array$/],
    [null, /`queries` must be an array$/],
    [5, /`queries` must be an array$/],
    ["SELECT 1", /`queries` must be an array$/],
    [[], /`queries` must be an array$/],
    [{ queries: {} }, /`queries` must be an array$/],
    [{ queries: [null] }, /`queries\[0\]\.sql` must be a string$/],
    [{ queries: [{ sql }, {}] }, /`queries\[1\]\.sql` must be a string$/],
    [{ queries: [{ sql: 5 }] }, /`queries\[0\]\.sql` must be a string$/],
    [{ queries: [{ sql, params: {} }] }, /`queries\[0\]\.params` must be an array$/],
    [{ queries: [{ sql, params: "abc" }] }, /`queries\[0\]\.params` must be an array$/],
    [{ queries: [{ sql }], bookmark: 5 }, /`bookmark` must be a string$/],
  ];
  for (const [request, text] of requests) {
    test(`no request: ${JSON.stringify(request)}`, async () => {
      const { name, message } = await refusal({ request });
      assert.equal(name, "TypeError");
      assert.match(message, /^query\(\) takes \{ queries: /);
      assert.match(message, text);
    });
  }

  const odd = {
    "nothing": /`queries` must be an array$/,
    "a function": /`queries` must be an array$/,
    "a Map": /`queries` must be an array$/,
    "queries by a function": /`queries` must be an array$/,
    "a text that is bytes": /`queries\[0\]\.sql` must be a string$/,
    "a bound function": /^D1_TYPE_ERROR: Type .function. not supported/,
    "a bound Date": /^D1_TYPE_ERROR: Type 'object' not supported/,
    "a bound Map": /^D1_TYPE_ERROR: Type 'object' not supported/,
    "bound Errors": /^D1_TYPE_ERROR: Type 'object' not supported/,
    "a bound ReadableStream": /^D1_TYPE_ERROR: Type 'object' not supported/,
    "a hole": /^D1_TYPE_ERROR: Type 'undefined' not supported/,
    "a hole among the queries": /`queries\[0\]\.sql` must be a string$/,
    "arrays within": /^D1_TYPE_ERROR: Type 'object' not supported/,
    "a circle": /^D1_TYPE_ERROR: Type 'object' not supported/,
    "a circle of queries": /`queries\[0\]\.sql` must be a string$/,
    "more than 64 bits": /^D1_TYPE_ERROR: The integer 18446744073709551616 has more than 64 bits$/,
  };
  for (const [name, text] of Object.entries(odd)) {
    test(`no request: ${name}`, async () => {
      assert.match((await refusal({ odd: name })).message, text);
    });
  }
});

describe("what a binding does not grant", () => {
  const paths = [
    "/delete",
    "/info",
    "/script",
    "/dump",
    "/",
    "/query/",
    "/query/../delete",
    "//delete",
    "/%64elete",
    "/delete?/query",
    "/delete#/query",
  ];

  for (const path of paths) {
    test(`${path} by HTTP`, async () => {
      const { status, text } = await value({ ...HTTP, path, body: "{}" });
      assert.equal(status, 404);
      assert.equal(JSON.parse(text).success, false);
    });
  }

  for (const path of [...paths, "query", "", "?/query", "/query\\..\\delete"]) {
    test(`${JSON.stringify(path)} by RPC`, async () => {
      const [text] = await value({ way: "rpc", binding: "MADE", args: [path, "{}", null] });
      assert.match(JSON.parse(text).error, /^No such path/);
    });
  }

  test("methods other than POST", async () => {
    for (const method of ["GET", "PUT", "DELETE"]) {
      const { status } = await value({ ...HTTP, method });
      assert.equal(status, 404);
    }
  });

  test("other types than texts by RPC", async () => {
    for (const args of [
      [],
      [null, null, null],
      [5, "{}", null],
      [{}, "{}", null],
      ["/query", 5, null],
      ["/query", { sql: "DROP TABLE t" }, null],
      ["/query", ["DROP TABLE t"], null],
      ["/query", undefined, undefined],
      ["/query", "{}", 5],
      ["/query", "{}", {}],
    ]) {
      const { value: got, error } = await outcome({ way: "rpc", binding: "MADE", args });
      assert.ok(error || JSON.parse(got[0]).success === false, JSON.stringify([args, got]));
    }
  });

  test("sessions that are none", async () => {
    const long = "x".repeat(10_000);
    for (const session of ["nonsense", long, "漢字", "a\r\nb: c", "\0", "zzzzzzzz-"]) {
      const { value: rows, error } = await outcome({ ...MADE, sql, session });
      if (!error) assert.deepEqual(rows, [{ a: 7 }]);
    }
  });
});
