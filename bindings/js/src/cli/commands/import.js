// `isolite import`: a file of SQL, or of SQLite, into a database: all of it or nothing.

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";

import { Mistake } from "../mistake.js";
import { read } from "../options.js";
import { counted, Progress } from "../progress.js";
import { patiently, reached, refusal, Rest } from "../rest.js";
import { settings } from "../settings.js";

export const summary = "a file of SQL, or of SQLite, into a database";

const USAGE = `isolite import NAME FILE

  A file of SQL is run, as one transaction. A SQLite file replaces all that is in the database.
  The file tells by its first bytes which of them it is. Of a file in which wrangler keeps a D1
  database locally, the table _cf_METADATA is left out.`;

/** Below the 100 MB that a request may have on most plans, and a multiple of 1 MiB. */
const PART_BYTES = 64 << 20;
/** What goes before a pause: less than a Worker that refuses lets come until it closes the connection. */
const FIRST_BYTES = 16 << 10;
/** In it a refusal arrives. */
const PAUSE_MS = 1_000;

/** `context` is where the Worker is, `{ url, token, account? }`. */
export async function run(args, context = settings()) {
  const asked = read(args, USAGE, ["which database", "which file"], {});
  if (asked === undefined) return 0;
  const [database, path] = asked.positionals;
  const size = await sizeOf(path);
  await refuseUnwritten(path);
  const rest = new Rest(context);
  const progress = new Progress();
  const step = (body) => rest.ask("POST", [database, "import"], { body });
  try {
    const etag = await digest(path, size, progress);
    const { upload_url, filename, ...known } = await step({ action: "init", etag });
    let told = known;
    if (upload_url !== undefined) {
      await upload(upload_url, path, size, etag, progress);
      told = await step({ action: "ingest", etag, filename });
    }
    while (told.status === "active") {
      progress.text(told.messages.at(-1) ?? "Importing");
      const poll = { action: "poll", current_bookmark: told.at_bookmark };
      told = await patiently(() => step(poll), progress);
    }
    progress.end();
    if (told.status !== "complete") throw new Mistake(told.error);
    const { num_queries, final_bookmark } = told.result;
    const count = typeof num_queries === "number" ? `, ${num_queries} statements` : "";
    process.stderr.write(`${path}: ${(size / 1e6).toFixed(1)} MB imported${count}\n`);
    process.stderr.write(`${database} is at bookmark ${final_bookmark}\n`);
    return 0;
  } finally {
    progress.end();
  }
}

async function sizeOf(path) {
  const found = await stat(path).catch(({ code }) => {
    throw new Mistake(`${path} cannot be read: ${code}`);
  });
  if (!found.isFile()) throw new Mistake(`${path} is not a file`);
  return found.size;
}

/** What SQLite, or `wrangler dev`, has not yet written into the file itself would be missing. */
async function refuseUnwritten(path) {
  const wal = await stat(`${path}-wal`).catch(() => undefined);
  if (!wal?.size) return;
  throw new Mistake(`The newest changes of ${path} are still in ${path}-wal: end what has it open, and \
write them into it: sqlite3 ${path} "PRAGMA wal_checkpoint(TRUNCATE)"`);
}

async function digest(path, size, progress) {
  const hash = createHash("md5");
  const shown = (count) => progress.bytes("Read", count, size);
  for await (const piece of counted(createReadStream(path), shown)) hash.update(piece);
  return hash.digest("hex");
}

/**
 * In parts, as the platform bounds a request. One whose connection was lost is sent again, with a pause:
 * a Worker that refuses a part closes the connection, and its answer is lost to whoever sends on.
 */
async function upload(url, path, size, etag, progress) {
  let response;
  for (let first = 0; first === 0 || first < size; first += PART_BYTES) {
    const end = Math.min(first + PART_BYTES, size);
    const part = (pause_ms) => send(url, path, { first, end, size, pause_ms }, progress);
    const again = () => part(PAUSE_MS);
    response = await part(0).catch(again).catch(again);
    if (!response.ok) throw await refusal(response);
    await response.body?.cancel();
  }
  if (response.headers.get("etag") !== `"${etag}"`) {
    throw new Mistake(`${path} has changed while it was sent: import it again`);
  }
}

function send(url, path, { first, end, size, pause_ms }, progress) {
  const range = size > 0 && { "content-range": `bytes ${first}-${end - 1}/${size}` };
  const bytes = size > 0 ? createReadStream(path, { start: first, end: end - 1 }) : [];
  const sent = counted(paused(bytes, pause_ms), (count) => progress.bytes("Sent", first + count, size));
  return reached(new URL(url).origin, url, {
    method: "PUT",
    headers: { "content-length": `${end - first}`, ...(end - first < size && range) },
    body: Readable.toWeb(Readable.from(sent)),
    duplex: "half",
  });
}

/** The same bytes, with a pause after the first of them. */
async function* paused(stream, pause_ms) {
  let begun = pause_ms === 0;
  for await (const piece of stream) {
    if (!begun) {
      yield piece.subarray(0, FIRST_BYTES);
      await sleep(pause_ms);
    }
    yield begun ? piece : piece.subarray(FIRST_BYTES);
    begun = true;
  }
}
