// Aim: a read that must be newer than the region's replica waits for the primary as long as the
// setting says, then fails with a text that tells what to do; and it never answers with less.
// Method: a primary two seconds away, and 0.4 to wait for it.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { REGIONS, RoundTrips } from "../scripts/regions/round_trips.mjs";
import { Regions } from "./support/regions.mjs";

const [HOME, AWAY] = ["enam", "apac"];
const FAR_MS = 2_000;
const WAIT_MS = 400;
const TIMED_OUT =
  "D1_ERROR: Timed out: the primary did not answer within 400 ms, and its replica in apac is not " +
  'as new as this read must be. Try again, or start a session from "first-unconstrained"';

const row = (from) => REGIONS.map((to) => [to, from === to ? 1 : FAR_MS]);
const FAR = new RoundTrips(
  Object.fromEntries(REGIONS.map((from) => [from, Object.fromEntries(row(from))])),
);

let regions;
before(async () => {
  const vars = { ISOLITE_READ_WAIT_MS_MAX: WAIT_MS };
  const app = {
    main: "tests/workers/regions/session.mjs",
    databases: { DB: { database: "far", create: true } },
  };
  regions = await Regions.start({ regions: [HOME, AWAY], roundTrips: FAR, vars, app });
});
after(() => regions?.stop());

async function ask(region, sql, session) {
  const response = await regions.fetch(region, "/", {
    method: "POST",
    body: JSON.stringify({ sql, session }),
    signal: AbortSignal.timeout(60_000),
  });
  return response.json();
}

const COUNT = "SELECT count(*) AS n FROM t";

describe("a primary far away", { concurrency: 1 }, () => {
  let written;

  test("its replica is there after a while, and answers at once", async () => {
    await ask(HOME, "CREATE TABLE t (n)", "first-primary");
    let answer;
    for (let tries = 0; tries < 60 && answer?.local !== true; tries++) {
      answer = await ask(AWAY, COUNT, "first-unconstrained");
      await sleep(250);
    }
    assert.deepEqual([answer.local, answer.results], [true, [{ n: 0 }]]);
  });

  test("a bookmark that it has not reached ends the wait with an error", async () => {
    written = await ask(HOME, "INSERT INTO t VALUES (1)", "first-primary");
    const begin_ms = performance.now();
    const { error } = await ask(AWAY, COUNT, written.bookmark);
    const ms = performance.now() - begin_ms;
    assert.equal(error, TIMED_OUT);
    assert.ok(ms >= WAIT_MS && ms < FAR_MS, `${ms} ms`);
  });

  test("once it has, the same read is answered", async () => {
    await sleep(FAR_MS);
    const { results, bookmark } = await ask(AWAY, COUNT, written.bookmark);
    assert.deepEqual(results, [{ n: 1 }]);
    assert.ok(bookmark >= written.bookmark);
  });

  test("a write waits as long as it takes", async () => {
    const begin_ms = performance.now();
    const { error } = await ask(AWAY, "INSERT INTO t VALUES (2)", "first-unconstrained");
    assert.equal(error, undefined);
    assert.ok(performance.now() - begin_ms >= FAR_MS - 10);
  });
});
