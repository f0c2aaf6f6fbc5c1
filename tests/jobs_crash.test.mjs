// Aim: a restore or an import that the server's death cuts short is made again from its beginning, and
// until it is complete the database is what it was before; past positions stay readable.
// Method: a plain workerd is killed (SIGKILL) at random moments of restores between two states that differ
// in every page, and of imports; after each start the newest job is waited for, and what the database
// holds must be the state before or after it, and at the end the one that the job promised.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { Random } from "./support/random.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";

const TOKEN = "token-of-the-crash-test";
const ROUNDS = 10;
const WAIT_MS_MAX = 60_000;

const seed = Number(process.env.ISOLITE_SEED ?? Math.floor(Math.random() * 2 ** 32));
const random = new Random(seed);
const state = temporaryDirectory("jobs-crash");

let configuration;
let server;
before(async () => {
  configuration = await bundle();
});
after(() => server?.crash());

async function start() {
  server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
  return new RestClient(server.origin, TOKEN);
}

const SUMS = "SELECT count(*) AS rows, sum(v) AS v, sum(length(pad)) AS bytes FROM t";

const sums = async (rest, at = "") => {
  const path = at === "" ? "/db/query" : `/db/query?as_of=${at}`;
  return JSON.stringify((await rest.result("POST", path, { sql: SUMS })).at(-1).results);
};

const bookmark = async (rest) => (await rest.result("GET", "/db/time_travel/bookmark")).bookmark;

/** The newest job, once it is over. */
async function jobOver(rest) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(100)) {
    const job = await rest.result("GET", "/db/jobs");
    if (job.state !== "running") return job;
    assert.ok(Date.now() < end, `the job goes on: ${JSON.stringify(job)}`);
  }
}

/** Sends a request and kills the server while it is worked on. */
async function cutShort(send, lifeMs) {
  const sent = send().catch(() => undefined);
  await sleep(lifeMs);
  await server.crash();
  await sent;
}

test(`what a crash cuts short is made again (seed ${seed})`, { timeout: 300_000 }, async (t) => {
  let rest = await start();
  await rest.create("db");
  await rest.query("db", "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, pad BLOB)");
  await rest.query("db", "CREATE TABLE marks (n)");
  const rows = (count) =>
    `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
     INSERT INTO t (v, pad) SELECT abs(random() % 1000000), randomblob(3000) FROM n`;
  await rest.query("db", rows(2_500));
  const one = { at: await bookmark(rest), sums: await sums(rest) };
  for (let part = 0; part < 3; part++) {
    await rest.query("db", `UPDATE t SET v = v + 1, pad = randomblob(3000) WHERE id % 3 = ${part}`);
  }
  const other = { at: await bookmark(rest), sums: await sums(rest) };
  let now = other;
  let interrupted = 0;

  for (let round = 1; round <= ROUNDS; round++) {
    const lifeMs = random.between(5, 900);
    await t.test(`a restore, killed after ${lifeMs} ms`, async () => {
      const target = now === one ? other : one;
      const before = await rest.result("GET", "/db/jobs").catch(() => undefined);
      const path = `/db/time_travel/restore?bookmark=${target.at}`;
      await cutShort(() => rest.request("POST", path), lifeMs);
      rest = await start();
      // The very first request knows of a job that goes on: what it accepts must not be lost by that.
      const mark = round % 2 === 0 && (await rest.request("POST", "/db/query", {
        sql: `INSERT INTO marks VALUES (${round})`,
      }));
      const seen = await sums(rest);
      assert.ok([now.sums, target.sums].includes(seen), `neither before nor after: ${seen}`);
      const job = await jobOver(rest).catch((error) => {
        if (before !== undefined) throw error;
      });
      const begun = job !== undefined && job.job !== before?.job;
      if (begun) {
        assert.equal(job.state, "complete", JSON.stringify(job));
        now = target;
        interrupted += 1;
      }
      assert.equal(await sums(rest), now.sums);
      const kept = await rest.query("db", `SELECT n FROM marks WHERE n = ${round}`);
      assert.equal(kept.length, mark && mark.status === 200 ? 1 : 0);
      for (const { at, sums: then } of [one, other]) assert.equal(await sums(rest, at), then);
    });
  }
  assert.ok(interrupted >= 2, `only ${interrupted} restores had begun`);

  // A second run on top of a first would show.
  const lines = ["CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY, v INTEGER);"];
  for (let i = 0; i < 40_000; i++) lines.push(`INSERT INTO log (v) VALUES (${i});`);
  const file = lines.join("\n");
  let logged = 0;
  const count = async () => {
    const tables = await rest.query("db", "SELECT name FROM sqlite_schema WHERE name = 'log'");
    return tables.length === 0 ? 0 : (await rest.query("db", "SELECT count(*) AS n FROM log"))[0].n;
  };
  let imported = 0;
  for (let round = 1; round <= ROUNDS / 2; round++) {
    const lifeMs = random.between(5, 700);
    await t.test(`an import, killed after ${lifeMs} ms`, async () => {
      const before = await rest.result("GET", "/db/jobs");
      await cutShort(() => rest.request("POST", "/db/import?format=sql", file), lifeMs);
      rest = await start();
      const seen = await count();
      assert.ok([logged, logged + 40_000].includes(seen), `${seen} rows, after ${logged}`);
      const job = await jobOver(rest);
      if (job.job !== before.job) {
        assert.equal(job.state, "complete", JSON.stringify(job));
        logged += 40_000;
        imported += 1;
      }
      assert.equal(await count(), logged);
    });
  }
  console.log(`jobs: ${interrupted} restores and ${imported} imports had begun`);

  await t.test("what was refused meanwhile, and written afterwards, is so", async () => {
    await rest.query("db", "INSERT INTO t (v) VALUES (1)");
    const [{ check }] = await rest.query("db", "SELECT quick_check AS \"check\" FROM pragma_quick_check");
    assert.equal(check, "ok");
  });
});
