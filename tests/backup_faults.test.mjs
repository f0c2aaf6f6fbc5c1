// Aim: whatever the bucket does, nothing that is acknowledged suffers from it, and the backup catches up by
// itself: a bucket that refuses, throttles, is slow, or does all and does not say so; and a server that dies
// while a large snapshot is sent.
// Method: Isolite over a bucket that is told what to do with the next calls (tests/workers/bucket/flaky.ts).
// At the end Litestream restores what the primary has.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { BucketClient, litestreamRestore, ownFile, shipped, startWithBucket } from "./support/bucket.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const WAIT_MS_MAX = 60_000;
const state = temporaryDirectory("backup-faults");

let server;
let rest;
let bucket;
before(() => start());
after(async () => {
  await server?.stop();
  assertNoCrash(server?.log ?? "");
});

async function start(vars) {
  const all = { ISOLITE_BACKUP_COMPACT_SECONDS: "17,17,17", ...vars };
  server = await startWithBucket({ state, vars: all, entry: "tests/workers/bucket/flaky.ts" });
  rest = new RestClient(server.origin, TOKEN);
  bucket = new BucketClient(server.origin);
}

async function faults(order) {
  const init = order && { method: "POST", body: JSON.stringify(order) };
  return (await fetch(`${server.origin}/client/v4/faults`, init)).json();
}

const status = (database) => rest.result("GET", `/${database}/backup`);

async function until(database, what, holds) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(50)) {
    const told = await status(database);
    if (holds(told)) return told;
    assert.ok(Date.now() < end, `${what}: ${JSON.stringify(told)}`);
  }
}

async function assertRestores(database) {
  const { path } = await shipped(rest, database);
  const restored = readFileSync(await litestreamRestore(server.origin, path));
  assert.ok(restored.equals(await ownFile(server.origin, database)), "it is another database");
}

const rows = (count) =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   INSERT INTO t (pad) SELECT randomblob(3000) FROM n`;

describe("a bucket that does not do as it should", () => {
  for (const mode of ["refuse", "throttle", "lose", "slow"]) {
    test(mode, async () => {
      await rest.create(mode);
      await faults({ mode, calls: 3 });
      await rest.query(mode, "CREATE TABLE t (id INTEGER PRIMARY KEY, pad BLOB)");
      for (let i = 0; i < 3; i++) await rest.query(mode, rows(1));
      if (mode !== "slow") {
        const { last_error } = await until(mode, "no error is told", ({ errors }) => errors > 0);
        assert.match(last_error.message, /^the bucket: .*(1000|1005|network)/);
      }
      await assertRestores(mode);
      // And once the first snapshot is there.
      await faults({ mode, calls: 2 });
      for (let i = 0; i < 3; i++) await rest.query(mode, rows(2));
      await assertRestores(mode);
      assert.equal((await faults()).calls, 0);
    });
  }
});

describe("a snapshot in parts", () => {
  test("is whole, whatever becomes of single parts, while commits go on being shipped", async () => {
    await rest.create("large");
    await faults({ mode: "refuse", calls: 1e6 });
    await rest.query("large", "CREATE TABLE t (id INTEGER PRIMARY KEY, pad BLOB)");
    for (let i = 0; i < 8; i++) await rest.query("large", rows(1_000));
    await faults({ mode: "refuse", calls: 0 });
    for (let i = 0; i < 6; i++) {
      await faults({ mode: ["refuse", "lose"][i % 2], calls: 1 });
      await rest.query("large", rows(1));
      await sleep(400);
    }
    await assertRestores("large");
  });

  test("goes on where the server died", async () => {
    await rest.create("cut");
    await faults({ mode: "refuse", calls: 1e6 });
    await rest.query("cut", "CREATE TABLE t (id INTEGER PRIMARY KEY, pad BLOB)");
    for (let i = 0; i < 8; i++) await rest.query("cut", rows(1_000));
    await faults({ mode: "slow", calls: 1e6 });
    const parts = async () => (await faults()).seen.uploadPart ?? 0;
    const before = await parts();
    for (const end = Date.now() + WAIT_MS_MAX; (await parts()) < before + 2; await sleep(20)) {
      assert.ok(Date.now() < end, "no part is sent");
    }
    await server.crash();
    await start();
    await shipped(rest, "cut");
    const { seen } = await faults();
    const { bytes } = await status("cut");
    const sent = seen.uploadPart;
    assert.ok(sent < Math.ceil(bytes / (5 << 20)), `${sent} parts of ${bytes} bytes were sent anew`);
    await assertRestores("cut");
    assert.equal((await bucket.keys()).filter((key) => key.includes("/0009/")).length > 0, true);
  });
});

test("nobody need ask for it: alarms have it compact what was shipped", async () => {
  await rest.create("alone");
  await rest.query("alone", "CREATE TABLE t (id INTEGER PRIMARY KEY, pad BLOB)");
  const { path } = await shipped(rest, "alone");
  await rest.query("alone", rows(3));
  // From here on only the bucket is looked at. An alarm that watches over the commit comes before what is due.
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(500)) {
    const keys = await bucket.keys(`${path}/`);
    if (["/0001/", "/0002/", "/0003/"].every((level) => keys.some((key) => key.includes(level)))) break;
    assert.ok(Date.now() < end, `${keys}`);
  }
  await assertRestores("alone");
});

test("a database with a jurisdiction goes into no bucket but one for that", async () => {
  await server.stop();
  await start({ FLAKY_JURISDICTION: "eu" });
  const { uuid } = await rest.create("bordered");
  await rest.query("bordered", "CREATE TABLE t (a)");
  const told = await status("bordered");
  assert.deepEqual([told.enabled, told.path], [false, null]);
  await sleep(1_500);
  assert.deepEqual(await bucket.keys(`${uuid}/`), []);
});
