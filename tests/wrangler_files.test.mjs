// Aim: the commands of the stock wrangler that move whole databases do with Isolite what they do with
// D1: `d1 export`, `d1 execute --file`, `d1 time-travel`. The others are in wrangler.test.mjs.
// Method: one running Worker, and wrangler as a user runs it, with nothing but its API's address set.
// What was exported is imported into another database, and the two are compared.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, wrangler, WranglerDev } from "./support/wrangler.mjs";

const BOOKMARK = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/;

let worker;
let rest;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.stop());

const directory = temporaryDirectory("files");
const at = (name) => join(directory, name);

function run(args) {
  return wrangler(["d1", ...args], {
    cwd: directory,
    env: {
      CLOUDFLARE_API_BASE_URL: `${worker.origin}/client/v4`,
      CLOUDFLARE_API_TOKEN: TOKEN,
      CLOUDFLARE_ACCOUNT_ID: "an-account",
    },
  });
}

/** A command that has to succeed; with --json its output is read. */
async function d1(...args) {
  const { status, output } = await run(args);
  assert.equal(status, 0, output);
  // A warning comes before it.
  return args.includes("--json") ? JSON.parse(output.slice(output.search(/^[[{]/m))) : output;
}

async function failing(...args) {
  const { status, output } = await run(args);
  assert.equal(status, 1, output);
  return output;
}

async function exported(database, ...options) {
  const file = at(`${database}${options.join("")}.sql`);
  const output = await d1("export", database, "--remote", "-y", "--output", file, ...options);
  assert.match(output, /Downloaded to .* successfully/);
  return readFileSync(file, "utf8");
}

const imported = (database, file, ...options) =>
  d1("execute", database, "--remote", "-y", "--file", file, ...options);

const rowsOf = (database) => rest.query(database, "SELECT * FROM pets ORDER BY id");

describe("export", { concurrency: 2 }, () => {
  before(async () => {
    await rest.create("pets");
    await rest.query(
      "pets",
      `CREATE TABLE pets (id INTEGER PRIMARY KEY, name TEXT, weight REAL, photo BLOB, big INTEGER);
       CREATE TABLE "odd ""name" (a);
       CREATE INDEX by_name ON pets (name);
       CREATE VIEW heavy AS SELECT * FROM pets WHERE weight > 10;
       CREATE TRIGGER named AFTER INSERT ON pets BEGIN
         INSERT INTO "odd ""name" VALUES (NEW.name); END;
       INSERT INTO pets VALUES (1, 'Rex; the "dog"''s', 12.5, x'00ff', 9223372036854775807);
       INSERT INTO pets VALUES (2, 'Ünï\ncode', 1e300, NULL, -1)`,
    );
  });

  test("all of it, which makes the same database elsewhere", async () => {
    const sql = await exported("pets");
    assert.match(sql, /^PRAGMA defer_foreign_keys=TRUE;\n/i);
    await rest.create("pets-again");
    await imported("pets-again", at("pets.sql"));
    assert.deepEqual(await rowsOf("pets-again"), await rowsOf("pets"));
    const schema = "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name";
    assert.deepEqual(await rest.query("pets-again", schema), await rest.query("pets", schema));
    const odd = 'SELECT count(*) AS n FROM "odd ""name"';
    assert.deepEqual(await rest.query("pets-again", odd), [{ n: 2 }]);
    const digits = "SELECT CAST(big AS TEXT) AS big FROM pets WHERE id = 1";
    assert.deepEqual(await rest.query("pets-again", digits), [{ big: "9223372036854775807" }]);
  });

  test("without data, without schema, and one table", async () => {
    const schema = await exported("pets", "--no-data");
    assert.match(schema, /CREATE TABLE pets/);
    assert.doesNotMatch(schema, /INSERT INTO "?pets/);
    const data = await exported("pets", "--no-schema");
    assert.doesNotMatch(data, /^CREATE/m);
    assert.match(data, /INSERT INTO "?pets/);
    const table = await exported("pets", "--table", "pets");
    assert.match(table, /CREATE TABLE pets/);
    assert.doesNotMatch(table, /CREATE TABLE "odd/);
  });

  test("an empty database", async () => {
    await rest.create("empty");
    assert.doesNotMatch(await exported("empty"), /CREATE|INSERT/);
  });

  test("what is not there", async () => {
    const command = ["export", "nobody", "--remote", "-y", "--output", at("nobody.sql")];
    assert.match(await failing(...command), /Couldn't find a D1 DB with name or binding 'nobody'/);
    assert.equal(existsSync(at("nobody.sql")), false);
    const table = ["export", "pets", "--remote", "-y", "--output", at("no.sql"), "--table", "nope"];
    assert.match(await failing(...table), /nope/);
  });
});

describe("execute --file", { concurrency: 2 }, () => {
  const written = (name, sql) => {
    writeFileSync(at(name), sql);
    return at(name);
  };

  test("tells how much it did, with and without --json", async () => {
    await rest.create("filed");
    const file = written("filed.sql", "CREATE TABLE a (b); INSERT INTO a VALUES (1), (2);\n");
    const output = await imported("filed", file);
    assert.match(output, /Executed 2 queries in \d+\.\d\dms \(\d+ rows read, \d+ rows written\)/);
    assert.match(output, /Database is currently at bookmark [0-9a-f-]{59}/);
    const more = written("more.sql", "INSERT INTO a VALUES (3);");
    const [{ success, results, finalBookmark, meta }] = await imported("filed", more, "--json");
    assert.equal(success, true);
    assert.equal(results[0]["Total queries executed"], 1);
    assert.match(finalBookmark, BOOKMARK);
    assert.equal(meta.rows_written, 1);
    assert.deepEqual(await rest.query("filed", "SELECT count(*) AS n FROM a"), [{ n: 3 }]);
  });

  test("is one transaction: a bad file leaves nothing", async () => {
    await rest.create("unfiled");
    const file = written("bad.sql", "CREATE TABLE half (a); INSERT INTO nope VALUES (1);");
    const output = await failing("execute", "unfiled", "--remote", "-y", "--file", file);
    assert.match(output, /no such table: nope/);
    assert.deepEqual(await rest.query("unfiled", "SELECT name FROM sqlite_schema"), []);
    // The same file again is not taken as done.
    await failing("execute", "unfiled", "--remote", "-y", "--file", file);
    await rest.query("unfiled", "CREATE TABLE nope (a)");
    await imported("unfiled", file);
    assert.deepEqual(await rest.query("unfiled", "SELECT a FROM nope"), [{ a: 1 }]);
  });

  test("the same file twice runs twice", async () => {
    await rest.create("twice-filed");
    await rest.query("twice-filed", "CREATE TABLE a (b)");
    const file = written("twice.sql", "INSERT INTO a VALUES (1);");
    for (let i = 0; i < 2; i++) await imported("twice-filed", file);
    assert.deepEqual(await rest.query("twice-filed", "SELECT count(*) AS n FROM a"), [{ n: 2 }]);
  });

  test("a file larger than a request may be", async () => {
    await rest.create("large");
    const row = (i) => `INSERT INTO a VALUES (${i}, '${"x".repeat(500)}');\n`;
    const rows = Array.from({ length: 40_000 }, (_, i) => row(i)).join("");
    await imported("large", written("large.sql", `CREATE TABLE a (i, b);\n${rows}`));
    const count = "SELECT count(*) AS n, sum(i) AS s FROM a";
    assert.deepEqual(await rest.query("large", count), [{ n: 40_000, s: 799_980_000 }]);
  });

  test("a file of SQLite's own format is refused", async () => {
    await rest.create("binary");
    const file = written("binary.db", "SQLite format 3\0");
    const output = await failing("execute", "binary", "--remote", "-y", "--file", file);
    assert.match(output, /binary SQLite database file/);
  });
});

describe("time-travel", () => {
  let middle;
  before(async () => {
    await rest.create("past");
    await rest.query("past", "CREATE TABLE a (b); INSERT INTO a VALUES (1)");
    await sleep(1_500);
    middle = new Date().toISOString();
    await sleep(1_500);
    await rest.query("past", "INSERT INTO a VALUES (2)");
  });
  const rows = async () => (await rest.query("past", "SELECT b FROM a")).map(({ b }) => b);

  test("info now and at a time", async () => {
    const { bookmark } = await d1("time-travel", "info", "past", "--json");
    assert.match(bookmark, BOOKMARK);
    const text = await d1("time-travel", "info", "past");
    assert.match(text, new RegExp(`The current bookmark is '${bookmark}'`));
    const then = await d1("time-travel", "info", "past", "--timestamp", middle, "--json");
    assert.match(then.bookmark, BOOKMARK);
    assert.ok(then.bookmark < bookmark, `${then.bookmark} ${bookmark}`);
  });

  test("restore to a time, and back to the bookmark before it", async () => {
    const restore = (...to) => d1("time-travel", "restore", "past", "--json", ...to);
    const restored = await restore("--timestamp", middle);
    assert.match(restored.bookmark, BOOKMARK);
    assert.match(restored.previous_bookmark, BOOKMARK);
    assert.deepEqual(await rows(), [1]);
    await restore("--bookmark", restored.previous_bookmark);
    assert.deepEqual(await rows(), [1, 2]);
    const text = await d1("time-travel", "restore", "past", "--timestamp", middle);
    assert.match(text, /restored back to bookmark [0-9a-f-]{59}/);
    assert.match(text, /previous bookmark: [0-9a-f-]{59}/);
    assert.deepEqual(await rows(), [1]);
  });

  test("a bookmark that is none", async () => {
    const command = ["time-travel", "restore", "past", "--json", "--bookmark", "nonsense"];
    assert.match(await failing(...command), /bookmark/i);
    assert.deepEqual(await rows(), [1]);
  });
});
