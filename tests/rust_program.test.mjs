// Aim: a Rust Worker written for D1 changes the line that takes the database, and nothing else.
// Method: one program, with each type, method and trait of `worker::d1`, compiled over that crate and
// over `isolite` (tests/workers/contract/rust/src/program), and run in one Worker on D1 and on
// Isolite. That it compiles is half of it; what it answers on D1 is what it must answer on Isolite.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { WranglerDev } from "./support/wrangler.mjs";

/** Where Isolite does what D1 refuses: names, each with the value that it gives. */
const WANTED = {
  "query!: binds an i64 beyond 2^53": [["integer", "9007199254740993", 9007199254740992]],
  "query!: binds the last i64": [["integer", "9223372036854775807", 9223372036854775807]],
  "query!: binds the first i64": [["integer", "-9223372036854775808", -9223372036854775808]],
  "query!: binds i128": [["integer", "5", 5]],
  "decodes 1 as i128": 1,
  "exact: a BigInt bound": [["integer", "9223372036854775807", 9223372036854775807]],
  "exact: 9007199254740993": 9007199254740992,
  "exact: 9223372036854775807": 9223372036854775807,
  "exact: -9223372036854775808": -9223372036854775808,
};

const PARTS = {
  "`query!`": /^query!/,
  "arguments": /^bind|^batch_bind|argument|JavaScript value|table of each type|BigInt/,
  "decoding": /^decodes|^exact: -?\d|^a row|^a missing|^raw/,
  "sessions": /^a session/,
  "results and traits": /^exec|^await|^run|^success|^error|^all|^first|^the types/,
  "errors": /^an error/,
};

async function answer(origin, way) {
  const response = await fetch(`${origin}/${way}`, {
    method: "POST",
    body: JSON.stringify({ program: true }),
    signal: AbortSignal.timeout(60_000),
  });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

/** Outcomes by what was done. */
const outcomes = async (origin, way) => new Map(await answer(origin, way));

describe("one Rust program on D1 and on Isolite", () => {
  let workers, d1, isolite;
  before(async () => {
    const vars = { ISOLITE_TRANSACTION_MS_MAX: "300" };
    workers = await WranglerDev.start(["tests/workers/contract/rust.toml"], { vars });
    d1 = await outcomes(workers.origin, "rust_d1");
    isolite = await outcomes(workers.origin, "rust");
  });
  after(() => workers?.stop());

  test("it does the same things", () => {
    assert.ok(d1.size > 200, `${d1.size} outcomes`);
    assert.deepEqual([...isolite.keys()], [...d1.keys()]);
    const unnamed = [...d1.keys()].filter(
      (name) => !Object.values(PARTS).some((part) => part.test(name)),
    );
    assert.deepEqual(unnamed, [], "these are in no part");
  });

  for (const [title, part] of Object.entries(PARTS)) {
    test(`${title}: the same comes of them`, () => {
      const differ = [...d1]
        .filter(([name]) => part.test(name) && !(name in WANTED))
        .map(([name, expected]) => [name, JSON.stringify(expected), JSON.stringify(isolite.get(name))])
        .filter(([, expected, actual]) => expected !== actual)
        .map(([name, expected, actual]) => `${name}\n    D1:   ${expected}\n    ours: ${actual}`);
      assert.equal(differ.length, 0, `${differ.length} differ:\n  ${differ.join("\n  ")}`);
    });
  }

  for (const [name, value] of Object.entries(WANTED)) {
    test(`64 bits and more are kept where D1 refuses them: ${name}`, () => {
      assert.deepEqual(isolite.get(name), { value });
      assert.notDeepEqual(d1.get(name), { value }, "it no longer differs, remove it");
    });
  }

  test("what the crate has besides", async () => {
    const { bound, read, failures } = await answer(workers.origin, "own");
    assert.deepEqual(bound, [
      ["integer", "9223372036854775807"],
      ["integer", "9223372036854775807"],
      ["integer", "-9223372036854775808"],
      ["integer", "7"],
      ["real", "7.0"],
      ["real", "4294967295.0"],
      ["integer", "9223372036854775806"],
    ]);
    assert.deepEqual(read, [[-9223372036854775808, 9223372036854775807]]);
    const nope = "no such column: nope at offset 7: SQLITE_ERROR";
    const missing = failures[4][1];
    assert.match(missing, /^No such database: nobody_made_it\./);
    assert.deepEqual(failures, [
      ["D1_ERROR", nope, `D1_ERROR: ${nope}`],
      ["D1_ERROR", nope, `D1_ERROR: ${nope}`],
      ["D1_COLUMN_NOTFOUND", "Column not found", "D1_COLUMN_NOTFOUND: Column not found (b)"],
      ["D1_EXEC_ERROR", `Error in line 1: SELECT nope: ${nope}`,
        `D1_EXEC_ERROR: Error in line 1: SELECT nope: ${nope}`],
      ["D1_ERROR", missing, `D1_ERROR: ${missing}`],
      null,
    ]);
  });

  test("reads in memory see what their handle has written", async () => {
    const { reads } = await answer(workers.origin, "local");
    assert.equal(reads.length, 20);
    for (const [written, seen, local] of reads) {
      assert.deepEqual([seen, local], [written, true]);
    }
  });

  test("transactions are committed, taken back and run again", async () => {
    const report = await answer(workers.origin, "transactions");
    const { batch, never, read, over, ...rest } = report;
    assert.deepEqual(rest, {
      committed: [3, [1, 2, 3]],
      failed: ["not enough", [1, 2, 3]],
      seen: [[1, 2, 3, 5], [1, 2, 3]],
      nested: ["inner", [1, 2, 3, 7]],
      again: [2, [1, 2, 3, 7, 10, 12]],
      bookmarks: true,
    });
    assert.match(batch[0], /UNIQUE constraint failed: t\.n/);
    assert.deepEqual(batch[1], [1, 2, 3]);
    assert.match(never[1], /The transaction was rolled back: others waited/);
    assert.deepEqual([never[0], never[2]], [2, [1, 2, 3, 7, 10, 12, 21, 22]]);
    assert.deepEqual(read[0], [1, 2, 3, 7, 10, 12, 21, 22]);
    assert.deepEqual(read[1], read[0]);
    assert.match(read[2], /transaction that only reads/);
    assert.match(over, /The transaction has ended/);
  });

  test("a session as of a past bookmark reads what was there", async () => {
    const { as_of, refused } = await answer(workers.origin, "local");
    assert.deepEqual(as_of, [20, 20]);
    assert.match(refused, /only read/);
  });
});
