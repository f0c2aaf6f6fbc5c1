// Aim: REST is D1's, so that what is written for D1's interface manages and queries databases of
// Isolite. wrangler itself has a file of its own, wrangler.test.mjs.
// Method: one running Worker; requests by hand, whose every field is looked at.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, WranglerDev } from "./support/wrangler.mjs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

let worker;
let rest;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.stop());

const healthOf = async (origin) => (await fetch(`${origin}/health`)).json();

describe("databases", () => {
  test("create, get and delete", async () => {
    const created = await rest.create("life");
    assert.match(created.uuid, UUID);
    assert.match(created.created_at, ISO_TIME);
    const age = Date.now() - Date.parse(created.created_at);
    assert.ok(age >= -1000 && age < 60_000, `created ${age} ms ago`);
    const fields = { name: "life", version: "production", num_tables: 0, file_size: 0 };
    assert.partialDeepStrictEqual(created, fields);

    for (const key of [created.uuid, "life"]) {
      const got = await rest.result("GET", `/${key}`);
      assert.equal(got.uuid, created.uuid);
      assert.equal(got.created_at, created.created_at);
    }
    await rest.query("life", "CREATE TABLE t (a); CREATE INDEX i ON t (a)");
    const { num_tables, file_size } = await rest.result("GET", "/life");
    assert.equal(num_tables, 1);
    assert.equal(file_size, 3 * 4096);

    assert.equal(await rest.result("DELETE", `/${created.uuid}`), null);
    for (const [method, path] of [
      ["GET", "/life"],
      ["GET", `/${created.uuid}`],
      ["DELETE", "/life"],
    ]) {
      const { status, envelope } = await rest.request(method, path);
      assert.equal(status, 404);
      assert.equal(envelope.errors[0].code, 7404);
    }
  });

  test("a new database under a deleted one's name is another one, and empty", async () => {
    const first = await rest.create("reborn");
    await rest.query("reborn", "CREATE TABLE t (a)");
    await rest.result("DELETE", "/reborn");
    const second = await rest.create("reborn");
    assert.notEqual(second.uuid, first.uuid);
    assert.deepEqual(await rest.query("reborn", "SELECT name FROM sqlite_schema"), []);
    const old = await rest.request("POST", `/${first.uuid}/query`, { sql: "SELECT 1" });
    assert.equal(old.status, 404);
  });

  test("a name is given once", async () => {
    await rest.create("twice");
    const { status, envelope } = await rest.request("POST", "", { name: "twice" });
    assert.equal(status, 400);
    assert.deepEqual(envelope.errors, [
      { code: 7502, message: "A database with that name already exists" },
    ]);
  });

  test("a place is kept, and only real places are taken", async () => {
    await rest.result("POST", "", { name: "placed", primary_location_hint: "weur" });
    const nowhere = { name: "x", primary_location_hint: "mars" };
    const { status, envelope } = await rest.request("POST", "", nowhere);
    assert.equal(status, 400);
    assert.match(envelope.errors[0].message, /mars.*weur/s);
  });

  test("the list has pages and a filter", async () => {
    for (const name of ["list-a", "list-b", "list-c"]) await rest.create(name);
    const { envelope } = await rest.request("GET", "?name=list-&per_page=2&page=1");
    const counts = { page: 1, per_page: 2, count: 2, total_count: 3, total_pages: 2 };
    assert.deepEqual(envelope.result_info, counts);
    const others = await rest.result("GET", "?name=list-&per_page=2&page=2");
    const names = [...envelope.result, ...others].map(({ name }) => name);
    assert.deepEqual(names.sort(), ["list-a", "list-b", "list-c"]);
    assert.deepEqual(await rest.result("GET", "?name=no-such"), []);
  });

  test("databases do not share data", async () => {
    await rest.create("mine");
    await rest.create("yours");
    await rest.query("mine", "CREATE TABLE secret (a)");
    const body = { sql: "SELECT * FROM secret" };
    const { status, envelope } = await rest.request("POST", "/yours/query", body);
    assert.equal(status, 400);
    assert.equal(envelope.errors[0].message, "no such table: secret: SQLITE_ERROR");
  });
});

