// The reference: D1 itself, as workerd and miniflare run it.

import { interpret } from "../../contract/interpreter.mjs";

export default { fetch: (request, env) => interpret(request, env.DB) };
