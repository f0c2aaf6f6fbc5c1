// Aim: a token opens what it is for and nothing else, until it is revoked or has expired; and nobody who
// reads what is stored, logged or answered learns one.
// Method: REST over plain workerd. Every route is tried with every kind of token; afterwards the whole
// log, each answer and each file of the storage is searched for the tokens.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const TOKENS = "/../tokens";
const state = temporaryDirectory("tokens");
const secrets = [TOKEN];

let configuration;
let server;
let admin;
const ids = {};
before(async () => {
  configuration = await bundle();
  server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
  admin = new RestClient(server.origin, TOKEN);
  for (const name of ["mine", "yours"]) {
    ids[name] = (await admin.create(name)).uuid;
    await admin.query(name, "CREATE TABLE t (a); INSERT INTO t VALUES (1)");
  }
});
after(async () => {
  await server?.crash();
  const files = readdirSync(state, { recursive: true, withFileTypes: true });
  for (const file of files.filter((each) => each.isFile())) {
    const bytes = readFileSync(join(file.parentPath, file.name));
    for (const secret of secrets) assert.ok(!bytes.includes(secret), `${file.name} has a token`);
  }
  for (const secret of secrets) assert.ok(!server.log.includes(secret), "the log has a token");
});

async function make(body) {
  const made = await admin.result("POST", TOKENS, body);
  secrets.push(made.value);
  return { ...made, client: new RestClient(server.origin, made.value) };
}

const statusOf = async (client, ...request) => (await client.request(...request)).status;

