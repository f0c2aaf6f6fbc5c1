// Aim: the regions that are simulated on one machine are as far from each other as the table of
// round trips says.
// Method: two regions in the real runtime, in each an app that times its own queries. Bounds from
// below are exact; from above they are generous, as the machine may be busy. Writes and sessions
// that begin at the primary are timed, since nobody else may answer them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { REGIONS, RoundTrips } from "../scripts/regions/round_trips.mjs";
import { Regions } from "./support/regions.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const [HOME, AWAY] = ["enam", "apac"];
const FAR_MS = RoundTrips.realistic.ms(HOME, AWAY);
// Timers count whole milliseconds, of which two halves may lose one each.
const ROUNDING_MS = 2;
const APP = "tests/workers/regions/clock.mjs";
const WRITE = "INSERT INTO t DEFAULT VALUES";

async function ask(regions, region, body) {
  const response = await regions.fetch(region, "/", {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

/** The quickest of several runs: whatever else the machine does can only add. */
async function quickest(regions, region, query) {
  const { runs } = await ask(regions, region, { ...query, times: 5 });
  return Math.min(...runs.map(({ ms }) => ms));
}

function assertFar(ms) {
  assert.ok(ms >= FAR_MS - ROUNDING_MS, `${ms} ms is less than the round trip of ${FAR_MS}`);
  assert.ok(ms < FAR_MS * 1.8, `${ms} ms is nearly two round trips of ${FAR_MS}`);
}

function assertNear(ms) {
  assert.ok(ms < FAR_MS / 2, `${ms} ms within a region`);
}

describe("the table of round trips", () => {
  test("is complete and symmetric, and each region is nearest to itself", () => {
    assert.equal(REGIONS.length, 9);
    for (const from of REGIONS) {
      for (const to of REGIONS) {
        const ms = RoundTrips.realistic.ms(from, to);
        assert.ok(Number.isInteger(ms) && ms > 0, `${from} ${to}`);
        assert.equal(ms, RoundTrips.realistic.ms(to, from));
        if (from !== to) assert.ok(ms > RoundTrips.realistic.ms(from, from), `${from} ${to}`);
      }
    }
  });

  test("with a gap or two ways is refused", () => {
    const table = () => Object.fromEntries(REGIONS.map((from) => [from, row()]));
    const row = () => Object.fromEntries(REGIONS.map((to) => [to, 5]));
    assert.ok(new RoundTrips(table()));
    const gap = table();
    delete gap.sam.oc;
    assert.throws(() => new RoundTrips(gap), /from sam to oc/);
    const twoWays = table();
    twoWays.sam.oc = 6;
    assert.throws(() => new RoundTrips(twoWays), /from sam to oc/);
  });

  test("a hint leads to its region, else to the nearest there is", () => {
    const places = RoundTrips.realistic.places([HOME, "weur", AWAY]);
    const { enam, apac, wnam, eeur, oc } = places;
    assert.deepEqual([enam, apac, wnam, eeur, oc], ["enam", "apac", "enam", "weur", "apac"]);
    assert.equal(places["apac-ne"], "apac");
    assert.equal(RoundTrips.even(0).places([HOME, AWAY]).apac, "apac");
  });
});

describe("two regions", { concurrency: 1 }, () => {
  let regions;
  before(async () => {
    regions = await Regions.start({
      regions: [HOME, AWAY],
      app: {
        main: APP,
        databases: { SERVICE: { database: "home", create: true } },
        vars: { GREETING: "hello" },
      },
    });
    const rest = new RestClient(regions.origin(HOME), TOKEN);
    await rest.create("home");
    await rest.result("POST", "", { name: "away", primary_location_hint: AWAY });
    for (const name of ["home", "away"]) {
      await rest.query(name, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    }
  });
  after(() => regions?.stop());

  test("an app knows its region and has its variables", async () => {
    for (const region of [HOME, AWAY]) {
      const told = await ask(regions, region, { database: "home", sql: "SELECT 1" });
      assert.deepEqual([told.region, told.greeting], [region, "hello"]);
    }
  });

  for (const way of ["embedded", "service"]) {
    test(`a database at home is near to home and far from away, ${way}`, async () => {
      for (const query of [{ sql: WRITE }, { sql: "SELECT 1", session: "first-primary" }]) {
        assertNear(await quickest(regions, HOME, { way, database: "home", ...query }));
        assertFar(await quickest(regions, AWAY, { way, database: "home", ...query }));
      }
    });
  }

  test("a database that was placed away is near to there", async () => {
    assertNear(await quickest(regions, AWAY, { database: "away", sql: WRITE }));
    assertFar(await quickest(regions, HOME, { database: "away", sql: WRITE }));
  });

  test("the object's own region answers", async () => {
    const query = { sql: "SELECT 1", session: "first-primary" };
    for (const [database, region] of [["home", HOME], ["away", AWAY]]) {
      const { runs } = await ask(regions, HOME, { database, ...query });
      assert.equal(runs[0].served_by_region, region.toUpperCase());
    }
  });

  test("REST is far from the directory", async () => {
    const rest = new RestClient(regions.origin(AWAY), TOKEN);
    const begin_ms = performance.now();
    const names = (await rest.result("GET", "")).map(({ name }) => name);
    const ms = performance.now() - begin_ms;
    assert.deepEqual(names.sort(), ["away", "home"]);
    assert.ok(ms >= FAR_MS - ROUNDING_MS, `${ms} ms to the directory and back`);
  });

  test("a call from one object to another is far as well", async () => {
    const rest = new RestClient(regions.origin(HOME), TOKEN);
    await rest.result("POST", "", { name: "gone", primary_location_hint: AWAY });
    const begin_ms = performance.now();
    await rest.result("DELETE", "/gone");
    const ms = performance.now() - begin_ms;
    assert.ok(ms >= FAR_MS - ROUNDING_MS, `${ms} ms to have the primary wiped by the directory`);
    assert.equal((await rest.request("GET", "/gone")).status, 404);
  });

  test("a border is asked of the platform, which has none on one machine", async () => {
    const rest = new RestClient(regions.origin(HOME), TOKEN);
    const { envelope } = await rest.request("POST", "", { name: "border", jurisdiction: "eu" });
    assert.match(envelope.errors[0].message, /^Jurisdiction restrictions are not implemented/);
  });
});

describe("regions without distance", { concurrency: 1 }, () => {
  let regions;
  before(async () => {
    const roundTrips = RoundTrips.even(0);
    regions = await Regions.start({ regions: [HOME, AWAY], roundTrips, app: { main: APP } });
  });
  after(() => regions?.stop());

  test("are as near as one", async () => {
    const query = { database: "new", sql: "CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY)" };
    assertNear(await quickest(regions, AWAY, query));
    assertNear(await quickest(regions, HOME, query));
  });
});

describe("the app of npm run dev:regions", { concurrency: 1 }, () => {
  let regions;
  before(async () => {
    const databases = { DB: { database: "demo", create: true } };
    const app = { main: "scripts/regions/demo.mjs", databases };
    regions = await Regions.start({ regions: [HOME, AWAY], app });
    const rest = new RestClient(regions.origin(HOME), TOKEN);
    await rest.create("demo");
    await rest.query("demo", "CREATE TABLE cities (id INTEGER PRIMARY KEY, name, country, population)");
    await rest.query("demo", "INSERT INTO cities VALUES (11000000, 'Last', 'XX', 1)");
  });
  after(() => regions?.stop());

  test("shows that reads come to be answered near, and what a write takes", async () => {
    const visit = async (method) => (await regions.fetch(AWAY, "/", { method })).json();
    let seen;
    for (let tries = 0; tries < 100 && seen?.read.served_by_primary !== false; tries++) {
      seen = await visit("GET");
    }
    assert.equal(seen.read.served_by_region, AWAY.toUpperCase());
    assert.equal(seen.read.result.name, "Last");
    const { write, count } = await visit("POST");
    assertFar(write.ms);
    assert.deepEqual([write.served_by_region, count.result.notes], [HOME.toUpperCase(), 1]);
    assertNear(count.ms);
  });
});
