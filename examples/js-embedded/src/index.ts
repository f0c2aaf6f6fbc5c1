/**
 * A guest book with its database inside the Worker. A visitor's bookmark travels in a header, so
 * that everyone sees at least what they have seen before, wherever the next request lands.
 */

import { isolite, type IsoliteEnv } from "isolite/embedded";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

const SCHEMA = "CREATE TABLE IF NOT EXISTS visits (id INTEGER PRIMARY KEY, name TEXT, at INTEGER)";
const VISIT = "INSERT INTO visits (name, at) VALUES (?1, unixepoch()) RETURNING id";
const LATEST = "SELECT id, name, at FROM visits ORDER BY id DESC LIMIT 10";

export default {
  async fetch(request, env): Promise<Response> {
    const DB: D1Database = isolite(env, "demo");
    const name = new URL(request.url).searchParams.get("name");
    const session = DB.withSession(request.headers.get("x-bookmark") ?? "first-primary");
    const statements = [session.prepare(SCHEMA)];
    if (name !== null) statements.push(session.prepare(VISIT).bind(name));
    await session.batch(statements);
    const { results, meta } = await session.prepare(LATEST).all();
    const headers = { "x-bookmark": session.getBookmark() ?? "" };
    return Response.json({ visits: results, duration: meta.duration }, { headers });
  },
} satisfies ExportedHandler<IsoliteEnv>;
