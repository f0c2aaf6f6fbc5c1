// Aim: what is set of a database holds, wherever it is read; and a deletion is at once, can be undone
// while its grace lasts, and leaves nothing afterwards, whatever crash comes in between.
// Method: REST over plain workerd, which is killed and started again on the same storage; for what
// reads elsewhere follow, two regions with an app in each. Seconds stand for the hours of the grace.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { RoundTrips } from "../scripts/regions/round_trips.mjs";
import { ObjectFiles } from "./support/object_files.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { Regions } from "./support/regions.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const HOUR_MS = 3_600_000;
const GRACE_MS = 2_500;

async function until(what, probe, timeout_ms = 20_000) {
  const end_ms = Date.now() + timeout_ms;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > end_ms) throw new Error(`${what}: not in ${timeout_ms} ms`);
    await sleep(50);
  }
}

/** A request that has to be refused; its status and the error. */
async function refusal(rest, ...request) {
  const { status, envelope } = await rest.request(...request);
  assert.equal(envelope.success, false, JSON.stringify(envelope));
  return { status, ...envelope.errors[0] };
}

const names = async (rest, query) =>
  (await rest.result("GET", query)).map(({ name }) => name).sort();

let server;
let rest;
before(async () => {
  server = await PlainWorkerd.start(await bundle(), {
    state: temporaryDirectory("directory"), token: TOKEN,
  });
  rest = new RestClient(server.origin, TOKEN);
});
after(() => server?.crash());

describe("settings", () => {
  const of = async (name) => {
    const {
      read_replication, max_staleness_ms, retention_days, history_bytes_max, limits,
    } = await rest.result("GET", `/${name}`);
    return { read_replication, max_staleness_ms, retention_days, history_bytes_max, limits };
  };
  const none = {
    read_replication: { mode: "auto" }, max_staleness_ms: undefined, retention_days: undefined,
    history_bytes_max: undefined, limits: undefined,
  };

  test("PATCH changes what it names, PUT everything, and null sets a default again", async () => {
    await rest.create("set");
    assert.deepEqual(await of("set"), none);
    const first = { read_replication: { mode: "disabled" }, max_staleness_ms: 250 };
    const told = await rest.result("PATCH", "/set", first);
    assert.partialDeepStrictEqual(told, { name: "set", ...first });
    await rest.result("PATCH", "/set", { retention_days: 7, limits: { params_max: 5 } });
    const all = { ...none, ...first, retention_days: 7, limits: { params_max: 5 } };
    assert.deepEqual(await of("set"), all);
    await rest.result("PATCH", "/set", { max_staleness_ms: null, limits: { params_max: null } });
    assert.deepEqual(await of("set"), { ...all, max_staleness_ms: undefined, limits: undefined });
    await rest.result("PUT", "/set", { history_bytes_max: 1_000_000 });
    assert.deepEqual(await of("set"), { ...none, history_bytes_max: 1_000_000 });
  });

  test("wrong values are told, and change nothing", async () => {
    await rest.create("wrong");
    await rest.result("PATCH", "/wrong", { retention_days: 3 });
    for (const [body, told] of [
      [{ read_replication: { mode: "on" } }, /\{"mode": "auto"\} or \{"mode": "disabled"\}/],
      [{ retention_days: 1, max_staleness_ms: -1 }, /max_staleness_ms is -1: set it to a whole/],
      [{ limits: { steps_max: 999_999_999_999_999 } }, /limits\.steps_max is .* the limit of this/],
      [{ limits: { heap_bytes_max: 5_000_000 } }, /limits\.heap_bytes_max is no limit of a data/],
      [{ retentionDays: 1 }, /Unknown setting 'retentionDays'/],
      ["x", /The body must be an object of settings/],
    ]) {
      for (const method of ["PUT", "PATCH"]) {
        const { status, code, message } = await refusal(rest, method, "/wrong", body);
        assert.deepEqual([status, code], [400, 7400]);
        assert.match(message, told);
      }
    }
    assert.deepEqual(await of("wrong"), { ...none, retention_days: 3 });
    assert.equal((await refusal(rest, "PATCH", "/nobody", {})).status, 404);
  });

  test("keys are shown in one form, and are public ones", async () => {
    await rest.create("keyed");
    const key = "ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ";
    const der = "MCowBQYDK2VwAyEAebVWLo/mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ=";
    const pem = `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`;
    const told = await rest.result("PATCH", "/keyed", { jwt_key: `${pem}${key}=` });
    assert.equal(told.jwt_key, `${key} ${key}`);
    await rest.result("PATCH", "/keyed", { jwt_key: key, retention_days: 3 });
    assert.partialDeepStrictEqual(await rest.result("GET", "/keyed"), { jwt_key: key });
    const secret = "MC4CAQAwBQYDK2VwBCIEIAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8g";
    for (const [jwt_key, why] of [
      [`-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----`, /it is a private key/],
      [secret, /it has 48 bytes instead of 32/],
      [32, /jwt_key must be a text/],
    ]) {
      const { status, message } = await refusal(rest, "PATCH", "/keyed", { jwt_key });
      assert.equal(status, 400);
      assert.match(message, why);
      assert.ok(!message.includes(secret));
    }
    await rest.result("PATCH", "/keyed", { jwt_key: null });
    assert.deepEqual(await of("keyed"), { ...none, retention_days: 3 });
    assert.equal((await rest.result("GET", "/keyed")).jwt_key, undefined);
  });

  test("a database has lower limits than others, from its first query on", async () => {
    await rest.result("POST", "", { name: "narrow", limits: { params_max: 2 } });
    const [sql, params] = ["SELECT ?, ?, ?", [1, 2, 3]];
    const refused = () => refusal(rest, "POST", "/narrow/query", { sql, params });
    assert.match((await refused()).message, /too many SQL variables/);
    await rest.result("PATCH", "/narrow", { limits: { params_max: 3 } });
    assert.equal((await rest.query("narrow", sql, params)).length, 1);
    await rest.result("PATCH", "/narrow", { limits: { params_max: 1 } });
    assert.match((await refused()).message, /too many SQL variables/);
  });

  test("a database can be created with settings, and not with wrong ones", async () => {
    const read_replication = { mode: "disabled" };
    await rest.result("POST", "", { name: "born", read_replication, max_staleness_ms: 5 });
    assert.deepEqual(await of("born"), { ...none, read_replication, max_staleness_ms: 5 });
    const { status } = await refusal(rest, "POST", "", { name: "unborn", retention_days: "x" });
    assert.equal(status, 400);
    assert.deepEqual(await names(rest, "?name=unborn"), []);
  });
});

