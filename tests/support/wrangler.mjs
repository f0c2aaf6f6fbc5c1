// The wrangler of this repository: as a client that runs one command, and as a server of Workers.
//
// Its registry of running Workers, its secrets and its state are in a temporary directory, so that
// neither another `wrangler dev` on the machine nor a developer's files change what is tested.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

import { ProcessGroup } from "./process_group.mjs";
import { inRepository, root, temporaryDirectory } from "./repository.mjs";

// A configuration may have a build of its own.
const START_MS_MAX = 300_000;
const COMMAND_MS_MAX = 60_000;

export const TOKEN = "token-of-the-tests";

const directory = temporaryDirectory("wrangler");
const environment = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_REGISTRY_PATH: join(directory, "registry"),
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  FORCE_COLOR: "0",
};

function start(args, { cwd = root, env = {} } = {}) {
  const program = inRepository("node_modules/wrangler/bin/wrangler.js");
  return new ProcessGroup(process.execPath, [program, ...args], {
    cwd,
    env: { ...environment, ...env },
  });
}

/** Runs one command of wrangler to its end. */
export async function wrangler(args, options) {
  const group = start(args, options);
  try {
    let status;
    group.ended.then((it) => (status = it));
    await group.until(() => status !== undefined, `wrangler ${args[0]} ends`, COMMAND_MS_MAX);
    return { status, output: group.log };
  } finally {
    await group.stop();
  }
}

/**
 * The configuration of the Isolite Worker with a token of the tests and other variables, for where
 * another Worker is the first: what is given to `wrangler dev` reaches that one alone. `entry` is its main
 * module, where that is one around its own.
 */
export function isoliteConfiguration(vars = {}, entry = "bindings/js/src/worker.ts") {
  const own = temporaryDirectory("isolite");
  const text = readFileSync(inRepository("wrangler.toml"), "utf8");
  const main = JSON.stringify(inRepository(entry));
  const path = join(own, "wrangler.toml");
  const assets = JSON.stringify(inRepository("build/www"));
  const absolute = text
    .replace(/^main = .*$/m, `main = ${main}`)
    .replace(/^directory = .*$/m, `directory = ${assets}`);
  writeFileSync(path, absolute);
  const all = { ISOLITE_ADMIN_TOKEN: TOKEN, ...vars };
  const lines = Object.entries(all).map(([name, value]) => `${name}="${value}"\n`);
  writeFileSync(join(own, ".dev.vars"), lines.join(""));
  return path;
}

/** A `wrangler dev`; the first of its configurations is the Worker that answers HTTP. */
export class WranglerDev {
  #group;

  constructor(group, origin) {
    this.#group = group;
    this.origin = origin;
  }

  /**
   * `vars` are variables of the first Worker, besides those of its configuration, and `options` are of
   * `wrangler dev`.
   */
  static async start(
    configurations,
    { token = TOKEN, state = temporaryDirectory("state"), vars = {}, options = [] } = {},
  ) {
    mkdirSync(state, { recursive: true });
    // Given a file, wrangler does not look for .dev.vars.
    const secrets = join(state, "secrets");
    const all = { ...(token !== null && { ISOLITE_ADMIN_TOKEN: token }), ...vars };
    const lines = Object.entries(all).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(secrets, lines.join(""));
    const paths = configurations.map((path) => inRepository(path));
    const args = [
      "dev",
      ...paths.flatMap((path) => ["-c", path]),
      ...["--ip", "127.0.0.1", "--port", "0", "--inspector-port", "0"],
      ...["--persist-to", state, "--env-file", secrets],
      "--show-interactive-dev-session=false",
      ...options,
    ];
    // There a developer calls it, and there a build of the configuration's own is run.
    const group = start(args, { cwd: dirname(paths[0]) });
    try {
      const ready = () => group.log.match(/Ready on (http:\/\/[\d.]+:\d+)/)?.[1];
      const origin = await group.until(ready, "wrangler dev is ready", START_MS_MAX);
      return new WranglerDev(group, origin);
    } catch (error) {
      await group.stop();
      throw error;
    }
  }

  get log() {
    return this.#group.log;
  }

  stop() {
    return this.#group.stop();
  }

  /** Kills it, and the workerd under it, in the middle of whatever they do. */
  crash() {
    return this.#group.crash();
  }
}
