// `isolite d1 …`: the project's wrangler, with an Isolite Worker in place of Cloudflare's API.

import { nameOnly, withMigrations } from "../database_config.js";
import { Mistake } from "../mistake.js";
import { settings } from "../settings.js";
import { reach } from "../worker.js";
import { runWrangler } from "../wrangler.js";

export const summary = "wrangler's d1 commands: create, list, info, execute, migrations …";

// Without --remote these go to wrangler's own simulation of D1.
const REMOTE = ["execute", "export", "migrations apply", "migrations list"];

/** Options that take the next argument as their value, so that a name is not sought in it. */
const WITH_VALUE = new Set(
  `--command --file --persist-to --output --table --compatibility --location --jurisdiction
   --binding --time-period --sort-type --sort-by --sort-direction --limit --count --timestamp
   --bookmark --config -c --env -e --env-file --cwd --migrations-dir`.split(/\s+/),
);

const CONFIG = ["--config", "-c"];
const ENVIRONMENT = ["--env", "-e"];
const MIGRATIONS_DIR = ["--migrations-dir"];

/** Takes an option out of `args`; its value, or undefined if it is not there. */
function take(args, names) {
  const at = args.findIndex((arg) => names.includes(arg.split("=", 1)[0]));
  if (at === -1) return undefined;
  const [name, ...value] = args[at].split("=");
  if (value.length > 0) {
    args.splice(at, 1);
    return value.join("=");
  }
  if (args[at + 1] === undefined) throw new Mistake(`${name} needs a value`);
  return args.splice(at, 2)[1];
}

const has = (args, ...names) => args.some((arg) => names.includes(arg.split("=", 1)[0]));

/** Arguments that are neither options nor their values. */
function positionals(args) {
  return args.filter((arg, at) => !arg.startsWith("-") && !WITH_VALUE.has(args[at - 1]));
}

/** The commands' own words, as `migrations apply`, and what comes after them. */
function split(args) {
  const nested = ["migrations", "time-travel"].includes(args[0]);
  const words = args.slice(0, nested ? 2 : 1);
  return { command: words.join(" "), words, rest: args.slice(words.length) };
}

export async function run(args) {
  const { command, words, rest } = split(args);
  const onlyHelp = command === "" || has(args, "--help", "-h") || command.endsWith("-help");
  if (onlyHelp) return runWrangler(["d1", ...args], {});

  const { url, token } = settings();
  if (command !== "migrations create") await reach(url);
  const extra = [];
  if (REMOTE.includes(command) && !has(rest, "--remote", "--local", "--preview")) {
    extra.push("--remote");
  }
  if (command === "create" && !has(rest, "--update-config")) extra.push("--update-config=false");

  const config = has(rest, ...CONFIG) ? undefined : ours(command, rest);
  if (config !== undefined) extra.push("--config", config.path);
  try {
    const status = await runWrangler(["d1", ...words, ...extra, ...rest], environment(url, token));
    if (command === "create" && status === 0) process.stderr.write(binding(positionals(rest)[0]));
    return status;
  } finally {
    config?.remove();
  }
}

/** What wrangler says of a new database is of one of D1's. */
const binding = (database) => `
This is a database of Isolite: leave it out of d1_databases. A Worker binds it as a service:

[[services]]
binding = "DB"
service = "isolite"                       # your Isolite Worker
entrypoint = "Database"
props = { database = ${JSON.stringify(database)} }
`;

function ours(command, rest) {
  const environment = take(rest, ENVIRONMENT);
  const migrationsDir = take(rest, MIGRATIONS_DIR);
  const [database] = positionals(rest);
  const migrates = command.startsWith("migrations ") && database !== undefined;
  if (migrates) return withMigrations(database, environment, migrationsDir);
  // A new database is named, not looked up; a list names none.
  return nameOnly(command === "create" ? undefined : database);
}

const environment = (url, token) => ({
  CLOUDFLARE_API_BASE_URL: `${url}/client/v4`,
  CLOUDFLARE_API_TOKEN: token,
  CLOUDFLARE_ACCOUNT_ID: "isolite",
  // These would come before the token.
  CLOUDFLARE_API_KEY: "",
  CLOUDFLARE_EMAIL: "",
});
