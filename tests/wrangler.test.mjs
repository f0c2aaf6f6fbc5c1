// Aim: the stock wrangler does with Isolite what it does with D1: every `d1` command but those that
// move whole databases, which are in wrangler_files.test.mjs.
// Method: one running Worker, and wrangler as a user runs it, with nothing but its API's address set.
// Of every command the exit code and the output are looked at.

import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, wrangler, WranglerDev } from "./support/wrangler.mjs";

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

let worker;
let rest;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.stop());

const directory = temporaryDirectory("client");

/** Runs `wrangler d1 …`, whatever comes of it. */
function run(args, { token = TOKEN, cwd = directory } = {}) {
  return wrangler(["d1", ...args], {
    cwd,
    env: {
      CLOUDFLARE_API_BASE_URL: `${worker.origin}/client/v4`,
      CLOUDFLARE_API_TOKEN: token,
      CLOUDFLARE_ACCOUNT_ID: "an-account",
    },
  });
}

/** A command that has to succeed; with --json its output is read. */
async function d1(...args) {
  const { status, output } = await run(args);
  assert.equal(status, 0, output);
  return args.includes("--json") ? JSON.parse(output) : output;
}

/** A command that has to fail; resolves with what it says. */
async function failing(args, options) {
  const { status, output } = await run(args, options);
  assert.equal(status, 1, output);
  return output;
}

const execute = (database, command) =>
  d1("execute", database, "--remote", "--json", "--command", command);

describe("databases", { concurrency: 2 }, () => {
  test("create, info, list and delete", async () => {
    assert.match(await d1("create", "demo"), /Successfully created DB 'demo'/);
    const info = await d1("info", "demo", "--json");
    assert.match(info.uuid, UUID);
    assert.equal(info.num_tables, 0);

    await rest.query("demo", "CREATE TABLE t (a)");
    const grown = await d1("info", "demo", "--json");
    assert.equal(grown.num_tables, 1);
    assert.equal(grown.database_size, 2 * 4096);
    assert.deepEqual(Object.keys(grown.read_replication), ["mode"]);
    const table = await d1("info", "demo");
    assert.match(table, new RegExp(`demo.*${info.uuid}`));
    assert.match(table, /database_size.*8\.19 kB/);
    assert.match(table, /read_replication\.mode/);

    const databases = await d1("list", "--json");
    assert.equal(databases.find(({ name }) => name === "demo").uuid, info.uuid);
    assert.match(await d1("list"), new RegExp(`${info.uuid}.*demo`));

    assert.match(await d1("delete", "demo", "-y"), /Deleted 'demo' successfully/);
    assert.equal((await rest.request("GET", "/demo")).status, 404);
  });

  test("create with a location", async () => {
    const output = await d1("create", "placed", "--location", "weur");
    assert.match(output, /Successfully created DB 'placed' using primary location hint weur/);
    assert.equal((await d1("info", "placed", "--json")).running_in_region, "WEUR");
  });

  test("create with a jurisdiction", async () => {
    // It gets as far as the platform, and workerd has none.
    const output = await failing(["create", "bordered", "--jurisdiction", "eu"]);
    assert.match(output, /Jurisdiction restrictions are not implemented in workerd/);
    assert.equal((await rest.request("GET", "/bordered")).status, 404);
  });

  test("a list of more than one page", async () => {
    // wrangler asks for ten at a time.
    const names = Array.from({ length: 11 }, (_, index) => `many-${index}`);
    for (const name of names) await rest.create(name);
    const listed = (await d1("list", "--json")).map(({ name }) => name);
    assert.deepEqual(listed.filter((name) => name.startsWith("many-")).sort(), names.sort());
    assert.equal(new Set(listed).size, listed.length);
  });

  test("a name is given once", async () => {
    await rest.create("taken");
    assert.match(await failing(["create", "taken"]), /A database with that name already exists/);
  });

  test("an unknown database", async () => {
    const unknown = /Couldn't find a D1 DB with name or binding 'nobody'.*wrangler d1 create nobody/s;
    assert.match(await failing(["info", "nobody"]), unknown);
    assert.match(await failing(["delete", "nobody", "-y"]), unknown);
    assert.match(await failing(["insights", "nobody"]), unknown);
    const command = ["execute", "nobody", "--remote", "--command", "SELECT 1"];
    assert.match(await failing(command), unknown);
  });

  test("a wrong token", async () => {
    const options = { token: "another" };
    assert.match(await failing(["list"], options), /Authentication error \[code: 10000\]/);
    assert.match(await failing(["create", "x"], options), /Authentication error/);
    assert.match(await failing(["insights"], options), /not allowed to read analytics/);
  });
});