describe("queries", () => {
  before(() => rest.create("queries"));

  test("rows as objects from /query, as arrays from /raw", async () => {
    const body = { sql: "SELECT ? AS a, ? AS b", params: [1.5, "x"] };
    const [objects] = await rest.result("POST", "/queries/query", body);
    assert.deepEqual(objects.results, [{ a: 1.5, b: "x" }]);
    assert.equal(objects.success, true);
    assert.equal(typeof objects.meta.duration, "number");
    const [arrays] = await rest.result("POST", "/queries/raw", body);
    assert.deepEqual(arrays.results, { columns: ["a", "b"], rows: [[1.5, "x"]] });
  });

  test("several statements in one text, split where SQLite splits them", async () => {
    const sql = `
      CREATE TABLE t (a); -- a comment; with a semicolon\r
      CREATE TABLE log (a);
      CREATE TRIGGER logged AFTER INSERT ON t BEGIN
        INSERT INTO log VALUES (CASE WHEN NEW.a THEN 'x;y' END);
        INSERT INTO log VALUES ('z');
      END;
      INSERT INTO t VALUES (1);
      SELECT a FROM log;`;
    const results = await rest.result("POST", "/queries/query", { sql });
    assert.equal(results.length, 5);
    assert.deepEqual(results[4].results, [{ a: "x;y" }, { a: "z" }]);
    assert.equal(results[3].meta.changes, 3);
  });

  test("one text is one transaction", async () => {
    const sql = "CREATE TABLE once (a); INSERT INTO once VALUES (1); SELECT * FROM nope";
    const { status } = await rest.request("POST", "/queries/query", { sql });
    assert.equal(status, 400);
    const tables = "SELECT name FROM sqlite_schema WHERE name = 'once'";
    assert.deepEqual(await rest.query("queries", tables), []);
  });

  test("a batch is one transaction", async () => {
    await rest.query("queries", "CREATE TABLE pairs (a INTEGER PRIMARY KEY)");
    const insert = (a) => ({ sql: "INSERT INTO pairs VALUES (?)", params: [a] });
    const select = { sql: "SELECT a FROM pairs" };
    const results = await rest.batch("queries", [insert(1), insert(2), select]);
    assert.deepEqual(results[2].results, [{ a: 1 }, { a: 2 }]);
    const failed = await rest.request("POST", "/queries/query", { batch: [insert(3), insert(1)] });
    assert.equal(failed.status, 400);
    assert.deepEqual(await rest.query("queries", "SELECT count(*) AS n FROM pairs"), [{ n: 2 }]);
  });

  test("an error is D1's in D1's envelope", async () => {
    const answer = await rest.request("POST", "/queries/query", { sql: "SELEC 1" });
    assert.equal(answer.status, 400);
    assert.equal(answer.headers.get("cf-d1"), "err=7500");
    assert.deepEqual(answer.envelope, {
      result: [],
      success: false,
      errors: [{ code: 7500, message: 'near "SELEC": syntax error at offset 0: SQLITE_ERROR' }],
      messages: [],
    });
  });

  test("integers travel with all their digits", async () => {
    const { text } = await rest.request("POST", "/queries/raw", { sql: "SELECT 9007199254740993" });
    assert.match(text, /\[\[9007199254740993\]\]/);
  });

  test("one client's write is seen by the next read of another", async () => {
    await rest.query("queries", "CREATE TABLE counter (n INTEGER); INSERT INTO counter VALUES (0)");
    const other = new RestClient(worker.origin, TOKEN, "another-account");
    for (let n = 1; n <= 5; n++) {
      await rest.query("queries", "UPDATE counter SET n = ?", [n]);
      assert.deepEqual(await other.query("queries", "SELECT n FROM counter"), [{ n }]);
    }
  });

  test("many at once, none lost", async () => {
    await rest.query("queries", "CREATE TABLE many (a)");
    const insert = (i) => rest.query("queries", "INSERT INTO many VALUES (?)", [i]);
    await Promise.all(Array.from({ length: 50 }, (_, i) => insert(i)));
    const sum = await rest.query("queries", "SELECT count(*) AS n, sum(a) AS s FROM many");
    assert.deepEqual(sum, [{ n: 50, s: 1225 }]);
  });
});

