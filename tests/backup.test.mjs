// Aim: what a primary commits is in the bucket within a second or so, in files of which stock Litestream
// makes the same database: the newest, at a txid, at a time; across growth, shrinking, VACUUM, an import,
// compaction of every level, and after files were deleted.
// Method: a wrangler dev with an R2 bucket, whose objects Litestream reads by S3's API. Levels are compacted
// and deleted after seconds instead of hours. What it restores is compared page by page with the primary's
// own export of that bookmark, and passes SQLite's integrity_check.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { BucketClient, litestreamRestore, startWithBucket } from "./support/bucket.mjs";
import { ownFile as fileOf, shipped as shippedOf } from "./support/bucket.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const WAIT_MS_MAX = 60_000;
const COMPACTED_SOON = { ISOLITE_BACKUP_COMPACT_SECONDS: "2,4,8" };
const DELETED_SOON = {
  ...COMPACTED_SOON,
  ISOLITE_BACKUP_KEEP_SECONDS: "4,8,16",
  ISOLITE_BACKUP_RETENTION_HOURS: "0.003",
  ISOLITE_BACKUP_SNAPSHOT_HOURS: "0.003",
};
const state = temporaryDirectory("backup-state");

let server;
let rest;
let bucket;
before(() => start());
after(async () => {
  await server?.stop();
  assertNoCrash(server?.log ?? "");
});

async function start(vars = COMPACTED_SOON) {
  server = await startWithBucket({ vars, state });
  rest = new RestClient(server.origin, TOKEN);
  bucket = new BucketClient(server.origin);
}

const status = (database) => rest.result("GET", `/${database}/backup`);

const shipped = (database) => shippedOf(rest, database);
const ownFile = (database, bookmark) => fileOf(server.origin, database, bookmark);

function assertSame(path, own) {
  const restored = readFileSync(path);
  assert.equal(restored.length, own.length);
  for (let at = 0; at < own.length; at += 4096) {
    const [ours, theirs] = [own, restored].map((file) => file.subarray(at, at + 4096));
    assert.ok(ours.equals(theirs), `page ${at / 4096 + 1} is another one`);
  }
  const database = new DatabaseSync(path);
  const [check] = database.prepare("PRAGMA integrity_check").all();
  database.close();
  assert.deepEqual({ ...check }, { integrity_check: "ok" });
}

const levels = (keys) => new Set(keys.map((key) => Number.parseInt(key.split("/").at(-2), 16)));

