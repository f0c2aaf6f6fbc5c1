// Picks databases of groups by name, in both ways of binding, and runs statements on them. Of the
// Workers that run together it alone has an address, so it hands on what is for REST.

import { isolite } from "isolite";
import * as embedded from "isolite/embedded";

async function answer({ binding, group, name, sql, params = [], times = 1, wrapped }, env, context) {
  const query = async (databases) => {
    const asked = Array.from({ length: times }, () =>
      databases.get(name).prepare(sql).bind(...params).all());
    return (await Promise.all(asked)).map(({ results }) => results);
  };
  if (!wrapped) return query(binding ? isolite(env[binding]) : embedded.isolite(env, group));
  const handler = {
    fetch: async (_, { GROUP, DB }) =>
      Response.json([...(await query(GROUP)), typeof DB.prepare, typeof DB.get]),
  };
  const response = await embedded
    .withIsolite(handler, { GROUP: group, DB: "one" })
    .fetch(null, env, context);
  return response.json();
}

/** What bindings are not for. */
const WAYS = {
  raw: ({ binding, args }, env) => env[binding].d1(...args),
  unpicked: async ({ binding, sql }, env) => (await isolite(env[binding]).prepare(sql).all()).results,
  fetch: async ({ binding }, env) =>
    (await env[binding].fetch("http://d1/query", { method: "POST", body: "{}" })).text(),
};

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname.startsWith("/client/")) return env.REST.fetch(request);
    const asked = await request.json();
    try {
      return Response.json({ value: await (WAYS[asked.way] ?? answer)(asked, env, context) });
    } catch ({ name, message, cause }) {
      return Response.json({ error: { name, message, cause: cause?.message } });
    }
  },
};
