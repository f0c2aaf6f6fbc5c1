// A web app of two isolates: `GET /<way>/<database>` reads, `POST` writes one row more, `PUT` makes the table, and under
// `/other` the other isolate answers. The visitor's session is carried by cookie and header.

import { isolite, withVisitorSession } from "isolite";
import * as embedded from "isolite/embedded";

const TABLE = "CREATE TABLE t (n INTEGER PRIMARY KEY)";

const handles = {
  embedded: (env, database) => embedded.isolite(env, database),
  service: (env) => isolite(env.SERVICE),
};

export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    const [, other] = pathname.match(/^\/other(\/.*)$/) ?? [];
    if (other) return env.OTHER.fetch(new Request(`http://other${other}`, request));
    const [, way, database] = pathname.split("/");
    const options = JSON.parse(request.headers.get("x-options") ?? "{}");
    try {
      return await withVisitorSession(request, handles[way](env, database), async (session) => {
        if (request.headers.has("x-silent")) return new Response(null, { status: 204 });
        if (request.method === "PUT") await session.prepare(TABLE).run();
        if (request.method === "POST") await session.prepare("INSERT INTO t DEFAULT VALUES").run();
        const { results, meta } = await session.prepare("SELECT count(*) AS n FROM t").all();
        return Response.json({ n: results[0].n, local: meta.served_by_primary === false });
      }, options);
    } catch (error) {
      return Response.json({ error: error.message }, { status: 500 });
    }
  },
};
