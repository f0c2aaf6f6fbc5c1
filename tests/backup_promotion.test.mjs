// Aim: the backup of a database goes on when its primary moves. The new primary begins a folder of its own,
// the old one sends what it committed last and then rests; stock Litestream restores both folders; what was
// written before goes once the new folder covers the retention.
// Method: as in backup.test.mjs. All regions are the same workerd here. A bucket that is told to be slow
// (tests/workers/bucket/flaky.ts), and a server that is killed.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";

import { BucketClient, litestreamRestore, ownFile, shipped, startWithBucket } from "./support/bucket.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const WAIT_MS_MAX = 120_000;
const COMPACTED_SOON = { ISOLITE_BACKUP_COMPACT_SECONDS: "2,4,8" };
const DELETED_SOON = {
  ...COMPACTED_SOON,
  ISOLITE_BACKUP_KEEP_SECONDS: "4,8,16",
  ISOLITE_BACKUP_RETENTION_HOURS: "0.003",
  ISOLITE_BACKUP_SNAPSHOT_HOURS: "0.003",
};
const state = temporaryDirectory("backup-promotion");

let server;
let rest;
let bucket;
before(() => start());
after(async () => {
  await server?.stop();
  assertNoCrash(server?.log ?? "");
});

async function start(vars = COMPACTED_SOON) {
  server = await startWithBucket({ vars, state, entry: "tests/workers/bucket/flaky.ts" });
  rest = new RestClient(server.origin, TOKEN);
  bucket = new BucketClient(server.origin);
}

async function faults(order) {
  const init = order && { method: "POST", body: JSON.stringify(order) };
  return (await fetch(`${server.origin}/client/v4/faults`, init)).json();
}

async function until(what, ask, holds) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(50)) {
    const told = await ask();
    if (holds(told)) return told;
    assert.ok(Date.now() < end, `${what}: ${JSON.stringify(told)}`);
  }
}

const status = (database) => rest.result("GET", `/${database}/backup`);
const promote = (database, region) => rest.result("POST", `/${database}/promote`, { region });
const restored = async (path, ...args) => readFileSync(await litestreamRestore(server.origin, path, ...args));
const own = (database) => ownFile(server.origin, database);
const lease = async (uuid) => JSON.parse(`${await bucket.get(`${uuid}/lease.json`)}`);

function assertSame(restored, own) {
  assert.equal(restored.length, own.length);
  for (let at = 0; at < own.length; at += 4096) {
    const [ours, theirs] = [own, restored].map((file) => file.subarray(at, at + 4096));
    assert.ok(ours.equals(theirs), `page ${at / 4096 + 1} is another one`);
  }
}

const TABLE = "CREATE TABLE t (id INTEGER PRIMARY KEY, pad BLOB)";
const rows = (count) =>
  `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
   INSERT INTO t (pad) SELECT randomblob(3000) FROM n`;

async function create(name, ...statements) {
  const { uuid } = await rest.create(name);
  for (const sql of [TABLE, ...statements]) await rest.query(name, sql);
  return uuid;
}

/** The lines of `isolite backups` that tell of a database. */
async function listed(uuid) {
  const program = inRepository("bindings/js/src/cli/main.js");
  const env = { ...process.env, ISOLITE_URL: server.origin, ISOLITE_ADMIN_TOKEN: TOKEN };
  const { stdout } = await promisify(execFile)(process.execPath, [program, "backups"], { env });
  return stdout.trim().split("\n").filter((line) => line.startsWith(uuid));
}

/** A file of SQLite with so many rows. */
function sqliteFile(count) {
  const path = join(temporaryDirectory("imported"), "file.sqlite");
  const database = new DatabaseSync(path);
  database.exec(`${TABLE}; ${rows(count)}`.replace("3000", "300"));
  database.close();
  return readFileSync(path);
}

const objects = join(state, "v3/do/isolite-IsolitePrimary");
const files = () => (existsSync(objects) ? readdirSync(objects).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name)) : []);

