// Aim: what moves whole databases by REST is as wrangler and other clients expect it, and a download
// that did not come whole is seen to have failed.
// Method: the Worker with a primary that answers from a script, so that each answer, and each failure in
// the middle of a file, can be had at will. What the primary was asked is looked at too.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { run as runExport } from "../bindings/js/src/cli/commands/export.js";
import { run as runFork } from "../bindings/js/src/cli/commands/fork.js";
import { run as runImport } from "../bindings/js/src/cli/commands/import.js";
import { bundle, PlainWorkerd } from "./support/plain_workerd.mjs";
import { temporaryDirectory } from "./support/repository.mjs";
import { RestClient } from "./support/rest_client.mjs";
import { TOKEN, wrangler } from "./support/wrangler.mjs";

const AT = "00000001-00000007-00000009-0000000000000000123456789abcdef0";
const META = {
  served_by: "isolite", duration: 12.5, changes: 2, last_row_id: 7, changed_db: true,
  size_after: 8192, rows_read: 3, rows_written: 4,
};
const IMPORTED = { num_queries: 2, final_bookmark: AT, meta: META };
const directory = temporaryDirectory("files");

let worker;
let rest;
before(async () => {
  const configuration = await bundle({ own: "tests/workers/files/wrangler.toml" });
  const state = temporaryDirectory("state");
  worker = await PlainWorkerd.start(configuration, { state, token: TOKEN });
  rest = new RestClient(worker.origin, TOKEN);
});
after(() => worker?.crash());

const md5 = (bytes) => createHash("md5").update(bytes).digest("hex");

/** Tells the primary of that id what to answer; resolves with what it was asked since the last time. */
async function play(id, script = {}) {
  const url = `${worker.origin}/primary/${id}`;
  const response = await fetch(url, { method: "POST", body: JSON.stringify(script) });
  const asked = await response.json();
  return asked.map(([path, body]) => [path, body === undefined || body === null ? null : JSON.parse(body)]);
}

async function created(name, script) {
  const { uuid } = await rest.create(name);
  await play(uuid, script);
  return uuid;
}

async function d1(...args) {
  return wrangler(["d1", ...args], {
    cwd: directory,
    env: {
      CLOUDFLARE_API_BASE_URL: `${worker.origin}/client/v4`,
      CLOUDFLARE_API_TOKEN: TOKEN,
      CLOUDFLARE_ACCOUNT_ID: "an-account",
    },
  });
}

const begun = [{ json: { at_bookmark: AT } }];
const dump = (...pieces) =>
  pieces.map((bytes, i) => ({ bytes, json: i + 1 < pieces.length ? `cursor ${i + 1}` : null }));
const pages = (size_pages, ...counts) =>
  counts.map((count, value) => ({ json: { size_pages }, bytes: { count: count * 4096, value } }));

const broken = { status: 500, json: { success: false, error: "it broke" } };

const authorization = { authorization: `Bearer ${TOKEN}` };

const base = (database) => `${worker.origin}/client/v4/accounts/a/d1/database/${database}`;
const fetchNow = (database, query) =>
  fetch(`${base(database)}/export?${query}`, { headers: authorization });

