// Aim: a database can be brought back to what it was, looked at as it was, and forked as it was; and no
// way back is lost by going one.
// Method: one running Worker; a counter that is written again and again, with the bookmark and the time of
// each write taken down, and then restores, forks and queries to all of them.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, wrangler, WranglerDev } from "./support/wrangler.mjs";

let worker;
let rest;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.stop());

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

async function bookmarkOf(database, timestamp) {
  const query = timestamp === undefined ? "" : `?timestamp=${encodeURIComponent(timestamp)}`;
  const { bookmark } = await rest.result("GET", `/${database}/time_travel/bookmark${query}`);
  assert.match(bookmark, BOOKMARK);
  return bookmark;
}

const restore = (database, query) =>
  rest.result("POST", `/${database}/time_travel/restore?${new URLSearchParams(query)}`);

const read = async (database, query = "") => {
  const [{ results }] = await rest.result("POST", `/${database}/query${query}`, { sql: "SELECT n FROM t" });
  return results[0]?.n;
};

/** What was written, with bookmark and time after each. */
async function counted(database, to) {
  await rest.create(database);
  await rest.query(database, "CREATE TABLE t (n); INSERT INTO t VALUES (0)");
  const steps = [];
  for (let n = 1; n <= to; n++) {
    await rest.query(database, "UPDATE t SET n = ?", [n]);
    await sleep(30);
    steps.push({ n, bookmark: await bookmarkOf(database), time: new Date().toISOString() });
    await sleep(30);
  }
  return steps;
}

describe("restore", () => {
  test("to each bookmark, and back", async () => {
    const steps = await counted("restored", 4);
    for (const { n, bookmark } of [steps[1], steps[3], steps[0], steps[2]]) {
      const before = await read("restored");
      const { previous_bookmark, bookmark: now } = await restore("restored", { bookmark });
      assert.equal(await read("restored"), n);
      assert.ok(now > bookmark, "a restore is a commit of its own");
      await restore("restored", { bookmark: previous_bookmark });
      assert.equal(await read("restored"), before);
    }
    await rest.query("restored", "UPDATE t SET n = 99");
    assert.equal(await read("restored"), 99);
  });

  test("to a time", async () => {
    const steps = await counted("timed", 3);
    for (const { n, time, bookmark } of steps) {
      assert.equal(await bookmarkOf("timed", time), bookmark);
      await restore("timed", { timestamp: time });
      assert.equal(await read("timed"), n);
    }
  });

  test("not to the future, nor to before there was anything, nor to nonsense", async () => {
    await counted("bounded", 1);
    for (const timestamp of ["2099-01-01T00:00:00Z", "2001-01-01T00:00:00Z", "soon"]) {
      const query = `?timestamp=${encodeURIComponent(timestamp)}`;
      const { status } = await rest.request("GET", `/bounded/time_travel/bookmark${query}`);
      assert.equal(status, 400, timestamp);
    }
    for (const bookmark of ["nonsense", "ffffffff-ffffffff-ffffffff-00000000000000000000000000000000"]) {
      const query = `?bookmark=${bookmark}`;
      const { status } = await rest.request("POST", `/bounded/time_travel/restore${query}`);
      assert.equal(status, 400, bookmark);
    }
    assert.equal(await read("bounded"), 1);
  });

  test("by the stock wrangler", async () => {
    const [first] = await counted("wrangled", 2);
    const { status, output } = await wrangler(
      ["d1", "time-travel", "restore", "wrangled", "--bookmark", first.bookmark, "--json"],
      {
        cwd: temporaryDirectory("client"),
        env: {
          CLOUDFLARE_API_BASE_URL: `${worker.origin}/client/v4`,
          CLOUDFLARE_API_TOKEN: TOKEN,
          CLOUDFLARE_ACCOUNT_ID: "an-account",
        },
      },
    );
    assert.equal(status, 0, output);
    assert.match(JSON.parse(output).previous_bookmark, BOOKMARK);
    assert.equal(await read("wrangled"), 1);
  });
});

