/** The peer `isolite-embedded-js`: the database's objects live in the Worker that asks. */

import { isolite } from "isolite/embedded";
import { answer } from "../bench.js";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

export default { fetch: (request, env) => answer(request, isolite(env, "bench")) };