describe("export", () => {
  test("a URL for an hour, by which the file comes in pieces", async () => {
    const uuid = await created("sql", {
      "/export/begin": begun,
      "/export/dump": dump("one;\n", "", "two;\n", "three;\n"),
    });
    const result = await rest.result("POST", "/sql/export", {
      output_format: "polling",
      dump_options: { no_schema: false, no_data: true, tables: ["a b", "c&d"] },
    });
    const { filename, signed_url } = result.result;
    assert.equal(filename, "sql-00000001-00000007.sql");
    assert.ok(signed_url.startsWith(`${worker.origin}/client/v4/accounts/an-account/d1/database/`));
    assert.partialDeepStrictEqual(result, {
      success: true, status: "complete", at_bookmark: AT, messages: [],
    });
    const response = await fetch(signed_url);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/sql");
    assert.match(response.headers.get("content-disposition"), /filename="sql-00000001-00000007.sql"/);
    assert.equal(await response.text(), "one;\ntwo;\nthree;\n");
    const options = { schema: true, data: false, tables: ["a b", "c&d"] };
    const bytes_max = 4 << 20;
    const piece = (cursor) => [`/export/dump?at=${AT}`, { ...options, cursor, bytes_max }];
    assert.deepEqual(await play(uuid), [
      ["/export/begin", options],
      piece(null), piece("cursor 1"), piece("cursor 2"), piece("cursor 3"),
    ]);
    assert.equal((await fetch(signed_url.replace("no_data", "no_dat"))).status, 403);
  });

  test("a client that polls gets the same position", async () => {
    const uuid = await created("polled", { "/export/pages": pages(5, 1) });
    const body = { output_format: "polling", current_bookmark: AT };
    const { at_bookmark } = await rest.result("POST", "/polled/export", body);
    assert.equal(at_bookmark, AT);
    assert.deepEqual(await play(uuid), [[`/export/pages?at=${AT}&first=1&count=1`, null]]);
  });

  test("a SQLite file with its length", async () => {
    const uuid = await created("file", {
      "/export/begin": begun,
      "/export/pages": pages(2049, 1024, 1024, 1),
    });
    const response = await fetchNow("file", "format=sqlite");
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/vnd.sqlite3");
    assert.equal(response.headers.get("content-length"), `${2049 * 4096}`);
    const bytes = Buffer.from(await response.arrayBuffer());
    assert.equal(bytes.length, 2049 * 4096);
    assert.deepEqual([0, 1024, 2048].map((page) => bytes[page * 4096]), [0, 1, 2]);
    const [, ...asked] = await play(uuid);
    const range = (first, count) => [`/export/pages?at=${AT}&first=${first}&count=${count}`, null];
    assert.deepEqual(asked, [range(1, 1024), range(1025, 1024), range(2049, 1)]);
  });

  test("an empty database is an empty file", async () => {
    await created("empty", { "/export/begin": begun, "/export/pages": pages(0, 0) });
    const response = await fetchNow("empty", "format=sqlite");
    assert.equal(response.headers.get("content-length"), "0");
    assert.equal((await response.arrayBuffer()).byteLength, 0);
  });

  for (const [what, query, script] of [
    ["SQL", "format=sql", { "/export/dump": [...dump("one;\n", "two;\n", "").slice(0, 2), broken] }],
    ["a file", "format=sqlite", { "/export/pages": [...pages(2048, 1024), broken] }],
    ["a file that is too short", "format=sqlite", { "/export/pages": pages(2048, 1024, 1023) }],
  ]) {
    test(`${what} that does not come whole is a download that failed`, async () => {
      const name = `broken-${md5(what).slice(0, 8)}`;
      await created(name, { "/export/begin": begun, ...script });
      const response = await fetchNow(name, query);
      assert.equal(response.status, 200);
      await assert.rejects(response.arrayBuffer());
    });
  }

  test("what the primary refuses has its status", async () => {
    const refusal = { status: 400, json: { success: false, error: "no such table: nope" } };
    const uuid = await created("refused", { "/export/begin": [refusal] });
    const asked = await rest.request("POST", "/refused/export", { dump_options: { tables: ["nope"] } });
    assert.equal(asked.status, 400);
    assert.equal(asked.envelope.errors[0].message, "no such table: nope");
    await play(uuid, { "/export/begin": begun, "/export/dump": [refusal] });
    assert.equal((await fetchNow("refused", "")).status, 400);
    assert.equal((await fetchNow("refused", "format=csv")).status, 400);
    assert.equal((await fetchNow("refused", "format=sqlite&table=a")).status, 400);
    assert.equal((await fetch(`${base("refused")}/export`)).status, 401);
  });

  test("wrangler d1 export", async () => {
    await created("wrangled", { "/export/begin": begun, "/export/dump": dump("one;\n", "two;\n") });
    const path = join(directory, "wrangled.sql");
    const { status, output } = await d1("export", "wrangled", "--remote", "--output", path, "-y");
    assert.equal(status, 0, output);
    assert.equal(readFileSync(path, "utf8"), "one;\ntwo;\n");
  });

  test("wrangler sees a download that failed", async () => {
    await created("cut", {
      "/export/begin": begun,
      "/export/dump": [...dump("one;\n", "two;\n", "").slice(0, 2), broken],
    });
    const path = join(directory, "cut.sql");
    const { status } = await d1("export", "cut", "--remote", "--output", path, "-y");
    assert.notEqual(status, 0);
  });
});

