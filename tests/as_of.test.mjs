// Aim: a session as of a past bookmark reads what was there, from a JavaScript Worker by both ways and from
// Rust, and changes nothing for the reads beside it.
// Method: a session leaves a bookmark between writes; what is read as of it is compared with what was read
// then, while the newest state goes on being read from the isolate's own memory.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { WranglerDev } from "./support/wrangler.mjs";

const READ = "SELECT max(n) AS n, count(*) AS count FROM t";

let workers;
before(async () => {
  workers = await WranglerDev.start(["tests/workers/local/one.toml", "tests/workers/local/two.toml", "wrangler.toml"]);
});
after(() => workers?.stop());

async function ask(body) {
  const response = await fetch(workers.origin, { method: "POST", body: JSON.stringify(body) });
  return { status: response.status, body: await response.json() };
}

async function steps(body) {
  const { status, body: outcomes } = await ask(body);
  assert.equal(status, 200, JSON.stringify(outcomes));
  return outcomes;
}

for (const way of ["embedded", "service"]) {
  describe(`as of a bookmark, ${way}`, { concurrency: 1 }, () => {
    let past;
    before(async () => {
      await steps({ steps: [{ sql: "DROP TABLE IF EXISTS t" }, { sql: "CREATE TABLE t (n INTEGER)" }] });
      const session = "first-primary";
      const written = await steps({
        way,
        session,
        steps: [{ sql: "INSERT INTO t VALUES (1), (2)" }, { sql: READ }],
      });
      past = written.at(-1).bookmark;
      await steps({ steps: [{ sql: "INSERT INTO t VALUES (3)" }, { sql: "DELETE FROM t WHERE n = 1" }] });
    });

    test("it reads what was there, again and again", async () => {
      const body = { way, session: { as_of: past }, steps: [{ sql: READ, times: 3 }, { batch: [READ, READ] }] };
      for (let i = 0; i < 2; i++) {
        for (const { rows, local, bookmark } of await steps(body)) {
          assert.deepEqual(rows, [{ n: 2, count: 2 }]);
          assert.deepEqual([local, bookmark], [false, past]);
        }
      }
    });

    test("reads of the newest state go on from memory", async () => {
      const handle = { way, options: { max_staleness_ms: 1_000 } };
      let outcome;
      // Other handles have written, which this one may see after its bound.
      await sleep(1_000);
      for (let i = 0; i < 100 && !outcome?.local; i++) {
        await steps({ way, session: { as_of: past }, steps: [{ sql: READ }] });
        [outcome] = await steps({ ...handle, steps: [{ sql: READ, pause_ms: 20 }] });
        assert.deepEqual(outcome.rows, [{ n: 3, count: 2 }]);
      }
      assert.ok(outcome.local);
    });

    test("what writes is refused, and says what to do", async () => {
      const { status, body } = await ask({ way, session: { as_of: past }, steps: [{ sql: "DELETE FROM t" }] });
      assert.equal(status, 500);
      assert.match(body.error, /^D1_ERROR: the database as of a past bookmark is only read/);
    });

    test("a bookmark that is none, or of another database, is refused", async () => {
      for (const [as_of, text] of [
        ["yesterday", /invalid bookmark/],
        [past.slice(0, -1) + (past.endsWith("0") ? "1" : "0"), /another database/],
        [past.slice(0, 30) + "0000" + past.slice(34), /never stood there/],
      ]) {
        const { status, body } = await ask({ way, session: { as_of }, steps: [{ sql: READ }] });
        assert.equal(status, 500, as_of);
        assert.match(body.error, text);
      }
    });

    test("a session starts in one place", async () => {
      const session = { as_of: past, start: "first-primary" };
      const { body } = await ask({ way, session, steps: [{ sql: READ }] });
      assert.match(body.error, /`start` or `as_of`, not both/);
    });
  });
}