/** In how many milliseconds an object is woken, as the platform keeps it; undefined if it is not. */
function wokenIn(file) {
  // The server may be writing just now.
  const database = new DatabaseSync(join(objects, file), { readOnly: true, timeout: 10_000 });
  try {
    const kept = database.prepare("SELECT value FROM _cf_METADATA WHERE key = 1");
    kept.setReadBigInts(true);
    const at_ns = kept.get()?.value;
    return at_ns == null ? undefined : Number(at_ns / 1_000_000n) - Date.now();
  } finally {
    database.close();
  }
}

/** Level 0 goes on without a gap, and without a file that tells of the same twice. */
function assertChain(keys) {
  const names = keys.filter((key) => key.includes("/0000/")).map((key) => key.split("/").at(-1));
  const ranges = names.map((name) => name.match(/[0-9a-f]{16}/g).map((hex) => BigInt(`0x${hex}`)));
  for (const [i, [min]] of ranges.entries()) {
    if (i > 0) assert.equal(min, ranges[i - 1][1] + 1n, `${names}`);
  }
}

describe("the primary moves", () => {
  test("both folders can be restored, and the new one goes on", async () => {
    const uuid = await create("moved", rows(50));
    const before = await shipped(rest, "moved");
    // At once, so that what is committed last is still to be sent.
    await rest.query("moved", rows(20));
    const last = await own("moved");
    await promote("moved", "weur");
    await rest.query("moved", rows(5));
    const told = await until("a snapshot", () => status("moved"), ({ snapshot_txid }) => snapshot_txid !== null);
    assert.deepEqual([before.path, told.path], [`${uuid}/00000001`, `${uuid}/00000002`]);
    assert.deepEqual([told.state, told.recovery_point.path], ["shipping", told.path]);
    for (let round = 0; round < 3; round++) {
      await rest.query("moved", rows(7));
      const { txid, recovery_point } = await shipped(rest, "moved");
      assert.equal(recovery_point.txid, txid);
      assertSame(await restored(told.path), await own("moved"));
      assertSame(await restored(before.path), last);
    }
    assert.equal((await lease(uuid)).epoch, 2);
    assert.deepEqual(await listed(uuid), [
      `${uuid}/00000002  moved`,
      `${uuid}/00000001  moved  (of the primary before)`,
    ]);
    assertChain(await bucket.keys(`${told.path}/`));
    // And once more.
    await promote("moved", "apac");
    await rest.query("moved", rows(1));
    const third = await until("a third folder", () => shipped(rest, "moved"), ({ path }) => path.endsWith("3"));
    assertSame(await restored(third.path), await own("moved"));
    assert.equal((await listed(uuid)).length, 3);
  });

  test("while the first snapshot is sent in parts", async () => {
    const { uuid } = await rest.create("parts");
    await faults({ mode: "refuse", calls: 1e6 });
    await rest.query("parts", TABLE);
    for (let i = 0; i < 8; i++) await rest.query("parts", rows(1_000));
    await faults({ mode: "slow", calls: 1e6 });
    const parts = async () => (await faults()).seen.uploadPart ?? 0;
    const before = await parts();
    await until("two parts", parts, (count) => count >= before + 2);
    const first = await status("parts");
    assert.deepEqual([first.state, first.recovery_point], ["snapshot", null]);
    await rest.query("parts", rows(1));
    const last = await own("parts");
    await promote("parts", "weur");
    await rest.query("parts", rows(1));
    const begun = await status("parts");
    assert.deepEqual([begun.state, begun.snapshot_txid], ["snapshot", null]);
    // What the old one has begun is finished, and until the new one's is there it is what can be restored.
    await until("the old snapshot", () => bucket.keys(`${uuid}/00000001/0009/`), (keys) => keys.length > 0);
    const told = await status("parts");
    if (told.state === "snapshot") assert.equal(told.recovery_point.path, `${uuid}/00000001`);
    await faults({ mode: "slow", calls: 0 });
    const { path } = await shipped(rest, "parts");
    assertSame(await restored(path), await own("parts"));
    await until("the last commit", () => bucket.keys(`${uuid}/00000001/0000/`), (keys) => keys.length > 0);
    await sleep(1_500);
    assertSame(await restored(`${uuid}/00000001`), last);
  });

  test("in vain: the backup goes on where it was", async () => {
    const uuid = await create("stays", rows(3));
    await shipped(rest, "stays");
    // The primary does not make way before it is done.
    const importing = rest.result("POST", "/stays/import?format=sqlite", sqliteFile(200_000));
    const job = () => rest.request("GET", "/stays/jobs");
    await until("the import", job, ({ envelope }) => envelope?.result?.state === "running");
    const promoting = rest.request("POST", "/stays/promote", { region: "weur" });
    const promotion = () => rest.request("GET", "/stays/promote");
    await until("the promotion waits", promotion, ({ text }) => text.includes("long-running import"));
    await rest.result("DELETE", "/stays/promote");
    assert.equal((await promoting).status, 400);
    await importing;
    await until("its end", job, ({ envelope }) => envelope?.result?.state === "complete");
    await rest.query("stays", rows(3));
    const { path } = await shipped(rest, "stays");
    assertSame(await restored(path), await own("stays"));
    const folders = new Set((await bucket.keys(`${uuid}/`)).map((key) => key.split("/")[1]));
    assert.deepEqual([...folders], ["00000001", "lease.json"]);
  });
});