describe("execute", { concurrency: 2 }, () => {
  before(() => rest.create("executed"));

  test("several statements in one command", async () => {
    const sql = "CREATE TABLE pets (name); INSERT INTO pets VALUES ('Rex'); SELECT name FROM pets";
    const executed = await execute("executed", sql);
    assert.deepEqual(executed.map(({ results }) => results), [[], [], [{ name: "Rex" }]]);
    assert.ok(executed.every(({ success }) => success));
    const { changes, rows_written, duration } = executed[1].meta;
    assert.deepEqual([changes, rows_written, typeof duration], [1, 1, "number"]);
  });

  test("without --json", async () => {
    const sql = "SELECT 6 * 7 AS answer";
    const output = await d1("execute", "executed", "--remote", "--command", sql);
    assert.match(output, /Executed 1 command in \d+\.\d\dms/);
    assert.match(output, /"answer": 42/);
  });

  test("by the id that a configuration has, and by the binding", async () => {
    const { uuid } = await rest.create("configured");
    const configuration = join(directory, "configured.json");
    const d1_databases = [{ binding: "BOUND", database_name: "any", database_id: uuid }];
    writeFileSync(configuration, JSON.stringify({ name: "app", d1_databases }));
    await rest.query("configured", "CREATE TABLE here (a)");
    for (const database of ["BOUND", "any"]) {
      const command = ["--remote", "--json", "-c", configuration, "--command", "SELECT * FROM here"];
      assert.deepEqual((await d1("execute", database, ...command))[0].results, []);
    }
  });

  test("bad SQL", async () => {
    const sql = "SELECT * FROM nope";
    const text = await failing(["execute", "executed", "--remote", "--command", sql]);
    assert.match(text, /no such table: nope: SQLITE_ERROR \[code: 7500\]/);
    const json = await failing(["execute", "executed", "--remote", "--json", "--command", sql]);
    const { error } = JSON.parse(json);
    assert.equal(error.code, 7500);
    assert.match(error.notes[0].text, /no such table: nope: SQLITE_ERROR/);
  });
});

