// Aim: the log has one line of JSON for each request that is to be logged, by whichever door it came, with
// what is wanted of it; and nobody learns a token from it, nor a value unless that is set.
// Method: the Isolite Worker with each setting, asked over REST, Hrana and a service binding; the lines
// are read from its output.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { createClient } from "@libsql/client";

import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { isoliteConfiguration, TOKEN, WranglerDev } from "./support/wrangler.mjs";

const SECRET = "a-value-that-nobody-may-read";
const LINE = /\{"message":"isolite request".*\}/g;
const ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

const linesOf = (log) => (log.match(LINE) ?? []).map((line) => JSON.parse(line));

/** The lines of what `work` does, once there are so many and no more come. */
async function lines(server, count, work) {
  const before = linesOf(server.log).length;
  await work();
  const end_ms = Date.now() + 5_000;
  while (linesOf(server.log).length < before + count && Date.now() < end_ms) await sleep(20);
  await sleep(100);
  const found = linesOf(server.log).slice(before);
  assert.equal(found.length, count, JSON.stringify(found));
  return found;
}

/** Serves with these variables, and a database with a table. */
function serving(vars) {
  const place = {};
  before(async () => {
    const configuration = await bundle({ vars: { ISOLITE_REGION: "weur", ...vars } });
    const state = temporaryDirectory("request-log");
    place.server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
    place.rest = new RestClient(place.server.origin, TOKEN);
    place.id = (await place.rest.create("logged")).uuid;
    await place.rest.query("logged", "CREATE TABLE t (a UNIQUE)");
    place.client = (authToken = TOKEN) =>
      createClient({ url: `${place.server.origin}/db/logged/`, authToken });
  });
  after(async () => {
    await place.server?.crash();
    assertNoCrash(place.server?.log ?? "");
    assert.ok(!place.server.log.includes(TOKEN));
  });
  return place;
}

describe("all requests", () => {
  const place = serving({ ISOLITE_LOG: "request" });

  test("over REST", async () => {
    const [line] = await lines(place.server, 1, () => {
      const sql = "INSERT INTO t VALUES (?), (?) RETURNING a";
      return place.rest.query("logged", sql, [SECRET, 2]);
    });
    const { request_id, bookmark, duration_ms, ...rest } = line;
    assert.deepEqual(rest, {
      message: "isolite request", door: "rest", kind: "query", method: "POST", database: "logged",
      database_id: place.id, region: "weur", status: 200, rows_read: rest.rows_read, rows_written: 4,
    });
    assert.match(request_id, ID);
    assert.match(bookmark, BOOKMARK);
    assert.ok(duration_ms >= 0);
    assert.ok(!place.server.log.includes(SECRET));
  });

  test("the platform's number of a request is that of its line", async () => {
    const [{ request_id, kind, database }] = await lines(place.server, 1, () => {
      return place.rest.request("GET", "/logged", undefined, { "cf-ray": "8c1f0a-AMS" });
    });
    assert.deepEqual([request_id, kind, database], ["8c1f0a-AMS", "get", "logged"]);
  });

  test("over REST, those that fail", async () => {
    const stranger = new RestClient(place.server.origin, "another-token");
    const [sql, missing, refused, nothing] = await lines(place.server, 4, async () => {
      await place.rest.request("POST", "/logged/query", { sql: "SELECT missing" });
      await place.rest.request("GET", "/nobody");
      await stranger.request("POST", `/${place.id}/query`, { sql: "SELECT 1" });
      await place.rest.request("GET", "/logged/nothing");
    });
    assert.deepEqual([sql.status, sql.kind, sql.database], [400, "query", "logged"]);
    assert.match(sql.error, /^no such column: missing/);
    assert.deepEqual([missing.status, missing.kind, missing.database], [404, "get", "nobody"]);
    assert.deepEqual([refused.status, refused.database_id], [401, place.id]);
    assert.equal(refused.error, "Authentication error");
    assert.deepEqual([nothing.status, nothing.kind], [404, "unknown"]);
  });

  test("over Hrana", async () => {
    const client = place.client();
    const [ok, batch, failed] = await lines(place.server, 3, async () => {
      await client.execute({ sql: "INSERT INTO t VALUES (?)", args: [`${SECRET} 2`] });
      await client.batch(["SELECT a FROM t", "INSERT INTO t VALUES (9)"], "write");
      await assert.rejects(client.execute("SELECT missing"));
    });
    client.close();
    assert.deepEqual(
      [ok.door, ok.kind, ok.method, ok.database, ok.database_id, ok.region, ok.status, ok.error],
      ["hrana", "pipeline", "POST", "logged", place.id, "weur", 200, undefined],
    );
    // A row, and its entry in the index.
    assert.equal(ok.rows_written, 2);
    assert.equal(batch.rows_written, 2);
    assert.ok(batch.rows_read >= 3);
    assert.deepEqual([failed.status, failed.door], [200, "hrana"]);
    assert.match(failed.error, /no such column: missing/);
    assert.ok(!place.server.log.includes(SECRET));
  });

  test("over Hrana, in protobuf", async () => {
    // A pipeline of one `execute` and one `close`.
    const body = (sql) => {
      const text = new TextEncoder().encode(sql);
      const member = (tag, bytes) => [tag, bytes.length, ...bytes];
      const stmt = member(0x0a, text);
      const execute = member(0x12, member(0x0a, stmt));
      return Uint8Array.from([...member(0x12, execute), ...member(0x12, [0x0a, 0])]);
    };
    const ask = async (sql) => {
      const response = await fetch(`${place.server.origin}/db/logged/v3-protobuf/pipeline`, {
        method: "POST", body: body(sql), headers: { authorization: `Bearer ${TOKEN}` },
      });
      assert.equal(response.status, 200, await response.text());
    };
    const [read, failed] = await lines(place.server, 2, async () => {
      await ask("SELECT a FROM t");
      await ask("SELECT missing");
    });
    assert.equal(read.error, undefined);
    assert.ok(read.rows_read >= 3, JSON.stringify(read));
    assert.match(failed.error, /no such column: missing/);
  });

  test("a token that is refused is not told", async () => {
    const client = place.client("eyJhbGciOiJub25lIn0.e30.c2VjcmV0");
    const [line] = await lines(place.server, 1, () => assert.rejects(client.execute("SELECT 1")));
    client.close();
    assert.equal(line.status, 401);
    assert.ok(!place.server.log.includes("eyJhbGciOiJub25lIn0"));
  });
});

