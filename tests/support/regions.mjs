// The WAN of `npm run dev:regions` for tests: regions, and in each a Worker of the test's own.

import { appIn, writeConfigurations } from "../../scripts/regions/configuration.mjs";
import { inRepository, temporaryDirectory } from "./repository.mjs";
import { TOKEN, WranglerDev } from "./wrangler.mjs";

export class Regions {
  #server;

  constructor(server) {
    this.#server = server;
  }

  /**
   * What it takes is told in scripts/regions/configuration.mjs; the app's `main` is a path in the
   * repository.
   */
  static async start({ regions, down, roundTrips, app, vars, buckets, token = TOKEN, state }) {
    const configurations = writeConfigurations(temporaryDirectory("regions"), {
      regions,
      down,
      roundTrips,
      vars,
      buckets,
      token,
      app: app && { ...app, main: inRepository(app.main) },
    });
    return new Regions(await WranglerDev.start(configurations, { state }));
  }

  /** Where the region's Isolite Worker answers, REST under /client/v4. */
  origin(region) {
    return `${this.#server.origin}/${region}`;
  }

  /** A request to the app in that region. */
  fetch(region, path, init) {
    return fetch(`${this.#server.origin}/${appIn(region)}${path}`, init);
  }

  get log() {
    return this.#server.log;
  }

  stop() {
    return this.#server.stop();
  }
}
