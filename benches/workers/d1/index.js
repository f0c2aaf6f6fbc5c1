/** The peer `d1-workerd`: a real D1 binding. */

import { answer } from "../bench.js";

export default { fetch: (request, env) => answer(request, env.DB) };
