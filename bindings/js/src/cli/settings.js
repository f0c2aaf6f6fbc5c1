// Where the Worker is and how it lets us in: from the environment, or from the files in which
// wrangler keeps a developer's variables.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseEnv } from "node:util";

import { Mistake } from "./mistake.js";

export const DEFAULT_URL = "http://127.0.0.1:8787";

// The first that has a variable counts, and the environment before both.
const FILES = [".dev.vars", ".env"];

/** This directory, and those above it as far as the project goes, if it is in one. */
function directories(from) {
  const above = [];
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    above.push(directory);
    if (existsSync(join(directory, "package.json"))) return above;
    if (directory === dirname(directory)) return [resolve(from)];
  }
}

function variable(name, from) {
  if (process.env[name]) return process.env[name];
  for (const directory of directories(from)) {
    for (const file of FILES) {
      const path = join(directory, file);
      const value = existsSync(path) && parseEnv(readFileSync(path, "utf8"))[name];
      if (value) return value;
    }
  }
  return undefined;
}

function origin(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new Mistake(`ISOLITE_URL is '${text}': set it to an address like ${DEFAULT_URL}`);
  }
  return (url.origin + url.pathname).replace(/\/(client\/v4\/?)?$/, "");
}

/** @returns {{ url: string, token: string }} The address without a slash at its end. */
export function settings(from = process.cwd()) {
  const url = origin(variable("ISOLITE_URL", from) ?? DEFAULT_URL);
  const token = variable("ISOLITE_ADMIN_TOKEN", from);
  if (token === undefined) {
    throw new Mistake(
      `There is no token for ${url}: set ISOLITE_ADMIN_TOKEN in the environment, in .dev.vars or ` +
        "in .env, to what the Worker has as its secret of that name",
    );
  }
  return { url, token };
}
