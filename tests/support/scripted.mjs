// A database of the package over a transport that records requests and plays replies back, in the
// form in which Isolite itself answers: what the class decides by itself shows without a server.

import assert from "node:assert/strict";

import { D1Database } from "../../bindings/js/src/database.ts";

const SERVED = { served_by: "isolite", served_by_primary: true, total_attempts: 1 };
const NUMBERS = [1.5, 2, 7, true, 8192, 3, 4];
export const META = {
  ...SERVED,
  timings: { sql_duration_ms: 1.5 },
  duration: 1.5,
  changes: 2,
  last_row_id: 7,
  changed_db: true,
  size_after: 8192,
  rows_read: 3,
  rows_written: 4,
};

/** A reply to several statements; null stands for one without columns. */
export function grids(...all) {
  return { success: true, served: SERVED, results: all.map((each) => [each, NUMBERS]) };
}

export function grid(columns, rows) {
  return grids({ columns, rows });
}

export function bookmark(digit) {
  return `0000000${digit}-00000000-00000000-${"0".repeat(32)}`;
}

/** A database whose server gives these replies in turn, the last one for ever. */
export function scripted(...replies) {
  return scriptedWith({}, ...replies);
}

export function scriptedWith(options, ...replies) {
  const requests = [];
  const transport = {
    async send(path, body, session) {
      requests.push({ path, body: JSON.parse(body), session });
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      const { mark = null, text = JSON.stringify(reply) } = reply;
      return { text, bookmark: mark };
    },
  };
  return { database: new D1Database(transport, options), requests };
}

export async function sent(value, options = {}) {
  const { database, requests } = scriptedWith(options, grid(["a"], []));
  await database.prepare("SELECT ?").bind(value).all();
  return requests[0].body.params[0];
}

export function fault(message, cause) {
  return (error) => {
    assert.equal(error.constructor, Error);
    assert.equal(error.message, message);
    assert.equal(error.cause?.message, cause);
    return true;
  };
}
