// Aim: libSQL's own client, unmodified, keeps a copy of a database in a local file, follows it whatever
// happens to the database and to the server, and reads the file while there is no server.
// Method: one running Worker that is stopped, killed and started again on the same state; writes by REST;
// `@libsql/client` with `syncUrl`, whose rows must be those that REST tells, as must be those that Node's own
// SQLite finds in a copy of the file.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "@libsql/client";

import { ObjectFiles } from "./support/object_files.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const FRAME_BYTES = 24 + 4096;

const state = temporaryDirectory("state");
const files = temporaryDirectory("replicas");
const copies = temporaryDirectory("copies");
let worker;
let rest;

async function start() {
  worker = await WranglerDev.start(["wrangler.toml"], { state });
  rest = new RestClient(worker.origin, TOKEN);
}
before(start);
after(() => worker?.stop());

const urlOf = (database) => `${worker.origin}/db/${database}`;

const pathOf = (file) => join(files, `${file}.db`);
const paths = new WeakMap();

/** The stock client with a file of its own. */
function replica(database, file = database) {
  const path = pathOf(file);
  const client = createClient({ url: `file:${path}`, syncUrl: urlOf(database), authToken: TOKEN });
  paths.set(client, path);
  return client;
}

const get = (database, path) =>
  fetch(`${urlOf(database)}/${path}`, { headers: { authorization: `Bearer ${TOKEN}` } });

const generationOf = async (database) => (await (await get(database, "info")).json()).current_generation;

/** What tells one state of the test's databases from another. */
const STATE = "SELECT count(*) AS n, coalesce(sum(length(a)), 0) AS bytes, max(hex(substr(a, 1, 8))) AS a FROM t";

