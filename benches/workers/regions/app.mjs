/**
 * The app of the regions' part of the benchmark: the same Worker in each region, asked by
 * `benches/regions.mjs`. Times are whole milliseconds of the one clock that all Workers of a machine
 * share, but for reads in memory, which the stopwatch takes.
 */

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";

import { Stopwatch } from "../stopwatch.js";
import { Witness } from "./witness.mjs";

const POINT_READ = "SELECT * FROM cities WHERE id = ?";
const NEWEST = "SELECT max(n) AS n FROM counted";
const WRITE = "INSERT INTO counted (n) VALUES (?)";
const READS_PER_LAP = 30;
const ARRIVAL_INTERVAL_MS = 5;
const FILLED_MS_MAX = 20_000;

const ANSWERS = { load, reads, writes, watch, snapshot, bootstrap, write_then_read };

/** Runs statements as one transaction; tells how large the database is then. */
async function load({ database, statements }, env) {
  const db = embedded.isolite(env, database);
  const bound = statements.map(({ sql, params = [] }) => db.prepare(sql).bind(...params));
  const results = await db.batch(bound);
  return { size_bytes: results.at(-1).meta.size_after };
}

/** Until a read asks nobody. */
async function filled(db, witness) {
  const until_ms = Date.now() + FILLED_MS_MAX;
  for (let asked; asked !== witness.queries; await scheduler.wait(5)) {
    if (Date.now() > until_ms) throw new Error("the database did not come into memory");
    asked = witness.queries;
    await db.prepare("SELECT 1").first();
  }
}

/** Laps of point reads in memory, one after each pause. */
async function reads({ database, ids, laps, pause_ms }, env) {
  const witness = new Witness(env);
  const db = embedded.isolite(witness.env, database);
  await filled(db, witness);
  const stopwatch = new Stopwatch();
  const called = witness.queries;
  for (let lap = 0; lap < laps; lap++) {
    await scheduler.wait(pause_ms);
    stopwatch.resume();
    for (let i = 0; i < READS_PER_LAP; i++) {
      const id = ids[(lap * READS_PER_LAP + i) % ids.length];
      await db.prepare(POINT_READ).bind(id).first();
    }
    stopwatch.stop();
  }
  const durations_us = stopwatch.durations_us().map((lap_us) => lap_us / READS_PER_LAP);
  return { durations_us, reads: laps * READS_PER_LAP, elsewhere: witness.queries - called };
}

/** Writes at a steady pace, each with when it was acknowledged and the bookmark of its commit. */
async function writes({ database, first, duration_ms, pause_ms }, env) {
  const session = embedded.isolite(env, database).withSession("first-primary");
  const until_ms = Date.now() + duration_ms;
  const told = [];
  for (let n = first; Date.now() < until_ms; n++) {
    const sent_ms = Date.now();
    await session.prepare(WRITE).bind(n).run();
    const done_ms = Date.now();
    told.push({ n, bookmark: session.getBookmark(), sent_ms, done_ms });
    // Not in step with anything else.
    await scheduler.wait(pause_ms * (0.5 + Math.random()));
  }
  return told;
}

/** When the region's replica and this isolate's memory were first seen to have moved. */
async function watch({ database, replica, duration_ms, pause_ms }, env) {
  const witness = new Witness(env);
  const db = embedded.isolite(witness.env, database);
  // Past the simulated distance: looking must not take time.
  const object = env[replica.binding].getByName(replica.name);
  const seen = { replica: [], memory: [] };
  const take = (list, value, ms) => {
    if (list.at(-1)?.value !== value) list.push({ value, ms });
  };
  await filled(db, witness);
  const until_ms = Date.now() + duration_ms;
  while (Date.now() < until_ms) {
    const [text] = await object.call("/info");
    take(seen.replica, JSON.parse(text).bookmark, Date.now());
    const { n } = await db.prepare(NEWEST).first();
    take(seen.memory, n, Date.now());
    await scheduler.wait(pause_ms);
  }
  return seen;
}

/** How long the primary takes for all pages, asked as a replica at its side would ask. */
async function snapshot({ primary }, env) {
  const object = env[primary.binding].getByName(primary.name);
  const begin_ms = Date.now();
  const [, status, , ltx] = await object.call("/pages?first=1", "", undefined, undefined);
  if (status !== 200) throw new Error(`status ${status}`);
  return { ms: Date.now() - begin_ms, bytes: ltx.byteLength };
}

/** Requests arrive one after the other, until one of them is answered from memory. */
async function bootstrap({ way, database, binding, id, place_known }, env) {
  const ask = async (options) => {
    const witness = new Witness(env);
    const handles = {
      embedded: () => embedded.isolite(witness.env, database, options),
      service: () => isolite(env[binding], options),
    };
    const db = handles[way]();
    const sent_ms = Date.now();
    const { meta, results } = await db.prepare(POINT_READ).bind(id).all();
    const done_ms = Date.now();
    if (results[0].id !== id) throw new Error("not the city that was asked for");
    // Over a service binding only the time tells: the region's replica is two milliseconds away.
    const quick = way === "service" ? done_ms === sent_ms : witness.queries === 0;
    return { sent_ms, done_ms, local: meta.served_by_primary === false && quick };
  };
  if (place_known) await ask({ max_staleness_ms: 0 });
  const begin_ms = Date.now();
  let local_ms;
  const asked = [];
  while (local_ms === undefined) {
    if (Date.now() - begin_ms > FILLED_MS_MAX) throw new Error("nothing came into memory");
    const answer = ask();
    asked.push(answer);
    const take = ({ local, done_ms }) => {
      if (local) local_ms ??= done_ms - begin_ms;
    };
    answer.then(take, () => {});
    await scheduler.wait(ARRIVAL_INTERVAL_MS);
  }
  const all = await Promise.all(asked);
  const waits_ms = all.map(({ sent_ms, done_ms }) => done_ms - sent_ms);
  return { first_ms: waits_ms[0], slowest_ms: Math.max(...waits_ms), local_ms };
}

/** A write, and a read right after it by the same handle. */
async function write_then_read({ database, first, times, pause_ms }, env) {
  const witness = new Witness(env);
  const db = embedded.isolite(witness.env, database);
  await filled(db, witness);
  const told = [];
  for (let n = first; n < first + times; n++) {
    const begin_ms = Date.now();
    await db.prepare(WRITE).bind(n).run();
    const written_ms = Date.now();
    const called = witness.queries;
    const read = await db.prepare(NEWEST).first();
    const read_ms = Date.now() - written_ms;
    const local = witness.queries === called;
    told.push({ write_ms: written_ms - begin_ms, read_ms, local, seen: read.n === n });
    await scheduler.wait(pause_ms);
  }
  return told;
}

export default {
  async fetch(request, env) {
    const answer = ANSWERS[new URL(request.url).pathname.slice(1)];
    if (answer === undefined) return new Response("No such path", { status: 404 });
    try {
      return Response.json(await answer(await request.json(), env));
    } catch (error) {
      return new Response(error.stack, { status: 500 });
    }
  },
};
