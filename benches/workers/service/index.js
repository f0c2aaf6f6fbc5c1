/** The peer `isolite-service`: a service binding to the Isolite Worker, which reads from its own
 * memory. */

import { isolite } from "isolite";
import { answer } from "../bench.js";

export default { fetch: (request, env) => answer(request, isolite(env.DB), { local: true }) };
