// The world of the tests of consistency: regions on one machine, and in each an app, the Isolite
// Worker with the region's objects, and that Worker's code in another isolate.
//
// The platform may send each call of a service binding to another isolate, hence the other one:
// without it nobody would notice what only one isolate knows. All clients and calls go through
// tests/workers/consistency, which knows how to meddle.

import { readFileSync, writeFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";

import { appIn, writeConfigurations } from "../../scripts/regions/configuration.mjs";
import { REGIONS as EVERY_REGION, RoundTrips } from "../../scripts/regions/round_trips.mjs";
import { inRepository, temporaryDirectory } from "../support/repository.mjs";
import { RestClient } from "../support/rest_client.mjs";
import { TOKEN, WranglerDev } from "../support/wrangler.mjs";

export const REGIONS = ["enam", "weur", "apac"];
export const HOME = REGIONS[0];

/** So much nearer than in reality: what takes shorter is done more often. */
const NEARER = 4;

const WORKERS = "tests/workers/consistency";

export class World {
  #server;
  #configurations;
  #state;

  constructor(configurations, state) {
    this.#configurations = configurations;
    this.#state = state;
  }

  /** With databases of these names, made and reachable in both ways. */
  static async start(databases) {
    const directory = temporaryDirectory("world");
    const world = new World(configurations(directory, databases), join(directory, "state"));
    await world.begin();
    return world;
  }

  /** Starts, again if it has crashed, with the state that it has left. */
  async begin() {
    this.#server = await WranglerDev.start(this.#configurations, { state: this.#state });
  }

  /** As a power cut: nothing is closed, nothing is answered. */
  crash() {
    return this.#server.crash();
  }

  stop() {
    return this.#server?.stop();
  }

  get log() {
    return this.#server.log;
  }

  rest() {
    return new RestClient(`${this.#server.origin}/${HOME}`, TOKEN);
  }

  /** Has a client work in its region, and hands on each operation as it ends. */
  async work(plan, tell) {
    const response = await this.#ask(plan.client.region, "/work", plan);
    for await (const line of createInterface({ input: Readable.fromWeb(response.body) })) {
      tell(JSON.parse(line));
    }
  }

  /** Ends an object: `how` is `evict`, when it is at rest, or `abort`, at once. */
  async fault(fault) {
    const response = await this.#ask(HOME, "/fault", fault);
    return response.json();
  }

  async #ask(region, path, body) {
    const response = await fetch(`${this.#server.origin}/${appIn(region)}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(60_000),
    });
    if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`);
    return response;
  }
}

/** Those of scripts/regions, with the modules of these tests in their place. */
function configurations(directory, databases) {
  const props = (database) => [database, { database, create: false }];
  const paths = writeConfigurations(directory, {
    regions: REGIONS,
    roundTrips: nearer(),
    token: TOKEN,
    app: {
      main: inRepository(WORKERS, "client.mjs"),
      databases: Object.fromEntries(databases.map(props)),
      // For what evicts objects.
      flags: ["unsafe_module"],
    },
  });
  return paths.flatMap((path) => {
    const worker = JSON.parse(readFileSync(path, "utf8"));
    if (worker.name.startsWith("app-")) return [write(path, client(worker))];
    if (!worker.name.startsWith("isolite-")) return [path];
    worker.main = inRepository(WORKERS, "isolite.mjs");
    const other = join(dirname(dirname(path)), otherOf(worker.name), "wrangler.json");
    return [write(path, worker), write(other, withoutObjects(worker))];
  });
}

const otherOf = (name) => `${name}-other`;

function client(worker) {
  const others = worker.services.map((each) => {
    return { ...each, binding: `${each.binding}_other`, service: otherOf(each.service) };
  });
  return { ...worker, services: [...worker.services, ...others] };
}

/** The same Worker, with the objects of the one that has them. */
function withoutObjects({ migrations, durable_objects, ...worker }) {
  const bindings = durable_objects.bindings.map((each) => ({ script_name: worker.name, ...each }));
  return { ...worker, name: otherOf(worker.name), durable_objects: { bindings } };
}

function write(path, worker) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(worker, null, 2)}\n`);
  return path;
}

function nearer() {
  const ms = (from, to) => Math.ceil(RoundTrips.realistic.ms(from, to) / NEARER);
  const row = (from) => Object.fromEntries(EVERY_REGION.map((to) => [to, ms(from, to)]));
  return new RoundTrips(Object.fromEntries(EVERY_REGION.map((from) => [from, row(from)])));
}
