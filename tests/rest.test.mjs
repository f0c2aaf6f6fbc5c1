// Aim: REST is D1's, so that the stock wrangler manages and queries databases of Isolite.
// Method: one running Worker; requests by hand, whose every field is looked at, and then the
// commands of wrangler itself with its API's address set to that Worker.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, wrangler, WranglerDev } from "./support/wrangler.mjs";

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

describe("the stock wrangler", { concurrency: true }, () => {
  const directory = temporaryDirectory("client");

  /** Runs `wrangler d1 …`; with --json its output is read. */
  async function d1(...args) {
    const { status, output } = await wrangler(["d1", ...args], {
      cwd: directory,
      env: {
        CLOUDFLARE_API_BASE_URL: `${worker.origin}/client/v4`,
        CLOUDFLARE_API_TOKEN: TOKEN,
        CLOUDFLARE_ACCOUNT_ID: "an-account",
      },
    });
    assert.equal(status, 0, output);
    return args.includes("--json") ? JSON.parse(output) : output;
  }

  test("d1 create, info, execute, list and delete", async () => {
    assert.match(await d1("create", "demo"), /Successfully created DB 'demo'/);
    const info = await d1("info", "demo", "--json");
    assert.match(info.uuid, UUID);
    assert.equal(info.num_tables, 0);

    const sql = "CREATE TABLE pets (name); INSERT INTO pets VALUES ('Rex'); SELECT name FROM pets";
    const executed = await d1("execute", "demo", "--remote", "--json", "--command", sql);
    assert.deepEqual(executed.map(({ results }) => results), [[], [], [{ name: "Rex" }]]);
    assert.equal(executed[1].meta.changes, 1);

    const table = await d1("execute", "demo", "--remote", "--command", "SELECT 6 * 7 AS answer");
    assert.match(table, /answer/);
    assert.match(table, /42/);

    const databases = await d1("list", "--json");
    assert.equal(databases.find(({ name }) => name === "demo").uuid, info.uuid);

    assert.match(await d1("delete", "demo", "-y"), /Deleted 'demo' successfully/);
    assert.equal((await rest.request("GET", "/demo")).status, 404);
  });

  test("d1 execute shows the database's error", async () => {
    await rest.create("errors");
    await assert.rejects(
      d1("execute", "errors", "--remote", "--command", "SELECT * FROM nope"),
      /no such table: nope: SQLITE_ERROR/,
    );
  });

  test("d1 migrations apply", async () => {
    const { uuid } = await rest.create("migrated");
    const migrations = join(directory, "migrations");
    mkdirSync(migrations);
    const write = (name, sql) => writeFileSync(join(migrations, name), sql);
    write("0001_people.sql", "CREATE TABLE people (name TEXT NOT NULL);\r\n");
    write(
      "0002_log.sql",
      "CREATE TABLE log (name);\nCREATE TRIGGER logged AFTER INSERT ON people BEGIN\n" +
        "  INSERT INTO log VALUES (NEW.name);\nEND;\nINSERT INTO people VALUES ('Ada; Countess');",
    );
    const configuration = join(directory, "wrangler.json");
    const d1_databases = [{ binding: "DB", database_name: "migrated", database_id: uuid }];
    writeFileSync(configuration, JSON.stringify({ name: "app", d1_databases }));

    await d1("migrations", "apply", "migrated", "--remote", "-c", configuration);
    const applied = await rest.query("migrated", "SELECT name FROM d1_migrations ORDER BY id");
    assert.deepEqual(applied.map(({ name }) => name), ["0001_people.sql", "0002_log.sql"]);
    const log = await rest.query("migrated", "SELECT name FROM log");
    assert.deepEqual(log, [{ name: "Ada; Countess" }]);
  });

  test("d1 migrations apply with what drizzle-kit wrote: a rebuilt table loses no child", async () => {
    const { uuid } = await rest.create("rebuilt");
    const migrations = join(directory, "rebuild");
    mkdirSync(migrations);
    const configuration = join(directory, "rebuild.json");
    const d1_databases = [
      { binding: "DB", database_name: "rebuilt", database_id: uuid, migrations_dir: "rebuild" },
    ];
    writeFileSync(configuration, JSON.stringify({ name: "app", d1_databases }));
    const source = inRepository("tests/workers/orms/migrations/rebuild");
    const apply = (file) => {
      copyFileSync(join(source, file), join(migrations, file));
      return d1("migrations", "apply", "rebuilt", "--remote", "-c", configuration);
    };

    await apply("0000_tables.sql");
    await rest.query("rebuilt", "INSERT INTO parent VALUES (1, 'one')");
    await rest.query("rebuilt", "INSERT INTO child VALUES (9, 1)");
    await apply("0001_name_not_null.sql");
    const [{ sql }] = await rest.query(
      "rebuilt",
      "SELECT sql FROM sqlite_schema WHERE name = 'parent'",
    );
    assert.match(sql, /`name` text NOT NULL/);
    assert.deepEqual(await rest.query("rebuilt", "SELECT * FROM child"), [{ id: 9, parent_id: 1 }]);
  });
});
