// The arguments of the program's own commands.

import { parseArgs } from "node:util";

import { Mistake } from "./mistake.js";

/**
 * Options as `parseArgs` knows them, and as many others as `names` has. Undefined if help was asked
 * for.
 */
export function read(args, usage, names, options) {
  const help = { type: "boolean", short: "h" };
  let parsed;
  try {
    parsed = parseArgs({ args, options: { ...options, help }, allowPositionals: true });
  } catch (error) {
    throw new Mistake(`${error.message}\n\n${usage}`);
  }
  const { values, positionals } = parsed;
  if (values.help) {
    process.stdout.write(`${usage}\n`);
    return undefined;
  }
  if (positionals.length !== names.length) {
    throw new Mistake(`Say ${names.join(" and ")}, and no more.\n\n${usage}`);
  }
  return { values, positionals };
}
