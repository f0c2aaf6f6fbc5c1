// The Isolite Worker in workerd alone, without wrangler around it: the bundle that a deployment
// would upload, on Durable Objects whose storage is a directory.
//
// It starts in a tenth of a second, and its one process is the whole server, which a test can kill
// as a crash would.

import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { ProcessGroup } from "./process_group.mjs";
import { temporaryDirectory } from "./repository.mjs";
import { wrangler } from "./wrangler.mjs";

const START_MS_MAX = 30_000;
const COMPATIBILITY_DATE = "2026-08-01";

const { default: workerd } = createRequire(import.meta.url)("workerd");

/** Bundles the Worker of this repository; resolves with the configuration that serves it. */
export async function bundle() {
  const directory = temporaryDirectory("bundle");
  const { status, output } = await wrangler(["deploy", "--dry-run", "--outdir", directory]);
  if (status !== 0) throw new Error(`the Worker cannot be bundled:\n${output}`);
  const files = (suffix) => readdirSync(directory).filter((name) => name.endsWith(suffix));
  // The main module comes first.
  const modules = [
    ...files(".js").map((name) => `(name = "${name}", esModule = embed "${name}")`),
    ...files(".wasm").map((name) => `(name = "./${name}", wasm = embed "${name}")`),
  ];
  const path = join(directory, "workerd.capnp");
  writeFileSync(path, configuration(modules));
  return path;
}

const configuration = (modules) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "isolite", worker = .isolite),
    (name = "storage", disk = (writable = true)),
  ],
  sockets = [(name = "http", http = (), service = "isolite")],
);
const isolite :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [
    (name = "ISOLITE_ADMIN_TOKEN", fromEnvironment = "ISOLITE_ADMIN_TOKEN"),
    (name = "ISOLITE_PRIMARY", durableObjectNamespace = "IsolitePrimary"),
    (name = "ISOLITE_DIRECTORY", durableObjectNamespace = "IsoliteDirectory"),
  ],
  durableObjectNamespaces = [
    (className = "IsolitePrimary", uniqueKey = "isolite-IsolitePrimary", enableSql = true),
    (className = "IsoliteDirectory", uniqueKey = "isolite-IsoliteDirectory", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "storage"),
);
`;

export class PlainWorkerd {
  #group;

  constructor(group, origin) {
    this.#group = group;
    this.origin = origin;
  }

  /** Serves what `bundle` gave; the same `state` brings back what was stored in it. */
  static async start(configuration, { state, token }) {
    mkdirSync(state, { recursive: true });
    const group = new ProcessGroup(
      workerd,
      [
        "serve",
        configuration,
        "--socket-addr=http=127.0.0.1:0",
        `--directory-path=storage=${state}`,
        "--control-fd=1",
      ],
      { env: { ISOLITE_ADMIN_TOKEN: token } },
    );
    try {
      const port = () => group.log.match(/"event":"listen","socket":"http","port":(\d+)/)?.[1];
      const origin = `http://127.0.0.1:${await group.until(port, "workerd listens", START_MS_MAX)}`;
      return new PlainWorkerd(group, origin);
    } catch (error) {
      await group.crash();
      throw error;
    }
  }

  get log() {
    return this.#group.log;
  }

  /** Kills it at once, in the middle of whatever it does. */
  crash() {
    return this.#group.crash();
  }
}