describe("import", () => {
  const running = (done) => ({
    json: {
      job: "j 1", kind: "import", state: "running", messages: [], done, total: 40e6, unit: "bytes",
    },
  });
  const complete = {
    json: { job: "j 1", kind: "import", state: "complete", messages: ["Done"], done: 40e6,
      total: 40e6, unit: "bytes", result: IMPORTED },
  };
  const failed = {
    json: { job: "j 1", kind: "import", state: "error", messages: [], done: 7, total: 9, unit: "bytes",
      error: "statement 3, line 7: no such table: x: SQLITE_ERROR" },
  };
  const started = [{ json: { job: "j 1" } }];

  test("upload, ingest, poll", async () => {
    const file = "CREATE TABLE t (a);\nINSERT INTO t VALUES (1);\n";
    const etag = md5(file);
    // A question is answered after two seconds, if nothing was over before.
    const uuid = await created("steps", { "/jobs/start": started, "/jobs/poll": [running(12.5e6)] });
    const { upload_url, filename } = await rest.result("POST", "/steps/import", { action: "init", etag });
    const put = await fetch(upload_url, { method: "PUT", body: file });
    assert.equal(put.status, 200);
    const ingest = { action: "ingest", etag, filename };
    const first = await rest.result("POST", "/steps/import", ingest);
    assert.deepEqual(first, {
      success: true, type: "import", status: "active", at_bookmark: "j 1",
      messages: ["Imported 12.5 of 40.0 MB"],
    });
    const [start, poll] = await play(uuid, { "/jobs/poll": [running(20e6), complete] });
    const database = { uuid, primary_location_hint: start[1].import.database.primary_location_hint,
      jurisdiction: null };
    const asked = { import: { filename, etag, bytes: file.length, format: "sql", database } };
    assert.deepEqual(start, ["/jobs/start", asked]);
    assert.deepEqual(poll, ["/jobs/poll?job=j%201", null]);

    const again = { action: "poll", current_bookmark: first.at_bookmark };
    const last = await rest.result("POST", "/steps/import", again);
    assert.partialDeepStrictEqual(last, { success: true, status: "complete", result: IMPORTED });
    assert.deepEqual(last.messages, ["Done", "Imported 40.0 of 40.0 MB"]);

    // The same file is there already, so it is taken at once.
    await play(uuid, { "/jobs/start": started, "/jobs/poll": [failed] });
    const known = await rest.result("POST", "/steps/import", { action: "init", etag });
    assert.equal("upload_url" in known, false);
    assert.partialDeepStrictEqual(known, {
      success: false, status: "error",
      error: "statement 3, line 7: no such table: x: SQLITE_ERROR",
      errors: ["statement 3, line 7: no such table: x: SQLITE_ERROR"],
    });
  });

  test("one at a time", async () => {
    const error = "Currently processing a long-running import.";
    await created("busy", { "/jobs/start": [{ status: 409, json: { success: false, error } }] });
    const { status, envelope } = await rest.request("POST", "/busy/import?format=sql", "SELECT 1;");
    assert.equal(status, 400);
    assert.deepEqual(envelope.errors, [{ code: 7500, message: error }]);
  });

  test("a file as the body, its format by its content", async () => {
    const uuid = await created("whole", { "/jobs/start": started, "/jobs/poll": [complete] });
    const file = Buffer.concat([Buffer.from("SQLite format 3\0"), Buffer.alloc(4080)]);
    for (const format of ["sqlite", "auto", ""]) {
      const result = await rest.result("POST", `/whole/import?format=${format}`, file);
      assert.equal(result.status, "complete");
      const [[, start]] = await play(uuid, { "/jobs/start": started, "/jobs/poll": [complete] });
      assert.partialDeepStrictEqual(start.import, { bytes: 4096, format: "sqlite", etag: md5(file) });
    }
    const wrong = await rest.request("POST", "/whole/import?format=sql", file);
    assert.equal(wrong.status, 400);
    assert.match(wrong.envelope.errors[0].message, /is sqlite.* not sql/);
    assert.deepEqual(await play(uuid), []);
  });

  test("wrangler d1 execute --file", async () => {
    await created("executed", {
      "/jobs/start": started,
      "/jobs/poll": [...Array(8).fill(running(12.5e6)), complete],
    });
    const path = join(directory, "import.sql");
    writeFileSync(path, "SELECT 1;\n".repeat(1000));
    const args = ["execute", "executed", "--remote", "--file", path];
    const { status, output } = await d1(...args, "-y");
    assert.equal(status, 0, output);
    assert.match(output, /Executed 2 queries in 12.50ms \(3 rows read, 4 rows written\)/);
    assert.match(output, /Imported 40.0 of 40.0 MB/);
    // What it reads of an answer that says the file is there.
    const { output: json } = await d1(...args, "--json", "-y");
    assert.equal(JSON.parse(json.slice(json.indexOf("[\n")))[0].finalBookmark, AT);
  });

  test("wrangler shows why an import failed", async () => {
    await created("failing", { "/jobs/start": started, "/jobs/poll": [failed] });
    const path = join(directory, "import.sql");
    const { status, output } = await d1("execute", "failing", "--remote", "--file", path, "-y");
    assert.notEqual(status, 0);
    assert.match(output, /statement 3, line 7: no such table: x/);
  });
});

