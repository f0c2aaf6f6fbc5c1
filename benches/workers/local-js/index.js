/** The peer `isolite-local-js`: as `isolite-embedded-js`, reads from the isolate's own memory. */

import { isolite } from "isolite/embedded";
import { answer } from "../bench.js";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

const MAX_STALENESS_MS = 1_000;
const TRIES_MAX = 200;

export default {
  async fetch(request, env) {
    const db = isolite(env, "bench", { max_staleness_ms: MAX_STALENESS_MS });
    if (new URL(request.url).pathname === "/run") await filled(db);
    return answer(request, db);
  },
};

/** Until the database is in memory, which the first reads begin, the primary answers. */
async function filled(db) {
  for (let i = 0; i < TRIES_MAX; i++) {
    const { meta } = await db.prepare("SELECT 1").all();
    if (!meta.served_by_primary) return;
    await scheduler.wait(10);
  }
  throw new Error("the database did not come into memory");
}
