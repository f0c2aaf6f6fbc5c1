// Aim: whoever is in the midst of something when the primary moves is told so by what a program can act
// on, and goes on by itself; a promotion that is of no use is refused, and one that is given up leaves
// everything as it was.
// Method: one running Worker, through REST and Hrana. All regions are on one machine here, which changes
// nothing of who answers.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "@libsql/client";

import { execute, Hrana, HranaSocket, rowsOf } from "./support/hrana.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

let server, rest;
before(async () => {
  server = await PlainWorkerd.start(await bundle(), { state: temporaryDirectory("moves"), token: TOKEN });
  rest = new RestClient(server.origin, TOKEN);
});
after(async () => {
  await server?.crash();
  assertNoCrash(server.log);
});

const baseOf = (name) => `${server.origin}/db/${name}`;

async function create(name, options = {}) {
  await rest.result("POST", "", { name, ...options });
  await rest.query(name, "CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
  return new Hrana(baseOf(name), TOKEN);
}

const promote = (name, region) => rest.result("POST", `/${name}/promote`, { region });
const numbers = async (name) => (await rest.query(name, "SELECT a FROM t ORDER BY a")).map(({ a }) => a);
const messageOf = ({ envelope }) => envelope.errors[0].message;

describe("clients of Hrana", { concurrency: true }, () => {
  test("a stream without a transaction has to be opened anew, and is told so", async () => {
    const hrana = await create("plain");
    const stream = hrana.stream();
    await stream.rows("INSERT INTO t VALUES (1, 'x')");
    await promote("plain", "weur");
    const { status, json } = await stream.post([execute("INSERT INTO t VALUES (2, 'x')")]);
    assert.deepEqual([status, json.code], [400, "STREAM_EXPIRED"]);
    await hrana.stream().rows("INSERT INTO t VALUES (2, 'x')");
    assert.deepEqual(await numbers("plain"), [1, 2]);
  });

  test("a transaction that was open is taken back, and its stream expired", async () => {
    const hrana = await create("open");
    const stream = hrana.stream();
    await stream.rows("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'x')");
    await promote("open", "weur");
    const { json } = await stream.post([execute("COMMIT")]);
    assert.equal(json.code, "STREAM_EXPIRED");
    assert.deepEqual(await numbers("open"), []);
    await hrana.stream().rows("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'x')", "COMMIT");
    assert.deepEqual(await numbers("open"), [1]);
  });

  test("whoever waits for its turn to write gets it at the new primary, or is told to try again", async () => {
    const hrana = await create("waiting");
    const holder = hrana.stream();
    await holder.rows("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'x')");
    const waiting = [2, 3, 4].map((a) => hrana.one(execute(`INSERT INTO t VALUES (${a}, 'x')`)));
    const byRest = rest.query("waiting", "INSERT INTO t VALUES (5, 'x')");
    await sleep(200);
    await promote("waiting", "weur");
    const outcomes = await Promise.all(waiting);
    await byRest;
    const done = [2, 3, 4].filter((_, i) => !outcomes[i].error);
    for (const { error } of outcomes) {
      if (error) assert.deepEqual([error.code, /has moved/.test(error.message)], ["SQLITE_BUSY", true]);
    }
    assert.deepEqual(await numbers("waiting"), [...done, 5]);
  });

  test("a socket is closed, and a new one is the new primary's", async () => {
    await create("socket");
    const socket = await HranaSocket.open(baseOf("socket"), TOKEN);
    await socket.openStream(1);
    rowsOf(await socket.run(1, "INSERT INTO t VALUES (1, 'x')"));
    await promote("socket", "weur");
    assert.equal((await socket.closed).code, 1012);
    const next = await HranaSocket.open(baseOf("socket"), TOKEN);
    await next.openStream(1);
    assert.deepEqual(await next.rows(1, "SELECT a FROM t"), [[1]]);
    rowsOf(await next.run(1, "INSERT INTO t VALUES (2, 'x')"));
    await next.close();
    assert.deepEqual(await numbers("socket"), [1, 2]);
  });

  for (const scheme of ["http", "ws"]) {
    test(`@libsql/client over ${scheme} goes on with the same client`, async () => {
      const name = `libsql-${scheme}`;
      await create(name);
      const client = createClient({ url: `${baseOf(name)}/`.replace(/^http/, scheme), authToken: TOKEN });
      await client.execute("INSERT INTO t VALUES (1, 'x')");
      const transaction = await client.transaction("write");
      await transaction.execute("INSERT INTO t VALUES (2, 'x')");
      await promote(name, "weur");
      await assert.rejects(async () => {
        await transaction.execute("INSERT INTO t VALUES (3, 'x')");
        await transaction.commit();
      });
      transaction.close();
      // At most one attempt is told that its connection is gone.
      await client.execute("INSERT INTO t VALUES (4, 'x')").catch(() => client.execute("INSERT INTO t VALUES (4, 'x')"));
      const { rows } = await client.execute("SELECT a FROM t ORDER BY a");
      assert.deepEqual(rows.map(({ a }) => a), [1, 4]);
      client.close();
    });
  }
});

describe("what cannot be", { concurrency: true }, () => {
  test("is refused, with what could be instead", async () => {
    await create("refused", { primary_location_hint: "weur" });
    const post = (name, body) => rest.request("POST", `/${name}/promote`, body);
    for (const [name, body, status, message] of [
      ["refused", { region: "mars" }, 400, /Unknown region "mars": use one of wnam, enam/],
      ["refused", {}, 400, /region/],
      ["refused", "no JSON", 400, /The body must be/],
      ["refused", { region: "weur" }, 400, /is in weur already/],
      ["nobody", { region: "weur" }, 404, /nobody/],
    ]) {
      const answer = await post(name, body);
      assert.equal(answer.status, status, answer.text);
      assert.match(messageOf(answer), message);
    }
    assert.equal((await rest.request("PUT", "/refused/promote", {})).status, 405);
    const never = await rest.request("GET", "/refused/promote");
    assert.equal(never.status, 404);
    assert.match(messageOf(never), /never moved/);
    const none = await rest.request("DELETE", "/refused/promote");
    assert.equal(none.status, 404);
    assert.match(messageOf(none), /No promotion is under way/);
  });

  test("a token that may only read moves nothing", async () => {
    await create("read-only");
    const { value } = await rest.result("POST", "/../tokens", { access: "read" });
    const reader = new RestClient(server.origin, value);
    assert.equal((await reader.request("POST", "/read-only/promote", { region: "weur" })).status, 403);
    assert.equal((await reader.request("DELETE", "/read-only/promote")).status, 403);
    assert.equal((await reader.request("GET", "/read-only/promote")).status, 404);
  });

  test("an import that runs is waited for, and is in what moves", async () => {
    await create("importing");
    const rows = 150_000;
    const sql = Array.from({ length: rows }, (_, i) => `INSERT INTO t VALUES (${i}, 'row ${i}');`).join("\n");
    const importing = rest.request("POST", "/importing/import?format=sql", sql);
    for (let tries = 0; (await rest.request("GET", "/importing/jobs")).envelope.result?.state !== "running"; tries++) {
      assert.ok(tries < 500, "no import is seen");
    }
    const promoting = promote("importing", "weur");
    let waits = "";
    const watch = async () => {
      for (let tries = 0; tries < 500 && !waits; tries++) {
        const { envelope } = await rest.request("GET", "/importing/promote");
        waits = envelope.result?.messages?.at(-1) ?? "";
      }
    };
    const [imported, promoted] = await Promise.all([importing, promoting, watch()]);
    assert.equal(imported.status, 200, imported.text.slice(0, 300));
    assert.equal(promoted.status, "complete");
    assert.match(waits, /long-running import/);
    const [{ n }] = await rest.query("importing", "SELECT count(*) AS n FROM t");
    assert.equal(n, rows);
  });

  test("an empty database moves as well, and can be written to", async () => {
    await rest.result("POST", "", { name: "empty" });
    await promote("empty", "weur");
    await rest.query("empty", "CREATE TABLE t (a INTEGER PRIMARY KEY, b)");
    await promote("empty", "enam");
    await rest.query("empty", "INSERT INTO t VALUES (1, 'x')");
    assert.deepEqual(await numbers("empty"), [1]);
  });

  test("a database that is moved, deleted, restored and moved again has all", async () => {
    await create("deleted");
    await rest.query("deleted", "INSERT INTO t VALUES (1, 'x')");
    const { uuid } = await rest.result("GET", "/deleted");
    await promote("deleted", "weur");
    await rest.result("DELETE", "/deleted");
    assert.equal((await rest.request("POST", "/deleted/promote", { region: "enam" })).status, 404);
    await rest.result("POST", `/${uuid}/undelete`, {});
    assert.deepEqual(await numbers("deleted"), [1]);
    await promote("deleted", "enam");
    assert.deepEqual(await numbers("deleted"), [1]);
    await rest.result("DELETE", "/deleted?purge=true");
    assert.equal((await rest.request("GET", `/${uuid}`)).status, 404);
  });

  test("settings go along", async () => {
    await create("settings");
    const limits = { steps_max: 10_000 };
    await rest.result("PATCH", "/settings", { limits });
    await promote("settings", "weur");
    const runaway = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c) SELECT sum(i) FROM c";
    const refused = await rest.request("POST", "/settings/query", { sql: runaway });
    assert.equal(refused.status, 400, refused.text);
    assert.deepEqual((await rest.result("GET", "/settings")).limits, limits);
  });
});

