// Runs one case of transactions with one of the ways to a database. Paths: /<way>/<suite>/<n>.

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";

import { suites } from "../../transactions/suites.mjs";

/** For each way a handle of its database, as another request would make one. */
const WAYS = {
  embedded: (env, options) => embedded.isolite(env, "transactions-embedded", options),
  service: (env, options) => isolite(env.SERVICE, options),
  group: (env, options) => isolite(env.GROUP, options).get("transactions-group"),
};

const TABLE =
  "CREATE TABLE t (n INTEGER PRIMARY KEY, parent REFERENCES t DEFERRABLE INITIALLY DEFERRED)";

export default {
  async fetch(request, env) {
    const [, way, suite, index] = new URL(request.url).pathname.split("/");
    const { name, run } = suites[suite].cases[Number(index)];
    const open = (options) => WAYS[way](env, options);
    try {
      const DB = open();
      await DB.batch([DB.prepare("DROP TABLE IF EXISTS t"), DB.prepare(TABLE)]);
      await run({ DB, open, way, service: env.SERVICE });
      return Response.json({ ran: name });
    } catch (error) {
      return Response.json({ ran: name, failure: `${error.stack}\n${error.cause?.stack ?? ""}` });
    }
  },
};
