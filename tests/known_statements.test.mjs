// Aim: a statement that memory has answered before is answered alike when it is asked by its number,
// in whatever values go in and come out, and a number never means another statement.
// Method: a Worker with a replica in its own isolate asks each statement of the primary and then
// several times of memory, and tells all answers as text. Its WebAssembly is crashed, after which the
// same numbers are given anew.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { WranglerDev } from "./support/wrangler.mjs";

let workers;
before(async () => {
  const own = ["one", "two"].map((name) => `tests/workers/local/${name}.toml`);
  workers = await WranglerDev.start([...own, "wrangler.toml"]);
  await run([{ sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)" }]);
  await filled();
});
after(() => workers?.stop());

async function ask(path, body = {}) {
  const response = await fetch(workers.origin + path, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

const run = (steps) => ask("/", { steps });

async function filled(sql = "SELECT 0 AS zero") {
  for (let i = 0; i < 200; i++) {
    const [{ local }] = await run([{ sql, pause_ms: 20 }]);
    if (local) return;
  }
  assert.fail("the replica never answered");
}

test("answers are alike, known or not, and as the primary's", async () => {
  const cases = await ask("/known");
  assert.ok(cases.length > 100);
  for (const { sql, options, answers } of cases) {
    const [primary, ...memory] = answers;
    for (const { told } of memory) {
      assert.equal(told, memory[0].told, `${sql} ${JSON.stringify(options)}`);
    }
    // Who answered is told by each of them.
    const rows = ({ told }) => told.slice(0, told.indexOf("true{served_by"));
    assert.equal(rows(memory[2]), rows(primary), `${sql} ${JSON.stringify(options)}`);
    assert.deepEqual([primary, memory[2]].map((it) => it.served_by_primary), [true, false]);
  }
});

test("more texts than are remembered, each with its own answer", async () => {
  const steps = Array.from({ length: 1_500 }, (_, n) => ({ sql: `SELECT ${n} AS a${n % 7}` }));
  // The last ones again, when their numbers are known, and the first, when they are not.
  const again = [...steps, ...steps.slice(-100), ...steps.slice(-100), ...steps.slice(0, 100)];
  const outcomes = await run(again);
  outcomes.forEach(({ rows }, i) => {
    const [, n, name] = /(\d+) AS (\w+)/.exec(again[i].sql);
    assert.deepEqual(rows, [{ [name]: Number(n) }]);
  });
});

test("other columns are seen by a statement that is known", async () => {
  const read = { sql: "SELECT * FROM u", times: 3 };
  const outcomes = await run([
    { sql: "CREATE TABLE u (a)" }, { sql: "INSERT INTO u VALUES (1)" }, read,
    { sql: "ALTER TABLE u ADD COLUMN b DEFAULT 2" }, read,
    { sql: "ALTER TABLE u RENAME COLUMN a TO c" }, read,
    { sql: "CREATE INDEX by_c ON u (c)" }, read, { sql: "DROP TABLE u" },
  ]);
  const rows = [2, 4, 6, 8].map((i) => outcomes[i].rows[0]);
  assert.deepEqual(rows, [{ a: 1 }, { a: 1, b: 2 }, { c: 1, b: 2 }, { c: 1, b: 2 }]);
});

test("after a crash numbers mean nothing until they are given anew", async () => {
  const texts = ["SELECT 'one' AS one", "SELECT 'two' AS two", "SELECT 'three' AS three"];
  const expected = texts.map((_, i) => [{ [["one", "two", "three"][i]]: ["one", "two", "three"][i] }]);
  const read = async (order) => {
    const outcomes = await run(order.map((i) => ({ sql: texts[i], times: 2 })));
    order.forEach((i, at) => assert.deepEqual(outcomes[at].rows, expected[i]));
    return outcomes.every(({ local }) => local);
  };
  for (let round = 0; round < 3; round++) {
    await filled();
    assert.ok(await read([0, 1, 2]));
    const { error } = await ask("/crash");
    assert.match(error ?? "", /RuntimeError/);
    // By one that is known, or by a new one.
    if (round > 0) await filled(`SELECT 'round' AS round${round}`);
    await read([2, 1, 0]);
    await filled();
    assert.ok(await read([1, 2, 0]));
    assert.ok(await read([2, 0, 1]));
  }
});