describe("a deletion", () => {
  test("is at once, and is undone with all that was there", async () => {
    const { uuid } = await rest.create("undone");
    await rest.query("undone", "CREATE TABLE t (a); INSERT INTO t VALUES (7)");
    await rest.result("PATCH", "/undone", { retention_days: 9 });
    await rest.result("DELETE", "/undone");
    for (const [method, path, body] of [
      ["GET", "/undone"],
      ["GET", `/${uuid}`],
      ["POST", `/${uuid}/query`, { sql: "SELECT 1" }],
      ["PATCH", `/${uuid}`, {}],
      ["DELETE", `/${uuid}`],
    ]) {
      assert.equal((await refusal(rest, method, path, body)).status, 404, `${method} ${path}`);
    }
    assert.deepEqual(await names(rest, "?name=undone"), []);
    const [listed] = await rest.result("GET", "?deleted=true&name=undone");
    assert.equal(listed.uuid, uuid);
    const grace_ms = Date.parse(listed.purge_at) - Date.parse(listed.deleted_at);
    assert.ok(Math.abs(grace_ms - 168 * HOUR_MS) < 1_000, `${grace_ms} ms`);

    const restored = await rest.result("POST", `/${uuid}/undelete`);
    assert.partialDeepStrictEqual(restored, { uuid, name: "undone", retention_days: 9 });
    assert.equal(restored.deleted_at, undefined);
    assert.deepEqual(await rest.query("undone", "SELECT a FROM t"), [{ a: 7 }]);
    assert.deepEqual(await names(rest, "?deleted=true&name=undone"), []);
    assert.equal((await refusal(rest, "POST", `/${uuid}/undelete`)).status, 404);
  });

  test("leaves the name free: what it is restored under is told or chosen", async () => {
    const first = await rest.create("again");
    await rest.query("again", "CREATE TABLE first (a)");
    await rest.result("DELETE", "/again");
    const second = await rest.create("again");
    assert.notEqual(second.uuid, first.uuid);
    const path = `/${first.uuid}/undelete`;
    const { status, code, message } = await refusal(rest, "POST", path);
    assert.deepEqual([status, code], [400, 7502]);
    assert.match(message, /name again has been created meanwhile: restore this one under another/);
    assert.equal((await refusal(rest, "POST", path, { name: "no such" })).code, 7400);
    assert.equal((await refusal(rest, "POST", `/${first.uuid}/query`, { sql: "x" })).status, 404);

    assert.equal((await rest.result("POST", path, { name: "before" })).name, "before");
    const tables = "SELECT name FROM sqlite_schema";
    assert.deepEqual(await rest.query("before", tables), [{ name: "first" }]);
    assert.deepEqual(await rest.query("again", tables), []);
  });

  test("with purge cannot be undone, of one that was deleted before either", async () => {
    for (const earlier of [false, true]) {
      const { uuid } = await rest.create("purged");
      if (earlier) await rest.result("DELETE", `/${uuid}`);
      await rest.result("DELETE", `/${uuid}?purge=true`);
      assert.equal((await refusal(rest, "POST", `/${uuid}/undelete`)).status, 404);
      assert.deepEqual(await names(rest, "?deleted=true&name=purged"), []);
    }
  });

  test("undone many times at once is undone once", async () => {
    const { uuid } = await rest.create("raced");
    await rest.result("DELETE", `/${uuid}`);
    const attempts = Array.from({ length: 8 }, () => rest.request("POST", `/${uuid}/undelete`));
    const statuses = (await Promise.all(attempts)).map(({ status }) => status).sort();
    assert.deepEqual(statuses, [200, ...Array(7).fill(404)]);
  });
});