describe("migrations", { concurrency: 2 }, () => {
  /** A project whose configuration names a new database. */
  async function project(name, entry = {}) {
    const cwd = join(directory, name);
    mkdirSync(cwd);
    const { uuid } = await rest.create(name);
    const d1_databases = [{ binding: "DB", database_name: name, database_id: uuid, ...entry }];
    writeFileSync(join(cwd, "wrangler.json"), JSON.stringify({ name: "app", d1_databases }));
    const migrations = async (...args) => {
      const { status, output } = await run(["migrations", ...args], { cwd });
      return { status, output };
    };
    return { cwd, migrations };
  }

  test("create, list and apply", async () => {
    const { cwd, migrations } = await project("migrated");
    const written = async (message, sql) => {
      const { status, output } = await migrations("create", "migrated", message);
      assert.equal(status, 0, output);
      const file = output.match(/Successfully created Migration '(.*)'/)[1];
      writeFileSync(join(cwd, "migrations", file), sql);
      return file;
    };
    const first = await written("people", "CREATE TABLE people (name TEXT NOT NULL);\r\n");
    const second = await written(
      "log of people",
      "CREATE TABLE log (name);\nCREATE TRIGGER logged AFTER INSERT ON people BEGIN\n" +
        "  INSERT INTO log VALUES (NEW.name);\nEND;\nINSERT INTO people VALUES ('Ada; Countess');",
    );
    assert.deepEqual([first, second], ["0001_people.sql", "0002_log_of_people.sql"]);
    const listed = await migrations("list", "migrated", "--remote");
    assert.equal(listed.status, 0, listed.output);
    assert.match(listed.output, /Migrations to be applied:.*0001_people.*0002_log/s);

    const applied = await migrations("apply", "migrated", "--remote");
    assert.equal(applied.status, 0, applied.output);
    assert.match(applied.output, /0002_log_of_people\.sql.*✅/);
    const names = await rest.query("migrated", "SELECT name FROM d1_migrations ORDER BY id");
    assert.deepEqual(names.map(({ name }) => name), [first, second]);
    const log = await rest.query("migrated", "SELECT name FROM log");
    assert.deepEqual(log, [{ name: "Ada; Countess" }]);
    assert.match((await migrations("list", "migrated", "--remote")).output, /No migrations to apply/);
    assert.match((await migrations("apply", "migrated", "--remote")).output, /No migrations to/);
  });

  test("one that fails leaves nothing, and is still to be applied", async () => {
    const { cwd, migrations } = await project("broken");
    mkdirSync(join(cwd, "migrations"));
    const sql = "CREATE TABLE half (a); INSERT INTO half VALUES (1); INSERT INTO nope VALUES (1);";
    writeFileSync(join(cwd, "migrations", "0001_broken.sql"), sql);
    const { status, output } = await migrations("apply", "broken", "--remote");
    assert.equal(status, 1, output);
    assert.match(output, /no such table: nope: SQLITE_ERROR \[code: 7500\]/);
    const tables = "SELECT name FROM sqlite_schema WHERE name = 'half'";
    assert.deepEqual(await rest.query("broken", tables), []);
    assert.match((await migrations("list", "broken", "--remote")).output, /0001_broken/);
  });

  test("what drizzle-kit wrote: a rebuilt table loses no child", async () => {
    const { cwd, migrations } = await project("rebuilt", { migrations_dir: "rebuild" });
    mkdirSync(join(cwd, "rebuild"));
    const source = inRepository("tests/workers/orms/migrations/rebuild");
    const apply = async (file) => {
      copyFileSync(join(source, file), join(cwd, "rebuild", file));
      const { status, output } = await migrations("apply", "rebuilt", "--remote");
      assert.equal(status, 0, output);
    };
    await apply("0000_tables.sql");
    await rest.query("rebuilt", "INSERT INTO parent VALUES (1, 'one')");
    await rest.query("rebuilt", "INSERT INTO child VALUES (9, 1)");
    await apply("0001_name_not_null.sql");
    const schema = "SELECT sql FROM sqlite_schema WHERE name = 'parent'";
    const [{ sql }] = await rest.query("rebuilt", schema);
    assert.match(sql, /`name` text NOT NULL/);
    assert.deepEqual(await rest.query("rebuilt", "SELECT * FROM child"), [{ id: 9, parent_id: 1 }]);
  });

  test("another table for what was applied", async () => {
    const { cwd, migrations } = await project("renamed", { migrations_table: "my migrations" });
    mkdirSync(join(cwd, "migrations"));
    writeFileSync(join(cwd, "migrations", "0001_t.sql"), "CREATE TABLE t (a);");
    const { status, output } = await migrations("apply", "renamed", "--remote");
    assert.equal(status, 0, output);
    const names = await rest.query("renamed", 'SELECT name FROM "my migrations"');
    assert.deepEqual(names, [{ name: "0001_t.sql" }]);
  });
});

