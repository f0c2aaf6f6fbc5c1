// Aim: what is exported and imported again is the same database, whichever of the two formats carries
// it, whatever is in it, and while others write.
// Method: one running Worker; databases with every kind of value and schema, through REST and the stock
// wrangler, and SQLite itself (node:sqlite) as the judge of what comes out and the maker of what goes in.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";

import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, wrangler, WranglerDev } from "./support/wrangler.mjs";

const SCHEMA = `
  CREATE TABLE kinds (id INTEGER PRIMARY KEY, v);
  INSERT INTO kinds (v) VALUES (NULL), (9223372036854775807), (-9223372036854775808), (0.1), (1e300),
    (-0.5), (''), ('it''s; "quoted"'), ('-- no comment'), ('line' || char(10) || 'break'),
    ('nul' || char(0) || 'inside'), ('Zürich 日本 🎉'), (x''), (x'00ff10'), (zeroblob(5000));
  CREATE TABLE "odd ""name" ("a b" TEXT DEFAULT 'x;y', "select" INTEGER) STRICT;
  INSERT INTO "odd ""name" VALUES ('1', 2);
  CREATE TABLE parent (id INTEGER PRIMARY KEY);
  CREATE TABLE child (id INTEGER PRIMARY KEY AUTOINCREMENT, parent_id REFERENCES parent (id));
  INSERT INTO parent VALUES (7);
  INSERT INTO child VALUES (70, 7);
  DELETE FROM child WHERE id = 71;
  CREATE TABLE without (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
  INSERT INTO without VALUES ('b', 1), ('a', 2);
  CREATE TABLE computed (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED);
  INSERT INTO computed (a) VALUES (21);
  CREATE INDEX by_v ON without (v) WHERE v > 1;
  ANALYZE;
  CREATE VIEW joined AS SELECT child.id, parent.id AS p FROM child JOIN parent ON parent_id = parent.id;
  CREATE TABLE log (what);
  CREATE TRIGGER logged AFTER INSERT ON parent BEGIN
    INSERT INTO log VALUES (CASE WHEN NEW.id THEN 'x;y' END);
  END;
  CREATE VIRTUAL TABLE words USING fts5 (body);
  INSERT INTO words VALUES ('the quick brown fox'), ('lazy dogs');
`;

/** Each with a result that tells one database from another. */
const QUESTIONS = [
  "SELECT type, name, tbl_name, sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite%' ORDER BY name",
  "SELECT id, typeof(v) AS t, quote(v) AS q FROM kinds ORDER BY id",
  'SELECT "a b", "select" FROM "odd ""name"',
  "SELECT * FROM child",
  "SELECT * FROM without ORDER BY k",
  "SELECT * FROM computed",
  "SELECT * FROM joined",
  "SELECT * FROM log",
  "SELECT rowid, body FROM words WHERE words MATCH 'quick OR dogs' ORDER BY rowid",
];

const directory = temporaryDirectory("import-export");
let worker;
let rest;
before(async () => {
  worker = await WranglerDev.start(["wrangler.toml"]);
  rest = new RestClient(worker.origin, TOKEN);
  await rest.create("source");
  await rest.query("source", SCHEMA);
});
after(() => worker?.stop());

const answers = (database) =>
  Promise.all(QUESTIONS.map((sql) => rest.query(database, sql)));

async function exported(database, query = "format=sql") {
  const url = `${worker.origin}/client/v4/accounts/a/d1/database/${database}/export?${query}`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, 200);
  return Buffer.from(await response.arrayBuffer());
}

async function imported(database, file, format = "auto") {
  const path = `/${database}/import`;
  let told = await rest.result("POST", `${path}?format=${format}`, file);
  while (told.status === "active") {
    told = await rest.result("POST", path, { action: "poll", current_bookmark: told.at_bookmark });
  }
  return told;
}

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
  return output;
}

