// Runs SQL on a database of Isolite and tells how long each run took.

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";

const handles = {
  embedded: (env, database) => embedded.isolite(env, database),
  service: (env) => isolite(env.SERVICE),
};

async function run({ way = "embedded", database, session, sql, times = 1 }, env) {
  const handle = handles[way](env, database);
  const runs = [];
  for (let i = 0; i < times; i++) {
    // A constraint is for the first query of a session.
    const asked = session === undefined ? handle : handle.withSession(session);
    const begin_ms = Date.now();
    const { results, meta } = await asked.prepare(sql).all();
    runs.push({ ms: Date.now() - begin_ms, results, served_by_region: meta.served_by_region });
  }
  return { region: env.ISOLITE_REGION, greeting: env.GREETING, runs };
}

export default {
  async fetch(request, env) {
    try {
      return Response.json(await run(await request.json(), env));
    } catch (error) {
      return Response.json({ error: error.stack }, { status: 500 });
    }
  },
};
