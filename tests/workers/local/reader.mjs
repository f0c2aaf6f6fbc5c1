// Runs steps on a database of Isolite in an isolate of its own, with a replica in its own memory.
//
// `POST /` runs the steps here, `POST /other` in the other Worker's isolate; known.mjs tells the rest.

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";
import { crash, known } from "./known.mjs";

const handles = {
  embedded: (env, options, name) => embedded.isolite(env, name, options),
  service: (env) => isolite(env.SERVICE),
};

async function run({ way = "embedded", name = "local", options, session, steps }, env) {
  const handle = handles[way](env, options, name);
  const database = session === undefined ? handle : handle.withSession(session);
  const outcomes = [];
  for (const { sql, params = [], batch, times = 1, pause_ms } of steps) {
    if (pause_ms) await scheduler.wait(pause_ms);
    const sent_ms = Date.now();
    let results;
    for (let i = 0; i < times; i++) {
      results = batch
        ? await database.batch(batch.map((each) => database.prepare(each)))
        : [await database.prepare(sql).bind(...params).all()];
    }
    outcomes.push({
      rows: results.at(-1).results,
      local: results.at(-1).meta.served_by_primary === false,
      sent_ms,
      done_ms: Date.now(),
      bookmark: database.getBookmark?.() ?? null,
    });
  }
  return outcomes;
}

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/known") return Response.json(await known(env));
    if (pathname === "/crash") return Response.json(crash(env));
    if (pathname === "/other") {
      return env.OTHER.fetch("http://other/", { method: "POST", body: request.body });
    }
    try {
      return Response.json(await run(await request.json(), env));
    } catch (error) {
      return Response.json({ error: error.message }, { status: 500 });
    }
  },
};