describe("there and back", () => {
  for (const format of ["sql", "sqlite"]) {
    test(`by ${format}`, async () => {
      const file = await exported("source", `format=${format}`);
      const copy = `by-${format}`;
      await rest.create(copy);
      const told = await imported(copy, file);
      assert.equal(told.status, "complete", told.error);
      assert.equal(typeof told.result.meta.duration, "number");
      assert.deepEqual(await answers(copy), await answers("source"));
    });
  }

  test("SQLite opens what is exported as its file", async () => {
    const path = join(directory, "source.sqlite");
    writeFileSync(path, await exported("source", "format=sqlite"));
    const database = new DatabaseSync(path);
    assert.deepEqual(database.prepare("PRAGMA integrity_check").all().map(Object.values), [["ok"]]);
    const found = database.prepare(QUESTIONS[1]).all().map((row) => ({ ...row }));
    assert.deepEqual(found, await rest.query("source", QUESTIONS[1]));
    database.close();
  });

  test("SQLite runs what is exported as SQL", async () => {
    const database = new DatabaseSync(":memory:");
    database.exec((await exported("source")).toString());
    const found = database.prepare(QUESTIONS[1]).all().map((row) => ({ ...row }));
    assert.deepEqual(found, await rest.query("source", QUESTIONS[1]));
    database.close();
  });

  test("a file that SQLite made", async () => {
    const path = join(directory, "made.sqlite");
    const database = new DatabaseSync(path);
    database.exec("PRAGMA page_size = 4096; CREATE TABLE made (a); INSERT INTO made VALUES (1), (2)");
    database.close();
    await rest.create("made");
    assert.equal((await imported("made", readFileSync(path), "sqlite")).status, "complete");
    assert.deepEqual(await rest.query("made", "SELECT * FROM made"), [{ a: 1 }, { a: 2 }]);
    await rest.query("made", "INSERT INTO made VALUES (3)");
  });

  test("by the stock wrangler", async () => {
    const path = join(directory, "wrangler.sql");
    await d1("export", "source", "--remote", "--output", path, "-y");
    await rest.create("wrangled");
    const output = await d1("execute", "wrangled", "--remote", "--file", path, "-y");
    assert.match(output, /Executed \d+ queries in/);
    assert.deepEqual(await answers("wrangled"), await answers("source"));
  });

  test("one table, the schema alone, the rows alone", async () => {
    const one = (await exported("source", "table=kinds")).toString();
    assert.match(one, /CREATE TABLE kinds/);
    assert.doesNotMatch(one, /without/);
    const schema = (await exported("source", "no_data=1")).toString();
    assert.doesNotMatch(schema, /INSERT INTO "?kinds/);
    const rows = (await exported("source", "no_schema=1&table=kinds")).toString();
    assert.doesNotMatch(rows, /CREATE TABLE/);
    assert.match(rows, /INSERT INTO "?kinds/);
  });
});

describe("beside others", () => {
  const rows = 30_000;
  const fill = (database) =>
    rest.query(
      database,
      `CREATE TABLE big (a INTEGER PRIMARY KEY, b);
       WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
       INSERT INTO big SELECT i, hex(randomblob(200)) FROM n`,
    );

  test("an export is of one moment, while others write", async () => {
    await rest.create("moving");
    await fill("moving");
    const sum = "SELECT count(*) AS n, sum(a) AS s FROM big";
    const [before] = await rest.query("moving", sum);
    const options = { output_format: "polling", dump_options: {} };
    const { result } = await rest.result("POST", "/moving/export", options);
    for (let i = 0; i < 20; i++) await rest.query("moving", `UPDATE big SET a = a + ${rows} WHERE a % 20 = ${i}`);
    const database = new DatabaseSync(":memory:");
    database.exec(await (await fetch(result.signed_url)).text());
    assert.deepEqual({ ...database.prepare(sum).get() }, before);
    database.close();
  });

  test("an import that fails leaves everything as it was, and names the statement", async () => {
    await rest.create("kept");
    await rest.query("kept", "CREATE TABLE t (a UNIQUE); INSERT INTO t VALUES (1)");
    const file = "INSERT INTO t VALUES (2);\nINSERT INTO t VALUES (3);\n\nINSERT INTO t VALUES (2);\n";
    const told = await imported("kept", file);
    assert.equal(told.status, "error");
    assert.match(told.error, /UNIQUE constraint failed: t.a/);
    assert.match(told.error, /line 4/);
    assert.deepEqual(await rest.query("kept", "SELECT a FROM t"), [{ a: 1 }]);
    assert.equal((await imported("kept", "INSERT INTO t VALUES (2);")).status, "complete");
  });

  test("a file that is cut short, or damaged, is no database", async () => {
    await rest.create("damaged");
    await rest.query("damaged", "CREATE TABLE t (a)");
    const file = await exported("source", "format=sqlite");
    const damaged = Buffer.from(file);
    damaged.fill(0xa5, 4096, 4200);
    // One page more than is used, as the header has it too.
    const unused = Buffer.concat([file, Buffer.alloc(4096)]);
    unused.writeUInt32BE(unused.length / 4096, 28);
    const wrong = [
      [file.subarray(0, file.length - 1), /cut short/],
      [file.subarray(0, file.length - 4096), /cut short|damaged/],
      [damaged, /damaged|malformed/],
      [unused, /^the file is damaged: Page \d+: never used$/],
    ];
    for (const [content, text] of wrong) {
      const { status, error } = await imported("damaged", content);
      assert.equal(status, "error");
      assert.match(error, text);
    }
    assert.deepEqual(await rest.query("damaged", "SELECT * FROM t"), []);
  });

  test("a large import tells how far it is", async () => {
    await rest.create("large");
    const line = (i) => `INSERT INTO big VALUES (${i}, '${"x".repeat(200)}');\n`;
    const lines = Array.from({ length: 100_000 }, (_, i) => line(i)).join("");
    const file = `CREATE TABLE big (a INTEGER PRIMARY KEY, b);\n${lines}`;
    const etag = createHash("md5").update(file).digest("hex");
    const init = await rest.result("POST", "/large/import", { action: "init", etag });
    assert.equal((await fetch(init.upload_url, { method: "PUT", body: file })).status, 200);
    const ingest = { action: "ingest", etag, filename: init.filename };
    let told = await rest.result("POST", "/large/import", ingest);
    while (told.status === "active") {
      assert.match(told.messages.at(-1), /Imported [\d.]+ of 2\d\.\d MB/);
      const poll = { action: "poll", current_bookmark: told.at_bookmark };
      told = await rest.result("POST", "/large/import", poll);
    }
    assert.equal(told.status, "complete", told.error);
    assert.equal(told.result.num_queries, 100_001);
    assert.deepEqual(await rest.query("large", "SELECT count(*) AS n FROM big"), [{ n: 100_000 }]);
  });
});
