/**
 * An environment that counts the queries which leave the isolate. `meta` tells a region's replica
 * and this isolate's memory alike, but a read from memory calls nobody; what brings the memory
 * forward in the background is no query.
 */

const OBJECTS = ["ISOLITE_PRIMARY", "ISOLITE_REPLICA"];

export class Witness {
  queries = 0;
  env;

  constructor(env) {
    this.env = { ...env };
    for (const binding of OBJECTS) this.env[binding] = this.#namespace(env[binding]);
  }

  #namespace(namespace) {
    return { getByName: (...place) => this.#object(namespace.getByName(...place)) };
  }

  #object(object) {
    return {
      call: (path, ...rest) => {
        if (path.startsWith("/query")) this.queries++;
        return object.call(path, ...rest);
      },
    };
  }
}
