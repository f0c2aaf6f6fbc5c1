// The configuration that wrangler gets from us, so that none has to be written.
//
// A database of Isolite is bound as a service or not at all, so the project's configuration has no
// entry for it among its `d1_databases`; and if it has one, from before, its id is that of another
// database, at Cloudflare. Ours has the name alone, which wrangler looks up. The commands for
// migrations do not work without an entry, and take its directory as relative to the file: for them
// ours stands beside the project's.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative, resolve } from "node:path";

import { readConfig } from "./wrangler.js";

const NAMES = ["wrangler.json", "wrangler.jsonc", "wrangler.toml"];

/** The project's configuration, here or above. */
function findConfig(from) {
  for (let directory = resolve(from); ; directory = dirname(directory)) {
    const found = NAMES.map((name) => join(directory, name)).find(existsSync);
    if (found || directory === dirname(directory)) return found;
  }
}

/** What the project's configuration says of the migrations of a database named so, or bound so. */
function known(path, database, environment) {
  const databases = path === undefined ? [] : readConfig(path, environment).d1_databases;
  const entry = databases.find(
    ({ database_name, binding }) => database === database_name || database === binding,
  );
  const { database_name, migrations_dir, migrations_table, migrations_pattern } = entry ?? {};
  return { database_name, migrations_dir, migrations_table, migrations_pattern };
}

function write(directory, name, entry) {
  const path = join(directory, name);
  const d1_databases = entry === undefined ? [] : [entry];
  writeFileSync(path, JSON.stringify({ name: "isolite", d1_databases }));
  return path;
}

/** For a command that finds its database by name. @returns {{ path: string, remove(): void }} */
export function nameOnly(database) {
  const directory = mkdtempSync(join(tmpdir(), "isolite-"));
  const entry = database && { binding: "ISOLITE", database_name: database };
  const remove = () => rmSync(directory, { recursive: true, force: true });
  return { path: write(directory, "wrangler.json", entry), remove };
}

/** For a command that reads or writes the files of migrations. */
export function withMigrations(database, environment, migrationsDir) {
  const project = findConfig(process.cwd());
  const directory = project === undefined ? process.cwd() : dirname(project);
  const entry = {
    binding: database,
    database_name: database,
    ...defined(known(project, database, environment)),
    ...(migrationsDir && { migrations_dir: relative(directory, resolve(migrationsDir)) || "." }),
  };
  const path = write(directory, `.isolite-${process.pid}.json`, entry);
  return { path, remove: () => rmSync(path, { force: true }) };
}

const defined = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
