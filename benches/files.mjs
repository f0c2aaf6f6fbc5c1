// Whole databases in and out: how long that takes, what somebody who reads and writes meanwhile feels of
// it, and what memory it takes, which may not grow with the file.
//
// The server is a plain workerd with the bundle of a deployment, asked as `isolite import` and
// `isolite export` ask it. What comes out is compared with what went in, and a difference is a failure.

import { rmSync, statSync } from "node:fs";
import { join } from "node:path";

import { run as runExport } from "../bindings/js/src/cli/commands/export.js";
import { run as runImport } from "../bindings/js/src/cli/commands/import.js";
import { attended, Bar } from "../scripts/progress.mjs";
import { Failure } from "../scripts/toolchain.mjs";
import { bundle, PlainWorkerd } from "../tests/support/plain_workerd.mjs";
import { temporaryDirectory } from "../tests/support/repository.mjs";
import { RestClient } from "../tests/support/rest_client.mjs";
import { compared } from "./files/compared.mjs";
import { Memory } from "./files/memory.mjs";
import { copied, d1Executed, dumped, executed, vacuumed } from "./files/peers.mjs";
import { makeSample } from "./files/sample.mjs";
import { READ_IDS, Traffic } from "./files/traffic.mjs";
import { aligned, quantiles, rounded } from "./report.mjs";

const TOKEN = "token-of-the-benchmark";
/** What the platform gives an isolate, JavaScript and WebAssembly together. */
const MEMORY_BYTES_MAX = 128 * 2 ** 20;
const IDLE_MS = 5_000;
/** wrangler's D1 gets a smaller file, as it takes long. */
const D1_MEGABYTES_MAX = 25;
/** Rows changed by one statement before the restore: a transaction is bounded. */
const CHANGED_AT_ONCE = 2_000;
const NOTES = { except: ["notes"] };