const fill = (count) =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   INSERT INTO t (v, pad) SELECT i, randomblob(700) FROM n`;

describe("the newest state", () => {
  test("of growth, shrinking and indexes", async () => {
    const { uuid } = await rest.create("grown");
    await rest.query("grown", "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
    const steps = [
      fill(50),
      fill(3_000),
      "CREATE INDEX i ON t (v)",
      "DELETE FROM t WHERE id % 3 > 0",
      fill(20),
      "DROP TABLE t",
      "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)",
      fill(1),
    ];
    for (const step of steps) {
      await rest.query("grown", step);
      const told = await shipped("grown");
      assert.equal(told.path, `${uuid}/00000001`);
      assertSame(await litestreamRestore(server.origin, told.path), await ownFile("grown"));
    }
  });

  test("while it is written to", async () => {
    await rest.create("busy");
    await rest.query("busy", "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
    const begin = Date.now();
    let lag = 0;
    for (let i = 0; Date.now() - begin < 5_000; i++) {
      await rest.query("busy", "INSERT INTO t (v, pad) VALUES (?, randomblob(300))", [`${i}`]);
      lag = Math.max(lag, (await status("busy")).lag_ms);
    }
    const { path, files } = await shipped("busy");
    const taken = Date.now() - begin;
    assert.ok(files <= taken / 1000 + 6, `${files} files in ${taken} ms`);
    assert.ok(lag < 4_000, `it lagged ${lag} ms`);
    assertSame(await litestreamRestore(server.origin, path), await ownFile("busy"));
  });
});

/** A file that SQLite has written, and VACUUM made small. */
function vacuumed() {
  const path = join(temporaryDirectory("vacuumed"), "file.sqlite");
  const database = new DatabaseSync(path);
  database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
  database.exec(fill(2_500));
  database.exec("DELETE FROM t WHERE id % 2; VACUUM");
  database.close();
  return readFileSync(path);
}

/** A request to a path of a database, which takes a file. */
async function importFile(database, bytes) {
  const result = await rest.result("POST", `/${database}/import?format=sqlite`, bytes);
  assert.equal(result.status === "error", false, JSON.stringify(result));
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(50)) {
    const job = await rest.result("GET", `/${database}/jobs`);
    if (job.state === "complete") return;
    assert.ok(job.state === "running" && Date.now() < end, JSON.stringify(job));
  }
}

describe("a state of the past", () => {
  test("at a txid and at a time, on both sides of an import that replaced everything", async () => {
    await rest.create("past");
    await rest.query("past", "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
    const points = [];
    for (let round = 0; round < 6; round++) {
      if (round === 3) {
        await rest.query("past", "DROP TABLE t");
        await importFile("past", vacuumed());
      } else {
        await rest.query("past", fill(200));
      }
      const { path, txid, bookmark } = await shipped("past");
      points.push({ path, txid, own: await ownFile("past", bookmark), time: new Date() });
      await sleep(1_200);
    }
    for (const { path, txid, own, time } of points) {
      assertSame(await litestreamRestore(server.origin, path, "-txid", txid), own);
      const timestamp = new Date(time.getTime() + 200).toISOString();
      assertSame(await litestreamRestore(server.origin, path, "-timestamp", timestamp), own);
    }
  });

  test("after compaction of every level, and after what was of no more use is gone", async () => {
    await server.stop();
    await start(DELETED_SOON);
    await rest.create("old");
    await rest.query("old", "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
    const seen = new Set();
    const deleted = new Set();
    let before = [];
    let checked = 0;
    for (const end = Date.now() + 40_000; Date.now() < end; await sleep(500)) {
      await rest.query("old", fill(20));
      const { path } = await status("old");
      const keys = await bucket.keys(`${path}/`);
      levels(keys).forEach((level) => seen.add(level));
      levels(before.filter((key) => !keys.includes(key))).forEach((level) => deleted.add(level));
      before = keys;
      if (checked++ % 8 === 0) {
        const told = await shipped("old");
        const own = await ownFile("old", told.bookmark);
        assertSame(await litestreamRestore(server.origin, path, "-txid", told.txid), own);
      }
    }
    assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 9]);
    assert.ok([0, 1, 2].every((level) => deleted.has(level)), `deleted of ${[...deleted]}`);
    const { path } = await shipped("old");
    assertSame(await litestreamRestore(server.origin, path), await ownFile("old"));
    // At rest only the newest snapshot stays, once all has its time.
    for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(500)) {
      const keys = await bucket.keys(`${path}/`);
      if (keys.length === 1 && keys[0].includes("/0009/")) break;
      assert.ok(Date.now() < end, `still there: ${keys}`);
    }
    assertSame(await litestreamRestore(server.origin, path), await ownFile("old"));
    await server.stop();
    await start();
  });
});

describe("the server's death", () => {
  test("loses nothing that is older than the interval, and sends nothing twice", async () => {
    await rest.create("killed");
    await rest.query("killed", "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
    for (let round = 0; round < 4; round++) {
      const acknowledged = [];
      const writes = (async () => {
        for (let i = 0; ; i++) {
          await rest.query("killed", "INSERT INTO t (v) VALUES (?)", [`${round}/${i}`]);
          acknowledged.push([`${round}/${i}`, Date.now()]);
        }
      })().catch(() => {});
      await sleep(2_500 + round * 300);
      const killed = Date.now();
      await server.crash();
      await writes;
      await start();
      const { path } = await status("killed");
      // Before the object has sent anything since its start, what Litestream finds is what was there.
      const restored = await litestreamRestore(server.origin, path);
      const database = new DatabaseSync(restored);
      const rows = new Set(database.prepare("SELECT v FROM t").all().map(({ v }) => v));
      database.close();
      const lost = acknowledged.filter(([v]) => !rows.has(v)).map(([, time]) => killed - time);
      assert.ok(Math.max(0, ...lost) < 2_500, `lost what was ${Math.max(0, ...lost)} ms old`);
      await shipped("killed");
      assertSame(await litestreamRestore(server.origin, path), await ownFile("killed"));
    }
    const { path } = await shipped("killed");
    const shippedFiles = (await bucket.keys(`${path}/0000/`)).map((key) => key.split("/").at(-1));
    const ranges = shippedFiles.map((name) => name.match(/[0-9a-f]{16}/g).map((hex) => BigInt(`0x${hex}`)));
    for (const [i, [min]] of ranges.entries()) {
      if (i > 0) assert.equal(min, ranges[i - 1][1] + 1n, `${shippedFiles}`);
    }
  });
});

/** The lines of `isolite backups`. */
async function listed() {
  const program = inRepository("bindings/js/src/cli/main.js");
  const env = { ...process.env, ISOLITE_URL: server.origin, ISOLITE_ADMIN_TOKEN: TOKEN };
  const { stdout } = await promisify(execFile)(process.execPath, [program, "backups"], { env });
  return stdout.trim().split("\n");
}

describe("the loss of everything but the bucket", () => {
  test("loses nothing that is older than the interval", async (t) => {
    await rest.create("lost");
    await rest.query("lost", "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
    await rest.query("lost", fill(500));
    const { path } = await shipped("lost");
    const acknowledged = [];
    const writes = (async () => {
      for (let i = 0; ; i++) {
        await rest.query("lost", "INSERT INTO t (v) VALUES (?)", [`late ${i}`]);
        acknowledged.push([`late ${i}`, Date.now()]);
      }
    })().catch(() => {});
    await sleep(4_000);
    const killed = Date.now();
    await server.crash();
    await writes;
    // The storage of every object, the directory's too.
    rmSync(join(state, "v3", "do"), { recursive: true });
    await start();
    assert.deepEqual(await rest.result("GET", ""), []);
    assert.ok((await listed()).includes(`${path}  lost`), `${await listed()}`);
    const restored = await fetch(`${server.origin}/client/v4/accounts/a/d1/backups/restore`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ name: "found", path }),
    });
    assert.equal(restored.status, 200, await restored.clone().text());
    const rows = new Set((await rest.query("found", "SELECT v FROM t")).map(({ v }) => v));
    const lost = acknowledged.filter(([v]) => !rows.has(v)).map(([, time]) => killed - time);
    const age = Math.max(0, ...lost);
    t.diagnostic(`${lost.length} of ${acknowledged.length} were lost, the oldest ${age} ms before the end`);
    // The interval, and the time that it takes to send a file.
    assert.ok(age < 2_500, `lost what was ${age} ms old`);
    // They are the last ones: nothing is missing in between.
    const first = acknowledged.findIndex(([v]) => !rows.has(v));
    if (first >= 0) assert.equal(acknowledged.length - first, lost.length);
    // What was restored is a database as any other, with a backup of its own.
    await rest.query("found", fill(10));
    const told = await shipped("found");
    assert.notEqual(told.path, path);
    assertSame(await litestreamRestore(server.origin, told.path), await ownFile("found"));
  });
});

describe("whose the bucket is", () => {
  test("another database's lease is left alone, and told of", async () => {
    const { uuid } = await rest.create("taken");
    const lease = JSON.stringify({ epoch: 1, tag: "00000000000000aa" });
    await bucket.put(`${uuid}/lease.json`, lease);
    await rest.query("taken", "CREATE TABLE t (a)");
    for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(100)) {
      const { last_error, txid } = await status("taken");
      assert.equal(txid, null);
      if (last_error?.message.includes("another database")) break;
      assert.ok(Date.now() < end, JSON.stringify(last_error));
    }
    assert.deepEqual(await bucket.keys(`${uuid}/`), [`${uuid}/lease.json`]);
    assert.equal(`${await bucket.get(`${uuid}/lease.json`)}`, lease);
    await rest.query("taken", "INSERT INTO t VALUES (1)");
  });

  test("in an empty one it begins anew", async () => {
    await rest.create("moved");
    await rest.query("moved", "CREATE TABLE t (id INTEGER PRIMARY KEY, v, pad BLOB)");
    await rest.query("moved", fill(30));
    const { path } = await shipped("moved");
    for (const key of await bucket.keys(path.split("/")[0])) await bucket.delete(key);
    await server.crash();
    await start();
    await rest.query("moved", fill(1));
    for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(100)) {
      const told = await shipped("moved");
      if ((await bucket.keys(`${path}/0009/`)).length > 0 && told.lag_commits === 0) break;
      assert.ok(Date.now() < end, JSON.stringify(told));
    }
    assertSame(await litestreamRestore(server.origin, path), await ownFile("moved"));
  });

  test("a primary of an older epoch writes no more", async () => {
    const { uuid } = await rest.create("fenced");
    await rest.query("fenced", "CREATE TABLE t (a)");
    await shipped("fenced");
    const { tag } = JSON.parse(`${await bucket.get(`${uuid}/lease.json`)}`);
    await bucket.put(`${uuid}/lease.json`, JSON.stringify({ epoch: 2, tag }));
    await server.crash();
    await start();
    const before = await bucket.keys(`${uuid}/`);
    await rest.query("fenced", "INSERT INTO t VALUES (1)");
    for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(100)) {
      const { last_error } = await status("fenced");
      if (last_error?.message.includes("epoch 2")) break;
      assert.ok(Date.now() < end, JSON.stringify(last_error));
    }
    assert.deepEqual(await bucket.keys(`${uuid}/`), before);
  });
});