describe("statistics", { concurrency: 2 }, () => {
  const slow = "SELECT count(*) AS n FROM t AS a, t AS b WHERE a.a + b.a > ?";
  const frequent = "SELECT a FROM t WHERE a = ?";
  const insert = "INSERT INTO t VALUES (?)";

  before(async () => {
    await rest.create("busy");
    await rest.query("busy", "CREATE TABLE t (a INTEGER PRIMARY KEY)");
    const statements = Array.from({ length: 30 }, (_, i) => ({ sql: insert, params: [i] }));
    await rest.batch("busy", statements);
    await rest.query("busy", slow, [0]);
    for (let i = 0; i < 40; i++) await rest.query("busy", frequent, [i % 30]);
  });

  test("info counts the queries and rows of a day", async () => {
    const info = await d1("info", "busy", "--json");
    assert.equal(info.write_queries_24h, 31);
    assert.equal(info.read_queries_24h, 41);
    // The cross join reads 30 rows and 30 times 30; each of the others one.
    assert.ok(info.rows_read_24h >= 930 + 40, `${info.rows_read_24h}`);
    assert.ok(info.rows_written_24h >= 30, `${info.rows_written_24h}`);
    assert.match(await d1("info", "busy"), /write_queries_24h.*31/);
  });

  const insights = (...args) => d1("insights", "busy", "--json", ...args);
  const found = (queries, text) => queries.find(({ query }) => query === text);

  test("insights tell of each statement with its placeholders", async () => {
    const queries = await insights();
    const { numberOfTimesRun, totalRowsWritten, avgRowsWritten } = found(queries, insert);
    assert.deepEqual([numberOfTimesRun, totalRowsWritten, avgRowsWritten], [30, 30, 1]);
    const read = found(queries, frequent);
    assert.deepEqual([read.numberOfTimesRun, read.totalRowsRead, read.avgRowsRead], [40, 40, 1]);
    assert.equal(read.queryEfficiency, 1);
    const { totalRowsRead, queryEfficiency, totalDurationMs } = found(queries, slow);
    assert.ok(totalRowsRead >= 930, `${totalRowsRead}`);
    assert.ok(queryEfficiency > 0 && queryEfficiency < 0.01, `${queryEfficiency}`);
    assert.equal(typeof totalDurationMs, "number");
    assert.equal(queries[0].databaseId, undefined);
  });

  const fields = {
    "sum time": "totalDurationMs",
    "avg time": "avgDurationMs",
    "sum reads": "totalRowsRead",
    "avg reads": "avgRowsRead",
    "sum writes": "totalRowsWritten",
    "avg writes": "avgRowsWritten",
    "sum count": "numberOfTimesRun",
    "avg count": "numberOfTimesRun",
  };
  for (const [sort, field] of Object.entries(fields)) {
    test(`insights in the order of ${sort}`, async () => {
      const [type, by] = sort.split(" ");
      const sorted = ["--sort-type", type, "--sort-by", by];
      const falling = (await insights(...sorted)).map((query) => query[field]);
      assert.ok(falling.length >= 4);
      assert.deepEqual(falling, falling.toSorted((a, b) => b - a));
      const rising = await insights(...sorted, "--sort-direction", "ASC");
      assert.deepEqual(rising.map((query) => query[field]), falling.toReversed());
    });
  }

  test("insights of a number of queries, of several periods, of all databases", async () => {
    const two = await insights("--limit", "2", "--sort-by", "count");
    assert.deepEqual(two.map(({ query }) => query), [frequent, insert]);
    for (const period of ["30m", "12h", "7d", "31d"]) {
      const queries = await insights("--time-period", period);
      assert.ok(found(queries, insert), period);
    }
    const all = await d1("insights", "--json", "--limit", "1000");
    const { uuid } = await rest.result("GET", "/busy");
    assert.equal(found(all, slow).databaseId, uuid);
  });

  test("insights of nothing", async () => {
    await rest.create("idle");
    assert.deepEqual(await d1("insights", "idle", "--json"), []);
    const { read_queries_24h, rows_read_24h } = await d1("info", "idle", "--json");
    assert.deepEqual([read_queries_24h, rows_read_24h], [0, 0]);
  });

  test("a limit that is none", async () => {
    assert.match(await failing(["insights", "busy", "--limit", "0"]), /`limit` is 0/);
  });
});