describe("a token", () => {
  test("is shown once, and listed by what it is for", async () => {
    const { value, client, ...token } = await make({
      name: "report", database: "mine", access: "read", expires_at: "2999-01-01T00:00:00Z",
    });
    assert.match(value, /^isolite_[0-9a-f]{64}$/);
    assert.partialDeepStrictEqual(token, {
      name: "report", database: ids.mine, access: "read", last_four: value.slice(-4),
      expires_at: "2999-01-01T00:00:00.000Z",
    });
    assert.match(token.created_at, /^\d{4}-/);
    const { text, envelope } = await admin.request("GET", TOKENS);
    assert.ok(!text.includes(value));
    assert.deepEqual(envelope.result.find(({ id }) => id === token.id), token);
  });

  test("with a wrong body is not made", async () => {
    for (const [body, status, told] of [
      [{}, 400, /missing field `access`/],
      [{ access: "admin" }, 400, /unknown variant `admin`/],
      [{ access: "read", database: "nobody" }, 404, /nobody could not be found/],
      [{ access: "read", expires_at: "2001-01-01" }, 400, /must be a time to come/],
      [{ access: "read", expires_at: "soon" }, 400, /must be a time to come/],
    ]) {
      const { status: got, envelope } = await admin.request("POST", TOKENS, body);
      assert.equal(got, status);
      assert.match(envelope.errors[0].message, told);
    }
  });

  test("that was revoked is of no use from the next request on, also in mid-use", async () => {
    const { id, client } = await make({ access: "write" });
    assert.equal(await statusOf(client, "GET", "/mine"), 200);
    const later = [];
    let stop = false;
    const busy = (async () => {
      while (!stop) {
        const sent_ms = performance.now();
        later.push([sent_ms, await statusOf(client, "POST", "/mine/query", { sql: "SELECT 1" })]);
      }
    })();
    await sleep(100);
    assert.equal(await admin.result("DELETE", `${TOKENS}/${id}`), null);
    const revoked_ms = performance.now();
    await sleep(100);
    stop = true;
    await busy;
    assert.ok(later.some(([, status]) => status === 200));
    const after = later.filter(([sent_ms]) => sent_ms > revoked_ms);
    assert.ok(after.length > 0);
    for (const [, status] of after) assert.equal(status, 401);
    const { status, envelope } = await admin.request("DELETE", `${TOKENS}/${id}`);
    assert.deepEqual([status, envelope.errors[0].code], [404, 7404]);
  });

  test("that has expired is of no use", async () => {
    const expires_at = new Date(Date.now() + 400).toISOString();
    const { client } = await make({ access: "read", expires_at });
    assert.equal(await statusOf(client, "GET", "/mine"), 200);
    await sleep(500);
    assert.equal(await statusOf(client, "GET", "/mine"), 401);
  });

  test("to write does not set the key by which others would get in", async () => {
    const jwt_key = "ebVWLo_mVPlAeLES6KmLp5AfhTrmlb7X4OORC60ElmQ";
    const { client } = await make({ access: "write" });
    const named = { name: "with-a-key", jwt_key };
    for (const request of [
      ["PATCH", "/mine", { jwt_key }],
      ["PUT", "/mine", { jwt_key }],
      ["POST", "", named],
    ]) {
      const { status, envelope } = await client.request(...request);
      assert.equal(status, 403);
      assert.match(envelope.errors[0].message, /needs the token of the configuration/);
    }
    await admin.result("POST", "", named);
    assert.equal(await statusOf(client, "PATCH", "/with-a-key", { retention_days: 3 }), 200);
    assert.equal(await statusOf(client, "PUT", "/with-a-key", { retention_days: 3 }), 403);
    assert.equal(await statusOf(client, "PATCH", "/with-a-key", { jwt_key: null }), 403);
    assert.equal((await admin.result("GET", "/with-a-key")).jwt_key, jwt_key);
    await admin.result("DELETE", "/with-a-key?purge=true");
  });

  test("that nobody made is refused", async () => {
    const { value } = await make({ access: "read" });
    const last = value.at(-1) === "0" ? "1" : "0";
    for (const wrong of [
      "", "isolite_", `isolite_${"0".repeat(64)}`, value.slice(0, -1) + last, `${value}0`,
      value.slice("isolite_".length), value.toUpperCase(), `${value}' OR 1=1 --`,
    ]) {
      const { status, envelope } = await new RestClient(server.origin, wrong).request("GET", "");
      assert.equal(status, 401, wrong);
      assert.equal(envelope.errors[0].message, "Authentication error");
    }
  });

  test("goes with the database that it is for, but not while that can be restored", async () => {
    const { uuid } = await admin.create("passing");
    const { id, client } = await make({ access: "write", database: "passing" });
    assert.equal(await statusOf(client, "DELETE", "/passing"), 200);
    assert.equal(await statusOf(client, "GET", `/${uuid}`), 404);
    assert.equal(await statusOf(client, "POST", `/${uuid}/undelete`), 200);
    assert.equal(await statusOf(client, "GET", "/passing"), 200);
    assert.equal(await statusOf(client, "DELETE", `/${uuid}?purge=true`), 200);
    assert.equal(await statusOf(client, "GET", `/${uuid}`), 401);
    const listed = await admin.result("GET", TOKENS);
    assert.ok(!listed.some((token) => token.id === id));
  });

  test("outlives a start of the server", async () => {
    const { value } = await make({ access: "read", database: "mine" });
    await server.crash();
    const { log } = server;
    server = await PlainWorkerd.start(configuration, { state, token: TOKEN });
    for (const secret of secrets) assert.ok(!log.includes(secret));
    admin = new RestClient(server.origin, TOKEN);
    assert.equal(await statusOf(new RestClient(server.origin, value), "GET", "/mine"), 200);
  });
});

