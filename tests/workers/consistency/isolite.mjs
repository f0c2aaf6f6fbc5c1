// The main module of a region's Isolite Worker in the tests of consistency: what Isolite exports,
// far from the objects of other regions, over a network that may meddle (network.mjs).

import Entrypoint, * as isolite from "../../../bindings/js/src/worker.ts";
import { distant } from "../../../scripts/regions/distance.mjs";
import { networked } from "./network.mjs";

/** The class in that environment; its objects can be made to fail. */
function inWorld(Class) {
  return class extends Class {
    #ctx;

    constructor(ctx, env) {
      super(ctx, networked(distant(env)));
      this.#ctx = ctx;
    }

    /**
     * Ends at once, with every call that it has not answered: as the platform may do to an object.
     */
    abort() {
      this.#ctx.abort("the test ends this object");
    }
  };
}

export default inWorld(Entrypoint);
export const Database = inWorld(isolite.Database);
export const IsoliteDirectory = inWorld(isolite.IsoliteDirectory);
export const IsolitePrimary = inWorld(isolite.IsolitePrimary);
export const IsoliteReplica = inWorld(isolite.IsoliteReplica);
export const IsoliteUpload = inWorld(isolite.IsoliteUpload);