describe("the grace of a deletion", { concurrency: 1 }, () => {
  const state = temporaryDirectory("grace");
  let configuration;
  before(async () => {
    configuration = await bundle({
      vars: { ISOLITE_DELETION_GRACE_HOURS: String(GRACE_MS / HOUR_MS) },
    });
  });

  async function start() {
    const short = await PlainWorkerd.start(configuration, { state, token: TOKEN });
    return [short, new RestClient(short.origin, TOKEN)];
  }

  test("ends by itself, and then nothing is left", async () => {
    const [short, client] = await start();
    try {
      const { uuid } = await client.create("short");
      await client.query("short", "CREATE TABLE t (a)");
      await client.result("DELETE", "/short");
      assert.deepEqual(await names(client, "?deleted=true"), ["short"]);
      await until("it is wiped", async () => (await names(client, "?deleted=true")).length === 0);
      assert.equal((await refusal(client, "POST", `/${uuid}/undelete`)).status, 404);
    } finally {
      await short.crash();
    }
    const files = new ObjectFiles(state);
    const tables = (path) => ObjectFiles.open(path, (it) =>
      it.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all());
    const left = files.plain("IsolitePrimary").flatMap(tables).map(({ name }) => name);
    assert.ok(left.includes("deleted"), left.join());
    assert.ok(!left.some((name) => ["log", "page", "meta"].includes(name)), left.join());
  });

  test("outlives crashes at any step, and then either state is whole", async () => {
    let found = { deleted: 0, live: 0 };
    for (let round = 0; round < 10; round++) {
      const [before, client] = await start();
      const name = `crash-${round}`;
      const { uuid } = await client.create(name);
      await client.query(name, `CREATE TABLE t (a); INSERT INTO t VALUES (${round})`);
      const sent = client.request("DELETE", `/${uuid}`).catch(() => undefined);
      await sleep(round * 4);
      await before.crash();
      await sent;

      const [again, other] = await start();
      try {
        const [deleted] = await other.result("GET", `?deleted=true&name=${name}`);
        if (deleted !== undefined) {
          found.deleted++;
          await other.result("POST", `/${uuid}/undelete`);
        } else {
          found.live++;
        }
        assert.deepEqual(await other.query(name, "SELECT a FROM t"), [{ a: round }]);
        await other.result("DELETE", `/${uuid}`);
        await until(`${name} is wiped`, async () =>
          (await names(other, `?deleted=true&name=${name}`)).length === 0);
        assert.equal((await refusal(other, "GET", `/${uuid}`)).status, 404);
      } finally {
        await again.crash();
      }
    }
    console.log(`# of 10 crashes ${found.deleted} came after the row was marked`);
  });

  test("a crash while it ends wipes all the same", { timeout: 180_000 }, async () => {
    const [first, client] = await start();
    const ids = [];
    for (let i = 0; i < 5; i++) {
      ids.push((await client.create(`end-${i}`)).uuid);
      await client.query(`end-${i}`, "CREATE TABLE t (a)");
      await client.result("DELETE", `/end-${i}`);
    }
    // Wherever it is then: some are wiped, some are not, one may be half way.
    await sleep(GRACE_MS - 60);
    await first.crash();
    const [second, other] = await start();
    try {
      await until("all are wiped", async () =>
        (await names(other, "?deleted=true&name=end-")).length === 0, 150_000);
      for (const id of ids) assert.equal((await refusal(other, "GET", `/${id}`)).status, 404);
    } finally {
      await second.crash();
    }
  });
});

