/**
 * What every Worker of the benchmark answers, given its database: `POST /load` runs statements,
 * `POST /run` runs one operation again and again and tells how long each took.
 *
 * The time is what code with an `env.DB` waits, from the first call on it to the results as
 * objects. Calls too fast for the stopwatch are timed in groups, and count as one, with their mean.
 * A result that is not the expected one fails the request: errors are fast as well.
 *
 * A Worker that promises where its reads are answered is checked in between, outside of what is
 * timed. In between it also lets the event loop turn, as it does between the requests of a real
 * Worker: what brings the memory up to date arrives only then.
 */

import { groupSize, Stopwatch } from "./stopwatch.js";

const OPERATIONS = {
  async point_read_first(db, sql, [id]) {
    const city = await db.prepare(sql).bind(id).first();
    return city.id === id ? 1 : 0;
  },
  async point_read_all(db, sql, [id]) {
    const { results } = await db.prepare(sql).bind(id).all();
    return results[0].id === id ? results.length : 0;
  },
  async range_scan_1000(db, sql, [id]) {
    const { results } = await db.prepare(sql).bind(id).all();
    return results[0].id === id ? results.length : 0;
  },
  async insert(db, sql, row) {
    const { meta } = await db.prepare(sql).bind(...row).run();
    return meta.changes;
  },
  async batch_insert_1000(db, sql, rows) {
    const insert = db.prepare(sql);
    const results = await db.batch(rows.map((row) => insert.bind(...row)));
    return results.reduce((changes, { meta }) => changes + meta.changes, 0);
  },
  async aggregate(db, sql) {
    const { results } = await db.prepare(sql).all();
    return results.length;
  },
};

const FILLED_MS_MAX = 10_000;
/** So long reads are repeated first: engines compile code better once it has run often. */
const WARM_UP_MS = 300;

/** `local`: whether reads are to be answered from memory; undefined where that is no question. */
export async function answer(request, db, { local } = {}) {
  const body = await request.json();
  switch (new URL(request.url).pathname) {
    case "/load":
      return Response.json(await load(db, body));
    case "/run":
      return Response.json(await run(db, body, local));
    default:
      return new Response("No such path", { status: 404 });
  }
}

async function load(db, statements) {
  await db.batch(statements.map(({ sql, params }) => db.prepare(sql).bind(...params)));
  return {};
}

/**
 * Runs `calls`, the parameters of each; the first `warm_up` of them are not reported. `reads` are
 * operations that may be repeated.
 */
async function run(db, { operation, sql, calls, warm_up, expected, reads }, local) {
  const each = async (some) => {
    for (const call of some) {
      const rows = await OPERATIONS[operation](db, sql, call);
      if (rows !== expected) throw new Error(`${operation}: ${rows} rows instead of ${expected}`);
    }
  };
  if (local) await filled(db);
  const checks = new Checks(db, local);
  const rehearsed = warm_up >> 1;
  const until_ms = performance.now() + (reads ? WARM_UP_MS : 0);
  do {
    await each(calls.slice(0, rehearsed));
    await checks.take();
  } while (performance.now() < until_ms);
  const mean_us = (await laps_us([calls.slice(rehearsed, warm_up)], each, checks))[0];
  const group = groupSize(mean_us);
  const durations_us = await laps_us(groups(calls.slice(warm_up), group), each, checks);
  return { durations_us, checks: checks.told };
}

/** Microseconds that a call of each group took in the mean. */
async function laps_us(groups, each, checks) {
  const stopwatch = new Stopwatch();
  for (const group of groups) {
    if (stopwatch.pauses) await checks.take();
    stopwatch.start();
    await each(group);
    stopwatch.stop();
  }
  return stopwatch.durations_us().map((duration_us, i) => duration_us / groups[i].length);
}

/** Whether reads are answered where the Worker promises it. */
class Checks {
  #db;
  #local;
  told = { count: 0, elsewhere: 0 };

  constructor(db, local) {
    this.#db = db;
    this.#local = local;
  }

  async take() {
    await scheduler.wait(0);
    if (this.#local === undefined) return;
    this.told.count++;
    if ((await isLocal(this.#db)) !== this.#local) this.told.elsewhere++;
  }
}

/** Until the database is in memory, which the first reads begin, the primary answers. */
export async function filled(db) {
  const until_ms = Date.now() + FILLED_MS_MAX;
  while (!(await isLocal(db))) {
    if (Date.now() > until_ms) throw new Error("the database did not come into memory");
    await scheduler.wait(5);
  }
}

export async function isLocal(db) {
  const { meta } = await db.prepare("SELECT 1").all();
  return meta.served_by_primary === false;
}

function groups(list, size) {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, i) => list.slice(i * size, (i + 1) * size));
}
