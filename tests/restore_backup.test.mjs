// Aim: from the replica of a stock Litestream a database is restored here as Litestream itself restores
// it, at every target; what cannot be restored is told, and leaves nothing behind.
// Method: Litestream replicates a SQLite database that grows, shrinks and is vacuumed meanwhile. Its files
// are put into the bucket as it would have put them there, whole or damaged, and are restored by the
// program `isolite` and by REST; an export is compared with what `litestream restore` gives.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { run } from "../bindings/js/src/cli/commands/restore-backup.js";
import { BucketClient, shipped, startWithBucket } from "./support/bucket.mjs";
import { Litestream } from "./support/litestream.mjs";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { inRepository, temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { assertNoCrash } from "./support/witness.mjs";
import { TOKEN } from "./support/wrangler.mjs";

const WAIT_MS_MAX = 60_000;

const own = temporaryDirectory("restore-backup");
const state = join(own, "state");

/** A directory within that of this test. */
function place(name) {
  mkdirSync(join(own, name));
  return join(own, name);
}

let worker;
let rest;
let bucket;

async function start() {
  worker = await startWithBucket({ state });
  rest = new RestClient(worker.origin, TOKEN);
  bucket = new BucketClient(worker.origin);
}

before(start);
after(async () => {
  await worker?.stop();
  assertNoCrash(worker?.log ?? "");
});

/** Runs the program `isolite`; resolves with its status and what it said. */
async function isolite(...args) {
  const program = inRepository("bindings/js/src/cli/main.js");
  const env = { ...process.env, ISOLITE_URL: worker.origin, ISOLITE_ADMIN_TOKEN: TOKEN };
  const child = spawn(process.execPath, [program, ...args], { env });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += text));
  const [status] = await once(child, "exit");
  return { status, output };
}

/** A request beside the databases. */
async function beside(method, path, body) {
  const response = await fetch(`${worker.origin}/client/v4/accounts/a/d1/${path}`, {
    method,
    headers: { authorization: `Bearer ${TOKEN}` },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const { result, errors } = await response.json();
  return { status: response.status, result, message: errors?.[0]?.message };
}

const restore = (body) => beside("POST", "backups/restore", body);

async function put(path, files) {
  for (const { name, bytes, timestamp } of files) await bucket.put(`${path}/${name}`, bytes, timestamp);
}

const directory = place("restored");
let exported = 0;

/** The database as a SQLite file. */
async function fileOf(name) {
  const url = `${worker.origin}/client/v4/accounts/a/d1/database/${name}/export?format=sqlite`;
  const response = await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } });
  assert.equal(response.status, 200);
  const path = join(directory, `exported-${++exported}.sqlite`);
  writeFileSync(path, Buffer.from(await response.arrayBuffer()));
  return path;
}

/** Its schema and all its rows. */
function content(path) {
  const database = new DatabaseSync(path);
  try {
    assert.equal(database.prepare("PRAGMA integrity_check").get().integrity_check, "ok");
    const schema = database.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name").all();
    const tables = schema.filter(({ type }) => type === "table");
    return [schema, ...tables.map(({ name }) => database.prepare(`SELECT * FROM "${name}"`).all())];
  } finally {
    database.close();
  }
}

/** Its bytes, whether it is in WAL mode or not. */
function bytesOf(path) {
  const bytes = readFileSync(path);
  bytes.fill(1, 18, 20);
  return bytes;
}

/** The same as SQL, by the export that D1 has. */
async function dumpOf(name) {
  const url = `${worker.origin}/client/v4/accounts/a/d1/database/${name}/export?format=sql`;
  return (await fetch(url, { headers: { authorization: `Bearer ${TOKEN}` } })).text();
}

async function names() {
  return (await rest.result("GET", "?per_page=1000")).map(({ name }) => name);
}

/** Whoever restores has left no mark, and what failed no database. */
async function nothingLeft(name) {
  assert.deepEqual((await bucket.keys()).filter((key) => key.includes("isolite-restores")), []);
  if (name !== undefined) assert.ok(!(await names()).includes(name), `${name} is there`);
}

/** The job of a database, once it has read something. */
async function underWay(name) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(20)) {
    const job = await rest.result("GET", `/${name}/jobs`).catch(() => undefined);
    if (job?.done > 0) {
      assert.equal(job.state, "running", "it is over already");
      return job;
    }
    assert.ok(Date.now() < end, "it does not begin");
  }
}

