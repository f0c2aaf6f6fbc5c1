// The checks that need no run: formatting, clippy for the host and for wasm, and the types of the console.
//
// Both targets are linted because code behind `cfg(target_arch = "wasm32")` is not seen otherwise.

import { heading } from "./progress.mjs";
import { main, portable, run, wasmTarget } from "./toolchain.mjs";

// It runs on the host alone, and its tests are linted only here.
const simulation = ["-p", "isolite-simulation"];
// What it depends on has sockets, and is no code for wasm.
const client = "isolite-client-rust";
const host = [...portable, ...simulation, "-p", client];
const deny = ["--", "-D", "warnings"];

const checks = [
  ["format", ["fmt", "--all", "--check"]],
  ["clippy, host", ["clippy", "--locked", ...host, "--all-targets", ...deny]],
  [
    "clippy, wasm",
    ["clippy", "--locked", "--workspace", "--exclude", client, "--target", wasmTarget, ...deny],
  ],
];

await main(async () => {
  let failed = 0;
  for (const [title, args] of checks) {
    heading(title);
    if ((await run("cargo", args)).status !== 0) failed = 1;
  }
  heading("types, console");
  if ((await run("tsc", ["-p", "www"])).status !== 0) failed = 1;
  return failed;
});
