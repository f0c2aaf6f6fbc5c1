// The project's own wrangler: found from the directory we are in, and run in our place.

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { dirname, join } from "node:path";

import { Mistake } from "./mistake.js";

const requireHere = () => createRequire(join(process.cwd(), "here.js"));

function program() {
  let manifest;
  try {
    manifest = requireHere().resolve("wrangler/package.json");
  } catch {
    throw new Mistake(
      "wrangler is not installed in this project: run `npm install --save-dev wrangler`",
    );
  }
  return join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin.wrangler);
}

/** A configuration as wrangler reads it. */
export function readConfig(path, environment) {
  program();
  const { unstable_readConfig } = requireHere()("wrangler");
  try {
    return unstable_readConfig({ config: path, env: environment }, { hideWarnings: true });
  } catch (error) {
    throw new Mistake(`${path} cannot be read: ${error.message}`);
  }
}

/**
 * Runs wrangler with our terminal; resolves with its exit code, which after a signal is as shells give
 * it. Signals that we get go on to it, so that it ends before us.
 */
export function runWrangler(args, environment) {
  const child = spawn(process.execPath, [program(), ...args], {
    stdio: "inherit",
    env: { ...process.env, ...environment },
  });
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  const forward = (signal) => child.kill(signal);
  for (const signal of signals) process.on(signal, forward);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
