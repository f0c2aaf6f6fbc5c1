// Runs one case with one of the databases: D1, or Isolite in either way. Paths: /<way>/<suite>/<n>.
//
// The cases are code of ORMs, so they run here, assertions included; the answer is what they found.

import { isolite, withIsolite } from "isolite";
import * as embedded from "isolite/embedded";

import { empty } from "../../orms/emptied.mjs";
import { suites } from "../../orms/suites.mjs";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

const EMBEDDED = "orms-embedded";

/** For each way its database, and a handler written for `env.DB` made to find that there. */
const WAYS = {
  d1: {
    database: (env) => env.D1,
    bound: (app) => ({ fetch: (request, env, ctx) => app.fetch(request, { DB: env.D1 }, ctx) }),
  },
  service: {
    database: (env, options) => isolite(env.SERVICE, options),
    bound: (app) => {
      const handler = withIsolite(app, "DB");
      return { fetch: (request, env, ctx) => handler.fetch(request, { DB: env.SERVICE }, ctx) };
    },
  },
  embedded: {
    database: (env, options) => embedded.isolite(env, EMBEDDED, options),
    bound: (app) => embedded.withIsolite(app, { DB: EMBEDDED }),
  },
};

export default {
  async fetch(request, env, context) {
    const [, way, suite, index] = new URL(request.url).pathname.split("/");
    const DB = WAYS[way].database(env);
    const open = (options) => WAYS[way].database(env, options);
    const { name, run } = suites[suite].cases[Number(index)];
    const serve = (app) => (path, init) =>
      WAYS[way].bound(app).fetch(new Request(`http://test${path}`, init), env, context);
    try {
      await empty(DB);
      await run({ DB, open, serve });
      return Response.json({ ran: name });
    } catch (error) {
      return Response.json({ ran: name, failure: `${error.stack}${cause(error)}` });
    }
  },
};

const cause = (error) => (error.cause ? `\nbecause of ${error.cause.stack ?? error.cause}` : "");
