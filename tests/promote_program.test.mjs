// Aim: `isolite promote` moves a primary, tells how it goes and what may be done next, and does nothing
// unasked.
// Method: one running Worker, in which all regions are the same workerd; the program as a person runs it.
// A long import holds a promotion up, so that there is something to look at.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { ProcessGroup } from "./support/process_group.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const WAIT_MS_MAX = 60_000;

let worker;
let rest;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.stop());

async function isolite(...args) {
  const group = new ProcessGroup(process.execPath, [inRepository("bindings/js/src/cli/main.js"), ...args], {
    env: { ISOLITE_URL: worker.origin, ISOLITE_ADMIN_TOKEN: TOKEN },
  });
  const status = await group.ended;
  await group.stop();
  return { status, output: group.log };
}

async function succeeds(...args) {
  const { status, output } = await isolite(...args);
  assert.equal(status, 0, output);
  return output;
}

async function fails(...args) {
  const { status, output } = await isolite(...args);
  assert.equal(status, 1, output);
  return output;
}

/** Keeps the primary from making way for some seconds; resolves once it has begun, with what waits for its end. */
async function longImport(database) {
  const path = join(temporaryDirectory("imported"), "file.sqlite");
  const file = new DatabaseSync(path);
  file.exec(`CREATE TABLE big (pad);
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 150000)
    INSERT INTO big SELECT randomblob(1000) FROM n`);
  file.close();
  const importing = rest.result("POST", `/${database}/import?format=sqlite`, readFileSync(path));
  await jobIs("running", database);
  return async () => {
    await importing;
    await jobIs("complete", database);
  };
}

async function jobIs(state, database) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(50)) {
    const { envelope, text } = await rest.request("GET", `/${database}/jobs`);
    if (envelope?.result?.state === state) return;
    assert.ok(Date.now() < end, text);
  }
}

async function waits(database) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(50)) {
    const { text } = await rest.request("GET", `/${database}/promote`);
    if (text.includes("long-running import")) return;
    assert.ok(Date.now() < end, text);
  }
}

describe("isolite promote", { concurrency: 1 }, () => {
  test("moves the primary, and says how long writes waited", async () => {
    await rest.create("moved");
    await rest.query("moved", "CREATE TABLE t (x)");
    assert.match(await fails("promote", "moved", "--status"), /^error: The primary was never moved\n$/);
    const output = await succeeds("promote", "moved", "WEUR", "--yes");
    assert.match(output, /^The primary of moved is in weur now\nWrites waited for \d+ ms\n$/);
    assert.equal((await rest.result("GET", "/moved")).running_in_region, "WEUR");
    await rest.query("moved", "INSERT INTO t VALUES (1)");
    await succeeds("promote", "moved", "apac", "-y");
    assert.match(await succeeds("promote", "moved", "--status"), /^The primary of moved was moved from weur to apac\n/);
    assert.deepEqual(await rest.query("moved", "SELECT x FROM t"), [{ x: 1 }]);
  });

  test("tells what it wants, and does nothing unasked", async () => {
    await rest.create("asked");
    assert.match(await succeeds("promote", "--help"), /isolite promote NAME REGION/);
    assert.match(await fails("promote", "asked"), /Say which database and which region/);
    assert.match(await fails("promote", "asked", "weur"), /Move the primary of asked.* to weur\? Say --yes/);
    assert.match(await fails("promote", "asked", "mars", "--yes"), /"mars": use one of wnam, /);
    assert.match(await fails("promote", "nope", "weur", "--yes"), /nope.*could not be found/);
    assert.match(await fails("promote", "asked", "--abandon"), /No promotion is under way/);
    assert.match(await fails("promote", "asked", "--abandon", "--status"), /Say one of/);
    assert.match(await fails("promote", "asked", "--status"), /never moved/);
    await succeeds("promote", "asked", "weur", "--yes");
    assert.match(await fails("promote", "asked", "weur", "--yes"), /is in weur already/);
  });

  test("shows what it waits for, while others look on", async () => {
    await rest.create("held");
    await longImport("held");
    const promoting = isolite("promote", "held", "weur", "--yes");
    await waits("held");
    const told = await succeeds("promote", "held", "--status");
    assert.match(told, /^The primary of held is being moved.* to weur\n/);
    assert.match(told, /Currently processing a long-running import/);
    const other = await fails("promote", "held", "apac", "--yes");
    assert.match(other, /is being moved to weur.*\n +isolite promote held --status .*\n +isolite promote held --abandon/s);
    const { status, output } = await promoting;
    assert.equal(status, 0, output);
    assert.match(output, /Currently processing a long-running import.*is in weur now/s);
    assert.deepEqual(await rest.query("held", "SELECT count(*) AS n FROM big"), [{ n: 150_000 }]);
  });

  test("is given up", async () => {
    await rest.create("given");
    const ended = await longImport("given");
    const promoting = isolite("promote", "given", "weur", "--yes");
    await waits("given");
    assert.match(await succeeds("promote", "given", "--abandon"), /given up: the primary of given stays where it is/);
    const { status, output } = await promoting;
    assert.equal(status, 1, output);
    assert.match(output, /error: The primary stays where it was/);
    await ended();
    assert.match(await fails("promote", "given", "--status"), /never moved/);
    await rest.query("given", "INSERT INTO big VALUES (1)");
  });
});
