// Aim: each region's replica comes into being, keeps up, survives and goes as users expect who know
// nothing of it; and what it cannot answer rightly it does not answer.
// Method: two regions in the real runtime, with an app in each that reads and writes by both ways
// of binding. Who answered is told by `meta`, or by how long it took; where a replica stands is
// asked of the object itself, which for that asks nobody else. Between two runs the test changes
// the objects' files.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { REGIONS, RoundTrips } from "../scripts/regions/round_trips.mjs";
import { ObjectFiles } from "./support/object_files.mjs";
import { Regions } from "./support/regions.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const [HOME, AWAY] = ["enam", "apac"];
/** To an object of the same region and back: more than any read from memory takes. */
const NEAR_MS = 12;
const FAR_MS = 60;
/** Timers count whole milliseconds. */
const ROUNDING_MS = 2;
const BOUND_MS = 1_000;
const WAYS = ["embedded", "service"];
const NAMES = [
  "first", "transactions", "shared", "pushed", "early", "larger", "written", "marked", "other", "kept", "gone",
  "restored", "rebuilt",
];
const READ = "SELECT max(n) AS n FROM t";

const row = (from) => REGIONS.map((to) => [to, from === to ? NEAR_MS : FAR_MS]);
const roundTrips = new RoundTrips(
  Object.fromEntries(REGIONS.map((from) => [from, Object.fromEntries(row(from))])),
);

