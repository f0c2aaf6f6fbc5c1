// `isolite export`: a database as one file, SQL or SQLite's own.

import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import { Mistake } from "../mistake.js";
import { read } from "../options.js";
import { counted, Progress } from "../progress.js";
import { Rest } from "../rest.js";
import { settings } from "../settings.js";

export const summary = "a database as a file of SQL, or of SQLite";

const USAGE = `isolite export NAME [options]

  --output FILE         where to; - is standard output. NAME.sql or NAME.sqlite if it is not given
  --format sql|sqlite   by the ending of FILE if it is not given, else sql
  --at BOOKMARK         as the database was there; as it is now if it is not given
  --table TABLE         of SQL this table alone; may be repeated
  --no-schema           of SQL the rows alone
  --no-data             of SQL the schema alone`;

const OPTIONS = {
  output: { type: "string" },
  format: { type: "string" },
  at: { type: "string" },
  table: { type: "string", multiple: true, default: [] },
  "no-schema": { type: "boolean", default: false },
  "no-data": { type: "boolean", default: false },
};

/** `context` is where the Worker is, `{ url, token, account? }`. */
export async function run(args, context = settings()) {
  const asked = read(args, USAGE, ["which database"], OPTIONS);
  if (asked === undefined) return 0;
  const { values, positionals: [database] } = asked;
  const format = values.format ?? (/\.(sqlite3?|db)$/.test(values.output ?? "") ? "sqlite" : "sql");
  const output = values.output ?? `${database}.${format}`;
  const query = [["format", format]];
  if (values.at) query.push(["at", values.at]);
  if (values["no-schema"]) query.push(["no_schema", "true"]);
  if (values["no-data"]) query.push(["no_data", "true"]);
  for (const table of values.table) query.push(["table", table]);

  const response = await new Rest(context).open("GET", [database, "export"], { query });
  const size = await save(response, output);
  if (output !== "-") process.stderr.write(`${output}: ${(size / 1e6).toFixed(1)} MB\n`);
  return 0;
}

/** What did not come whole does not get the file's name. */
async function save(response, output) {
  const length = response.headers.get("content-length");
  const total = length === null ? undefined : Number(length);
  const progress = new Progress();
  let size = 0;
  const bytes = Readable.from(
    counted(response.body, (count) => {
      size = count;
      progress.bytes("Exported", count, total);
    }),
  );
  const part = `${output}.part`;
  try {
    if (output === "-") await pipeline(bytes, process.stdout, { end: false });
    else {
      await pipeline(bytes, createWriteStream(part));
      await rename(part, output);
    }
  } catch (error) {
    if (output !== "-") await rm(part, { force: true });
    throw new Mistake(`The export did not come whole: ${error.cause?.message ?? error.message}`);
  } finally {
    progress.end();
  }
  return size;
}
