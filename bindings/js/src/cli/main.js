#!/usr/bin/env node
// The program `isolite`. Each command is a file in commands/: it exports `summary`, a line for the
// help, and `run(args)`, which resolves with the exit code. What a person did wrong is thrown as a
// Mistake, and shown as its message alone.
//
// Plain JavaScript without a build, on Node alone, so that it runs from a clone too.

import { readdirSync, readFileSync } from "node:fs";

import { Mistake } from "./mistake.js";

const directory = new URL("commands/", import.meta.url);
const names = readdirSync(directory)
  .filter((file) => file.endsWith(".js"))
  .map((file) => file.slice(0, -".js".length))
  .sort();

const load = (name) => import(new URL(`${name}.js`, directory).href);

async function help() {
  const summaries = await Promise.all(names.map(async (name) => [name, (await load(name)).summary]));
  const width = Math.max(...names.map((name) => name.length));
  return `isolite: work with the databases of an Isolite Worker

  isolite <command> …

${summaries.map(([name, summary]) => `  ${name.padEnd(width)}  ${summary}`).join("\n")}

  --help, --version

From the environment, or .dev.vars or .env in this directory or the project's:
  ISOLITE_URL          where the Worker is; http://127.0.0.1:8787 if it is not set
  ISOLITE_ADMIN_TOKEN  its token
`;
}

function version() {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return `isolite ${JSON.parse(text).version}\n`;
}

async function main([name, ...args]) {
  if (name === "--version" || name === "-v") {
    process.stdout.write(version());
    return 0;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(await help());
    return 0;
  }
  if (!names.includes(name)) {
    const what = name === undefined ? "Say which command." : `There is no command ${name}.`;
    process.stderr.write(`${what}\n\n${await help()}`);
    return 1;
  }
  return (await load(name)).run(args);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Mistake)) throw error;
  process.stderr.write(`error: ${error.message}\n`);
  process.exitCode = 1;
}
