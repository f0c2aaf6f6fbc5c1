// Distance between the Workers of one workerd: an environment whose Durable Objects are as far away
// as the objects' regions are from this Worker's.
//
// workerd runs all objects on this machine and ignores location hints. So each region has a Worker
// of its own whose objects are those of the region, and a call on a stub waits for half of the
// round trip, is made, and waits for the other half before the answer, or the error, is handed out.

const distantEnvs = new WeakMap();

/**
 * `env` with distant objects. configuration.mjs wrote what it takes: the variable WAN, and for each
 * kind of object a namespace in each region.
 */
export function distant(env) {
  if (!distantEnvs.has(env)) {
    const { objects, ...wan } = env.WAN;
    const regions = Object.keys(wan.round_trips_ms);
    const namespaces = objects.map((binding) => {
      const all = regions.map((region) => [region, env[`${binding}_${region}`]]);
      return [binding, new DistantNamespace(wan, Object.fromEntries(all))];
    });
    distantEnvs.set(env, { ...env, ...Object.fromEntries(namespaces) });
  }
  return distantEnvs.get(env);
}

/** A class of the platform's kinds, objects and entrypoints alike, in a distant environment. */
export function distantClass(Class) {
  return class extends Class {
    constructor(ctx, env) {
      super(ctx, distant(env));
    }
  };
}

/** As much of a namespace as Isolite uses. */
class DistantNamespace {
  #wan;
  #inRegion;

  constructor(wan, inRegion) {
    this.#wan = wan;
    this.#inRegion = inRegion;
  }

  jurisdiction(name) {
    const within = Object.entries(this.#inRegion).map(([region, namespace]) => {
      return [region, namespace.jurisdiction(name)];
    });
    return new DistantNamespace(this.#wan, Object.fromEntries(within));
  }

  getByName(name, options) {
    const { home, places, round_trips_ms, down } = this.#wan;
    const region = places[options?.locationHint] ?? home;
    const stub = this.#inRegion[region].getByName(name, options);
    return distantStub(stub, round_trips_ms[region], down.includes(region));
  }
}

function distantStub(stub, round_trip_ms, is_down) {
  const there_ms = Math.floor(round_trip_ms / 2);
  return new Proxy(stub, {
    get(_, method) {
      // A stub is no promise, and `await` asks it whether it is.
      if (method === "then" || typeof method === "symbol") return undefined;
      return async (...args) => {
        // The platform would have read them by now: a view of wasm's memory does not keep.
        const sent = args.map((arg) => (ArrayBuffer.isView(arg) ? arg.slice() : arg));
        await pass(there_ms);
        if (is_down) throw new Error("Network connection lost.");
        try {
          return await stub[method](...sent);
        } finally {
          await pass(round_trip_ms - there_ms);
        }
      };
    },
  });
}

async function pass(ms) {
  if (ms > 0) await scheduler.wait(ms);
}
