// Aim: a database for each tenant: picked by name at run time, made at its first use with the schema
// of a template, and out of reach for whom it is not for; and migrations that come to all of them.
// Method: a Worker that picks by both ways of binding, asked by HTTP; and REST beside it.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { applyMigrations } from "../bindings/js/src/migrations.ts";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { isoliteConfiguration, TOKEN, WranglerDev } from "./support/wrangler.mjs";
import { assertNoCrash } from "./support/witness.mjs";

const MIGRATIONS = [
  { name: "0001_notes.sql", sql: "CREATE TABLE notes (id INTEGER PRIMARY KEY AUTOINCREMENT, a);" },
  {
    name: "0002_search.sql",
    sql: `CREATE VIRTUAL TABLE search USING fts5(a);
      CREATE TRIGGER noted AFTER INSERT ON notes BEGIN INSERT INTO search VALUES (NEW.a); END;
      CREATE VIEW newest AS SELECT max(id) AS id FROM notes;
      INSERT INTO notes (a) VALUES ('of the template');`,
  },
];
const GROUP = { prefix: "e-", template: "base", create: "if_missing" };
const NOTED = "SELECT (SELECT count(*) FROM notes) AS notes, (SELECT count(*) FROM d1_migrations) AS m";
const TABLES = "SELECT type, name, sql FROM sqlite_schema ORDER BY name";

let workers;
let rest;
before(async () => {
  workers = await WranglerDev.start([
    "tests/workers/tenants/wrangler.toml", isoliteConfiguration(),
  ]);
  rest = new RestClient(workers.origin, TOKEN);
  await rest.create("base");
  const { failures } = await migrate("base", { migrations: MIGRATIONS });
  assert.deepEqual(failures, []);
  const template = await rest.query("base", "SELECT count(*) AS n FROM notes");
  assert.deepEqual(template, [{ n: 1 }]);
});
after(() => {
  assertNoCrash(workers.log);
  return workers?.stop();
});

/** Migrations for all databases with a prefix; what the last look at the progress told. */
async function migrate(prefix, options) {
  return applyMigrations({ url: workers.origin, token: TOKEN, prefix, ...options });
}

async function outcome(asked) {
  const response = await fetch(workers.origin, {
    method: "POST", body: JSON.stringify(asked), signal: AbortSignal.timeout(60_000),
  });
  return response.json();
}

async function value(asked) {
  const { value: got, error } = await outcome(asked);
  assert.equal(error, undefined, error?.message);
  return got;
}

async function failure(asked) {
  const { value: got, error } = await outcome(asked);
  assert.ok(error, `it succeeded: ${JSON.stringify(got)}`);
  return error;
}

/** Both ways of a group; each has its own prefix, as both end in one directory. */
const WAYS = {
  embedded: { of: { group: GROUP }, prefix: "e-" },
  service: { of: { binding: "TENANTS" }, prefix: "s-" },
};

for (const [way, { of, prefix }] of Object.entries(WAYS)) {
  describe(`a group, ${way}`, () => {
    test("a first use makes a database with the template's schema, and none of its rows", async () => {
      const name = `${prefix}first`;
      const [rows] = await value({ ...of, name, sql: NOTED });
      assert.deepEqual(rows, [{ notes: 0, m: 2 }]);
      const schema = await rest.query("base", TABLES);
      assert.deepEqual(await rest.query(name, TABLES), schema);
      await value({ ...of, name, sql: "INSERT INTO notes (a) VALUES ('mine')" });
      const found = await value({ ...of, name, sql: "SELECT a FROM search WHERE search MATCH 'mine'" });
      assert.deepEqual(found, [[{ a: "mine" }]]);
      const applied = "SELECT id, name FROM d1_migrations ORDER BY id";
      assert.deepEqual(await rest.query(name, applied), await rest.query("base", applied));
    });

    test("fifty first uses at once make one database, whole for each of them", async () => {
      const name = `${prefix}crowd`;
      const all = await Promise.all([
        value({ ...of, name, sql: NOTED, times: 25 }),
        value({ ...of, name, sql: NOTED, times: 25 }),
      ]);
      for (const rows of all.flat()) assert.deepEqual(rows, [{ notes: 0, m: 2 }]);
      assert.equal((await rest.result("GET", `?name=${name}`)).length, 1);
    });

    test("databases of a group are apart", async () => {
      const insert = { ...of, sql: "INSERT INTO notes (a) VALUES (?)" };
      const names = ["a", "b", "c"].map((each) => prefix + each);
      await Promise.all(names.map((name) => value({ ...insert, name, params: [name] })));
      for (const name of names) {
        assert.deepEqual(await value({ ...of, name, sql: "SELECT a FROM notes" }), [[{ a: name }]]);
      }
    });

    test("a name of another group is told, and not created", async () => {
      const { message } = await failure({ ...of, name: "x-other", sql: "SELECT 1" });
      assert.match(message, new RegExp(`x-other is none of these databases: names begin with ${prefix}`));
      for (const name of [`${prefix}no such`, `${prefix}${"x".repeat(128)}`]) {
        assert.match((await failure({ ...of, name, sql: "SELECT 1" })).message, /Invalid database name/);
      }
      assert.deepEqual(await rest.result("GET", "?name=x-other"), []);
    });
  });
}

