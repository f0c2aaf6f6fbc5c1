// The words that cases are written in: a step is one call on a database, and what must come of it.
//
// A step has two halves. `request` is plain data: it travels to a Worker, where an interpreter
// makes the call, in whatever language that Worker is written. `judge` stays here and looks at the
// outcome, which is `{ value }` or `{ error: { type, message, cause } }`.

import assert from "node:assert/strict";

const RESULT_KEYS = ["success", "meta", "results"];
const META_TYPES = {
  duration: "number",
  changes: "number",
  last_row_id: "number",
  changed_db: "boolean",
  size_after: "number",
  rows_read: "number",
  rows_written: "number",
};

export function judgeResult(result) {
  assert.deepEqual(Object.keys(result), RESULT_KEYS);
  assert.equal(result.success, true);
  for (const [key, type] of Object.entries(META_TYPES)) {
    assert.equal(typeof result.meta[key], type, `meta.${key} is ${result.meta[key]}`);
  }
  assert.ok(result.meta.duration >= 0);
}

class Step {
  #judges = [];

  constructor(request) {
    this.request = request;
  }

  /** `earlier` holds the values of the steps before this one. */
  judge(outcome, earlier) {
    for (const judge of this.#judges) judge(outcome, earlier);
    if (this.#judges.length === 0) assert.equal(outcome.error, undefined, outcome.error?.message);
  }

  /** The value must satisfy assertions. */
  satisfies(check) {
    this.#judges.push(({ value, error }, earlier) => {
      assert.equal(error, undefined, error?.message);
      check(value, earlier);
    });
    return this;
  }

  /** The value, or of a result its rows, must be exactly this. */
  gives(expected) {
    const isResult = ["all", "run"].includes(this.request.call);
    return this.satisfies((value) => {
      if (isResult) judgeResult(value);
      // As text, because the order of columns in a row counts as well.
      assert.equal(JSON.stringify(isResult ? value.results : value), JSON.stringify(expected));
    });
  }

  /** These members of `meta` must be exactly so. */
  meta(expected) {
    return this.satisfies(({ meta }) => {
      const members = Object.keys(expected).map((key) => [key, meta[key]]);
      assert.deepEqual(Object.fromEntries(members), expected);
    });
  }

  /** The call must fail with an Error of D1: its message, and as its cause the same without code. */
  fails(message, cause = message.replace(/^D1_\w+: /, "")) {
    return this.throws({ type: "Error", message, cause });
  }

  throws(expected) {
    this.#judges.push(({ value, error }) => {
      assert.ok(error, `it succeeded: ${JSON.stringify(value)}`);
      for (const [key, text] of Object.entries(expected)) assert.equal(error[key], text);
    });
    return this;
  }

  /** A `query` with this bookmark or constraint, or with what the query before it gave. */
  at(bookmark) {
    this.request.bookmark = bookmark;
    return this;
  }

  /** The call is made on a session that an earlier step has opened. */
  in(session) {
    this.request.session = session;
    return this;
  }
}

const statement = (call) => (sql, ...params) => new Step({ call, sql, params });

export const all = statement("all");
export const run = statement("run");
export const raw = statement("raw");
export const first = statement("first");

/** Calls a method with arguments: `call("raw", "SELECT 1", [], [{ columnNames: true }])`. */
export const call = (method, sql, params, args) => new Step({ call: method, sql, params, args });

/** Runs the statement without any call of `bind`. */
export const unbound = (sql) => new Step({ call: "all", sql });

export const exec = (sql) => new Step({ call: "exec", sql });

export const dump = () => new Step({ call: "dump" });

/** Statements are texts, or arrays of a text and its values. */
export const batch = (...statements) =>
  new Step({ call: "batch", statements: queries(statements) });

const queries = (statements) =>
  statements.map((each) => {
    const [sql, ...params] = Array.isArray(each) ? each : [each];
    return { sql, params };
  });

/** D1's own RPC method. */
export const query = (...statements) => new Step({ call: "query", queries: queries(statements) });

export const open = (session, constraint) => new Step({ call: "open", session, constraint });
export const openAt = (session, other) => new Step({ call: "open", session, bookmarkOf: other });
export const bookmark = (session) => new Step({ call: "bookmark", session });

/** The ways of a case that Rust cannot say, with the reason. */
export const notInRust = (reason) => ({ rust: reason, rust_d1: reason });

/** A value that JSON cannot carry, by its name in the interpreter's table; `text` says which. */
export const exotic = (name, text) => ({ exotic: name, text });