const job = (kind, state, more) => [
  { json: { job: "7", kind, state, done: 500, total: 1000, unit: "pages", ...more } },
];

describe("time travel", () => {
  const OTHER = AT.replace("00000007", "00000003");
  const restored = { bookmark: OTHER, previous_bookmark: AT };

  test("the bookmark of a time, and of now", async () => {
    const uuid = await created("when", {
      "/time_travel/bookmark": [{ json: { bookmark: AT, timestamp_ms: 5 } }],
    });
    for (const query of ["", "?", "?timestamp=2026-08-01T12%3A00%3A00.000Z", "?timestamp=1785585600"]) {
      const result = await rest.result("GET", `/when/time_travel/bookmark${query}`);
      assert.deepEqual(result, { bookmark: AT });
    }
    const now = ["/time_travel/bookmark", null];
    const then = ["/time_travel/bookmark?timestamp_ms=1785585600000", null];
    assert.deepEqual(await play(uuid), [now, now, then, then]);
    const { status } = await rest.request("GET", "/when/time_travel/bookmark?timestamp=soon");
    assert.equal(status, 400);
  });

  test("a restore", async () => {
    const uuid = await created("restored", {
      "/time_travel/bookmark": [{ json: { bookmark: OTHER, timestamp_ms: 5 } }],
      "/jobs/start": [{ json: { job: "7" } }],
      "/jobs/poll": [...job("restore", "running"), ...job("restore", "complete", { result: restored })],
    });
    const result = await rest.result("POST", `/restored/time_travel/restore?bookmark=${OTHER}`);
    assert.partialDeepStrictEqual(result, restored);
    assert.match(result.message, new RegExp(AT));
    await rest.result("POST", "/restored/time_travel/restore?timestamp=1785585600");
    const starts = (await play(uuid)).filter(([path]) => path === "/jobs/start");
    const start = ["/jobs/start", { restore: { bookmark: OTHER } }];
    assert.deepEqual(starts, [start, start]);
    for (const query of ["", "?bookmark=", `?bookmark=${AT}&timestamp=1`]) {
      const { status } = await rest.request("POST", `/restored/time_travel/restore${query}`);
      assert.equal(status, 400);
    }
  });

  test("wrangler d1 time-travel", async () => {
    await created("travelled", {
      "/time_travel/bookmark": [{ json: { bookmark: OTHER, timestamp_ms: 5 } }],
      "/jobs/start": [{ json: { job: "7" } }],
      "/jobs/poll": job("restore", "complete", { result: restored }),
    });
    const info = await d1("time-travel", "info", "travelled", "--json");
    assert.equal(JSON.parse(info.output).bookmark, OTHER, info.output);
    const done = await d1("time-travel", "restore", "travelled", "--bookmark", OTHER, "--json");
    assert.partialDeepStrictEqual(JSON.parse(done.output), restored);
  });

  test("a query as of a bookmark", async () => {
    const results = [{ success: true, results: [], meta: META }];
    const uuid = await created("as-of", { "/script": [{ json: results }] });
    const asked = [];
    for (const resource of ["query", "raw"]) {
      const path = `/as-of/${resource}?as_of=${AT}%20`;
      assert.deepEqual(await rest.result("POST", path, { sql: "SELECT 1" }), results);
    }
    for (const [path] of await play(uuid)) asked.push(path);
    assert.deepEqual(asked, ["ARRAY_OF_OBJECTS", "ROWS_AND_COLUMNS"].map((format) => {
      return `/script?resultsFormat=${format}&as_of=${AT}%20`;
    }));
  });
});

