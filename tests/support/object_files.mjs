// The files in which `wrangler dev` keeps Durable Objects of Isolite, by region.

import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const OBJECT = /^[0-9a-f]{64}\.sqlite$/;

export class ObjectFiles {
  #state;

  constructor(state) {
    this.#state = state;
  }

  replicas(region) {
    return this.#files(region, "IsoliteReplica");
  }

  primaries(region) {
    return this.#files(region, "IsolitePrimary");
  }

  /** Those of a workerd that runs alone. */
  plain(className) {
    return this.#in(join(this.#state, `isolite-${className}`));
  }

  /** Opens a file, for as long as no server has it open. */
  static open(path, use) {
    const database = new DatabaseSync(path);
    try {
      return use(database);
    } finally {
      database.close();
    }
  }

  #files(region, className) {
    return this.#in(join(this.#state, "v3/do", `isolite-${region}-${className}`));
  }

  #in(directory) {
    if (!existsSync(directory)) return [];
    const names = readdirSync(directory).filter((name) => OBJECT.test(name));
    return names.map((name) => join(directory, name));
  }
}