async function create(database) {
  await rest.create(database);
  await rest.query(database, "CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
}

async function assertFollows(client, database) {
  await client.sync();
  const [expected] = await rest.query(database, STATE);
  const { rows } = await client.execute(STATE);
  assert.deepEqual({ ...rows[0] }, expected);
  assert.deepEqual(inCopy(client, STATE), expected);
  assert.deepEqual(inCopy(client, "PRAGMA integrity_check"), { integrity_check: "ok" });
}

/** The first row of a query in a copy: another SQLite in this process would let go of the client's locks. */
function inCopy(client, sql) {
  const path = join(copies, `${randomUUID()}.db`);
  const of = paths.get(client);
  copyFileSync(of, path);
  if (existsSync(`${of}-wal`)) copyFileSync(`${of}-wal`, `${path}-wal`);
  return ObjectFiles.open(path, (database) => ({ ...database.prepare(sql).get() }));
}

/** One commit of so many bytes that no compression makes less. */
const fill = (database, bytes) =>
  rest.query(database, `INSERT INTO t (a) SELECT randomblob(${bytes} / 10) FROM json_each('[1,2,3,4,5,6,7,8,9,0]')`);

/** Writes until the generation is so many intervals later. */
async function turn(database, count = 1) {
  const before = await generationOf(database);
  for (let i = 0; i < 40 && (await generationOf(database)) < before + 2 * count; i++) {
    await rest.query(database, "DELETE FROM t WHERE id % 3 = 0");
    await fill(database, 1_000_000);
    await sleep(50);
  }
  assert.ok((await generationOf(database)) >= before + 2 * count, "no checkpoint was made");
}

describe("a replica in a file", () => {
  test("begins with the database, follows it, and is read without a server", async () => {
    await create("followed");
    await rest.query("followed", "INSERT INTO t (a) VALUES ('first')");
    const client = replica("followed");
    await assertFollows(client, "followed");
    for (let i = 0; i < 30; i++) await rest.query("followed", "INSERT INTO t (a) VALUES (?)", [`row ${i}`]);
    await assertFollows(client, "followed");
    // A table that the client's statements did not know.
    await rest.query("followed", "CREATE TABLE other (b); INSERT INTO other VALUES (7)");
    await assertFollows(client, "followed");
    assert.equal((await client.execute("SELECT b FROM other")).rows[0].b, 7);

    await worker.stop();
    assert.equal((await client.execute("SELECT count(*) AS n FROM t")).rows[0].n, 31);
    await assert.rejects(client.sync());
    assert.equal((await client.execute("SELECT b FROM other")).rows[0].b, 7);
    client.close();

    await start();
    await rest.query("followed", "UPDATE other SET b = 8");
    const later = replica("followed");
    assert.equal((await later.execute("SELECT b FROM other")).rows[0].b, 7);
    await assertFollows(later, "followed");
    assert.equal((await later.execute("SELECT b FROM other")).rows[0].b, 8);
    later.close();
  });

  test("follows a primary that moves from region to region", async () => {
    await create("moving");
    const early = replica("moving", "moving-early");
    await assertFollows(early, "moving");
    const client = replica("moving");
    for (const region of ["weur", "enam", "apac"]) {
      await rest.query("moving", "INSERT INTO t (a) VALUES (?)", [`before ${region}`]);
      await assertFollows(client, "moving");
      // Of these commits it has seen nothing when the primary moves.
      await fill("moving", 50_000);
      await rest.query("moving", "DELETE FROM t WHERE id % 2 = 0");
      await rest.result("POST", "/moving/promote", { region });
      await assertFollows(client, "moving");
      await rest.query("moving", "INSERT INTO t (a) VALUES (?)", [`in ${region}`]);
      await assertFollows(client, "moving");
    }
    await turn("moving");
    await assertFollows(client, "moving");
    await assertFollows(early, "moving");
    client.close();
    early.close();
  });

  test("begins with a database in which there is nothing", async () => {
    await rest.create("empty");
    const client = replica("empty");
    await client.sync();
    assert.equal((await client.execute("SELECT count(*) AS n FROM sqlite_schema")).rows[0].n, 0);
    await rest.query("empty", "CREATE TABLE t (id INTEGER PRIMARY KEY, a)");
    await assertFollows(client, "empty");
    client.close();
  });

  test("takes commits of many requests, and goes on through generations", async () => {
    await create("turned");
    const [early, late] = [replica("turned", "early"), replica("turned", "late")];
    await assertFollows(early, "turned");
    await assertFollows(late, "turned");
    // 128 frames are half a megabyte.
    await fill("turned", 3_000_000);
    await assertFollows(early, "turned");
    for (let i = 0; i < 3; i++) {
      await turn("turned");
      await assertFollows(early, "turned");
    }
    await assertFollows(late, "turned");
    await rest.query("turned", "DELETE FROM t WHERE id > 3");
    await assertFollows(early, "turned");
    const fresh = replica("turned", "fresh");
    await assertFollows(fresh, "turned");
    [early, late, fresh].forEach((client) => client.close());
  });

  test("follows a database that is killed while it writes", async () => {
    await create("killed");
    let client = replica("killed");
    for (let i = 0; i < 3; i++) {
      const writes = (async () => {
        for (;;) await fill("killed", 900_000);
      })();
      const writing = assert.rejects(writes);
      for (let pulls = 0; pulls < 4; pulls++) {
        await sleep(200);
        await client.sync();
        assert.equal((await client.execute("SELECT * FROM pragma_integrity_check")).rows[0][0], "ok");
      }
      await worker.crash();
      await writing;
      client.close();
      await start();
      client = replica("killed");
      await assertFollows(client, "killed");
    }
    client.close();
  });
});

describe("a database that changes as a whole", () => {
  test("by a restore, small and large, to less and to more", async () => {
    await create("restored");
    const bookmark = async () => (await rest.result("GET", "/restored/time_travel/bookmark")).bookmark;
    const restore = (to) => rest.result("POST", `/restored/time_travel/restore?bookmark=${to}`);
    await rest.query("restored", "INSERT INTO t (a) VALUES ('small')");
    const small = await bookmark();
    const client = replica("restored");
    await assertFollows(client, "restored");
    await rest.query("restored", "UPDATE t SET a = 'other'");
    await restore(small);
    await assertFollows(client, "restored");
    // More pages than an ordinary commit may have.
    for (let i = 0; i < 4; i++) await fill("restored", 3_000_000);
    const large = await bookmark();
    await assertFollows(client, "restored");
    await restore(small);
    await assertFollows(client, "restored");
    await restore(large);
    await assertFollows(client, "restored");
    await rest.query("restored", "INSERT INTO t (a) VALUES ('after')");
    await assertFollows(client, "restored");
    client.close();
  });
});

describe("what is no longer kept", () => {
  test("a replica of before walks to what is, by itself", async () => {
    await create("forgotten");
    await fill("forgotten", 1_000_000);
    const client = replica("forgotten");
    await assertFollows(client, "forgotten");
    const before = await generationOf("forgotten");
    await rest.result("PATCH", "/forgotten", { retention_days: 0 });
    await turn("forgotten", 3);
    const pull = () => get("forgotten", `sync/${before}/1/2`);
    assert.equal((await pull()).status, 200, "the last hour's followers are waited for");
    client.close();

    await worker.stop();
    for (const path of new ObjectFiles(join(state, "v3/do")).plain("IsolitePrimary")) {
      ObjectFiles.open(path, (object) => object.exec("DROP TABLE IF EXISTS held"));
    }
    await start();
    assert.equal((await pull()).status, 400, "nobody is waited for any more");
    const later = replica("forgotten");
    await assertFollows(later, "forgotten");
    await rest.query("forgotten", "INSERT INTO t (a) VALUES ('after')");
    await assertFollows(later, "forgotten");
    later.close();
  });

  test("the replica of another database is told to begin anew", async () => {
    await create("one");
    await create("two");
    const client = replica("one", "mixed");
    await assertFollows(client, "one");
    client.close();
    const mixed = replica("two", "mixed");
    await assert.rejects(mixed.sync(), /410.*delete its file/s);
    mixed.close();
  });
});

describe("the protocol", () => {
  test("tells the end, refuses what is malformed, and gives a file of the length that it says", async () => {
    await create("told");
    const generation = await generationOf("told");
    assert.ok(generation > 0 && generation < 2 ** 32);
    const frames = await get("told", `sync/${generation}/1/129`);
    assert.equal(frames.status, 200);
    const bytes = Buffer.from(await frames.arrayBuffer());
    assert.equal(bytes.length % FRAME_BYTES, 0);
    const count = bytes.length / FRAME_BYTES;
    assert.equal(bytes.readUInt32BE(4 + (count - 1) * FRAME_BYTES), count);
    const end = await get("told", `sync/${generation}/${count + 1}/${count + 129}`);
    assert.deepEqual([end.status, await end.json()], [400, { generation }]);
    for (const [path, status] of [
      [`sync/${generation}/0/9`, 422],
      [`sync/${generation}/5/5`, 422],
      [`sync/${generation}/${count + 2}/99`, 410],
      [`sync/${generation + 2}/1/9`, 410],
      [`export/${generation + 1}`, 410],
      ["export/1", 410],
    ]) {
      const response = await get("told", path);
      assert.equal(response.status, status, path);
      assert.equal(typeof (await response.json()).error, "string");
    }
    const file = await get("told", `export/${generation}`);
    const length = Number(file.headers.get("content-length"));
    const exported = Buffer.from(await file.arrayBuffer());
    assert.deepEqual([exported.length, exported.subarray(18, 20)], [length, Buffer.from([2, 2])]);
    assert.equal(exported.subarray(0, 15).toString(), "SQLite format 3");
  });

  test("a file of several parts", async () => {
    await create("large");
    for (let i = 0; i < 3; i++) await fill("large", 3_000_000);
    // The first may have begun before the last of these.
    await turn("large", 2);
    const generation = await generationOf("large");
    const file = await get("large", `export/${generation}`);
    const exported = Buffer.from(await file.arrayBuffer());
    assert.equal(exported.length, Number(file.headers.get("content-length")));
    assert.ok(exported.length > 8_000_000);
    const client = replica("large");
    assert.equal(statSync(pathOf("large")).size, exported.length);
    await assertFollows(client, "large");
    client.close();
  });
});
