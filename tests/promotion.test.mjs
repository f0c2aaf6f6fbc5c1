// Aim: the primary of a database moves to another region while its users write and read, and they need
// not know: what was answered is there, once; nobody sees an error; and the pause for writers is short.
// Method: three regions in the real runtime, at the distance of the table of round trips. In each an app
// that writes all along and reads back what it wrote, by handles that were told of the first place only.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { RoundTrips } from "../scripts/regions/round_trips.mjs";
import { Regions } from "./support/regions.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const [HOME, AWAY, THIRD] = ["enam", "weur", "apac"];
const APP = "tests/workers/regions/writer.mjs";
const RUN_MS = 4_000;
/** Beyond what it is meant to take, for a machine that is busy with other tests. */
const SLACK_MS = 2_000;

const farthest = (from) => Math.max(...[HOME, AWAY, THIRD].map((to) => RoundTrips.realistic.ms(from, to)));

describe("a promotion", { concurrency: 1 }, () => {
  let regions, rest;
  before(async () => {
    regions = await Regions.start({
      regions: [HOME, AWAY, THIRD],
      app: { main: APP, databases: { SERVICE: { database: "shared", create: true } } },
    });
    rest = new RestClient(regions.origin(HOME), TOKEN);
  });
  after(() => regions?.stop());

  async function create(name) {
    await rest.create(name);
    await rest.query(name, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, x BLOB)");
  }

  async function ask(region, path, body) {
    const response = await regions.fetch(region, path, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }

  const regionOf = async (name) => (await rest.result("GET", `/${name}`)).running_in_region;
  const numbers = async (name) => {
    const rows = await rest.query(name, "SELECT n FROM t WHERE n IS NOT NULL ORDER BY n");
    return rows.map(({ n }) => n);
  };

  test("moves the primary with all that it has", async () => {
    await create("moved");
    await rest.query("moved", "INSERT INTO t (x) SELECT randomblob(3000) FROM json_each('[1,2,3,4]'), json_each(?)", [
      JSON.stringify(Array.from({ length: 250 }, (_, i) => i)),
    ]);
    const count = "SELECT count(*) AS rows, sum(length(x)) AS bytes FROM t";
    const before = await rest.query("moved", count);
    const promoted = await rest.result("POST", "/moved/promote", { region: AWAY });
    const { pause_ms, ...told } = promoted;
    assert.deepEqual(told, {
      region: AWAY, previous_region: HOME, epoch: 2, status: "complete", messages: [],
    });
    assert.ok(pause_ms > 0);
    assert.deepEqual(await rest.query("moved", count), before);
    assert.equal(await regionOf("moved"), AWAY.toUpperCase());
    assert.deepEqual(await rest.query("moved", "PRAGMA quick_check"), [{ quick_check: "ok" }]);
    const { bookmark } = (await rest.result("GET", "/moved/time_travel/bookmark"));
    assert.match(bookmark, /^00000002-/);
    assert.equal((await rest.result("GET", "/moved/promote")).status, "complete");
  });

  test("goes on while all write, and nobody notices", async (t) => {
    await create("shared");
    const writers = [
      { region: HOME, way: "embedded", first: 1_000_000 },
      { region: AWAY, way: "embedded", first: 2_000_000 },
      { region: THIRD, way: "embedded", first: 3_000_000 },
      { region: AWAY, way: "service", first: 4_000_000 },
    ];
    const running = writers.map(({ region, ...writer }) =>
      ask(region, "/write", { ...writer, database: "shared", ms: RUN_MS }),
    );
    await sleep(RUN_MS / 4);
    const { epoch, pause_ms } = await rest.result("POST", "/shared/promote", { region: AWAY });
    assert.equal(epoch, 2);
    const outcomes = await Promise.all(running);
    const written = await numbers("shared");
    assert.equal(new Set(written).size, written.length, "something was written twice");
    const there = new Set(written);
    outcomes.forEach((outcomes, i) => {
      const { region, way } = writers[i];
      for (const { n, error, seen } of outcomes) {
        assert.equal(error, undefined, `${way} in ${region}: ${error}`);
        assert.ok(there.has(n), `${n} of ${way} in ${region} is lost`);
        assert.equal(seen, 1, `${n} of ${way} in ${region} was not read back`);
      }
      // From one write that was answered to the next, less what one takes anyway.
      const ends = outcomes.map(({ end_ms }) => end_ms);
      const gaps = ends.slice(1).map((end_ms, i) => end_ms - ends[i]);
      const usual = gaps.toSorted((a, b) => a - b)[Math.floor(gaps.length / 2)];
      const pause = Math.max(...gaps) - usual;
      const far = farthest(AWAY);
      t.diagnostic(`${way} in ${region}: pause of ${pause} ms, a write takes ${usual} ms, farthest round trip ${far} ms`);
      assert.ok(pause < 3 * far + 200 + SLACK_MS, `a pause of ${pause} ms`);
    });
    t.diagnostic(`the new primary tells of ${pause_ms} ms`);
    assert.equal(written.length, outcomes.flat().length);
  });

  test("and back, and on, with all that was written on the way", async () => {
    await create("travels");
    let expected = [];
    for (const [i, region] of [AWAY, THIRD, HOME, AWAY].entries()) {
      const writing = ask(HOME, "/write", {
        way: "embedded", database: "travels", first: i * 1_000, ms: 1_500,
      });
      await sleep(300);
      const { epoch } = await rest.result("POST", "/travels/promote", { region });
      assert.equal(epoch, i + 2);
      for (const { n, error } of await writing) {
        assert.equal(error, undefined);
        expected.push(n);
      }
    }
    assert.deepEqual(await numbers("travels"), expected);
    assert.equal(await regionOf("travels"), AWAY.toUpperCase());
  });

  test("runs a transaction again that was open, once", async () => {
    await create("transacted");
    const transacting = ask(AWAY, "/transact", {
      way: "embedded", database: "transacted", first: 1, ms: 2_000,
    });
    await sleep(700);
    await rest.result("POST", "/transacted/promote", { region: AWAY });
    assert.deepEqual(await transacting, { runs: 2, value: 2 });
    assert.deepEqual(await numbers("transacted"), [1, 2]);
  });

  test("takes the replicas along, and does not keep the one where the primary now is", async () => {
    await create("replicated");
    const read = (region) => ask(region, "/write", {
      way: "embedded", database: "replicated", first: 1, ms: 300,
    });
    await read(THIRD);
    await read(AWAY);
    await rest.result("POST", "/replicated/promote", { region: AWAY });
    for (const region of [THIRD, HOME, AWAY]) {
      for (const { error, seen } of await read(region)) {
        assert.equal(error, undefined);
        assert.ok(seen >= 1);
      }
    }
  });
});