describe("what a group is not", () => {
  test("without a way to create, an unknown database is told", async () => {
    const unknown = { name: "s-unknown", sql: "SELECT 1" };
    const asked = [{ binding: "EXISTING" }, { group: { prefix: "s-" } }];
    for (const of of asked) {
      assert.match((await failure({ ...of, ...unknown })).message, /No such database: s-unknown/);
    }
    await rest.create("s-unknown");
    for (const of of asked) assert.deepEqual(await value({ ...of, ...unknown }), [[{ 1: 1 }]]);
  });

  test("a template that is missing is told, and nothing is made", async () => {
    const sql = "SELECT 1";
    const told = /The template nowhere could not be found: create it first/;
    assert.match((await failure({ binding: "ORPHANS", name: "o-1", sql })).message, told);
    const group = { template: "nowhere", create: true };
    assert.match((await failure({ group, name: "o-1", sql })).message, told);
    const body = { name: "o-1", template: "nowhere" };
    const { status, envelope } = await rest.request("POST", "", body);
    assert.equal(status, 400);
    assert.match(envelope.errors[0].message, told);
    assert.deepEqual(await rest.result("GET", "?name=o-1"), []);
    await rest.create("o-1");
  });

  test("each binding says what it is for", async () => {
    const sql = "SELECT 1";
    const picked = await failure({ binding: "ONE", name: "s-first", sql });
    assert.match(picked.message, /for one database.*entrypoint = "Databases"/);
    const unpicked = await failure({ way: "unpicked", binding: "TENANTS", sql });
    assert.match(unpicked.message, /for many databases: pick one with/);
    assert.match(await value({ way: "fetch", binding: "TENANTS" }), /for many databases/);
    assert.deepEqual(await value({ way: "unpicked", binding: "ONE", sql }), [{ 1: 1 }]);
    for (const path of ["/delete", "/close", "/migrate", "/settings", "/schema", "/reopen"]) {
      const args = [path, "", null, { database: "s-first" }];
      const [text] = await value({ way: "raw", binding: "TENANTS", args });
      assert.match(text, /No such path/);
    }
    for (const database of [7, null, {}, ["s-first"]]) {
      const args = ["/query", `{"sql":"SELECT 1"}`, null, { database }];
      const [text] = await value({ way: "raw", binding: "TENANTS", args });
      assert.match(text, /"success":false/);
    }
  });

  test("env has groups as it has databases", async () => {
    const rows = await value({ group: GROUP, wrapped: true, name: "e-first", sql: "SELECT 2 AS n" });
    assert.deepEqual(rows, [[{ n: 2 }], "function", "undefined"]);
  });
});

describe("a template over REST", () => {
  test("a database is created from it in one request", async () => {
    const { uuid } = await rest.result("POST", "", { name: "r-1", template: "base" });
    assert.deepEqual(await rest.query(uuid, NOTED), [{ notes: 0, m: 2 }]);
    const { status } = await rest.request("POST", "", { name: "r-1", template: "base" });
    assert.equal(status, 400);
  });

  test("an empty one makes an empty one", async () => {
    await rest.create("empty");
    await rest.result("POST", "", { name: "r-2", template: "empty" });
    assert.deepEqual(await rest.query("r-2", TABLES), []);
  });
});

