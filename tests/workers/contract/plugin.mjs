// Isolite as the package's plugin for wrangler makes it: `env.DB` is of Cloudflare's own class, and
// `isolite` leaves it as it is.

import { isolite } from "isolite";

import { interpret } from "../../contract/interpreter.mjs";

export default {
  fetch(request, env) {
    const database = isolite(env.DB);
    if (database !== env.DB) throw new Error("env.DB is no D1 database, or isolite() changed it");
    return interpret(request, database);
  },
};
