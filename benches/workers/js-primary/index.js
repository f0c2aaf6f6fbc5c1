/** The peer `isolite-js-primary`: as `isolite-js`, but each read is a call to the primary. */

import { isolite } from "isolite/embedded";
import { answer } from "../bench.js";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

export default {
  fetch: (request, env) =>
    answer(request, isolite(env, "bench", { max_staleness_ms: 0 }), { local: false }),
};
