// One database by two bindings: with the plugin `DB` is of the runtime's D1 class, and `SERVICE` is
// the service that it is in production. The same line of code serves both.

import { isolite, withIsolite } from "isolite";

const QUESTIONS = {
  classes: ({ DB, SERVICE }) => [DB, SERVICE].map((each) => each.constructor.name),
  /** Whether a database is left as it is. */
  same: ({ DB, SERVICE }) => {
    const ours = isolite(SERVICE);
    return [DB, SERVICE, ours].map((each) => isolite(each) === each);
  },
  options: ({ DB, SERVICE }) =>
    [DB, isolite(SERVICE)].flatMap((database) =>
      [{ bigint: true }, { blobs: "bytes" }, { bigint: false, blobs: "array" }].map((options) =>
        refusal(() => isolite(database, options)),
      ),
    ),
  async rows(env) {
    const [by, other] = [isolite(env.DB), isolite(env.SERVICE)];
    await by.exec("CREATE TABLE IF NOT EXISTS t (a); DELETE FROM t; INSERT INTO t VALUES (1)");
    await other.prepare("INSERT INTO t VALUES (?)").bind("x").run();
    const select = "SELECT a FROM t ORDER BY typeof(a)";
    return [await by.prepare(select).raw(), await other.prepare(select).raw()];
  },
  async wrapped(env, context) {
    const handler = {
      fetch: (_, { DB, SERVICE }) =>
        Response.json([DB === env.DB, [DB, SERVICE].map((each) => each.constructor.name)]),
    };
    return (await withIsolite(handler, "DB", "SERVICE").fetch(null, env, context)).json();
  },
};

function refusal(work) {
  try {
    work();
    return null;
  } catch ({ name, message }) {
    return `${name}: ${message}`;
  }
}

export default {
  async fetch(request, env, context) {
    const question = new URL(request.url).pathname.slice(1);
    return Response.json(await QUESTIONS[question](env, context));
  },
};