/** The same, once it is over. */
async function over(name) {
  for (const end = Date.now() + WAIT_MS_MAX; ; await sleep(200)) {
    const job = await rest.result("GET", `/${name}/jobs`);
    if (job.state !== "running") return job;
    assert.ok(Date.now() < end, `it goes on: ${JSON.stringify(job)}`);
  }
}

function opened(path) {
  const database = new DatabaseSync(path);
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL");
  return database;
}

describe("a replica of a database in use", () => {
  const home = place("used");
  const path = join(home, "app.db");
  const litestream = new Litestream(home, path);
  const times = [];
  let txids;

  before(async () => {
    const database = opened(path);
    database.exec("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b BLOB, c REAL)");
    litestream.start();
    const phase = async (...statements) => {
      for (const sql of statements) {
        database.exec(sql);
        await sleep(300);
      }
      await sleep(1_000);
      times.push(new Date().toISOString());
      await sleep(100);
    };
    const insert = (count, bytes) => `
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
      INSERT INTO t (a, b, c) SELECT 'row ä ' || i, randomblob(${bytes}), i / 3.0 FROM n`;
    try {
      await phase(insert(50, 100), "UPDATE t SET c = NULL WHERE id % 3 = 0");
      await phase(insert(2_000, 3_000), "CREATE INDEX a ON t (a)", insert(10, 50_000));
      await phase("DELETE FROM t WHERE id % 4 > 0", "UPDATE t SET b = zeroblob(10) WHERE id < 100");
      await phase("VACUUM", "CREATE TABLE u (k PRIMARY KEY, v) WITHOUT ROWID");
      await phase("INSERT INTO u SELECT id, a FROM t", "DELETE FROM t WHERE id > 500", "VACUUM");
      await phase(insert(500, 4_000), "CREATE VIEW w AS SELECT a FROM t", "DROP INDEX a");
    } finally {
      database.close();
      await litestream.stop();
    }
    const files = litestream.files();
    await put("of/litestream", files);
    const levels = new Set(files.map(({ name }) => name.slice(0, 4)));
    assert.ok(levels.has("0001") && levels.has("0009"), [...levels].join());
    txids = [...new Set(files.map(({ name }) => name.match(/-([0-9a-f]{16})\.ltx$/)[1]))].sort();
  });

  /** That both have restored the same. */
  async function compared(name, target) {
    const ours = await fileOf(name);
    const theirs = join(directory, `${name}.litestream`);
    const { status, output } = litestream.restore(theirs, target);
    assert.equal(status, 0, output);
    assert.ok(bytesOf(ours).equals(bytesOf(theirs)), "the files differ");
    assert.deepEqual(content(ours), content(theirs));
    await rest.create(`${name}-imported`);
    assert.equal((await isolite("import", `${name}-imported`, theirs)).status, 0);
    assert.equal(await dumpOf(name), await dumpOf(`${name}-imported`));
    await nothingLeft();
  }

  test("the newest, by the program", async () => {
    const { status, output } = await isolite("restore-backup", "newest", "--path", "of/litestream");
    assert.equal(status, 0, output);
    assert.match(output, new RegExp(`^newest is there: [0-9a-f-]{36}$`, "m"));
    assert.match(output, new RegExp(`transaction ${txids.at(-1)} of the backup, of 20`));
    await compared("newest", []);
    // It is a database like any other.
    await rest.query("newest", "INSERT INTO t (a) VALUES ('behind')");
    assert.deepEqual(await rest.query("newest", "SELECT count(*) AS n FROM t WHERE a = 'behind'"), [{ n: 1 }]);
  });

  test("at each time", async () => {
    for (const [i, time] of times.entries()) {
      const name = `time-${i}`;
      const { status, output } = await isolite("restore-backup", name, "--path", "/of/litestream/", "--timestamp", time);
      assert.equal(status, 0, output);
      await compared(name, ["-timestamp", time]);
    }
  });

  test("at each transaction, by REST", async () => {
    const chosen = txids.filter((_, i) => i % Math.ceil(txids.length / 8) === 0);
    for (const txid of [...chosen, txids.at(-1)]) {
      const name = `txid-${txid}`;
      if ((await names()).includes(name)) continue;
      const { status, result, message } = await restore({ name, path: "of/litestream", txid });
      if (litestream.restore(join(directory, `${name}.tried`), ["-txid", txid]).status !== 0) {
        assert.equal(status, 400, `Litestream does not restore ${txid}`);
        assert.match(message, /does not go back so far|no run of files/);
        await nothingLeft(name);
        continue;
      }
      assert.equal(status, 200, message);
      assert.equal(result.name, name);
      assert.partialDeepStrictEqual(result, { status: "complete", restored: { txid, skipped: null } });
      const { bookmark } = await rest.result("GET", `/${name}/time_travel/bookmark`);
      assert.equal(result.restored.bookmark, bookmark);
      await compared(name, ["-txid", txid]);
    }
  });

  test("what there is to restore", async () => {
    const { status, result } = await beside("GET", "backups?path=of%2Flitestream");
    assert.equal(status, 200);
    assert.equal(result.files, litestream.files().length);
    assert.equal(result.newest.txid, txids.at(-1));
    assert.ok(result.snapshots.length > 0);
    for (const { txid, timestamp } of result.snapshots) {
      assert.ok(txids.includes(txid));
      assert.match(timestamp, /^20\d\d-.*Z$/);
    }
  });

  test("before the first", async () => {
    const time = "2020-01-01T00:00:00Z";
    const { status, output } = await isolite("restore-backup", "early", "--path", "of/litestream", "--timestamp", time);
    assert.equal(status, 1);
    assert.match(output, /does not go back so far: what can be restored begins at 20\d\d-/);
    await nothingLeft("early");
  });
});

