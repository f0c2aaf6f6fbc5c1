// The Isolite Worker over a bucket that does what a test says: `POST /client/v4/faults` takes the name of
// a mode and how many calls of the bucket it is to meet.

import isolite, { IsolitePrimary as Primary } from "../../../bindings/js/src/worker.ts";

export {
  Database, Databases, IsoliteDirectory, IsoliteReplica, IsoliteUpload,
} from "../../../bindings/js/src/worker.ts";

const MODES = {
  /** Nothing is done. */
  refuse: async () => {
    throw new Error("the bucket is unavailable (10001)");
  },
  throttle: async () => {
    throw new Error("reduce your concurrent request rate for the same object (10058)");
  },
  /** All is done, and nobody is told. */
  lose: async (call) => {
    await call();
    throw new Error("network connection lost");
  },
  slow: async (call) => {
    await new Promise((done) => setTimeout(done, 300));
    return call();
  },
};

let mode;
let calls = 0;
const seen = {};

async function meet(name, call) {
  seen[name] = (seen[name] ?? 0) + 1;
  if (calls === 0) return call();
  calls -= 1;
  return MODES[mode](call);
}

function flaky(real, own) {
  return new Proxy(real, {
    get(target, name) {
      if (name === "constructor") return own;
      const value = Reflect.get(target, name, target);
      if (typeof value !== "function") return value;
      return (...args) => {
        // Made without a call to anywhere.
        if (name === "resumeMultipartUpload") return flaky(value.apply(target, args), Object);
        return meet(name, async () => {
          const result = await value.apply(target, args);
          return name === "createMultipartUpload" ? flaky(result, Object) : result;
        });
      };
    },
  });
}

export class IsolitePrimary extends Primary {
  constructor(state, env) {
    // Which the platform sets, but not where a test runs.
    if (env.FLAKY_JURISDICTION) {
      Object.defineProperty(state.id, "jurisdiction", { value: env.FLAKY_JURISDICTION });
    }
    const bucket = flaky(env.ISOLITE_BACKUP, env.ISOLITE_BACKUP.constructor);
    super(state, new Proxy(env, {
      get: (target, name) => (name === "ISOLITE_BACKUP" ? bucket : Reflect.get(target, name)),
    }));
  }
}

export default {
  async fetch(request, env, context) {
    if (new URL(request.url).pathname !== "/client/v4/faults") {
      return new isolite(context, env).fetch(request);
    }
    if (request.method === "POST") ({ mode, calls } = await request.json());
    return Response.json({ calls, seen });
  },
};
