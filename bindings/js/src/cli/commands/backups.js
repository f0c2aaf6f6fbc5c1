// `isolite backups`: which databases the bucket has backups of.

import { read } from "../options.js";
import { Rest } from "../rest.js";
import { settings } from "../settings.js";

export const summary = "which databases the bucket has backups of, and where";

const USAGE = `isolite backups [--jurisdiction J]

  --jurisdiction J   in the bucket of that border

  A line for each: the path to restore it from, and what the database was called when it was first backed up.
  Of a database whose primary was moved there is a path for each primary, that of now first.
  It needs no database to be left.`;

/** `context` is where the Worker is, `{ url, token, account? }`. */
export async function run(args, context = settings()) {
  const asked = read(args, USAGE, [], { jurisdiction: { type: "string" } });
  if (asked === undefined) return 0;
  const { jurisdiction } = asked.values;
  const rest = new Rest(context);
  let cursor = null;
  do {
    const query = { ...(jurisdiction && { jurisdiction }), ...(cursor && { cursor }) };
    const page = await rest.askBeside("GET", ["backups"], { query });
    for (const { path, name, current } of page.backups) {
      const former = current ? "" : "  (of the primary before)";
      process.stdout.write(`${path}  ${name ?? ""}${former}\n`);
    }
    cursor = page.cursor;
  } while (cursor);
  return 0;
}
