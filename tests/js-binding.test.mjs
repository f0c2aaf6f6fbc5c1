// Aim: what the class in bindings/js decides by itself, before a request leaves and after a reply
// has come: conversions of bound values, D1's error texts, rows to objects, sessions' bookmarks.
// Method: a transport that records requests and plays replies back. What a real server decides is
// tested against a real one elsewhere.

import assert from "node:assert/strict";
import { test } from "node:test";
import { D1Database } from "../bindings/js/src/database.ts";
import { bookmark, fault, grid, grids, META, scripted, sent } from "./support/scripted.mjs";

const CONVERSIONS = [
  ["number", 1.5, 1.5],
  ["NaN", NaN, null],
  ["infinity", -Infinity, null],
  ["negative zero", -0, 0],
  ["string", "é\u0000", "é\u0000"],
  ["true", true, 1],
  ["false", false, 0],
  ["null", null, null],
  ["bytes", [0, 255], [0, 255]],
  ["fractions", [1.5], [1.5]],
  ["no bytes", [], []],
  ["ArrayBuffer", new Uint8Array([1, 2]).buffer, [1, 2]],
  ["Uint8Array over part of a buffer", new Uint8Array([1, 2, 3]).subarray(1), [2, 3]],
  ["Buffer", Buffer.from("hi"), [104, 105]],
  ["Float32Array, by elements", new Float32Array([1.5, -1, 300]), [1.5, -1, 300]],
  ["DataView, empty", new DataView(new ArrayBuffer(4)), []],
];

for (const [name, value, expected] of CONVERSIONS) {
  test(`bind sends ${name}`, async () => assert.deepEqual(await sent(value), expected));
}

const REFUSALS = [
  ["undefined", undefined, "Type 'undefined' not supported for value 'undefined'"],
  ["bigint", 5n, "Type 'bigint' not supported for value '5'"],
  ["a function", () => 1, "Type 'function' not supported for value '() => 1'"],
  ["an object", {}, "Type 'object' not supported for value '[object Object]'"],
  ["a Map", new Map(), "Type 'object' not supported for value '[object Map]'"],
  ["a RegExp", /x/, "Type 'object' not supported for value '/x/'"],
  ["numbers above a byte", [256], "Type 'object' not supported for value '256'"],
  ["numbers below a byte", [1, -1], "Type 'object' not supported for value '1,-1'"],
  ["an array of strings", ["a"], "Type 'object' not supported for value 'a'"],
  [
    "shared memory",
    new SharedArrayBuffer(2),
    "Type 'object' not supported for value '[object SharedArrayBuffer]'",
  ],
];

for (const [name, value, message] of REFUSALS) {
  test(`bind refuses ${name}`, () => {
    const statement = scripted().database.prepare("SELECT ?");
    assert.throws(() => statement.bind(value), fault(`D1_TYPE_ERROR: ${message}`, message));
  });
}

test("bind fails with a TypeError where a value has no text", () => {
  const statement = scripted().database.prepare("SELECT ?");
  assert.throws(() => statement.bind(Symbol("x")), TypeError);
  assert.throws(() => statement.bind(Object.create(null)), TypeError);
});

test("a 64-bit array binds and fails when it is sent", async () => {
  const statement = scripted().database.prepare("SELECT ?").bind(new BigInt64Array([1n]));
  await assert.rejects(() => statement.all(), TypeError);
});

test("bind gives a new statement and replaces earlier values", () => {
  const first = scripted().database.prepare("SELECT ?").bind(1, 2);
  const second = first.bind(3);
  assert.deepEqual(first.params, [1, 2]);
  assert.deepEqual(second.params, [3]);
  assert.equal(JSON.stringify(second), '{"statement":"SELECT ?","params":[3]}');
});

