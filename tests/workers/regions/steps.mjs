// Runs steps on a database of Isolite in its region, by either way of binding; also calls and
// evicts the objects behind it, as nobody does but a test.

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";

const handles = {
  embedded: (env, name, options) => embedded.isolite(env, name, options),
  service: (env, name, options) => isolite(env[name], options),
};

/** Outcomes in order, each with how long it took; those that failed have an error. */
async function run(env, { way = "embedded", name, options, session, steps }) {
  const handle = handles[way](env, name, options);
  const database = session === undefined ? handle : handle.withSession(session);
  const outcomes = [];
  for (const step of steps) {
    if (step.pause_ms) await scheduler.wait(step.pause_ms);
    const begin_ms = Date.now();
    const outcome = await attempt(() => take(database, step));
    const bookmark = database.getBookmark?.() ?? null;
    outcomes.push({ ...outcome, ms: Date.now() - begin_ms, bookmark });
  }
  return outcomes;
}

async function take(database, { sql, params = [], batch, transaction }) {
  // The outcome of its last statement.
  if (transaction) {
    return database.transaction(async (tx) => {
      let outcome;
      for (const each of transaction) outcome = await take(tx, { sql: each });
      return outcome;
    });
  }
  const results = batch
    ? await database.batch(batch.map((each) => database.prepare(each)))
    : [await database.prepare(sql).bind(...params).all()];
  const { served_by_primary, served_by_region } = results.at(-1).meta;
  return { rows: results.at(-1).results, served_by_primary, served_by_region };
}

async function call(env, { kind, region, object, path, body }) {
  const answer = await stub(env, kind, region, object).call(path, body);
  const [text, status, bookmark, commits, age_ms] = answer;
  return { text, status, bookmark, bytes: commits?.byteLength, age_ms };
}

async function evict(env, { kind, region, object }) {
  // The bundler must not look for what only the runtime has.
  const name = "workerd:unsafe";
  const { default: unsafe } = await import(name);
  await unsafe.evict(stub(env, kind, region, object));
  return {};
}

function stub(env, kind, region, object) {
  return env[`ISOLITE_${kind.toUpperCase()}_${region}`].getByName(object);
}

async function attempt(act) {
  try {
    return await act();
  } catch (error) {
    return { error: error.message };
  }
}

const paths = { "/run": run, "/call": call, "/evict": evict };

export default {
  async fetch(request, env) {
    const act = paths[new URL(request.url).pathname];
    const asked = await request.json();
    return Response.json(await attempt(() => act(env, asked)));
  },
};
