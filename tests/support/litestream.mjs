// Litestream as it is published, with a replica in a directory.

import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { inRepository } from "./repository.mjs";

/** Another version may be tried so. */
const program = process.env.ISOLITE_LITESTREAM ?? inRepository(".tools/bin/litestream");

// With this variable it may not start.
const { AWS_CA_BUNDLE: _, ...environment } = process.env;

/** Files that follow one another in seconds, as they otherwise do in minutes and days. */
const QUICK = `
snapshot: { interval: 4s, retention: 1h }
levels: [{ interval: 1s }, { interval: 3s }]
l0-retention: 3s
l0-retention-check-interval: 1s
`;

export class Litestream {
  #directory;
  #config;
  #running;
  #log = "";

  /** A replica of the database at `path`, beside it in `directory`. */
  constructor(directory, path) {
    this.#directory = directory;
    this.path = path;
    this.#config = join(directory, "litestream.yml");
    const replica = `{ type: file, path: ${JSON.stringify(join(directory, "replica"))}, sync-interval: 100ms }`;
    const database = `{ path: ${JSON.stringify(path)}, monitor-interval: 50ms, replica: ${replica} }`;
    writeFileSync(this.#config, `${QUICK}\ndbs: [${database}]\n`);
  }

  #run(args) {
    const { status, stdout, stderr } = spawnSync(program, args, { env: environment, encoding: "utf8" });
    return { status, output: `${stdout}${stderr}` };
  }

  /** Takes the changes so far into the replica. */
  once() {
    const { status, output } = this.#run(["replicate", "-config", this.#config, "-once"]);
    if (status !== 0) throw new Error(`litestream replicate -once: ${output}`);
  }

  /** Replicates until it is stopped. */
  start() {
    this.#running = spawn(program, ["replicate", "-config", this.#config], { env: environment });
    for (const stream of [this.#running.stdout, this.#running.stderr]) {
      stream.on("data", (text) => (this.#log += text));
    }
  }

  async stop() {
    if (this.#running === undefined) return;
    const ended = once(this.#running, "exit");
    this.#running.kill("SIGINT");
    const [status] = await ended;
    this.#running = undefined;
    if (status !== 0) throw new Error(`litestream ended with ${status}: ${this.#log}`);
  }

  /** `target` is as for its command line, as `["-txid", …]`; resolves with what it did. */
  restore(to, target = []) {
    return this.#run(["restore", "-config", this.#config, "-o", to, ...target, this.path]);
  }

  /** The files of the replica as they lie in a bucket: name, bytes, and when they were committed. */
  files() {
    const levels = join(this.#directory, "replica", "ltx");
    return readdirSync(levels).sort().flatMap((level) => {
      const folder = Number(level).toString(16).padStart(4, "0");
      return readdirSync(join(levels, level))
        .filter((name) => name.endsWith(".ltx"))
        .sort()
        .map((name) => {
          const file = join(levels, level, name);
          const timestamp = new Date(Math.round(statSync(file).mtimeMs)).toISOString();
          return { name: `${folder}/${name}`, bytes: readFileSync(file), timestamp };
        });
    });
  }
}
