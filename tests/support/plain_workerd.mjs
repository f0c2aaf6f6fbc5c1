// The Isolite Worker in workerd alone, without wrangler around it: the bundle that a deployment
// would upload, on Durable Objects whose storage is a directory.
//
// It starts in a tenth of a second, and its one process is the whole server, which a test can kill
// as a crash would. Workers may stand before it whose databases are wrapped bindings: the own D1
// class of the runtime over the Isolite Worker, by either of D1's protocols.

import { cpSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

import { ProcessGroup } from "./process_group.mjs";
import { inRepository, temporaryDirectory } from "./repository.mjs";
import { wrangler } from "./wrangler.mjs";

const START_MS_MAX = 30_000;
const COMPATIBILITY_DATE = "2026-08-01";

const { default: workerd } = createRequire(import.meta.url)("workerd");

/**
 * Bundles the Worker of this repository; resolves with the configuration that serves it. With
 * `ways` tests/workers/contract/front.mjs answers instead, and asks a Worker for each: a name, the
 * props of its database, and whether D1's class speaks RPC there. `own` is the configuration of
 * another Worker with the same objects, `vars` are the Worker's variables.
 */
export async function bundle({ ways = [], own = "wrangler.toml", vars = {} } = {}) {
  const directory = temporaryDirectory("bundle");
  const args = ["deploy", "--dry-run", "--outdir", directory, "-c", inRepository(own)];
  const { status, output } = await wrangler(args);
  if (status !== 0) throw new Error(`the Worker cannot be bundled:\n${output}`);
  const files = (suffix) => readdirSync(directory).filter((name) => name.endsWith(suffix));
  // The main module comes first.
  const modules = [
    ...files(".js").map((name) => `(name = "${name}", esModule = embed "${name}")`),
    ...files(".wasm").map((name) => `(name = "./${name}", wasm = embed "${name}")`),
  ];
  const path = join(directory, "workerd.capnp");
  for (const name of ["contract", "workers/contract"]) {
    cpSync(inRepository("tests", name), join(directory, name), { recursive: true });
  }
  writeFileSync(path, configuration(modules, ways, vars));
  return path;
}

const configuration = (modules, ways, vars) => `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "isolite", worker = .isolite),
    (name = "storage", disk = (writable = true)),
    ${ways.map(({ name }) => `(name = "${name}", worker = .${name}),`).join("\n    ")}
    ${ways.length > 0 ? `(name = "front", worker = .front),` : ""}
  ],
  sockets = [(name = "http", http = (), service = "${ways.length > 0 ? "front" : "isolite"}")],
);
${ways.map(worker).join("")}
const front :Workerd.Worker = (
  modules = [(name = "front.mjs", esModule = embed "workers/contract/front.mjs")],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [${ways.map(({ name }) => `(name = "${name}", service = "${name}")`).join(", ")}],
);
const isolite :Workerd.Worker = (
  modules = [${modules.join(", ")}],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  bindings = [
    (name = "ISOLITE_ADMIN_TOKEN", fromEnvironment = "ISOLITE_ADMIN_TOKEN"),
    ${Object.entries(vars).map(([name, text]) => `(name = "${name}", text = "${text}"),`).join("\n    ")}
    (name = "ISOLITE_PRIMARY", durableObjectNamespace = "IsolitePrimary"),
    (name = "ISOLITE_DIRECTORY", durableObjectNamespace = "IsoliteDirectory"),
    (name = "ISOLITE_REPLICA", durableObjectNamespace = "IsoliteReplica"),
    (name = "ISOLITE_UPLOAD", durableObjectNamespace = "IsoliteUpload"),
  ],
  durableObjectNamespaces = [
    (className = "IsolitePrimary", uniqueKey = "isolite-IsolitePrimary", enableSql = true),
    (className = "IsoliteDirectory", uniqueKey = "isolite-IsoliteDirectory", enableSql = true),
    (className = "IsoliteReplica", uniqueKey = "isolite-IsoliteReplica", enableSql = true),
    (className = "IsoliteUpload", uniqueKey = "isolite-IsoliteUpload", enableSql = true),
  ],
  durableObjectStorage = (localDisk = "storage"),
);
`;

/** A Worker whose `DB` is of the runtime's own class. */
const worker = ({ name, props, rpc }) => `
const ${name} :Workerd.Worker = (
  modules = [
    (name = "workers/contract/d1.mjs", esModule = embed "workers/contract/d1.mjs"),
    (name = "contract/interpreter.mjs", esModule = embed "contract/interpreter.mjs"),
  ],
  compatibilityDate = "${COMPATIBILITY_DATE}",
  compatibilityFlags = [${rpc ? `"d1_binding_jsrpc"` : ""}],
  bindings = [(name = "DB", wrapped = (
    moduleName = "cloudflare-internal:d1-api",
    innerBindings = [(name = "fetcher", service = (
      name = "isolite",
      entrypoint = "Database",
      props = (json = ${JSON.stringify(JSON.stringify(props))}),
    ))],
  ))],
);`;

export class PlainWorkerd {
  #group;

  constructor(group, origin) {
    this.#group = group;
    this.origin = origin;
  }

  /**
   * Serves what `bundle` gave; the same `state` brings back what was stored in it. `inspected` is the
   * name of a Worker whose `inspector` is wanted.
   */
  static async start(configuration, { state, token = "", experimental = false, inspected }) {
    mkdirSync(state, { recursive: true });
    const group = new ProcessGroup(
      workerd,
      [
        "serve",
        // What D1's flag for RPC needs.
        ...(experimental ? ["--experimental"] : []),
        configuration,
        "--socket-addr=http=127.0.0.1:0",
        `--directory-path=storage=${state}`,
        ...(inspected ? ["--inspector-addr=127.0.0.1:0"] : []),
        "--control-fd=1",
      ],
      { env: { ISOLITE_ADMIN_TOKEN: token } },
    );
    try {
      const port = () => group.log.match(/"event":"listen","socket":"http","port":(\d+)/)?.[1];
      const origin = `http://127.0.0.1:${await group.until(port, "workerd listens", START_MS_MAX)}`;
      const workerd = new PlainWorkerd(group, origin);
      const inspector = group.log.match(/"event":"listen-inspector","port":(\d+)/)?.[1];
      if (inspected) workerd.inspector = `ws://127.0.0.1:${inspector}/${inspected}`;
      return workerd;
    } catch (error) {
      await group.crash();
      throw error;
    }
  }

  get pid() {
    return this.#group.pid;
  }

  get log() {
    return this.#group.log;
  }

  /** Kills it at once, in the middle of whatever it does. */
  crash() {
    return this.#group.crash();
  }
}
