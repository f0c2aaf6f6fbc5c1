// `isolite fork`: a new database with what another one has, or had.

import { setTimeout as sleep } from "node:timers/promises";

import { Mistake } from "../mistake.js";
import { read } from "../options.js";
import { Progress } from "../progress.js";
import { patiently, Rest } from "../rest.js";
import { settings } from "../settings.js";

export const summary = "a new database with what another one has, or had";

const USAGE = `isolite fork NAME NEW [options]

  --bookmark BOOKMARK   what NAME had there
  --timestamp TIME      what NAME had then: 2026-08-01T12:00:00Z, or seconds since 1970
  --location HINT       where NEW goes; near NAME if it is not given`;

const OPTIONS = {
  bookmark: { type: "string" },
  timestamp: { type: "string" },
  location: { type: "string" },
};

const POLL_MS = 1_000;
const PAGE_BYTES = 4_096;

/** `context` is where the Worker is, `{ url, token, account? }`. */
export async function run(args, context = settings()) {
  const asked = read(args, USAGE, ["which database", "the new one's name"], OPTIONS);
  if (asked === undefined) return 0;
  const { values, positionals: [database, name] } = asked;
  const { bookmark, timestamp, location: primary_location_hint } = values;
  const rest = new Rest(context);
  const progress = new Progress();
  const body = { name, bookmark, timestamp, primary_location_hint };
  // The first answer comes after half a minute at the latest.
  const waiting = setInterval(() => progress.text(`Copying ${database}`), POLL_MS);
  try {
    const { uuid, status } = await rest.ask("POST", [database, "fork"], { body });
    clearInterval(waiting);
    if (status === "active") await untilCopied(rest, uuid, progress);
    progress.end();
    process.stderr.write(`${name} is there: ${uuid}\n`);
    return 0;
  } finally {
    clearInterval(waiting);
    progress.end();
  }
}

async function untilCopied(rest, uuid, progress) {
  for (;;) {
    const poll = () => rest.ask("GET", [uuid, "jobs"]);
    const { state, done, total, unit, error } = await patiently(poll, progress);
    if (state === "complete") return;
    if (state === "error") {
      // Half a copy is of no use, and it would hold the name.
      await rest.ask("DELETE", [uuid], { query: { purge: true } });
      throw new Mistake(`The fork failed: ${error}`);
    }
    const bytes = (count) => count * (unit === "pages" ? PAGE_BYTES : 1);
    progress.bytes("Copied", bytes(done), bytes(total));
    await sleep(POLL_MS);
  }
}
