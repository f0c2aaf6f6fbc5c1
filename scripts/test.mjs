// `npm test`: every test there is, and one line at the end that counts them.
//
//   npm test [-- host|wasm|runtime …]
//
// A stage that fails does not stop the next: the whole picture is worth more than an early end.
// What cannot be counted (a build, a type check) counts as one failure when it fails.

import { readdirSync } from "node:fs";
import { join } from "node:path";

import { build } from "./build.mjs";
import { heading, seconds } from "./progress.mjs";
import {
  exists, Failure, main, portable, root, run, runOrFail, setup, wasmTarget,
} from "./toolchain.mjs";

const colour = process.stdout.isTTY ? { CARGO_TERM_COLOR: "always", FORCE_COLOR: "1" } : {};

class Tally {
  passed = 0;
  failed = 0;

  /** Adds what a runner printed: cargo's `test result:` lines, or the summary of node's runner. */
  count(output) {
    const plain = output.replaceAll(/\x1b\[[0-9;]*m/g, "");
    const cargo = /^test result: .* (\d+) passed; (\d+) failed;/gm;
    for (const [, passed, failed] of plain.matchAll(cargo)) {
      this.passed += Number(passed);
      this.failed += Number(failed);
    }
    for (const [, outcome, count] of plain.matchAll(/^ℹ (pass|fail|cancelled) (\d+)$/gm)) {
      if (outcome === "pass") this.passed += Number(count);
      else this.failed += Number(count);
    }
  }

  /** Runs a test runner; a status that no counted failure explains is one failure more. */
  async runner(command, args) {
    const failedBefore = this.failed;
    const { status, output } = await run(command, args, {
      env: colour,
      onOutput: (text) => process.stdout.write(text),
    });
    this.count(output);
    if (status !== 0 && this.failed === failedBefore) this.failed += 1;
  }

  /** Runs something that tests nothing itself but that tests need; true when it succeeded. */
  async prerequisite(work) {
    try {
      await work();
      return true;
    } catch (error) {
      console.error(error instanceof Failure ? `error: ${error.message}` : error);
      this.failed += 1;
      return false;
    }
  }
}

async function buildAll() {
  await build();
  for (const directory of ["examples/rust-embedded", "tests/workers/contract/rust"]) {
    if (exists(`${directory}/Cargo.toml`)) await build(join(root, directory));
  }
  // Not first by the test that runs it, beside which others count milliseconds.
  await runOrFail("cargo", ["build", "--locked", "-p", "isolite-client-rust", "--bins", "--examples"]);
}

/**
 * Those that count no milliseconds, and mostly wait for what they have started: two of them run at a
 * time. All others have the machine for themselves.
 */
const BESIDE_OTHERS = new Set([
  "backup", "backup_faults", "backup_promotion", "crash", "embedded_replica", "from_d1", "import_cut_short", "import_export",
  "jobs_crash", "libsql_clients", "orms", "other_clients", "promotion_clients", "promotion_crash",
  "promote_program", "promotion_forced", "restore_backup", "time_travel", "tokens", "wrangler_files",
]);

const runtimeTests = (besideOthers) =>
  readdirSync(join(root, "tests"))
    .filter((name) => name.endsWith(".test.mjs"))
    .filter((name) => BESIDE_OTHERS.has(name.replace(".test.mjs", "")) === besideOthers)
    .map((name) => join("tests", name));

const node = (concurrency, files) => [
  "--test", `--test-concurrency=${concurrency}`, "--test-reporter=spec", ...files,
];

/** Stage names as given on the command line, each with its steps. */
const stages = {
  host: {
    "Rust tests on this machine": (tally) =>
      tally.runner("cargo", [
        "test", "--no-fail-fast", ...portable, "-p", "isolite", "-p", "isolite-simulation",
      ]),
  },
  wasm: {
    "Rust tests in wasm": (tally) =>
      tally.runner("cargo", ["test", "--no-fail-fast", "--target", wasmTarget, ...portable]),
  },
  runtime: {
    "build": (tally) => tally.prerequisite(buildAll),
    "TypeScript's types": (tally) =>
      tally.prerequisite(() =>
        runOrFail("npm", ["run", "--silent", "check", "--workspaces", "--if-present"]),
      ),
    "tests in the Workers runtime, one at a time": (tally) =>
      tally.runner("node", node(1, runtimeTests(false))),
    "tests in the Workers runtime, two at a time": (tally) =>
      tally.runner("node", node(2, runtimeTests(true))),
  },
};

await main(async () => {
  const asked = process.argv.slice(2);
  const unknown = asked.find((name) => !(name in stages));
  if (unknown) throw new Failure(`no stage ${unknown}: say ${Object.keys(stages).join(", ")}`);

  const tally = new Tally();
  heading("setup");
  const ready = await tally.prerequisite(setup);
  for (const [name, steps] of ready ? Object.entries(stages) : []) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    for (const [title, step] of Object.entries(steps)) {
      heading(title);
      const begin = Date.now();
      // Without a build there is nothing to run: the rest of the stage would fail of that alone.
      const succeeded = await step(tally);
      console.log(`-- ${title}: ${seconds(Date.now() - begin)}`);
      if (title === "build" && !succeeded) break;
    }
  }
  console.log(`\n${tally.passed} passed, ${tally.failed} failed`);
  return tally.failed === 0 ? 0 : 1;
});