describe("as it was", () => {
  test("a query as of each bookmark, which writes nothing", async () => {
    const steps = await counted("looked-back", 3);
    for (const { n, bookmark } of steps) {
      assert.equal(await read("looked-back", `?as_of=${bookmark}`), n);
    }
    const path = `/looked-back/query?as_of=${steps[0].bookmark}`;
    const { status } = await rest.request("POST", path, { sql: "UPDATE t SET n = 0" });
    assert.equal(status, 400);
    assert.equal(await read("looked-back"), 3);
  });

  test("an export of a bookmark", async () => {
    const [first] = await counted("exported-back", 2);
    const path = `/exported-back/export?format=sql&at=${first.bookmark}`;
    const { text } = await rest.request("GET", path);
    assert.match(text, /INSERT INTO "t".*VALUES\(1,1/);
  });
});

describe("fork", () => {
  test("of now, of a bookmark and of a time; neither then changes the other", async () => {
    const steps = await counted("forked", 3);
    const [first, second] = steps;
    for (const [name, at, n] of [
      ["fork-now", {}, 3],
      ["fork-bookmark", { bookmark: first.bookmark }, 1],
      ["fork-time", { timestamp: second.time }, 2],
    ]) {
      const fork = await rest.result("POST", "/forked/fork", { name, ...at });
      assert.equal(fork.name, name);
      assert.equal(await read(name), n);
      await rest.query(name, "UPDATE t SET n = 50");
      assert.equal(await read("forked"), 3);
    }
    await rest.query("forked", "UPDATE t SET n = 60");
    assert.equal(await read("fork-now"), 50);
  });

  test("one that cannot be leaves no database", async () => {
    await counted("unforked", 1);
    const body = { name: "never", bookmark: "nonsense" };
    const { status } = await rest.request("POST", "/unforked/fork", body);
    assert.equal(status, 400);
    assert.equal((await rest.request("GET", "/never")).status, 404);
  });
});

describe("what is no longer kept", () => {
  const large = "UPDATE large SET a = randomblob(1000000)";

  test("is refused with the oldest bookmark that is, and what is kept stays", async () => {
    const [first] = await counted("short", 1);
    await rest.query("short", "CREATE TABLE large (a); INSERT INTO large VALUES (1), (2), (3), (4), (5)");
    const tell = () => rest.request("GET", `/short/time_travel/bookmark?timestamp=${first.time}`);
    for (let i = 0; i < 3; i++) await rest.query("short", large);
    assert.equal((await tell()).status, 200);

    await rest.result("PATCH", "/short", { retention_days: 0 });
    let told;
    for (let i = 0; i < 20 && told?.status !== 400; i++) {
      await rest.query("short", large);
      await sleep(100);
      told = await tell();
    }
    // What is due to go goes a step at a time.
    await sleep(1_000);
    told = await tell();
    assert.equal(told.status, 400);
    const { message } = told.envelope.errors[0];
    const [, oldest] = message.match(/^that is older than what is kept: the oldest bookmark is (\S+), of /);
    const gone = await rest.request("POST", `/short/query?as_of=${first.bookmark}`, { sql: "SELECT n FROM t" });
    assert.deepEqual([gone.status, gone.envelope.errors[0].message.slice(0, 36)], [400, message.slice(0, 36)]);
    assert.equal((await rest.request("POST", `/short/time_travel/restore?bookmark=${first.bookmark}`)).status, 400);
    assert.equal(await read("short", `?as_of=${oldest}`), 1);
    assert.equal(await read("short"), 1);
  });

  test("stays as long as somebody reads there", async () => {
    const [first] = await counted("held", 1);
    await rest.query("held", "CREATE TABLE large (a); INSERT INTO large VALUES (1), (2), (3), (4), (5)");
    await rest.result("PATCH", "/held", { retention_days: 0 });
    const before = await rest.result("POST", "/held/export", { output_format: "polling" });
    for (let i = 0; i < 6; i++) await rest.query("held", large);
    const text = await (await fetch(before.result.signed_url)).text();
    assert.match(text, /CREATE TABLE large \(a\);[^]*INSERT INTO "large"/);
    assert.ok(text.length < 10_000, `${text.length} bytes`);
    assert.ok(before.at_bookmark > first.bookmark);
  });
});