export async function measureFiles(megabytes) {
  const directory = temporaryDirectory("bench-files");
  const bench = new Bench(directory);
  try {
    await bench.start();
    return await measure(bench, (name) => join(directory, name), megabytes);
  } finally {
    await bench.stop();
    rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function measure(bench, at, megabytes) {
  const sample = at("sample.sqlite");
  const bar = new Bar("making the sample, pages", Math.round((megabytes * 1e6) / 4_096));
  makeSample(sample, megabytes, (pages) => bar.advance(pages));
  await bench.create("files");
  await bench.load("files");

  await bench.idle("files");
  await bench.step("import of a SQLite file", "files", sample, {
    act: () => bench.import("files", sample),
    peer: () => copied(sample, at("copy.sqlite")),
  });
  rmSync(at("copy.sqlite"));

  const file = at("out.sqlite");
  await bench.step("export as a SQLite file", "files", file, {
    writes: true,
    act: () => bench.export("files", file),
    peer: () => vacuumed(sample, at("vacuumed.sqlite")),
  });
  rmSync(at("vacuumed.sqlite"));
  await attended("comparing", compared(sample, file, NOTES));
  rmSync(file);

  const sql = at("out.sql");
  await bench.step("export as SQL", "files", sql, {
    writes: true,
    act: () => bench.export("files", sql),
    peer: () => dumped(sample, at("dumped.sql")),
  });
  rmSync(at("dumped.sql"));

  const loaded = at("loaded.sqlite");
  await bench.create("again");
  await bench.load("again");
  await bench.query("again", "DROP TABLE customers; DROP TABLE notes");
  // The reader reads the other database, which shares the isolate.
  await bench.step("import of that SQL", "files", sql, {
    act: () => bench.import("again", sql),
    peer: () => executed(sql, loaded),
  });
  await attended("comparing", compared(sample, loaded, NOTES));
  await bench.export("again", file);
  await attended("comparing", compared(loaded, file));
  for (const path of [file, loaded, sql]) rmSync(path);
  await bench.delete("again");

  const before = await bench.bookmark("files");
  await attended("changing half of the rows", bench.changeHalf("files"));
  await bench.step("restore, half of the rows changed", "files", sample, {
    act: () => bench.restore("files", before),
  });
  await attended("comparing", compareWith(bench, "files", sample, file));
  await bench.step("fork", "files", sample, { act: () => bench.fork("files", "forked") });
  await attended("comparing", compareWith(bench, "forked", sample, file));

  return { megabytes, steps: bench.steps, d1: await besideD1(bench, at, megabytes) };
}

const check = async (act) => act();

async function compareWith(bench, database, sample, file) {
  await bench.export(database, file);
  await compared(sample, file, NOTES);
  rmSync(file);
}

/** D1 takes SQL alone, and exports no virtual tables. */
async function besideD1(bench, at, megabytes) {
  const [small, sql] = [at("small.sqlite"), at("small.sql")];
  makeSample(small, Math.min(megabytes, D1_MEGABYTES_MAX), () => {});
  await bench.create("small");
  await bench.import("small", small);
  await bench.export("small", sql);
  const bytes = statSync(sql).size;
  const began_ms = performance.now();
  await bench.create("small-again");
  await bench.import("small-again", sql);
  const seconds = (performance.now() - began_ms) / 1_000;
  return { bytes, seconds, d1_seconds: await attended("wrangler's D1", d1Executed(sql, at("."))) };
}

class Bench {
  steps = [];
  #directory;
  #server;
  #memory;
  #rest;

  constructor(directory) {
    this.#directory = directory;
  }

  async start() {
    const configuration = await attended("bundling", bundle());
    const state = join(this.#directory, "state");
    this.#server = await PlainWorkerd.start(configuration, { state, token: TOKEN, inspected: "isolite" });
    this.access = { url: this.#server.origin, token: TOKEN };
    this.#rest = new RestClient(this.#server.origin, TOKEN);
    this.#memory = await Memory.of(this.#server);
  }

  async stop() {
    this.#memory?.close();
    await this.#server?.crash();
  }

  /** What a reader feels while nothing else goes on. */
  async idle(database) {
    const act = () => new Promise((done) => setTimeout(done, IDLE_MS));
    await this.#measured("nothing", database, { act, writes: true });
  }

  /** One work, beside a reader, and the same by a peer alone. `path` is the file, whose size counts. */
  async step(title, database, path, { act, peer, writes = false }) {
    const step = await attended(title, this.#measured(title, database, { act, writes }));
    step.bytes = statSync(path).size;
    if (peer !== undefined) {
      const began_ms = performance.now();
      await attended("  the same by SQLite alone", check(peer));
      step.peer_seconds = (performance.now() - began_ms) / 1_000;
    }
  }

  async #measured(title, database, { act, writes }) {
    const traffic = await Traffic.start(this.access, database, { writes });
    this.#memory.begin();
    const began_ms = performance.now();
    const job_seconds = await act().catch(async (error) => {
      // Its thread would keep this process alive.
      await traffic.end();
      throw error;
    });
    const seconds = (performance.now() - began_ms) / 1_000;
    const memory = await this.#memory.end();
    const { reads, writes: written, errors } = await traffic.end();
    if (errors.length > 0) throw new Failure(`while ${title}: ${errors[0]} (${errors.length} errors)`);
    const step = { title, seconds, job_seconds, memory, reads: quantiles(reads) };
    if (writes) step.writes = quantiles(written);
    this.steps.push(step);
    return step;
  }

  create(name) {
    return this.#rest.create(name);
  }

  delete(name) {
    return this.#rest.result("DELETE", `/${name}`);
  }

  query(database, sql) {
    return this.#rest.query(database, sql);
  }

  /** What the reader asks for before the import. */
  load(database) {
    return this.query(database, `CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT);
      CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${READ_IDS})
      INSERT INTO customers SELECT i, 'name ' || i FROM n`);
  }

  async import(database, path) {
    await quietly(() => runImport([database, path], this.access));
    const { result } = await this.#rest.result("GET", `/${database}/jobs`);
    return result.meta.duration / 1_000;
  }

  async export(database, path) {
    await quietly(() => runExport([database, "--output", path], this.access));
  }

  async bookmark(database) {
    return (await this.#rest.result("GET", `/${database}/time_travel/bookmark`)).bookmark;
  }

  async changeHalf(database) {
    const tables = { customers: "name = 'x ' || id", orders: "note = note || 'x'", photos: "image = zeroblob(50)" };
    for (const [table, change] of Object.entries(tables)) {
      const [{ last }] = await this.query(database, `SELECT max(id) AS last FROM ${table}`);
      // The reader's rows stay.
      for (let id = last; id > Math.max(last / 2, READ_IDS); id -= CHANGED_AT_ONCE) {
        const rows = `id > ${Math.max(id - CHANGED_AT_ONCE, READ_IDS)} AND id <= ${id}`;
        await this.query(database, `UPDATE ${table} SET ${change} WHERE ${rows}`);
      }
    }
  }

  async restore(database, bookmark) {
    const path = `/${database}/time_travel/restore?bookmark=${bookmark}`;
    const { status, text } = await this.#rest.request("POST", path);
    if (status >= 400 && !text.includes("7503")) throw new Failure(text);
    await this.#job(database);
  }

  async fork(database, name) {
    const { status, text } = await this.#rest.request("POST", `/${database}/fork`, { name });
    if (status >= 400) throw new Failure(text);
    await this.#job(name);
  }

  async #job(database) {
    for (;;) {
      const job = await this.#rest.result("GET", `/${database}/jobs`);
      if (job.state === "error") throw new Failure(job.error);
      if (job.state === "complete") return;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}

/** What the program tells a person at its end. */
async function quietly(act) {
  const { write } = process.stderr;
  process.stderr.write = () => true;
  try {
    if ((await act()) !== 0) throw new Failure("the program failed");
  } finally {
    process.stderr.write = write;
  }
}

export function filesTable({ megabytes, steps, d1 }) {
  const mebibytes = (bytes) => (bytes > 0 ? String(Math.round(bytes / 2 ** 20)) : "–");
  const per_second = (bytes, seconds) => (bytes ? String(rounded(bytes / 1e6 / seconds)) : "");
  const times = (figures) => figures ? [figures.p50, figures.p99, figures.max].map((ms) => String(rounded(ms))) : ["", "", ""];
  const d1_bytes = (seconds) => `${rounded(seconds)} s, ${rounded(d1.bytes / 1e6 / seconds)} MB/s`;
  return [
    `a database of ${megabytes} MB`,
    aligned([
      ["", "MB", "s", "MB/s", "job, s", "SQLite, s", "reads", "p50 ms", "p99 ms", "max ms", "writes", "p50 ms", "p99 ms", "max ms"],
      ...steps.map(({ title, bytes, seconds, job_seconds, peer_seconds, reads, writes }) => [
        title, bytes ? String(Math.round(bytes / 1e6)) : "", String(rounded(seconds)), per_second(bytes, seconds),
        job_seconds ? String(rounded(job_seconds)) : "", peer_seconds ? String(rounded(peer_seconds)) : "",
        String(reads.n), ...times(reads), writes ? String(writes.n) : "", ...times(writes),
      ]),
    ], 1),
    aligned([
      ["MiB at most", "wasm", "JavaScript", "workerd"],
      ...steps.map(({ title, memory: { wasm, javascript, resident } }) =>
        [title, mebibytes(wasm), mebibytes(javascript), mebibytes(resident)]),
    ], 1),
    `SQL of ${rounded(d1.bytes / 1e6)} MB: ${d1_bytes(d1.seconds)}; by wrangler's D1 ${d1_bytes(d1.d1_seconds)}`,
  ].join("\n\n");
}

/** Fails if an isolate of the platform would not have had room for it. */
export function checkFiles({ steps }) {
  for (const { title, memory: { wasm } } of steps) {
    if (!(wasm > 0)) throw new Failure("the WebAssembly's memory was not found");
    // What there is of JavaScript's is mostly garbage, which workerd alone is in no hurry to collect.
    if (wasm > MEMORY_BYTES_MAX / 2) throw new Failure(`${title} takes ${wasm} bytes of WebAssembly`);
  }
}
