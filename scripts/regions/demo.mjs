// The app of `npm run dev:regions`, one in each region: what a Worker there sees of the demo database.
//
//   GET  /app-<region>/            reads a city, and tells how long it took and who answered
//   POST /app-<region>/            writes a note first, and counts the notes in the same session

import { isolite, withVisitorSession } from "../../bindings/js/src/index.ts";

const NOTES = "CREATE TABLE IF NOT EXISTS notes (region TEXT, at_ms INTEGER)";
const CITY = "SELECT name, country, population FROM cities WHERE id >= ? ORDER BY id LIMIT 1";
/** The ids are those of GeoNames, with gaps. */
const ID_MAX = 11_000_000;

async function timed(work) {
  const begin_ms = Date.now();
  const { results, meta } = await work;
  const { served_by_region, served_by_primary } = meta;
  return { ms: Date.now() - begin_ms, served_by_region, served_by_primary, result: results[0] };
}

export default {
  fetch(request, env) {
    const database = isolite(env.DB, { request });
    return withVisitorSession(request, database, async (session) => {
      const answer = { region: env.ISOLITE_REGION };
      if (request.method === "POST") {
        const note = session.prepare("INSERT INTO notes VALUES (?, ?)");
        const work = session.batch([
          session.prepare(NOTES),
          note.bind(env.ISOLITE_REGION, Date.now()),
        ]);
        answer.write = await timed(work.then(([, inserted]) => inserted));
        answer.count = await timed(session.prepare("SELECT count(*) AS notes FROM notes").all());
      }
      const id = Math.floor(Math.random() * ID_MAX);
      answer.read = await timed(session.prepare(CITY).bind(id).all());
      return Response.json(answer);
    });
  },
};