describe("a small replica", () => {
  const home = place("small");
  const litestream = new Litestream(home, join(home, "small.db"));
  let files;

  before(() => {
    const database = opened(litestream.path);
    database.exec("CREATE TABLE t (n)");
    for (let n = 1; n <= 5; n++) {
      database.exec(`INSERT INTO t VALUES (${n}), (hex(randomblob(3000)))`);
      litestream.once();
    }
    database.close();
    files = litestream.files().filter(({ name }) => name.startsWith("0000/"));
    assert.ok(files.length >= 5, files.map(({ name }) => name).join());
  });

  const third = (change) => files.map((file, i) => (i === 2 ? { ...file, bytes: change(file.bytes) } : file));
  const flipped = (bytes, at) => {
    const damaged = Buffer.from(bytes);
    damaged[at] ^= 0x40;
    return damaged;
  };
  const cases = {
    cut: [() => third((bytes) => bytes.subarray(0, -1)), /does not match|too early/],
    halved: [() => third((bytes) => bytes.subarray(0, bytes.length / 2)), /too early/],
    emptied: [() => third(() => Buffer.alloc(0)), /too early/],
    garbage: [() => third(() => Buffer.from("not what it seems to be".repeat(50))), /not an LTX file/],
    "flipped-page": [() => third((bytes) => flipped(bytes, bytes.length / 2 | 0)), /damaged|does not match|order/],
    "flipped-sum": [() => third((bytes) => flipped(bytes, bytes.length - 1)), /does not match/],
    misnamed: [() => third(() => files[1].bytes), /by its header it holds transactions/],
  };

  for (const [name, [tampered, expected]] of Object.entries(cases)) {
    test(`an object that is ${name} is named, and nothing is left`, async () => {
      await put(name, tampered());
      const { status, message } = await restore({ name, path: name });
      assert.equal(status, 400);
      assert.ok(message.startsWith(`${name}/${files[2].name}: `), message);
      assert.match(message, expected);
      await nothingLeft(name);
      // What comes before it is sound.
      const txid = files[1].name.slice(22, 38);
      assert.equal((await restore({ name, path: name, txid })).status, 200);
    });
  }

  test("a file is missing", async () => {
    await put("holey", files.filter((_, i) => i !== 2));
    const { status, output } = await isolite("restore-backup", "holey", "--path", "holey");
    assert.equal(status, 1);
    assert.match(output, /is not whole: it goes up to transaction 0{15}2, and the next file begins with 0{15}4/);
    await nothingLeft("holey");
    // At a time, as much as can be, and the rest is told.
    const late = await isolite("restore-backup", "holey", "--path", "holey", "--timestamp", "2100-01-01T00:00:00Z");
    assert.equal(late.status, 0, late.output);
    assert.match(late.output, /The backup is not whole: it goes up to/);
    assert.match((await restore({ name: "other", path: "holey", txid: "5" })).message, /nearest before it .* 0{15}2$/);
    await put("headless", files.slice(1));
    assert.match((await restore({ name: "other", path: "headless" })).message, /has no snapshot.*0{15}2$/);
    await nothingLeft("other");
  });

  test("no path, no backup, no target, a name that is taken", async () => {
    await rest.create("taken");
    for (const [body, expected] of [
      [{ name: "none", path: "" }, /Say by path/],
      [{ name: "none" }, /Say by path/],
      [{ name: "none", path: "nowhere" }, /there is no backup at nowhere/],
      [{ path: "small" }, /either the name/],
      [{ name: "none", path: "small", jurisdiction: "eu" }, /No bucket.*binding = "ISOLITE_BACKUP_EU"/],
      [{ name: "none", path: "small", txid: "x" }, /no txid/],
      [{ name: "none", path: "small", timestamp: "yesterday" }, /timestamp/],
      [{ name: "taken", path: "small" }, /already exists/],
    ]) {
      const { status, message } = await restore(body);
      assert.equal(status, 400, JSON.stringify(body));
      assert.match(message, expected);
    }
    const without = await isolite("restore-backup", "none");
    assert.deepEqual([without.status, /Say --path/.test(without.output)], [1, true]);
    assert.equal((await beside("GET", "backups?path=nowhere")).status, 404);
    await nothingLeft("none");
  });

  test("into a database that is there, and empty", async () => {
    await put("small", files);
    await rest.create("empty");
    assert.equal((await restore({ database: "empty", path: "halved" })).status, 400);
    const { status, output } = await isolite("restore-backup", "empty", "--path", "small", "--into-empty");
    assert.equal(status, 0, output);
    assert.deepEqual(await rest.query("empty", "SELECT n FROM t WHERE typeof(n) = 'integer'"),
      [1, 2, 3, 4, 5].map((n) => ({ n })));
    const again = await restore({ database: "empty", path: "small" });
    assert.equal(again.status, 400);
    assert.match(again.message, /begins with an empty database/);
  });

  for (const [name, pragma, expected] of [
    ["pages-of-8192", "page_size = 8192", /PRAGMA page_size=4096; VACUUM/],
    ["utf-16", "encoding = 'UTF-16le'", /text in the file is UTF-16/],
  ]) {
    test(`a database that cannot be one here: ${name}`, async () => {
      const home = place(name);
      const other = new Litestream(home, join(home, "other.db"));
      const database = new DatabaseSync(other.path);
      database.exec(`PRAGMA ${pragma}; PRAGMA journal_mode = WAL; CREATE TABLE t (n)`);
      other.once();
      database.close();
      await put(name, other.files());
      const { status, message } = await restore({ name, path: name });
      assert.equal(status, 400);
      assert.ok(message.startsWith(`${name}/0000/`), message);
      assert.match(message, expected);
      await nothingLeft(name);
    });
  }

  test("a damaged database in sound files", async () => {
    const home = place("damaged");
    const other = new Litestream(home, join(home, "other.db"));
    const database = opened(other.path);
    database.exec("CREATE TABLE t (n); INSERT INTO t VALUES (1)");
    database.close();
    const bytes = readFileSync(other.path);
    bytes.fill(0xee, 4096, 8192);
    writeFileSync(other.path, bytes);
    other.once();
    await put("damaged", other.files());
    const { status, message } = await restore({ name: "damaged", path: "damaged" });
    assert.equal(status, 400);
    assert.match(message, /malformed|damaged|btreeInitPage|error code 11/i);
    await nothingLeft("damaged");
  });
});

