// Isolite inside the Worker itself.

import { isolite } from "isolite/embedded";

import { interpret } from "../../contract/interpreter.mjs";

export { IsoliteDirectory, IsolitePrimary, IsoliteReplica } from "isolite/embedded";

export default { fetch: (request, env) => interpret(request, isolite(env, "contract")) };
