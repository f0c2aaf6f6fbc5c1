// Aim: a database goes from D1 to Isolite and back as docs/operations.md says, with its data and its
// migrations, and takes the next migration in between.
// Method: D1 as wrangler has it locally, in a project of its own; the stock wrangler's commands there, the
// same against a running Isolite Worker here, and the same questions asked of both.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";

import { run as runImport } from "../bindings/js/src/cli/commands/import.js";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, wrangler, WranglerDev } from "./support/wrangler.mjs";

const FIRST = `
CREATE TABLE users (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, picture BLOB);
CREATE TABLE posts (id INTEGER PRIMARY KEY, user_id INTEGER REFERENCES users (id) ON DELETE CASCADE,
  body TEXT DEFAULT 'a;b', n REAL);
CREATE INDEX posts_by_user ON posts (user_id);
CREATE TRIGGER marked AFTER INSERT ON posts BEGIN
  UPDATE users SET name = name || CASE WHEN NEW.n > 1 THEN '!' ELSE '' END WHERE id = NEW.user_id;
END;
`;
const ROWS = `INSERT INTO users (name, picture) VALUES ('Zoë''s', x'00ff10'), ('b', NULL);
INSERT INTO posts VALUES (1, 1, 'x' || char(13) || char(10) || 'y', 1.5), (2, 2, NULL, 1e300), (3, 2, '', -0.5)`;
const QUESTION = `SELECT 'user' AS kind, id, name, hex(picture) AS more FROM users
  UNION ALL SELECT 'post', id, body, n FROM posts UNION ALL SELECT 'migration', id, name, 0 FROM d1_migrations
  UNION ALL SELECT 'schema', 0, name, sql FROM sqlite_schema WHERE name IN ('posts', 'marked', 'posts_by_user')`;

const cwd = temporaryDirectory("from-d1");
let worker;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  mkdirSync(join(cwd, "migrations"));
  const d1_databases = ["there", "back"].map((database_name, i) => ({
    binding: database_name.toUpperCase(), database_name, migrations_dir: "migrations",
    database_id: `00000000-0000-4000-8000-00000000000${i}`,
  }));
  const configuration = { name: "app", compatibility_date: "2026-08-01", d1_databases };
  writeFileSync(join(cwd, "wrangler.json"), JSON.stringify(configuration));
  const here = { d1_databases: [{ binding: "HERE", database_name: "here", migrations_dir: "migrations" }] };
  writeFileSync(join(cwd, "isolite.json"), JSON.stringify({ name: "app", ...here }));
  writeFileSync(join(cwd, "migrations/0001_first.sql"), FIRST);
});
after(() => worker?.stop());

async function d1(args, env = {}) {
  const { status, output } = await wrangler(["d1", ...args], { cwd, env });
  assert.equal(status, 0, output);
  return output;
}

const there = (...args) => d1([...args, "--local"]);
const here = (...args) =>
  d1([...args, "-c", "isolite.json", "--remote"], {
    CLOUDFLARE_API_BASE_URL: `${worker.origin}/client/v4`,
    CLOUDFLARE_API_TOKEN: TOKEN,
    CLOUDFLARE_ACCOUNT_ID: "any",
  });

const rows = (output) => JSON.parse(output.slice(output.search(/^\[/m)))[0].results;
const ask = async (where, database) =>
  rows(await where("execute", database, "--command", QUESTION, "--json"));

test("from D1 and back", { timeout: 180_000 }, async (t) => {
  await t.test("what D1 exported is here", async () => {
    await there("migrations", "apply", "there");
    await there("execute", "there", "--command", ROWS);
    await there("export", "there", "--output", "there.sql");
    const created = await fetch(`${worker.origin}/client/v4/accounts/any/d1/database`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ name: "here" }),
    });
    assert.equal(created.status, 200);
    await here("execute", "here", "--file", "there.sql", "-y");
    const asked = await ask(here, "here");
    assert.equal(asked.length, 9);
    assert.deepEqual(asked, await ask(there, "there"));
  });

  await t.test("migrations go on where they were", async () => {
    writeFileSync(join(cwd, "migrations/0002_second.sql"), "ALTER TABLE posts ADD COLUMN more TEXT;");
    const applied = await here("migrations", "apply", "here");
    assert.match(applied, /0002_second\.sql/);
    assert.doesNotMatch(applied, /0001_first\.sql/);
  });

  await t.test("what is exported here is a database of D1 again", async () => {
    await here("export", "here", "--output", "here.sql");
    await there("execute", "back", "--file", "here.sql", "-y");
    assert.deepEqual(await ask(there, "back"), await ask(here, "here"));
  });
});

test("the file in which wrangler keeps D1", { timeout: 60_000 }, async (t) => {
  const rest = new RestClient(worker.origin, TOKEN);
  const access = { url: worker.origin, token: TOKEN };
  await rest.create("raw");

  await t.test("is imported without the platform's own table, and with all digits", async () => {
    // Which the exports of wrangler's D1 round.
    const big = "9223372036854775807";
    await there("execute", "there", "--command", `CREATE TABLE big AS SELECT ${big} AS n`);
    const state = join(cwd, ".wrangler/state/v3/d1/miniflare-D1DatabaseObject");
    const paths = readdirSync(state).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name))
      .map((name) => join(state, name));
    const has = (database) => database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'big'").get();
    const path = paths.find((path) => opened(path, has));
    // It is there as soon as the platform needs it.
    const own = "CREATE TABLE IF NOT EXISTS _cf_METADATA (key INTEGER PRIMARY KEY, value BLOB)";
    opened(path, (database) => database.exec(`${own}; INSERT INTO _cf_METADATA VALUES (9, x'00')`));
    assert.equal(await runImport(["raw", path], access), 0);
    const found = await rest.query("raw", "SELECT CAST(n AS TEXT) AS n FROM big");
    assert.deepEqual(found, [{ n: big }]);
    assert.deepEqual(await rest.query("raw", QUESTION), await ask(there, "there"));
    const names = "SELECT count(*) AS n FROM sqlite_schema WHERE name LIKE '%cf%'";
    assert.deepEqual(await rest.query("raw", names), [{ n: 0 }]);
  });

  await t.test("is refused while changes are not yet in it", async () => {
    const path = join(cwd, "open.sqlite");
    const changes = "PRAGMA journal_mode = WAL; CREATE TABLE not_yet_in_the_file (a)";
    await opened(path, async (database) => {
      database.exec(changes);
      await assert.rejects(runImport(["raw", path], access), /still in .*open\.sqlite-wal/);
    });
    assert.equal(await runImport(["raw", path], access), 0);
    assert.deepEqual(await rest.query("raw", "SELECT * FROM not_yet_in_the_file"), []);
  });
});

/** Resolves as `use` does, if it is asynchronous, and closes the file behind it. */
function opened(path, use) {
  const database = new DatabaseSync(path);
  const used = use(database);
  if (used instanceof Promise) return used.finally(() => database.close());
  database.close();
  return used;
}