describe("a backup of Isolite's own", () => {
  test("it is restored into another database, whole or as of a transaction", async () => {
    await rest.create("backed-up");
    await rest.query("backed-up", "CREATE TABLE t (n, pad)");
    for (let n = 1; n <= 5; n++) await rest.query("backed-up", `INSERT INTO t VALUES (${n}, randomblob(9000))`);
    const { path, txid } = await shipped(rest, "backed-up");
    await rest.query("backed-up", "DELETE FROM t WHERE n < 4");
    const after = await shipped(rest, "backed-up");
    assert.ok(after.txid > txid);
    for (const [name, target, count] of [["of-then", { txid }, 5], ["of-now", {}, 2]]) {
      const { status, message, result } = await restore({ name, path, ...target });
      assert.equal(status, 200, message);
      assert.equal(result.restored.txid, target.txid ?? after.txid);
      assert.deepEqual(await rest.query(name, "SELECT count(*) AS n FROM t"), [{ n: count }]);
    }
    assert.deepEqual(content(await fileOf("of-now")), content(await fileOf("backed-up")));
    await nothingLeft();
  });
});

describe("the program, where it takes longer than a request", () => {
  const active = { status: 202, result: { uuid: "an-id", status: "active", job: "7", messages: [] } };
  const job = (state, more) => ({ result: { job: "7", kind: "restore from a backup", state, done: 4, total: 9, ...more } });
  const result = { txid: "00000000000000ff", timestamp: "2026-11-25T12:00:00.000Z", files: 3, skipped: null };

  /** Runs it against answers in their order, of which one may be lost; resolves with what was asked. */
  async function against(answers, ...args) {
    const asked = [];
    const server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url.replace("/client/v4/accounts/isolite/d1/", "")}`);
      const answer = answers.shift();
      if (answer === "lost") return request.socket.destroy();
      const { status = 200, result = null } = answer;
      response.writeHead(status).end(JSON.stringify({ success: true, result, errors: [] }));
    }).listen(0, "127.0.0.1");
    try {
      await once(server, "listening");
      const url = `http://127.0.0.1:${server.address().port}`;
      const ended = run(["new", "--path", "p", ...args], { url, token: TOKEN });
      return { asked, status: await ended.catch(({ message }) => message) };
    } finally {
      server.closeAllConnections();
      server.close();
    }
  }

  const poll = "GET database/an-id/jobs?";

  test("it asks until all is there, also of who does not answer", async () => {
    const { asked, status } = await against([active, job("running"), "lost", job("complete", { result })]);
    assert.equal(status, 0);
    assert.deepEqual(asked, ["POST backups/restore?", poll, poll, poll]);
  });

  test("what failed is deleted, unless it was there before", async () => {
    const failed = job("error", { error: "it is no backup" });
    const { asked, status } = await against([active, failed, {}]);
    assert.equal(status, "The restore failed: it is no backup");
    assert.deepEqual(asked.slice(1), [poll, "DELETE database/an-id?purge=true"]);
    assert.equal((await against([active, failed], "--into-empty")).asked.length, 2);
  });

  test("another job tells nothing of this one", async () => {
    const { status } = await against([active, job("complete", { job: "8", result })]);
    assert.match(status, /no longer known/);
  });
});

