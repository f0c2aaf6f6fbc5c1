/** The peer `isolite-local-js`: as `isolite-embedded-js`, reads from the isolate's own memory. */

import { isolite } from "isolite/embedded";
import { answer } from "../bench.js";

export { IsoliteDirectory, IsolitePrimary } from "isolite/embedded";

export default { fetch: (request, env) => answer(request, isolite(env, "bench", { max_staleness_ms: 1_000 })) };