describe("statistics", () => {
  const graphql = async (query, variables = {}) => {
    const response = await fetch(`${worker.origin}/client/v4/graphql`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ query, variables }),
    });
    assert.equal(response.status, 200);
    return response.json();
  };
  const totals = "d1AnalyticsAdaptiveGroups(filter: $filter) { count sum { readQueries rowsRead } }";
  const account = (query) => `query Q($filter: F) { viewer { accounts { ${query} } } }`;

  test("what was run is counted at once, for its database alone", async () => {
    const { uuid } = await rest.create("counted");
    await rest.create("uncounted");
    await rest.query("counted", "CREATE TABLE t (a); INSERT INTO t VALUES (1), (2)");
    for (const database of ["counted", "uncounted"]) await rest.query(database, "SELECT 1");
    await rest.query("counted", "SELECT a FROM t");
    const { data, errors } = await graphql(account(totals), { filter: { databaseId: uuid } });
    assert.equal(errors, null);
    const groups = data.viewer.accounts[0].d1AnalyticsAdaptiveGroups;
    // The schema is read to make the table.
    const [{ count, sum }] = groups;
    assert.deepEqual([groups.length, count, sum.readQueries], [1, 4, 2]);
    assert.ok(sum.rowsRead >= 2, `${sum.rowsRead}`);
  });

  test("a period without a statement is empty", async () => {
    const filter = { date_lt: "2020-01-01" };
    const { data } = await graphql(account(totals), { filter });
    assert.deepEqual(data.viewer.accounts[0].d1AnalyticsAdaptiveGroups, []);
    const unknown = { databaseId: "8d4c3b2a-0000-4000-8000-00000000abcd" };
    const nobody = await graphql(account(totals), { filter: unknown });
    assert.deepEqual(nobody.data.viewer.accounts[0].d1AnalyticsAdaptiveGroups, []);
  });

  test("other queries are refused, and what there is is named", async () => {
    const { data, errors } = await graphql(account("r2StorageAdaptiveGroups { count }"));
    assert.equal(data, null);
    assert.match(errors[0].message, /d1AnalyticsAdaptiveGroups and d1QueriesAdaptiveGroups/);
    const response = await fetch(`${worker.origin}/client/v4/graphql`, { method: "POST" });
    assert.equal(response.status, 401);
  });

  test("statistics outlive the Worker, and a deleted database has none", async () => {
    const state = temporaryDirectory("statistics");
    const count = async (origin, filter) => {
      const response = await fetch(`${origin}/client/v4/graphql`, {
        method: "POST",
        headers: { authorization: `Bearer ${TOKEN}` },
        body: JSON.stringify({ query: account(totals), variables: { filter } }),
      });
      const { data } = await response.json();
      return data.viewer.accounts[0].d1AnalyticsAdaptiveGroups[0]?.count;
    };
    let restarted = await WranglerDev.start(["wrangler.toml"], { state });
    try {
      const before = new RestClient(restarted.origin, TOKEN);
      const { uuid } = await before.create("kept");
      // The first is written behind its answer, and so is before the next, which waits a minute.
      await before.query("kept", "SELECT 1");
      await before.query("kept", "SELECT 1");
      assert.equal(await count(restarted.origin, { databaseId: uuid }), 2);
      await restarted.crash();
      restarted = await WranglerDev.start(["wrangler.toml"], { state });
      const after = new RestClient(restarted.origin, TOKEN);
      assert.equal(await count(restarted.origin, { databaseId: uuid }), 1);
      await after.query("kept", "SELECT 1");
      assert.equal(await count(restarted.origin, { databaseId: uuid }), 2);
      await after.result("DELETE", "/kept");
      assert.equal(await count(restarted.origin, { databaseId: uuid }), undefined);
    } finally {
      await restarted.stop();
    }
  });
});

describe("access", () => {
  test("/health needs no token", async () => {
    const health = await healthOf(worker.origin);
    assert.equal(health.status, "ok");
    assert.match(health.version, /^\d+\.\d+\.\d+$/);
  });

  test("REST without a configured token is closed, and says why", async () => {
    const closed = await WranglerDev.start(["wrangler.toml"], { token: null });
    try {
      assert.equal((await healthOf(closed.origin)).status, "ok");
      for (const token of ["", "anything", "undefined", "null"]) {
        const { status, envelope } = await new RestClient(closed.origin, token).request("GET", "");
        assert.equal(status, 503);
        assert.match(envelope.errors[0].message, /wrangler secret put ISOLITE_ADMIN_TOKEN/);
      }
    } finally {
      await closed.stop();
    }
  });
});