describe("what each may", () => {
  const select = { sql: "SELECT a FROM t" };
  const insert = { sql: "INSERT INTO t VALUES (2)" };
  /** Each request, and what it answers to: one's reader and writer, all's reader and writer. */
  const TABLE = [
    ["GET", "", undefined, [200, 200, 200, 200]],
    ["GET", "/mine", undefined, [200, 200, 200, 200]],
    ["GET", "/yours", undefined, [403, 403, 200, 200]],
    ["GET", "/nobody", undefined, [403, 403, 404, 404]],
    ["POST", "/mine/query", select, [200, 200, 200, 200]],
    ["POST", "/mine/raw", select, [200, 200, 200, 200]],
    ["POST", "/yours/query", select, [403, 403, 200, 200]],
    ["POST", "/mine/query", insert, [403, 200, 403, 200]],
    ["POST", "/mine/raw", insert, [403, 200, 403, 200]],
    ["POST", "/yours/query", insert, [403, 403, 403, 200]],
    ["POST", "/mine/query", { batch: [select, insert] }, [403, 200, 403, 200]],
    ["GET", "/mine/export", undefined, [200, 200, 200, 200]],
    ["GET", "/yours/export", undefined, [403, 403, 200, 200]],
    ["GET", "/mine/time_travel/bookmark", undefined, [200, 200, 200, 200]],
    ["GET", "/mine/replicas", undefined, [200, 200, 200, 200]],
    ["GET", "/yours/replicas", undefined, [403, 403, 200, 200]],
    ["POST", "/mine/measure", undefined, [200, 200, 200, 200]],
    ["POST", "/yours/measure", undefined, [403, 403, 200, 200]],
    ["GET", "/../../../../../../metrics", undefined, [403, 403, 200, 200]],
    ["POST", "/mine/time_travel/restore?bookmark=x", undefined, [403, 400, 403, 400]],
    ["POST", "/mine/import", { action: "init", etag: "x" }, [403, 400, 403, 400]],
    ["POST", "/mine/fork", { name: "no such" }, [403, 403, 403, 400]],
    ["POST", "/../../../../graphql", {}, [403, 403, null, null]],
    ["PATCH", "/mine", {}, [403, 200, 403, 200]],
    ["PUT", "/mine", {}, [403, 200, 403, 200]],
    ["PATCH", "/yours", {}, [403, 403, 403, 200]],
    ["DELETE", "/yours", undefined, [403, 403, 403, null]],
    ["POST", "/yours/undelete", {}, [403, 403, 403, 404]],
    ["POST", "", { name: "mine" }, [403, 403, 403, 400]],
    ["POST", "/../groups/none-/migrations/apply", { migrations: [] }, [403, 403, 403, 200]],
    ["GET", TOKENS, undefined, [403, 403, 403, 403]],
    ["POST", TOKENS, { access: "write" }, [403, 403, 403, 403]],
    ["DELETE", `${TOKENS}/x`, undefined, [403, 403, 403, 403]],
  ];
  const tokens = [];
  before(async () => {
    for (const scope of [
      { database: "mine", access: "read" },
      { database: ids.mine, access: "write" },
      { access: "read" },
      { access: "write" },
    ]) {
      tokens.push((await make(scope)).value);
    }
  });

  for (const [method, path, body, expected] of TABLE) {
    const label = `${method} ${path || "/"} ${body ? JSON.stringify(body) : ""}`;
    test(label, async () => {
      for (const [at, status] of expected.entries()) {
        if (status === null) continue;
        const client = new RestClient(server.origin, tokens[at]);
        const { status: got, envelope, text } = await client.request(method, path, body);
        assert.equal(got, status, `token ${at}: ${text}`);
        if (got === 403) {
          assert.equal(envelope.errors[0].code, 7403);
          assert.match(envelope.errors[0].message, /not allowed|not authorized to write/);
        }
        for (const secret of secrets) assert.ok(!text.includes(secret));
      }
    });
  }

  test("one for one database lists that one", async () => {
    const client = new RestClient(server.origin, tokens[0]);
    const names = async (query) => (await client.result("GET", query)).map(({ name }) => name);
    assert.deepEqual(await names(""), ["mine"]);
    assert.deepEqual(await names("?name=in"), ["mine"]);
    assert.deepEqual(await names("?name=yours"), []);
    assert.deepEqual(await names("?page=2"), []);
    assert.deepEqual(await names("?deleted=true"), []);
  });

  test("what a reader was refused did nothing", async () => {
    const client = new RestClient(server.origin, tokens[0]);
    const before = await admin.query("mine", "SELECT count(*) AS n FROM t");
    for (const sql of [
      "SELECT 1; INSERT INTO t VALUES (3)",
      "WITH x AS (SELECT 4) INSERT INTO t SELECT * FROM x RETURNING a",
      "DELETE FROM t",
      "CREATE TABLE u (a)",
      "DROP TABLE t",
      "REPLACE INTO t VALUES (5)",
    ]) {
      for (const way of ["query", "raw"]) {
        const { status, envelope } = await client.request("POST", `/mine/${way}`, { sql });
        assert.equal(status, 403, sql);
        assert.match(envelope.errors[0].message, /token of this request may only read/);
      }
    }
    const explained = await client.query("mine", "EXPLAIN QUERY PLAN SELECT * FROM t");
    assert.equal(explained.length, 1);
    assert.deepEqual(await admin.query("mine", "SELECT count(*) AS n FROM t"), before);
  });
});