test("one statement is sent as it is, several with each text once", async () => {
  const { database, requests } = scripted(grid(["a"], [[1]]));
  const statement = database.prepare("S").bind(1);
  const query = { sql: "S", params: [1] };
  await statement.all();
  await statement.first();
  await statement.raw();
  await statement.run();
  await database.batch([statement, { statement: "T", params: [], other: 1 }, statement.bind(2)]);
  await database.batch([]);
  await database.exec("  A\n\nB \nA");
  const bodies = [
    ...[query, query, query, query],
    { sql: ["S", "T"], queries: [[0, [1]], [1, []], [0, [2]]] },
    { sql: [], queries: [] },
    { sql: ["A", "", "B "], queries: [[0, []], [1, []], [2, []], [0, []]] },
  ];
  const path = "/query?resultsFormat=COMPACT";
  assert.deepEqual(requests, bodies.map((body) => ({ path, body, session: null })));
});

test("results have D1's keys in D1's order", async () => {
  const { database } = scripted({ ...grid(["a"], [[1]]), extra: true });
  const result = await database.prepare("S").all();
  assert.deepEqual(Object.keys(result), ["success", "meta", "results"]);
  assert.deepEqual(result, { success: true, meta: META, results: [{ a: 1 }] });
});

test("each statement of a batch has a result, with or without columns", async () => {
  const { database } = scripted(grids(null, { columns: ["a"], rows: [[1]] }));
  const results = await database.batch([database.prepare("S"), database.prepare("T")]);
  assert.deepEqual(results, [
    { success: true, meta: META, results: [] },
    { success: true, meta: META, results: [{ a: 1 }] },
  ]);
});

test("a statement without columns has no rows in any form", async () => {
  const statement = scripted(grids(null)).database.prepare("S");
  assert.deepEqual((await statement.run()).results, []);
  assert.deepEqual(await statement.raw(), []);
  assert.deepEqual(await statement.raw({ columnNames: true }), [[]]);
  assert.equal(await statement.first(), null);
  assert.equal(await statement.first("a"), null);
});

test("columns of one name keep the last value, and raw keeps all", async () => {
  const { database } = scripted(grid(["a", "b", "a"], [[1, 2, 3]]));
  const { results } = await database.prepare("S").all();
  assert.equal(JSON.stringify(results), '[{"a":3,"b":2}]');
  assert.deepEqual(await database.prepare("S").raw(), [[1, 2, 3]]);
  const named = await database.prepare("S").raw({ columnNames: true });
  assert.deepEqual(named, [["a", "b", "a"], [1, 2, 3]]);
});

test("a column named __proto__ is a column", async () => {
  const { database } = scripted(grid(["__proto__", "x"], [[1, 2]]));
  const row = await database.prepare("S").first();
  assert.deepEqual(Object.entries(row), [["__proto__", 1], ["x", 2]]);
  assert.equal(Object.getPrototypeOf(row), Object.prototype);
});

test("first gives a row, a column, or null", async () => {
  const { database } = scripted(grid(["a", "b"], [[1, null], [2, 3]]));
  const statement = database.prepare("S");
  assert.deepEqual(await statement.first(), { a: 1, b: null });
  assert.equal(await statement.first("a"), 1);
  assert.equal(await statement.first("b"), null);
  const message = "D1_COLUMN_NOTFOUND: Column not found (c)";
  await assert.rejects(() => statement.first("c"), fault(message, "Column not found"));
  const none = scripted(grid(["a"], [])).database.prepare("S");
  assert.equal(await none.first(), null);
  assert.equal(await none.first("c"), null);
});

test("a failure is an error with D1's prefix and the bare text as its cause", async () => {
  const { database } = scripted({ success: false, error: "no such table: x" });
  const statement = database.prepare("S");
  const expected = fault("D1_ERROR: no such table: x", "no such table: x");
  for (const call of [() => statement.all(), () => statement.run(), () => statement.first()]) {
    await assert.rejects(call, expected);
  }
  await assert.rejects(() => statement.raw(), expected);
  await assert.rejects(() => database.batch([statement, statement]), expected);
  const line = "Error in line 1: S: no such table: x";
  await assert.rejects(() => database.exec("S\nT"), fault(`D1_EXEC_ERROR: ${line}`, line));
});