describe("a creation from a template", () => {
  test("is whole or has not happened, whatever crash comes in between", async () => {
    const configuration = await bundle();
    const state = temporaryDirectory("template");
    const start = async () => {
      const server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
      return [server, new RestClient(server.origin, TOKEN)];
    };
    const [first, client] = await start();
    await client.create("base");
    await client.query("base", "CREATE TABLE one (a); CREATE TABLE two (a); CREATE INDEX i ON two (a)");
    await first.crash();
    for (let round = 0; round < 4; round++) {
      const [before, busy] = await start();
      const made = Array.from({ length: 20 }, (_, i) => {
        const body = { name: `made-${round}-${i}`, template: "base" };
        return busy.request("POST", "", body).catch(() => undefined);
      });
      await sleep(20 + round * 30);
      await before.crash();
      const acknowledged = (await Promise.all(made)).filter((each) => each?.status === 200);
      const [again, other] = await start();
      try {
        const listed = await names(other, `?name=made-${round}-`);
        for (const { envelope } of acknowledged) assert.ok(listed.includes(envelope.result.name));
        for (const name of listed) {
          const [{ n }] = await other.query(name, "SELECT count(*) AS n FROM sqlite_schema");
          assert.equal(n, 3, name);
        }
        // What was half made holds no name.
        for (let i = 0; i < 20; i++) {
          const name = `made-${round}-${i}`;
          if (!listed.includes(name)) await other.result("POST", "", { name, template: "base" });
        }
      } finally {
        await again.crash();
      }
    }
  });
});

describe("read replication disabled", { concurrency: 1 }, () => {
  const [HOME, AWAY] = ["enam", "apac"];
  const READ = "SELECT max(n) AS n FROM t";
  const state = temporaryDirectory("replication");
  const files = new ObjectFiles(state);
  let regions;
  let client;
  let uuid;

  async function read(region, more = {}) {
    const asked = { name: "modes", steps: [{ sql: READ }], options: { create: false }, ...more };
    const response = await regions.fetch(region, "/run", {
      method: "POST", body: JSON.stringify(asked),
    });
    const [outcome] = await response.json();
    assert.equal(outcome.error, undefined);
    return outcome;
  }

  const near = (region, more) =>
    until(`a read near ${region}`, async () => (await read(region, more)).served_by_primary === false);

  before(async () => {
    const app = {
      main: "tests/workers/regions/steps.mjs", databases: { modes: { database: "modes" } },
      flags: ["unsafe_module"],
    };
    const roundTrips = RoundTrips.realistic;
    regions = await Regions.start({ regions: [HOME, AWAY], roundTrips, app, state });
    client = new RestClient(regions.origin(HOME), TOKEN);
    ({ uuid } = await client.create("modes"));
    await client.query("modes", "CREATE TABLE t (n); INSERT INTO t VALUES (1)");
  });
  after(() => regions?.stop());

  test("no reader is answered by a replica, once its bound is over", async () => {
    for (const way of ["embedded", "service"]) {
      for (const region of [HOME, AWAY]) await near(region, { way });
    }
    await client.result("PATCH", "/modes", { read_replication: { mode: "disabled" } });
    await sleep(1_000);
    for (const way of ["embedded", "service"]) {
      for (const region of [HOME, AWAY]) {
        for (const options of [{ create: false }, { create: false, max_staleness_ms: 60_000 }]) {
          // One more may come from memory with a longer bound; it finds out in the background.
          if (options.max_staleness_ms) await until(`${way} in ${region}`, async () =>
            (await read(region, { way, options })).served_by_primary);
          for (let i = 0; i < 5; i++) {
            const { served_by_primary } = await read(region, { way, options });
            assert.equal(served_by_primary, true, `${way} in ${region}`);
          }
        }
        const session = "first-unconstrained";
        assert.equal((await read(region, { way, session })).served_by_primary, true);
      }
    }
    const object = `${uuid}/${AWAY}`;
    const info = await regions.fetch(HOME, "/call", {
      method: "POST",
      body: JSON.stringify({ kind: "replica", region: AWAY, object, path: "/info" }),
    });
    assert.equal(JSON.parse((await info.json()).text).bookmark, null);
    assert.equal(files.replicas(AWAY).length, 1);
  });

  test("and are again once it is set back", async () => {
    await client.result("PATCH", "/modes", { read_replication: { mode: "auto" } });
    for (const way of ["embedded", "service"]) {
      for (const region of [HOME, AWAY]) await near(region, { way });
    }
  });

  test("the database's own bound holds where a handle does not say", async () => {
    await client.result("PATCH", "/modes", { max_staleness_ms: 0 });
    await sleep(1_000);
    for (const way of ["embedded", "service"]) {
      assert.equal((await read(HOME, { way })).served_by_primary, true);
      await near(HOME, { way, options: { create: false, max_staleness_ms: 1_000 } });
      assert.equal((await read(HOME, { way })).served_by_primary, true);
    }
  });
});