test("at rest neither primary is woken for nothing", async () => {
  const known = new Set(files());
  await create("rests", rows(3));
  await shipped(rest, "rests");
  const own = () => files().filter((file) => !known.has(file));
  const [old] = own();
  await promote("rests", "weur");
  await shipped(rest, "rests");
  const [next] = own().filter((file) => file !== old);
  // The new one looks once an hour for what can be deleted, the old one for nothing.
  const alarms = async () => [old, next].map(wokenIn);
  const isAtRest = ([old, next]) => old === undefined && next > 60_000;
  await until("it is at rest", alarms, isAtRest);
  await sleep(20_000);
  assert.ok(isAtRest(await alarms()), `${await alarms()}`);
});

describe("the server's death", () => {
  test("right after the promotion: alarms have the backup go on, and wake the old primary for nothing else", async () => {
    const uuid = await create("killed", rows(40));
    await shipped(rest, "killed");
    await rest.query("killed", rows(10));
    const last = await own("killed");
    await promote("killed", "weur");
    await server.crash();
    await start();
    // Nobody asks for it.
    const [old, next] = [`${uuid}/00000001`, `${uuid}/00000002`];
    await until("a snapshot", () => bucket.keys(`${next}/0009/`), (keys) => keys.length > 0);
    assertSame(await restored(next), await own("killed"));
    for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(500)) {
      const file = await restored(old);
      if (file.equals(last)) break;
      assert.ok(Date.now() < end, "the old primary has not sent its last commit");
    }
    // Both are woken once more, while the database goes on.
    await rest.query("killed", rows(1));
    const before = await bucket.keys(`${old}/`);
    await server.crash();
    await start();
    await sleep(20_000);
    assert.deepEqual(await bucket.keys(`${old}/`), before);
    await rest.query("killed", rows(1));
    await shipped(rest, "killed");
    assertChain(await bucket.keys(`${next}/`));
    assertSame(await restored(next), await own("killed"));
  });
});

describe("what the primary before has written", () => {
  test("goes once the new folder covers the retention, and not while somebody restores from it", async () => {
    await server.stop();
    await start(DELETED_SOON);
    const uuid = await create("old", rows(3));
    const { path: before } = await shipped(rest, "old");
    await promote("old", "weur");
    await rest.query("old", rows(3));
    const promoted = Date.now();
    const mark = `${before}/isolite-restores/job`;
    const held = promoted + 30_000;
    await bucket.put(mark, `${held}`);
    for (; Date.now() < held; await sleep(500)) {
      const keys = await bucket.keys(`${before}/0009/`);
      assert.ok(keys.length > 0 || Date.now() >= held, "it was deleted while it was read");
    }
    await until("they are deleted", () => bucket.keys(`${before}/`), (keys) => keys.length === 0);
    const { path } = await shipped(rest, "old");
    assertSame(await restored(path), await own("old"));
    assert.deepEqual(await listed(uuid), [`${path}  old`]);
  });
});
