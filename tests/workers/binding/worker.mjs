// Reaches databases in every way that code behind a binding has, the improper ones included.

import { isolite, withIsolite } from "isolite";
import * as embedded from "isolite/embedded";
import { env as globalEnv } from "cloudflare:workers";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

const SESSION_HEADER = "x-cf-d1-session-commit-token";

const WAYS = {
  /** The package's face. */
  package: ({ binding, sql, session }, env) => ask(isolite(env[binding]), sql, session),
  /** The package's face over Isolite inside this Worker. */
  embedded: ({ database, options, sql }, env) => ask(embedded.isolite(env, database, options), sql),
  /** Values that JSON has no form for, through a database and back in each form. */
  async values({ binding, database, options }, env) {
    const face = binding
      ? isolite(env[binding], options)
      : embedded.isolite(env, database, options);
    return describe({
      alone: await roundTrip(face, options),
      session: await roundTrip(face.withSession("first-primary"), options),
    });
  },
  /** The method that the package calls. */
  rpc: ({ binding, args }, env) => env[binding].d1(...args),
  /** The method that Cloudflare's class calls. */
  query: async ({ binding, request, odd }, env) =>
    describe(await env[binding].query(odd === undefined ? request : ODD[odd]())),
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

const INTEGERS = [9223372036854775807n, -9223372036854775808n, 9007199254740993n];
const BYTES = new Uint8Array([0, 1, 254, 255]);

async function roundTrip(database, { bigint }) {
  const row = [...(bigint ? INTEGERS : INTEGERS.map(Number)), BYTES];
  const insert = database.prepare("INSERT INTO v VALUES (?, ?, ?, ?)").bind(...row);
  const select = database.prepare("SELECT *, typeof(a) AS t FROM v");
  const created = database.prepare("CREATE TABLE IF NOT EXISTS v (a, b, c, d)");
  const cleared = database.prepare("DELETE FROM v");
  const [, , , { results }] = await database.batch([created, cleared, insert, select]);
  await database.batch([cleared]);
  await insert.run();
  return {
    batch: Object.values(results[0]),
    all: Object.values((await select.all()).results[0]),
    first: Object.values(await select.first()),
    raw: (await select.raw())[0],
    found: (await database.prepare("SELECT count(*) FROM v WHERE a = ?").bind(row[0]).raw())[0][0],
  };
}

const one = (...params) => ({ queries: [{ sql: "SELECT ?", params }] });

/** Requests that JSON cannot carry. */
const ODD = {
  "nothing": () => undefined,
  "a function": () => () => 1,
  "a Map": () => new Map([["queries", []]]),
  "queries by a function": () => ({ queries: () => [] }),
  "a text that is bytes": () => ({ queries: [{ sql: new Uint8Array(3) }] }),
  "a bound function": () => one(() => 1),
  "a bound Date": () => one(new Date(0)),
  "a bound Map": () => one(new Map()),
  "bound Errors": () => one(new Error("x"), new Error("y")),
  "a bound ReadableStream": () => one(new ReadableStream()),
  "a hole": () => ({ queries: [{ sql: "SELECT ?", params: [,] }] }),
  "a hole among the queries": () => ({ queries: [, { sql: "SELECT 1" }] }),
  "arrays within": () => one([[1]]),
  "a circle": () => {
    const circle = [];
    circle.push(circle);
    return one(circle);
  },
  "a circle of queries": () => {
    const request = { queries: [] };
    request.queries.push(request);
    return request;
  },
  "more than 64 bits": () => one(2n ** 64n),
};

/** The same with what JSON lacks as text. */
function describe(value) {
  const named = (_, each) => {
    if (typeof each === "bigint") return `${each}n`;
    return each instanceof Uint8Array ? `bytes ${each}` : each;
  };
  return JSON.parse(JSON.stringify(value, named));
}

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
