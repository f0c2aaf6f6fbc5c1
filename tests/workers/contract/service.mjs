// Isolite by a service binding, through the face of the package.

import { isolite } from "isolite";

import { interpret } from "../../contract/interpreter.mjs";

export default { fetch: (request, env) => interpret(request, isolite(env.DB)) };
