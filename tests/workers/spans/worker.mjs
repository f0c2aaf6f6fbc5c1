// Runs one of the calls that D1's class has, on a database inside this Worker.

import { isolite } from "isolite/embedded";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";
export { IsoliteUpload } from "isolite/worker";

const calls = {
  all: (database, { sql, params = [] }) => database.prepare(sql).bind(...params).all(),
  first: async (database, { sql }) => ({ row: await database.prepare(sql).first() }),
  run: (database, { sql }) => database.prepare(sql).run(),
  raw: (database, { sql }) => database.prepare(sql).raw(),
  exec: (database, { sql }) => database.exec(sql),
  batch: (database, { sqls }) => {
    return database.batch(sqls.map((sql) => database.prepare(sql)));
  },
  transaction: (database, { sql }) => database.transaction((tx) => tx.prepare(sql).run()),
};

export default {
  async fetch(request, env) {
    const { call, options, session, ...asked } = await request.json();
    const handle = isolite(env, "traced", options);
    const database = session ? handle.withSession(session) : handle;
    try {
      const { meta } = await calls[call](database, asked);
      return Response.json({ bookmark: database.getBookmark?.(), ...meta });
    } catch (error) {
      return Response.json({ error: error.message });
    }
  },
};
