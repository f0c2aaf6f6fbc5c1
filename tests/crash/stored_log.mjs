// What a primary's object has stored, read from its file while no server runs.
//
// It only shows that a test has met what it is for: that checkpoints happened between the crashes.

import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

/** For each object: the transaction up to which its log was folded, and the commits in its log. */
export function storedLogs(state) {
  // A copy, because to open a file after a crash is to write to it.
  const copy = mkdtempSync(join(tmpdir(), "isolite-log-"));
  try {
    cpSync(join(state, "isolite-IsolitePrimary"), copy, { recursive: true });
    const files = readdirSync(copy).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
    return files.map((name) => storedLog(join(copy, name)));
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

function storedLog(path) {
  const database = new DatabaseSync(path);
  try {
    const tables = "SELECT count(*) AS n FROM sqlite_schema WHERE name IN ('log', 'meta')";
    if (database.prepare(tables).get().n < 2) return { folded: 0, commits: 0 };
    const mark = database.prepare("SELECT value FROM meta WHERE key = 'mark'").get();
    const { commits } = database.prepare("SELECT count(*) AS commits FROM log").get();
    return { folded: mark ? Number(Buffer.from(mark.value).readBigUInt64BE()) : 0, commits };
  } finally {
    database.close();
  }
}
