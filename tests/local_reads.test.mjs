// Aim: reads from the replica in an isolate's own memory keep what they promise: they see what their
// handle or session has seen, and are never older than the bound.
// Method: two Workers, each with a replica in its own isolate, over one primary in a third; what one
// writes, the other reads. `meta.served_by_primary` tells who answered.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { WranglerDev } from "./support/wrangler.mjs";

const BOUND_MS = 1_000;
const FRESH = { max_staleness_ms: BOUND_MS };
const READ = "SELECT max(n) AS n, count(*) AS count FROM t";

let workers;
before(async () => {
  const own = ["one", "two"].map((name) => `tests/workers/local/${name}.toml`);
  workers = await WranglerDev.start([...own, "wrangler.toml"]);
  await here({ steps: [{ sql: "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)" }] });
});
after(() => workers?.stop());

async function ask(path, body) {
  const response = await fetch(workers.origin + path, {
    method: "POST",
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(60_000),
  });
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return JSON.parse(text);
}

const here = (body) => ask("/", body);
const there = (body) => ask("/other", body);
const insert = (n) => ({ sql: "INSERT INTO t (n) VALUES (?)", params: [n] });

/** Reads until the replica answers. */
async function filled(read, body) {
  for (let i = 0; i < 100; i++) {
    const [outcome] = await read({ ...body, steps: [{ sql: READ, pause_ms: 20 }] });
    if (outcome.local) return outcome;
  }
  return assert.fail("the replica never answered");
}

for (const way of ["embedded", "service"]) {
  describe(`reads in memory, ${way}`, { concurrency: 1 }, () => {
    const handle = { way, options: FRESH };

    test("the primary answers until the replica is there, then the replica does", async () => {
      await here({ ...handle, steps: [insert(1)] });
      const { rows } = await filled(here, handle);
      assert.ok(rows[0].count >= 1);
    });

    test("a handle sees what it has written, from memory", async () => {
      await there({ steps: [{ sql: "DELETE FROM t" }] });
      await filled(here, handle);
      const steps = [];
      for (let n = 100; n < 120; n++) steps.push(insert(n), { sql: READ });
      const outcomes = await here({ ...handle, steps });
      for (let i = 0; i < 20; i++) {
        assert.equal(outcomes[2 * i + 1].rows[0].n, 100 + i);
        assert.ok(outcomes[2 * i + 1].local, `read ${i} went to the primary`);
      }
    });

    test("what only looks like a read goes to the primary", async () => {
      const sql = "WITH x (n) AS (SELECT 500) INSERT INTO t (n) SELECT n FROM x RETURNING n";
      const [written, seen] = await here({ ...handle, steps: [{ sql }, { sql: READ }] });
      assert.deepEqual([written.local, written.rows, seen.rows[0].n], [false, [{ n: 500 }], 500]);
    });

    test("a batch of reads is of one position", async () => {
      await filled(here, handle);
      const batch = [READ, READ];
      const [both] = await here({ ...handle, steps: [{ batch }] });
      assert.ok(both.local);
    });

    test("a read is never older than the bound, under writes from elsewhere", async () => {
      await filled(here, handle);
      const writes = [];
      let writing = true;
      const writer = (async () => {
        for (let n = 1_000; writing; n++) {
          const [{ done_ms }] = await there({ steps: [insert(n)] });
          writes.push({ n, done_ms });
        }
      })();
      let local = 0;
      const until = Date.now() + 4_000;
      while (Date.now() < until) {
        const pause_ms = Math.floor(Math.random() * 30);
        const [read] = await here({ ...handle, steps: [{ sql: READ, pause_ms }] });
        const promised = writes.filter(({ done_ms }) => done_ms < read.sent_ms - BOUND_MS).at(-1);
        assert.ok(read.rows[0].n >= (promised?.n ?? 0), `${read.rows[0].n} < ${promised?.n}`);
        if (read.local) local++;
      }
      writing = false;
      await writer;
      assert.ok(local > 20 && writes.length > 20, `${local} local reads, ${writes.length} writes`);
    });

    test("after a pause longer than the bound the first read is fresh", async () => {
      await filled(here, handle);
      await there({ steps: [insert(900_000 + (way === "service" ? 1 : 0))] });
      const [read] = await here({ ...handle, steps: [{ sql: READ, pause_ms: BOUND_MS + 100 }] });
      assert.equal(read.rows[0].n, 900_000 + (way === "service" ? 1 : 0));
      await there({ steps: [{ sql: "DELETE FROM t WHERE n >= 1000" }] });
    });
  });
}

