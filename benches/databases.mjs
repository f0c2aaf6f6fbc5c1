// Many databases on one machine: how fast they are made, found, listed, migrated and woken, and what
// memory they take.
//
// The server is a plain workerd with the bundle of a deployment, asked over HTTP by REST from this
// process; so each figure has a request over the loopback in it, which the first row tells alone. It is
// killed and started again before the databases are woken.

import { execFileSync } from "node:child_process";
import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { applyMigrations } from "../bindings/js/src/migrations.ts";
import { attended, Bar } from "../scripts/progress.mjs";
import { Failure } from "../scripts/toolchain.mjs";
import { bundle, PlainWorkerd } from "../tests/support/plain_workerd.mjs";
import { temporaryDirectory } from "../tests/support/repository.mjs";
import { aligned, quantiles, rounded } from "./report.mjs";

const TOKEN = "token-of-the-benchmark";
/** Requests that are under way at once while databases are made. */
const AT_ONCE = 8;
/** The platform lets go of an object that has had nothing to do for ten seconds. */
const EVICTED_MS = 20_000;
const SAMPLES = { full: 1_000, quick: 100 };

const TEMPLATE = [
  {
    name: "0001_shop.sql",
    sql: `CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail TEXT UNIQUE);
      CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id), at TEXT);
      CREATE TABLE items (id INTEGER PRIMARY KEY, "order" INTEGER REFERENCES orders (id), what TEXT);
      CREATE INDEX orders_of_customer ON orders (customer);
      CREATE INDEX items_of_order ON items ("order");`,
  },
];
const LATER = { name: "0002_notes.sql", sql: "ALTER TABLE orders ADD COLUMN note TEXT" };
const QUERY = { sql: "SELECT count(*) AS n FROM orders WHERE customer = ?", params: [1] };

export async function measureDatabases(count, quick) {
  const state = temporaryDirectory("bench-databases");
  const samples = quick ? SAMPLES.quick : SAMPLES.full;
  const configuration = await attended("bundling", bundle());
  let server = await Server.start(configuration, state);
  try {
    const figures = [];
    const time = async (title, n, act) => {
      const ms = [];
      for (let i = 0; i < n; i++) {
        const began_ms = performance.now();
        await act(i);
        ms.push(performance.now() - began_ms);
      }
      figures.push({ title, ...quantiles(ms) });
    };
    const rates = [];
    /** Also by the time of the processor that the server took, which other work here changes less. */
    const paced = async (title, n, act) => {
      const [began_ms, began_cpu_s] = [performance.now(), server.cpu()];
      await act();
      const seconds = (performance.now() - began_ms) / 1_000;
      return { title, n, per_second: n / seconds, cpu_ms: ((server.cpu() - began_cpu_s) / n) * 1_000 };
    };
    const rate = async (title, n, act) => {
      const bar = new Bar(title, n);
      rates.push(await paced(title, n, () => inParallel(n, act, (done) => bar.advance(done))));
    };
    const memory = [];
    const weigh = (title) => memory.push({ title, bytes: server.memory() });

    await server.create("base");
    await applyMigrations({ ...server.access, prefix: "base", migrations: TEMPLATE });
    await time("a request that does nothing", samples, () => server.health());
    weigh("at the start");
    const half = Math.floor(count / 2);
    await rate("created empty", half, (i) => server.create(`plain-${i}`));
    await rate("created from a template", count - half, (i) =>
      server.create(`tenant-${i}`, { template: "base" }));
    weigh("all created");
    const tenants = count - half;
    const migrations = [...TEMPLATE, LATER];
    rates.push(await paced("migrated", tenants, async () => {
      const access = { ...server.access, prefix: "tenant-" };
      const { failures } = await applyMigrations({ ...access, migrations });
      if (failures.length > 0) throw new Failure(JSON.stringify(failures[0]));
    }));
    await attended("waiting until they are evicted", sleep(EVICTED_MS));
    weigh("after 20 s without requests");

    const any = (n) => (i) => (i * 7_919) % n;
    const tenant = any(tenants);
    await time("found by name", samples, (i) => server.find(`tenant-${tenant(i)}`));
    const page = Math.min(100, count);
    const pages = Math.ceil(count / page);
    await time("a page of 100, the first", samples / 10, () => server.list(`per_page=${page}`));
    await time("a page of 100, the last", samples / 10, () =>
      server.list(`per_page=${page}&page=${pages}`));
    await time("a page of 100, by a part of the name", samples / 10, () =>
      server.list(`per_page=${page}&name=nant-1`));
    await time("first query after an eviction", samples / 5, (i) =>
      server.query(`tenant-${tenant(i)}`, QUERY));
    await time("second query", samples / 5, (i) => server.query(`tenant-${tenant(i)}`, QUERY));

    await server.crash();
    const restarted_ms = performance.now();
    server = await Server.start(configuration, state);
    await server.query(`tenant-${tenant(0)}`, QUERY);
    figures.push({ title: "start of workerd until its first answer", n: 1, p50: performance.now() - restarted_ms });
    weigh("after a restart");
    await time("first query after a restart", samples / 5, (i) =>
      server.query(`tenant-${tenant(i + 1_000)}`, QUERY));
    weigh(`${samples / 5} of them woken`);
    return { count, rates, figures, memory };
  } finally {
    await server.crash();
    rmSync(state, { recursive: true, force: true });
  }
}

