// Isolite by a service binding, through Cloudflare's own class, which speaks D1's HTTP protocol or,
// with the flag `d1_binding_jsrpc`, its RPC protocol.
//
// The class is no global and cannot be imported, but every D1 database is an instance of it.

import { interpret } from "../../contract/interpreter.mjs";

export default {
  fetch(request, env) {
    const D1Database = env.ANY_D1.constructor;
    return interpret(request, new D1Database(env.DB));
  },
};