describe("sessions over replicas", { concurrency: 1 }, () => {
  test("a bookmark from elsewhere is waited for", async () => {
    await filled(here, { options: FRESH, session: "first-unconstrained" });
    for (let n = 2_000; n < 2_010; n++) {
      const [{ bookmark }] = await there({ session: "first-primary", steps: [insert(n)] });
      const [read] = await here({ options: FRESH, session: bookmark, steps: [{ sql: READ }] });
      assert.equal(read.rows[0].n, n);
      assert.ok(read.bookmark >= bookmark);
    }
  });

  test("first-primary asks the primary once, then stays where it is allowed to be", async () => {
    await filled(here, { options: FRESH, session: "first-unconstrained" });
    const steps = [{ sql: READ }, { sql: READ }];
    const [first, second] = await here({ options: FRESH, session: "first-primary", steps });
    assert.deepEqual([first.local, second.local], [false, true]);
    assert.ok(second.bookmark >= first.bookmark);
  });

  test("a session never goes back", async () => {
    let last = 0;
    let writing = true;
    const writer = (async () => {
      for (let n = 3_000; writing; n++) await there({ steps: [insert(n)] });
    })();
    let session = "first-unconstrained";
    for (let i = 0; i < 100; i++) {
      const [read] = await here({ options: FRESH, session, steps: [{ sql: READ }] });
      assert.ok(read.rows[0].n >= last, `${read.rows[0].n} after ${last}`);
      last = read.rows[0].n;
      session = read.bookmark;
    }
    writing = false;
    await writer;
  });

  test("a session reads in memory unless it says otherwise", async () => {
    const steps = [{ sql: READ }, { sql: READ }];
    await filled(here, { session: "first-unconstrained" });
    for (const [session, local] of [
      ["first-unconstrained", true],
      [{ max_staleness_ms: 60_000 }, true],
      [{ max_staleness_ms: 0 }, false],
    ]) {
      const outcomes = await here({ session, steps });
      assert.deepEqual(outcomes.map((outcome) => outcome.local), [local, local]);
    }
  });

  test("a bound of zero sends every read to the primary", async () => {
    await filled(here, {});
    const [read] = await here({ options: { max_staleness_ms: 0 }, steps: [{ sql: READ }] });
    assert.equal(read.local, false);
  });
});

describe("what a replica cannot hold", { concurrency: 1 }, () => {
  test("a change of the schema is seen", async () => {
    await filled(here, { options: FRESH });
    const steps = [
      { sql: "CREATE TABLE u (a)" },
      { sql: "SELECT count(*) AS count FROM u" },
      { sql: "ALTER TABLE u ADD COLUMN b" },
      { sql: "INSERT INTO u VALUES (1, 2)" },
      { sql: "SELECT * FROM u" },
      { sql: "DROP TABLE u" },
    ];
    const outcomes = await here({ options: FRESH, steps });
    assert.deepEqual(outcomes[4].rows, [{ a: 1, b: 2 }]);
    assert.ok(outcomes[1].local && outcomes[4].local);
  });

  test("commits too large to go along are fetched, and the handle sees them at once", async () => {
    await filled(here, { options: FRESH });
    const blob = "INSERT INTO t (n) SELECT 5000 + value FROM json_each(?)";
    const large = `CREATE TABLE large AS WITH RECURSIVE c (x) AS
      (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 2000) SELECT x, randomblob(1000) AS b FROM c`;
    const steps = [{ sql: large }, { sql: "SELECT count(*) AS count FROM large" },
      { sql: blob, params: ["[1]"] }, { sql: READ }];
    const outcomes = await here({ options: FRESH, steps });
    assert.deepEqual([outcomes[1].rows[0].count, outcomes[3].rows[0].n], [2_000, 5_001]);
    await filled(here, { options: FRESH });
  });

  test("100,000 reads", async () => {
    await filled(here, { options: FRESH });
    const began_ms = Date.now();
    const sql = "SELECT n FROM t WHERE id = ?";
    const [{ local }] = await here({ options: FRESH, steps: [{ sql, params: [1], times: 100_000 }] });
    console.log(`# ${((Date.now() - began_ms) / 100).toFixed(1)} µs a read`);
    assert.equal(typeof local, "boolean");
  });
});
