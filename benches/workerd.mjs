// The peers that run in workerd, all in one process of it, and the way to ask them.

import { join } from "node:path";

import { exists, root } from "../scripts/toolchain.mjs";

const REQUEST_MS_MAX = 300_000;

// wrangler would attach a collector of traces to each Worker of the project, but not to the one in
// which it keeps D1: what is measured here runs without, as it does when it is deployed.
const ENVIRONMENT = {
  X_LOCAL_OBSERVABILITY: "false",
  X_LOCAL_EXPLORER: "false",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
};

const workers = join(root, "benches/workers");

/** The crate of the Rust Worker. */
export const rustCrate = join(workers, "rust");

const packageBuilt = ["bindings/js/dist/index.js", "bindings/js/wasm/index_bg.wasm"];

/** What has to be built before a peer can run. */
const BUILT = {
  "isolite-js": packageBuilt,
  "isolite-js-primary": packageBuilt,
  "isolite-rust": ["benches/workers/rust/build/index_bg.wasm"],
  "isolite-service": packageBuilt,
  "d1-workerd": [],
};

/** Each peer and the configurations of its Workers; the first of them is the one that is asked. */
const CONFIGURATIONS = {
  "isolite-js": [join(workers, "js/wrangler.toml")],
  "isolite-js-primary": [join(workers, "js-primary/wrangler.toml")],
  "isolite-rust": [join(rustCrate, "wrangler.toml")],
  "isolite-service": [join(workers, "service/wrangler.toml"), join(root, "wrangler.toml")],
  "d1-workerd": [join(workers, "d1/wrangler.toml")],
};

export const WORKER_PEERS = Object.keys(CONFIGURATIONS);

/** Why a peer cannot run; undefined if it can. */
export function obstacle(peer) {
  return BUILT[peer]?.every(exists) === false ? "not built" : undefined;
}

export class Workerd {
  #harness;

  /** Starts the Workers of these peers. */
  async start(peers) {
    await this.startWorkers(peers.flatMap((peer) => CONFIGURATIONS[peer]));
    return peers.map((peer) => new WorkerPeer(peer, this.worker(peer)));
  }

  /** Starts the Workers that have these configurations. */
  async startWorkers(paths) {
    Object.assign(process.env, ENVIRONMENT);
    const { createTestHarness } = await import("wrangler");
    this.#harness = createTestHarness({ workers: paths.map((configPath) => ({ configPath })) });
    await this.#harness.listen();
  }

  worker(name) {
    return new AskedWorker(name, this.#harness.getWorker(name));
  }

  async close() {
    await this.#harness?.close();
  }
}

/** A Worker that is asked by JSON. */
class AskedWorker {
  #name;
  #worker;

  constructor(name, worker) {
    this.#name = name;
    this.#worker = worker;
  }

  async ask(path, body, headers = {}) {
    const response = await this.#worker.fetch(`http://bench${path}`, {
      method: "POST",
      headers,
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_MS_MAX),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${this.#name}: ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text);
  }
}

class WorkerPeer {
  #worker;

  constructor(name, worker) {
    this.name = name;
    this.#worker = worker;
  }

  load(statements) {
    return this.#worker.ask("/load", statements);
  }

  run(work) {
    return this.#worker.ask("/run", work);
  }

  close() {}
}
