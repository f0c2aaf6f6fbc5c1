// Runs one statement in a session, over the service binding of its region.

import { isolite } from "isolite";

export default {
  async fetch(request, env) {
    const { sql, session: start } = await request.json();
    try {
      const session = isolite(env.DB).withSession(start);
      const { results, meta } = await session.prepare(sql).all();
      const local = meta.served_by_primary === false;
      return Response.json({ results, local, bookmark: session.getBookmark() });
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
};