describe("the past", { concurrency: true }, () => {
  const bookmarkOf = async (name) => (await rest.result("GET", `/${name}/time_travel/bookmark`)).bookmark;
  const asOf = async (name, bookmark) => {
    const path = `/${name}/query?as_of=${bookmark}`;
    const [{ results }] = await rest.result("POST", path, { sql: "SELECT a FROM t ORDER BY a" });
    return results.map(({ a }) => a);
  };

  test("from before two promotions is read, restored and forked", async () => {
    await create("past");
    const points = [];
    for (const [i, region] of ["weur", "enam", undefined].entries()) {
      await rest.query("past", `INSERT INTO t VALUES (${i}, randomblob(9000))`);
      points.push({ bookmark: await bookmarkOf("past"), time: new Date().toISOString() });
      await sleep(20);
      if (region) await promote("past", region);
    }
    assert.deepEqual(points.map(({ bookmark }) => bookmark.slice(0, 8)), ["00000001", "00000002", "00000003"]);
    for (const [i, { bookmark, time }] of points.entries()) {
      const expected = [0, 1, 2].slice(0, i + 1);
      assert.deepEqual(await asOf("past", bookmark), expected, `as of ${bookmark}`);
      const at = await rest.result("GET", `/past/time_travel/bookmark?timestamp=${time}`);
      assert.deepEqual(await asOf("past", at.bookmark), expected, `as of ${time}`);
    }
    const [first, second] = points;
    const forked = await rest.request("POST", "/past/fork", { name: "past-fork", bookmark: second.bookmark });
    assert.equal(forked.status, 200, forked.text);
    assert.deepEqual(await numbers("past-fork"), [0, 1]);
    const file = await rest.request("GET", `/past/export?format=sqlite&at=${first.bookmark}`);
    assert.equal(file.status, 200, file.text.slice(0, 200));
    const { previous_bookmark } = await rest.result("POST", `/past/time_travel/restore?bookmark=${first.bookmark}`);
    assert.deepEqual(await numbers("past"), [0]);
    assert.deepEqual(await rest.query("past", "PRAGMA quick_check"), [{ quick_check: "ok" }]);
    await rest.result("POST", `/past/time_travel/restore?bookmark=${previous_bookmark}`);
    assert.deepEqual(await numbers("past"), [0, 1, 2]);
    const write = await rest.request("POST", `/past/query?as_of=${first.bookmark}`, { sql: "DELETE FROM t" });
    assert.match(messageOf(write), /only read/);
    const never = first.bookmark.replace(/-........-/, "-00000000-").replace(/^(.{18})......../, "$100000fff");
    const gone = await rest.request("POST", `/past/query?as_of=${never}`, { sql: "SELECT 1" });
    assert.equal(gone.status, 400, gone.text);
  });

  test("is let go of once it is no longer kept", async () => {
    await create("short");
    await rest.query("short", "INSERT INTO t VALUES (1, 'x')");
    const bookmark = await bookmarkOf("short");
    await rest.result("PATCH", "/short", { retention_days: 0 });
    await promote("short", "weur");
    for (let tries = 0; ; tries++) {
      const { status, envelope } = await rest.request("POST", `/short/query?as_of=${bookmark}`, { sql: "SELECT 1" });
      if (status !== 200 && /before the primary moved/.test(messageOf({ envelope }))) break;
      assert.ok(tries < 100, "the old primary is still there");
      await sleep(200);
    }
    assert.deepEqual(await numbers("short"), [1]);
    await promote("short", "enam");
    assert.deepEqual(await numbers("short"), [1]);
  });
});
