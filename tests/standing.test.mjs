// Aim: what a database does in each region is told to whoever looks on, and looking on changes nothing:
// no replica is subscribed by it, none is woken, and one that does not answer holds up nobody.
// Method: three regions in the real runtime, one of them so far away that its replica cannot answer in
// time. Nothing is kept in the app's memory, so that the replicas answer its reads. Between two runs the
// test lets the subscriptions lapse in the primary's file. Scrapes are read by a parser of Prometheus's
// format.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import parsePrometheusTextFormat from "parse-prometheus-text-format";

import { REGIONS, RoundTrips } from "../scripts/regions/round_trips.mjs";
import { ObjectFiles } from "./support/object_files.mjs";
import { Regions } from "./support/regions.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const [HOME, AWAY, FAR] = ["enam", "apac", "oc"];
const AWAY_MS = 60;
/** Longer than a replica is waited for. */
const FAR_MS = 2_600;
const READ = "SELECT max(n) AS n FROM t";

const between = (from, to) => {
  if (from === to) return 4;
  return from === FAR || to === FAR ? FAR_MS : AWAY_MS;
};
const row = (from) => Object.fromEntries(REGIONS.map((to) => [to, between(from, to)]));
const roundTrips = new RoundTrips(Object.fromEntries(REGIONS.map((from) => [from, row(from)])));

const state = temporaryDirectory("standing");
let regions;
let rest;
let id;

async function start() {
  const app = {
    main: "tests/workers/regions/steps.mjs", vars: { ISOLITE_EMBEDDED_BYTES_MAX: 0 },
    databases: {}, flags: ["unsafe_module"],
  };
  regions = await Regions.start({ regions: [HOME, AWAY, FAR], roundTrips, app, state });
  rest = new RestClient(regions.origin(HOME), TOKEN);
}

before(async () => {
  await start();
  ({ uuid: id } = await rest.create("seen"));
  await rest.query("seen", "CREATE TABLE t (n); INSERT INTO t VALUES (1)");
});
after(async () => {
  await regions?.stop();
  assertNoCrash(regions?.log ?? "");
});

async function read(region, more = {}) {
  const asked = { name: "seen", steps: [{ sql: READ }], way: "embedded", ...more };
  const response = await regions.fetch(region, "/run", {
    method: "POST", body: JSON.stringify(asked), signal: AbortSignal.timeout(60_000),
  });
  const [outcome] = await response.json();
  assert.equal(outcome.error, undefined);
  return outcome;
}

async function until(what, probe, timeout_ms = 30_000) {
  for (const end_ms = Date.now() + timeout_ms; Date.now() < end_ms; await sleep(50)) {
    const found = await probe();
    if (found) return found;
  }
  return assert.fail(`not in ${timeout_ms} ms: ${what}`);
}

const standing = (database = "seen") => rest.result("GET", `/${database}/replicas`);
const of = ({ replicas }, region) => replicas.find((replica) => replica.region === region);
const awayIs = (test) => async () => {
  const told = await standing();
  return test(of(told, AWAY) ?? {}) && told;
};

test("a database that nobody follows has a primary", async () => {
  const { primary, replicas } = await standing();
  assert.deepEqual(replicas, []);
  assert.match(primary.bookmark, /^[0-9a-f-]{59}$/);
  const { bookmark, size_bytes, log_bytes, ...rest } = primary;
  // Two statements in one request are one commit.
  assert.deepEqual(rest, { region: HOME, epoch: 1, txid: 1, log_commits: 1, followers: 0 });
  assert.equal(size_bytes, 2 * 4096);
  assert.ok(log_bytes > 0);
  assert.deepEqual(await standing(id), await standing());
});

test("a replica that follows tells where it stands and what it does", async () => {
  await until("its replica answers", async () => !(await read(AWAY)).served_by_primary);
  await rest.query("seen", "INSERT INTO t VALUES (2)");
  await read(AWAY);
  const told = await until("it has caught up", awayIs((it) => it.txid === 2 && it.lag_ms === 0));
  const { reads, trip_ms, age_ms, subscribed_until_ms, ...away } = of(told, AWAY);
  assert.deepEqual(away, {
    region: AWAY, object: `${id}/${AWAY}`, state: "following", whole: true, txid: 2, lag_commits: 0,
    lag_ms: 0, pushes: away.pushes, bookmark: told.primary.bookmark, snapshots: 0,
    reads_per_second: away.reads_per_second, forwarded: away.forwarded,
  });
  assert.equal(told.primary.followers, 1);
  assert.ok(reads >= 1 && away.forwarded >= 1 && trip_ms >= AWAY_MS - 2 && age_ms >= 0);
  const left_ms = subscribed_until_ms - Date.now();
  assert.ok(left_ms > 0 && left_ms <= 60_000, `${left_ms} ms`);
});

test("its reads are counted, and how many a second", async () => {
  const before = of(await standing(), AWAY);
  const far = { session: "first-unconstrained" };
  for (let i = 0; i < 30; i++) assert.equal((await read(AWAY, far)).served_by_primary, false);
  const told = of(await standing(), AWAY);
  assert.equal(told.reads, before.reads + 30);
  await sleep(1_000);
  assert.ok(of(await standing(), AWAY).reads_per_second >= 3);
});

test("looking on renews nothing", async () => {
  const { subscribed_until_ms, reads, forwarded, trip_ms, age_ms } = of(await standing(), AWAY);
  for (let i = 0; i < 40; i++) {
    const told = of(await standing(), AWAY);
    assert.deepEqual(
      [told.subscribed_until_ms, told.reads, told.forwarded, told.trip_ms],
      [subscribed_until_ms, reads, forwarded, trip_ms],
    );
    await sleep(25);
  }
  assert.ok(of(await standing(), AWAY).age_ms >= age_ms + 1_000);
});

