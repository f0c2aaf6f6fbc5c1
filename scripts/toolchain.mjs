// Where this repository's tools are, and how to run them.
//
// The scripts start under any Node from 20 on, since the first of them installs the Node that
// wrangler needs. So whatever they run gets a PATH on which that one, from node_modules, is first.

import { spawn } from "node:child_process";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

export const root = resolve(fileURLToPath(import.meta.url), "../..");

/**
 * Crates that run on the host as well as in wasm, with all that is in them, as cargo is told of them; the
 * others know Workers and exist only there.
 */
export const portable = [
  ...["-p", "isolite-core", "-p", "isolite-protocol", "-p", "isolite-sqlite"],
  ...["--features", "isolite-protocol/hrana,isolite-sqlite/hrana"],
];

export const wasmTarget = "wasm32-unknown-unknown";

const bins = [join(root, "node_modules/.bin"), join(root, ".tools/bin")];

const esbuild = join(root, `node_modules/@esbuild/${process.platform}-${process.arch}/bin/esbuild`);

export const environment = {
  ...process.env,
  PATH: [...bins, process.env.PATH].join(delimiter),
  // worker-build downloads its tools when it is not told where they are.
  WASM_BINDGEN_BIN: join(root, ".tools/bin/wasm-bindgen"),
  ESBUILD_BIN: esbuild,
  // worker-build sets it for its own cargo call; with another value cargo would build all anew.
  WASM_BINDGEN_USE_JS_SYS: "1",
  CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER: join(root, ".tools/bin/wasm-bindgen-test-runner"),
  WRANGLER_SEND_METRICS: "false",
};

/** Scripts fail by throwing this; its message is for the person at the terminal. */
export class Failure extends Error {}

/** Runs a command to its end; resolves with its exit status and, if `capture`, its output. */
export function run(command, args, { cwd = root, env = {}, capture = false, onOutput } = {}) {
  const piped = capture || onOutput !== undefined;
  const child = spawn(command, args, {
    cwd,
    env: { ...environment, ...env },
    stdio: ["ignore", piped ? "pipe" : "inherit", piped && !capture ? "pipe" : "inherit"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text) => {
      output += text;
      onOutput?.(text);
    });
  }
  return new Promise((done, failed) => {
    child.on("error", failed);
    child.on("close", (code, signal) => done({ status: code ?? `signal ${signal}`, output }));
  });
}

/** Runs a command and throws when it fails. */
export async function runOrFail(command, args, options) {
  const { status, output } = await run(command, args, options);
  if (status !== 0) throw new Failure(`${[command, ...args].join(" ")}: exit status ${status}`);
  return output;
}

/** A new file for the output that nobody needs to see unless something fails. */
export function logFile(name) {
  const path = join(root, ".tools/log", name);
  mkdirSync(join(root, ".tools/log"), { recursive: true });
  writeFileSync(path, "");
  return {
    write: (text) => appendFileSync(path, text),
    text: () => readFileSync(path, "utf8"),
  };
}

export const setup = () => runOrFail("bash", ["scripts/setup.sh"]);

/** The version of a crate in Cargo.lock. */
export function lockedVersion(crate) {
  const lock = readFileSync(join(root, "Cargo.lock"), "utf8");
  return lock.match(new RegExp(`name = "${crate}"\nversion = "(.*)"`))?.[1];
}

export const exists = (path) => existsSync(join(root, path));

/** Runs a script's main function; a failure becomes one line on stderr and exit status 1. */
export async function main(body) {
  try {
    process.exitCode = (await body()) ?? 0;
  } catch (error) {
    console.error(error instanceof Failure ? `error: ${error.message}` : error);
    process.exitCode = 1;
  }
}
