// A database with known rows, by which a test sees that what it did to the server harmed nothing:
// the rows are as they were, an answer comes at once, and the wasm instance has not crashed.

import assert from "node:assert/strict";

const ANSWER_MS_MAX = 5_000;

// "Reinitializing" is what the runtime's glue prints when it makes a new instance after a panic.
const CRASH = /Critical|RuntimeError|unreachable|panicked|Reinitializing|out of bounds/;

const SCHEMA = `
  CREATE TABLE parent (id INTEGER PRIMARY KEY);
  INSERT INTO parent VALUES (1), (2);
  CREATE TABLE data (
    id INTEGER PRIMARY KEY, u TEXT UNIQUE, n TEXT NOT NULL DEFAULT 'n', c INTEGER CHECK (c > 0),
    parent INTEGER REFERENCES parent (id)
  );
  INSERT INTO data VALUES (1, 'one', 'n', 1, 1), (2, 'two', 'n', 2, 2), (3, NULL, 'n', NULL, NULL);
  CREATE TABLE typed (i INTEGER) STRICT;
  CREATE VIRTUAL TABLE words USING fts5 (text);
  INSERT INTO words VALUES ('hello world'), ('foo bar');`;

const LOOK =
  "SELECT (SELECT group_concat(id || u || c || parent) FROM data), (SELECT count(*) FROM data), " +
  "(SELECT count(*) FROM parent), (SELECT count(*) FROM typed), " +
  "(SELECT group_concat(text) FROM words), " +
  "(SELECT group_concat(name) FROM (SELECT name FROM sqlite_schema ORDER BY name))";

/** Fails if a server's log tells of a crash of the wasm instance. */
export function assertNoCrash(log) {
  const lines = log.split("\n").filter((line) => CRASH.test(line));
  assert.deepEqual(lines, [], "the wasm instance has crashed");
}

export class Witness {
  #server;
  #rest;
  #name;
  #seen;

  constructor(server, rest, name, seen) {
    this.#server = server;
    this.#rest = rest;
    this.#name = name;
    this.#seen = seen;
  }

  /** `server` has the log that would show a crash. */
  static async create(server, rest, name) {
    await rest.create(name);
    await rest.query(name, SCHEMA);
    return new Witness(server, rest, name, await rest.query(name, LOOK));
  }

  async unharmed() {
    const begin = Date.now();
    const before = this.#seen;
    // What one test has harmed is not held against the next.
    this.#seen = await this.#rest.query(this.#name, LOOK);
    const ms = Date.now() - begin;
    assert.deepEqual(this.#seen, before);
    assert.ok(ms < ANSWER_MS_MAX, `the next answer took ${ms} ms`);
    assertNoCrash(this.#server.log);
  }
}