test("one that is far behind, and does not answer in time, is told as silent", async () => {
  await until("its replica is asked", async () => {
    await read(FAR);
    return of(await standing(), FAR);
  });
  const far = await until("it follows", async () => {
    await read(FAR);
    const told = of(await standing(), FAR);
    return told.txid !== null && told;
  }, 60_000);
  assert.deepEqual([far.state, far.whole, far.bookmark, far.reads], ["silent", null, null, null]);
  const sent_ms = Date.now();
  await rest.query("seen", "INSERT INTO t VALUES (3)");
  await rest.query("seen", "INSERT INTO t VALUES (4)");
  const told = await standing();
  const took_ms = Date.now() - sent_ms;
  assert.ok(took_ms >= 1_990 && took_ms < FAR_MS + 1_000, `${took_ms} ms`);
  // The primary knows what is on its way.
  const { lag_commits, lag_ms, pushes, state: silent } = of(told, FAR);
  assert.deepEqual([silent, lag_commits], ["silent", 2]);
  assert.ok(lag_ms >= 0 && lag_ms <= took_ms, `${lag_ms} ms`);
  assert.ok(pushes >= 1);
  assert.equal(of(told, AWAY).state, "following");
});

test("a scrape tells the same, and does not wait for a primary that is too far away", async () => {
  const body = { name: "distant", primary_location_hint: FAR };
  const { uuid: distant } = await rest.result("POST", "", body);
  const scrape = async (timeout_s) => {
    const response = await fetch(`${regions.origin(HOME)}/metrics`, {
      headers: {
        authorization: `Bearer ${TOKEN}`, "x-prometheus-scrape-timeout-seconds": `${timeout_s}`,
      },
    });
    assert.equal(response.status, 200);
    const samples = new Map();
    for (const { name, metrics } of parsePrometheusTextFormat(await response.text())) {
      for (const { labels, value } of metrics) {
        const { database_id, region = "", ...rest } = labels ?? {};
        if (Object.keys(rest).length < 2) samples.set(`${name} ${database_id} ${region}`, value);
      }
    }
    return (name, of = id, region = "") => {
      const value = samples.get(`${name} ${of} ${region}`);
      return value === undefined ? undefined : Number(value);
    };
  };
  const began_ms = Date.now();
  const early = await scrape(1.5);
  const took_ms = Date.now() - began_ms;
  assert.ok(took_ms < FAR_MS, `${took_ms} ms`);
  assert.deepEqual([early("isolite_up"), early("isolite_up", distant)], [1, 0]);
  assert.equal(early("isolite_txid", distant), undefined);
  const told = await scrape(10);
  assert.deepEqual([told("isolite_up"), told("isolite_up", distant)], [1, 1]);
  assert.equal(told("isolite_database_info", distant, FAR), 1);
  assert.equal(told("isolite_database_info", id, HOME), 1);
  assert.equal(told("isolite_txid"), (await standing()).primary.txid);
  assert.equal(told("isolite_replica_following", id, AWAY), 1);
  assert.equal(told("isolite_replica_lag_commits", id, AWAY), 0);
  assert.equal(told("isolite_replica_lag_seconds", id, AWAY), 0);
  assert.equal(told("isolite_replica_txid", id, AWAY), told("isolite_txid"));
  assert.equal(told("isolite_replica_snapshots_total", id, AWAY), 1);
  assert.ok(told("isolite_replicas_following") >= 1);
});

describe("once the subscriptions have lapsed", () => {
  before(async () => {
    await regions.stop();
    const follows = (database) => {
      const exists = "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'follower'";
      return database.prepare(exists).get().n === 1;
    };
    const files = new ObjectFiles(state).primaries(HOME);
    const found = files.filter((path) => ObjectFiles.open(path, follows));
    assert.equal(found.length, 1);
    const lapse = (database) => database.exec("UPDATE follower SET until_ms = 1");
    ObjectFiles.open(found[0], lapse);
    await start();
  });

  test("replicas are left asleep, and nobody waits for them", async () => {
    const began_ms = Date.now();
    for (let i = 0; i < 5; i++) {
      const { primary, replicas } = await standing();
      assert.equal(primary.followers, 0);
      assert.deepEqual(replicas.map(({ region }) => region), [AWAY, FAR]);
      for (const replica of replicas) {
        const { region, object, state, pushes, subscribed_until_ms, ...unknown } = replica;
        assert.deepEqual([object, state, pushes], [`${id}/${region}`, "asleep", 0]);
        assert.equal(subscribed_until_ms, 1);
        assert.deepEqual(new Set(Object.values(unknown)), new Set([null]));
      }
    }
    assert.ok(Date.now() - began_ms < 2_000);
  });

  test("the next read makes one follow again", async () => {
    assert.deepEqual((await read(AWAY)).rows, [{ n: 4 }]);
    const told = await until("it follows", awayIs((it) => it.state === "following"));
    assert.equal(of(told, FAR).state, "asleep");
  });
});

test("a database that there is not, and whoever may not, is refused", async () => {
  const { status } = await rest.request("GET", "/nobody/replicas");
  assert.equal(status, 404);
  const stranger = new RestClient(regions.origin(HOME), "another-token");
  assert.equal((await stranger.request("GET", "/seen/replicas")).status, 401);
  const { headers } = await rest.request("POST", "/seen/replicas");
  assert.equal(headers.get("allow"), "GET");
});
