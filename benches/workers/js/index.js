/** The peer `isolite-js`: the database's objects live in the Worker that asks, which reads from its
 * own memory. */

import { isolite } from "isolite/embedded";
import { answer } from "../bench.js";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

export default {
  fetch: (request, env) => answer(request, isolite(env, "bench"), { local: true }),
};