/** Regions with an app, and what a test asks of them. */
class Place {
  #regions;
  #options;
  #state = temporaryDirectory("replicas");
  files = new ObjectFiles(this.#state);

  constructor(names, vars = {}) {
    const databases = Object.fromEntries(names.map((database) => [database, { database }]));
    const app = {
      main: "tests/workers/regions/steps.mjs", vars, databases, flags: ["unsafe_module"],
    };
    this.#options = { regions: [HOME, AWAY], roundTrips, app, state: this.#state };
  }

  async start() {
    this.#regions = await Regions.start(this.#options);
    this.rest = new RestClient(this.#regions.origin(HOME), TOKEN);
  }

  stop() {
    return this.#regions?.stop();
  }

  /** A database with one row, whose `n` is 1. */
  async create(name) {
    const { uuid } = await this.rest.create(name);
    await this.rest.query(name, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)");
    await this.rest.query(name, "INSERT INTO t (n) VALUES (1)");
    return uuid;
  }

  run(region, asked) {
    return this.#ask(region, "/run", asked);
  }

  /** The outcome of one statement. */
  async one(region, name, sql, more = {}) {
    const [outcome] = await this.run(region, { name, steps: [{ sql }], ...more });
    return outcome;
  }

  async write(region, name, n, more) {
    const sql = `INSERT INTO t (n) VALUES (${n})`;
    const written = await this.one(region, name, sql, { session: "first-primary", ...more });
    assert.equal(written.error, undefined);
    return written;
  }

  /** Where the replica of a region stands. */
  async info(id, region = AWAY) {
    const asked = { kind: "replica", region, object: `${id}/${region}`, path: "/info" };
    return JSON.parse((await this.#ask(HOME, "/call", asked)).text);
  }

  call(asked) {
    return this.#ask(HOME, "/call", asked);
  }

  async evict(kind, region, object) {
    const { error } = await this.#ask(HOME, "/evict", { kind, region, object });
    assert.equal(error, undefined);
  }

  /** Reads until it is answered nearby; the first such outcome. */
  async near(region, name, more) {
    return until(`${name} is answered in ${region}`, async () => {
      const outcome = await this.one(region, name, READ, more);
      assert.equal(outcome.error, undefined);
      return outcome.served_by_primary === false && outcome;
    });
  }

  /**
   * Waits until the replica is whole and has asked since, so that it is pushed to; where it stands.
   */
  async follow(id, name) {
    await this.near(AWAY, name);
    await until(`${name} is whole`, async () => (await this.info(id)).bookmark !== null);
    const { bookmark } = await this.write(HOME, name, 0);
    const { error } = await this.one(AWAY, name, READ, { session: bookmark });
    assert.equal(error, undefined);
    return this.info(id);
  }

  async #ask(region, path, asked) {
    const response = await this.#regions.fetch(region, path, {
      method: "POST",
      body: JSON.stringify(asked),
      signal: AbortSignal.timeout(60_000),
    });
    const text = await response.text();
    assert.equal(response.status, 200, text);
    return JSON.parse(text);
  }
}

async function until(what, probe, timeout_ms = 10_000) {
  for (const end_ms = Date.now() + timeout_ms; Date.now() < end_ms; await sleep(20)) {
    const found = await probe();
    if (found) return found;
  }
  return assert.fail(`not in ${timeout_ms} ms: ${what}`);
}

describe("a region's replica", { concurrency: 1 }, () => {
  const place = new Place(NAMES);
  before(() => place.start());
  after(() => place.stop());

  test("comes into being by the first reads from there, and then answers", async () => {
    const id = await place.create("first");
    await place.near(HOME, "first");
    assert.deepEqual(place.files.replicas(HOME), []);
    assert.deepEqual(place.files.replicas(AWAY), []);
    const { served_by_primary, served_by_region } = await place.one(AWAY, "first", READ);
    assert.deepEqual([served_by_primary, served_by_region], [true, HOME.toUpperCase()]);
    for (const way of WAYS) {
      const { rows, served_by_region } = await place.near(AWAY, "first", { way });
      assert.deepEqual([rows, served_by_region], [[{ n: 1 }], AWAY.toUpperCase()]);
    }
    const whole = await until("the region's replica is whole", async () => {
      const info = await place.info(id);
      return info.bookmark !== null && info;
    });
    assert.equal(whole.snapshots, 0);
    assert.equal(place.files.replicas(AWAY).length, 1);
    assert.deepEqual(place.files.replicas(HOME), []);
  });

  // By its age it is known from one that the primary was asked for.
  test("takes no part in transactions, and its region sees them afterwards", async () => {
    const id = await place.create("transactions");
    await place.follow(id, "transactions");
    for (const [i, way] of WAYS.entries()) {
      const n = 10 + i;
      const insert = `INSERT INTO t (n) VALUES (${n})`;
      const steps = [{ sql: READ }, { transaction: [READ, insert, READ] }, { sql: READ }];
      const [before, within, behind] = await place.run(AWAY, { way, name: "transactions", steps });
      assert.equal(before.error ?? within.error ?? behind.error, undefined);
      assert.equal(within.served_by_primary, true);
      assert.deepEqual([within.rows, behind.rows], [[{ n }], [{ n }]]);
      const session = "first-unconstrained";
      const again = [{ transaction: [READ] }];
      const [read] = await place.run(AWAY, { way, name: "transactions", session, steps: again });
      assert.deepEqual([read.rows, read.served_by_primary], [[{ n }], true]);
      assert.ok(read.bookmark, "the session has seen it");
    }
    await place.near(AWAY, "transactions");
  });

  test("gives isolates the part of its snapshot that it is about to get", async () => {
    const id = await place.create("shared");
    const home = `database=${id}&region=${AWAY}&hint=${HOME}&jurisdiction=`;
    const [part, none] = await Promise.all(
      [1_000, 1].map((size_max) => {
        const path = `/pages?${home}&age_ms_max=1000&least=&first=1&size_max=${size_max}`;
        return place.call({ kind: "replica", region: AWAY, object: `${id}/${AWAY}`, path });
      }),
    );
    for (const { status, bookmark, age_ms } of [part, none]) {
      assert.deepEqual([status, bookmark], [200, part.bookmark]);
      assert.ok(age_ms >= FAR_MS - ROUNDING_MS, `${age_ms} ms`);
    }
    assert.ok(part.bytes > 0);
    assert.equal(none.bytes, undefined);
    await until("it is whole", async () => (await place.info(id)).bookmark === part.bookmark);
  });

  test("is pushed what is written at home, without asking", async () => {
    const id = await place.create("pushed");
    const before = await place.follow(id, "pushed");
    for (let n = 2; n < 6; n++) {
      const { bookmark } = await place.write(HOME, "pushed", n);
      assert.ok(bookmark > before.bookmark);
      await until("the push", async () => (await place.info(id)).bookmark >= bookmark, 3_000);
    }
    // A push confirms no time: nobody has asked since.
    assert.ok((await place.info(id)).age_ms > before.age_ms);
  });

  // A replica that is not whole cannot take a push, so its subscription begins with what it asks then.
  test("is pushed to from its snapshot on", async () => {
    const id = await place.create("early");
    await place.near(AWAY, "early");
    await until("it is whole", async () => (await place.info(id)).bookmark !== null);
    await sleep(200);
    const { bookmark } = await place.write(HOME, "early", 2);
    await until("the push", async () => (await place.info(id)).bookmark >= bookmark, 1_000);
  });

  // SQLite must not find the first page, read anew, to be of a larger database than it had opened: of
  // a replica whose first read since its snapshot is followed by a commit that adds a page.
  test("keeps what it has when a commit makes it larger", async () => {
    const id = await place.create("larger");
    await place.near(AWAY, "larger");
    await until("it is whole", async () => (await place.info(id)).bookmark !== null);
    await place.near(AWAY, "larger", { way: "service" });
    const created = await place.one(HOME, "larger", "CREATE TABLE u (a)", {
      session: "first-primary",
    });
    const { rows } = await place.one(AWAY, "larger", "SELECT count(*) AS n FROM u", {
      session: created.bookmark,
    });
    assert.deepEqual(rows, [{ n: 0 }]);
    assert.equal((await place.info(id)).snapshots, 0);
  });

  // A small restore is a commit like others; a large one is not in the log, and a snapshot brings it.
  for (const [name, rows] of [["restored", 10], ["rebuilt", 2_000]]) {
    test(`is brought to what was restored, ${rows} rows`, async () => {
      const id = await place.create(name);
      const fill = `WITH RECURSIVE x (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM x WHERE n < ${rows})
        INSERT INTO t (n) SELECT n FROM x`;
      await place.rest.query(name, fill);
      await place.rest.query(name, "ALTER TABLE t ADD COLUMN pad");
      await place.rest.query(name, "UPDATE t SET pad = randomblob(4000)");
      const { bookmark } = await place.follow(id, name);
      const sum = "SELECT count(*) AS count, sum(n) AS n, max(hex(substr(pad, 1, 8))) AS pad FROM t";
      const before = await place.one(AWAY, name, sum, { session: bookmark });
      await place.rest.query(name, "UPDATE t SET n = n + 1, pad = randomblob(4000)");
      const other = await place.one(HOME, name, sum, { session: "first-primary" });
      assert.notDeepEqual(other.rows, before.rows);
      const path = `/${name}/time_travel/restore?bookmark=${bookmark}`;
      const restored = await place.rest.result("POST", path);
      for (const way of WAYS) {
        const seen = await place.one(AWAY, name, sum, { way, session: restored.bookmark });
        assert.deepEqual([seen.error, seen.rows], [undefined, before.rows]);
        await until("it is answered nearby again", async () => {
          const near = await place.one(AWAY, name, sum, { way });
          assert.deepEqual([near.error, near.rows], [undefined, before.rows]);
          return near.served_by_primary === false;
        });
      }
      const { bookmark: at } = await until("the replica follows", async () => {
        const info = await place.info(id);
        return info.bookmark === restored.bookmark && info;
      });
      const { bookmark: next } = await place.write(HOME, name, 5_000);
      assert.ok(next > at);
      await until("the push", async () => (await place.info(id)).bookmark >= next, 3_000);
    });
  }

  test("forwards what only the primary may do, and shows it", async () => {
    await place.create("written");
    for (const way of WAYS) {
      await place.near(AWAY, "written", { way });
      const [ddl, written, disguised, batch, seen] = await place.run(AWAY, {
        way,
        name: "written",
        steps: [
          { sql: `CREATE TABLE ${way} (a)` },
          { sql: "INSERT INTO t (n) VALUES (50)" },
          { sql: "WITH x (n) AS (SELECT 51) INSERT INTO t (n) SELECT n FROM x RETURNING n" },
          { batch: [READ, `INSERT INTO ${way} VALUES (1)`, `SELECT count(*) AS n FROM ${way}`] },
          { sql: `SELECT (SELECT max(n) FROM t) AS n, (SELECT count(*) FROM ${way}) AS count` },
        ],
      });
      for (const { error, served_by_region } of [ddl, written, disguised, batch]) {
        assert.deepEqual([error, served_by_region], [undefined, HOME.toUpperCase()]);
      }
      assert.deepEqual([disguised.rows, batch.rows], [[{ n: 51 }], [{ n: 1 }]]);
      assert.deepEqual(seen.rows, [{ n: 51, count: 1 }]);
      assert.equal(seen.served_by_region, AWAY.toUpperCase());
    }
  });

  test("forwards them also when it is asked itself", async () => {
    const [{ uuid, primary_location_hint: hint }] = (await place.rest.result("GET", "")).filter(
      ({ name }) => name === "written",
    );
    const home = `database=${uuid}&region=${AWAY}&hint=${hint ?? HOME}&jurisdiction=`;
    const path = `/query?${home}&age_ms_max=1000&least=&resultsFormat=COMPACT`;
    const object = `${uuid}/${AWAY}`;
    for (const sql of ["INSERT INTO t (n) VALUES (60)", "CREATE TABLE direct (a)"]) {
      const body = JSON.stringify({ sql, params: [] });
      const asked = { kind: "replica", region: AWAY, object, path, body };
      const { status, text } = await place.call(asked);
      const { success, served } = JSON.parse(text);
      assert.deepEqual([status, success, served.served_by_primary], [200, true, true], text);
    }
    const { rows } = await place.one(HOME, "written", READ, { session: "first-primary" });
    assert.deepEqual(rows, [{ n: 60 }]);
  });

  test("without being told where its primary is, says so", async () => {
    const asked = { kind: "replica", region: AWAY, object: `nowhere/${AWAY}`, path: "/query?x" };
    const { status, text } = await place.call({ ...asked, body: '{"sql":"SELECT 1"}' });
    assert.equal(status, 500);
    assert.match(text, /A replica is told with each call where its primary is/);
  });

  test("an unknown database is told in every way and region", async () => {
    for (const region of [HOME, AWAY]) {
      for (const [way, name] of [["embedded", "nobody"], ["service", "other"]]) {
        const { error } = await place.one(region, name, READ, { way, options: { create: false } });
        assert.match(error, new RegExp(`No such database: ${name}`));
      }
    }
  });

  test("a bookmark that is none, another's or ahead is refused, and nothing answered", async () => {
    await place.create("marked");
    await place.create("other");
    const { bookmark } = await place.write(HOME, "marked", 2);
    const { bookmark: foreign } = await place.write(HOME, "other", 2);
    const future = bookmark.replace(/^(.{18})(.{8})/, (_, rest, txid) => {
      return rest + (Number.parseInt(txid, 16) + 1).toString(16).padStart(8, "0");
    });
    const refused = {
      "no bookmark": /invalid bookmark or constraint/,
      [bookmark.toUpperCase().replace("0", "A")]: /invalid bookmark or constraint/,
      [foreign]: /it is of another database/,
      [future]: /it is ahead of the database/,
    };
    for (const way of WAYS) {
      await place.near(AWAY, "marked", { way });
      for (const region of [HOME, AWAY]) {
        for (const [session, text] of Object.entries(refused)) {
          const outcome = await place.one(region, "marked", READ, { way, session });
          assert.match(`${outcome.error}`, text, `${way} in ${region}`);
          assert.equal(outcome.rows, undefined);
        }
        const { rows } = await place.one(region, "marked", READ, { way, session: bookmark });
        assert.deepEqual(rows, [{ n: 2 }]);
      }
    }
  });

  test("goes on from what it has stored after an eviction, its own or the primary's", async () => {
    const id = await place.create("kept");
    await place.follow(id, "kept");
    const caughtUp = (bookmark) => async () => (await place.info(id)).bookmark >= bookmark;
    let { bookmark } = await place.write(HOME, "kept", 2);
    await until("the push", caughtUp(bookmark));
    await place.evict("replica", AWAY, `${id}/${AWAY}`);
    // Nobody has asked it yet: what it tells it has kept.
    const kept = await place.info(id);
    assert.deepEqual([kept.bookmark, kept.snapshots], [bookmark, 0]);
    ({ bookmark } = await place.write(HOME, "kept", 3));
    const read = await place.one(AWAY, "kept", READ, { session: bookmark });
    assert.deepEqual(read.rows, [{ n: 3 }]);
    await place.evict("primary", HOME, id);
    ({ bookmark } = await place.write(HOME, "kept", 4));
    await until("a push of the primary that has started again", caughtUp(bookmark));
    assert.equal((await place.info(id)).snapshots, 0);
    for (const way of WAYS) {
      const { rows } = await place.one(AWAY, "kept", READ, { way, session: bookmark });
      assert.deepEqual(rows, [{ n: 4 }]);
    }
  });

  test("is deleted with its database, whose readers are told", async () => {
    const id = await place.create("gone");
    const options = { create: false };
    for (const way of WAYS) await place.near(AWAY, "gone", { way, options });
    await until("it is whole", async () => (await place.info(id)).bookmark !== null);
    await place.rest.result("DELETE", `/${id}`);
    assert.equal((await place.info(id)).bookmark, null);
    const end_ms = Date.now() + BOUND_MS;
    for (const way of WAYS) {
      const strict = { way, options: { ...options, max_staleness_ms: 0 } };
      for (const region of [HOME, AWAY]) {
        const { error } = await place.one(region, "gone", READ, strict);
        assert.match(`${error}`, /No such database: gone/, `${way} in ${region}`);
      }
    }
    await sleep(Math.max(0, end_ms - Date.now()));
    for (const way of WAYS) {
      for (const session of [undefined, "first-unconstrained"]) {
        const { error } = await place.one(AWAY, "gone", READ, { way, options, session });
        assert.match(`${error}`, /No such database: gone/, way);
      }
    }
    assert.equal((await place.info(id)).bookmark, null);
  });
});

describe("what lies in the objects' files", { concurrency: 1 }, () => {
  const place = new Place(["lapsed", "page", "log"]);
  const ids = {};
  const TEXT = "the text that a reader must get as it was written";
  const WIDE = `SELECT text FROM wide WHERE text IS NOT NULL`;

  /** Changes the file, of these, in which something is found. */
  function change(files, holds, how) {
    const found = files.filter((path) => ObjectFiles.open(path, holds));
    assert.equal(found.length, 1, `${found.length} of ${files.length} files`);
    ObjectFiles.open(found[0], how);
  }

  /** Another letter in the first row of a table whose bytes hold the text. */
  const damage = (table, key) => (database) => {
    const rows = database.prepare(`SELECT ${key} AS key, bytes FROM ${table}`).all();
    const at = (bytes) => Buffer.from(bytes).indexOf(TEXT);
    const { key: of, bytes } = rows.find(({ bytes }) => at(bytes) >= 0);
    bytes[at(bytes)] ^= 0x20;
    database.prepare(`UPDATE ${table} SET bytes = ? WHERE ${key} = ?`).run(bytes, of);
  };

  function isFollowed(database) {
    const exists = "SELECT count(*) AS n FROM sqlite_schema WHERE name = 'follower'";
    if (database.prepare(exists).get().n === 0) return false;
    const rows = "SELECT count(*) AS n FROM follower WHERE CAST(replica AS TEXT) LIKE ?";
    return database.prepare(rows).get(`%${ids.lapsed}%`).n === 1;
  }

  const holds = (table) => (database) => {
    const { n } = database
      .prepare("SELECT count(*) AS n FROM sqlite_schema WHERE name = ?")
      .get(table);
    const rows = n === 0 ? [] : database.prepare(`SELECT bytes FROM ${table}`).all();
    return rows.some(({ bytes }) => Buffer.from(bytes).indexOf(TEXT) >= 0);
  };

  before(async () => {
    await place.start();
    for (const name of ["lapsed", "page", "log"]) ids[name] = await place.create(name);
    const wide = "CREATE TABLE wide (text TEXT, n INTEGER)";
    const insert = `INSERT INTO wide VALUES ('${TEXT}', 1)`;
    // One is in the replica's snapshot, the other comes by a commit.
    await place.rest.query("page", `${wide}; ${insert}`);
    await place.rest.query("log", wide);
    for (const [name, id] of Object.entries(ids)) await place.follow(id, name);
    await place.rest.query("log", insert);
    await place.write(HOME, "log", 0);
    await until("both are there", async () => {
      const { bookmark } = await place.one(HOME, "log", READ, { session: "first-primary" });
      return (await place.info(ids.log)).bookmark >= bookmark;
    });
    await place.stop();
    const lapse = (database) => database.exec("UPDATE follower SET until_ms = 1");
    change(place.files.primaries(HOME), isFollowed, lapse);
    change(place.files.replicas(AWAY), holds("page"), damage("page", "number"));
    // Though it is compressed the text is there: nothing in it repeats.
    change(place.files.replicas(AWAY), holds("log"), damage("log", "id"));
    await place.start();
  });
  after(() => place.stop());

  test("without a subscription nothing is pushed, and the next read catches up", async () => {
    const { bookmark: before } = await place.info(ids.lapsed);
    const { bookmark } = await place.write(HOME, "lapsed", 2);
    await sleep(300);
    assert.equal((await place.info(ids.lapsed)).bookmark, before);
    const { rows, served_by_region } = await place.one(AWAY, "lapsed", READ);
    assert.deepEqual([rows, served_by_region], [[{ n: 2 }], AWAY.toUpperCase()]);
    assert.equal((await place.info(ids.lapsed)).bookmark, bookmark);
    const next = await place.write(HOME, "lapsed", 3);
    await until("a push, now that it follows again", async () => {
      return (await place.info(ids.lapsed)).bookmark >= next.bookmark;
    });
  });

  test("a damaged page that no commit changes is noticed", async () => {
    for (const way of WAYS) {
      const { rows } = await place.one(AWAY, "page", WIDE, { way });
      assert.deepEqual(rows, [{ text: TEXT }], way);
    }
  });

  test("after a damaged page the replica is whole again, and follows", async () => {
    await place.one(HOME, "page", "UPDATE wide SET n = n + 1");
    const { bookmark } = await place.write(HOME, "page", 2);
    for (const way of WAYS) {
      const { rows, error } = await place.one(AWAY, "page", WIDE, { way, session: bookmark });
      assert.deepEqual([rows, error], [[{ text: TEXT }], undefined], way);
    }
    const { snapshots, bookmark: at } = await until("it is whole again", async () => {
      const info = await place.info(ids.page);
      return info.bookmark >= bookmark && info;
    });
    assert.ok(snapshots > 0 && at >= bookmark);
    const { rows } = await place.near(AWAY, "page", { session: bookmark });
    assert.deepEqual(rows, [{ n: 2 }]);
  });

  test("a damaged commit in the log is noticed as it is read", async () => {
    for (const way of WAYS) {
      const { rows, error } = await place.one(AWAY, "log", WIDE, { way });
      assert.deepEqual([rows, error], [[{ text: TEXT }], undefined], way);
    }
    await place.one(HOME, "log", "UPDATE wide SET n = n + 1");
    const { bookmark } = await place.write(HOME, "log", 2);
    for (const way of WAYS) {
      const { rows, error } = await place.one(AWAY, "log", WIDE, { way, session: bookmark });
      assert.deepEqual([rows, error], [[{ text: TEXT }], undefined], way);
    }
  });
});

describe("an isolate's budget", { concurrency: 1 }, () => {
  // Each open database counts for half a megabyte besides its pages: there is room for two.
  const BUDGET = { ISOLITE_EMBEDDED_BYTES_MAX: 1_400_000 };
  const place = new Place([], BUDGET);
  before(() => place.start());
  after(() => place.stop());

  /** Reads, and says whether no object was asked. */
  async function inMemory(name) {
    const steps = Array.from({ length: 3 }, () => ({ sql: READ, pause_ms: 5 }));
    const outcomes = await place.run(AWAY, { name, steps });
    for (const { error, served_by_region } of outcomes) {
      assert.deepEqual([error, served_by_region], [undefined, AWAY.toUpperCase()]);
    }
    return Math.min(...outcomes.map(({ ms }) => ms)) < NEAR_MS / 2;
  }

  const loaded = (name) => until(`${name} is in memory`, () => inMemory(name));

  test("a database that is too large for it is answered by the region's replica", async () => {
    const id = await place.create("large");
    const blobs = `CREATE TABLE blob AS WITH RECURSIVE c (x) AS
      (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 400)
      SELECT x, randomblob(4000) AS b FROM c`;
    await place.rest.query("large", blobs);
    await place.near(AWAY, "large");
    await until("it is whole", async () => (await place.info(id)).bookmark !== null);
    await place.near(AWAY, "large");
    for (let i = 0; i < 5; i++) {
      assert.equal(await inMemory("large"), false);
      await sleep(50);
    }
    const { bookmark } = await place.write(AWAY, "large", 2);
    const { rows } = await place.one(AWAY, "large", READ, { session: bookmark });
    assert.deepEqual(rows, [{ n: 2 }]);
  });

  test("of several the one that was not read for longest goes", async () => {
    const names = ["a", "b", "c"];
    for (const name of names) {
      await place.create(name);
      await place.near(AWAY, name);
    }
    for (const name of names) await loaded(name);
    assert.deepEqual([await inMemory("b"), await inMemory("c")], [true, true]);
    // What was let go still knows what it has shown.
    const { bookmark } = await place.write(AWAY, "a", 2);
    const { rows } = await place.one(AWAY, "a", READ, { session: bookmark });
    assert.deepEqual(rows, [{ n: 2 }]);
    await loaded("a");
    assert.equal(await inMemory("c"), true);
    assert.equal(await inMemory("a"), true);
  });
});
