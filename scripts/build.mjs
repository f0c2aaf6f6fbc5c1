// Builds a Worker: Rust to wasm, wasm to the module build/index.js, the JavaScript package, the console.
//
//   node scripts/build.mjs [crate directory]
//
// cargo knows what is up to date; the steps behind it do not, and each output they write anew makes
// a running `wrangler dev` reload. So they run only when cargo's wasm is another than last time.
// wasm-opt is left out: LLVM has done its work already, and it would take most of a minute.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

import { attended, grouped } from "./progress.mjs";
import { stripNames } from "./strip_names.mjs";
import {
  Failure, exists, lockedVersion, logFile, main, root, run, runOrFail, wasmTarget,
} from "./toolchain.mjs";
import { buildConsole } from "./www.mjs";

const digest = (path) =>
  existsSync(path) ? createHash("sha256").update(readFileSync(path)).digest("hex") : null;

/** The file that cargo makes of the crate in `directory`. */
async function cargoWasm(directory) {
  const args = ["metadata", "--no-deps", "--format-version", "1"];
  const metadata = JSON.parse(await runOrFail("cargo", args, { cwd: directory, capture: true }));
  const manifest = join(directory, "Cargo.toml");
  const library = metadata.packages
    .find((each) => each.manifest_path === manifest)
    ?.targets.find((target) => target.kind.includes("cdylib"));
  if (!library) throw new Failure(`${manifest} has no cdylib`);
  const name = library.name.replaceAll("-", "_");
  return join(metadata.target_directory, wasmTarget, "release", `${name}.wasm`);
}

async function workerModule(directory) {
  await runOrFail("cargo", ["build", "--lib", "--release", "--target", wasmTarget], {
    cwd: directory,
  });
  const output = join(directory, "build/index_bg.wasm");
  const stampFile = join(directory, "build/.stamp");
  const input = {
    wasm: digest(await cargoWasm(directory)),
    versions: ["wasm-bindgen", "worker"].map(lockedVersion).join(" "),
  };
  const stamp = existsSync(stampFile) ? JSON.parse(readFileSync(stampFile, "utf8")) : {};
  const current =
    stamp.wasm === input.wasm && stamp.versions === input.versions &&
    stamp.output === digest(output);
  if (current && existsSync(join(directory, "build/index.js"))) return "up to date";

  const log = logFile("worker-build.log");
  const { status } = await attended(
    "wasm-bindgen, esbuild",
    run("worker-build", ["--release", "--no-opt"], {
      cwd: directory,
      onOutput: log.write,
    }),
  );
  if (status !== 0) {
    console.error(log.text());
    throw new Failure(`worker-build: exit status ${status}`);
  }
  // A profile of the Worker is told by the names: KEEP_NAMES=1 npm run build.
  if (!process.env.KEEP_NAMES) writeFileSync(output, stripNames(readFileSync(output)));
  writeFileSync(stampFile, JSON.stringify({ ...input, output: digest(output) }));
  return "built";
}

function printSize(directory, outcome) {
  const wasm = readFileSync(join(directory, "build/index_bg.wasm"));
  const compressed = gzipSync(wasm, { level: 9 }).length;
  console.log(
    `${join(directory, "build/index_bg.wasm")}: ${outcome}; ` +
      `${grouped(wasm.length)} bytes, ${grouped(compressed)} with gzip`,
  );
}

export async function build(directory = root) {
  if (!existsSync(join(directory, "Cargo.toml"))) throw new Failure(`no crate in ${directory}`);
  printSize(directory, await workerModule(directory));
  if (directory === root && exists("bindings/js/package.json")) {
    await runOrFail("npm", ["run", "--silent", "build", "-w", "isolite"]);
    await buildConsole();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(() => build(resolve(process.argv[2] ?? root)));
}