describe("fork", () => {
  const start = [{ json: { job: "7" } }];
  const refused = [{ status: 400, json: { success: false, error: "no such bookmark" } }];

  test("a new database near to its source, of how that is now", async () => {
    const source = await created("source", { "/time_travel/bookmark": [{ json: { bookmark: AT } }] });
    await play("all", { "/jobs/start": start, "/jobs/poll": job("fork", "complete") });
    const forked = await rest.result("POST", "/source/fork", { name: "forked" });
    await play("all");
    assert.partialDeepStrictEqual(await rest.result("GET", "/forked"), forked);
    const [[path, asked]] = await play(forked.uuid);
    const { running_in_region } = await rest.result("GET", "/source");
    assert.equal(forked.running_in_region, running_in_region);
    assert.equal(path, "/jobs/start");
    assert.partialDeepStrictEqual(asked, { fork: { source: { uuid: source }, bookmark: AT } });
  });

  test("one that fails leaves no database", async () => {
    const failed = job("fork", "error", { error: "the source is gone" });
    for (const [script, error] of [
      [{ "/jobs/start": refused }, "no such bookmark"],
      [{ "/jobs/start": start, "/jobs/poll": failed }, "the source is gone"],
    ]) {
      await play("all", script);
      const body = { name: "failed", bookmark: AT };
      const { status, envelope } = await rest.request("POST", "/source/fork", body);
      assert.equal(status, 400);
      assert.equal(envelope.errors[0].message, error);
      assert.equal((await rest.request("GET", "/failed")).status, 404);
    }
    await play("all");
  });

  test("a name is given once, and the source stays", async () => {
    const body = { name: "source", bookmark: AT };
    const { status, envelope } = await rest.request("POST", "/source/fork", body);
    assert.equal(status, 400);
    assert.equal(envelope.errors[0].code, 7502);
    assert.equal((await rest.request("GET", "/source")).status, 200);
    assert.equal((await rest.request("POST", "/nope/fork", { name: "a" })).status, 404);
  });
});