test("dump fails as it does on D1", async () => {
  const { database } = scripted();
  await assert.rejects(() => database.dump(), fault("D1_DUMP_ERROR: Status + 404", "Status 404"));
});

const NO_REPLIES = ["error code: 1031", "", "null", "5", "{}", "[null]", '{"results":1}'];

for (const text of NO_REPLIES) {
  test(`a body that is no reply is an error: ${JSON.stringify(text)}`, async () => {
    const { database } = scripted({ text });
    const message = `Failed to parse body as JSON, got: ${text}`;
    await assert.rejects(() => database.prepare("S").all(), fault(`D1_ERROR: ${message}`, message));
  });
}

test("a lost connection is passed on as it is", async () => {
  const lost = new Error("Network connection lost.");
  const database = new D1Database({ send: () => Promise.reject(lost) });
  await assert.rejects(() => database.prepare("S").all(), (error) => error === lost);
});

test("exec counts its lines and sums their durations", async () => {
  const { database } = scripted(grids(null, { columns: [], rows: [] }));
  assert.deepEqual(await database.exec("A\nB"), { count: 2, duration: 3 });
});

test("a database without a session sends no bookmark and keeps none", async () => {
  const reply = { text: JSON.stringify(grid(["a"], [])), mark: bookmark(3) };
  const { database, requests } = scripted(reply);
  await database.prepare("S").all();
  await database.prepare("S").all();
  assert.deepEqual(requests.map(({ session }) => session), [null, null]);
});

test("a session keeps the newest bookmark", async () => {
  const text = JSON.stringify(grid(["a"], []));
  const marks = [bookmark(3), bookmark(5), bookmark(4), null, "  ", ` ${bookmark(6)} `];
  const { database, requests } = scripted(...marks.map((mark) => ({ text, mark })));
  const session = database.withSession("first-primary");
  assert.equal(session.getBookmark(), null);
  const seen = [];
  for (const _ of marks) {
    await session.prepare("S").all();
    seen.push(session.getBookmark());
  }
  assert.deepEqual(seen, [3, 5, 5, 5, 5, 6].map(bookmark));
  assert.deepEqual(
    requests.map(({ session }) => session),
    ["first-primary", ...[3, 5, 5, 5, 5].map(bookmark)],
  );
});

test("a failing statement moves its session forward too", async () => {
  const text = JSON.stringify({ success: false, error: "x" });
  const session = scripted({ text, mark: bookmark(2) }).database.withSession();
  await assert.rejects(() => session.prepare("S").all());
  assert.equal(session.getBookmark(), bookmark(2));
});

test("withSession trims, and starts unconstrained unless told", async () => {
  const starts = [undefined, null, "", " ", " first-primary\n", bookmark(5)];
  const { database, requests } = scripted(grid(["a"], []));
  for (const start of starts) await database.withSession(start).prepare("S").all();
  const free = "first-unconstrained";
  assert.deepEqual(
    requests.map(({ session }) => session),
    [free, free, free, free, "first-primary", bookmark(5)],
  );
  assert.equal(database.withSession(bookmark(5)).getBookmark(), bookmark(5));
  assert.equal(database.withSession("first-unconstrained").getBookmark(), null);
});

test("a batch belongs to the session that runs it", async () => {
  const { database, requests } = scripted(grid(["a"], []));
  const session = database.withSession("first-primary");
  await session.batch([database.prepare("A"), database.withSession().prepare("B")]);
  assert.deepEqual(requests.map(({ session }) => session), ["first-primary"]);
});

test("the class goes by D1's name", () => {
  assert.equal(scripted().database.constructor.name, "D1Database");
});
