// `isolite migrations apply`: a folder of migrations for all databases of a group.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { Mistake } from "../mistake.js";
import { read } from "../options.js";
import { Progress } from "../progress.js";
import { settings } from "../settings.js";

export const summary = "migrations for all databases whose names begin alike";

const USAGE = `isolite migrations apply --prefix PREFIX [options]

  --prefix PREFIX   what the names of the databases begin with
  --dir FOLDER      where the .sql files are, applied by name; migrations if it is not given
  --template NAME   the database that new ones begin with, which has them first
  --limit N         databases of one request, up to 500; 25 if it is not given

Each database gets those that its table d1_migrations does not name. What was cut short goes on where it
stopped with the same command.`;

const OPTIONS = {
  prefix: { type: "string" },
  dir: { type: "string", default: "migrations" },
  template: { type: "string" },
  limit: { type: "string", default: "25" },
};

/** `context` is where the Worker is, `{ url, token }`. */
export async function run(args, context = settings()) {
  const asked = read(args, USAGE, ["apply"], OPTIONS);
  if (asked === undefined) return 0;
  const { values, positionals: [action] } = asked;
  if (action !== "apply") throw new Mistake(`There is no ${action}: say apply.\n\n${USAGE}`);
  const { prefix, template, dir } = values;
  if (!prefix) throw new Mistake(`Say which databases, by --prefix.\n\n${USAGE}`);
  const migrations = filesOf(dir);
  const { applyMigrations } = await builtModule();
  const progress = new Progress();
  let total = 0;
  const onProgress = (told) => {
    total = told.total;
    progress.text(`${told.done} of ${told.total} databases, ${told.failures.length} failed`);
  };
  const limit = Number(values.limit);
  let outcome;
  try {
    const group = { ...context, prefix, template, migrations, limit, onProgress };
    outcome = await applyMigrations(group);
  } catch (error) {
    throw new Mistake(error.message);
  } finally {
    progress.end();
  }
  const { migrated, failures } = outcome;
  for (const { name, migration, error } of failures) {
    process.stderr.write(`${name}: ${migration === undefined ? "" : `${migration}: `}${error}\n`);
  }
  process.stderr.write(
    `${total} databases: ${migrated.length} had migrations applied, ${failures.length} failed\n`,
  );
  return failures.length === 0 ? 0 : 1;
}

function filesOf(folder) {
  if (!existsSync(folder)) throw new Mistake(`There is no folder ${folder}: say which by --dir`);
  const names = readdirSync(folder).filter((name) => name.endsWith(".sql")).sort();
  if (names.length === 0) throw new Mistake(`There are no .sql files in ${folder}`);
  return names.map((name) => ({ name, sql: readFileSync(join(folder, name), "utf8") }));
}

/** The package's own, which a clone has once it is built. */
async function builtModule() {
  const url = new URL("../../../dist/migrations.js", import.meta.url);
  if (!existsSync(url)) throw new Mistake("The package is not built: npm run build");
  return import(url.href);
}