test("without a bucket", async () => {
  const plain = await PlainWorkerd.start(await bundle(), { state: place("plain"), token: TOKEN });
  try {
    const response = await fetch(`${plain.origin}/client/v4/accounts/a/d1/backups/restore`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
      body: JSON.stringify({ name: "new", path: "p" }),
    });
    assert.equal(response.status, 400);
    assert.match((await response.json()).errors[0].message, /No bucket is bound.*ISOLITE_BACKUP/s);
    assert.deepEqual(await new RestClient(plain.origin, TOKEN).result("GET", ""), []);
  } finally {
    await plain.crash();
  }
});

describe("a large one", { timeout: 300_000 }, () => {
  const home = place("large");
  const large = new Litestream(home, join(home, "large.db"));
  before(() => {
    const database = opened(large.path);
    database.exec(`CREATE TABLE t (n INTEGER PRIMARY KEY, b);
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25000)
      INSERT INTO t (b) SELECT randomblob(3500) FROM n`);
    large.once();
    database.exec("DELETE FROM t WHERE n > 24000");
    large.once();
    database.close();
  });

  test("killed in the middle, it is begun again", async () => {
    await put("killed", large.files());
    const request = restore({ name: "killed", path: "killed" }).catch(() => undefined);
    const seen = await underWay("killed");
    assert.match((await bucket.keys("killed/isolite-restores/")).join(), new RegExp(`/${seen.job}$`));
    await worker.crash();
    await request;
    await start();
    const job = await over("killed");
    assert.deepEqual([job.state, job.job, job.kind], ["complete", seen.job, "restore from a backup"]);
    const theirs = join(directory, "killed.litestream");
    assert.equal(large.restore(theirs).status, 0);
    assert.deepEqual(content(await fileOf("killed")), content(theirs));
    await nothingLeft();
  });

  test("its files are compacted meanwhile by somebody who knows of no restore", async () => {
    const [first, second] = large.files();
    assert.deepEqual([first, second].map(({ name }) => name.slice(0, 22)),
      ["0000/0000000000000001-", "0000/0000000000000002-"]);
    await put("moving", [first, second]);
    const request = restore({ name: "moving", path: "moving" });
    await underWay("moving");
    // What takes its place is the same under another name.
    await put("moving", [{ ...second, name: second.name.replace("0000/", "0001/") }]);
    await bucket.delete(`moving/${second.name}`);
    const { status, result, message } = await request;
    assert.ok(status === 200 || status === 202, message);
    const job = await over("moving");
    assert.equal(job.state, "complete", job.error);
    assert.equal(job.result.txid, "0000000000000002");
    assert.deepEqual(await rest.query("moving", "SELECT count(*) AS n FROM t"), [{ n: 24_000 }]);
    assert.equal(result.name, "moving");
    assert.ok(worker.log.includes(`A restore begins anew: moving/${second.name}`));
    await nothingLeft();
  });
});
