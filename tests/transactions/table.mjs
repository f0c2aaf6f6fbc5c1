// The table of the cases, `t (n INTEGER PRIMARY KEY, parent)`, and its settings of time.

import assert from "node:assert/strict";

/** Of the Isolite Worker: short, so that the cases are. */
export const SETTINGS = {
  ISOLITE_TRANSACTION_MS_MAX: "500",
  ISOLITE_STREAM_IDLE_MS_MAX: "1500",
  ISOLITE_LOCK_WAIT_MS_MAX: "1000",
};

export const insert = (database, n, parent = null) =>
  database.prepare("INSERT INTO t VALUES (?, ?)").bind(n, parent);

export const all = async (database) =>
  (await database.prepare("SELECT n FROM t ORDER BY n").raw()).map(([n]) => n);

/** The rows as a handle of nobody sees them that has seen nothing. */
export const fresh = (open) => all(open({ max_staleness_ms: 0 }));

export const pause = (ms) => scheduler.wait(ms);

/** A promise, and what resolves it. */
export function signal() {
  let give;
  const given = new Promise((resolve) => (give = resolve));
  return { given, give };
}

/** The failure with this code. */
export const coded = (code) => (error) => {
  assert.equal(error.code, code, error.stack);
  assert.match(error.message, /^D1_ERROR: /);
  return true;
};
