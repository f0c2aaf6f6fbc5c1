// Two doors to one database: `POST /d1` runs SQL through D1's face, everything else goes on to Isolite.

import { isolite } from "isolite";

export default {
  async fetch(request, env) {
    if (new URL(request.url).pathname !== "/d1") return env.ISOLITE.fetch(request);
    const { sql, params = [], start } = await request.json();
    const session = isolite(env.DB).withSession(start);
    const { results } = await session.prepare(sql).bind(...params).run();
    return Response.json({ results, bookmark: session.getBookmark() });
  },
};