describe("migrations of a group", { concurrency: 1 }, () => {
  const third = { name: "0003_more.sql", sql: "ALTER TABLE notes ADD COLUMN more" };
  const fourth = { name: "0004_unique.sql", sql: "CREATE UNIQUE INDEX once ON notes (a)" };
  const NAMES = Array.from({ length: 23 }, (_, i) => `m-${String(i).padStart(2, "0")}`);
  const BROKEN = ["m-05", "m-17"];

  before(async () => {
    for (const name of NAMES) await rest.result("POST", "", { name, template: "base" });
    for (const name of BROKEN) {
      await rest.query(name, "INSERT INTO notes (a) VALUES ('twice'), ('twice')");
    }
  });

  test("come to all, page by page, and failures are told while the others go on", async () => {
    const progress = [];
    const told = await migrate("m-", {
      migrations: [...MIGRATIONS, third, fourth],
      limit: 10,
      onProgress: ({ done, total }) => progress.push([done, total]),
    });
    assert.deepEqual(progress, [[10, 23], [20, 23], [23, 23]]);
    assert.equal(told.migrated.length, 23);
    assert.deepEqual(told.failures.map(({ name, migration }) => [name, migration]),
      BROKEN.map((name) => [name, fourth.name]));
    for (const { error } of told.failures) {
      assert.match(error, /^UNIQUE constraint failed: notes\.a: SQLITE_CONSTRAINT/);
    }
    for (const name of NAMES) {
      const [{ n }] = await rest.query(name, "SELECT count(*) AS n FROM d1_migrations");
      assert.equal(n, BROKEN.includes(name) ? 3 : 4);
    }
  });

  test("go on where they stopped", async () => {
    for (const name of BROKEN) await rest.query(name, "DELETE FROM notes");
    const migrations = [...MIGRATIONS, third, fourth];
    const told = await migrate("m-", { migrations });
    assert.deepEqual(told.migrated.map(({ name, applied }) => [name, applied]),
      BROKEN.map((name) => [name, [fourth.name]]));
    assert.deepEqual(told.failures, []);
    assert.deepEqual((await migrate("m-", { migrations })).migrated, []);
  });

  test("a database that is deleted meanwhile is no failure", async () => {
    const fifth = { name: "0005.sql", sql: "CREATE TABLE five (a)" };
    let deleted = false;
    const told = await migrate("m-", {
      migrations: [fifth],
      limit: 5,
      onProgress: async () => {
        if (!deleted) await rest.result("DELETE", "/m-22");
        deleted = true;
      },
    });
    assert.equal(told.migrated.length, 22);
    assert.deepEqual(told.failures, []);
  });

  test("the program applies a folder, and tells what failed", async () => {
    const directory = temporaryDirectory("migrations");
    const file = (name, sql) => writeFileSync(join(directory, name), sql);
    for (const { name, sql } of [...MIGRATIONS, third]) file(name, sql);
    file("0009_half.sql", "INSERT INTO notes (a, more) VALUES ('half', 1)");
    await rest.query("m-03", "DROP TABLE notes");
    const apply = async () => {
      const program = inRepository("bindings/js/src/cli/main.js");
      const args = ["migrations", "apply", "--prefix", "m-", "--dir", directory, "--limit", "7"];
      const ran = spawn(process.execPath, [program, ...args], {
        env: { ...process.env, ISOLITE_URL: workers.origin, ISOLITE_ADMIN_TOKEN: TOKEN },
      });
      let output = "";
      for (const stream of [ran.stdout, ran.stderr]) stream.on("data", (text) => (output += text));
      const [status] = await once(ran, "close");
      return { status, output };
    };
    const first = await apply();
    assert.equal(first.status, 1, first.output);
    assert.match(first.output, /^m-03: 0009_half\.sql: no such table: notes: SQLITE_ERROR$/m);
    assert.match(first.output, /22 databases: 21 had migrations applied, 1 failed/);
    await rest.result("DELETE", "/m-03");
    const second = await apply();
    assert.equal(second.status, 0, second.output);
    assert.match(second.output, /21 databases: 0 had migrations applied, 0 failed/);
  });

  test("what is asked wrongly is told", async () => {
    const path = (prefix) => `/../groups/${prefix}/migrations/apply`;
    for (const [prefix, body, told] of [
      ["m-", {}, /missing field `migrations`/],
      ["m-", { migrations: [], limit: 501 }, /limit must be from 1 to 500/],
      ["m%20", { migrations: [] }, /Invalid database name/],
    ]) {
      const { status, envelope } = await rest.request("POST", path(prefix), body);
      assert.equal(status, 400);
      assert.match(envelope.errors[0].message, told);
    }
  });
});