describe("the program", () => {
  const context = () => ({ url: worker.origin, token: TOKEN });
  const path = (name) => join(directory, name);

  test("export by the ending of the file, and never half a file", async () => {
    await created("program", {
      "/export/begin": begun,
      "/export/dump": dump("one;\n", "two;\n"),
      "/export/pages": [...pages(2048, 1024), broken],
    });
    assert.equal(await runExport(["program", "--output", path("p.sql")], context()), 0);
    assert.equal(readFileSync(path("p.sql"), "utf8"), "one;\ntwo;\n");
    const whole = runExport(["program", "--output", path("p.sqlite")], context());
    await assert.rejects(whole, /did not come whole/);
    assert.equal(existsSync(path("p.sqlite")) || existsSync(path("p.sqlite.part")), false);
    await assert.rejects(runExport(["nope"], context()), /nope could not be found/);
    await assert.rejects(runExport([], context()), /which database/);
    await assert.rejects(runExport(["a", "--nope"], context()), /--nope/);
  });

  test("import", async () => {
    const complete = job("import", "complete", { result: IMPORTED });
    const script = {
      "/jobs/start": [{ json: { job: "7" } }],
      "/jobs/poll": [...Array(8).fill(job("import", "running")[0]), ...complete],
    };
    const uuid = await created("imported", script);
    writeFileSync(path("i.sql"), "SELECT 2;\n".repeat(10_000_000));
    assert.equal(await runImport(["imported", path("i.sql")], context()), 0);
    const [[, { import: asked }]] = await play(uuid, {
      ...script,
      "/jobs/poll": job("import", "error", { error: "it broke" }),
    });
    assert.partialDeepStrictEqual(asked, { bytes: 100_000_000, format: "sql" });
    // It is there already.
    await assert.rejects(runImport(["imported", path("i.sql")], context()), /it broke/);
    await assert.rejects(runImport(["imported", path("none.sql")], context()), /ENOENT/);
  });

  test("import tells why a file is refused, although it was still sending", async () => {
    writeFileSync(path("r.sql"), "SELECT 3;\n".repeat(100_000));
    // As workerd does: of a body that nobody reads a little may come, then the connection ends.
    const refusing = createServer((request, response) => {
      if (request.method === "POST") {
        const upload_url = `http://${request.headers.host}/upload`;
        response.end(JSON.stringify({ success: true, result: { upload_url, filename: "r.sql" } }));
        return;
      }
      let bytes = 0;
      request.on("data", ({ length }) => {
        bytes += length;
        if (bytes > 64 << 10) request.socket.resetAndDestroy();
      });
      const refused = { success: false, errors: [{ code: 7400, message: "The file is larger than 9 bytes" }] };
      setTimeout(() => response.writeHead(413).end(JSON.stringify(refused)), 100);
    }).listen(0, "127.0.0.1");
    try {
      await once(refusing, "listening");
      const url = `http://127.0.0.1:${refusing.address().port}`;
      const imported = runImport(["refused", path("r.sql")], { ...context(), url });
      await assert.rejects(imported, { message: "The file is larger than 9 bytes" });
    } finally {
      refusing.closeAllConnections();
      refusing.close();
    }
  });

  test("import asks again while the Worker is too busy to answer, and not for ever what is refused", async () => {
    const result = { num_queries: 1, final_bookmark: AT };
    const answers = {
      init: [{ result: { status: "active", messages: ["on its way"], at_bookmark: AT } }],
      poll: [
        { status: 500, message: "no answer came within 60 s" },
        "lost",
        { result: { status: "complete", messages: [], result } },
        { status: 404, message: "there is no such database" },
      ],
    };
    const busy = createServer(async (request, response) => {
      const { action } = JSON.parse(Buffer.concat(await request.toArray()).toString());
      const queue = answers[action];
      const answer = queue.length > 1 || action === "poll" ? queue.shift() : queue[0];
      if (answer === "lost") return request.socket.destroy();
      const errors = [{ code: 7500, message: answer.message }];
      const body = answer.result ? { success: true, result: answer.result } : { success: false, errors };
      response.writeHead(answer.status ?? 200).end(JSON.stringify(body));
    }).listen(0, "127.0.0.1");
    try {
      await once(busy, "listening");
      const url = `http://127.0.0.1:${busy.address().port}`;
      assert.equal(await runImport(["busy", path("r.sql")], { ...context(), url }), 0);
      const refused = runImport(["busy", path("r.sql")], { ...context(), url });
      await assert.rejects(refused, { message: "there is no such database" });
      assert.deepEqual(answers.poll, []);
    } finally {
      busy.closeAllConnections();
      busy.close();
    }
  });

  test("fork", async () => {
    await created("forkable", { "/time_travel/bookmark": [{ json: { bookmark: AT } }] });
    await play("all", { "/jobs/start": [{ json: { job: "7" } }], "/jobs/poll": job("fork", "complete") });
    assert.equal(await runFork(["forkable", "fork-of-it"], context()), 0);
    await play("all");
    await rest.result("GET", "/fork-of-it");
    await assert.rejects(runFork(["forkable", "fork-of-it"], context()), /already exists/);
  });
});

