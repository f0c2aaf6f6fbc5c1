// Aim: when the region of a primary is gone, somebody who says so in full knowledge of what may be lost
// makes another one of what is left; nothing else is lost, and the old one, should it come back, takes
// nothing from anybody any more.
// Method: three regions in the real runtime, of which one answers nobody from some start on, and answers
// again from another. Who calls the old primary as if nothing had happened is the test itself.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { RoundTrips } from "../scripts/regions/round_trips.mjs";
import { Regions } from "./support/regions.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const [HOME, LOST, LEFT] = ["weur", "enam", "apac"];
const APP = "tests/workers/regions/steps.mjs";
const NAME = "forced";
const COUNT = "SELECT count(*) AS rows, max(n) AS newest FROM t";

describe("a primary whose region is gone", { concurrency: 1 }, () => {
  const state = temporaryDirectory("forced");
  let regions, rest, uuid, kept;
  after(() => stop());

  async function start(down) {
    await stop();
    regions = await Regions.start({
      regions: [HOME, LOST, LEFT],
      down,
      roundTrips: RoundTrips.even(4),
      app: { main: APP, databases: {}, flags: ["unsafe_module"] },
      state,
    });
    rest = new RestClient(regions.origin(HOME), TOKEN);
  }

  async function stop() {
    await regions?.stop();
    assertNoCrash(regions?.log ?? "");
    regions = undefined;
  }

  async function ask(region, path, body) {
    const response = await regions.fetch(region, path, { method: "POST", body: JSON.stringify(body) });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  const steps = (region, steps, more = {}) => ask(region, "/run", { name: NAME, steps, ...more });
  const one = async (region, sql, more) => (await steps(region, [{ sql }], more))[0];
  const insert = (n, region = LOST) => one(region, `INSERT INTO t VALUES (${n})`);
  const promote = (body) => rest.request("POST", `/${NAME}/promote`, body);
  const messageOf = ({ envelope }) => envelope.errors[0].message;

  test("has a replica elsewhere, which does not hear of the last commits", async () => {
    await start([]);
    ({ uuid } = await rest.result("POST", "", { name: NAME, primary_location_hint: LOST }));
    await rest.query(NAME, "CREATE TABLE t (n INTEGER PRIMARY KEY)");
    for (const n of [1, 2, 3]) await insert(n);
    const none = await rest.request("POST", `/${NAME}/promote`, { region: HOME, force: true });
    assert.equal(none.status, 400);
    assert.match(messageOf(none), /The primary answers, and nothing need be lost/);
    for (let tries = 0; ; tries++) {
      const { rows, served_by_primary } = await one(LEFT, COUNT, { session: "first-unconstrained" });
      if (served_by_primary === false && rows[0].rows === 3) break;
      assert.ok(tries < 200, "the replica is not filled");
      await sleep(50);
    }
    await start([LEFT]);
    for (const n of [4, 5]) assert.equal((await insert(n)).error, undefined);
  });

  test("is told what may be lost, and nothing is done before that is confirmed", async () => {
    await start([LOST]);
    const { primary, sources } = await rest.result("GET", `/${NAME}/promote/sources`);
    assert.deepEqual(primary, { region: LOST, answers: false, bookmark: null });
    assert.equal(sources[0].region, LEFT);
    kept = sources[0].confirm;
    assert.match(kept, /^00000001-/);
    const warned = await promote({ region: HOME, force: true });
    assert.equal(warned.status, 400);
    assert.match(messageOf(warned), /primary in enam does not answer/);
    assert.match(messageOf(warned), new RegExp(`the replica in ${LEFT} is the newest.*"confirm": "${kept}"`));
    const wrong = await promote({ region: HOME, force: true, confirm: kept.replace(/.$/, "x") });
    assert.match(messageOf(wrong), /Nothing stands at/);
    assert.equal((await rest.request("GET", `/${NAME}/promote`)).status, 404);
  });

  test("is replaced by what is left, which goes on", async () => {
    const promoted = await promote({ region: HOME, force: true, confirm: kept });
    assert.equal(promoted.status, 200, promoted.text);
    assert.equal(promoted.envelope.result.epoch, 2);
    assert.deepEqual(await rest.query(NAME, COUNT), [{ rows: 3, newest: 3 }]);
    for (const n of [6, 7]) assert.equal((await insert(n, HOME)).error, undefined);
    const { rows } = await one(LEFT, COUNT, { session: "first-primary" });
    assert.deepEqual(rows, [{ rows: 5, newest: 7 }]);
  });

  test("is nobody's primary when it comes back, whoever calls it", async () => {
    await start([]);
    const call = (path, body) => ask(HOME, "/call", { kind: "primary", region: LOST, object: uuid, path, body });
    const write = await call("/query?resultsFormat=NONE", JSON.stringify({ sql: "INSERT INTO t VALUES (8)", params: [] }));
    assert.equal(write.status, 421, write.text);
    assert.deepEqual(JSON.parse(write.text).moved, { epoch: 2, region: HOME });
    const read = await call("/query", JSON.stringify({ sql: COUNT, params: [] }));
    assert.equal(read.status, 421);
    for (const region of [HOME, LOST, LEFT]) {
      const { rows, error } = await one(region, COUNT, { session: "first-primary" });
      assert.equal(error, undefined);
      assert.deepEqual(rows, [{ rows: 5, newest: 7 }], region);
    }
    // What was followed before has come to the new history.
    const { rows } = await one(LEFT, COUNT, { options: { max_staleness_ms: 1 } });
    assert.deepEqual(rows, [{ rows: 5, newest: 7 }]);
    await insert(9, HOME);
    assert.deepEqual(await rest.query(NAME, "SELECT group_concat(n) AS n FROM t"), [{ n: "1,2,3,6,7,9" }]);
  });
});

describe("a primary whose region is gone, and of which there is but a backup", { concurrency: 1 }, () => {
  const state = temporaryDirectory("forced-backup");
  const name = "backed-up";
  let regions, rest;
  after(() => stop());

  async function start(down) {
    await stop();
    const roundTrips = RoundTrips.even(4);
    const buckets = { ISOLITE_BACKUP: "isolite-backup" };
    regions = await Regions.start({ regions: [HOME, LOST], down, roundTrips, buckets, state });
    rest = new RestClient(regions.origin(HOME), TOKEN);
  }

  async function stop() {
    await regions?.stop();
    assertNoCrash(regions?.log ?? "");
    regions = undefined;
  }

  async function shipped() {
    for (let tries = 0; ; tries++) {
      const status = await rest.result("GET", `/${name}/backup`);
      if (status.lag_commits === 0 && status.txid) return status;
      assert.ok(tries < 200, JSON.stringify(status));
      await sleep(100);
    }
  }

  test("is made of that, and backed up under its new epoch", async () => {
    await start([]);
    await rest.result("POST", "", { name, primary_location_hint: LOST });
    await rest.query(name, "CREATE TABLE t (n INTEGER PRIMARY KEY, x)");
    for (const n of [1, 2, 3]) await rest.query(name, `INSERT INTO t VALUES (${n}, randomblob(5000))`);
    const { txid } = await shipped();
    const before = await rest.query(name, "SELECT n, hex(x) AS x FROM t ORDER BY n");
    await start([LOST]);
    const { sources } = await rest.result("GET", `/${name}/promote/sources`);
    assert.deepEqual(sources.map(({ confirm }) => confirm), [`backup:${txid}`]);
    const asked = { region: HOME, force: true };
    const warned = await rest.request("POST", `/${name}/promote`, asked);
    assert.match(warned.envelope.errors[0].message, /the backup at .*\/00000001 is the newest/);
    const promoted = await rest.result("POST", `/${name}/promote`, { ...asked, confirm: `backup:${txid}` });
    assert.deepEqual([promoted.status, promoted.epoch], ["complete", 2]);
    assert.deepEqual(await rest.query(name, "SELECT n, hex(x) AS x FROM t ORDER BY n"), before);
    await rest.query(name, "INSERT INTO t VALUES (4, 'new')");
    const { path } = await shipped();
    assert.match(path, /\/00000002$/);
  });

  test("is nobody's primary when it comes back, and writes to no backup", async () => {
    await start([]);
    await sleep(500);
    await rest.query(name, "INSERT INTO t VALUES (5, 'newer')");
    assert.deepEqual(await rest.query(name, "SELECT group_concat(n) AS n FROM t"), [{ n: "1,2,3,4,5" }]);
    const { path } = await shipped();
    assert.match(path, /\/00000002$/);
  });
});
