// Aim: an import that does not come to its end leaves the database as it was and nothing behind, whatever
// ended it, and everybody is told what goes on.
// Method: workerd alone, with files large enough that something can happen in the middle of them; at last it
// is killed, and what lies in the files of its objects is looked at. What single answers look like is in
// upload.test.mjs and rest_files.test.mjs.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { get } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { ObjectFiles } from "./support/object_files.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const ROWS = 60_000;
const state = temporaryDirectory("cut-short");
let server;
let rest;
before(async () => {
  server = await PlainWorkerd.start(await bundle(), { state, token: TOKEN });
  rest = new RestClient(server.origin, TOKEN);
});
after(() => server?.crash());

/** Some 13 MB: more pages than are published as an ordinary commit. `last` is its last statement. */
const file = (last = "") =>
  `CREATE TABLE big (a INTEGER PRIMARY KEY, b);\n${Array.from({ length: ROWS }, (_, i) =>
    `INSERT INTO big VALUES (${i}, '${String(i).padEnd(200, "x")}');\n`).join("")}${last}`;

/** Uploads a file, and asks for its import. */
async function begin(database, text) {
  const etag = createHash("md5").update(text).digest("hex");
  const { upload_url, filename } = await rest.result("POST", `/${database}/import`, { action: "init", etag });
  assert.equal((await fetch(upload_url, { method: "PUT", body: text })).status, 200);
  return rest.request("POST", `/${database}/import`, { action: "ingest", etag, filename });
}

async function over(database) {
  for (;;) {
    const job = await rest.result("GET", `/${database}/jobs`);
    if (job.state !== "running") return job;
    await sleep(50);
  }
}

async function started(database) {
  for (;;) {
    const { envelope } = await rest.request("GET", `/${database}/jobs`);
    if (envelope.result?.state === "running" && envelope.result.done > 0) return;
    await sleep(10);
  }
}

async function made(name) {
  const { uuid } = await rest.create(name);
  await rest.query(name, "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)");
  return uuid;
}

const rows = async (database) => (await rest.query(database, "SELECT a FROM t ORDER BY a")).map(({ a }) => a);

test("a statement that fails far into a file", async () => {
  await made("failing");
  await begin("failing", file("\nINSERT INTO t VALUES (2),\n  (1);\nINSERT INTO t VALUES (3);\n"));
  const { state, error } = await over("failing");
  assert.equal(state, "error");
  const place = `statement ${ROWS + 2} \\(line ${ROWS + 3}: INSERT INTO t VALUES \\(2\\),   \\(1\\);\\)`;
  assert.match(error, new RegExp(`^${place}: UNIQUE constraint failed: t.a`));
  assert.deepEqual(await rows("failing"), [1]);
  await rest.query("failing", "INSERT INTO t VALUES (2)");
  assert.deepEqual(await rows("failing"), [1, 2]);
});

test("meanwhile a write, another import and a restore are refused, and reads go on", async () => {
  await made("busy");
  const { bookmark } = await rest.result("GET", "/busy/time_travel/bookmark");
  const first = begin("busy", file());
  await started("busy");
  const text = "Currently processing a long-running import.";
  const write = await rest.request("POST", "/busy/query", { sql: "INSERT INTO t VALUES (2)" });
  assert.ok(write.envelope.errors[0].message.startsWith(text), write.text);
  const second = await begin("busy", "INSERT INTO t VALUES (4);");
  assert.equal(second.status, 400);
  assert.equal(second.envelope.errors[0].message, text);
  const restore = await rest.request("POST", `/busy/time_travel/restore?bookmark=${bookmark}`);
  assert.equal(restore.envelope.errors[0].message, text);
  assert.deepEqual(await rows("busy"), [1]);
  await first;
  assert.equal((await over("busy")).state, "complete");
  assert.deepEqual(await rest.query("busy", "SELECT count(*) AS n FROM big"), [{ n: ROWS }]);
  await rest.query("busy", "INSERT INTO t VALUES (2)");
  assert.deepEqual(await rows("busy"), [1, 2]);
  // What was refused is there still, and need not be sent again.
  const etag = createHash("md5").update("INSERT INTO t VALUES (4);").digest("hex");
  const again = await rest.result("POST", "/busy/import", { action: "init", etag });
  assert.equal(again.status, "complete");
  assert.deepEqual(await rows("busy"), [1, 2, 4]);
});

