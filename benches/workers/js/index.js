/** The peer `isolite-js`: the database's objects live in the Worker that asks, which reads from its
 * own memory. */

import "./watch.js";
import { isolite } from "isolite/embedded";
import { answer, filled } from "../bench.js";
import { reads } from "./memory.js";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

export default {
  async fetch(request, env) {
    const db = isolite(env, "bench");
    if (new URL(request.url).pathname !== "/reads") return answer(request, db, { local: true });
    await filled(db);
    return Response.json(await reads(db, await request.json()));
  },
};