describe("errors, as it is without a setting", () => {
  const place = serving({});

  test("what succeeds has no line, what fails has one", async () => {
    const client = place.client();
    const [rest, hrana, batch] = await lines(place.server, 3, async () => {
      await place.rest.query("logged", "INSERT INTO t VALUES (?)", ['"type":"error"']);
      await place.rest.query("logged", "SELECT * FROM t");
      await client.execute("SELECT * FROM t");
      await place.rest.request("POST", "/logged/query", { sql: "SELECT missing" });
      await assert.rejects(client.execute("SELECT missing"));
      await assert.rejects(client.batch(["SELECT 1", "SELECT missing"]));
    });
    client.close();
    for (const line of [rest, hrana, batch]) assert.match(line.error, /no such column: missing/);
  });
});

describe("nothing", () => {
  const place = serving({ ISOLITE_LOG: "off" });

  test("has a line", async () => {
    await lines(place.server, 0, async () => {
      await place.rest.request("POST", "/logged/query", { sql: "SELECT missing" });
      await place.rest.query("logged", "SELECT 1");
    });
  });
});

describe("with what was asked", () => {
  const place = serving({ ISOLITE_LOG: "request", ISOLITE_LOG_PARAMETERS: "true" });

  test("values are in the line, and what opens a stream is not", async () => {
    const client = place.client();
    const found = await lines(place.server, 4, async () => {
      await place.rest.query("logged", "SELECT ? AS a", [SECRET]);
      const transaction = await client.transaction("write");
      await transaction.execute({ sql: "INSERT INTO t VALUES (?)", args: [SECRET] });
      await transaction.execute({ sql: "SELECT ?", args: [SECRET] });
      await transaction.commit();
    });
    client.close();
    assert.deepEqual(JSON.parse(found[0].asked), { sql: "SELECT ? AS a", params: [SECRET] });
    for (const { asked } of found.slice(0, 3)) assert.ok(asked.includes(SECRET));
    for (const { asked } of found) assert.ok(!asked.includes("baton"), asked);
  });
});

describe("a setting that is none", () => {
  const place = {};
  before(async () => {
    const configuration = await bundle({ vars: { ISOLITE_LOG: "all" } });
    const state = temporaryDirectory("request-log");
    place.server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
  });
  after(() => place.server?.crash());

  test("is told", async () => {
    const rest = new RestClient(place.server.origin, TOKEN);
    await rest.request("POST", "", { name: "wrong" });
    const { status, text } = await rest.request("POST", "/wrong/query", { sql: "SELECT 1" });
    assert.equal(status, 500);
    assert.match(text, /ISOLITE_LOG is 'all': set it to off, error or request/);
  });
});

describe("over a service binding", () => {
  let workers;
  before(async () => {
    const isolite = isoliteConfiguration({ ISOLITE_LOG: "request", ISOLITE_REGION: "weur" });
    workers = await WranglerDev.start(["tests/workers/binding/wrangler.toml", isolite]);
  });
  after(() => workers?.stop());

  async function ask(call) {
    const body = JSON.stringify(call);
    const response = await fetch(workers.origin, { method: "POST", body });
    return response.json();
  }

  test("each request has a line", async () => {
    const made = { way: "package", binding: "MADE" };
    const [create, read, failed] = await lines(workers, 3, async () => {
      await ask({ ...made, sql: `CREATE TABLE t (a); INSERT INTO t VALUES ('${SECRET}')` });
      await ask({ ...made, sql: "SELECT * FROM t" });
      await ask({ ...made, sql: "SELECT missing" });
    });
    const { request_id, database_id, bookmark, duration_ms, rows_read, ...rest } = read;
    const { database } = rest;
    assert.deepEqual(rest, {
      message: "isolite request", door: "rpc", kind: "query", database, region: "weur", status: 200,
      rows_written: 0,
    });
    assert.match(request_id, ID);
    assert.match(database_id, ID);
    assert.match(bookmark, BOOKMARK);
    assert.ok(database.length > 0 && duration_ms >= 0 && rows_read === 1);
    assert.ok(create.rows_written >= 1);
    assert.match(failed.error, /no such column: missing/);
    assert.ok(!workers.log.includes(SECRET));
  });
});