test("a client that vanishes while its import runs does not end it", async () => {
  await made("left");
  const etag = createHash("md5").update(file()).digest("hex");
  const { upload_url, filename } = await rest.result("POST", "/left/import", { action: "init", etag });
  await fetch(upload_url, { method: "PUT", body: file() });
  const gone = new AbortController();
  const asked = fetch(`${server.origin}/client/v4/accounts/a/d1/database/left/import`, {
    method: "POST",
    headers: { authorization: `Bearer ${TOKEN}` },
    body: JSON.stringify({ action: "ingest", etag, filename }),
    signal: gone.signal,
  });
  await started("left");
  gone.abort();
  await assert.rejects(asked);
  assert.equal((await over("left")).state, "complete");
  assert.deepEqual(await rest.query("left", "SELECT count(*) AS n FROM big"), [{ n: ROWS }]);
});

test("a client that vanishes during an export harms nobody", async () => {
  for (const format of ["sql", "sqlite"]) {
    for (let i = 0; i < 3; i++) {
      const url = `${server.origin}/client/v4/accounts/a/d1/database/left/export?format=${format}`;
      const request = get(url, { headers: { authorization: `Bearer ${TOKEN}` } });
      const [response] = await once(request, "response");
      await once(response, "data");
      request.destroy();
    }
  }
  await rest.query("left", "INSERT INTO t VALUES (2)");
  assert.deepEqual(await rows("left"), [1, 2]);
});

for (const purge of [false, true]) {
  test(`the database is deleted meanwhile${purge ? ", for good" : ""}`, async () => {
    const name = `deleted-${purge}`;
    const uuid = await made(name);
    const asked = begin(name, file());
    await started(name);
    await rest.result("DELETE", `/${name}${purge ? "?purge=true" : ""}`);
    const { status } = await asked;
    assert.ok([200, 404].includes(status), String(status));
    assert.equal((await rest.request("GET", `/${name}/jobs`)).status, 404);
    await rest.create(name);
    assert.deepEqual(await rest.query(name, "SELECT name FROM sqlite_schema"), []);
    if (purge) return;
    // It stays as it was, if the import was not complete before.
    await rest.result("DELETE", `/${name}?purge=true`);
    await rest.result("POST", `/${uuid}/undelete`);
    const job = await over(name);
    const found = await rest.query(name, "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'big'");
    assert.deepEqual(found, [{ n: job.state === "complete" ? 1 : 0 }]);
    assert.deepEqual(await rows(name), [1]);
  });
}

test("nothing is left behind", async () => {
  // A large import that was published is moved to its place in the background.
  await sleep(3_000);
  assert.doesNotMatch(server.log, /How it ended was not kept|is left/);
  await server.crash();
  const files = new ObjectFiles(state);
  for (const path of files.plain("IsolitePrimary")) {
    const { staged, tables } = ObjectFiles.open(path, (database) => {
      const tables = database.prepare("SELECT name FROM sqlite_schema").all().map(({ name }) => name);
      const has = tables.includes("staged");
      return { tables, staged: has ? database.prepare("SELECT count(*) AS n FROM staged").get().n : 0 };
    });
    assert.equal(staged, 0, `${path}: ${tables}`);
    if (tables.includes("deleted")) assert.ok(!tables.includes("page"), `${path}: ${tables}`);
  }
  for (const path of files.plain("IsoliteUpload")) {
    const chunks = ObjectFiles.open(path, (database) =>
      database.prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = 'chunk'").get().n);
    assert.equal(chunks, 0, path);
  }
});