export function databasesTable({ count, rates, figures, memory }) {
  const ms = (number) => (Number.isFinite(number) ? String(rounded(number)) : "");
  return [
    `${count} databases`,
    aligned([
      ["", "n", "per second", "CPU ms each"],
      ...rates.map(({ title, n, per_second, cpu_ms }) => [
        title, String(n), String(rounded(per_second)), ms(cpu_ms),
      ]),
    ], 1),
    aligned([
      ["", "n", "p50 ms", "p99 ms"],
      ...figures.map(({ title, n, p50, p99 }) => [title, String(n), ms(p50), ms(p99)]),
    ], 1),
    aligned([
      ["workerd", "MiB"],
      ...memory.map(({ title, bytes }) => [title, bytes ? String(Math.round(bytes / 2 ** 20)) : "–"]),
    ], 1),
  ].join("\n\n");
}

class Server {
  #workerd;

  static async start(configuration, state) {
    const server = new Server();
    server.#workerd = await PlainWorkerd.start(configuration, { state, token: TOKEN });
    server.access = { url: server.#workerd.origin, token: TOKEN };
    return server;
  }

  create(name, more = {}) {
    return this.#rest("POST", "", { name, ...more });
  }

  find(name) {
    return this.#rest("GET", `/${name}?fields=uuid,name`);
  }

  list(query) {
    return this.#rest("GET", `?${query}`);
  }

  query(name, query) {
    return this.#rest("POST", `/${name}/query`, query);
  }

  async health() {
    await (await fetch(`${this.#workerd.origin}/health`)).text();
  }

  /** What the process holds; undefined without `ps`. */
  memory() {
    const kibibytes = this.#ps("rss");
    return kibibytes === undefined ? undefined : kibibytes * 1_024;
  }

  /** Seconds of the processor that the process has taken; undefined as above. */
  cpu() {
    return this.#ps("cputimes");
  }

  #ps(what) {
    try {
      const args = ["-o", `${what}=`, "-p", String(this.#workerd.pid)];
      return Number(execFileSync("ps", args, { encoding: "utf8" }));
    } catch {
      return undefined;
    }
  }

  crash() {
    return this.#workerd.crash();
  }

  async #rest(method, path, body) {
    const url = `${this.#workerd.origin}/client/v4/accounts/bench/d1/database${path}`;
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${TOKEN}` },
      body: body && JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Failure(`${method} ${path}: ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text).result;
  }
}

async function inParallel(n, act, advance) {
  let next = 0;
  let done = 0;
  const worker = async () => {
    while (next < n) {
      await act(next++);
      advance(++done);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}
