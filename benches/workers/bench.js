/**
 * What every Worker of the benchmark answers, given its database: `POST /load` runs statements,
 * `POST /run` runs one operation again and again and tells how long each took.
 *
 * The time is what code with an `env.DB` waits, from the first call on it to the results as
 * objects. Calls too fast for the stopwatch are timed in groups, and count as one, with their mean.
 * A result that is not the expected one fails the request: errors are fast as well.
 */

import { groupSize, Stopwatch } from "./stopwatch.js";

const OPERATIONS = {
  async point_read(db, sql, [id]) {
    const city = await db.prepare(sql).bind(id).first();
    return city.id === id ? 1 : 0;
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

export async function answer(request, db) {
  const body = await request.json();
  switch (new URL(request.url).pathname) {
    case "/load":
      return Response.json(await load(db, body));
    case "/run":
      return Response.json(await run(db, body));
    default:
      return new Response("No such path", { status: 404 });
  }
}

async function load(db, statements) {
  await db.batch(statements.map(({ sql, params }) => db.prepare(sql).bind(...params)));
  return {};
}

/** Runs `calls`, the parameters of each; the first `warm_up` of them are not reported. */
async function run(db, { operation, sql, calls, warm_up, expected }) {
  const each = async (some) => {
    for (const call of some) {
      const rows = await OPERATIONS[operation](db, sql, call);
      if (rows !== expected) throw new Error(`${operation}: ${rows} rows instead of ${expected}`);
    }
  };
  const rehearsed = warm_up >> 1;
  await each(calls.slice(0, rehearsed));
  const mean_us = (await laps_us([calls.slice(rehearsed, warm_up)], each))[0];
  const group = groupSize(mean_us);
  return { durations_us: await laps_us(groups(calls.slice(warm_up), group), each) };
}

/** Microseconds that a call of each group took in the mean. */
async function laps_us(groups, each) {
  const stopwatch = new Stopwatch();
  for (const group of groups) {
    stopwatch.start();
    await each(group);
    stopwatch.stop();
  }
  return stopwatch.durations_us().map((duration_us, i) => duration_us / groups[i].length);
}

function groups(list, size) {
  const count = Math.ceil(list.length / size);
  return Array.from({ length: count }, (_, i) => list.slice(i * size, (i + 1) * size));
}
