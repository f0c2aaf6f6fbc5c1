// `isolite restore-backup`: a new database with what a backup in the bucket holds.

import { setTimeout as sleep } from "node:timers/promises";

import { Mistake } from "../mistake.js";
import { read } from "../options.js";
import { Progress } from "../progress.js";
import { patiently, Rest } from "../rest.js";
import { settings } from "../settings.js";

export const summary = "a new database with what a backup, as of Litestream, holds";

const USAGE = `isolite restore-backup NEW --path PATH [options]

  --path PATH        where in the Worker's bucket of backups the files are: the path of a replica of
                     Litestream 0.5; / if it has none
  --timestamp TIME   what there was then: 2026-08-01T12:00:00Z, or seconds since 1970
  --txid TXID        what there was after that transaction, in hex as Litestream tells it
  --location HINT    where NEW goes
  --jurisdiction J   within which border NEW stays, and whose bucket it is restored from
  --into-empty       NEW is there already, and is empty

  Without a time and a txid: the newest that the backup has.`;

const OPTIONS = {
  path: { type: "string" },
  timestamp: { type: "string" },
  txid: { type: "string" },
  location: { type: "string" },
  jurisdiction: { type: "string" },
  "into-empty": { type: "boolean" },
};

const POLL_MS = 1_000;
const PAGE_BYTES = 4_096;

/** `context` is where the Worker is, `{ url, token, account? }`. */
export async function run(args, context = settings()) {
  const asked = read(args, USAGE, ["the new database's name"], OPTIONS);
  if (asked === undefined) return 0;
  const { values, positionals: [name] } = asked;
  const { path, timestamp, txid, location: primary_location_hint, jurisdiction, "into-empty": isThere } = values;
  if (!path) throw new Mistake(`Say --path, where the backup is.\n\n${USAGE}`);
  const rest = new Rest(context);
  const progress = new Progress();
  const into = isThere ? { database: name } : { name, primary_location_hint, jurisdiction };
  // The first answer comes after half a minute at the latest.
  const waiting = setInterval(() => progress.text(`Restoring ${path}`), POLL_MS);
  try {
    const body = { ...into, path, timestamp, txid };
    const { uuid, status, job, restored } = await rest.askBeside("POST", ["backups", "restore"], { body });
    clearInterval(waiting);
    const result = status === "active" ? await untilRestored(rest, uuid, job, isThere, progress) : restored;
    progress.end();
    process.stderr.write(`${name} is there: ${uuid}\n`);
    const time = result.timestamp ? `, of ${result.timestamp}` : "";
    process.stderr.write(`It is at transaction ${result.txid} of the backup${time}\n`);
    if (result.skipped) process.stderr.write(`The backup is not whole: ${result.skipped}\n`);
    return 0;
  } finally {
    clearInterval(waiting);
    progress.end();
  }
}

async function untilRestored(rest, uuid, started, isThere, progress) {
  for (;;) {
    const poll = () => rest.ask("GET", [uuid, "jobs"]);
    const { job, state, done, total, unit, error, result } = await patiently(poll, progress);
    if (job !== started) {
      throw new Mistake("Another job was started since, and how this one ended is no longer known: look at the database");
    }
    if (state === "complete") return result;
    if (state === "error") {
      // Nothing came of it, and it would hold the name.
      if (!isThere) await rest.ask("DELETE", [uuid], { query: { purge: true } });
      throw new Mistake(`The restore failed: ${error}`);
    }
    // Once all is there its pages are checked.
    if (unit === "pages") progress.bytes("Checked", done * PAGE_BYTES, total * PAGE_BYTES);
    else progress.bytes("Restored", done, total);
    await sleep(POLL_MS);
  }
}