describe("what takes longer than a client waits goes on", { concurrency: true }, () => {
  test("a restore tells how to look", async () => {
    const running = job("restore", "running");
    await created("long", { "/jobs/start": [{ json: { job: "7" } }], "/jobs/poll": running });
    const { status, envelope } = await rest.request("POST", `/long/time_travel/restore?bookmark=${AT}`);
    assert.equal(status, 400);
    assert.equal(envelope.errors[0].code, 7503);
    assert.match(envelope.errors[0].message, /goes on \(Restored 2.0 of 4.1 MB\).*\/jobs/);
    assert.deepEqual(await rest.result("GET", "/long/jobs"), running[0].json);
  });

  const busy = [{ delay_ms: 40_000, json: null }];
  const kept = "the database is too busy to tell how far it is";

  test("an import that nobody tells of is active, and asked for again", async () => {
    await created("mute", { "/jobs/poll": [...busy, ...job("import", "complete", { result: IMPORTED })] });
    const poll = { action: "poll", current_bookmark: "7" };
    const begun = Date.now();
    assert.deepEqual(await rest.result("POST", "/mute/import", poll), {
      success: true, type: "import", status: "active", at_bookmark: "7",
      messages: [`The import goes on, and ${kept}`],
    });
    assert.ok(Date.now() - begun < 29_000);
    const last = await rest.result("POST", "/mute/import", poll);
    assert.equal(last.status, "complete");
  });

  test("a restore that nobody tells of goes on, as far as was told", async () => {
    await created("quiet", {
      "/jobs/start": [{ json: { job: "7" } }],
      "/jobs/poll": [...job("restore", "running"), ...busy],
    });
    const { status, envelope } = await rest.request("POST", `/quiet/time_travel/restore?bookmark=${AT}`);
    assert.equal(status, 400);
    assert.equal(envelope.errors[0].code, 7503);
    assert.match(envelope.errors[0].message, /goes on \(Restored 2.0 of 4.1 MB\).*\/jobs/);
  });

  test("an export waits", async () => {
    const uuid = await created("later", {
      "/export/begin": [...busy, ...begun],
      "/export/pages": [...busy, ...pages(5, 1)],
    });
    const waiting = (at_bookmark) => ({
      success: true, type: "export", status: "active", at_bookmark,
      messages: ["The database is busy, and the export waits for it"],
    });
    const asked = async (current_bookmark) =>
      rest.result("POST", "/later/export", { output_format: "polling", current_bookmark });
    const both = await Promise.all([asked(), asked(AT)]);
    assert.deepEqual(both, [waiting(""), waiting(AT)]);
    assert.deepEqual((await Promise.all([asked(""), asked(AT)])).map(({ status }) => status), ["complete", "complete"]);
    assert.equal((await play(uuid)).length, 4);
  });

  test("which job is the newest, a busy primary alone knows", async () => {
    await created("unknown", { "/jobs/poll": busy });
    const { status, envelope } = await rest.request("GET", "/unknown/jobs");
    assert.equal(status, 500);
    assert.match(envelope.errors[0].message, /busy, and did not answer within 25 s: ask again/);
  });

  test("a fork is there, and active", async () => {
    await created("slow", {});
    await play("all", { "/jobs/start": [{ json: { job: "7" } }], "/jobs/poll": job("fork", "running") });
    const body = { name: "slowly", bookmark: AT };
    const { status, envelope } = await rest.request("POST", "/slow/fork", body);
    assert.equal(status, 202);
    assert.partialDeepStrictEqual(envelope, {
      success: true,
      result: { name: "slowly", status: "active", job: "7", messages: ["Copied 2.0 of 4.1 MB"] },
    });
    assert.equal((await rest.result("GET", "/slowly")).uuid, envelope.result.uuid);
    await play("all");
  });
});
