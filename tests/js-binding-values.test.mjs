// Aim: how values come that JSON has no form for, with each of the options, and how they are bound.
// Method: as in js-binding.test.mjs, a scripted server; what a real one does is tested in
// service_binding.test.mjs.

import assert from "node:assert/strict";
import { test } from "node:test";

import { fault, grid, META, scriptedWith, sent } from "./support/scripted.mjs";

const INTEGERS = ["9007199254740993", "-9223372036854775808", "9223372036854775807"];
const ROW = `[${INTEGERS.join()},9007199254740991,9007199254740993.0,1e20,"x",null,[1,255]]`;
const COLUMNS = ["above", "min", "max", "safe", "real", "large", "text", "none", "blob"];
// The text of the server, because the digits and the points in it are what counts.
const VALUES = {
  text: `{"success":true,"served":{},"results":[[{"columns":${JSON.stringify(COLUMNS)},
    "rows":[${ROW}]},[0.5,0,0,false,0,0,0]]]}`,
};

/** The row in each form that a caller can ask for. */
async function everyForm(options) {
  const { database } = scriptedWith(options, VALUES);
  const statement = database.prepare("S");
  return {
    all: Object.values((await statement.all()).results[0]),
    run: Object.values((await statement.run()).results[0]),
    first: Object.values(await statement.first()),
    raw: (await statement.raw())[0],
    batch: Object.values((await database.batch([statement]))[0].results[0]),
    query: (await database.query({ queries: [{ sql: "S" }] })).results[0].data.rows[0],
    session: (await database.withSession().prepare("S").raw())[0],
  };
}

const ROUNDED = INTEGERS.map(Number);
const OTHERS = [9007199254740991, 9007199254740992, 1e20, "x", null];
for (const [name, options, expected] of [
  ["D1's unless told", {}, [...ROUNDED, ...OTHERS, [1, 255]]],
  ["integers beyond 2^53 as BigInt", { bigint: true },
    [...INTEGERS.map(BigInt), ...OTHERS, [1, 255]]],
  ["BLOBs as bytes", { blobs: "bytes" }, [...ROUNDED, ...OTHERS, new Uint8Array([1, 255])]],
  ["D1's when told so", { bigint: false, blobs: "array" }, [...ROUNDED, ...OTHERS, [1, 255]]],
]) {
  test(`values: ${name}`, async () => {
    for (const [form, row] of Object.entries(await everyForm(options))) {
      assert.deepEqual(row, expected, form);
    }
  });
}

test("one column of the first row has the options too", async () => {
  const { database } = scriptedWith({ bigint: true, blobs: "bytes" }, VALUES);
  assert.equal(await database.prepare("S").first("max"), 2n ** 63n - 1n);
  assert.deepEqual(await database.prepare("S").first("blob"), new Uint8Array([1, 255]));
});

test("meta has numbers whatever the options, rounded where they are large", async () => {
  const options = { bigint: true, blobs: "bytes" };
  const { database } = scriptedWith(options, grid(["a"], [[1]]), {
    text: '{"success":true,"served":{},"results":[[null,[0.5,1,9007199254740993,true,0,0,0]]]}',
  });
  assert.deepEqual((await database.prepare("S").all()).meta, META);
  assert.equal((await database.prepare("S").run()).meta.last_row_id, 2 ** 53);
});

test("bind sends a BigInt as its digits, if that is on", async () => {
  for (const value of [0n, 1n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)]) {
    assert.deepEqual(await sent(value, { bigint: true }), { $integer: `${value}` });
  }
  assert.equal(await sent(1, { bigint: true }), 1);
});

test("bind refuses a BigInt of more than 64 bits", () => {
  const statement = scriptedWith({ bigint: true }).database.prepare("SELECT ?");
  for (const value of [2n ** 63n, -(2n ** 63n) - 1n]) {
    const message = `The integer ${value} has more than 64 bits`;
    assert.throws(() => statement.bind(value), fault(`D1_TYPE_ERROR: ${message}`, message));
  }
});
