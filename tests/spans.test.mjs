// Aim: in a trace of the platform a query looks as one of D1 does; a read in memory is not in it unless that
// is wanted, and a request that is not traced has none.
// Method: a Worker with Isolite inside in workerd, which streams the spans to another Worker that prints
// them.

import assert from "node:assert/strict";
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { assertNoCrash } from "./support/witness.mjs";

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;
const SPANS = /^span (\{.*\})$/gm;

let server;
before(async () => {
  const configuration = await bundle({ own: "tests/workers/spans/wrangler.toml" });
  const tail = "tail.mjs";
  cpSync(inRepository("tests/workers/spans", tail), join(dirname(configuration), tail));
  const worker = "const isolite :Workerd.Worker = (";
  const text = readFileSync(configuration, "utf8");
  assert.ok(text.includes(worker));
  const traced = text
    .replace(worker, `${worker}\n  streamingTails = ["tail"],`)
    .replace("  services = [", '  services = [\n    (name = "tail", worker = .tail),');
  writeFileSync(configuration, `${traced}
const tail :Workerd.Worker = (
  modules = [(name = "${tail}", esModule = embed "${tail}")],
  compatibilityDate = "2026-08-01",
  compatibilityFlags = ["streaming_tail_worker"],
);
`);
  const state = temporaryDirectory("spans");
  server = await PlainWorkerd.start(configuration, { state, experimental: true });
  await ask({ call: "exec", sql: "CREATE TABLE t (a INTEGER PRIMARY KEY, b)" });
  await ask({ call: "run", sql: "INSERT INTO t (b) VALUES (1), (2), (3)" });
});
after(async () => {
  await server?.crash();
  assertNoCrash(server?.log ?? "");
});

async function ask(asked) {
  const response = await fetch(server.origin, { method: "POST", body: JSON.stringify(asked) });
  return response.json();
}

/** The spans of D1 in what was printed, each with its attributes. */
function printed() {
  const spans = new Map();
  for (const [, text] of server.log.matchAll(SPANS)) {
    const { type, name, spanId, info, at } = JSON.parse(text);
    if (type === "spanOpen") spans.set(spanId, { name, closed: false, attributes: {} });
    if (type === "attributes" && spans.has(at.spanId)) {
      const added = Object.fromEntries(info.map(({ name, value }) => [name, value]));
      Object.assign(spans.get(at.spanId).attributes, added);
    }
    if (type === "spanClose" && spans.has(at.spanId)) spans.get(at.spanId).closed = true;
  }
  return [...spans.values()].filter(({ name, closed }) => name.startsWith("d1_") && closed);
}

/** The spans of one request, and what it answered. */
async function spans(asked) {
  const before = printed().length;
  const answer = await ask(asked);
  await sleep(150);
  return { answer, found: printed().slice(before) };
}

const READ = "SELECT * FROM t";
const now = { max_staleness_ms: 0 };

describe("a query that leaves the isolate", () => {
  test("is a span with D1's attributes", async () => {
    const sql = "SELECT b FROM t WHERE a >= ?";
    const { found } = await spans({ call: "all", sql, params: [2], options: now });
    assert.equal(found.length, 1);
    const [{ name, attributes }] = found;
    assert.equal(name, "d1_all");
    const { "cloudflare.d1.response.sql_duration_ms": duration, ...rest } = attributes;
    assert.ok(duration >= 0);
    const of = "cloudflare.d1.response";
    assert.deepEqual(rest, {
      "db.system.name": "cloudflare-d1", "db.operation.name": "all", "db.query.text": sql,
      "cloudflare.binding.type": "D1", [`${of}.size_after`]: 8192, [`${of}.rows_read`]: 2,
      [`${of}.rows_written`]: 0, [`${of}.last_row_id`]: rest[`${of}.last_row_id`],
      [`${of}.changed_db`]: false, [`${of}.changes`]: 0, [`${of}.served_by_primary`]: true,
      [`${of}.total_attempts`]: 1,
    });
  });

  for (const [call, more] of [
    ["first", { sql: READ }], ["run", { sql: READ }], ["raw", { sql: READ }],
    ["exec", { sql: READ }], ["batch", { sqls: [READ, "INSERT INTO t (b) VALUES (4)"] }],
  ]) {
    test(`d1_${call}`, async () => {
      const { found } = await spans({ call, options: now, ...more });
      assert.deepEqual(found.map(({ name }) => name), [`d1_${call}`]);
      const [{ attributes }] = found;
      assert.equal(attributes["db.operation.name"], call);
      assert.ok(attributes["cloudflare.d1.response.rows_read"] >= 1);
      if (call !== "batch") return;
      assert.equal(attributes["db.operation.batch.size"], 2);
      assert.equal(attributes["db.query.text"], more.sqls.join("\n"));
      assert.equal(attributes["cloudflare.d1.response.changes"], 1);
      assert.equal(attributes["cloudflare.d1.response.changed_db"], true);
    });
  }

  test("tells the bookmarks of its session", async () => {
    const { answer } = await spans({ call: "all", sql: READ, session: "first-primary" });
    assert.match(answer.bookmark, BOOKMARK);
    const sql = "INSERT INTO t (b) VALUES (5)";
    const { answer: { bookmark }, found } = await spans({ call: "run", sql, session: answer.bookmark });
    const [{ attributes }] = found;
    assert.equal(attributes["cloudflare.d1.query.bookmark"], answer.bookmark);
    assert.equal(attributes["cloudflare.d1.response.bookmark"], bookmark);
    assert.notEqual(bookmark, answer.bookmark);
  });

  test("that fails says why", async () => {
    for (const call of ["all", "exec"]) {
      const { answer, found } = await spans({ call, sql: "SELECT missing", options: now });
      assert.match(answer.error, /no such column: missing/);
      const [{ attributes }] = found;
      assert.match(attributes["error.type"], /^no such column: missing/);
      assert.ok(!("cloudflare.d1.response.rows_read" in attributes));
    }
  });

  test("within a transaction is a span as well", async () => {
    const { found } = await spans({ call: "transaction", sql: "INSERT INTO t (b) VALUES (6)" });
    assert.deepEqual(found.map(({ name }) => name), ["d1_run"]);
  });
});

describe("a read in memory", () => {
  const local = { max_staleness_ms: 60_000 };
  const fromMemory = async (options) => {
    for (let i = 0; i < 100; i++) {
      const asked = { call: "all", sql: READ, options: { ...local, ...options } };
      const { answer, found } = await spans(asked);
      // No region's replica is there that could have answered.
      if (!answer.served_by_primary) return found;
      assert.equal(found.length, 1);
    }
    return assert.fail("it is never answered from memory");
  };

  test("is no span", async () => {
    assert.deepEqual(await fromMemory({}), []);
  });

  test("is one with spans: all", async () => {
    const [{ name, attributes }] = await fromMemory({ spans: "all" });
    assert.equal(name, "d1_all");
    assert.ok(attributes["cloudflare.d1.response.rows_read"] >= 3);
    assert.equal(attributes["db.query.text"], READ);
  });
});
