// Reaches databases in every way that code behind a binding has, the improper ones included.

import { isolite, withIsolite } from "isolite";
import * as embedded from "isolite/embedded";
import { env as globalEnv } from "cloudflare:workers";

export { IsoliteDirectory, IsolitePrimary } from "isolite/embedded";

const SESSION_HEADER = "x-cf-d1-session-commit-token";

const WAYS = {
  /** The package's face. */
  package: ({ binding, sql, session }, env) => ask(isolite(env[binding]), sql, session),
  /** The package's face over Isolite inside this Worker. */
  embedded: ({ database, options, sql }, env) => ask(embedded.isolite(env, database, options), sql),
  /** The method that the package calls. */
  rpc: ({ binding, args }, env) => env[binding].d1(...args),
  /** D1's HTTP protocol. */
  async fetch({ binding, method = "POST", path, body, session }, env) {
    const headers = session === undefined ? {} : { [SESSION_HEADER]: session };
    const response = await env[binding].fetch(`http://d1${path}`, { method, body, headers });
    const bookmark = response.headers.get(SESSION_HEADER);
    return { status: response.status, text: await response.text(), bookmark };
  },
  /** A handler that finds its database in `env`, and in the global one. */
  async wrapped({ sql }, env, context) {
    const handler = {
      async fetch(_, own) {
        const [row, same] = [await own.MADE.prepare(sql).first(), globalEnv.MADE.prepare(sql)];
        return Response.json([row, await same.first(), typeof own.UNKNOWN.prepare]);
      },
    };
    const response = await withIsolite(handler, "MADE").fetch(null, env, context);
    return response.json();
  },
};

async function ask(database, sql, constraint) {
  if (constraint === undefined) return (await database.prepare(sql).all()).results;
  return (await database.withSession(constraint).prepare(sql).all()).results;
}

export default {
  async fetch(request, env, context) {
    const { way, ...call } = await request.json();
    try {
      return Response.json({ value: await WAYS[way](call, env, context) });
    } catch (error) {
      const { name, message, cause } = error;
      return Response.json({ error: { name, message, cause: cause?.message } });
    }
  },
};
